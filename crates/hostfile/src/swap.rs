//! Exchanging a file for the staged one beside it, and exchanging them back.

use std::path::PathBuf;

use crate::Error;

/// Which file it is: by inode while the machine is up, by its bytes after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    /// Device number.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// What the journal must hold before the swap, so that the next run can finish or undo it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapRecord {
    /// The file, absolute and without links.
    pub target: PathBuf,
    /// The name beside it under which first the new and after the swap the old file lies. In the same folder.
    pub staged: PathBuf,
    /// The file that is there now; `None`: a new file is made.
    pub old: Option<FileId>,
    /// The file that shall be there; `None`: it is taken away.
    pub new: Option<FileId>,
}

/// A swap that was made and may still be undone. Dropping it leaves both files where they are, for recovery from the journal.
#[derive(Debug)]
#[must_use = "the old file lies beside the new one until keep or undo"]
pub struct Swapped {
    record: SwapRecord,
}

impl Swapped {
    /// What was swapped.
    pub fn record(&self) -> &SwapRecord {
        &self.record
    }

    /// Takes the old file away.
    ///
    /// # Errors
    /// [`Error::Io`]; the new file is in force nevertheless.
    pub fn keep(self) -> Result<(), Error> {
        todo!()
    }

    /// Puts the old file back, inode and attributes intact, and takes the new one away.
    ///
    /// # Errors
    /// [`Error::Foreign`] where somebody changed the file since; nothing is touched then.
    pub fn undo(self) -> Result<(), Error> {
        todo!()
    }
}
