//! Thousands of generated connections, each resolved by us and by libpq of every version: what a connection string says,
//! what service files, environment and defaults add, which password `.pgpass` has for it, or in which words it is
//! refused.
//!
//! `PGCERT_GENERATED` says how many of each kind a version, `PGCERT_SEED` from which seed; `cargo xtask oracle
//! --generated N --seed S libpq` sets them. `PGCERT_FORMAT` keeps to the kinds that have it in their name. A difference
//! that is not in the table of explained ones fails the run, and so does, in a long run, an entry of the table that
//! nothing matched on one of its versions.

mod asked;
mod differences;
mod edits;
mod ground;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use e2e::generated::{Dice, conninfo, passfile, service};
use e2e::given::oracle_servers;
use pg_config::Version;
use pg_config::conninfo::KEYWORDS;

use asked::Libpq;
use differences::{Answers, EXPLAINED, Explained};
use ground::{Case, Ground};

/// How one kind of connection is made.
struct Kind {
    name: &'static str,
    /// What of libpq is asked: `parse` or `start`.
    ask: &'static str,
    make: fn(&mut Dice) -> Case,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "connection strings",
        ask: "parse",
        make: |dice| Case::of(conninfo::pairs(dice)),
    },
    Kind {
        name: "URIs",
        ask: "parse",
        make: |dice| Case::of(conninfo::uri(dice)),
    },
    Kind {
        name: "services and environments",
        ask: "start",
        make: resolved,
    },
    Kind {
        name: "password files",
        ask: "start",
        make: with_passfile,
    },
];

/// How many of each kind a version are asked where nothing else is said.
const FEW: u64 = 300;
/// From how many on every entry of the table has to be met.
const MANY: u64 = 20_000;
/// One question in so many, of those that both answer alike, may have the form that an entry is about.
const FORM: u64 = 4;
/// How many differences are shown of one kind and version.
const SHOWN: usize = 5;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
    )
}

/// Calls `judge` with libpq of each version in turn.
fn each(mut judge: impl FnMut(&mut Libpq)) {
    for (version, programs) in oracle_servers() {
        judge(&mut Libpq::beside(&programs, version));
    }
}

#[test]
fn the_page_has_the_table() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/reference/differences.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let mut table = String::from("| what | versions | why | source |\n|---|---|---|---|\n");
    for entry in EXPLAINED {
        let (from, to) = (entry.versions.start(), entry.versions.end());
        writeln!(
            table,
            "| {} | {from} to {to} | {} | {} |",
            entry.name, entry.because, entry.source
        )
        .unwrap();
    }
    assert!(
        page.contains(&table),
        "docs/reference/differences.md should have\n{table}"
    );
}

#[test]
fn the_keywords_are_those_of_each_version() {
    each(|libpq| {
        let version = Version::new(libpq.version).unwrap();
        let ours = KEYWORDS.iter().filter(|known| known.known_to(version));
        let theirs = libpq.keywords();
        let shown: Vec<_> = ours
            .clone()
            .zip(&theirs)
            .map(|(keyword, theirs)| {
                // npm's are built without GSS.
                let default = match keyword.name {
                    "gssencmode" => Some("disable"),
                    _ => keyword.default,
                };
                // Those of SCRAM are as good as passwords, and not marked.
                let secret = match keyword.name {
                    "scram_client_key" | "scram_server_key" => theirs[3].as_deref(),
                    _ if keyword.secret => Some("*"),
                    _ => theirs[3].as_deref().filter(|mark| *mark != "*"),
                };
                let row = [Some(keyword.name), keyword.env, default, secret];
                row.map(|text| text.map(str::to_owned)).to_vec()
            })
            .collect();
        assert_eq!(shown, theirs, "libpq {version}");
        assert_eq!(ours.count(), theirs.len());
    });
}

