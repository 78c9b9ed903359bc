//! The maps in force: every line of `pg_ident.conf` and of what it includes.

use alloc::vec::Vec;

use super::Entry;
use crate::resolve::{FileError, Files, ReadError};
use crate::tokens::Line;
use crate::{InFile, Version, in_file};

/// Every map line with the file that it stands in, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maps {
    version: Version,
    lines: Vec<InFile<Entry>>,
    errors: Vec<FileError>,
}

impl Maps {
    /// Reads a file and what it includes.
    ///
    /// # Errors
    /// [`ReadError`] of the file itself; those of files that it names are among [`errors`](Self::errors).
    pub fn read(files: &dyn Files, path: &str, version: Version) -> Result<Self, ReadError> {
        Ok(Self::of_bytes(files, path, &files.read(path)?, version))
    }

    /// Reads what the file at `path` would include if it held these bytes.
    pub fn of_bytes(files: &dyn Files, path: &str, bytes: &[u8], version: Version) -> Self {
        let read =
            |line: &Line<'_>| Entry::of_expanded(line, version).map_err(|refusal| refusal.message);
        let (lines, errors) = in_file::entries(files, path, bytes, version, read);
        Self {
            version,
            lines,
            errors,
        }
    }

    /// The lines, in the order in which they are tried.
    pub fn lines(&self) -> &[InFile<Entry>] {
        &self.lines
    }

    /// The lines that PostgreSQL refuses. It keeps the maps that it has, and starts without any.
    pub fn errors(&self) -> &[FileError] {
        &self.errors
    }

    /// The lines of one map.
    pub fn find<'a>(&'a self, map: &'a str) -> impl Iterator<Item = &'a InFile<Entry>> {
        self.lines.iter().filter(move |line| line.entry.map == map)
    }

    /// Whose rules of reading apply.
    pub fn version(&self) -> Version {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::{String, ToString};

    fn read(files: &[(&str, &str)], version: Version) -> Maps {
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
            .collect();
        Maps::read(&files, "/pg_ident.conf", version).unwrap()
    }

    #[test]
    fn includes_are_read_where_they_stand() {
        let files = [
            ("/pg_ident.conf", "m a r\ninclude more\nm @users r\nm c r\n"),
            ("/more", "m b r\n"),
            ("/users", "x y\n"),
        ];
        let shown = |maps: &Maps| -> Vec<String> {
            maps.lines()
                .iter()
                .map(|l| format!("{}:{} {}", l.file, l.entry.line, l.entry.system_user))
                .collect()
        };
        let maps = read(&files, Version::V16);
        assert_eq!(
            shown(&maps),
            ["/pg_ident.conf:1 a", "/more:1 b", "/pg_ident.conf:4 c"]
        );
        let errors: Vec<_> = maps.errors().iter().map(ToString::to_string).collect();
        assert_eq!(errors, ["/pg_ident.conf:3: multiple values in ident field"]);
        let maps = read(&files, Version::V15);
        assert_eq!(shown(&maps), ["/pg_ident.conf:1 a", "/pg_ident.conf:4 c"]);
        assert_eq!(maps.errors().len(), 2);
    }

    #[test]
    fn a_list_of_one_is_a_system_user() {
        let maps = read(
            &[("/pg_ident.conf", "m @users r\n"), ("/users", "alice\n")],
            Version::V15,
        );
        assert_eq!(maps.lines()[0].entry.system_user, "alice");
    }
}
