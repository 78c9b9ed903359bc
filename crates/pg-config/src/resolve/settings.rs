//! The settings that are in force once `postgresql.conf`, its includes and `postgresql.auto.conf` are read, and where
//! each comes from. What the command line, roles and databases add is not in files.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Files, MAX_DEPTH, ReadError, conf_files_in, location};
use crate::conf::{Document, Entry, Include, IncludeKind, Setting};
use crate::{Diagnostic, Version};

/// Every assignment in `postgresql.conf`, the files that it includes, and `postgresql.auto.conf`.
///
/// ```
/// use pg_config::{Version, resolve::Settings};
/// use std::collections::BTreeMap;
///
/// let files = BTreeMap::from([
///     ("/etc/pg/postgresql.conf".to_string(), b"port = 5432\ninclude_dir 'conf.d'\n".to_vec()),
///     ("/etc/pg/conf.d/tls.conf".to_string(), b"ssl = on\nport = 5433\n".to_vec()),
/// ]);
/// let settings = Settings::read(&files, "/etc/pg/postgresql.conf", Some("/var/lib/pg"), Version::V15);
/// let port = settings.get("port").unwrap();
/// assert_eq!((port.text(), port.file.as_str(), port.line), (Some("5433"), "/etc/pg/conf.d/tls.conf", 2));
/// ```
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
    pub fn read(
        files: &dyn Files,
        config_file: &str,
        data_dir: Option<&str>,
        version: Version,
    ) -> Self {
        let mut settings = Self {
            assignments: Vec::new(),
            errors: Vec::new(),
            files: Vec::new(),
        };
        let mut reader = Reader {
            files,
            version,
            settings: &mut settings,
        };
        reader.named(config_file, None, 0, true);
        let auto_conf = match (
            data_dir,
            reader
                .settings
                .get("data_directory")
                .and_then(Assignment::text),
        ) {
            (Some(folder), _) | (None, Some(folder)) => format!("{folder}/{AUTO_CONF}"),
            (None, None) => location(AUTO_CONF.as_bytes(), config_file, version),
        };
        reader.named(&auto_conf, None, 0, false);
        settings
    }

    /// The assignment in force: the last one.
    pub fn get(&self, name: &str) -> Option<&Assignment> {
        self.assignments
            .iter()
            .rfind(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// Every assignment of one name in the order read; the last one is in force and overrides the others.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Assignment> {
        self.assignments
            .iter()
            .filter(move |a| a.name.eq_ignore_ascii_case(name))
    }

    /// Every assignment in the order read.
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// What PostgreSQL would refuse in the files' syntax and includes. Startup fails on any of them; a reload applies
    /// nothing. Names and values of parameters are not looked at.
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

impl Assignment {
    /// The value as text, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.value).ok()
    }

    /// Whether it stands in `postgresql.auto.conf`, where only `ALTER SYSTEM` should write.
    pub fn is_auto(&self) -> bool {
        self.file.rsplit('/').next() == Some(AUTO_CONF)
    }
}

/// An error that PostgreSQL reports for a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", number(*line))]
pub struct FileError {
    /// The file in which the line stands.
    pub file: String,
    /// From 1; 0 where it is about the file itself.
    pub line: u32,
    /// In the words of `pg_file_settings`, with the token where it is about one.
    pub message: String,
}

/// `:LINE`, where there is one.
fn number(line: u32) -> String {
    match line {
        0 => String::new(),
        line => format!(":{line}"),
    }
}

/// Reads files in PostgreSQL's order.
struct Reader<'a> {
    files: &'a dyn Files,
    version: Version,
    settings: &'a mut Settings,
}

/// The directive that names a file: its file and line.
type Caller<'a> = Option<(&'a str, u32)>;

