//! Edits of `postgresql.conf`: which bytes change so that a line says something else, and how values are written.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::lexer::{self, Line};
use super::{Document, Setting};
use crate::text::{self, Change, Edit, Span, column};

/// Why a setting cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Not a parameter name: a letter or `_`, then letters, digits, `_`; at most one dot between two such parts.
    /// The include directives are not parameters.
    #[error("invalid configuration parameter name \"{name}\"")]
    BadName {
        /// The name.
        name: String,
    },
    /// The value holds a line break or NUL, which `ALTER SYSTEM` refuses too.
    #[error("parameter value must not contain a line break or NUL")]
    BadValue,
}

/// The value as a single-quoted string: `'` and `\` doubled, as `ALTER SYSTEM` does.
///
/// # Errors
/// [`EditError::BadValue`] for line breaks and NUL.
pub fn quote(value: &str) -> Result<String, EditError> {
    if value.contains(['\n', '\r', '\0']) {
        return Err(EditError::BadValue);
    }
    Ok(format!(
        "'{}'",
        value.replace('\\', "\\\\").replace('\'', "''")
    ))
}

pub(super) fn set(document: &Document, name: &str, value: &str) -> Result<Change, EditError> {
    check_name(name)?;
    let quoted = quote(value)?;
    let bare = if is_bare(value) {
        String::from(value)
    } else {
        quoted.clone()
    };
    if let Some(setting) = document.get(name) {
        if setting.value == value.as_bytes() {
            return Ok(Change::none());
        }
        let was_quoted = setting.value_span.of(&document.bytes).first() == Some(&b'\'');
        let written = if was_quoted { quoted } else { bare };
        return Ok(Change {
            edits: replace_value(&document.bytes, setting, &written),
        });
    }
    if let Some((marker, setting)) = commented_out(&document.bytes, name) {
        let mut edits = Vec::from([Edit {
            span: Span::new(marker, setting.name_span.start),
            bytes: Vec::new(),
        }]);
        edits.extend(replace_value(&document.bytes, &setting, &bare));
        return Ok(Change { edits });
    }
    let end = text::line_end(&document.bytes);
    let mut line = Vec::new();
    if document.bytes.last().is_some_and(|&b| b != b'\n') {
        line.extend_from_slice(end);
    }
    line.extend_from_slice(format!("{name} = {bare}").as_bytes());
    line.extend_from_slice(end);
    Ok(Change::insert(document.bytes.len(), line))
}

pub(super) fn unset(document: &Document, name: &str) -> Result<Change, EditError> {
    check_name(name)?;
    let lines = document
        .settings()
        .filter(|setting| setting.name.eq_ignore_ascii_case(name));
    Ok(Change {
        edits: lines
            .map(|setting| Edit {
                span: Span::new(setting.name_span.start, setting.name_span.start),
                bytes: b"#".to_vec(),
            })
            .collect(),
    })
}

/// The value, and the blanks behind it where a comment follows: it stays in its column, or as near as it can.
fn replace_value(bytes: &[u8], setting: &Setting, written: &str) -> Vec<Edit> {
    let value = setting.value_span;
    let mut edits = Vec::from([Edit {
        span: value,
        bytes: written.into(),
    }]);
    let gap = bytes[value.end..]
        .iter()
        .take_while(|&&b| matches!(b, b' ' | b'\t'))
        .count();
    if gap == 0 || bytes.get(value.end + gap) != Some(&b'#') {
        return edits;
    }
    let blanks = Span::new(value.end, value.end + gap);
    let line_start = bytes[..value.start]
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    let value_column = column(0, &bytes[line_start..value.start]);
    let comment_column = column(column(value_column, value.of(bytes)), blanks.of(bytes));
    let tabs = blanks.of(bytes).contains(&b'\t');
    let new = blanks_to(
        column(value_column, written.as_bytes()),
        comment_column,
        tabs,
    );
    if new != blanks.of(bytes) {
        edits.push(Edit {
            span: blanks,
            bytes: new,
        });
    }
    edits
}

