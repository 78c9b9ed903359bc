//! The authority's folder: what its files are called, whose they are and who may read them. What is
//! in them is the business of the other modules.

use std::path::{Path, PathBuf};

use hostfile::{Account, FileKind, Ground, Metadata, Trust};

use crate::Error;

/// A folder that may hold an authority, reached without a link that somebody else could have made.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    uid: u32,
    ground: Ground,
}

impl Folder {
    /// Looks at a folder. None: there is nothing of that name.
    ///
    /// # Errors
    /// [`Error::WrongKind`] where it is no folder, [`Error::Exposed`] where others than its owner
    /// can look into it.
    pub(crate) fn find(path: &Path) -> Result<Option<Self>, Error> {
        let path = match hostfile::resolve(path, Trust::Owner) {
            Err(error) if error.is_not_found() => return Ok(None),
            resolved => resolved?.path,
        };
        let Some(metadata) = hostfile::link_metadata(&path)? else {
            return Ok(None);
        };
        if metadata.kind != FileKind::Folder {
            return Err(Error::WrongKind {
                path,
                wanted: "folder",
            });
        }
        private(&path, &metadata)?;
        // Only root can give a file away, and only root has to.
        let root = Account::current().is_ok_and(|account| account.uid == 0);
        let owner = (root && metadata.uid != 0).then_some((metadata.uid, metadata.gid));
        Ok(Some(Self {
            path,
            uid: metadata.uid,
            ground: Ground { owner, mode: 0o600 },
        }))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The authority's certificate. Its presence makes the folder an authority.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path.join("ca.crt")
    }

    /// The authority's key.
    pub(crate) fn key(&self) -> PathBuf {
        self.path.join("ca.key")
    }

    /// The store.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store.db")
    }

    /// Owner and mode of a new file in the folder: the folder's owner, and nobody else.
    pub(crate) fn ground(&self) -> Ground {
        self.ground
    }

    /// Whether there is something of that name.
    pub(crate) fn has(&self, file: &Path) -> Result<bool, Error> {
        Ok(hostfile::link_metadata(file)?.is_some())
    }

    /// Makes sure that a file of the authority is a regular one, is there, and belongs to the
    /// folder's owner or to root. A user's authority may be opened by root: what stands in its
    /// folder must not lead root elsewhere.
    pub(crate) fn vet(&self, file: &Path) -> Result<Metadata, Error> {
        let Some(metadata) = hostfile::link_metadata(file)? else {
            return Err(Error::Missing {
                path: file.to_owned(),
            });
        };
        if metadata.kind != FileKind::File {
            return Err(Error::WrongKind {
                path: file.to_owned(),
                wanted: "regular file",
            });
        }
        if metadata.uid != self.uid && metadata.uid != 0 {
            return Err(Error::ForeignOwner {
                path: file.to_owned(),
                uid: metadata.uid,
                folder_uid: self.uid,
            });
        }
        Ok(metadata)
    }
}

/// Makes sure that only the owner has access.
pub(crate) fn private(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    if metadata.mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(Error::Exposed {
            path: path.to_owned(),
            mode: metadata.mode,
        })
    }
}