impl Reader<'_> {
    /// A file by the name that a directive gives it, which is taken from the folder of the file that it stands in.
    fn named(&mut self, name: &str, caller: Caller<'_>, depth: usize, strict: bool) -> bool {
        if is_blank(name) {
            return self.refuse(caller, name, "empty configuration file name".into());
        }
        let path = caller.map_or_else(
            || name.into(),
            |(containing, _)| location(name.as_bytes(), containing, self.version),
        );
        self.file(&path, caller, depth, strict)
    }

    /// `ParseConfigFile`: false where the file or anything that it includes is refused.
    fn file(&mut self, path: &str, caller: Caller<'_>, depth: usize, strict: bool) -> bool {
        if depth > MAX_DEPTH {
            return self.refuse(caller, path, "nesting depth exceeded".into());
        }
        if caller.is_some_and(|(containing, _)| containing == path) {
            return self.refuse(caller, path, "configuration file recursion".into());
        }
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            // It opens, and then the lexer fails to read from it.
            Err(ReadError::Folder) => {
                return self.refuse(Some((path, 1)), path, "input in flex scanner failed".into());
            }
            Err(_) => {
                return !strict
                    || self.refuse(caller, path, format!("could not open file \"{path}\""));
            }
        };
        let document = Document::parse(bytes);
        self.settings.files.push(path.into());
        let mut accepted = document.diagnostics().is_empty();
        let mut refused = document.diagnostics().iter().peekable();
        for entry in document.entries() {
            while let Some(error) = refused.next_if(|error| error.line < entry.line()) {
                self.settings.errors.push(syntax_error(error, path));
            }
            match entry {
                Entry::Setting(setting) => {
                    self.settings.assignments.push(assignment(setting, path));
                }
                Entry::Include(include) => accepted &= self.include(include, path, depth + 1),
            }
        }
        let rest = refused.map(|error| syntax_error(error, path));
        self.settings.errors.extend(rest);
        accepted
    }

    fn include(&mut self, include: &Include, containing: &str, depth: usize) -> bool {
        let caller = Some((containing, include.line));
        let Ok(named) = core::str::from_utf8(&include.path) else {
            // The server may well read it; we cannot, and say so rather than miss what it sets.
            let what = match include.kind {
                IncludeKind::Dir => "directory",
                IncludeKind::Include | IncludeKind::IfExists => "file",
            };
            let target = location(&include.path, containing, self.version);
            return self.refuse(
                caller,
                &target,
                format!("could not open {what} \"{target}\""),
            );
        };
        match include.kind {
            IncludeKind::Include => self.named(named, caller, depth, true),
            IncludeKind::IfExists => self.named(named, caller, depth, false),
            IncludeKind::Dir => self.folder(named, containing, include.line, depth),
        }
    }

    /// `ParseConfigDirectory`: stops at the first file that is refused.
    fn folder(&mut self, named: &str, containing: &str, line: u32, depth: usize) -> bool {
        let caller = Some((containing, line));
        if is_blank(named) {
            return self.refuse(caller, named, "empty configuration directory name".into());
        }
        let folder = location(named.as_bytes(), containing, self.version);
        match conf_files_in(self.files, &folder, self.version) {
            Ok(paths) => paths
                .iter()
                .all(|path| self.file(path, caller, depth, true)),
            Err(_) => self.refuse(
                caller,
                named,
                format!("could not open directory \"{folder}\""),
            ),
        }
    }

    /// Records an error at the directive, or at the file itself where none names it.
    fn refuse(&mut self, caller: Caller<'_>, named: &str, message: String) -> bool {
        let (file, line) = caller.unwrap_or((named, 0));
        self.settings.errors.push(FileError {
            file: file.into(),
            line,
            message,
        });
        false
    }
}

fn syntax_error(error: &Diagnostic, path: &str) -> FileError {
    FileError {
        file: path.into(),
        line: error.line,
        message: error.message.clone(),
    }
}

fn assignment(setting: &Setting, path: &str) -> Assignment {
    Assignment {
        name: setting.name.clone(),
        value: setting.value.clone(),
        file: path.into(),
        line: setting.line,
    }
}

