//! `pg_service.conf`: connection parameters under a name, as libpq reads them. Which file is read for whom is decided
//! in `locate`; what the parameters mean in `conninfo`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::resolve::Files;
use crate::text::{Change, Span};
use crate::{Diagnostic, Version};

/// A service file: its bytes, and the sections that libpq reads in them (`fe-connect.c`, `parseServiceFile`).
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

    /// The sections in file order; a second one of the same name is never read by libpq.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section that libpq would read: the first of this name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        let _ = name;
        todo!()
    }

    /// Lines that libpq refuses. Those in a section count only for whoever asks for that section; a line that is too
    /// long counts for everybody.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Gives the section these parameters: those it has get the value, in their line; those it lacks are added behind
    /// its last line. A section that is not there is added at the end. All else stays.
    ///
    /// # Errors
    /// [`EditError`] where a name, key or value cannot be written so that libpq of this version reads it.
    pub fn set_section(
        &mut self,
        name: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Change, EditError> {
        let _ = (name, parameters);
        todo!()
    }

    /// Takes the first section of this name out: its header, its lines, and nothing else.
    pub fn remove_section(&mut self, name: &str) -> Change {
        let _ = name;
        todo!()
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
    /// From the header to the end of its last parameter line or comment, before the next header.
    pub span: Span,
}

impl Section {
    /// The value that libpq takes: the first of this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let _ = key;
        todo!()
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

/// Why a section cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Empty, or with a bracket, a line break or NUL in it.
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
}

/// Which service is wanted, and where libpq looks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The service's name.
    pub name: String,
    /// The file that the connection string or the environment names; none: the one in the home folder.
    pub file: Option<String>,
}

/// A section that was found, and in which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file's path.
    pub file: String,
    /// The section.
    pub section: Section,
}

/// Finds a service as libpq does (`fe-connect.c`, `parseServiceInfo`): in the file that is wanted or `.pg_service.conf`
/// in `home`, else in `pg_service.conf` in `system_folder`.
///
/// # Errors
/// [`LookupError`], in libpq's words.
pub fn locate(
    wanted: &Wanted,
    home: Option<&str>,
    system_folder: &str,
    files: &dyn Files,
    version: Version,
) -> Result<Found, LookupError> {
    let _ = (wanted, home, system_folder, files, version);
    todo!()
}

/// Why a service was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A file that was named is not there or cannot be read.
    #[error("service file \"{file}\" not found")]
    FileNotFound {
        /// The file.
        file: String,
    },
    /// No file has a section of this name.
    #[error("definition of service \"{name}\" not found")]
    NotFound {
        /// The service.
        name: String,
    },
    /// A line that libpq refuses.
    #[error("{message}")]
    Line {
        /// In libpq's words, with file and line.
        message: String,
    },
}
