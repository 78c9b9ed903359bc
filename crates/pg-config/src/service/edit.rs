//! Edits of `pg_service.conf`: which bytes change so that a section says something else.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Document;
use super::read::{allowed, is_blank, lines, longest_line};
use crate::text::{self, Change, Edit, Span};

/// Why a section cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Empty, or with a line break or NUL in it, or longer than libpq reads; or with a `]` in it where no section answers
    /// to it yet: a new one would answer to what comes before the bracket too.
    #[error("invalid service name \"{name}\"")]
    BadName {
        /// The name.
        name: String,
    },
    /// Not a keyword that libpq of this version takes in a service file.
    #[error("invalid connection option \"{key}\"")]
    BadKey {
        /// The key.
        key: String,
    },
    /// It holds a line break or NUL, or ends in a blank, which libpq would lose.
    #[error("the value of \"{key}\" cannot be written in a service file")]
    BadValue {
        /// The key.
        key: String,
    },
    /// The line would be longer than libpq of this version reads.
    #[error("the line of \"{key}\" would be longer than {limit} bytes")]
    TooLong {
        /// The key.
        key: String,
        /// The longest line, in bytes with its line end.
        limit: usize,
    },
    /// The last line of the file has no line end, and with one would be longer than libpq of this version reads.
    #[error("the file's last line would be longer than {limit} bytes")]
    LastLineTooLong {
        /// The longest line, in bytes with its line end.
        limit: usize,
    },
}

pub(super) fn set_section(
    document: &Document,
    name: &str,
    parameters: &[(&str, &str)],
) -> Result<Change, EditError> {
    check(document, name, parameters)?;
    let end = text::line_end(&document.bytes);
    let first = |i: usize| {
        !parameters[..i]
            .iter()
            .any(|(earlier, _)| *earlier == parameters[i].0)
    };
    let parameters = (0..parameters.len())
        .filter(|&i| first(i))
        .map(|i| parameters[i]);
    let Some(section) = document.section(name) else {
        let mut bytes = Vec::new();
        if !document.bytes.is_empty() {
            bytes.extend_from_slice(missing_end(document, document.bytes.len(), end)?);
            bytes.extend_from_slice(end);
        }
        bytes.extend_from_slice(format!("[{name}]").as_bytes());
        bytes.extend_from_slice(end);
        bytes.extend(parameters.flat_map(|(key, value)| line(key, value, end)));
        return Ok(Change::insert(document.bytes.len(), bytes));
    };

    let mut edits = Vec::new();
    let mut added = Vec::new();
    for (key, value) in parameters {
        match section.parameter(key) {
            Some(old) if old.value_span.of(&document.bytes) == value.as_bytes() => {}
            Some(old) => edits.push(Edit {
                span: old.value_span,
                bytes: value.into(),
            }),
            None => added.extend(line(key, value, end)),
        }
    }
    edits.sort_by_key(|edit| edit.span.start);
    if !added.is_empty() {
        let at = section.span.end;
        added.splice(0..0, missing_end(document, at, end)?.iter().copied());
        edits.push(Edit {
            span: Span::new(at, at),
            bytes: added,
        });
    }
    Ok(Change { edits })
}

pub(super) fn remove_section(document: &Document, name: &str) -> Change {
    let sections = document.sections.iter();
    let named = sections.filter(|section| section.answers_to(name));
    Change {
        edits: named
            .map(|section| Edit {
                span: section.span,
                bytes: Vec::new(),
            })
            .collect(),
    }
}

pub(super) fn remove_parameter(document: &Document, name: &str, key: &str) -> Change {
    let parameters = document
        .section(name)
        .map_or(&[][..], |section| &section.parameters);
    let numbers: Vec<u32> = parameters
        .iter()
        .filter(|parameter| parameter.key == key)
        .map(|parameter| parameter.line)
        .collect();
    let edits =
        lines(&document.bytes, document.version).filter(|line| numbers.contains(&line.number));
    Change {
        edits: edits
            .map(|line| Edit {
                span: line.whole,
                bytes: Vec::new(),
            })
            .collect(),
    }
}

