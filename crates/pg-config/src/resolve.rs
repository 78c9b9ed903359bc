//! Files that name other files: the door to them, PostgreSQL's rules for what include directives name, and the
//! settings that are in force once everything is read. Reading a single file's text is `conf`'s and `hba`'s business.

mod command_line;
mod location;
mod settings;

pub use command_line::{command_line, config_folder};
pub use location::{conf_files_in, location};
pub use settings::{Assignment, FileError, Settings};

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// The files that a configuration names, read by whoever may read them.
///
/// Paths are as PostgreSQL would open them, absolute wherever the first one was. A tree of files as a value is a
/// `BTreeMap<String, Vec<u8>>`.
pub trait Files {
    /// The bytes of a file, links followed.
    ///
    /// # Errors
    /// [`ReadError::Missing`] for `ENOENT`, [`ReadError::Folder`] for `EISDIR`, all else [`ReadError::Failed`].
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;

    /// The names (not paths) in a folder of what is not a folder itself, links followed, in any order.
    ///
    /// # Errors
    /// [`ReadError::Missing`] for `ENOENT`, all else [`ReadError::Failed`].
    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError>;
}

impl Files for BTreeMap<String, Vec<u8>> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.get(path).cloned().ok_or(ReadError::Missing)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let mut found = false;
        let mut names = Vec::new();
        for path in self.keys() {
            if let Some(rest) = path.strip_prefix(folder).and_then(|r| r.strip_prefix('/')) {
                found = true;
                if !rest.contains('/') {
                    names.push(String::from(rest));
                }
            }
        }
        if found {
            Ok(names)
        } else {
            Err(ReadError::Missing)
        }
    }
}

/// Why a file or folder could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is none of that name (`ENOENT`).
    #[error("No such file or directory")]
    Missing,
    /// It is a folder, which can be opened, but not read (`EISDIR`).
    #[error("Is a directory")]
    Folder,
    /// Anything else, in the operating system's words.
    #[error("{0}")]
    Failed(String),
}

/// How deep include directives may nest: the file that is read first has depth 0 (`CONF_FILE_MAX_DEPTH`).
pub const MAX_DEPTH: usize = 10;
