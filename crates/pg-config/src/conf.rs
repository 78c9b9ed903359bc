//! `postgresql.conf` and `postgresql.auto.conf`: the lossless document and its edits. Includes are named here, and
//! followed in `resolve`.

mod edit;
mod lexer;
mod number;
mod parameter;
mod same;

pub use edit::{EditError, quote};
pub use number::Unit;
pub use parameter::{Context, Kind, Lookup, Parameter};

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::text::{self, Change, Span};
use crate::{Diagnostic, Severity};
use lexer::Line;

/// A configuration file: its bytes, and what PostgreSQL reads in them (`guc-file.l`, `ParseConfigFp`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a file. Lines that PostgreSQL refuses become diagnostics; after a hundred of them it reads no further.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let (mut entries, mut diagnostics) = (Vec::new(), Vec::new());
        for line in text::lines(&bytes) {
            let content = line.content.of(&bytes);
            match lexer::read_line(content) {
                Line::Empty => {}
                Line::Assignment {
                    name,
                    value,
                    quoted,
                    ..
                } => {
                    let setting = Setting {
                        name: String::from_utf8_lossy(name.of(content)).into_owned(),
                        value: if quoted {
                            lexer::unquote(value.of(content))
                        } else {
                            value.of(content).to_vec()
                        },
                        line: line.number,
                        name_span: name.shifted(line.content.start),
                        value_span: value.shifted(line.content.start),
                    };
                    entries.push(Entry::new(setting));
                }
                Line::Error(token) => {
                    diagnostics.push(syntax_error(&bytes, line, token));
                    if diagnostics.len() >= MAX_SYNTAX_ERRORS {
                        diagnostics.push(Diagnostic {
                            code: "conf-abandoned",
                            severity: Severity::Error,
                            span: Span::new(line.whole.end, bytes.len()),
                            line: line.number,
                            message: "too many syntax errors found, abandoning file".into(),
                        });
                        break;
                    }
                }
            }
        }
        Self {
            bytes,
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

    /// Settings and include directives in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The settings in file order, overridden ones too.
    pub fn settings(&self) -> impl DoubleEndedIterator<Item = &Setting> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Setting(setting) => Some(setting),
            Entry::Include(_) => None,
        })
    }

    /// The include directives in file order.
    pub fn includes(&self) -> impl Iterator<Item = &Include> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Include(include) => Some(include),
            Entry::Setting(_) => None,
        })
    }

    /// The lines that PostgreSQL refuses.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The last setting of this name in this file: the one that counts here.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings()
            .rfind(|setting| setting.name.eq_ignore_ascii_case(name))
    }

    /// Gives `name` the value in this file: in the last line that sets it; else in the last line that has it
    /// commented out and says nothing else (`#name = value  # comment`); else in a new last line. Comments behind the
    /// value keep their column where there is room. Nothing changes where the file already says so. Whether another
    /// file overrides this one is [`resolve::Settings`](crate::resolve::Settings)' to tell.
    ///
    /// Booleans and whole numbers are written bare, unless quotes were there; all else is quoted as [`quote`] does.
    ///
    /// # Errors
    /// [`EditError`] where the name or value cannot be written.
    pub fn set(&mut self, name: &str, value: &str) -> Result<Change, EditError> {
        let change = edit::set(self, name, value)?;
        Ok(self.apply(change))
    }

    /// Takes every setting of this name out of force in this file, by commenting its line out.
    ///
    /// # Errors
    /// [`EditError::BadName`].
    pub fn unset(&mut self, name: &str) -> Result<Change, EditError> {
        let change = edit::unset(self, name)?;
        Ok(self.apply(change))
    }

    fn apply(&mut self, change: Change) -> Change {
        if !change.is_empty() {
            *self = Self::parse(change.apply(&self.bytes));
        }
        change
    }
}

/// A line that PostgreSQL acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `name = value`
    Setting(Setting),
    /// `include 'file'` and its relatives.
    Include(Include),
}

impl Entry {
    /// The line, from 1.
    pub fn line(&self) -> u32 {
        match self {
            Self::Setting(setting) => setting.line,
            Self::Include(include) => include.line,
        }
    }

    /// What an assignment is: the names of the directives are compared without regard to case too.
    fn new(setting: Setting) -> Self {
        let kind = [
            ("include", IncludeKind::Include),
            ("include_if_exists", IncludeKind::IfExists),
            ("include_dir", IncludeKind::Dir),
        ]
        .into_iter()
        .find(|(name, _)| setting.name.eq_ignore_ascii_case(name));
        match kind {
            Some((_, kind)) => Self::Include(Include {
                kind,
                path: setting.value,
                line: setting.line,
                span: Span::new(setting.name_span.start, setting.value_span.end),
            }),
            None => Self::Setting(setting),
        }
    }
}

/// One `name = value` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// As spelled; PostgreSQL compares names without regard to (ASCII) case. Bytes that are not UTF-8 are replaced:
    /// no such parameter exists.
    pub name: String,
    /// The value without quotes and escapes.
    pub value: Vec<u8>,
    /// From 1.
    pub line: u32,
    /// Where the name stands.
    pub name_span: Span,
    /// Where the value stands, with its quotes.
    pub value_span: Span,
}

