//! Exchanging a file for the staged one beside it, and settling such a pair of names on the old or the new state.
//!
//! Staging is in `stage`; the way from a journal's record to a pair is in `recover`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, OFlags, RenameFlags, Stat};
use rustix::fs::{linkat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::walk::Spot;

/// Which file it is: by its inode while the machine is up, by its bytes after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    /// Device number; may differ after the next boot.
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
    pub(crate) pair: Pair,
}

impl Swapped {
    /// What was swapped.
    pub fn record(&self) -> &SwapRecord {
        &self.pair.record
    }

    /// Takes the old file away.
    ///
    /// # Errors
    /// [`Error::Foreign`] where somebody wrote into the old file, still open, after the swap: it stays. [`Error::Io`]. The new file is in force nevertheless.
    pub fn keep(self) -> Result<(), Error> {
        let Pair { record, .. } = &self.pair;
        self.pair.clear(&[record.old.as_ref()])
    }

    /// Puts the old file back, inode and attributes intact, and takes the new one away.
    ///
    /// # Errors
    /// [`Error::Foreign`] where somebody changed the file since; nothing is touched then.
    pub fn undo(self) -> Result<(), Error> {
        self.pair.settle(Wanted::Old).map(|_| ())
    }
}

/// The target's name and the staged one beside it.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) spot: Spot,
    pub(crate) staged: OsString,
    pub(crate) record: SwapRecord,
}

/// Which of a record's two states is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Old,
    New,
}

impl Pair {
    /// Goes from the state before to the state after: the new file under the target's name, the old one under the staged name.
    pub(crate) fn swap(&self) -> Result<(), Error> {
        let target = self.spot.name()?;
        let staged = self.staged.as_os_str();
        let moved = match (&self.record.old, &self.record.new) {
            (Some(_), Some(_)) => self.exchange(target),
            (None, _) => self.move_to_free(staged, target),
            (_, None) => self.move_to_free(target, staged),
        };
        moved.map_err(|errno| match errno {
            Errno::EXIST | Errno::NOENT => Error::Changed {
                path: self.record.target.clone(),
            },
            errno => Error::io("swap", &self.record.target, errno),
        })
    }

    /// Brings the names into one of the two states, whatever point a swap or an undo had reached, and takes the other file away. Returns
    /// whether the target changed. If any of the names has a file of other bytes than the old or the new ones, nothing is touched.
    pub(crate) fn settle(&self, wanted: Wanted) -> Result<bool, Error> {
        let (want, other) = match wanted {
            Wanted::Old => (self.record.old.as_ref(), self.record.new.as_ref()),
            Wanted::New => (self.record.new.as_ref(), self.record.old.as_ref()),
        };
        let target = self.spot.name()?;
        let there = self.identify(target)?;
        let changes = !self.matches(there.as_ref(), want);
        if changes && !self.matches(there.as_ref(), other) {
            return Err(self.foreign(target));
        }
        let beside = self.identify_known(&self.staged)?;
        let spare = self.identify_known(&self.spare())?;
        if changes {
            match want {
                Some(_) => self.put_in_place(want, other, beside, spare)?,
                None => self.take_from_place(there, other, beside)?,
            }
        }
        // The target's name is durable before the names go that could bring the other file back.
        self.spot.sync()?;
        self.clear(&[want, other])?;
        Ok(changes)
    }

    /// Settles on a file: exchanges it for the other one, so that a file which somebody put there a moment ago is not lost.
    fn put_in_place(
        &self,
        want: Option<&FileId>,
        other: Option<&FileId>,
        beside: Option<FileId>,
        spare: Option<FileId>,
    ) -> Result<(), Error> {
        let (target, staged) = (self.spot.name()?, self.staged.as_os_str());
        let failed = |errno| self.not_moved(errno);
        if self.matches(beside.as_ref(), want) {
            if spare.is_some() {
                // The target's second name, from an exchange that was cut short.
                self.remove(&self.spare())?;
            }
        } else if beside.is_none() && self.matches(spare.as_ref(), want) {
            // The same, one step later.
            self.move_to_free(&self.spare(), staged).map_err(failed)?;
        } else {
            return Err(Error::NoSavedCopy {
                target: self.record.target.clone(),
                staged: self.record.staged.clone(),
            });
        }
        if other.is_none() {
            return self.move_to_free(staged, target).map_err(failed);
        }
        self.exchange(target).map_err(failed)?;
        if self.matches(self.identify(staged)?.as_ref(), other) {
            return Ok(());
        }
        self.exchange(target).map_err(failed)?;
        Err(self.foreign(target))
    }

    /// Settles on no file: moves the other one to the staged name, from where it is taken away.
    fn take_from_place(
        &self,
        there: Option<FileId>,
        other: Option<&FileId>,
        beside: Option<FileId>,
    ) -> Result<(), Error> {
        let (target, staged) = (self.spot.name()?, self.staged.as_os_str());
        let failed = |errno| self.not_moved(errno);
        if beside.is_some() {
            // A move by second name that was cut short; else there is nothing to tell whose file it is.
            return match there == beside {
                true => self.remove(target),
                false => Err(self.foreign(staged)),
            };
        }
        self.move_to_free(target, staged).map_err(failed)?;
        if self.matches(self.identify(staged)?.as_ref(), other) {
            return Ok(());
        }
        self.move_to_free(staged, target).map_err(failed)?;
        Err(self.foreign(target))
    }

    fn not_moved(&self, errno: Errno) -> Error {
        let path = self.record.target.clone();
        match errno {
            Errno::EXIST | Errno::NOENT => Error::Foreign { path },
            errno => Error::io("put back", &path, errno),
        }
    }

