//! `pg_service.conf`: connection parameters under a name, as libpq reads them (`read`). What the parameters
//! mean is `conninfo`'s business.

mod edit;
mod lookup;
mod read;

pub use edit::EditError;
pub use lookup::{Found, LookupError, Wanted, locate};

use alloc::string::String;
use alloc::vec::Vec;

use crate::text::{Change, Span};
use crate::{Diagnostic, Version};

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
    pub fn parse(bytes: impl Into<Vec<u8>>, version: Version) -> Self {
        let bytes = bytes.into();
        let (sections, diagnostics) = read::sections(&bytes, version);
        Self {
            bytes,
            version,
            sections,
            diagnostics,
        }
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

    /// The section that libpq would read: the first that answers to this name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.answers_to(name))
    }

    /// The name by which libpq reads a section of this document: the shortest that no earlier one answers to. None where
    /// it is never read.
    pub fn read_as(&self, section: &Section) -> Option<String> {
        let mut names = section.names();
        names.find(|name| {
            self.section(name)
                .is_some_and(|first| first.line == section.line)
        })
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

    /// Takes every section that answers to this name out, so that none that was hidden comes into force under it: from its
    /// header to its last parameter. Comments behind that stay: they may be about the next section. Another name that such a
    /// section answers to (`[a]b]`) goes with it, or is then answered by a later one.
    pub fn remove_section(&mut self, name: &str) -> Change {
        let change = edit::remove_section(self, name);
        self.apply(change)
    }

    /// Takes every line of a key out of the section that libpq would read. Where the key or the section is not there,
    /// nothing changes.
    pub fn remove_parameter(&mut self, name: &str, key: &str) -> Change {
        let change = edit::remove_parameter(self, name, key);
        self.apply(change)
    }

    fn apply(&mut self, change: Change) -> Change {
        if !change.is_empty() {
            *self = Self::parse(change.apply(&self.bytes), self.version);
        }
        change
    }
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name between the brackets, up to the first `]`. Bytes that are not UTF-8 are replaced.
    pub name: String,
    /// What follows the first bracket.
    header: Vec<u8>,
    /// The header's line, from 1.
    pub line: u32,
    /// The parameters in file order. Of a key given twice libpq takes the first.
    pub parameters: Vec<Parameter>,
    /// From the header to the end of its last line that is neither blank nor a comment.
    pub span: Span,
}

impl Section {
    /// Whether libpq takes this section for the service: the name follows the bracket, and a `]` the name, whatever comes
    /// then. `[a]b]` answers to `a` and to `a]b`.
    pub fn answers_to(&self, name: &str) -> bool {
        let rest = self.header.strip_prefix(name.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"]"))
    }

    /// Every name that it answers to, the shortest first. Those that are not UTF-8 are left out.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let ends = self.header.iter().enumerate().filter(|(_, b)| **b == b']');
        ends.filter_map(|(end, _)| String::from_utf8(self.header[..end].to_vec()).ok())
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rendered;
    use alloc::format;
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
    fn a_bracket_may_belong_to_the_name() {
        let text = "[a]b] # c]\nhost=ab\n[a]\nhost=a\n[]\nhost=none\n[a]]\nhost=never\n";
        let mut document = Document::parse(text.as_bytes(), Version::V15);
        let host = |document: &Document, name| {
            let found = document.section(name);
            found.and_then(|section| section.get("host").map(String::from))
        };
        for (name, found) in [
            ("a", Some("ab")),
            ("a]b", Some("ab")),
            ("a]b] # c", Some("ab")),
            ("a]", Some("never")),
            ("", Some("none")),
            ("b", None),
            ("a]b]", None),
        ] {
            assert_eq!(host(&document, name).as_deref(), found, "{name}");
        }
        let read: Vec<_> = document
            .sections()
            .iter()
            .map(|s| document.read_as(s))
            .collect();
        let named = |name: &str| Some(name.to_string());
        assert_eq!(read, [named("a"), None, named(""), named("a]")]);
        document.set_section("a]b", &[("host", "other")]).unwrap();
        assert_eq!(host(&document, "a").as_deref(), Some("other"));
        document.remove_section("a]b");
        assert_eq!(host(&document, "a").as_deref(), Some("a"));
        document.remove_section("a");
        assert_eq!(document.as_bytes(), b"[]\nhost=none\n");
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
                prop_assert_eq!(Document::parse(bytes.clone(), version).to_bytes(), bytes.clone());
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