/// Blanks from one column to another, at least one.
fn blanks_to(mut from: usize, to: usize, tabs: bool) -> Vec<u8> {
    let mut blanks = Vec::new();
    while tabs && column(from, b"\t") <= to {
        blanks.push(b'\t');
        from = column(from, b"\t");
    }
    while from < to {
        blanks.push(b' ');
        from += 1;
    }
    if blanks.is_empty() {
        blanks.push(if tabs { b'\t' } else { b' ' });
    }
    blanks
}

/// The last line that is `#name = value` and perhaps a comment: where its `#` stands, and the setting it would be.
fn commented_out(bytes: &[u8], name: &str) -> Option<(usize, Setting)> {
    let mut found = None;
    for line in text::lines(bytes) {
        let content = line.content.of(bytes);
        let Some(marker) = content
            .iter()
            .position(|b| !b" \t".contains(b))
            .filter(|&at| content[at] == b'#')
        else {
            continue;
        };
        let Line::Assignment {
            name: name_span,
            value,
            equals: true,
            ..
        } = lexer::read_line(&content[marker + 1..])
        else {
            continue;
        };
        let offset = line.content.start + marker + 1;
        let name_span = name_span.shifted(offset);
        if name_span.of(bytes).eq_ignore_ascii_case(name.as_bytes()) {
            let setting = Setting {
                name: name.into(),
                value: Vec::new(),
                line: line.number,
                name_span,
                value_span: value.shifted(offset),
            };
            found = Some((line.content.start + marker, setting));
        }
    }
    found
}

/// Whether a value is customarily written without quotes: a boolean word, or a whole number with or without a unit.
fn is_bare(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = unit.len() < digits.len() && unit.bytes().all(|b| b.is_ascii_alphabetic());
    number || ["on", "off", "true", "false", "yes", "no"].contains(&value)
}