impl Setting {
    /// The value as text, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.value).ok()
    }
}

/// One include directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Which of the three.
    pub kind: IncludeKind,
    /// The file or folder as written, without quotes and escapes.
    pub path: Vec<u8>,
    /// From 1.
    pub line: u32,
    /// The directive from its name to its value's end.
    pub span: Span,
}

/// The include directives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludeKind {
    /// `include`: a missing file is an error.
    Include,
    /// `include_if_exists`: a file that cannot be opened is passed over.
    IfExists,
    /// `include_dir`: the `.conf` files of a folder.
    Dir,
}

/// What a boolean parameter makes of a value: any unique beginning of true, false, yes, no, on, off, or 1 or 0, in
/// any case (`bool.c`, `parse_bool_with_len`). None where PostgreSQL refuses it.
pub fn boolean(value: &[u8]) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    let short = |word: &[u8], least: usize| value.len() >= least && word.starts_with(&value);
    if short(b"true", 1) || short(b"yes", 1) || short(b"on", 2) || value == b"1" {
        Some(true)
    } else if short(b"false", 1) || short(b"no", 1) || short(b"off", 2) || value == b"0" {
        Some(false)
    } else {
        None
    }
}

/// The server's words but for the file's name and the line.
fn syntax_error(bytes: &[u8], line: text::Line, token: Option<Span>) -> Diagnostic {
    let span = token.map_or(Span::new(line.content.end, line.content.end), |t| {
        t.shifted(line.content.start)
    });
    Diagnostic {
        code: "conf-syntax",
        severity: Severity::Error,
        span,
        line: line.number,
        message: match token {
            // Formatted with `%s` (`guc-file.l`, `ParseConfigFp`): a NUL ends it.
            Some(_) => {
                let mut shown = span.of(bytes).split(|&b| b == 0);
                let shown = String::from_utf8_lossy(shown.next().unwrap_or_default());
                format!("syntax error near token \"{shown}\"")
            }
            None => "syntax error near end of line".into(),
        },
    }
}

/// How many syntax errors a file may have before the server gives up on it.
const MAX_SYNTAX_ERRORS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    #[test]
    fn the_last_setting_of_a_name_counts_whatever_its_case() {
        let document = Document::parse(b"Port = 1\nssl = on\nPORT '2'\n#port = 3\n");
        let port = document.get("port").unwrap();
        assert_eq!((port.text(), port.line), (Some("2"), 3));
        assert_eq!(document.settings().count(), 3);
        assert_eq!(document.get("shared_buffers"), None);
    }

    #[test]
    fn directives_are_not_settings() {
        let document =
            Document::parse(b"INCLUDE_DIR = 'conf.d'\ninclude_if_exists 'a'\ninclude b\n");
        let kinds: Vec<_> = document
            .includes()
            .map(|i| (i.kind, i.path.clone()))
            .collect();
        assert_eq!(
            kinds,
            vec![
                (IncludeKind::Dir, b"conf.d".to_vec()),
                (IncludeKind::IfExists, b"a".to_vec()),
                (IncludeKind::Include, b"b".to_vec()),
            ]
        );
        assert_eq!(document.settings().count(), 0);
    }

    #[test]
    fn refused_lines_are_named_in_the_server_s_words() {
        let document = Document::parse(
            b"a = 1\nssl_cert_file = server.crt\r\nport\nfsy\0nc = on\na 1 'x\0y'\n",
        );
        let found: Vec<_> = document
            .diagnostics()
            .iter()
            .map(|d| (d.line, d.message.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (2, "syntax error near token \"server.crt\""),
                (3, "syntax error near end of line"),
                (4, "syntax error near token \"\""),
                (5, "syntax error near token \"'x\""),
            ]
        );
        assert_eq!(
            document.diagnostics()[0].span.of(document.as_bytes()),
            b"server.crt"
        );
    }

    #[test]
    fn after_a_hundred_errors_nothing_more_is_read() {
        let mut text = b"=\n".repeat(99);
        text.extend_from_slice(b"port = 1\n=\nport = 2\n");
        let document = Document::parse(text);
        assert_eq!(document.get("port").unwrap().text(), Some("1"));
        assert_eq!(
            document.diagnostics().last().unwrap().code,
            "conf-abandoned"
        );
    }

    #[test]
    fn booleans_are_unique_beginnings() {
        for value in ["on", "TRUE", "t", "y", "1"] {
            assert_eq!(boolean(value.as_bytes()), Some(true), "{value}");
        }
        for value in ["of", "Off", "f", "no", "0"] {
            assert_eq!(boolean(value.as_bytes()), Some(false), "{value}");
        }
        for value in ["", "o", "onn", "2", "trues"] {
            assert_eq!(boolean(value.as_bytes()), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(bytes: Vec<u8>) {
            prop_assert_eq!(Document::parse(bytes.clone()).to_bytes(), bytes);
        }
    }
}
