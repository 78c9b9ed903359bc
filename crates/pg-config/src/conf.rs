//! `postgresql.conf` and `postgresql.auto.conf`: the lossless document and its edits. Includes are named here, and
//! followed in `resolve`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Diagnostic;
use crate::text::{Change, Span};

/// A configuration file: its bytes, and what PostgreSQL reads in them (`guc-file.l`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a file. Lines that PostgreSQL refuses become diagnostics.
    pub fn parse(bytes: &[u8]) -> Self {
        let _ = bytes;
        todo!()
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
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
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
        let _ = name;
        todo!()
    }

    /// Gives `name` the value in this file: in the last line that sets it; else in the last line that has it
    /// commented out with nothing but a value and a comment (`#name = value  # comment`), unless an include directive
    /// that follows could override it; else in a new last line. Strings are single-quoted, comments keep their column
    /// where there is room. Nothing changes where the file already says so.
    ///
    /// # Errors
    /// [`EditError`] where the name or value cannot be written.
    pub fn set(&mut self, name: &str, value: &str) -> Result<Change, EditError> {
        let _ = (name, value);
        todo!()
    }

    /// Takes every setting of this name out of force in this file, by commenting its line out.
    ///
    /// # Errors
    /// [`EditError::BadName`].
    pub fn unset(&mut self, name: &str) -> Result<Change, EditError> {
        let _ = name;
        todo!()
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

/// Why a setting cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Not a parameter name: a letter or `_`, then letters, digits, `_`; at most one dot between two such parts.
    #[error("invalid configuration parameter name \"{name}\"")]
    BadName {
        /// The name.
        name: String,
    },
    /// The value holds a line break or NUL, which the file's syntax has no place for.
    #[error("parameter value must not contain a line break or NUL")]
    BadValue,
}

/// The value as a single-quoted string: `'` and `\` doubled, as `ALTER SYSTEM` does.
///
/// # Errors
/// [`EditError::BadValue`] for line breaks and NUL.
pub fn quote(value: &str) -> Result<String, EditError> {
    let _ = value;
    todo!()
}
