//! A file's records with what they name read in: `@file` lists, and from 16 on include records (`hba.c`,
//! `tokenize_auth_file`, `tokenize_expand_file`, `tokenize_include_file`). What the records mean is not known here.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Line, Token, Tokenizer};
use crate::Version;
use crate::resolve::{Files, MAX_DEPTH, ReadError, conf_files_in, location};

/// A record, in the order in which PostgreSQL reads them.
#[derive(Debug, Clone)]
pub struct Expanded<'l> {
    /// The file that the record stands in.
    pub file: &'l Arc<str>,
    /// Which record of its file it is, from 0: every line that is not blank or a comment counts, includes too.
    pub record: usize,
    /// The record. Spans are offsets into its file, but for tokens that an `@file` brought in.
    pub line: &'l Line<'l>,
    /// Why PostgreSQL cannot read it, in its words.
    pub error: Option<String>,
}

/// Shows every record of a file to `visit`, includes and `@file` lists followed. The bytes of the file itself are
/// given, so that an edit can be tried before it is written.
pub fn expand(
    files: &dyn Files,
    path: &str,
    bytes: &[u8],
    version: Version,
    visit: &mut dyn FnMut(&Expanded<'_>),
) {
    let mut walk = Walk {
        files,
        version,
        open: Vec::new(),
        reads_left: MAX_READS,
    };
    walk.file(path, bytes, visit);
}

/// Whether what a line says stands in another file, as far as the line alone shows: it has an `@file`, or is an include
/// record, which has two fields and one of three words, quoted or not, for the first.
pub(crate) fn stands_elsewhere(line: &Line<'_>, version: Version) -> bool {
    let includes = |first: &Token<'_>| {
        let words = ["include", "include_if_exists", "include_dir"];
        words.iter().any(|word| *first.text == *word.as_bytes())
    };
    line.names_files()
        || version >= Version::V16
            && line
                .pair()
                .is_some_and(|(words, _)| words.first().is_some_and(includes))
}

/// How many files are read for one, however often they name each other. PostgreSQL has no such limit.
const MAX_READS: usize = 100_000;

struct Walk<'f> {
    files: &'f dyn Files,
    version: Version,
    /// The files that are being read, the outermost first.
    open: Vec<String>,
    reads_left: usize,
}

