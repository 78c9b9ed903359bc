//! `pg_service.conf`: connection parameters under a name, as libpq reads them. What the parameters mean is
//! `conninfo`'s business.

mod edit;
mod lookup;

pub use edit::EditError;
pub use lookup::{Found, LookupError, Wanted, locate};

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::conninfo::Keyword;
use crate::text::{self, Change, Span};
use crate::{Diagnostic, Severity, Version};

/// A service file: its bytes, and the sections that libpq reads in them (`fe-connect.c`, `parseServiceFile`).
///
/// ```
/// use pg_config::{Version, service::Document};
///
/// let mut services = Document::parse(b"# mine\n[a]\nhost=a\n", Version::V15);
/// services.set_section("tolva", &[("host", "tolva"), ("sslmode", "verify-full")])?;
/// assert_eq!(services.to_bytes(), b"# mine\n[a]\nhost=a\n\n[tolva]\nhost=tolva\nsslmode=verify-full\n");
/// # Ok::<(), pg_config::service::EditError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    version: Version,
    sections: Vec<Section>,
    diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a file as libpq of this version does.
    pub fn parse(bytes: &[u8], version: Version) -> Self {
        let mut document = Self {
            bytes: bytes.to_vec(),
            version,
            sections: Vec::new(),
            diagnostics: Vec::new(),
        };
        // Before the first header, and behind one that no name matches, lines belong to nobody.
        let mut in_section = false;
        for line in lines(bytes, version) {
            match document.read_line(line) {
                Meaning::Nothing => {}
                Meaning::Header(Some(section)) => {
                    document.sections.push(section);
                    in_section = true;
                }
                Meaning::Header(None) => in_section = false,
                Meaning::Unreadable => {
                    if let Some(section) = document.sections.last_mut().filter(|_| in_section) {
                        section.span.end = line.whole.end;
                    }
                }
                Meaning::Content(content) => {
                    if let Some(section) = document.sections.pop_if(|_| in_section) {
                        let section = document.read_parameter(section, line, content);
                        document.sections.push(section);
                    }
                }
            }
        }
        document
    }

    /// The bytes of the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the file: those that were parsed, and the edits since.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The sections in file order; a second one of the same name is never read by libpq.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section that libpq would read: the first of this name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Lines that libpq refuses. Those in a section count only for whoever asks for that section; a line that is too
    /// long counts for everybody whose section does not end before it.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Gives the section these parameters: those it has get the value, in their line; those it lacks are added behind
    /// its last one. A section that is not there is added at the end. All else stays. Of a key given twice the first
    /// counts, as in the file.
    ///
    /// # Errors
    /// [`EditError`] where a name, key or value cannot be written so that libpq of this version reads it.
    pub fn set_section(
        &mut self,
        name: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Change, EditError> {
        let change = edit::set_section(self, name, parameters)?;
        Ok(self.apply(change))
    }

    /// Takes every section of this name out, so that none comes into force that was hidden: from its header to its last
    /// parameter. Comments behind that stay: they may be about the next section.
    pub fn remove_section(&mut self, name: &str) -> Change {
        let change = edit::remove_section(self, name);
        self.apply(change)
    }

    /// Takes every line of a key out of the first section of this name. Where the key or the section is not there,
    /// nothing changes.
    pub fn remove_parameter(&mut self, name: &str, key: &str) -> Change {
        let change = edit::remove_parameter(self, name, key);
        self.apply(change)
    }

    fn apply(&mut self, change: Change) -> Change {
        if !change.is_empty() {
            *self = Self::parse(&change.apply(&self.bytes), self.version);
        }
        change
    }

    /// What kind of line this is, blanks at its ends taken away.
    fn read_line(&mut self, line: text::Line) -> Meaning {
        let whole = line.whole.of(&self.bytes);
        // C strings end at a NUL, the newline behind it included.
        let length = whole.iter().position(|&b| b == 0).unwrap_or(whole.len());
        let limit = longest_line(self.version);
        if length > limit {
            let first = whole.trim_ascii_start().first().copied();
            self.report(
                "service-line-too-long",
                line,
                format!("line {} too long", line.number),
            );
            // libpq gets no further, but it is plain what such a line is part of.
            return match first {
                Some(b'[') => Meaning::Header(None),
                Some(b'#') => Meaning::Nothing,
                _ => Meaning::Unreadable,
            };
        }
        let content = trim(self.version, &whole[..length]).shifted(line.whole.start);
        match content.of(&self.bytes) {
            [] | [b'#', ..] => Meaning::Nothing,
            [b'[', header @ ..] => {
                let Some(end) = header.iter().position(|&b| b == b']') else {
                    self.report("service-header", line, "no service has this name".into());
                    return Meaning::Header(None);
                };
                Meaning::Header(Some(Section {
                    name: String::from_utf8_lossy(&header[..end]).into_owned(),
                    line: line.number,
                    parameters: Vec::new(),
                    span: line.whole,
                }))
            }
            _ => Meaning::Content(content),
        }
    }

    /// A line within a section, which now reaches to it.
    fn read_parameter(&mut self, mut section: Section, line: text::Line, content: Span) -> Section {
        section.span.end = line.whole.end;
        let bytes = content.of(&self.bytes);
        let equals = bytes.iter().position(|&b| b == b'=');
        let key = String::from_utf8_lossy(&bytes[..equals.unwrap_or(bytes.len())]).into_owned();
        let Some(equals) = equals.filter(|_| allowed(&key, self.version)) else {
            let (code, message) = if bytes.starts_with(b"ldap") {
                (
                    "service-ldap",
                    "looked up by a libpq with LDAP, a syntax error to one without",
                )
            } else if equals.is_some() && is_nested(&key, self.version) {
                (
                    "service-nested",
                    "nested service specifications not supported",
                )
            } else {
                ("service-syntax", "syntax error")
            };
            self.report(code, line, message.into());
            return section;
        };
        let value_span = Span::new(content.start + equals + 1, content.end);
        let value = value_span.of(&self.bytes);
        let text = String::from_utf8_lossy(value).into_owned();
        if text.as_bytes() != value {
            self.report(
                "service-not-utf8",
                line,
                format!("the value of \"{key}\" is not UTF-8"),
            );
        }
        section.parameters.push(Parameter {
            key,
            value: text,
            line: line.number,
            value_span,
        });
        section
    }

    fn report(&mut self, code: &'static str, line: text::Line, message: String) {
        let harmless = ["service-header", "service-ldap", "service-not-utf8"].contains(&code);
        self.diagnostics.push(Diagnostic {
            code,
            severity: if harmless {
                Severity::Warning
            } else {
                Severity::Error
            },
            span: line.content,
            line: line.number,
            message,
        });
    }
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name between the brackets. Bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The header's line, from 1.
    pub line: u32,
    /// The parameters in file order. Of a key given twice libpq takes the first.
    pub parameters: Vec<Parameter>,
    /// From the header to the end of its last line that is neither blank nor a comment.
    pub span: Span,
}

