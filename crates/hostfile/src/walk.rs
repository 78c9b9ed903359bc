//! Walking to a folder without being led astray by a link somebody planted. What is done there is elsewhere.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::fs::{fstat, fsync, open, openat, openat2, readlinkat, statat};
use rustix::io::Errno;

use crate::Error;
use crate::read::FileKind;

/// Which links on the way are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Those that only root or the acting user could have made: the link and the folder that it stands in are theirs, and
    /// nobody else may write that folder.
    Owner,
    /// None.
    NoLinks,
}

/// A link that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Where it stands, without links in the path to it.
    pub link: PathBuf,
    /// What is written in it.
    pub to: PathBuf,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Absolute, without links, `.` and `..`. The last component need not exist.
    pub path: PathBuf,
    /// The links that were followed, in order.
    pub followed: Vec<Followed>,
}

/// Who could have planted a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planter {
    /// The user with this number: the link's owner or its folder's.
    User(u32),
    /// Somebody in the group with this number, or named in the folder's ACL.
    Group(u32),
    /// Anybody: the folder may be written by all.
    Anybody,
}

impl fmt::Display for Planter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Planter::User(uid) => write!(f, "user {uid}"),
            Planter::Group(gid) => write!(f, "group {gid}"),
            Planter::Anybody => f.write_str("anybody"),
        }
    }
}

/// Walks a path as [`crate::stage`] does and says where it leads, the last component included; changes nothing.
///
/// # Errors
/// [`Error::UntrustedLink`], [`Error::LinkRefused`]; [`Error::Io`] where a folder on the way is missing.
pub fn resolve(path: &Path, trust: Trust) -> Result<Resolved, Error> {
    let spot = walk(path, trust, Last::Follow)?;
    Ok(Resolved {
        path: spot.path(),
        followed: spot.followed,
    })
}

/// Whether a link at the very end of a path is followed as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    Follow,
    Stay,
}

/// A name in a folder that was walked to. All work there goes through the folder's descriptor, so that renaming what lies
/// above it changes nothing any more.
#[derive(Debug)]
pub(crate) struct Spot {
    /// O_PATH.
    pub(crate) folder: OwnedFd,
    pub(crate) folder_path: PathBuf,
    /// `None`: the path ended in the folder itself (`/`, `..`).
    name: Option<OsString>,
    pub(crate) followed: Vec<Followed>,
}

impl Spot {
    pub(crate) fn path(&self) -> PathBuf {
        match &self.name {
            Some(name) => self.folder_path.join(name),
            None => self.folder_path.clone(),
        }
    }

    /// The name that a file is to have here.
    pub(crate) fn name(&self) -> Result<&OsStr, Error> {
        self.name.as_deref().ok_or_else(|| Error::NotAFile {
            path: self.folder_path.clone(),
            kind: FileKind::Folder,
        })
    }

    /// lstat(2) of the name.
    pub(crate) fn stat(&self) -> Result<Option<Stat>, Error> {
        self.stat_beside(self.name()?)
    }

    /// lstat(2) of a name in the same folder.
    pub(crate) fn stat_beside(&self, name: &OsStr) -> Result<Option<Stat>, Error> {
        match statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::io("look at", &self.folder_path.join(name), errno)),
        }
    }

    /// Opens the regular file that has the name. `None` where there is none; anything else is refused without opening it.
    pub(crate) fn open_file(&self, access: OFlags) -> Result<Option<(OwnedFd, Stat)>, Error> {
        self.open_beside(self.name()?, access)
    }

    /// Opens the regular file that has a name in the same folder.
    pub(crate) fn open_beside(
        &self,
        name: &OsStr,
        access: OFlags,
    ) -> Result<Option<(OwnedFd, Stat)>, Error> {
        let path = || self.folder_path.join(name);
        let refuse = |stat: &Stat| {
            let kind = FileKind::of(stat);
            (kind != FileKind::File).then(|| Error::NotAFile { path: path(), kind })
        };
        let Some(stat) = self.stat_beside(name)? else {
            return Ok(None);
        };
        if let Some(error) = refuse(&stat) {
            return Err(error);
        }
        // NONBLOCK: a pipe put in its place since then must not hold us up.
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.folder, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(Error::io("open", &path(), errno)),
        };
        let stat = fstat(&file).map_err(|errno| Error::io("look at", &path(), errno))?;
        match refuse(&stat) {
            Some(error) => Err(error),
            None => Ok(Some((file, stat))),
        }
    }

    /// Makes a regular file with a name in the same folder that nothing has, mode 0600.
    pub(crate) fn make_beside(&self, name: &OsStr) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR)
    }

    /// The folder opened for more than walking.
    pub(crate) fn open_folder(&self) -> Result<OwnedFd, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.folder, ".", flags, Mode::empty())
            .map_err(|errno| Error::io("open", &self.folder_path, errno))
    }

    /// Makes the folder's names durable. Filesystems that cannot sync folders say EINVAL; they have nothing better.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        match fsync(self.open_folder()?) {
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(errno) => Err(Error::io("sync", &self.folder_path, errno)),
        }
    }
}

/// Walks to the folder that holds the last component of `path`.
pub(crate) fn walk(path: &Path, trust: Trust, last: Last) -> Result<Spot, Error> {
    if path.as_os_str().is_empty() {
        return Err(Error::io("open", path, Errno::NOENT));
    }
    match straight(path, last) {
        Some(spot) => Ok(spot),
        None => step_by_step(path, trust, last),
    }
}

