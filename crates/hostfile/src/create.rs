//! Files that are written without a predecessor to save: new ones, journals, a database's empty file; and taking them away.

use std::path::{Path, PathBuf};

use crate::{Error, Ground, Trust};

/// Makes a new file whole: it appears under its name with owner, mode and all of its bytes, synced with its folder.
///
/// # Errors
/// [`Error::Exists`] where the name is taken, whatever by.
pub fn create_new(path: &Path, bytes: &[u8], ground: &Ground, trust: Trust) -> Result<(), Error> {
    let _ = (path, bytes, ground, trust);
    todo!()
}

/// Adds bytes at the end of a file and syncs it; one that does not exist is made, mode 0600. All bytes or none: a write that
/// fails half-way is taken back.
///
/// # Errors
/// [`Error::Io`]; a link at the end of the path is refused.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let _ = (path, bytes);
    todo!()
}

/// Walks to where a database file shall be, makes it empty with `mode` where it does not exist, and returns its path without links
/// (SQLite's `SQLITE_OPEN_NOFOLLOW` refuses a link anywhere in the path).
///
/// # Errors
/// [`Error::UntrustedLink`] on the way, [`Error::NotAFile`] at the end.
pub fn open_for_database(path: &Path, mode: u32, trust: Trust) -> Result<PathBuf, Error> {
    let _ = (path, mode, trust);
    todo!()
}

/// Takes a file away and syncs its folder; a link at the end of the path is not followed but refused. Returns whether there was one.
///
/// # Errors
/// [`Error::NotAFile`] for anything but a regular file.
pub fn remove(path: &Path, trust: Trust) -> Result<bool, Error> {
    let _ = (path, trust);
    todo!()
}