impl Section {
    /// The value that libpq takes: the first of this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.parameter(key)
            .map(|parameter| parameter.value.as_str())
    }

    /// The line that libpq takes: the first of this key.
    pub fn parameter(&self, key: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.key == key)
    }
}

/// One `key=value` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Everything before the `=`.
    pub key: String,
    /// Everything behind it. Bytes that are not UTF-8 are replaced, and a diagnostic says so.
    pub value: String,
    /// From 1.
    pub line: u32,
    /// Where the value stands.
    pub value_span: Span,
}

/// What a physical line is.
enum Meaning {
    /// Blank or a comment.
    Nothing,
    /// Too long to be read, and neither a comment nor a header.
    Unreadable,
    /// The end of the section before it, and the beginning of another if a name could match it.
    Header(Option<Section>),
    /// Anything else.
    Content(Span),
}

/// The longest line that libpq reads, in bytes with its line end: its buffer without the NUL and one more.
fn longest_line(version: Version) -> usize {
    if version < Version::V14 { 254 } else { 1022 }
}

/// The lines as libpq gets them: one that is longer than its buffer comes in pieces, each a line to it. That only
/// matters where a NUL makes a piece look short, since it stops at one that is too long.
fn lines(bytes: &[u8], version: Version) -> impl Iterator<Item = text::Line> {
    let most = longest_line(version) + 1;
    let pieces = text::lines(bytes).flat_map(move |line| {
        let (start, end) = (line.whole.start, line.whole.end);
        let in_pieces = end - start > most && line.whole.of(bytes).contains(&0);
        let step = if in_pieces { most } else { end - start };
        (start..end).step_by(step).map(move |at| text::Line {
            whole: Span::new(at, (at + step).min(end)),
            content: Span::new(at, (at + step).min(line.content.end).max(at)),
            number: line.number,
        })
    });
    (1..)
        .zip(pieces)
        .map(|(number, line)| text::Line { number, ..line })
}

