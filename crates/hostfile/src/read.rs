//! Reading as open(2) does, links followed, with the rights in use. A user's files are read inside `acting_as`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

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

/// The bytes of a file. A device such as `/dev/null` is read too, as libpq does; pipes, sockets and folders are refused
/// without waiting for them.
///
/// # Errors
/// [`Error::Io`], [`Error::NotAFile`], [`Error::TooLarge`] beyond [`READ_LIMIT`].
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let _ = path;
    todo!()
}

/// As [`read`]; `None` where nothing is there.
///
/// # Errors
/// As [`read`].
pub fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let _ = path;
    todo!()
}

/// As [`read`], but waits for pipes and terminals: for files that the person who called names (`/dev/stdin`, `/dev/fd/3`, `<(...)`).
///
/// # Errors
/// As [`read`].
pub fn read_stream(path: &Path) -> Result<Vec<u8>, Error> {
    let _ = path;
    todo!()
}

/// stat(2), links followed; `None` where nothing is there.
///
/// # Errors
/// [`Error::Io`], for example where a folder on the way may not be searched.
pub fn metadata(path: &Path) -> Result<Option<Metadata>, Error> {
    let _ = path;
    todo!()
}

/// lstat(2), a link at the end not followed; `None` where nothing is there.
///
/// # Errors
/// As [`metadata()`].
pub fn link_metadata(path: &Path) -> Result<Option<Metadata>, Error> {
    let _ = path;
    todo!()
}

/// Where a link points to, as it is written in it.
///
/// # Errors
/// [`Error::Io`]; of kind `InvalidInput` where it is no link.
pub fn read_link(path: &Path) -> Result<PathBuf, Error> {
    let _ = path;
    todo!()
}

/// The names in a folder, sorted by their bytes, without `.` and `..`.
///
/// # Errors
/// [`Error::Io`].
pub fn list(folder: &Path) -> Result<Vec<OsString>, Error> {
    let _ = folder;
    todo!()
}