#[test]
fn connections_are_resolved_as_libpq_does() {
    let count = number("PGCERT_GENERATED").unwrap_or(FEW);
    let seed = number("PGCERT_SEED").unwrap_or(1);
    let only = std::env::var("PGCERT_FORMAT").unwrap_or_default();
    let mut found = Vec::new();
    each(|libpq| {
        let mut ground = Ground::new();
        let mut met = Met::default();
        for kind in KINDS.iter().filter(|kind| kind.name.contains(&only)) {
            let mut shown = 0;
            for index in 0..count {
                let case = (kind.make)(&mut Dice::of_file(seed, index));
                if met.is_open(&ground.judge(kind.ask, &case, libpq)) {
                    let small = ground.shrunk(kind.ask, case, libpq);
                    found.push(format!("{} {index}: {small}", kind.name));
                    shown += 1;
                }
                if shown >= SHOWN {
                    break;
                }
            }
        }
        println!(
            "libpq {}: {count} of each kind from seed {seed}; explained: {:?}",
            libpq.version, met.explained
        );
        if count >= MANY && only.is_empty() {
            found.extend(met.faults(libpq.version));
        }
    });
    assert!(
        found.is_empty(),
        "{} findings, from seed {seed}:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// How often the entries of the table were met by one libpq.
#[derive(Default)]
struct Met {
    /// By name: questions that are answered differently, and that the entry explains.
    explained: BTreeMap<&'static str, u64>,
    /// The questions that were answered alike.
    alike: u64,
    /// By name: those that have the entry's form all the same.
    formed: BTreeMap<&'static str, u64>,
}

impl Met {
    /// Counts, and says whether the answers differ without an explanation.
    fn is_open(&mut self, answers: &Answers) -> bool {
        if !answers.differ() {
            self.alike += 1;
            for entry in EXPLAINED.iter().filter(|e| (e.form)(&answers.question)) {
                *self.formed.entry(entry.name).or_default() += 1;
            }
            return false;
        }
        let Some(entry) = answers.explained() else {
            return true;
        };
        *self.explained.entry(entry.name).or_default() += 1;
        false
    }

    /// What is wrong with the table, after many questions.
    fn faults(&self, version: u16) -> Vec<String> {
        let mut faults = Vec::new();
        for Explained { name, versions, .. } in EXPLAINED {
            if versions.contains(&version) && !self.explained.contains_key(name) {
                faults.push(format!("nothing matched \"{name}\" on libpq {version}"));
            }
            let formed = self.formed.get(name).copied().unwrap_or(0);
            if formed * FORM > self.alike {
                faults.push(format!(
                    "the form of \"{name}\" is that of {formed} in {} questions that are answered alike",
                    self.alike
                ));
            }
        }
        faults
    }
}

/// A connection with services and an environment.
fn resolved(dice: &mut Dice) -> Case {
    let mut case = Case::of(String::new());
    for _ in 0..dice.weighted(&[(2, 0), (4, 1), (3, 2), (1, 5)]) {
        let keyword = conninfo::keyword(dice);
        case.conninfo += &conninfo::pair(dice, keyword);
        case.conninfo.push(' ');
    }
    for keyword in KEYWORDS {
        if let (Some(variable), true) = (keyword.env, dice.once_in(16)) {
            let value = conninfo::value(dice, keyword.name);
            case.environment
                .insert(variable.to_owned(), value.to_owned());
        }
    }
    if dice.once_in(12) {
        let value = dice.one_of(&["1", "0", "yes", "", "12"]);
        case.environment
            .insert("PGREQUIRESSL".to_owned(), value.to_owned());
    }
    match dice.below(4) {
        0 => {}
        1 => case.conninfo += &format!("service='{}'", dice.one_of(service::NAMES)),
        _ => {
            let name = dice.one_of(service::NAMES).to_owned();
            case.environment.insert("PGSERVICE".to_owned(), name);
        }
    }
    match dice.below(6) {
        0..=2 => case.in_folder("PGSERVICEFILE", "own.conf"),
        3 => case.in_folder("PGSERVICEFILE", dice.one_of(&["none.conf", "etc", ""])),
        _ => {}
    }
    for file in ["own.conf", "home/.pg_service.conf", "etc/pg_service.conf"] {
        if !dice.once_in(4) {
            case.files.insert(file.to_owned(), service::file(dice));
        }
    }
    case
}

/// A connection with a password file.
fn with_passfile(dice: &mut Dice) -> Case {
    let mut case = Case::of(String::new());
    let mut hosts = Vec::new();
    for _ in 0..dice.weighted(&[(1, 0), (6, 1), (2, 2)]) {
        hosts.push(dice.one_of(passfile::HOSTS));
    }
    let host = dice.weighted(&[(6, "host"), (1, "hostaddr")]);
    let port = dice.weighted(&[(4, ""), (2, "5432"), (2, "5433"), (1, "5432,5433")]);
    for (keyword, value) in [
        (host, hosts.join(",").as_str()),
        ("port", port),
        ("dbname", dice.one_of(passfile::DATABASES)),
        ("user", dice.one_of(passfile::USERS)),
        ("password", dice.weighted(&[(12, ""), (1, "given")])),
    ] {
        if !dice.once_in(10) {
            let quoted = value.replace('\\', "\\\\");
            write!(case.conninfo, "{keyword}='{quoted}' ").unwrap();
        }
    }
    let file = dice.one_of(&["pass", "pass", "none", "etc", "home/.pgpass"]);
    if file == "home/.pgpass" {
        // The one that is looked for where none is named.
    } else if dice.once_in(2) {
        case.in_folder("PGPASSFILE", file);
    } else {
        case.passfile = Some(file);
    }
    for name in ["pass", "home/.pgpass"] {
        case.files.insert(name.to_owned(), passfile::file(dice));
    }
    case.mode = dice.weighted(&[
        (12, 0o600),
        (1, 0o400),
        (1, 0o700),
        (1, 0o640),
        (1, 0o604),
        (1, 0o610),
    ]);
    case
}
