//! What a file and all that it includes say, entry by entry, each with the file in which it stands. What an entry
//! is, is known to `ident` and `hosts`; `pg_hba.conf` counts its records besides (`hba::RuleSet`).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::Version;
use crate::resolve::{FileError, Files};
use crate::tokens::Line;
use crate::tokens::expand::expand;

/// An entry and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFile<E> {
    /// The file.
    pub file: String,
    /// The entry in it; its span is an offset into that file.
    pub entry: E,
}

/// The entries in the order read, and the lines that PostgreSQL refuses: `read` makes an entry of a line, or says why
/// not. `bytes` stand for the file at `path`.
pub(crate) fn entries<E>(
    files: &dyn Files,
    path: &str,
    bytes: &[u8],
    version: Version,
    mut read: impl FnMut(&Line<'_>) -> Result<E, String>,
) -> (Vec<InFile<E>>, Vec<FileError>) {
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    expand(files, path, bytes, version, &mut |record| {
        let file = record.file.to_string();
        let error = record.error.clone();
        match error.map_or_else(|| read(record.line), Err) {
            Ok(entry) => entries.push(InFile { file, entry }),
            Err(message) => errors.push(FileError {
                file,
                line: record.line.number,
                message,
            }),
        }
    });
    (entries, errors)
}
