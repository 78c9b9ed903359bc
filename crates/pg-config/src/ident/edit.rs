//! New lines for `pg_ident.conf`: as text that means exactly these names, and where they go.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Document, Entry};
use crate::Version;
use crate::regex::syntax;
use crate::text::{self, Change, Span};
use crate::tokens::Tokenizer;

/// Why a line cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// It is empty, or holds a line break or NUL.
    #[error("\"{name}\" cannot be written in pg_ident.conf")]
    Unwritable {
        /// The name.
        name: String,
    },
    /// A system user that begins with `/`, and from 16 on a role, is read as a regular expression.
    #[error("\"{name}\" would be read as a regular expression")]
    Regex {
        /// The name.
        name: String,
    },
    /// The server would refuse the regular expression.
    #[error("invalid regular expression \"{pattern}\": {fault}")]
    BadPattern {
        /// The expression, without its slash.
        pattern: String,
        /// In the server's words.
        fault: &'static str,
    },
    /// The document has no such line.
    #[error("no entry {entry}")]
    NoEntry {
        /// The number given, from 0.
        entry: usize,
    },
    /// The file is such that a new line would not be read as one, or change what others say.
    #[error("a new line would change what the file says elsewhere")]
    Disturbs,
}

/// What the system user of a new line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// A name.
    Name,
    /// A regular expression; a `\1` in the role stands for what its first group matches.
    Pattern,
}

/// The change, and the document after it unless it already says so.
pub(super) fn add_line(
    document: &Document,
    map: &str,
    system_user: &str,
    role: &str,
    meant: Meant,
) -> Result<(Change, Option<Document>), EditError> {
    let version = document.version;
    for name in [map, system_user, role] {
        if name.is_empty() || name.contains(['\n', '\r', '\0']) {
            return Err(EditError::Unwritable { name: name.into() });
        }
    }
    let pattern = meant == Meant::Pattern;
    for (name, regex) in [(system_user, !pattern), (role, version >= Version::V16)] {
        if regex && name.starts_with('/') {
            return Err(EditError::Regex { name: name.into() });
        }
    }
    let slashed;
    let system_user = if pattern {
        if let Some(fault) = syntax::fault(system_user.as_bytes(), version) {
            return Err(EditError::BadPattern {
                pattern: system_user.into(),
                fault,
            });
        }
        slashed = format!("/{system_user}");
        &*slashed
    } else {
        system_user
    };
    let says_so = |entry: &Entry| {
        entry.map == map
            && entry.system_user == system_user
            && entry.role == role
            && entry.is_literal(version)
    };
    if document.entries.iter().any(says_so) {
        return Ok((Change::none(), None));
    }

    let last_of_map = document.entries.iter().rposition(|entry| entry.map == map);
    let place = last_of_map.map_or(document.entries.len(), |last| last + 1);
    let offset = last_of_map.map_or(document.bytes.len(), |last| {
        behind(document, &document.entries[last])
    });
    let neighbour = last_of_map
        .or(document.entries.len().checked_sub(1))
        .map(|i| &document.entries[i]);
    let fields = [written(map), written(system_user), written(role)];
    let line = laid_out(document, neighbour, &fields);
    let end = text::line_end(&document.bytes);
    // The line before may lack its end, or end in a backslash: then an empty line takes the continuation.
    let open = document.bytes[..offset].last().is_some_and(|&b| b != b'\n');
    for ends_before in usize::from(open)..=2 {
        let change = Change::insert(offset, [&end.repeat(ends_before), &line[..], end].concat());
        let after = Document::parse(change.apply(&document.bytes), version);
        if adds(document, &after, place, says_so) {
            return Ok((change, Some(after)));
        }
    }
    Err(EditError::Disturbs)
}

/// The document without an entry's line.
pub(super) fn remove(document: &Document, index: usize) -> Result<(Change, Document), EditError> {
    let entry = document
        .entries
        .get(index)
        .ok_or(EditError::NoEntry { entry: index })?;
    // 12 and 13 cut lines that are too long: what follows is to stay a line of its own.
    let end = match document.bytes[..entry.span.start].last() {
        None | Some(b'\n') => behind(document, entry),
        Some(_) => entry.span.end,
    };
    let change = Change::replace(Span::new(entry.span.start, end), Vec::new());
    let after = Document::parse(change.apply(&document.bytes), document.version);
    // The other way round: the line would be the one that was added.
    let was_there = |old: &Entry| old.span == entry.span;
    if adds(&after, document, index, was_there) {
        Ok((change, after))
    } else {
        Err(EditError::Disturbs)
    }
}

