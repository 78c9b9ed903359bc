//! Files that are written without saving a predecessor: new ones, journals, a database's empty file; and taking them away.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, OFlags, unlinkat};
use rustix::io::Errno;

use crate::attributes::Attributes;
use crate::made::After;
use crate::read::FileKind;
use crate::stage::{replace_at, stage_at};
use crate::walk::{Last, Spot, walk};
use crate::{Error, Ground, Trust};

/// Makes a new file whole: it appears under its name with owner, mode and all of its bytes, synced with its folder. What a kill leaves
/// beside the name is for [`crate::clear_abandoned`].
///
/// # Errors
/// [`Error::Exists`] where the name is taken, whatever by.
pub fn create_new(path: &Path, bytes: &[u8], ground: &Ground, trust: Trust) -> Result<(), Error> {
    let spot = walk(path, trust, Last::Stay)?;
    let exists = Error::Exists { path: spot.path() };
    if spot.stat()?.is_some() {
        return Err(exists);
    }
    match stage_at(spot, bytes, ground, After::Nobody)?.swap() {
        Ok(swapped) => swapped.keep(),
        Err(Error::Changed { .. }) => Err(exists),
        Err(error) => Err(error),
    }
}

/// Makes a file whole in place of the one that has the name, if any, whose attributes it takes over: readers see the old or the new one.
/// The old one is not saved; what a kill leaves beside the name is for [`crate::clear_abandoned`].
///
/// # Errors
/// As [`crate::stage`]; [`Error::Changed`] where somebody changed the old one meanwhile.
pub fn replace(path: &Path, bytes: &[u8], ground: &Ground, trust: Trust) -> Result<(), Error> {
    let spot = walk(path, trust, Last::Follow)?;
    replace_at(&spot, ground, |out| out.write_all(bytes))
}

/// As [`replace`], with what `fill` writes: for contents that need not be in memory whole. Not for secrets, of which its buffer
/// would keep a copy. Where it fails, nothing is replaced.
///
/// # Errors
/// As [`replace`]; an error of `fill` is one of writing.
pub fn replace_with(
    path: &Path,
    ground: &Ground,
    trust: Trust,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let spot = walk(path, trust, Last::Follow)?;
    replace_at(&spot, ground, |out| {
        let mut out = BufWriter::new(out);
        fill(&mut out)?;
        out.flush()
    })
}

/// Adds bytes at the end of a file and syncs it; one that does not exist is made, mode 0600. All bytes or none: a write that
/// fails half-way is taken back.
///
/// # Errors
/// [`Error::Io`]; a link at the end of the path is refused.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let spot = walk(path, Trust::Owner, Last::Stay)?;
    let path = spot.path();
    let failed = |error: io::Error| Error::io("append to", &path, error);
    let (file, made) = open_or_make(&spot, OFlags::RDWR | OFlags::APPEND, 0o600)?;
    let mut file = File::from(file);
    let before = file.metadata().map_err(failed)?.len();
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        let _ = file.set_len(before);
        return Err(failed(error));
    }
    if made { spot.sync() } else { Ok(()) }
}

/// Walks to where a database file shall be, makes it empty with `mode` where it does not exist, and returns its path without links
/// (SQLite's `SQLITE_OPEN_NOFOLLOW` refuses a link anywhere in the path).
///
/// # Errors
/// [`Error::UntrustedLink`] on the way, [`Error::NotAFile`] at the end.
pub fn open_for_database(path: &Path, mode: u32, trust: Trust) -> Result<PathBuf, Error> {
    let spot = walk(path, trust, Last::Follow)?;
    // One that exists is not opened: closing it again would drop the locks that this process holds on it (SQLite's howtocorrupt.html, 2.2).
    match spot.stat()?.map(|stat| FileKind::of(&stat)) {
        Some(FileKind::File) => {}
        Some(kind) => {
            let path = spot.path();
            return Err(Error::NotAFile { path, kind });
        }
        None => {
            open_or_make(&spot, OFlags::RDONLY, mode)?;
            spot.sync()?;
        }
    }
    Ok(spot.path())
}

/// Takes a file away and syncs its folder; a link at the end of the path is not followed but refused. Returns whether there was one.
///
/// # Errors
/// [`Error::NotAFile`] for anything but a regular file.
pub fn remove(path: &Path, trust: Trust) -> Result<bool, Error> {
    let spot = walk(path, trust, Last::Stay)?;
    let path = spot.path();
    let Some(stat) = spot.stat()? else {
        return Ok(false);
    };
    let kind = FileKind::of(&stat);
    if kind != FileKind::File {
        return Err(Error::NotAFile { path, kind });
    }
    match unlinkat(&spot.folder, spot.name()?, AtFlags::empty()) {
        Ok(()) => spot.sync().map(|()| true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(Error::io("remove", &path, errno)),
    }
}

/// Opens a regular file, or makes it, owned by the acting user. Returns whether it was made.
pub(crate) fn open_or_make(
    spot: &Spot,
    access: OFlags,
    mode: u32,
) -> Result<(OwnedFd, bool), Error> {
    loop {
        if let Some((file, _)) = spot.open_file(access)? {
            return Ok((file, false));
        }
        let failed = |errno| Error::io("make", &spot.path(), errno);
        match spot.make_beside(spot.name()?) {
            Ok(file) => {
                let attributes = Attributes::new(&Ground { owner: None, mode });
                attributes.put_on(file.as_fd()).map_err(failed)?;
                return Ok((file, true));
            }
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
}

#[cfg(test)]
mod tests;
