//! Where a connection is resolved: a folder with a home, a system's folder and what else the case has, and both readers.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use pg_config::Version;
use pg_config::conninfo::{Conninfo, Resolved, Site, Source};
use pg_config::{passfile, service};
use tempfile::TempDir;

use super::asked::{Answer, Libpq};
use super::differences::{Answers, Question};
use crate::generated::Disk;
use crate::servers;

/// One connection, and what is around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) conninfo: String,
    /// Variables.
    pub(super) environment: BTreeMap<String, String>,
    /// Variables that name a path, relative to the folder.
    paths: BTreeMap<&'static str, &'static str>,
    /// What `passfile` in the connection string names, relative to the folder.
    pub(super) passfile: Option<&'static str>,
    /// Files, relative to the folder.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Their mode.
    pub(super) mode: u32,
}

impl Case {
    /// A connection string alone.
    pub(super) fn of(conninfo: String) -> Self {
        Self {
            conninfo,
            mode: 0o600,
            ..Self::default()
        }
    }

    /// Has a variable name a path in the folder; the empty one is none.
    pub(super) fn in_folder(&mut self, variable: &'static str, path: &'static str) {
        self.paths.insert(variable, path);
    }

    /// Everything of it that can be left out, left out; pieces of it halved.
    fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut case = self.clone();
            change(&mut case);
            all.push(case);
        };
        for name in self.environment.keys() {
            with(&|case| drop(case.environment.remove(name)));
        }
        for (name, bytes) in &self.files {
            with(&|case| drop(case.files.remove(name)));
            for piece in pieces(bytes.len()) {
                with(&|case| {
                    if let Some(bytes) = case.files.get_mut(name) {
                        bytes.drain(piece.clone());
                    }
                });
            }
        }
        for piece in pieces(self.conninfo.len()) {
            if self.conninfo.is_char_boundary(piece.start)
                && self.conninfo.is_char_boundary(piece.end)
            {
                with(&|case| case.conninfo.replace_range(piece.clone(), ""));
            }
        }
        all
    }
}

/// Parts of something of this length, the long ones first.
fn pieces(length: usize) -> Vec<std::ops::Range<usize>> {
    let mut pieces = Vec::new();
    let mut step = length;
    while step > 0 {
        let starts = (0..length).step_by(step);
        pieces.extend(starts.map(|start| start..(start + step).min(length)));
        step /= 2;
    }
    pieces
}

/// The folder.
pub(super) struct Ground {
    folder: TempDir,
    /// What was last written, and with which mode.
    written: (BTreeMap<String, Vec<u8>>, u32),
}

impl Ground {
    pub(super) fn new() -> Self {
        let folder = TempDir::with_prefix_in("pgcert-libpq-", servers::ground()).unwrap();
        for name in ["home", "etc"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            written: Default::default(),
        }
    }

    /// Our answer and libpq's.
    pub(super) fn judge(&mut self, ask: &'static str, case: &Case, libpq: &mut Libpq) -> Answers {
        self.write(case);
        let (conninfo, environment) = self.seen(ask, case);
        let mut theirs = libpq.ask(ask, &conninfo, &environment);
        if ask == "start" {
            theirs.options.remove("service");
        }
        let ours = match ask {
            "parse" => parsed(&conninfo, libpq.version),
            _ => self.resolved(&conninfo, &environment, libpq),
        };
        Answers {
            question: Question {
                version: libpq.version,
                case: case.clone(),
                conninfo,
            },
            ours,
            theirs,
        }
    }

    /// What libpq makes of it when it is about to connect.
    pub(super) fn asked(&mut self, case: &Case, libpq: &mut Libpq) -> Answer {
        self.write(case);
        let (conninfo, environment) = self.seen("start", case);
        let mut answer = libpq.ask("start", &conninfo, &environment);
        answer.options.remove("service");
        answer
    }