    /// Takes the staged and the spare file away, if each is one of `known`.
    pub(crate) fn clear(&self, known: &[Option<&FileId>]) -> Result<(), Error> {
        let mut cleared = false;
        for name in [self.staged.clone(), self.spare()] {
            let Some(beside) = self.identify(&name)? else {
                continue;
            };
            if !known.iter().any(|id| self.matches(Some(&beside), *id)) {
                return Err(self.foreign(&name));
            }
            self.remove(&name)?;
            cleared = true;
        }
        if cleared { self.spot.sync() } else { Ok(()) }
    }

    /// As [`Pair::identify`], but refuses a file that is neither the old nor the new one.
    fn identify_known(&self, name: &OsStr) -> Result<Option<FileId>, Error> {
        let found = self.identify(name)?;
        let known = [self.record.old.as_ref(), self.record.new.as_ref()];
        if found.is_none() || known.iter().any(|id| self.matches(found.as_ref(), *id)) {
            Ok(found)
        } else {
            Err(self.foreign(name))
        }
    }

    /// Which file has a name in the folder.
    pub(crate) fn identify(&self, name: &OsStr) -> Result<Option<FileId>, Error> {
        let Some((file, stat)) = self.spot.open_beside(name, OFlags::RDONLY)? else {
            return Ok(None);
        };
        FileId::read(file, &stat)
            .map(Some)
            .map_err(|error| Error::io("read", &self.spot.folder_path.join(name), error))
    }

    /// The bytes decide: inode numbers of a restored disk and device numbers after a boot are others. The inode does only where the
    /// bytes cannot tell old from new.
    fn matches(&self, there: Option<&FileId>, id: Option<&FileId>) -> bool {
        match (there, id) {
            (None, None) => true,
            (Some(there), Some(id)) => {
                let (old, new) = (&self.record.old, &self.record.new);
                let same_bytes = old.is_some_and(|o| new.is_some_and(|n| o.sha256 == n.sha256));
                there.sha256 == id.sha256 && (!same_bytes || there.ino == id.ino)
            }
            _ => false,
        }
    }

    /// Exchanges target and staged name at once. Where the filesystem or a seccomp filter has no exchange, the target gets a spare
    /// name first, so that at every moment there is a whole file under its own name.
    fn exchange(&self, target: &OsStr) -> rustix::io::Result<()> {
        let (folder, staged) = (&self.spot.folder, self.staged.as_os_str());
        match rename_with(&self.spot, staged, target, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {}
            done => return done,
        }
        let spare = self.spare();
        linkat(folder, target, folder, &spare, AtFlags::empty())?;
        if let Err(errno) = renameat(folder, staged, folder, target) {
            let _ = unlinkat(folder, &spare, AtFlags::empty());
            return Err(errno);
        }
        renameat(folder, &spare, folder, staged)
    }

    fn move_to_free(&self, from: &OsStr, to: &OsStr) -> rustix::io::Result<()> {
        move_to_free(&self.spot, from, to)
    }

    fn remove(&self, name: &OsStr) -> Result<(), Error> {
        let path = self.spot.folder_path.join(name);
        unlinkat(&self.spot.folder, name, AtFlags::empty())
            .map_err(|errno| Error::io("remove", &path, errno))
    }

    /// The third name, of the exchange without EXCHANGE.
    fn spare(&self) -> OsString {
        let mut name = self.staged.clone();
        name.push(SPARE);
        name
    }

    fn foreign(&self, name: &OsStr) -> Error {
        let path = self.spot.folder_path.join(name);
        Error::Foreign { path }
    }
}

impl FileId {
    /// Whether the file held exactly these bytes.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        self.sha256 == <[u8; 32]>::from(Sha256::digest(bytes))
    }

    pub(crate) fn new(stat: &Stat, bytes: &[u8]) -> FileId {
        FileId::with(stat, Sha256::digest(bytes).into())
    }

    /// Reads the file a piece at a time: what was written here may be larger than what is read for its contents.
    pub(crate) fn read(file: OwnedFd, stat: &Stat) -> io::Result<FileId> {
        let mut file = File::from(file);
        let mut sha256 = Sha256::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            match file.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => sha256.update(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(FileId::with(stat, sha256.finalize().into()))
    }

    fn with(stat: &Stat, sha256: [u8; 32]) -> FileId {
        FileId {
            dev: stat.st_dev,
            ino: stat.st_ino,
            sha256,
        }
    }
}

/// Renames to a name that nothing has, in the same folder. Without NOREPLACE: a second name, then one less.
pub(crate) fn move_to_free(spot: &Spot, from: &OsStr, to: &OsStr) -> rustix::io::Result<()> {
    match rename_with(spot, from, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {}
        done => return done,
    }
    let folder = &spot.folder;
    linkat(folder, from, folder, to, AtFlags::empty())?;
    if let Err(errno) = unlinkat(folder, from, AtFlags::empty()) {
        let _ = unlinkat(folder, to, AtFlags::empty());
        return Err(errno);
    }
    Ok(())
}

fn rename_with(
    spot: &Spot,
    from: &OsStr,
    to: &OsStr,
    flags: RenameFlags,
) -> rustix::io::Result<()> {
    #[cfg(test)]
    if tests::WITHOUT_FLAGS.get() {
        return Err(Errno::INVAL);
    }
    renameat_with(&spot.folder, from, &spot.folder, to, flags)
}

/// Ends the spare name. Like the staged one it does not end in `.conf`.
pub(crate) const SPARE: &str = ".old";

#[cfg(test)]
pub(crate) mod tests;
