//! `pg_ident.conf`: which system user (a certificate's name) may log in as which role. Lines and tokens are those of
//! `pg_hba.conf` (`tokens`); which rule names which map is known to `hba`.

mod answer;
mod edit;
mod maps;

pub use answer::{Answer, Claim, Names, Roles};
pub use edit::EditError;
pub use maps::Maps;

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::regex::syntax;
use crate::text::{Change, Span};
use crate::tokens::expand::stands_elsewhere;
use crate::tokens::{Line, Tokenizer};
use crate::{Diagnostic, Severity, Version};

/// A user name map file: its bytes, and the lines that PostgreSQL reads in them (`hba.c`, `parse_ident_line`). What
/// `@file` and include records bring in is not here but in [`Maps`].
///
/// ```
/// use pg_config::{Version, ident::Document};
///
/// let mut ident = Document::parse(b"m  alice@example.com  alice\n", Version::V15);
/// ident.add_line("m", "Bob, Sales", "bob")?;
/// assert_eq!(ident.to_bytes(), b"m  alice@example.com  alice\nm  \"Bob, Sales\"       bob\n");
/// # Ok::<(), pg_config::ident::EditError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    version: Version,
    entries: Vec<Entry>,
    diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a file as this version of PostgreSQL does.
    pub fn parse(bytes: impl Into<Vec<u8>>, version: Version) -> Self {
        let bytes = bytes.into();
        let (mut entries, mut diagnostics) = (Vec::new(), Vec::new());
        let mut lines = Tokenizer::new(&bytes, version);
        while let Some(line) = lines.next_line() {
            match Entry::read(line, version) {
                Ok(entry) => entries.push(entry),
                Err(refusal) => diagnostics.push(refusal),
            }
        }
        Self {
            bytes,
            version,
            entries,
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

    /// The map lines in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines that PostgreSQL refuses, and notes on those whose content stands in other files.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The lines of one map, in the order in which they are tried.
    pub fn find<'a>(&'a self, map: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.map == map)
    }

    /// Lets `system_user` log in as `role` through `map`: a new line behind the map's last one, or at the end, unless
    /// a line already says exactly that. All three are meant literally and quoted where needed.
    ///
    /// # Errors
    /// [`EditError`] where a name cannot be written literally, or the file is such that any new line would disturb it.
    pub fn add_line(
        &mut self,
        map: &str,
        system_user: &str,
        role: &str,
    ) -> Result<Change, EditError> {
        self.add(map, system_user, role, edit::Meant::Name)
    }

    /// Lets every system user that `pattern` matches log in as `role`, in which the first `\1` stands for what the
    /// pattern's first group matches. The pattern is given without its slash; all else is as in
    /// [`add_line`](Self::add_line).
    ///
    /// # Errors
    /// As [`add_line`](Self::add_line), and [`EditError::BadPattern`].
    pub fn add_pattern(
        &mut self,
        map: &str,
        pattern: &str,
        role: &str,
    ) -> Result<Change, EditError> {
        self.add(map, pattern, role, edit::Meant::Pattern)
    }

    /// Takes the line of an entry away, with its line end; entries are counted from 0.
    ///
    /// # Errors
    /// [`EditError::NoEntry`]; [`EditError::Disturbs`] where other lines would be read differently without it.
    pub fn remove(&mut self, entry: usize) -> Result<Change, EditError> {
        let (change, after) = edit::remove(self, entry)?;
        *self = after;
        Ok(change)
    }

    fn add(
        &mut self,
        map: &str,
        system_user: &str,
        role: &str,
        meant: edit::Meant,
    ) -> Result<Change, EditError> {
        let (change, after) = edit::add_line(self, map, system_user, role, meant)?;
        if let Some(after) = after {
            *self = after;
        }
        Ok(change)
    }
}

/// One `MAP SYSTEM-USER PG-USER` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The map's name. Bytes that are not UTF-8 are replaced, here and below.
    pub map: String,
    /// The system user; a regular expression where it begins with `/`.
    pub system_user: String,
    /// The role, or from 16 on `all`, `+group` or a regular expression.
    pub role: String,
    /// Whether the role was quoted, which takes the meaning from `all` and `+`.
    pub role_quoted: bool,
    /// From 1: the record's first physical line.
    pub line: u32,
    /// The whole record without its line end.
    pub span: Span,
}

impl Entry {
    /// Whether the role is the word `all` or a `+group`, and not a role of that name: from 16 on, without quotes.
    pub fn role_is_keyword(&self, version: Version) -> bool {
        !self.role_quoted && self.looks_like_keyword(version)
    }