/// The usual case, no link anywhere, in one call of openat2(2). `None`: there may be a link, the kernel does not know the call, a
/// seccomp filter refuses it, or something else is wrong that the walk will name.
fn straight(path: &Path, last: Last) -> Option<Spot> {
    let mut components = path.components();
    let Some(Component::Normal(name)) = components.next_back() else {
        return None;
    };
    let parent = components.as_path();
    if !parent.is_absolute() || parent.components().any(|c| c == Component::ParentDir) {
        return None;
    }
    let folder = openat2(
        CWD,
        parent,
        FOLDER,
        Mode::empty(),
        ResolveFlags::NO_SYMLINKS,
    )
    .ok()?;
    if last == Last::Follow {
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileKind::of(&stat) != FileKind::Link => {}
            Err(Errno::NOENT) => {}
            _ => return None,
        }
    }
    Some(Spot {
        folder_path: parent.components().collect(),
        name: Some(name.to_owned()),
        followed: Vec::new(),
        folder,
    })
}

/// One component at a time, each opened without following it; a link that can be trusted is replaced by what is written in it.
fn step_by_step(path: &Path, trust: Trust, last: Last) -> Result<Spot, Error> {
    let mut at = Spot::start(path)?;
    let mut left = components_backwards(path);
    while let Some(name) = left.pop() {
        let is_last = left.is_empty();
        let here = at.folder_path.join(&name);
        let failed = |errno| Error::io("open", &here, errno);
        if name == ".." {
            at.folder = openat(&at.folder, "..", FOLDER, Mode::empty()).map_err(failed)?;
            at.folder_path.pop();
            continue;
        }
        let entry = match openat(&at.folder, &name, ENTRY, Mode::empty()) {
            Ok(entry) => entry,
            Err(Errno::NOENT) if is_last => {
                at.name = Some(name);
                break;
            }
            Err(errno) => return Err(failed(errno)),
        };
        let stat = fstat(&entry).map_err(failed)?;
        match FileKind::of(&stat) {
            FileKind::Link if !(is_last && last == Last::Stay) => {
                judge(&here, &stat, &at.folder, trust)?;
                if at.followed.len() == MAX_LINKS {
                    let path = path.to_owned();
                    return Err(Error::TooManyLinks { path });
                }
                // The descriptor is the link itself: what is read is what was judged.
                let to = readlinkat(&entry, "", Vec::new()).map_err(failed)?;
                let to = PathBuf::from(OsString::from_vec(to.into_bytes()));
                if to.is_absolute() {
                    (at.folder, at.folder_path) = root()?;
                }
                left.append(&mut components_backwards(&to));
                at.followed.push(Followed { link: here, to });
            }
            _ if is_last => at.name = Some(name),
            FileKind::Folder => (at.folder, at.folder_path) = (entry, here),
            _ => return Err(Error::NotAFolder { path: here }),
        }
    }
    Ok(at)
}

impl Spot {
    /// Where the walk begins: `/`, or the working folder, whose path the kernel gives without links.
    fn start(path: &Path) -> Result<Spot, Error> {
        let (folder, folder_path) = if path.is_absolute() {
            root()?
        } else {
            let failed = |errno| Error::io("open", Path::new("."), errno);
            let folder = open(".", FOLDER, Mode::empty()).map_err(failed)?;
            let here = rustix::process::getcwd(Vec::new()).map_err(failed)?;
            (folder, OsString::from_vec(here.into_bytes()).into())
        };
        Ok(Spot {
            folder,
            folder_path,
            name: None,
            followed: Vec::new(),
        })
    }
}

fn root() -> Result<(OwnedFd, PathBuf), Error> {
    let path = PathBuf::from("/");
    let folder = open(&path, FOLDER, Mode::empty());
    let folder = folder.map_err(|errno| Error::io("open", &path, errno))?;
    Ok((folder, path))
}

/// The components in reverse, so that the next one is popped from the end.
fn components_backwards(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            _ => None,
        })
        .collect()
}

/// Refuses a link unless only root or the acting user could have made it. The group bits of a folder with an ACL are the ACL's mask, so that they
/// cover the users and groups named there.
fn judge(path: &Path, link: &Stat, folder: &OwnedFd, trust: Trust) -> Result<(), Error> {
    let link_path = path.to_owned();
    if trust == Trust::NoLinks {
        return Err(Error::LinkRefused { link: link_path });
    }
    let folder = fstat(folder).map_err(|errno| Error::io("look at", path, errno))?;
    let stranger = |uid| uid != 0 && uid != rustix::process::geteuid().as_raw();
    let planter = if stranger(link.st_uid) {
        Planter::User(link.st_uid)
    } else if stranger(folder.st_uid) {
        Planter::User(folder.st_uid)
    } else if folder.st_mode & 0o002 != 0 {
        Planter::Anybody
    } else if folder.st_mode & 0o020 != 0 {
        Planter::Group(folder.st_gid)
    } else {
        return Ok(());
    };
    Err(Error::UntrustedLink {
        link: link_path,
        planter,
    })
}

impl FileKind {
    pub(crate) fn of(stat: &Stat) -> FileKind {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => FileKind::File,
            FileType::Directory => FileKind::Folder,
            FileType::Symlink => FileKind::Link,
            FileType::Fifo => FileKind::Pipe,
            FileType::Socket => FileKind::Socket,
            _ => FileKind::Device,
        }
    }
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Whatever it is, a link too.
const ENTRY: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// As the kernel's own MAXSYMLINKS.
const MAX_LINKS: usize = 40;

#[cfg(test)]
mod tests;
