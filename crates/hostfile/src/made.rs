//! The new file beside the name that it is for: how it is called, and who takes it away. What it holds, and how it gets its name, is for
//! `stage` and `many`.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, FlockOperation, flock, fstat, statat, unlinkat};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::swap::FileId;
use crate::walk::Spot;

/// A file that was made beside the target. Dropping it takes it away, unless it was kept or somebody put another in its place.
#[derive(Debug)]
pub(crate) struct Made {
    folder: OwnedFd,
    pub(crate) name: OsString,
    /// Open, so that its inode number is not given to another file should somebody take this one away.
    pub(crate) file: File,
    pub(crate) id: FileId,
    pub(crate) kept: bool,
}

impl Made {
    /// Makes it empty, mode 0600.
    pub(crate) fn beside(spot: &Spot, after: After) -> rustix::io::Result<Self> {
        let folder = rustix::io::fcntl_dupfd_cloexec(&spot.folder, 0)?;
        loop {
            let name = random_name(after)?;
            match spot.make_beside(&name) {
                Ok(file) => {
                    if after == After::Nobody && !hold(&file)? {
                        continue;
                    }
                    return Ok(Self {
                        id: FileId::new(&fstat(&file)?, b""),
                        file: File::from(file),
                        folder,
                        name,
                        kept: false,
                    });
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (self.id.dev, self.id.ino))
    }

    pub(crate) fn remove(&mut self) -> rustix::io::Result<()> {
        self.kept = true;
        if self.is_there() {
            unlinkat(&self.folder, &self.name, AtFlags::empty())?;
        }
        Ok(())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if !self.kept {
            // Nobody is left to hear of a failure; `leftovers` finds the file.
            let _ = self.remove();
        }
    }
}

/// Who knows of a staged file after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// The caller's journal.
    Journal,
    /// Nobody: [`crate::clear_abandoned`] may take it away.
    Nobody,
}

/// Keeps a file that was made a moment ago from being taken for an abandoned one, as long as it is open. False: it was, and is lost.
fn hold(file: impl AsFd) -> rustix::io::Result<bool> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(fstat(&file)?.st_nlink > 0),
        Err(Errno::WOULDBLOCK) => Ok(false),
        // Without locks nobody can take it for abandoned either.
        Err(_) => Ok(true),
    }
}

pub(crate) fn random_name(after: After) -> rustix::io::Result<OsString> {
    let mut random = [0; 8];
    getrandom(&mut random, GetRandomFlags::empty())?;
    let end = match after {
        After::Journal => "",
        After::Nobody => NEW,
    };
    Ok(format!("{STAGED}{:016x}{end}", u64::from_ne_bytes(random)).into())
}

/// Whether it is a name that a random number was drawn for, without what may stand at its end.
pub(crate) fn is_staged_name(name: &[u8]) -> bool {
    let random = name.strip_prefix(STAGED.as_bytes());
    random.is_some_and(|hex| hex.len() == 16 && hex.iter().all(u8::is_ascii_hexdigit))
}

/// Ends the staged name of a file that no journal knows of.
pub(crate) const NEW: &str = ".new";

/// Begins every staged name. PostgreSQL's `include_dir` skips names that begin with a dot (GetConfFilesInDir() in conffiles.c).
const STAGED: &str = ".pgcert-";
