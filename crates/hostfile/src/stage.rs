//! Writing the new file beside the old one, complete and synced, so that the swap has nothing left to fail on.

use std::path::{Path, PathBuf};

use crate::walk::Followed;
use crate::{Error, Ground, SwapRecord, Swapped, Trust};

/// A file that lies ready beside its target. Dropping it takes it away again.
#[derive(Debug)]
#[must_use = "dropping a staged file takes it away"]
pub struct Staged {
    record: SwapRecord,
    followed: Vec<Followed>,
}

impl Staged {
    /// What the journal must hold before [`Staged::swap`].
    pub fn record(&self) -> &SwapRecord {
        &self.record
    }

    /// The links that were followed on the way, in order.
    pub fn followed(&self) -> &[Followed] {
        &self.followed
    }

    /// Exchanges the two files and syncs the folder.
    ///
    /// # Errors
    /// [`Error::Changed`] where the target is not the file any more that it was when staged. After an error everything is as before
    /// and the staged file is gone.
    pub fn swap(self) -> Result<Swapped, Error> {
        todo!()
    }

    /// Takes the staged file away.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn discard(self) -> Result<(), Error> {
        todo!()
    }
}

/// Writes `bytes` beside `path`, under a name that begins with a dot and does not end in `.conf`. A target that exists gives its owner, mode, ACL, label and
/// extended attributes to the new file, one that does not takes them from `new`. Nothing that counts is changed yet.
///
/// # Errors
/// What would make the swap fail is found here, and nothing is left behind: links somebody could have planted, immutable files and
/// folders, mount points, hard links, read-only and full disks, missing rights.
pub fn stage(path: &Path, bytes: &[u8], new: &Ground, trust: Trust) -> Result<Staged, Error> {
    let _ = (path, bytes, new, trust);
    todo!()
}

/// Prepares taking a file away: [`Staged::swap`] moves it to the staged name, [`Swapped::undo`] back.
///
/// # Errors
/// As [`stage`]; [`Error::Io`] of kind `NotFound` where nothing is there.
pub fn stage_removal(path: &Path, trust: Trust) -> Result<Staged, Error> {
    let _ = (path, trust);
    todo!()
}

/// In what a file differs from what is wanted. All false: there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// There is no such file.
    pub missing: bool,
    /// It holds other bytes.
    pub bytes: bool,
    /// It has another owner or group.
    pub owner: bool,
    /// It has another mode.
    pub mode: bool,
}

impl Difference {
    /// Whether [`stage`] would change what is read: the file is missing or holds other bytes. Its attributes would stay.
    pub fn in_contents(&self) -> bool {
        self.missing || self.bytes
    }

    /// Whether owner, group and mode are other ones than wanted.
    pub fn in_attributes(&self) -> bool {
        self.owner || self.mode
    }
}

/// Compares what is there with what is wanted, changing nothing.
///
/// # Errors
/// As [`stage`] where the path cannot be walked or what is there is not a file.
pub fn differs(
    path: &Path,
    bytes: &[u8],
    wanted: &Ground,
    trust: Trust,
) -> Result<Difference, Error> {
    let _ = (path, bytes, wanted, trust);
    todo!()
}

/// Staged and saved files that lie in a folder: what a crash before the journal was written left behind.
///
/// # Errors
/// [`Error::Io`].
pub fn leftovers(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let _ = folder;
    todo!()
}
