//! New files that a killed process left beside their names. No journal knows of them, so whoever makes the next new file in that folder
//! takes them away. A lock, which the kernel drops with the process, tells an abandoned one from one that is being written right now.

use std::ffi::OsStr;
use std::path::Path;

use rustix::fs::{AtFlags, FlockOperation, OFlags, flock, unlinkat};

use crate::Trust;
use crate::made::{NEW, is_staged_name};
use crate::read::list;
use crate::walk::{Last, walk};

/// Takes away what [`crate::create_new`] has left in a folder where its process was killed. Returns how many files that were.
///
/// What cannot be taken away, or may still be in use, stays: this is no reason to fail. Where the filesystem has no flock(2) all of it
/// stays.
pub fn clear_abandoned(folder: &Path) -> usize {
    let names = list(folder).unwrap_or_default();
    let ours = names.iter().filter(|name| is_new_name(name));
    ours.filter(|name| clear(&folder.join(name)).is_some())
        .count()
}

fn clear(path: &Path) -> Option<()> {
    let spot = walk(path, Trust::Owner, Last::Stay).ok()?;
    let (file, _) = spot.open_file(OFlags::RDONLY).ok()??;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    // Its maker may have finished and given it its name in between: then this one is gone, and no other gets it.
    unlinkat(&spot.folder, spot.name().ok()?, AtFlags::empty()).ok()
}

fn is_new_name(name: &OsStr) -> bool {
    let stem = name.as_encoded_bytes().strip_suffix(NEW.as_bytes());
    stem.is_some_and(is_staged_name)
}

#[cfg(test)]
mod tests;
