//! Writing the new file beside the old one, complete and synced, so that the swap has nothing left to fail on.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, OFlags, Stat, accessat, fstat, fsync, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::attributes::{Attributes, refuse_hard_links, refuse_mount, refuse_unchangeable};
use crate::made::{After, Made, is_staged_name, random_name};
use crate::read::{list, read_all};
use crate::swap::{FileId, Pair, SPARE, Wanted};
use crate::walk::{Followed, Last, Spot, walk};
use crate::{Error, Ground, SwapRecord, Swapped, Trust};

/// A file that lies ready beside its target. Dropping it takes it away again.
#[derive(Debug)]
#[must_use = "dropping a staged file takes it away"]
pub struct Staged {
    pair: Pair,
    old: Option<Predecessor>,
    /// `None` for a removal.
    made: Option<Made>,
}

impl Staged {
    /// What the journal must hold before [`Staged::swap`].
    pub fn record(&self) -> &SwapRecord {
        &self.pair.record
    }

    /// The links that were followed on the way, in order.
    pub fn followed(&self) -> &[Followed] {
        &self.pair.spot.followed
    }

    /// Exchanges the two files and syncs the folder.
    ///
    /// # Errors
    /// [`Error::Changed`] where the target is not the file any more, or has not the attributes any more, that it had when staged. After an
    /// error everything is as before and the staged file is gone; should the disk refuse that as well, [`crate::recover_undo`] does it later.
    pub fn swap(self) -> Result<Swapped, Error> {
        self.check()?;
        let swapped = self.pair.swap().and_then(|()| self.confirm());
        if let Err(error) = swapped {
            let _ = self.pair.settle(Wanted::Old);
            return Err(error);
        }
        Ok(self.swapped())
    }

    /// Exchanges two pairs of files with nothing in between, and only then syncs: for a key and its certificate, each useless without the
    /// other. Where both lie in one folder of a filesystem with a journal, a power cut finds both exchanged or neither, save for the chance
    /// that the journal is written out between the two calls.
    ///
    /// # Errors
    /// As [`Staged::swap`], for both.
    pub fn swap_with(self, other: Staged) -> Result<(Swapped, Swapped), Error> {
        self.check()?;
        other.check()?;
        let swapped = self.pair.swap().and_then(|()| {
            other.pair.swap()?;
            self.confirm()?;
            other.confirm()
        });
        if let Err(error) = swapped {
            let _ = other.pair.settle(Wanted::Old);
            let _ = self.pair.settle(Wanted::Old);
            return Err(error);
        }
        Ok((self.swapped(), other.swapped()))
    }

    /// Whether both files are what they were when this was staged.
    fn check(&self) -> Result<(), Error> {
        let pair = &self.pair;
        let changed = |path: &PathBuf| Error::Changed { path: path.clone() };
        if Predecessor::find(&pair.spot)? != self.old {
            return Err(changed(&pair.record.target));
        }
        if pair.identify(&pair.staged)? != pair.record.new {
            return Err(changed(&pair.record.staged));
        }
        Ok(())
    }

    /// Makes the exchange durable, unless what was there a moment ago was replaced before it. Then this is somebody else's file, and is put
    /// back.
    fn confirm(&self) -> Result<(), Error> {
        let pair = &self.pair;
        let saved = pair.identify(&pair.staged)?;
        if saved == pair.record.old {
            return pair.spot.sync();
        }
        pair.swap()?;
        let path = pair.record.target.clone();
        Err(Error::Changed { path })
    }

    fn swapped(mut self) -> Swapped {
        if let Some(made) = &mut self.made {
            made.kept = true;
        }
        Swapped { pair: self.pair }
    }

    /// Takes the staged file away.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn discard(mut self) -> Result<(), Error> {
        let Some(made) = &mut self.made else {
            return Ok(());
        };
        made.remove()
            .map_err(|errno| Error::io("remove", &self.pair.record.staged, errno))?;
        self.pair.spot.sync()
    }
}

/// Writes `bytes` beside `path`, under a name that begins with a dot and does not end in `.conf`. A target that exists gives its owner, mode, ACL, label and
/// extended attributes to the new file, one that does not takes them from `new`. The target itself is not touched.
///
/// # Errors
/// What would make the swap fail is found here, and nothing is left behind: links somebody could have planted, immutable files and
/// folders, mount points, hard links, read-only and full disks, missing rights.
pub fn stage(path: &Path, bytes: &[u8], new: &Ground, trust: Trust) -> Result<Staged, Error> {
    let spot = walk(path, trust, Last::Follow)?;
    let staged = stage_at(spot, bytes, new, After::Journal)?;
    // The journal must not name what a power cut could still take away.
    staged.pair.spot.sync()?;
    Ok(staged)
}