/// Whether `after` says the same as `before` and one line more.
fn adds(
    before: &Document,
    after: &Document,
    place: usize,
    is_new: impl Fn(&Entry) -> bool,
) -> bool {
    let same = |(a, b): (&Entry, &Entry)| {
        (&a.map, &a.system_user, &a.role, a.role_quoted)
            == (&b.map, &b.system_user, &b.role, b.role_quoted)
    };
    let others = after
        .entries
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != place)
        .map(|(_, entry)| entry);
    // In the same words: on 12 and 13 a line may get too long with the end that it lacked (`tokenize_file`).
    let refused = |document: &Document| {
        let diagnostics = document.diagnostics.iter();
        diagnostics.map(|d| d.message.clone()).collect::<Vec<_>>()
    };
    after.entries.len() == before.entries.len() + 1
        && after.entries.get(place).is_some_and(is_new)
        && before.entries.iter().zip(others).all(same)
        && refused(before) == refused(after)
}

/// Where the line behind an entry begins.
fn behind(document: &Document, entry: &Entry) -> usize {
    let rest = &document.bytes[entry.span.end..];
    entry.span.end
        + rest
            .iter()
            .position(|&b| b == b'\n')
            .map_or(rest.len(), |newline| newline + 1)
}

/// A name in quotes, unless it is made of nothing but plain characters and is no keyword.
fn written(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.$".contains(&b) || b >= 0x80;
    if name != "all" && name.bytes().all(plain) {
        return name.into();
    }
    let mut quoted = String::from("\"");
    quoted.push_str(&name.replace('"', "\"\""));
    quoted.push('"');
    quoted
}

/// The fields in the columns of a neighbour, or in those of the file that PostgreSQL comes with.
fn laid_out(document: &Document, neighbour: Option<&Entry>, fields: &[String; 3]) -> Vec<u8> {
    let mut line = Vec::new();
    let columns = neighbour
        .and_then(|entry| columns(document, entry))
        .unwrap_or(DEFAULT_COLUMNS);
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            line.push(b' ');
        }
        while column(&line) < columns[i] {
            line.push(b' ');
        }
        line.extend_from_slice(field.as_bytes());
    }
    line
}

/// Where the fields of an entry begin, if it is all in one line.
fn columns(document: &Document, entry: &Entry) -> Option<[usize; 3]> {
    let text = entry.span.of(&document.bytes);
    let mut reader = Tokenizer::new(text, document.version);
    let line = reader.next_line().filter(|_| !text.contains(&b'\n'))?;
    let start = |i: usize| Some(column(&text[..line.field(i)?.first()?.span.start]));
    Some([start(0)?, start(1)?, start(2)?])
}

/// The column behind a text, from 0, with tab stops every eight.
fn column(text: &[u8]) -> usize {
    text::column(0, text)
}

