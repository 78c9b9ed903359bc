//! A file's records with what they name read in: `@file` lists, and from 16 on include records (`hba.c`,
//! `tokenize_expand_file`, `tokenize_include_file`). What the records mean is not known here.

use alloc::string::String;
use alloc::vec::Vec;

use super::Line;
use crate::Version;
use crate::resolve::{Files, ReadError};

/// A record in the order in which PostgreSQL reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The file that the record stands in.
    pub file: String,
    /// The record; its spans are offsets into that file, but for tokens that an `@file` brought in.
    pub line: Line<'static>,
    /// Which record of its file it is, counted from 0 over all records, includes too.
    pub record: usize,
    /// Why PostgreSQL cannot use it, in its words.
    pub error: Option<String>,
}

/// Every record of a file, includes and `@file` lists followed. The file itself is given, so that edits can be tried
/// before they are written.
pub fn expand(files: &dyn Files, path: &str, bytes: &[u8], version: Version) -> Vec<Expanded> {
    let _ = (files, path, bytes, version);
    todo!()
}

/// Reads a file and expands it.
///
/// # Errors
/// [`ReadError`] of the file itself; those of files that it names are in [`Expanded::error`].
pub fn read(files: &dyn Files, path: &str, version: Version) -> Result<Vec<Expanded>, ReadError> {
    Ok(expand(files, path, &files.read(path)?, version))
}
