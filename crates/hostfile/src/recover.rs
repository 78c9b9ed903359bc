//! Undoing or finishing swaps from the journal's records after a crash.

use crate::{Error, SwapRecord};

/// What recovery found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// Everything was as wanted; at most a staged or saved file was taken away.
    Already,
    /// The file was swapped.
    Swapped,
}

/// Puts the old file back (or takes a new one away), whatever point the swap had reached.
///
/// # Errors
/// [`Error::Foreign`] where a file holds neither the record's old nor its new bytes, [`Error::NoSavedCopy`] where the old file is gone.
pub fn recover_undo(record: &SwapRecord) -> Result<Recovered, Error> {
    let _ = record;
    todo!()
}

/// Puts the new file in place if it is not yet, and takes the old one away.
///
/// # Errors
/// [`Error::Foreign`] where a file holds neither the record's old nor its new bytes.
pub fn recover_keep(record: &SwapRecord) -> Result<Recovered, Error> {
    let _ = record;
    todo!()
}
