//! Files that name other files: the door to them, PostgreSQL's rules for include directives, and the settings that
//! are in force once everything is read. Reading a single file's text is `conf`'s and `hba`'s business.

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
    /// [`ReadError::Missing`] for `ENOENT`, all else [`ReadError::Failed`].
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
    /// Anything else, in the operating system's words.
    #[error("{0}")]
    Failed(String),
}

/// How deep include directives may nest (`CONF_FILE_MAX_DEPTH`).
pub const MAX_DEPTH: usize = 10;

/// Where a file named in `containing` lies: absolute as it is, else beside `containing`
/// (`conffiles.c`, `AbsoluteConfigLocation`).
pub fn location(named: &str, containing: &str) -> String {
    let _ = (named, containing);
    todo!()
}

/// The files that `include_dir` reads, in its order: names that end in `.conf`, are longer than that and do not begin
/// with a dot, sorted by their bytes (`conffiles.c`, `GetConfFilesInDir`). Whole paths are returned.
///
/// # Errors
/// Those of [`Files::list`].
pub fn conf_files_in(files: &dyn Files, folder: &str) -> Result<Vec<String>, ReadError> {
    let _ = (files, folder);
    todo!()
}

/// Every assignment in `postgresql.conf`, the files that it includes, and `postgresql.auto.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    assignments: Vec<Assignment>,
    errors: Vec<FileError>,
    files: Vec<String>,
}

impl Settings {
    /// Reads `config_file`, what it includes, then `postgresql.auto.conf` in the data directory (`guc.c`,
    /// `ProcessConfigFileInternal`). Without `data_dir` the setting `data_directory` names it, without that the
    /// folder of `config_file`.
    pub fn read(files: &dyn Files, config_file: &str, data_dir: Option<&str>) -> Self {
        let _ = (files, config_file, data_dir);
        todo!()
    }

    /// The assignment in force: the last one.
    pub fn get(&self, name: &str) -> Option<&Assignment> {
        let _ = name;
        todo!()
    }

    /// Every assignment of one name in the order read; the last one is in force, it overrides the others.
    pub fn all(&self, name: &str) -> Vec<&Assignment> {
        let _ = name;
        todo!()
    }

    /// Every assignment in the order read.
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// What PostgreSQL would refuse. Startup fails on any of them; a reload applies nothing.
    pub fn errors(&self) -> &[FileError] {
        &self.errors
    }

    /// The paths of the files that were read, in the order read.
    pub fn files(&self) -> &[String] {
        &self.files
    }
}

/// One assignment and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// As spelled; names are compared without regard to case.
    pub name: String,
    /// Without quotes and escapes.
    pub value: Vec<u8>,
    /// The file that it stands in.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// An error that PostgreSQL reports for a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct FileError {
    /// The file in which the line stands.
    pub file: String,
    /// From 1; 0 where it is about the file itself.
    pub line: u32,
    /// In PostgreSQL's words.
    pub message: String,
}