/// Prepares taking a file away: [`Staged::swap`] moves it to the staged name, [`Swapped::undo`] back, [`Swapped::keep`] takes it away.
///
/// # Errors
/// As [`stage`]; [`Error::Io`] of kind `NotFound` where nothing is there.
pub fn stage_removal(path: &Path, trust: Trust) -> Result<Staged, Error> {
    let spot = walk(path, trust, Last::Follow)?;
    let old = Predecessor::find(&spot)?;
    let path = spot.path();
    if old.is_none() {
        return Err(Error::io("remove", &path, Errno::NOENT));
    }
    refuse_unchangeable(spot.open_folder()?.as_fd(), &spot.folder_path)?;
    let rights = Access::WRITE_OK | Access::EXEC_OK;
    match accessat(&spot.folder, ".", rights, AtFlags::EACCESS) {
        Ok(()) | Err(Errno::NOSYS) => {}
        Err(errno) => return Err(Error::io("write in", &spot.folder_path, errno)),
    }
    let staged = random_name(After::Journal)
        .map_err(|errno| Error::io("find a name beside", &path, errno))?;
    Ok(Staged::new(spot, staged, old, None))
}

/// As [`stage`], from the place on. The folder is not synced yet.
pub(crate) fn stage_at(
    spot: Spot,
    bytes: &[u8],
    new: &Ground,
    after: After,
) -> Result<Staged, Error> {
    let (old, mut made, written) = beside(&spot, new, after, |out| out.write_all(bytes))?;
    made.id = FileId::new(&written, bytes);
    let staged = made.name.clone();
    Ok(Staged::new(spot, staged, old, Some(made)))
}

/// Puts a file with what `fill` writes in place of what is there, of which no copy is kept: nothing can be undone.
///
/// # Errors
/// As [`Staged::swap`] before the rename. Should the folder not be synced afterwards, a file that had no predecessor goes again; one
/// that had stays.
pub(crate) fn replace_at(
    spot: &Spot,
    new: &Ground,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let (old, mut made, _) = beside(spot, new, After::Nobody, fill)?;
    // That the new file is the one that was made a moment ago says its inode: who may write in it may do so afterwards as well.
    if Predecessor::find(spot)? != old || !made.is_there() {
        return Err(Error::Changed { path: spot.path() });
    }
    // Opened first: what can fail afterwards is the sync alone.
    let open = spot.open_folder()?;
    let (folder, name) = (&spot.folder, spot.name()?);
    renameat(folder, &made.name, folder, name)
        .map_err(|errno| Error::io("replace", &spot.path(), errno))?;
    made.kept = true;
    match fsync(open) {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(errno) => {
            if old.is_none() {
                let _ = unlinkat(folder, name, AtFlags::empty());
            }
            Err(Error::io("sync", &spot.folder_path, errno))
        }
    }
}

/// Writes a file beside the target, complete and synced. Its digest is not known yet.
fn beside(
    spot: &Spot,
    new: &Ground,
    after: After,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(Option<Predecessor>, Made, Stat), Error> {
    let old = Predecessor::find(spot)?;
    refuse_unchangeable(spot.open_folder()?.as_fd(), &spot.folder_path)?;
    let attributes = match &old {
        Some(old) => old.attributes.clone(),
        None => Attributes::new(new),
    };
    let path = spot.path();
    let made =
        Made::beside(spot, after).map_err(|errno| Error::io("write beside", &path, errno))?;
    // From here on dropping `made` takes the file away again.
    attributes.put_on(made.file.as_fd()).map_err(|errno| {
        match attributes.owner_if_refused(errno) {
            Some((uid, gid)) if old.is_some() => Error::OthersFile {
                path: path.clone(),
                uid,
                gid,
            },
            _ => Error::io("give owner and attributes to the new", &path, errno),
        }
    })?;
    let written =
        write(&made.file, fill).map_err(|error| Error::io("write the new", &path, error))?;
    if !attributes.hold(&written) {
        let doing = "give owner and mode to the new";
        return Err(Error::io(doing, &path, Errno::PERM));
    }
    Ok((old, made, written))
}

/// In what a file differs from what is wanted. All false: there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// There is no such file.
    pub missing: bool,
    /// It holds other bytes.
    pub bytes: bool,
    /// It has another owner or group than the one that is named.
    pub owner: bool,
    /// It has another mode.
    pub mode: bool,
}

