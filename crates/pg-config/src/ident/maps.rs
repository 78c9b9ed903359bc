//! The maps in force: every line of `pg_ident.conf` and of what it includes.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Entry;
use crate::Version;
use crate::resolve::{FileError, Files, ReadError};
use crate::tokens::expand::expand;

/// Every map line with the file that it stands in, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maps {
    version: Version,
    lines: Vec<Located>,
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
        let mut maps = Self {
            version,
            lines: Vec::new(),
            errors: Vec::new(),
        };
        expand(files, path, bytes, version, &mut |record| {
            let refusal = match &record.error {
                Some(error) => error.clone(),
                None => match Entry::of_expanded(record.line, version) {
                    Ok(entry) => {
                        maps.lines.push(Located {
                            file: record.file.to_string(),
                            entry,
                        });
                        return;
                    }
                    Err(refusal) => refusal.message,
                },
            };
            maps.errors.push(FileError {
                file: record.file.to_string(),
                line: record.line.number,
                message: refusal,
            });
        });
        maps
    }

    /// The lines, in the order in which they are tried.
    pub fn lines(&self) -> &[Located] {
        &self.lines
    }

    /// The lines that PostgreSQL refuses. It keeps the maps that it has, and starts without any.
    pub fn errors(&self) -> &[FileError] {
        &self.errors
    }

    /// The lines of one map.
    pub fn find<'a>(&'a self, map: &'a str) -> impl Iterator<Item = &'a Located> {
        self.lines.iter().filter(move |line| line.entry.map == map)
    }

    /// Whose rules of reading apply.
    pub fn version(&self) -> Version {
        self.version
    }
}

/// A map line and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file.
    pub file: String,
    /// The line in it; its span is an offset into that file.
    pub entry: Entry,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::format;

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