/// Without the blanks at its ends: all of them from 13 on, before that only line ends behind.
fn trim(version: Version, line: &[u8]) -> Span {
    let behind = |b: &u8| {
        if version < Version::V13 {
            matches!(b, b'\r' | b'\n')
        } else {
            is_blank(*b)
        }
    };
    let end = line
        .iter()
        .rposition(|b| !behind(b))
        .map_or(0, |last| last + 1);
    let start = line[..end]
        .iter()
        .position(|&b| !is_blank(b))
        .unwrap_or(end);
    Span::new(start, end)
}

/// C's `isspace` in the C locale.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// A parameter that may stand in a service file read by this version.
fn allowed(key: &str, version: Version) -> bool {
    !is_nested(key, version) && Keyword::named(key).is_some_and(|keyword| keyword.known_to(version))
}

/// A parameter that would lead to another service.
fn is_nested(key: &str, version: Version) -> bool {
    key == "service" || (key == "servicefile" && version >= Version::V19)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rendered;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn shown(text: &str, version: Version) -> String {
        let document = Document::parse(text.as_bytes(), version);
        let mut lines: Vec<(u32, String)> = Vec::new();
        for section in document.sections() {
            lines.push((section.line, format!("[{}]", section.name)));
            lines.extend(
                section
                    .parameters
                    .iter()
                    .map(|p| (p.line, format!("{:?} = {:?}", p.key, p.value))),
            );
        }
        rendered(lines, document.diagnostics())
    }

    #[test]
    fn lines_are_read_as_libpq_does() {
        let text = "nonsense\n  [a] ignored\n\thost=x # no comment \n#user=y\nport = 1\nuser= 'q'\nhost=z\n\
                    service=b\nsslmode=\nPort=2\nnothing\n[open\nhost=lost\n[ b ]\r\nhost=h\r\n";
        insta::assert_snapshot!(shown(text, Version::V15), @r#"
        2 [a]
        3 "host" = "x # no comment"
        5 Error: syntax error
        6 "user" = " 'q'"
        7 "host" = "z"
        8 Error: nested service specifications not supported
        9 "sslmode" = ""
        10 Error: syntax error
        11 Error: syntax error
        12 Warning: no service has this name
        14 [ b ]
        15 "host" = "h"
        "#);
        let document = Document::parse(text.as_bytes(), Version::V15);
        assert_eq!(
            document.section("a").unwrap().get("host"),
            Some("x # no comment")
        );
        assert_eq!(document.section("b"), None);
    }

    #[test]
    fn a_nul_hides_that_a_line_is_too_long() {
        let text = format!("[a]\n#\0{}host=h\nport=1\n", "x".repeat(253));
        let parameters = |version| {
            let document = Document::parse(text.as_bytes(), version);
            let section = document.section("a").unwrap();
            let lines = section.parameters.iter().map(|p| (p.key.clone(), p.line));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(
            parameters(Version::V13),
            [("host".into(), 3), ("port".into(), 4)]
        );
        assert_eq!(parameters(Version::V14), [("port".into(), 3)]);
    }

    #[test]
    fn a_second_section_of_the_same_name_is_never_read() {
        let document =
            Document::parse(b"[a]\nhost=first\n[a]\nhost=second\nport=2\n", Version::V15);
        let section = document.section("a").unwrap();
        assert_eq!(
            (section.get("host"), section.get("port")),
            (Some("first"), None)
        );
    }

    #[test]
    fn versions_differ_in_length_blanks_and_keywords() {
        let line = |length: usize| format!("[a]\n#{}\n", "x".repeat(length - 2));
        for (version, longest) in [(Version::V13, 254), (Version::V14, 1022)] {
            assert_eq!(shown(&line(longest), version), "1 [a]");
            assert_eq!(
                shown(&line(longest + 1), version),
                "1 [a]\n2 Error: line 2 too long"
            );
        }
        assert_eq!(
            shown("[a]\nhost=x \r\n", Version::V12),
            "1 [a]\n2 \"host\" = \"x \""
        );
        assert_eq!(
            shown("[a]\nhost=x \r\n", Version::V13),
            "1 [a]\n2 \"host\" = \"x\""
        );
        assert_eq!(
            shown("[a]\nsslcertmode=allow\n", Version::V15),
            "1 [a]\n2 Error: syntax error"
        );
        assert_eq!(
            shown("[a]\nsslcertmode=allow\n", Version::V16),
            "1 [a]\n2 \"sslcertmode\" = \"allow\""
        );
        assert_eq!(
            shown("[a]\nservicefile=x\n", Version::V18),
            "1 [a]\n2 Error: syntax error"
        );
        assert_eq!(
            shown("[a]\nservicefile=x\n", Version::V19),
            "1 [a]\n2 Error: nested service specifications not supported"
        );
    }

    #[test]
    fn odd_bytes_are_said() {
        assert_eq!(shown("\u{feff}[a]\nhost=x\n", Version::V15), "");
        assert_eq!(
            shown("[a]\nhost=x\0y\nport=1\n", Version::V15),
            "1 [a]\n2 \"host\" = \"x\"\n3 \"port\" = \"1\""
        );
        let document = Document::parse(b"[a]\nsslcert=\xff\n", Version::V15);
        assert_eq!(
            document.diagnostics()[0].message,
            "the value of \"sslcert\" is not UTF-8"
        );
        assert!(
            shown("[a]\nldap://x\n", Version::V15)
                .contains("Warning: looked up by a libpq with LDAP")
        );
    }

    #[test]
    fn a_section_is_removed_up_to_its_last_parameter() {
        let mut document = Document::parse(
            b"[a]\nhost=a\n# still a\nport=1\n\n# about b\n[b]\nhost=b\n",
            Version::V15,
        );
        let twice = b"[a]\nhost=x\n# b\n[b]\nport=1\n[a]\nhost=never\n\n[a]\n";
        let mut of_three = Document::parse(twice, Version::V15);
        let change = of_three.remove_section("a");
        assert_eq!(of_three.as_bytes(), b"# b\n[b]\nport=1\n\n");
        assert_eq!(change.apply(twice), of_three.as_bytes());
        assert!(document.remove_section("none").is_empty());
        document.remove_section("a");
        assert_eq!(
            String::from_utf8(document.to_bytes()).unwrap(),
            "\n# about b\n[b]\nhost=b\n".to_string()
        );
        document.remove_section("b");
        assert_eq!(document.to_bytes(), b"\n# about b\n");
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(bytes: Vec<u8>) {
            for version in Version::ALL {
                prop_assert_eq!(Document::parse(&bytes, version).to_bytes(), bytes.clone());
            }
        }

        #[test]
        fn sections_do_not_overlap(text in "(\\[[ab]\\]?|host=x| |#|\0|x)?(\r?\n(\\[[ab]\\]?|host=x| |#|\0|x)?){0,8}") {
            let document = Document::parse(text.as_bytes(), Version::V15);
            for pair in document.sections().windows(2) {
                prop_assert!(pair[0].span.end <= pair[1].span.start);
            }
        }
    }
}