impl Difference {
    /// Whether [`stage`] would change what is read: the file is missing or holds other bytes. Its attributes would stay.
    pub fn in_contents(&self) -> bool {
        self.missing || self.bytes
    }

    /// Whether owner, group and mode are other ones than wanted.
    pub fn in_attributes(&self) -> bool {
        self.owner || self.mode
    }
}

/// Compares what is there with what is wanted, changing nothing.
///
/// # Errors
/// As [`stage`] where the path cannot be walked or what is there is not a file.
pub fn differs(
    path: &Path,
    bytes: &[u8],
    wanted: &Ground,
    trust: Trust,
) -> Result<Difference, Error> {
    let spot = walk(path, trust, Last::Follow)?;
    let Some((file, stat)) = spot.open_file(OFlags::RDONLY)? else {
        return Ok(Difference {
            missing: true,
            bytes: false,
            owner: false,
            mode: false,
        });
    };
    let there = (stat.st_uid, stat.st_gid);
    Ok(Difference {
        missing: false,
        owner: wanted.owner.is_some_and(|owner| owner != there),
        mode: stat.st_mode & 0o7777 != wanted.mode & 0o7777,
        bytes: read_all(file, &spot.path(), &stat)? != bytes,
    })
}

/// Staged and saved files that lie in a folder: what a crash before the journal was written left behind. Those of [`crate::create_new`],
/// which knows no journal, are [`crate::clear_abandoned`]'s.
///
/// # Errors
/// [`Error::Io`].
pub fn leftovers(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let ours = |name: &OsString| {
        let name = name.as_encoded_bytes();
        is_staged_name(name.strip_suffix(SPARE.as_bytes()).unwrap_or(name))
    };
    let names = list(folder)?.into_iter().filter(ours);
    Ok(names.map(|name| folder.join(name)).collect())
}

impl Staged {
    fn new(spot: Spot, staged: OsString, old: Option<Predecessor>, made: Option<Made>) -> Staged {
        let record = SwapRecord {
            target: spot.path(),
            staged: spot.folder_path.join(&staged),
            old: old.as_ref().map(|old| old.id),
            new: made.as_ref().map(|made| made.id),
        };
        let pair = Pair {
            spot,
            staged,
            record,
        };
        Staged { pair, old, made }
    }
}

/// The file that is to be replaced, as it was found.
#[derive(Debug, PartialEq, Eq)]
struct Predecessor {
    id: FileId,
    attributes: Attributes,
}

impl Predecessor {
    /// Reads it, and refuses what could not be swapped.
    fn find(spot: &Spot) -> Result<Option<Predecessor>, Error> {
        let Some((file, stat)) = spot.open_file(OFlags::RDONLY)? else {
            return Ok(None);
        };
        let path = spot.path();
        let failed = |errno| Error::io("look at", &path, errno);
        refuse_hard_links(&stat, &path)?;
        refuse_unchangeable(file.as_fd(), &path)?;
        refuse_mount(file.as_fd(), &path)?;
        let folder = fstat(&spot.folder).map_err(failed)?;
        if !may_rename(&stat, &folder) {
            return Err(Error::io("replace", &path, Errno::PERM));
        }
        let attributes = Attributes::of(file.as_fd()).map_err(failed)?;
        let id = FileId::read(file, &stat).map_err(|error| Error::io("read", &path, error))?;
        Ok(Some(Predecessor { id, attributes }))
    }
}

/// Syncs what `fill` writes.
fn write(mut file: &File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Stat> {
    fill(&mut file)?;
    fsync(file)?;
    Ok(fstat(file)?)
}

/// In a sticky folder only the owners of file and folder may rename (check_sticky() in the kernel's fs/namei.c).
fn may_rename(file: &Stat, folder: &Stat) -> bool {
    let acting = geteuid().as_raw();
    folder.st_mode & 0o1000 == 0 || [0, file.st_uid, folder.st_uid].contains(&acting)
}

#[cfg(test)]
mod tests;
