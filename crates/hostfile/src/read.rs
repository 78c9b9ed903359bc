//! Reading as open(2) does, links followed, with the rights in use. A user's files are read inside `acting_as`.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, Stat, fstat, open};

use crate::Error;

/// The most bytes that are read from one file: 64 MiB.
pub const READ_LIMIT: u64 = 64 << 20;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A FIFO.
    Pipe,
    /// A socket.
    Socket,
    /// A block or character device.
    Device,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::File => "a file",
            FileKind::Folder => "a folder",
            FileKind::Link => "a link",
            FileKind::Pipe => "a pipe",
            FileKind::Socket => "a socket",
            FileKind::Device => "a device",
        })
    }
}

/// What stat(2) says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// File, folder, ...
    pub kind: FileKind,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits, 07777. With an ACL the group's three are its mask.
    pub mode: u32,
    /// Device number; may differ after the next boot.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Names (hard links).
    pub links: u64,
    /// Size in bytes.
    pub len: u64,
    /// Last change of the bytes, seconds since the Unix epoch.
    pub mtime: i64,
}

impl Metadata {
    fn from_std(of: &fs::Metadata) -> Metadata {
        let kind = of.file_type();
        Metadata {
            kind: if kind.is_file() {
                FileKind::File
            } else if kind.is_dir() {
                FileKind::Folder
            } else if kind.is_symlink() {
                FileKind::Link
            } else if kind.is_fifo() {
                FileKind::Pipe
            } else if kind.is_socket() {
                FileKind::Socket
            } else {
                FileKind::Device
            },
            uid: of.uid(),
            gid: of.gid(),
            mode: of.mode() & 0o7777,
            dev: of.dev(),
            ino: of.ino(),
            links: of.nlink(),
            len: of.size(),
            mtime: of.mtime(),
        }
    }
}

/// The bytes of a file. A device such as `/dev/null` is read too, as libpq does; pipes, sockets and folders are refused
/// without waiting for them.
///
/// # Errors
/// [`Error::Io`], [`Error::NotAFile`], [`Error::TooLarge`] beyond [`READ_LIMIT`].
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    read_opened(path, OFlags::NONBLOCK, |kind| {
        matches!(kind, FileKind::File | FileKind::Device)
    })
}

/// As [`read`]; `None` where nothing is there.
///
/// # Errors
/// As [`read`].
pub fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    if_exists(read(path))
}

/// As [`read`], but waits for pipes and terminals: for files that the person who called names (`/dev/stdin`, `/dev/fd/3`, `<(...)`).
///
/// # Errors
/// As [`read`].
pub fn read_stream(path: &Path) -> Result<Vec<u8>, Error> {
    read_opened(path, OFlags::empty(), |kind| kind != FileKind::Folder)
}

/// As [`read_stream`], in pieces: for files of any length. Whether it can be read twice says [`metadata`].
///
/// # Errors
/// As [`read`], but for the length.
pub fn reader(path: &Path) -> Result<impl io::Read + use<>, Error> {
    let (file, _) = opened(path, OFlags::empty(), |kind| kind != FileKind::Folder)?;
    Ok(fs::File::from(file))
}

/// stat(2), links followed; `None` where nothing is there.
///
/// # Errors
/// [`Error::Io`], for example where a folder on the way may not be searched.
pub fn metadata(path: &Path) -> Result<Option<Metadata>, Error> {
    looked_at(path, fs::metadata(path))
}

/// lstat(2), a link at the end not followed; `None` where nothing is there.
///
/// # Errors
/// As [`metadata()`].
pub fn link_metadata(path: &Path) -> Result<Option<Metadata>, Error> {
    looked_at(path, fs::symlink_metadata(path))
}

/// Where a link points to, as it is written in it.
///
/// # Errors
/// [`Error::Io`]; of kind `InvalidInput` where it is no link.
pub fn read_link(path: &Path) -> Result<PathBuf, Error> {
    fs::read_link(path).map_err(|source| Error::io("read the link", path, source))
}

/// The names in a folder, sorted by their bytes, without `.` and `..`.
///
/// # Errors
/// [`Error::Io`].
pub fn list(folder: &Path) -> Result<Vec<OsString>, Error> {
    let failed = |source| Error::io("list", folder, source);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let names: Result<Vec<_>, _> = entries.map(|entry| Ok(entry?.file_name())).collect();
    let mut names = names.map_err(failed)?;
    names.sort();
    Ok(names)
}

/// Reads to the end, at most [`READ_LIMIT`] bytes. Room is made once: no half-filled copies of a key stay behind in freed memory.
pub(crate) fn read_all(file: OwnedFd, path: &Path, stat: &Stat) -> Result<Vec<u8>, Error> {
    let limit = READ_LIMIT;
    let len = u64::try_from(stat.st_size).unwrap_or(0);
    let too_large = || Error::TooLarge {
        path: path.to_owned(),
        limit,
    };
    if len > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len).map_err(|_| too_large())? + 1);
    let copied = File::from(file).take(limit + 1).read_to_end(&mut bytes);
    copied.map_err(|source| Error::io("read", path, source))?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(bytes)
}

fn read_opened(
    path: &Path,
    wait: OFlags,
    readable: impl Fn(FileKind) -> bool,
) -> Result<Vec<u8>, Error> {
    let (file, stat) = opened(path, wait, readable)?;
    read_all(file, path, &stat)
}

fn opened(
    path: &Path,
    wait: OFlags,
    readable: impl Fn(FileKind) -> bool,
) -> Result<(OwnedFd, Stat), Error> {
    let failed = |errno| Error::io("open", path, errno);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | wait;
    let file = open(path, flags, Mode::empty()).map_err(failed)?;
    let stat = fstat(&file).map_err(failed)?;
    let kind = FileKind::of(&stat);
    if !readable(kind) {
        let path = path.to_owned();
        return Err(Error::NotAFile { path, kind });
    }
    Ok((file, stat))
}

fn looked_at(path: &Path, answer: io::Result<fs::Metadata>) -> Result<Option<Metadata>, Error> {
    let answer = answer.map_err(|source| Error::io("look at", path, source));
    Ok(if_exists(answer)?.as_ref().map(Metadata::from_std))
}

/// Nothing is there where a component is missing, or is a file.
fn if_exists<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(there) => Ok(Some(there)),
        Err(error) => match error.io_kind() {
            Some(io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests;