    /// A smaller case with an unexplained difference.
    pub(super) fn shrunk(
        &mut self,
        ask: &'static str,
        mut case: Case,
        libpq: &mut Libpq,
    ) -> String {
        let mut shown = String::new();
        let mut open = |case: &Case, ground: &mut Self| {
            let answers = ground.judge(ask, case, libpq);
            let is_open = answers.differ() && answers.explained().is_none();
            is_open.then(|| answers.to_string())
        };
        let mut tries = 400;
        'again: loop {
            shown = open(&case, self).unwrap_or(shown);
            for smaller in case.smaller() {
                tries -= 1;
                if tries == 0 {
                    return shown;
                }
                if open(&smaller, self).is_some() {
                    case = smaller;
                    continue 'again;
                }
            }
            return shown;
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The connection string and the environment as a program would have them.
    fn seen(&self, ask: &str, case: &Case) -> (String, BTreeMap<String, String>) {
        let mut conninfo = case.conninfo.clone();
        let mut environment = case.environment.clone();
        if ask == "parse" {
            return (conninfo, environment);
        }
        environment.insert("HOME".to_owned(), self.path("home"));
        environment.insert("PGSYSCONFDIR".to_owned(), self.path("etc"));
        for (variable, path) in &case.paths {
            let path = if path.is_empty() {
                String::new()
            } else {
                self.path(path)
            };
            environment.insert((*variable).to_owned(), path);
        }
        if let Some(name) = case.passfile {
            conninfo += &format!(" passfile='{}'", self.path(name));
        }
        (conninfo, environment)
    }

    fn write(&mut self, case: &Case) {
        let (written, mode) = &self.written;
        for gone in written
            .keys()
            .filter(|name| !case.files.contains_key(*name))
        {
            std::fs::remove_file(self.folder.path().join(gone)).unwrap();
        }
        for (name, bytes) in &case.files {
            if written.get(name) != Some(bytes) || *mode != case.mode {
                let path = self.folder.path().join(name);
                let _ = std::fs::remove_file(&path);
                std::fs::write(&path, bytes).unwrap();
                std::fs::set_permissions(&path, Permissions::from_mode(case.mode)).unwrap();
            }
        }
        self.written = (case.files.clone(), case.mode);
    }

    /// What the library makes of it, put together as a client does.
    fn resolved(
        &self,
        conninfo: &str,
        environment: &BTreeMap<String, String>,
        libpq: &Libpq,
    ) -> Answer {
        let version = Version::new(libpq.version).unwrap();
        // `pqGetHomeDirectory`
        let home = if version < Version::V15 {
            libpq.home.clone()
        } else {
            self.path("home")
        };
        let env = |name: &str| environment.get(name).cloned();
        let site = Site {
            version,
            os_user: &libpq.user,
            socket_dir: SOCKET_DIR,
        };
        let conninfo = match Conninfo::parse_as(conninfo, version) {
            Ok(conninfo) => conninfo,
            Err(error) => return Answer::refused(&error),
        };
        let found = conninfo
            .service(&env)
            .map(|wanted| service::locate(&wanted, Some(&home), &self.path("etc"), &Disk, version))
            .transpose();
        let found = match found {
            Ok(found) => found,
            Err(error) => return Answer::refused(&error),
        };
        let resolved = match conninfo.resolve(&env, found.as_ref(), &site) {
            Ok(resolved) => resolved,
            Err(error) => return Answer::refused(&error),
        };
        if let Err(error) = resolved.check() {
            return Answer::refused(&error);
        }
        let mut options: BTreeMap<_, _> = resolved
            .values()
            .iter()
            // Of these a connection keeps nothing, so that `PQconninfo` has nothing to show; 18 keeps the service.
            .filter(|value| !["authtype", "service"].contains(&value.keyword.name))
            .map(|value| {
                let built_without_gss =
                    value.keyword.name == "gssencmode" && value.source == Source::Default;
                let text = if built_without_gss {
                    "disable"
                } else {
                    &value.text
                };
                (value.keyword.name.to_owned(), text.to_owned())
            })
            .collect();
        let given = |keyword| resolved.get(keyword).filter(|value| !value.is_empty());
        let mut password = given("password").map(str::to_owned);
        if password.is_none() {
            let default = || format!("{home}/.pgpass");
            let file = given("passfile").map_or_else(default, str::to_owned);
            password = looked_up(&file, &resolved, version);
            options.insert("passfile".to_owned(), file);
        }
        Answer {
            options,
            password: password.filter(|password| !password.is_empty()),
            error: None,
        }
    }
}

/// The password for the last host, that at which libpq gives up.
fn looked_up(file: &str, resolved: &Resolved, version: Version) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o077 != 0 {
        return None;
    }
    let bytes = std::fs::read(file).ok()?;
    let hosts = resolved.hosts().ok()?;
    let last = hosts.last()?;
    let host = last.host.as_deref().filter(|host| !host.is_empty());
    let host = match host.or(last.hostaddr.as_deref())? {
        SOCKET_DIR => "localhost",
        other => other,
    };
    let port = last.port.to_string();
    let document = passfile::Document::parse(bytes, version);
    let found = document.find(&passfile::Wanted {
        host,
        port: &port,
        database: resolved.dbname(),
        user: resolved.user(),
    })?;
    Some(String::from_utf8_lossy(&found.password).into_owned())
}

fn parsed(conninfo: &str, version: u16) -> Answer {
    match Conninfo::parse_as(conninfo, Version::new(version).unwrap()) {
        Ok(conninfo) => Answer {
            options: conninfo
                .iter()
                .map(|(keyword, value)| (keyword.name.to_owned(), value.to_owned()))
                .collect(),
            ..Answer::default()
        },
        Err(error) => Answer::refused(&error),
    }
}

/// Of npm's builds.
const SOCKET_DIR: &str = "/tmp";