/// What has to come before new lines at `at`: the line before may lack its line end.
fn missing_end<'e>(document: &Document, at: usize, end: &'e [u8]) -> Result<&'e [u8], EditError> {
    let before = &document.bytes[..at];
    if before.ends_with(b"\n") {
        return Ok(b"");
    }
    let limit = longest_line(document.version);
    let start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1);
    let length = before.len() - start;
    if length <= limit && length + end.len() > limit {
        return Err(EditError::LastLineTooLong { limit });
    }
    Ok(end)
}

fn line(key: &str, value: &str, end: &[u8]) -> Vec<u8> {
    let mut line = format!("{key}={value}").into_bytes();
    line.extend_from_slice(end);
    line
}

fn check(document: &Document, name: &str, parameters: &[(&str, &str)]) -> Result<(), EditError> {
    let limit = longest_line(document.version);
    let end = text::line_end(&document.bytes).len();
    let unwritable = |text: &str| text.contains(['\n', '\r', '\0']);
    if name.is_empty()
        || (name.contains(']') && document.section(name).is_none())
        || unwritable(name)
        || name.len() + "[]".len() + end > limit
    {
        return Err(EditError::BadName { name: name.into() });
    }
    for &(key, value) in parameters {
        if !allowed(key, document.version) {
            return Err(EditError::BadKey { key: key.into() });
        }
        if unwritable(value) || value.bytes().last().is_some_and(is_blank) {
            return Err(EditError::BadValue { key: key.into() });
        }
        if key.len() + "=".len() + value.len() + end > limit {
            return Err(EditError::TooLong {
                key: key.into(),
                limit,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::service::Section;
    use proptest::prelude::*;

    fn after_set(before: &str, name: &str, parameters: &[(&str, &str)]) -> String {
        let mut document = Document::parse(before.as_bytes(), Version::V15);
        document.set_section(name, parameters).unwrap();
        String::from_utf8(document.to_bytes()).unwrap()
    }

    #[test]
    fn a_new_section_stands_at_the_end() {
        assert_eq!(after_set("", "a", &[("host", "h")]), "[a]\nhost=h\n");
        assert_eq!(
            after_set("[b]\nport=1", "a", &[("host", "h")]),
            "[b]\nport=1\n\n[a]\nhost=h\n"
        );
        assert_eq!(
            after_set("[b]\r\n", "a", &[("host", "h")]),
            "[b]\r\n\r\n[a]\r\nhost=h\r\n"
        );
        assert_eq!(after_set("", "a", &[]), "[a]\n");
    }

    #[test]
    fn only_what_differs_is_changed() {
        let before = "# top\n[a]\n  port=1 \nhost=old\nhost=never\n# why\n\n[b]\nhost=b\n";
        assert_eq!(
            after_set(
                before,
                "a",
                &[
                    ("host", "new"),
                    ("user", "u"),
                    ("host", "later"),
                    ("port", "1")
                ]
            ),
            "# top\n[a]\n  port=1 \nhost=new\nhost=never\nuser=u\n# why\n\n[b]\nhost=b\n"
        );
        assert_eq!(
            after_set(
                "[a]\nhost=h\nport=1\n",
                "a",
                &[("port", "2"), ("host", "i")]
            ),
            "[a]\nhost=i\nport=2\n"
        );
        assert_eq!(
            after_set("[a]\nhost=h", "a", &[("port", "1")]),
            "[a]\nhost=h\nport=1\n"
        );
        assert_eq!(after_set("[a]", "a", &[("port", "1")]), "[a]\nport=1\n");
    }

    #[test]
    fn what_libpq_would_not_read_is_not_written() {
        let refused = |version, name: &str, key: &str, value: &str| {
            Document::parse(b"", version)
                .set_section(name, &[(key, value)])
                .unwrap_err()
        };
        for name in ["", "a]b", "a\nb"] {
            assert_eq!(
                refused(Version::V15, name, "host", "h"),
                EditError::BadName { name: name.into() }
            );
        }
        for key in ["service", "Host", "host ", "sslcertmode"] {
            assert_eq!(
                refused(Version::V15, "a", key, "h"),
                EditError::BadKey { key: key.into() }
            );
        }
        for value in ["h ", "a\nuser=b", "a\rb", "\0"] {
            assert_eq!(
                refused(Version::V15, "a", "host", value),
                EditError::BadValue { key: "host".into() }
            );
        }
        let long = "x".repeat(249);
        assert_eq!(
            refused(Version::V12, "a", "host", &long),
            EditError::TooLong {
                key: "host".into(),
                limit: 254
            }
        );
        assert!(
            Document::parse(b"", Version::V12)
                .set_section("a", &[("host", &long[1..])])
                .is_ok()
        );
    }

    #[test]
    fn a_last_line_is_not_made_too_long() {
        let before = format!("[b]\n#{}", "x".repeat(253));
        let mut document = Document::parse(before.as_bytes(), Version::V12);
        assert_eq!(
            document.set_section("a", &[("host", "h")]),
            Err(EditError::LastLineTooLong { limit: 254 })
        );
        let mut document = Document::parse(&before.as_bytes()[..before.len() - 1], Version::V12);
        assert!(document.set_section("a", &[("host", "h")]).is_ok());
    }

    proptest! {
        #[test]
        fn a_set_section_is_read_back_and_set_once(
            before in "((\\[[ab]\\]|host=x|port=1| |#|junk)?\r?\n){0,8}(\\[a\\]|host=y)?",
            values in prop::collection::vec((prop::sample::select(&["host", "port", "user"]), "[ -~]{0,5}[!-~]"), 0..4),
        ) {
            let mut document = Document::parse(before.as_bytes(), Version::V15);
            let others: Vec<_> = document.sections().iter().filter(|s| s.name != "a").map(texts).collect();
            let pairs: Vec<_> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let change = document.set_section("a", &pairs).unwrap();
            prop_assert_eq!(document.to_bytes(), change.apply(before.as_bytes()));
            prop_assert!(document.set_section("a", &pairs).unwrap().is_empty());
            let section = document.section("a").unwrap();
            for (key, _) in &pairs {
                let first = pairs.iter().find(|(other, _)| other == key).unwrap().1;
                prop_assert_eq!(section.get(key), Some(first));
            }
            let after: Vec<_> = document.sections().iter().filter(|s| s.name != "a").map(texts).collect();
            prop_assert_eq!(after, others);
        }
    }

    proptest! {
        #[test]
        fn a_removed_key_is_gone_and_all_else_stays(before in "((\\[[ab]\\]|host=x|port=1| |#|junk)?\r?\n){0,8}(host=y)?") {
            let mut document = Document::parse(before.as_bytes(), Version::V15);
            let others = |document: &Document| {
                let all = document.sections().iter().enumerate();
                all.flat_map(|(i, s)| texts(s).into_iter().map(move |pair| (i, pair))).collect::<Vec<_>>()
            };
            let first = document.sections().iter().position(|s| s.name == "a");
            let mut expected = others(&document);
            expected.retain(|(i, (key, _))| Some(*i) != first || key != "host");
            let change = document.remove_parameter("a", "host");
            prop_assert_eq!(document.to_bytes(), change.apply(before.as_bytes()));
            prop_assert_eq!(others(&document), expected);
            prop_assert!(document.remove_parameter("a", "host").is_empty());
        }
    }

    fn texts(section: &Section) -> Vec<(String, String)> {
        section
            .parameters
            .iter()
            .map(|p| (p.key.clone(), p.value.clone()))
            .collect()
    }
}