impl Walk<'_> {
    fn file(&mut self, path: &str, bytes: &[u8], visit: &mut dyn FnMut(&Expanded<'_>)) {
        let file: Arc<str> = Arc::from(path);
        self.open.push(String::from(path));
        let mut reader = Tokenizer::new(bytes, self.version);
        let mut record = 0;
        while let Some(line) = reader.next_line() {
            // The lists before a token that is too long are read before it is met.
            let mut error = None;
            let expanded = line
                .names_files()
                .then(|| self.lists(path, line, &mut error));
            let mut error = error.or_else(|| line.error.map(String::from));
            let line = expanded.as_ref().unwrap_or(line);
            if !line.tokens().is_empty() || error.is_some() {
                let included = error.is_none() && self.include(path, line, &mut error, visit);
                if !included {
                    visit(&Expanded {
                        file: &file,
                        record,
                        line,
                        error,
                    });
                }
            }
            record += 1;
        }
        self.open.pop();
    }

    /// The line with its `@file` lists read in (`next_field_expand`). After an error the rest is left out.
    fn lists<'a>(&mut self, path: &str, line: &Line<'a>, error: &mut Option<String>) -> Line<'a> {
        let mut expanded = Line::empty(line.number, line.span);
        for field in line.fields() {
            let mut tokens: Vec<Token<'a>> = Vec::new();
            for token in field {
                if error.is_some() {
                    break;
                }
                match token.file() {
                    Some(name) => self.list(path, name, &mut tokens, error),
                    None => tokens.push(token.clone()),
                }
            }
            expanded.push_field(tokens);
        }
        expanded
    }

    /// The tokens of an `@file`, flat (`tokenize_expand_file`).
    fn list(
        &mut self,
        path: &str,
        name: &[u8],
        tokens: &mut Vec<Token<'_>>,
        error: &mut Option<String>,
    ) {
        let target = location(name, path, self.version);
        let name = String::from_utf8_lossy(name);
        let opened = match self.read(&target) {
            Ok(bytes) => bytes,
            Err(Unread::Folder) => {
                *error = Some(format!(
                    "could not read file \"{target}\": {}",
                    Unread::Folder
                ));
                return;
            }
            Err(reason) => {
                *error = Some(if self.version < Version::V16 {
                    format!(
                        "could not open secondary authentication file \"@{name}\" as \"{target}\": {reason}"
                    )
                } else {
                    format!("could not open file \"{target}\": {reason}")
                });
                return;
            }
        };
        let mut read: Vec<Token<'static>> = Vec::new();
        self.file(&target, &opened, &mut |record| {
            if error.is_none() {
                read.extend(record.line.tokens().iter().cloned().map(Token::into_owned));
                error.clone_from(&record.error);
            }
        });
        tokens.extend(read);
    }

    /// Follows an include record. False where the line is none, or cannot be followed (`error` says why).
    fn include(
        &mut self,
        path: &str,
        line: &Line<'_>,
        error: &mut Option<String>,
        visit: &mut dyn FnMut(&Expanded<'_>),
    ) -> bool {
        if self.version < Version::V16 {
            return false;
        }
        let Some(([word, ..], [name, ..])) = line.pair() else {
            return false;
        };
        let target = location(&name.text, path, self.version);
        let may_be_missing = match &*word.text {
            b"include" => false,
            b"include_if_exists" => true,
            b"include_dir" => {
                let found = if name.text.iter().all(u8::is_ascii_whitespace) {
                    Err(String::from("empty configuration directory name"))
                } else {
                    conf_files_in(self.files, &target, self.version)
                        .map_err(|_| format!("could not open directory \"{target}\""))
                };
                match found {
                    Ok(found) => {
                        let failed = found
                            .iter()
                            .filter_map(|file| self.included(file, false, visit))
                            .collect::<Vec<_>>();
                        *error = (!failed.is_empty()).then(|| failed.join("\n"));
                    }
                    Err(reason) => *error = Some(reason),
                }
                return error.is_none();
            }
            _ => return false,
        };
        *error = self.included(&target, may_be_missing, visit);
        error.is_none()
    }

    /// Reads an included file; returns what is wrong with it (`tokenize_include_file`).
    fn included(
        &mut self,
        target: &str,
        may_be_missing: bool,
        visit: &mut dyn FnMut(&Expanded<'_>),
    ) -> Option<String> {
        match self.read(target) {
            Ok(bytes) => {
                self.file(target, &bytes, visit);
                None
            }
            Err(Unread::Missing) if may_be_missing => None,
            Err(reason) => Some(format!("could not open file \"{target}\": {reason}")),
        }
    }

    /// `open_auth_file`; before 16 nothing stops files that name each other but the end of all file descriptors.
    fn read(&mut self, target: &str) -> Result<Vec<u8>, Unread> {
        if self.version >= Version::V16 && self.open.len() > MAX_DEPTH {
            return Err(Unread::Other("maximum nesting depth exceeded".into()));
        }
        let circular = self.version < Version::V16 && self.open.iter().any(|open| open == target);
        if circular || self.reads_left == 0 {
            return Err(Unread::Other("Too many open files".into()));
        }
        self.reads_left -= 1;
        let read = self.files.read(target);
        if read == Err(ReadError::Folder) && self.version >= Version::V14 {
            // A folder opens. Failing to read from it is logged, and then taken for the end of the file.
            return Ok(Vec::new());
        }
        read.map_err(|e| match e {
            ReadError::Missing => Unread::Missing,
            ReadError::Folder => Unread::Folder,
            other => Unread::Other(format!("{other}")),
        })
    }
}

/// Why a named file was not read.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("No such file or directory")]
    Missing,
    #[error("Is a directory")]
    Folder,
    #[error("{0}")]
    Other(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    fn files(all: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        all.iter()
            .map(|(path, text)| (String::from(*path), text.as_bytes().to_vec()))
            .collect()
    }

    /// Every record as `file:line#record tokens`, or its error.
    fn read(files: &BTreeMap<String, Vec<u8>>, version: Version) -> Vec<String> {
        let mut out = Vec::new();
        expand(files, "/d/hba", &files["/d/hba"], version, &mut |found| {
            let words: Vec<_> = found.line.tokens().iter().map(Token::lossy).collect();
            let text = found.error.clone().unwrap_or_else(|| words.join(" "));
            out.push(format!(
                "{}:{}#{} {text}",
                found.file, found.line.number, found.record
            ));
        });
        out
    }

    #[test]
    fn records_come_in_the_order_of_their_includes() {
        let files = files(&[
            (
                "/d/hba",
                "first x y\ninclude sub/a\n\ninclude_dir conf\ninclude_if_exists none\nlast x y\n",
            ),
            ("/d/sub/a", "in a file\ninclude b\n"),
            ("/d/sub/b", "beside a file\n"),
            ("/d/conf/9.conf", "nine x y\n"),
            ("/d/conf/10.conf", "ten x y\n"),
            ("/d/conf/no", "never x y\n"),
        ]);
        assert_eq!(
            read(&files, Version::V16),
            [
                "/d/hba:1#0 first x y",
                "/d/sub/a:1#0 in a file",
                "/d/sub/b:1#0 beside a file",
                "/d/conf/10.conf:1#0 ten x y",
                "/d/conf/9.conf:1#0 nine x y",
                "/d/hba:6#4 last x y",
            ]
        );
        assert_eq!(read(&files, Version::V15)[1], "/d/hba:2#1 include sub/a");
    }

    #[test]
    fn lists_are_flat_and_read_where_they_are_named() {
        let files = files(&[
            (
                "/d/hba",
                "local a,@dbs,b @nobody x peer\nlocal @gone all peer\n",
            ),
            ("/d/dbs", "c # one\n\"d e\",f\n@/e/more\n"),
            ("/e/more", "g @h\n"),
            ("/e/h", "i"),
            ("/d/nobody", "# empty\n"),
        ]);
        assert_eq!(
            read(&files, Version::V15),
            [
                "/d/hba:1#0 local a c d e f g i b x peer",
                "/d/hba:2#1 could not open secondary authentication file \"@gone\" as \"/d/gone\": No such file or directory",
            ]
        );
        assert_eq!(
            read(&files, Version::V16)[1],
            "/d/hba:2#1 could not open file \"/d/gone\": No such file or directory"
        );
    }

    #[test]
    fn the_first_error_of_a_line_is_the_one_that_is_said() {
        let long = "x".repeat(20_000);
        let text = format!("local @gone,{long} all peer\nlocal {long},@gone all peer\n");
        let files = files(&[("/d/hba", &text)]);
        let found = read(&files, Version::V15);
        assert!(found[0].contains("could not open secondary"), "{found:?}");
        assert!(found[1].ends_with("token too long"), "{found:?}");
    }

    #[test]
    fn circles_end() {
        let files = files(&[("/d/hba", "include hba\nlocal @hba all peer\n")]);
        let found = read(&files, Version::V16);
        assert!(
            found
                .iter()
                .any(|f| f.ends_with("maximum nesting depth exceeded")),
            "{found:?}"
        );
        assert!(read(&files, Version::V15)[1].ends_with("Too many open files"));
    }
}