/// Nothing but blanks, as C's `strspn(name, " \t\r\n")` sees it.
fn is_blank(name: &str) -> bool {
    name.bytes().all(|b| b" \t\r\n".contains(&b))
}

/// What `ALTER SYSTEM` writes.
const AUTO_CONF: &str = "postgresql.auto.conf";

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;

    fn read(files: &[(&str, &str)]) -> Settings {
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
            .collect();
        Settings::read(&files, "/etc/pg.conf", Some("/data"), Version::V15)
    }

    fn shown(settings: &Settings) -> Vec<String> {
        let shown =
            |a: &Assignment| format!("{}={} {}:{}", a.name, a.text().unwrap(), a.file, a.line);
        settings.assignments().iter().map(shown).collect()
    }

    fn errors(settings: &Settings) -> Vec<String> {
        settings.errors().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn includes_are_read_where_they_stand_and_auto_conf_last() {
        let settings = read(&[
            (
                "/etc/pg.conf",
                "a = 1\ninclude 'x/sub.conf'\nb = 1\ninclude_dir 'd'\n",
            ),
            (
                "/etc/x/sub.conf",
                "a = 2\ninclude_if_exists 'none'\ninclude 'beside.conf'\n",
            ),
            ("/etc/x/beside.conf", "A = 3\n"),
            ("/etc/d/2.conf", "b = 3"),
            ("/etc/d/10.conf", "b = 2"),
            ("/data/postgresql.auto.conf", "b = '4'"),
        ]);
        assert_eq!(
            shown(&settings),
            [
                "a=1 /etc/pg.conf:1",
                "a=2 /etc/x/sub.conf:1",
                "A=3 /etc/x/beside.conf:1",
                "b=1 /etc/pg.conf:3",
                "b=2 /etc/d/10.conf:1",
                "b=3 /etc/d/2.conf:1",
                "b=4 /data/postgresql.auto.conf:1",
            ]
        );
        assert_eq!(settings.get("A").unwrap().text(), Some("3"));
        assert_eq!(settings.all("a").count(), 3);
        assert!(settings.get("b").unwrap().is_auto());
        assert_eq!(settings.errors(), []);
        assert_eq!(settings.files().len(), 6);
    }

    #[test]
    fn a_relative_file_is_read_with_its_includes_like_an_absolute_one() {
        let texts = [
            (
                "d/pg.conf",
                "include 'x/one'\ninclude_if_exists 'x/two'\ninclude_dir 'i.d'\n",
            ),
            ("d/x/one", "a = 1\n"),
            ("d/x/two", "b = 1\ninclude_dir 'more.d'\n"),
            ("d/x/more.d/1.conf", "c = 1\n"),
            ("d/i.d/1.conf", "d = 1\ninclude 'beside'\n"),
            ("d/i.d/beside", "e = 1\n"),
        ];
        let read = |root: &str| {
            let under = |path: &str| format!("{root}{path}");
            let files: BTreeMap<String, Vec<u8>> = texts
                .iter()
                .map(|(path, text)| (under(path), text.as_bytes().to_vec()))
                .collect();
            let settings = Settings::read(&files, &under("d/pg.conf"), None, Version::V15);
            (shown(&settings), errors(&settings))
        };
        let (relative, wrong) = read("");
        assert_eq!(wrong, [""; 0]);
        insta::assert_snapshot!(relative.join("\n"), @r"
        a=1 d/x/one:1
        b=1 d/x/two:1
        c=1 d/x/more.d/1.conf:1
        d=1 d/i.d/1.conf:1
        e=1 d/i.d/beside:1
        ");
        let absolute: Vec<_> = read("/").0.iter().map(|s| s.replace(" /", " ")).collect();
        assert_eq!(relative, absolute);
    }

    #[test]
    fn the_data_directory_says_where_auto_conf_lies() {
        let files = BTreeMap::from([
            (
                "/etc/pg.conf".to_string(),
                b"data_directory = '/d'".to_vec(),
            ),
            ("/d/postgresql.auto.conf".to_string(), b"a = 1".to_vec()),
            ("/postgresql.auto.conf".to_string(), b"a = 2".to_vec()),
            ("/pg.conf".to_string(), b"".to_vec()),
        ]);
        let value = |file| {
            Settings::read(&files, file, None, Version::V15)
                .get("a")
                .unwrap()
                .value
                .clone()
        };
        assert_eq!(value("/etc/pg.conf"), b"1");
        assert_eq!(value("/pg.conf"), b"2");
    }

    #[test]
    fn what_the_server_refuses_is_named_with_its_line() {
        let settings = read(&[(
            "/etc/pg.conf",
            "include 'none.conf'\ninclude ' '\ninclude_dir ''\ninclude_dir 'nowhere'\ninclude 'pg.conf'\n= 1\na = 1\n",
        )]);
        insta::assert_snapshot!(errors(&settings).join("\n"), @r#"
        /etc/pg.conf:1: could not open file "/etc/none.conf"
        /etc/pg.conf:2: empty configuration file name
        /etc/pg.conf:3: empty configuration directory name
        /etc/pg.conf:4: could not open directory "/etc/nowhere"
        /etc/pg.conf:5: configuration file recursion
        /etc/pg.conf:6: syntax error near token "="
        "#);
        assert_eq!(settings.get("a").unwrap().line, 7);
        assert_eq!(
            errors(&read(&[])),
            ["/etc/pg.conf: could not open file \"/etc/pg.conf\""]
        );
    }

    #[test]
    fn nesting_ends_at_depth_ten() {
        let chain = |n: usize| {
            let mut files: BTreeMap<String, Vec<u8>> = (0..n)
                .map(|i| (format!("/{i}"), format!("include '{}'", i + 1).into_bytes()))
                .collect();
            files.insert(format!("/{n}"), b"a = 1".to_vec());
            Settings::read(&files, "/0", None, Version::V15)
        };
        assert_eq!(chain(10).errors(), []);
        assert!(chain(10).get("a").is_some());
        assert_eq!(errors(&chain(11)), ["/10:1: nesting depth exceeded"]);
        // A circle of two ends there as well.
        let circle = read(&[
            ("/etc/pg.conf", "include 'b'"),
            ("/etc/b", "include 'pg.conf'"),
        ]);
        assert_eq!(errors(&circle), ["/etc/pg.conf:1: nesting depth exceeded"]);
    }

    #[test]
    fn a_folder_is_left_at_its_first_refused_file() {
        let settings = read(&[
            ("/etc/pg.conf", "include_dir d\n"),
            ("/etc/d/1.conf", "= 1\n"),
            ("/etc/d/2.conf", "a = 1\n"),
        ]);
        assert_eq!(settings.get("a"), None);
        assert_eq!(settings.errors().len(), 1);
    }

    #[test]
    fn unreadable_files_count_as_missing_only_where_that_is_allowed() {
        struct Locked;
        impl Files for Locked {
            fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
                match path {
                    "/pg.conf" => Ok(
                        b"include_if_exists 'a'\ninclude 'b'\ninclude_if_exists 'folder'\n"
                            .to_vec(),
                    ),
                    "/folder" => Err(ReadError::Folder),
                    _ => Err(ReadError::Failed("Permission denied".into())),
                }
            }
            fn list(&self, _: &str) -> Result<Vec<String>, ReadError> {
                Err(ReadError::Missing)
            }
        }
        let settings = Settings::read(&Locked, "/pg.conf", None, Version::V15);
        assert_eq!(
            errors(&settings),
            [
                "/pg.conf:2: could not open file \"/b\"",
                "/folder:1: input in flex scanner failed",
            ]
        );
    }
}
