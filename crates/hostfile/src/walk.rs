//! Walking to a folder without being led astray by a link somebody planted.

use std::path::{Path, PathBuf};

use crate::Error;

/// Which links on the way are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Those that only root or the acting user could have made: theirs, in a folder that is theirs and that nobody else may write.
    Owner,
    /// None.
    NoLinks,
}

/// A link that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Where it stands, without links in the path to it.
    pub link: PathBuf,
    /// What is written in it.
    pub to: PathBuf,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Absolute, without links, `.` and `..`. The last component need not exist.
    pub path: PathBuf,
    /// The links that were followed, in order.
    pub followed: Vec<Followed>,
}

/// Walks a path as [`crate::stage`] does and says where it leads, the last component included; changes nothing.
///
/// # Errors
/// [`Error::UntrustedLink`]; [`Error::Io`] where a folder on the way is missing.
pub fn resolve(path: &Path, trust: Trust) -> Result<Resolved, Error> {
    let _ = (path, trust);
    todo!()
}
