//! Undoing or finishing swaps from the journal's records after a crash.

use std::ffi::OsString;

use crate::swap::{Pair, Wanted};
use crate::walk::{Last, Trust, walk};
use crate::{Error, FileId, SwapRecord};

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
    settle(record, Wanted::Old)
}

/// Puts the new file in place if it is not yet, and takes the old one away.
///
/// # Errors
/// [`Error::Foreign`] where a file holds neither the record's old nor its new bytes.
pub fn recover_keep(record: &SwapRecord) -> Result<Recovered, Error> {
    settle(record, Wanted::New)
}

/// The record's path had no links when it was written: one that is there now is somebody else's.
fn settle(record: &SwapRecord, wanted: Wanted) -> Result<Recovered, Error> {
    let spot = match walk(&record.target, Trust::NoLinks, Last::Stay) {
        // An earlier recovery has taken the folder away with what was new in it.
        Err(error) if error.is_not_found() && settled_on(record, wanted).is_none() => {
            return Ok(Recovered::Already);
        }
        walked => walked?,
    };
    let staged = match record.staged.file_name() {
        Some(name) if record.staged.parent() == record.target.parent() => OsString::from(name),
        _ => {
            let path = record.staged.clone();
            return Err(Error::Foreign { path });
        }
    };
    let record = record.clone();
    let pair = Pair {
        spot,
        staged,
        record,
    };
    Ok(match pair.settle(wanted)? {
        true => Recovered::Swapped,
        false => Recovered::Already,
    })
}

/// The file that is to be there.
fn settled_on(record: &SwapRecord, wanted: Wanted) -> Option<FileId> {
    match wanted {
        Wanted::Old => record.old,
        Wanted::New => record.new,
    }
}

#[cfg(test)]
mod tests;
