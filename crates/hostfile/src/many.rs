//! Thousands of new files in one folder, made durable together. For a few there is [`create_new`](crate::create_new), which syncs each.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, syncfs, unlinkat};
use rustix::io::Errno;

use crate::attributes::Attributes;
use crate::made::{After, Made};
use crate::swap::move_to_free;
use crate::walk::{Last, Spot, Trust, walk};
use crate::{Error, Ground};

/// A folder that is being filled. Until [`sync`](Self::sync) a power cut can leave a file empty or cut off, or take it away.
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

    /// Makes a file whole: it appears under its name with owner, mode and all of its bytes. What a kill leaves beside the name is for
    /// [`crate::clear_abandoned`].
    ///
    /// # Errors
    /// [`Error::Exists`] where the name is taken, whatever by; [`Error::Io`], and then the file is gone again.
    pub fn create(&self, name: &OsStr, bytes: &[u8], ground: &Ground) -> Result<(), Error> {
        let path = self.path(name);
        let mut made = Made::beside(&self.spot, After::Nobody)
            .map_err(|errno| Error::io("write beside", &path, errno))?;
        // From here on dropping `made` takes the file away again.
        fill(&made.file, bytes, ground, &path)?;
        match move_to_free(&self.spot, &made.name, name) {
            Ok(()) => {
                made.kept = true;
                Ok(())
            }
            Err(Errno::EXIST) => Err(Error::Exists { path }),
            Err(errno) => Err(Error::io("give its name to the new", &path, errno)),
        }
    }

    /// Makes a file under its name at once, with owner and mode before its first byte: half the work for the filesystem, and a kill
    /// can leave the last one without a byte. Not for what has to be whole or not there.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_in_place(
        &self,
        name: &OsStr,
        bytes: &[u8],
        ground: &Ground,
    ) -> Result<(), Error> {
        let path = self.path(name);
        let file = match self.spot.make_beside(name) {
            Ok(file) => File::from(file),
            Err(Errno::EXIST) => return Err(Error::Exists { path }),
            Err(errno) => return Err(Error::io("make", &path, errno)),
        };
        fill(&file, bytes, ground, &path).inspect_err(|_| {
            let _ = unlinkat(&self.open, name, AtFlags::empty());
        })
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

/// Owner and mode, then the bytes.
fn fill(mut file: &File, bytes: &[u8], ground: &Ground, path: &Path) -> Result<(), Error> {
    Attributes::new(ground)
        .put_on(file.as_fd())
        .map_err(|errno| Error::io("give owner and mode to the new", path, errno))?;
    file.write_all(bytes)
        .map_err(|error| Error::io("write the new", path, error))
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

    type Create = fn(&NewFiles, &OsStr, &[u8], &Ground) -> Result<(), Error>;
    const WAYS: [Create; 2] = [NewFiles::create, NewFiles::create_in_place];

    #[test]
    fn many_are_made_and_none_is_overwritten() {
        for create in WAYS {
            let folder = tempfile::tempdir().unwrap();
            let files = NewFiles::within(folder.path(), Trust::Owner).unwrap();
            for n in 0..100 {
                let name = format!("{n}.key");
                create(&files, name.as_ref(), name.as_bytes(), &PRIVATE).unwrap();
            }
            files.sync().unwrap();
            let made = folder.path().join("7.key");
            assert_eq!(fs::read(&made).unwrap(), b"7.key");
            assert_eq!(fs::metadata(&made).unwrap().mode() & 0o7777, 0o600);
            assert!(matches!(
                create(&files, "7.key".as_ref(), b"other", &PRIVATE),
                Err(Error::Exists { path }) if path == made.canonicalize().unwrap()
            ));
            assert_eq!(fs::read(&made).unwrap(), b"7.key");
            files.remove("7.key".as_ref()).unwrap();
            files.remove("7.key".as_ref()).unwrap();
            assert!(!made.exists());
            // Nothing is left beside the names, and nothing is held.
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 99);
        }
    }

    #[test]
    fn a_link_under_the_name_is_not_followed() {
        for create in WAYS {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("target");
            symlink(&target, folder.path().join("a.key")).unwrap();
            let files = NewFiles::within(folder.path(), Trust::Owner).unwrap();
            assert!(matches!(
                create(&files, "a.key".as_ref(), b"x", &PRIVATE),
                Err(Error::Exists { .. })
            ));
            assert!(!target.exists());
        }
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
