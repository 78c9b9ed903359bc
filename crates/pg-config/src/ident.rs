//! `pg_ident.conf`: which system user (a certificate's name) may log in as which role. The tokens are those of
//! `pg_hba.conf` (`tokens`).

use alloc::string::String;
use alloc::vec::Vec;

use crate::text::{Change, Span};
use crate::{Diagnostic, Version};

/// A user name map file: its bytes, and the lines that PostgreSQL reads in them (`hba.c`, `parse_ident_line`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    version: Version,
    entries: Vec<Entry>,
    diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a file as this version of PostgreSQL does.
    pub fn parse(bytes: &[u8], version: Version) -> Self {
        let _ = (bytes, version);
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

    /// The map lines in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines that PostgreSQL refuses.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The lines of one map, in the order in which they are tried.
    pub fn find<'a>(&'a self, map: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.map == map)
    }

    /// Lets `system_user` log in as `role` through `map`: a new line behind the map's last one, or at the end, unless
    /// a line already says exactly that. Both are meant literally and quoted where needed.
    ///
    /// # Errors
    /// [`EditError`] where a name cannot be written literally.
    pub fn add_line(
        &mut self,
        map: &str,
        system_user: &str,
        role: &str,
    ) -> Result<Change, EditError> {
        let _ = (map, system_user, role);
        todo!()
    }
}

/// One `MAP SYSTEM-USER PG-USER` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The map's name.
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

/// Why a line cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// It holds a line break or NUL.
    #[error("\"{name}\" cannot be written in pg_ident.conf")]
    Unwritable {
        /// The name.
        name: String,
    },
    /// A system user that begins with `/` is always read as a regular expression.
    #[error("\"{name}\" would be read as a regular expression")]
    Regex {
        /// The name.
        name: String,
    },
}
