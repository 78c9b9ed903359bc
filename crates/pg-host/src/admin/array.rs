//! Array values in the server's text form.

/// The elements of a one-dimensional array in the server's text form (`array_out`); a NULL element is `None`.
///
/// `None` for what is not such a text.
pub(super) fn array(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    let mut rest = inner.chars().peekable();
    if inner.is_empty() {
        return Some(elements);
    }
    loop {
        let mut element = String::new();
        if rest.next_if_eq(&'"').is_some() {
            loop {
                match rest.next()? {
                    '"' => break,
                    '\\' => element.push(rest.next()?),
                    c => element.push(c),
                }
            }
            elements.push(Some(element));
        } else {
            while let Some(c) = rest.next_if(|c| *c != ',') {
                element.push(if c == '\\' { rest.next()? } else { c });
            }
            // Without quotes this word is no text.
            elements.push((!element.eq_ignore_ascii_case("null")).then_some(element));
        }
        match rest.next() {
            None => return Some(elements),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn arrays_are_read_as_the_server_writes_them() {
        let some = |texts: &[&str]| {
            Some(
                texts
                    .iter()
                    .map(|t| Some((*t).to_owned()))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(array("{}"), some(&[]));
        assert_eq!(array("{all}"), some(&["all"]));
        assert_eq!(array("{a,b}"), some(&["a", "b"]));
        assert_eq!(
            array(r#"{"a b",c,"d\"e\\f"}"#),
            some(&["a b", "c", "d\"e\\f"])
        );
        assert_eq!(array(r#"{"",x,"y"}"#), some(&["", "x", "y"]));
        assert_eq!(
            array(r#"{NULL,"NULL"}"#),
            Some(vec![None, Some("NULL".to_owned())])
        );
        assert_eq!(array(r#"{"open}"#), None);
        assert_eq!(array("all"), None);
    }

    proptest! {
        /// What `array_out` writes (everything quoted is allowed) comes back.
        #[test]
        fn quoted_elements_come_back(elements in proptest::collection::vec(".{0,8}", 0..5)) {
            let written: Vec<String> = elements
                .iter()
                .map(|e| format!("\"{}\"", e.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            let read = array(&format!("{{{}}}", written.join(",")));
            prop_assert_eq!(read, Some(elements.into_iter().map(Some).collect()));
        }

        #[test]
        fn no_text_upsets_the_array_reader(text in ".{0,40}") {
            let _ = array(&text);
        }
    }
}
