//! A server with the world's roles, which loads one file after the other and says by which line it judges each client.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::Psql;
use e2e::first_match::{Client, DatabaseWord, Kind, Origin, RoleWord, Rule, Way, first_match};
use e2e::generated::Made;
use e2e::generated::meaning::{Item, Meant, Placed};
use pg_config::Version;
use pg_config::hba::RuleSet;

use super::probe::{Line, Told};
use super::verdicts::{Verdict, verdicts};
use super::world::{self, NO_INHERIT, ROLES, SUPERUSER};
use crate::log::Log;
use crate::servers::Server;

/// What the server is started with: it listens everywhere, and begins what it logs with the client.
pub(super) const OPTIONS: &str = "-c listen_addresses=* -c log_line_prefix='%r '";

/// How many call at once.
const AT_ONCE: usize = 4;

/// A file with its rules.
pub(super) struct Loaded {
    /// As the server gets it: every method is `password`.
    pub(super) made: Made,
    /// As they were meant.
    pub(super) rules: Vec<Placed>,
    /// As pg-config reads them.
    pub(super) read: RuleSet,
    /// The database that its first rule is for.
    mark: &'static str,
    data: String,
}

impl Loaded {
    /// The rule that decides, says the judge.
    pub(super) fn judge(&self, client: &Client<'_>) -> Option<usize> {
        let rules = self.rules.iter().map(|placed| &placed.rule);
        first_match(rules, client, &world::interfaces())
    }

    /// The rule that the server's log names.
    pub(super) fn place(&self, verdict: &Verdict) -> Result<Option<usize>, String> {
        let Verdict::Line(file, line) = verdict else {
            return Ok(None);
        };
        let found = self.rules.iter().position(|placed| {
            let named = placed.file.as_deref().unwrap_or("pg_hba.conf");
            let path = format!("{}/{named}", self.data);
            placed.line == *line && file.as_ref().is_none_or(|file| *file == path)
        });
        found
            .map(Some)
            .ok_or_else(|| format!("the server names {verdict:?}, where no rule stands"))
    }

    /// Each rule is where it was meant to be.
    fn is_read_as_meant(&self) {
        assert_eq!(self.read.errors, [], "{}", shown(&self.made));
        let ours: Vec<_> = self
            .read
            .rules
            .iter()
            .map(|rule| (rule.file.to_string(), rule.rule.line))
            .collect();
        let meant: Vec<_> = self
            .rules
            .iter()
            .map(|placed| {
                let file = placed.file.as_deref().unwrap_or("pg_hba.conf");
                let line = u32::try_from(placed.line).unwrap();
                (format!("{}/{file}", self.data), line)
            })
            .collect();
        assert_eq!(ours, meant, "{}", shown(&self.made));
    }
}

/// A server that has the world's roles, and takes clients from everywhere.
pub(super) struct Bench<'a> {
    pub(super) server: &'a Server,
    session: Psql,
    log: Log,
    line: Line,
    /// Which of the two marks the next file has.
    mark: bool,
}

/// Databases that no client asks for, by which a new file is told from the one before.
const MARKS: [&str; 2] = ["mark 0", "mark 1"];

impl<'a> Bench<'a> {
    pub(super) fn new(server: &'a Server) -> Self {
        let cluster = &server.cluster;
        server.equip();
        let mut sql = String::new();
        for (role, _) in ROLES {
            let _ = write!(
                sql,
                "create role {} login {} {} password 'md5{:032}';",
                quoted(role),
                if *role == NO_INHERIT { "noinherit" } else { "" },
                if *role == SUPERUSER { "superuser" } else { "" },
                0
            );
        }
        for (role, groups) in ROLES {
            for group in *groups {
                let but = if cluster.version >= 16 && *role == NO_INHERIT {
                    "with inherit false, set false"
                } else {
                    ""
                };
                let _ = write!(sql, "grant {} to {} {but};", quoted(group), quoted(role));
            }
        }
        cluster.ask(&server.host, &sql);
        Self {
            session: Psql::open(&server.host, cluster),
            log: Log::at_end(cluster.log_file()),
            line: Line::new(cluster.port, &cluster.socket),
            mark: false,
            server,
        }
    }

    /// A file that the server can be told from the one before.
    pub(super) fn prepare(&mut self, mut meant: Meant) -> Loaded {
        self.mark = !self.mark;
        let mark = MARKS[usize::from(self.mark)];
        meant.items.insert(
            0,
            Item::Rule {
                before: format!("local \"{mark}\" all "),
                behind: "",
                rule: Rule {
                    kind: Kind::Local,
                    databases: vec![DatabaseWord::Name(mark)],
                    roles: vec![RoleWord::All],
                    origin: Origin::Anywhere,
                    method: "password",
                },
            },
        );
        let data = self.server.cluster.data.clone();
        let version = Version::new(self.server.cluster.version).unwrap();
        let loaded = Loaded {
            rules: meant.rules(),
            read: read(&meant.files(None), &data, version),
            made: meant.files(Some("password")),
            mark,
            data,
        };
        loaded.is_read_as_meant();
        loaded
    }

