//! Thousands of generated files, each read by us and by a server of every version, line by line and error by error.
//!
//! `PGCERT_GENERATED` says how many files of each format a version, `PGCERT_SEED` from which seed; `cargo xtask oracle
//! --generated N --seed S` sets them. `PGCERT_FORMAT` keeps to the files that have it in their name. A difference that is not in the table of explained ones fails the run, and so does, in a long
//! run, an entry of the table that nothing matched.

mod conf;
mod differences;
mod disk;
mod hba;
mod ident;
mod rows;

use std::collections::BTreeSet;
use std::path::Path;

use e2e::Psql;
use e2e::generated::{Dice, Made};

use crate::servers::Server;
use differences::{Difference, Explained};
use rows::Row;

/// How one kind of file is made, read by us, and asked about.
struct Format {
    /// The file's name in the data folder.
    file: &'static str,
    make: fn(&mut Dice, u16) -> Made,
    ours: fn(path: &str, version: u16) -> Vec<Row>,
    theirs: fn(&mut Psql, path: &str, version: u16) -> Vec<Row>,
    explained: &'static [Explained],
}

/// How many files a version are read where nothing else is said.
const FEW: u64 = 200;
/// From how many files on every entry of the table has to be met.
const MANY: u64 = 20_000;
/// How many differences are shown of one version.
const SHOWN: usize = 5;
/// How many smaller files are tried for one that is shown.
const SHRINKING: usize = 400;

/// A number from the environment.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
    )
}

/// The table as the documentation has it.
#[test]
fn the_page_has_the_table() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/reference/differences.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let mut table =
        String::from("| file | what | versions | why | source |\n|---|---|---|---|---|\n");
    for Format {
        file, explained, ..
    } in FORMATS
    {
        for entry in *explained {
            let (from, to) = (entry.versions.start(), entry.versions.end());
            table += &format!(
                "| `{file}` | {} | {from} to {to} | {} | {} |\n",
                entry.name, entry.because, entry.source
            );
        }
    }
    assert!(
        page.contains(&table),
        "docs/reference/differences.md should have\n{table}"
    );
}

/// The formats.
const FORMATS: &[Format] = &[hba::FORMAT, ident::FORMAT, conf::FORMAT];

/// The run's files, put to every server.
#[test]
fn files_are_read_as_the_server_does() {
    let mut run = Run {
        count: number("PGCERT_GENERATED").unwrap_or(FEW),
        seed: number("PGCERT_SEED").unwrap_or(1),
        met: BTreeSet::new(),
        found: Vec::new(),
    };
    Server::each(|server| {
        server.equip();
        let only = std::env::var("PGCERT_FORMAT").unwrap_or_default();
        for format in FORMATS.iter().filter(|format| format.file.contains(&only)) {
            run.judge(format, server);
        }
    });
    let Run { seed, found, .. } = &run;
    assert!(
        found.is_empty(),
        "{} differences, from seed {seed}:\n{}",
        found.len(),
        found.join("\n")
    );
    let only = std::env::var("PGCERT_FORMAT").unwrap_or_default();
    let explained = FORMATS
        .iter()
        .filter(|format| format.file.contains(&only))
        .flat_map(|format| format.explained);
    let unmet: Vec<_> = explained
        .map(|entry| entry.name)
        .filter(|name| !run.met.contains(name))
        .collect();
    assert!(
        run.count < MANY || unmet.is_empty(),
        "nothing matched the explanations {unmet:?}"
    );
}

/// What a run has come to.
struct Run {
    count: u64,
    seed: u64,
    /// The explanations that were needed.
    met: BTreeSet<&'static str>,
    /// The differences without one.
    found: Vec<String>,
}

impl Run {
    fn judge(&mut self, format: &Format, server: &Server) {
        let version = server.cluster.version;
        let mut bench = Bench {
            format,
            server,
            session: Psql::open(&server.host, &server.cluster),
            written: BTreeSet::new(),
            before: std::fs::read(format!("{}/{}", server.cluster.data, format.file)).unwrap(),
        };
        let mut shown = 0;
        for index in 0..self.count {
            let made = (format.make)(&mut Dice::of_file(self.seed, index), version);
            let mut open = Vec::new();
            for difference in bench.differences(&made) {
                match difference.explained_by(format.explained) {
                    Some(entry) => drop(self.met.insert(entry.name)),
                    None => open.push(difference),
                }
            }
            let Some(first) = open.first() else { continue };
            let small = bench.shrunk(made, &first.kind());
            let what = bench
                .open(&small)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>();
            let bytes = small.main.escape_ascii().to_string();
            self.found.push(format!(
                "{} {index} on PostgreSQL {version}: {:.300}\n{}",
                format.file,
                bytes,
                what.join("\n")
            ));
            shown += 1;
            if shown >= SHOWN {
                break;
            }
        }
    }
}

/// A server with a file of ours in place.
struct Bench<'a> {
    format: &'a Format,
    server: &'a Server,
    session: Psql,
    /// The files beside the main one that are there now.
    written: BTreeSet<String>,
    /// What the main one was.
    before: Vec<u8>,
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        let main = std::mem::take(&mut self.before);
        self.write(&Made {
            main,
            ..Made::default()
        });
    }
}

impl Bench<'_> {
    /// Where our reading and the server's differ.
    fn differences(&mut self, made: &Made) -> Vec<Difference> {
        self.write(made);
        let version = self.server.cluster.version;
        let path = format!("{}/{}", self.server.cluster.data, self.format.file);
        let ours = (self.format.ours)(&path, version);
        let theirs = (self.format.theirs)(&mut self.session, &path, version);
        differences::between(version, &ours, &theirs)
    }

    /// Those that nothing explains.
    fn open(&mut self, made: &Made) -> Vec<Difference> {
        let mut different = self.differences(made);
        different.retain(|difference| difference.explained_by(self.format.explained).is_none());
        different
    }

    /// The server reads its files anew whenever a view is asked, so writing them is all.
    fn write(&mut self, made: &Made) {
        let data = Path::new(&self.server.cluster.data);
        for gone in std::mem::take(&mut self.written) {
            if !made.named.contains_key(&gone) {
                std::fs::remove_file(data.join(gone)).unwrap();
            }
        }
        for (name, bytes) in &made.named {
            let path = data.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
            self.written.insert(name.clone());
        }
        std::fs::write(data.join(self.format.file), &made.main).unwrap();
    }

    /// A smaller file with an unexplained difference of this kind: pieces are taken out as long as it stays.
    fn shrunk(&mut self, mut made: Made, kind: &str) -> Made {
        let mut length = made.main.len();
        let mut tries = SHRINKING;
        while length > 0 {
            let mut at = 0;
            while at < made.main.len() && tries > 0 {
                tries -= 1;
                let mut smaller = made.clone();
                smaller.main.drain(at..(at + length).min(made.main.len()));
                if self.open(&smaller).iter().any(|open| open.kind() == kind) {
                    made = smaller;
                } else {
                    at += length;
                }
            }
            length /= 2;
        }
        made
    }
}
