//! What can go wrong with a file: facts, no advice.

use std::io;
use std::path::{Path, PathBuf};

use crate::read::FileKind;
use crate::walk::Planter;

/// A file operation that failed. Unless the variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused. [`Error::io_kind`] tells a missing file, a full disk, a read-only mount and missing rights apart.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, an infinitive: `open`, `write`, `swap`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A link on the way that somebody other than root and the acting user could have made.
    #[error("{} is a link that {planter} could have made", link.display())]
    UntrustedLink {
        /// The link.
        link: PathBuf,
        /// Who could have.
        planter: Planter,
    },
    /// A link where none is followed.
    #[error("{} is a link", link.display())]
    LinkRefused {
        /// The link.
        link: PathBuf,
    },
    /// More links on the way than Linux follows (40), or a circle of them.
    #[error("too many links on the way to {}", path.display())]
    TooManyLinks {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Something other than a regular file stands at the path.
    #[error("{} is {kind}, not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// Something other than a folder stands where a folder was expected.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// A new file was wanted, and something is there already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The file or its folder carries the immutable or the append-only attribute (`lsattr`: `i`, `a`).
    #[error("{} is {}", path.display(), if *append_only { "append-only" } else { "immutable" })]
    Immutable {
        /// The file or folder that carries it.
        path: PathBuf,
        /// Append-only (`a`) rather than immutable (`i`).
        append_only: bool,
    },
    /// The file is a mount of its own (a container's `--volume FILE:FILE`): it cannot be swapped whole.
    #[error("{} is a mount point", path.display())]
    MountPoint {
        /// The file.
        path: PathBuf,
    },
    /// The file has other names: swapping it would leave those with the old bytes.
    #[error("{} has {links} hard links", path.display())]
    HardLinks {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// The file's owner or group is not one that the acting user can give to a new file.
    #[error("{} belongs to user id {uid}, group id {gid}, and a new file cannot be given to them", path.display())]
    OthersFile {
        /// The file.
        path: PathBuf,
        /// Its owner.
        uid: u32,
        /// Its group.
        gid: u32,
    },
    /// More bytes than [`crate::READ_LIMIT`].
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is no longer the one that was staged against: somebody changed it in the meantime.
    #[error("{} was changed by somebody else", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Recovery and undo: the file holds neither the old nor the new bytes of the record.
    #[error("{} holds neither the old nor the new bytes", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Undo: the new file is in place, and its predecessor is not where the record says.
    #[error("the former {} is no longer at {}", target.display(), staged.display())]
    NoSavedCopy {
        /// The file that should be put back.
        target: PathBuf,
        /// Where its predecessor should lie.
        staged: PathBuf,
    },
    /// Another process holds the lock.
    #[error("{} is locked by another process", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The process that took it, where it left its number there.
        holder: Option<u32>,
    },
    /// The rights of another user could not be taken on.
    #[error("cannot act as {account}: {source}")]
    Identity {
        /// The account's name.
        account: String,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Error {
        Error::Io {
            doing,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// The system's kind of failure, where the system refused.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Error::Io { source, .. } | Error::Identity { source, .. } => Some(source.kind()),
            _ => None,
        }
    }

    /// Nothing was there.
    pub fn is_not_found(&self) -> bool {
        self.io_kind() == Some(io::ErrorKind::NotFound)
    }

    /// The file or folder it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Error::Io { path, .. }
            | Error::UntrustedLink { link: path, .. }
            | Error::LinkRefused { link: path }
            | Error::TooManyLinks { path }
            | Error::NotAFile { path, .. }
            | Error::NotAFolder { path }
            | Error::Exists { path }
            | Error::Immutable { path, .. }
            | Error::MountPoint { path }
            | Error::HardLinks { path, .. }
            | Error::OthersFile { path, .. }
            | Error::TooLarge { path, .. }
            | Error::Changed { path }
            | Error::Foreign { path }
            | Error::NoSavedCopy { target: path, .. }
            | Error::Locked { path, .. } => Some(path),
            Error::Identity { .. } => None,
        }
    }
}
