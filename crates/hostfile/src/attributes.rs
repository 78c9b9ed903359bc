//! Owner, mode, ACL and extended attributes of a file, and the attributes that forbid changing it.

use std::path::Path;

use crate::Error;
use crate::walk::Trust;

/// Owner and mode for a file or folder that does not exist yet. One that exists keeps its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// User and group id; `None`: those of the acting user.
    pub owner: Option<(u32, u32)>,
    /// Permission bits (07777), whatever the umask.
    pub mode: u32,
}

/// Gives an existing file the owner and mode of `ground`. Returns whether anything had to change.
///
/// # Errors
/// Anything but a regular file with one name is refused: a planted hard link would give another file away.
pub fn set_attributes(path: &Path, ground: &Ground, trust: Trust) -> Result<bool, Error> {
    let _ = (path, ground, trust);
    todo!()
}