/// As in `pg_ident.conf.sample`.
const DEFAULT_COLUMNS: [usize; 3] = [0, 16, 40];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::{Answer, Claim};
    use proptest::prelude::*;

    fn after_add(before: &str, names: [&str; 3], version: Version) -> String {
        let mut document = Document::parse(before.as_bytes(), version);
        document.add_line(names[0], names[1], names[2]).unwrap();
        String::from_utf8(document.to_bytes()).unwrap()
    }

    #[test]
    fn a_new_line_stands_behind_its_map() {
        let before = "# users\nm\ta\tr # first\nn  b     s\n";
        assert_eq!(
            after_add(before, ["m", "c", "r"], Version::V15),
            "# users\nm\ta\tr # first\nm       c       r\nn  b     s\n"
        );
        assert_eq!(
            after_add(before, ["o", "long name", "r"], Version::V15),
            "# users\nm\ta\tr # first\nn  b     s\no  \"long name\" r\n"
        );
        assert_eq!(
            after_add("", ["m", "a", "r"], Version::V15),
            "m               a                       r\n"
        );
        assert_eq!(
            after_add("m a r\r\nn b s", ["n", "c", "s"], Version::V15),
            "m a r\r\nn b s\r\nn c s\r\n"
        );
    }

    /// `tokenize_file` of 12 and 13 has 20479 bytes for a line, its end among them.
    #[test]
    fn no_line_gets_too_long_with_the_end_that_it_lacked() {
        for (last, length, ends) in [
            ("m a r", 20_476, "\r\n"),
            ("m a r,s", 20_477, "\r\n"),
            ("m a r,s", 20_478, "\n"),
        ] {
            let before = format!(
                "# CRLF or not{ends}{last}{}",
                " ".repeat(length - last.len())
            );
            let add = |version| Document::parse(before.as_bytes(), version).add_line("m", "b", "r");
            assert_eq!(add(Version::V13).is_err(), length > 20_476, "{length}");
            assert!(add(Version::V14).is_ok());
        }
    }

    #[test]
    fn what_is_said_already_is_not_said_again() {
        let mut document = Document::parse(b"m  \"a\"  r\nm b all\n", Version::V16);
        assert!(document.add_line("m", "a", "r").unwrap().is_empty());
        assert!(!document.add_line("m", "b", "all").unwrap().is_empty());
        assert_eq!(document.to_bytes(), b"m  \"a\"  r\nm b all\nm b \"all\"\n");
        assert!(document.add_line("m", "b", "all").unwrap().is_empty());
    }

    #[test]
    fn a_backslash_at_the_end_does_not_swallow_the_line() {
        for before in ["# c\\\n", "# c\\", "m a r\\\n", "m a r \\"] {
            let after = after_add(before, ["m", "b", "r"], Version::V15);
            let document = Document::parse(after.as_bytes(), Version::V15);
            assert_eq!(
                document.find("m").last().unwrap().system_user,
                "b",
                "{after:?}"
            );
            assert!(after.starts_with(before), "{after:?}");
        }
    }

    #[test]
    fn names_are_meant_literally_or_refused() {
        let mut document = Document::parse(b"", Version::V16);
        for (system_user, role) in [("/x", "r"), ("x", "/r")] {
            assert!(matches!(
                document.add_line("m", system_user, role),
                Err(EditError::Regex { .. })
            ));
        }
        for name in ["", "a\nb", "a\rb", "\0"] {
            assert_eq!(
                document.add_line("m", name, "r"),
                Err(EditError::Unwritable { name: name.into() })
            );
        }
        assert!(
            Document::parse(b"", Version::V15)
                .add_line("m", "x", "/r")
                .is_ok()
        );
    }

    proptest! {
        #[test]
        fn an_added_line_is_read_back_and_added_once(
            before in "((m|n|#|\\\\| |\"|a|,|@x|include){0,6}\r?\n){0,5}[mn a\\\\]{0,6}",
            map in "[a-z@+/ ]{1,4}",
            system_user in "[a-zé=,\"#@+ \\\\][a-zé/=,\"#@+ \\\\]{0,6}",
            role in "all|\\+g|[a-z@\\\\ ]{1,5}",
            version in prop::sample::select(&Version::ALL),
        ) {
            let mut document = Document::parse(before.as_bytes(), version);
            let known = document.entries().len();
            match document.add_line(&map, &system_user, &role) {
                Ok(change) => {
                    prop_assert_eq!(document.to_bytes(), change.apply(before.as_bytes()));
                    prop_assert_eq!(document.entries().len(), known + usize::from(!change.is_empty()));
                    prop_assert!(document.add_line(&map, &system_user, &role).unwrap().is_empty());
                    let claim = Claim { system_user: &system_user, role: &role, member_of: None };
                    let allows = |e: &Entry| e.answer(&claim, version) == Answer::Allows;
                    prop_assert!(document.find(&map).any(allows));
                }
                Err(error) => {
                    prop_assert_eq!(error, EditError::Disturbs);
                    prop_assert_eq!(document.to_bytes(), before.as_bytes());
                }
            }
        }
    }

    #[test]
    fn patterns_are_written_as_patterns() {
        let mut document = Document::parse(b"", Version::V16);
        document.add_pattern("m", "^(.*)@x,y$", "\\1").unwrap();
        assert_eq!(
            document.to_bytes(),
            b"m               \"/^(.*)@x,y$\"           \"\\1\"\n"
        );
        assert!(
            document
                .add_pattern("m", "^(.*)@x,y$", "\\1")
                .unwrap()
                .is_empty()
        );
        let refused = document.add_pattern("m", "(", "a").unwrap_err();
        insta::assert_snapshot!(refused, @r#"invalid regular expression "(": parentheses () not balanced"#);
    }

    #[test]
    fn a_line_goes_with_its_end_and_no_other_byte() {
        let mut document = Document::parse(b"# top\r\nm  a b # c\r\n\r\nn a b", Version::V15);
        document.remove(0).unwrap();
        assert_eq!(document.to_bytes(), b"# top\r\n\r\nn a b");
        document.remove(0).unwrap();
        assert_eq!(document.to_bytes(), b"# top\r\n\r\n");
    }

    proptest! {
        #[test]
        fn a_removed_line_is_gone_and_the_others_stay(
            text in "((m a b|n \"c d\" e|# c|junk|m a b \\\\)\r?\n){0,6}(m a b)?", index: usize,
        ) {
            let before = Document::parse(text.as_bytes(), Version::V15);
            let mut document = before.clone();
            if before.entries().is_empty() {
                prop_assert!(document.remove(0).is_err());
                return Ok(());
            }
            let index = index % before.entries().len();
            match document.remove(index) {
                Ok(change) => {
                    prop_assert_eq!(document.to_bytes(), change.apply(text.as_bytes()));
                    let mut expected: Vec<_> = before.entries().iter().map(says).collect();
                    expected.remove(index);
                    prop_assert_eq!(document.entries().iter().map(says).collect::<Vec<_>>(), expected);
                }
                Err(_) => prop_assert_eq!(document.to_bytes(), before.to_bytes()),
            }
        }
    }

    fn says(entry: &Entry) -> (String, String, String) {
        (
            entry.map.clone(),
            entry.system_user.clone(),
            entry.role.clone(),
        )
    }
}
