//! Folders: making one, taking an empty one away.

use std::path::Path;

use crate::{Error, Ground, Trust};

/// Makes one folder; its parent must exist. Returns whether it was made: one that exists is left as it is.
///
/// # Errors
/// [`Error::NotAFolder`] where something else has the name.
pub fn make_folder(path: &Path, ground: &Ground, trust: Trust) -> Result<bool, Error> {
    let _ = (path, ground, trust);
    todo!()
}

/// Takes a folder away if nothing is in it. Returns whether it was.
///
/// # Errors
/// [`Error::NotAFolder`] where the name is not a folder's.
pub fn remove_folder_if_empty(path: &Path, trust: Trust) -> Result<bool, Error> {
    let _ = (path, trust);
    todo!()
}
