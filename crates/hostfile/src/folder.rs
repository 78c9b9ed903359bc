//! Folders: making one, taking an empty one away.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, fstat, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::attributes::Attributes;
use crate::read::FileKind;
use crate::walk::{Last, walk};
use crate::{Error, Ground, Trust};

/// Makes one folder; its parent must exist. Returns whether it was made: one that exists is left as it is.
///
/// # Errors
/// [`Error::NotAFolder`] where something else has the name.
pub fn make_folder(path: &Path, ground: &Ground, trust: Trust) -> Result<bool, Error> {
    let spot = walk(path, trust, Last::Follow)?;
    let path = spot.path();
    let failed = |errno| Error::io("make", &path, errno);
    // The path itself led into a folder: `/`, or a link to `..`.
    let Ok(name) = spot.name() else {
        return Ok(false);
    };
    match mkdirat(&spot.folder, name, Mode::RWXU) {
        Ok(()) => {}
        Err(Errno::EXIST) => {
            return match spot.stat()?.map(|stat| FileKind::of(&stat)) {
                Some(FileKind::Folder) => Ok(false),
                _ => Err(Error::NotAFolder { path }),
            };
        }
        Err(errno) => return Err(failed(errno)),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(&spot.folder, name, flags, Mode::empty());
    let made = opened.and_then(|folder| {
        // Mode 0700 and ours, else it is not the one that was made.
        let stat = fstat(&folder)?;
        if stat.st_uid != geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
            return Err(Errno::PERM);
        }
        Attributes::new(ground).put_on(folder.as_fd())
    });
    if let Err(errno) = made {
        let _ = unlinkat(&spot.folder, name, AtFlags::REMOVEDIR);
        return Err(failed(errno));
    }
    spot.sync()?;
    Ok(true)
}

/// Takes a folder away if nothing is in it. Returns whether it was.
///
/// # Errors
/// [`Error::NotAFolder`] where the name is not a folder's.
pub fn remove_folder_if_empty(path: &Path, trust: Trust) -> Result<bool, Error> {
    let spot = walk(path, trust, Last::Stay)?;
    match unlinkat(&spot.folder, spot.name()?, AtFlags::REMOVEDIR) {
        Ok(()) => spot.sync().map(|()| true),
        Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(Errno::NOTDIR) => Err(Error::NotAFolder { path: spot.path() }),
        Err(errno) => Err(Error::io("remove", &spot.path(), errno)),
    }
}

#[cfg(test)]
mod tests;