    /// The role, in quotes where those make a name of it that would be a keyword without.
    pub fn shown_role(&self, version: Version) -> Cow<'_, str> {
        if self.role_quoted && self.looks_like_keyword(version) {
            Cow::Owned(format!("\"{}\"", self.role))
        } else {
            Cow::Borrowed(&self.role)
        }
    }

    fn looks_like_keyword(&self, version: Version) -> bool {
        version >= Version::V16 && (self.role == "all" || self.role.starts_with('+'))
    }

    /// Whether the role is a name and nothing else to this version.
    fn is_literal(&self, version: Version) -> bool {
        let is_pattern = version >= Version::V16 && self.role.starts_with('/');
        !is_pattern && !self.role_is_keyword(version)
    }

    /// Reads a record of a single file. What is no line of this file alone is a diagnostic.
    fn read(line: &Line<'_>, version: Version) -> Result<Self, Diagnostic> {
        if line.error.is_none() && stands_elsewhere(line, version) {
            return Err(Diagnostic {
                code: "ident-elsewhere",
                severity: Severity::Note,
                span: line.span,
                line: line.number,
                message: "what this line says stands in another file".into(),
            });
        }
        Self::of_expanded(line, version)
    }

    /// Reads a record in which `@file` lists are replaced by what they hold.
    fn of_expanded(line: &Line<'_>, version: Version) -> Result<Self, Diagnostic> {
        let mut fields = line.fields();
        let mut field = || match fields.next() {
            Some([token]) => Ok(token),
            Some(_) => Err("multiple values in ident field"),
            None => Err("missing entry at end of line"),
        };
        let read = line
            .error
            .map_or_else(|| Ok((field()?, field()?, field()?)), Err);
        let refusal = |code, span, message| Diagnostic {
            code,
            severity: Severity::Error,
            span,
            line: line.number,
            message,
        };
        let (map, system_user, role) =
            read.map_err(|message| refusal("ident-syntax", line.span, message.into()))?;
        for (token, is_regex) in [(system_user, true), (role, version >= Version::V16)] {
            if let (true, Some((b'/', pattern))) = (is_regex, token.text.split_first())
                && let Some(fault) = syntax::fault(pattern, version)
            {
                let pattern = String::from_utf8_lossy(pattern);
                let message = format!("invalid regular expression \"{pattern}\": {fault}");
                return Err(refusal("ident-regex", token.span, message));
            }
        }
        Ok(Self {
            map: map.lossy().into(),
            system_user: system_user.lossy().into(),
            role: role.lossy().into(),
            role_quoted: role.quoted,
            line: line.number,
            span: line.span,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rendered;
    use proptest::prelude::*;

    fn shown(text: &str, version: Version) -> String {
        let document = Document::parse(text.as_bytes(), version);
        let lines = document.entries().iter().map(|e| {
            let quoted = if e.role_quoted { " (quoted)" } else { "" };
            let line = format!("{} {:?} -> {}{quoted}", e.map, e.system_user, e.role);
            (e.line, line)
        });
        rendered(lines, document.diagnostics())
    }

    #[test]
    fn lines_are_read_as_the_server_does() {
        // Each of these was put to PostgreSQL 15 (`pg_ident_file_mappings`).
        let text = "# MAP SYSTEM ROLE\nm \"CN=a,O=b\" alice\nm CN=a,O=b alice\nm alice\nm\nm /^(.*)@x$ \\1 extra field\n\
                    \"m n\" bob \"all\"\nm long\\\nname role\n";
        insta::assert_snapshot!(shown(text, Version::V15), @r#"
        2 m "CN=a,O=b" -> alice
        3 Error: multiple values in ident field
        4 Error: missing entry at end of line
        5 Error: missing entry at end of line
        6 m "/^(.*)@x$" -> \1
        7 m n "bob" -> all (quoted)
        8 m "longname" -> role
        "#);
    }

    #[test]
    fn what_stands_elsewhere_is_noted() {
        assert_eq!(
            shown("include x\n", Version::V15),
            "1 Error: missing entry at end of line"
        );
        assert_eq!(
            shown("include x\n", Version::V16),
            "1 Note: what this line says stands in another file"
        );
        assert_eq!(
            shown("m @list alice\n", Version::V15),
            "1 Note: what this line says stands in another file"
        );
        assert_eq!(
            shown("m \"@list\" alice\n", Version::V15),
            "1 m \"@list\" -> alice"
        );
    }

    #[test]
    fn patterns_have_to_be_right() {
        let text = "m /( alice\nm \"/^[\" alice\nm a /*\nm /a( /(\n";
        insta::assert_snapshot!(shown(text, Version::V15), @r#"
        1 Error: invalid regular expression "(": parentheses () not balanced
        2 Error: invalid regular expression "^[": brackets [] not balanced
        3 m "a" -> /*
        4 Error: invalid regular expression "a(": parentheses () not balanced
        "#);
        insta::assert_snapshot!(shown("m a /*\n", Version::V16), @r#"1 Error: invalid regular expression "*": quantifier operand invalid"#);
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(bytes: Vec<u8>) {
            for version in Version::ALL {
                prop_assert_eq!(Document::parse(bytes.clone(), version).to_bytes(), bytes.clone());
            }
        }
    }
}