    /// Has the server load a file that was prepared last, and waits until it judges by it.
    pub(super) fn load(&mut self, file: &Loaded) {
        self.write(&file.made);
        self.session.ask("select pg_reload_conf()");
        let client = Client {
            way: Way::Socket,
            database: Some(file.mark),
            role: "carol",
            member_of: vec![],
            address: None,
            host_name: None,
        };
        let begun = Instant::now();
        let mut said = String::new();
        loop {
            let told = self.line.probe(&client);
            let text = self.log.text();
            said += &text;
            let first = verdicts(&text)
                .remove("[local]")
                .and_then(|mut all| all.pop());
            if matches!(first, Some(Verdict::Line(_, 1))) {
                return;
            }
            assert!(
                told.is_ok() && begun.elapsed() < Duration::from_secs(10),
                "the file is not loaded, {told:?}: {said:.3000}\n{}",
                shown(&file.made)
            );
        }
    }

    fn write(&self, made: &Made) {
        let data = Path::new(&self.server.cluster.data);
        for entry in std::fs::read_dir(data).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if OWN.iter().any(|own| name.starts_with(own)) {
                if entry.file_type().unwrap().is_dir() {
                    std::fs::remove_dir_all(entry.path()).unwrap();
                } else {
                    std::fs::remove_file(entry.path()).unwrap();
                }
            }
        }
        for (name, bytes) in &made.named {
            let path = data.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        std::fs::write(data.join("pg_hba.conf"), &made.main).unwrap();
    }

    /// What each client is told, and what the log says about it.
    pub(super) fn call(&mut self, clients: &[Client<'_>]) -> Vec<(Told, Verdict)> {
        // Those at the socket have no name in the log: one after the other, so that their order tells.
        let (local, remote): (Vec<_>, Vec<_>) =
            (0..clients.len()).partition(|&at| clients[at].way == Way::Socket);
        let next = AtomicUsize::new(0);
        let line = &self.line;
        let mut told: Vec<(usize, io::Result<Told>)> = std::thread::scope(|threads| {
            let callers: Vec<_> = (0..AT_ONCE)
                .map(|caller| {
                    let (local, remote, next) = (&local, &remote, &next);
                    threads.spawn(move || {
                        let call = |at: usize| (at, line.probe(&clients[at]));
                        let mut told: Vec<_> = match caller {
                            0 => local.iter().map(|&at| call(at)).collect(),
                            _ => Vec::new(),
                        };
                        while let Some(&at) = remote.get(next.fetch_add(1, Ordering::Relaxed)) {
                            told.push(call(at));
                        }
                        told
                    })
                })
                .collect();
            callers
                .into_iter()
                .flat_map(|caller| caller.join().unwrap())
                .collect()
        });
        told.sort_by_key(|(at, _)| *at);
        let text = self.log.text();
        let mut found = verdicts(&text);
        for verdicts in found.values_mut() {
            verdicts.reverse();
        }
        told.into_iter()
            .map(|(at, told)| {
                let told =
                    told.unwrap_or_else(|error| panic!("{:?}: {error}\n{text}", clients[at]));
                let verdict = found.get_mut(&told.key).and_then(Vec::pop);
                let verdict = verdict.unwrap_or_else(|| panic!("no word of {told:?} in {text}"));
                // What the client hears and what the log says are of the same kind.
                let password = told.code == "28P01";
                let none = told.code == "28000" && told.message.starts_with("no pg_hba.conf entry");
                assert!(
                    password != none && none == (verdict == Verdict::NoEntry),
                    "{told:?}, but {verdict:?}"
                );
                (told, verdict)
            })
            .collect()
    }
}

/// How the names of the generated files and folders begin.
const OWN: [&str; 4] = ["rules", "list", "a list", "none"];

/// What pg-config makes of the files.
fn read(made: &Made, data: &str, version: Version) -> RuleSet {
    let named = made.named.iter();
    let files: BTreeMap<String, Vec<u8>> = named
        .map(|(name, bytes)| (format!("{data}/{name}"), bytes.clone()))
        .collect();
    RuleSet::of_bytes(&files, &format!("{data}/pg_hba.conf"), &made.main, version)
}

/// Files as text.
pub(super) fn shown(made: &Made) -> String {
    let mut text = String::from_utf8_lossy(&made.main).into_owned();
    for (name, bytes) in &made.named {
        let _ = writeln!(text, "--- {name}\n{}", String::from_utf8_lossy(bytes));
    }
    text
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
