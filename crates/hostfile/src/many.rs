//! Thousands of new files in one folder, made durable together. For a few there is [`create_new`](crate::create_new), by which
//! each appears whole.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, syncfs, unlinkat};
use rustix::io::Errno;

use crate::attributes::Attributes;
use crate::walk::{Last, Spot, Trust, walk};
use crate::{Error, Ground};

/// A folder that is being filled.
///
/// A file appears under its name at once, with owner and mode before its first byte. Until [`sync`](Self::sync) a power cut can
/// leave it empty or cut off, or take it away; a crash of the process can leave the last one so.
#[derive(Debug)]
pub struct NewFiles {
    /// Walked to, so that no link planted later leads elsewhere.
    spot: Spot,
    open: OwnedFd,
}

impl NewFiles {
    /// Walks to the folder.
    ///
    /// # Errors
    /// [`Error::UntrustedLink`] on the way, [`Error::Io`], also where it cannot be opened.
    pub fn within(folder: &Path, trust: Trust) -> Result<Self, Error> {
        // The walk ends in the folder of a file, whose name does not count.
        let spot = walk(&folder.join("any"), trust, Last::Stay)?;
        let open = spot.open_folder()?;
        Ok(Self { spot, open })
    }

    /// Makes a file whole.
    ///
    /// # Errors
    /// [`Error::Exists`] where the name is taken, whatever by; [`Error::Io`], and then the file is gone again.
    pub fn create(&self, name: &OsStr, bytes: &[u8], ground: &Ground) -> Result<(), Error> {
        let path = || self.path(name);
        let file = match self.spot.make_beside(name) {
            Ok(file) => File::from(file),
            Err(Errno::EXIST) => return Err(Error::Exists { path: path() }),
            Err(errno) => return Err(Error::io("make", &path(), errno)),
        };
        let filled = Attributes::new(ground)
            .put_on(file.as_fd())
            .map_err(|errno| Error::io("give owner and mode to the new", &path(), errno))
            .and_then(|()| {
                (&file)
                    .write_all(bytes)
                    .map_err(|error| Error::io("write the new", &path(), error))
            });
        if filled.is_err() {
            let _ = unlinkat(&self.open, name, AtFlags::empty());
        }
        filled
    }

    /// Takes a file of this folder away again.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn remove(&self, name: &OsStr) -> Result<(), Error> {
        match unlinkat(&self.open, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(Error::io("remove", &self.path(name), errno)),
        }
    }

    /// Returns once all files are on the disk: syncs the whole filesystem once, instead of each file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sync(&self) -> Result<(), Error> {
        syncfs(&self.open).map_err(|errno| Error::io("sync", &self.spot.folder_path, errno))
    }

    fn path(&self, name: &OsStr) -> PathBuf {
        self.spot.folder_path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    const PRIVATE: Ground = Ground {
        owner: None,
        mode: 0o600,
    };

    #[test]
    fn many_are_made_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let files = NewFiles::within(folder.path(), Trust::Owner).unwrap();
        for n in 0..100 {
            let name = format!("{n}.key");
            files
                .create(name.as_ref(), name.as_bytes(), &PRIVATE)
                .unwrap();
        }
        files.sync().unwrap();
        let made = folder.path().join("7.key");
        assert_eq!(fs::read(&made).unwrap(), b"7.key");
        assert_eq!(fs::metadata(&made).unwrap().mode() & 0o7777, 0o600);
        assert!(matches!(
            files.create("7.key".as_ref(), b"other", &PRIVATE),
            Err(Error::Exists { path }) if path == made.canonicalize().unwrap()
        ));
        assert_eq!(fs::read(&made).unwrap(), b"7.key");
        files.remove("7.key".as_ref()).unwrap();
        files.remove("7.key".as_ref()).unwrap();
        assert!(!made.exists());
    }

    #[test]
    fn a_link_under_the_name_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        symlink(&target, folder.path().join("a.key")).unwrap();
        let files = NewFiles::within(folder.path(), Trust::Owner).unwrap();
        assert!(matches!(
            files.create("a.key".as_ref(), b"x", &PRIVATE),
            Err(Error::Exists { .. })
        ));
        assert!(!target.exists());
    }

    #[test]
    fn a_link_that_others_planted_leads_nowhere() {
        let outer = tempfile::tempdir().unwrap();
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let (real, link) = (outer.path().join("real"), outer.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        assert!(NewFiles::within(&link, Trust::Owner).is_err());
        NewFiles::within(&real, Trust::Owner).unwrap();
        assert!(NewFiles::within(&outer.path().join("missing"), Trust::Owner).is_err());
    }
}
