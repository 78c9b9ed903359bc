//! Files that name other files: the door to them, PostgreSQL's rules for what include directives name, and the
//! settings that are in force once everything is read. Reading a single file's text is `conf`'s and `hba`'s business.

mod command_line;
mod settings;

pub use command_line::{command_line, config_folder};
pub use settings::{Assignment, FileError, Settings};

use alloc::collections::BTreeMap;
use alloc::format;
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

/// Where a file lies that is named in the file `containing`: absolute as it is, else beside it (`conffiles.c`,
/// `AbsoluteConfigLocation`).
pub fn location(named: &str, containing: &str) -> String {
    if named.starts_with('/') {
        return named.into();
    }
    let folder = containing.rsplit_once('/').map_or("", |(folder, _)| folder);
    if folder.is_empty() && !containing.starts_with('/') {
        return canonical(named);
    }
    canonical(&format!("{folder}/{named}"))
}

/// The files that `include_dir` reads, in its order: names that end in `.conf`, are longer than that and do not begin
/// with a dot, sorted by their bytes (`conffiles.c`, `GetConfFilesInDir`). Whole paths are returned.
///
/// # Errors
/// Those of [`Files::list`].
pub fn conf_files_in(files: &dyn Files, folder: &str) -> Result<Vec<String>, ReadError> {
    let mut names = files.list(folder)?;
    names.retain(|name| {
        name.len() > ".conf".len() && !name.starts_with('.') && name.ends_with(".conf")
    });
    names.sort_unstable();
    Ok(names
        .iter()
        .map(|name| canonical(&format!("{folder}/{name}")))
        .collect())
}

/// The path without `//`, `.` and what `..` takes back, as a string: no link is looked at (`path.c`,
/// `canonicalize_path`).
fn canonical(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            ("..", None) if absolute => {}
            _ => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".into(),
        (false, false) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str]) -> BTreeMap<String, Vec<u8>> {
        paths
            .iter()
            .map(|&path| (path.into(), Vec::new()))
            .collect()
    }

    #[test]
    fn a_file_lies_beside_the_one_that_names_it() {
        for (named, containing, path) in [
            ("b.conf", "/etc/pg/a.conf", "/etc/pg/b.conf"),
            ("/b.conf", "/etc/pg/a.conf", "/b.conf"),
            ("./x/../b.conf", "/etc/pg/a.conf", "/etc/pg/b.conf"),
            ("../b.conf", "/etc/pg/a.conf", "/etc/b.conf"),
            ("../../../b.conf", "/etc/pg/a.conf", "/b.conf"),
            ("d//b.conf/", "/a.conf", "/d/b.conf"),
            ("b.conf", "a.conf", "b.conf"),
            ("../b.conf", "x/a.conf", "b.conf"),
            (".", "a.conf", "."),
        ] {
            assert_eq!(location(named, containing), path, "{named} in {containing}");
        }
    }

    #[test]
    fn a_folder_gives_its_conf_files_in_byte_order() {
        let files = tree(&[
            "/d/a.conf",
            "/d/A.conf",
            "/d/9.conf",
            "/d/10.conf",
            "/d/.hidden.conf",
            "/d/.conf",
            "/d/a.conf.bak",
            "/d/a.CONF",
            "/d/sub/b.conf",
            "/dd/c.conf",
        ]);
        let found = conf_files_in(&files, "/d").unwrap();
        assert_eq!(found, ["/d/10.conf", "/d/9.conf", "/d/A.conf", "/d/a.conf"]);
        struct Backwards(BTreeMap<String, Vec<u8>>);
        impl Files for Backwards {
            fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
                self.0.read(path)
            }
            fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
                Ok(self.0.list(folder)?.into_iter().rev().collect())
            }
        }
        assert_eq!(
            conf_files_in(&Backwards(files.clone()), "/d").unwrap(),
            found
        );
        assert_eq!(conf_files_in(&files, "/none"), Err(ReadError::Missing));
    }
}
