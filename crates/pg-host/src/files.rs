//! Reading what configuration files name: pg-config's door to the disk, and whole files with their attributes. Whoever calls
//! decides whose rights that happens with.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use hostfile::{FileKind, Metadata};
use pg_config::resolve::{Files, ReadError};

/// The disk, with the rights of the thread that asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostFiles;

impl Files for HostFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        hostfile::read(Path::new(path)).map_err(|e| read_error(&e))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let folder = Path::new(folder);
        let names = hostfile::list(folder).map_err(|e| read_error(&e))?;
        Ok(names
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .filter(|name| !is_folder(&folder.join(name)))
            .collect())
    }
}

/// A file: where it lies, what it holds, and its attributes.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Absolute; links in it are not resolved.
    pub path: PathBuf,
    /// All of it.
    pub bytes: Vec<u8>,
    /// Of the file that links lead to.
    pub metadata: Metadata,
}

impl File {
    /// Reads a file; `None` where there is none.
    ///
    /// # Errors
    /// Where it is there and cannot be read.
    pub fn read(path: &Path) -> Result<Option<Self>, hostfile::Error> {
        let Some(metadata) = hostfile::metadata(path)? else {
            return Ok(None);
        };
        Ok(hostfile::read_if_exists(path)?.map(|bytes| Self {
            path: path.to_owned(),
            bytes,
            metadata,
        }))
    }
}

impl fmt::Debug for File {
    /// Without the bytes: configuration files hold passwords too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("path", &self.path)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

fn is_folder(path: &Path) -> bool {
    matches!(hostfile::metadata(path), Ok(Some(m)) if m.kind == FileKind::Folder)
}

fn read_error(error: &hostfile::Error) -> ReadError {
    match error.io_kind() {
        Some(io::ErrorKind::NotFound) => ReadError::Missing,
        Some(io::ErrorKind::IsADirectory) => ReadError::Folder,
        _ => ReadError::Failed(error.to_string()),
    }
}