fn check_name(name: &str) -> Result<(), EditError> {
    let part = |part: &str| {
        !part.starts_with(|c: char| c.is_ascii_digit())
            && !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let parameter = name.split('.').count() <= 2 && name.split('.').all(part);
    let directive = ["include", "include_if_exists", "include_dir"]
        .iter()
        .any(|d| name.eq_ignore_ascii_case(d));
    if parameter && !directive {
        Ok(())
    } else {
        Err(EditError::BadName { name: name.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after_set(before: &str, name: &str, value: &str) -> String {
        let mut document = Document::parse(before.as_bytes());
        document.set(name, value).unwrap();
        String::from_utf8(document.to_bytes()).unwrap()
    }

    #[test]
    fn the_line_in_force_is_changed_and_no_other() {
        assert_eq!(
            after_set("port = 1\nport = 2 # here\n", "PORT", "3"),
            "port = 1\nport = 3 # here\n"
        );
        assert_eq!(
            after_set("ssl_ca_file='a'#c", "ssl_ca_file", "it's"),
            "ssl_ca_file='it''s'#c"
        );
        assert_eq!(after_set("ssl = 'off'\r\n", "ssl", "on"), "ssl = 'on'\r\n");
        assert_eq!(after_set("ssl off\n", "ssl", "on"), "ssl on\n");
    }

    #[test]
    fn the_same_value_in_another_spelling_is_left_alone() {
        let mut document = Document::parse(b"ssl 'on'\nssl_cert_file = 'a\\057b'\n");
        assert!(document.set("ssl", "on").unwrap().is_empty());
        assert!(document.set("ssl_cert_file", "a/b").unwrap().is_empty());
    }

    #[test]
    fn a_commented_default_comes_into_force() {
        assert_eq!(
            after_set("# - SSL -\n\n#ssl = off\n#ssl_ca_file = ''\n", "ssl", "on"),
            "# - SSL -\n\nssl = on\n#ssl_ca_file = ''\n"
        );
        // What only talks about the parameter stays a comment.
        assert_eq!(
            after_set("# ssl off\n#ssl = off is bad\n##ssl = off\n", "ssl", "on"),
            "# ssl off\n#ssl = off is bad\n##ssl = off\nssl = on\n"
        );
    }

    #[test]
    fn comments_keep_their_column() {
        let sample = "#port = 5432\t\t\t\t# (change requires restart)\n";
        assert_eq!(
            after_set(sample, "port", "1"),
            "port = 1\t\t\t\t# (change requires restart)\n"
        );
        assert_eq!(
            after_set("a.b = 'x'    # c\n", "a.b", "xyz"),
            "a.b = 'xyz'  # c\n"
        );
        assert_eq!(
            after_set("a.b = 'x' # c\n", "a.b", "xyz"),
            "a.b = 'xyz' # c\n"
        );
        assert_eq!(
            after_set("a.b = 'x'\t# c\n", "a.b", "a long one"),
            "a.b = 'a long one'\t# c\n"
        );
    }

    #[test]
    fn what_is_nowhere_becomes_the_last_line() {
        assert_eq!(after_set("", "ssl", "on"), "ssl = on\n");
        assert_eq!(after_set("port = 1", "ssl", "on"), "port = 1\nssl = on\n");
        assert_eq!(
            after_set("port = 1\r\n", "ssl", "on"),
            "port = 1\r\nssl = on\r\n"
        );
    }

    #[test]
    fn unset_comments_out_and_set_brings_back() {
        let mut document = Document::parse(b"ssl = on\n  SSL = off # why\nport = 1\n");
        document.unset("ssl").unwrap();
        assert_eq!(
            document.to_bytes(),
            b"#ssl = on\n  #SSL = off # why\nport = 1\n"
        );
        assert!(document.unset("ssl").unwrap().is_empty());
        document.set("ssl", "on").unwrap();
        assert_eq!(
            document.to_bytes(),
            b"#ssl = on\n  SSL = on  # why\nport = 1\n"
        );
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let mut document = Document::parse(b"");
        for name in [
            "",
            "a-b",
            "a.b.c",
            "1a",
            "a.",
            "include",
            "Include_Dir",
            "ssl = on\nport",
            "é",
        ] {
            assert_eq!(
                document.set(name, "x"),
                Err(EditError::BadName { name: name.into() })
            );
        }
        for value in ["a\nb", "a\rb", "a\0b"] {
            assert_eq!(document.set("a", value), Err(EditError::BadValue));
        }
        assert_eq!(document.to_bytes(), b"");
    }

    proptest! {
        #[test]
        fn a_set_value_is_read_back_and_set_once(before in CONF, name in NAME, value in "[^\n\r\0]{0,12}") {
            let mut document = Document::parse(before.as_bytes());
            let others = others(&document, &name);
            let diagnostics = document.diagnostics().len();
            let change = document.set(&name, &value).unwrap();
            prop_assert_eq!(document.to_bytes(), change.apply(before.as_bytes()));
            prop_assert_eq!(&document.get(&name).unwrap().value, value.as_bytes());
            prop_assert!(document.set(&name, &value).unwrap().is_empty());
            prop_assert_eq!(super::tests::others(&document, &name), others);
            prop_assert_eq!(document.diagnostics().len(), diagnostics);
        }

        #[test]
        fn unset_leaves_none_and_the_others(before in CONF, name in NAME) {
            let mut document = Document::parse(before.as_bytes());
            let others = others(&document, &name);
            document.unset(&name).unwrap();
            prop_assert_eq!(document.get(&name), None);
            prop_assert!(document.unset(&name).unwrap().is_empty());
            prop_assert_eq!(super::tests::others(&document, &name), others);
        }
    }

    /// Files in which the few names below come up often, in every spelling, with things that are not settings.
    const CONF: &str = "(([ \t]?#?[ ]?(a|A|b|x\\.y|include)( ?= ?| )(on|12|'[^'\n\\\\]{0,3}'|a/b|a b)[ \t]{0,3}(#[^\n]{0,4})?|[^\n]{0,6})\r?\n){0,6}";
    const NAME: &str = "a|b|x\\.y|c";

    fn others(document: &Document, name: &str) -> Vec<(String, Vec<u8>)> {
        let others = document
            .settings()
            .filter(|s| !s.name.eq_ignore_ascii_case(name));
        others.map(|s| (s.name.clone(), s.value.clone())).collect()
    }
}
