//! Thousands of generated files, each read by us and by a server of every version, line by line and error by error; some
//! of them edited by us, and read again.
//!
//! `PGCERT_GENERATED` says how many files of each format a version, `PGCERT_SEED` from which seed; `cargo xtask oracle
//! --generated N --seed S` sets them. `PGCERT_FORMAT` keeps to the files that have it in their name (`--format`), and
//! `PGCERT_EDITS` says how many are edited (`--edits`). A difference that is not in the table of explained ones fails the
//! run. A long one is also failed by an entry of the table that nothing
//! matched, on any version that it is said to be about, and by one that is about so many lines that it says nothing.

mod conf;
mod differences;
mod disk;
mod edits;
mod hba;
mod ident;
mod logins;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use e2e::Psql;
use e2e::generated::{Dice, Made};

use crate::servers::Server;
use differences::{Explained, Readings};
use rows::Row;

pub(crate) use disk::Disk;

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
/// From how many files on every entry of the table has to be met, and by few lines.
const MANY: u64 = 20_000;
/// One line in so many, of those that both read alike, may have the form that an entry is about.
const FORM: u64 = 4;
/// One file in so many is looked at for that.
const SAMPLE: u64 = 20;
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

/// The run's files, put to every server; those of `postgresql.conf` with syntax errors are also loaded.
#[test]
fn files_are_read_as_the_server_does() {
    Run::each(|run, format, server| {
        run.judge(format, server);
        if format.file == conf::FORMAT.file {
            run.errors_logged(server);
        }
    });
}

/// Some of them edited, before the eyes of every server; and where no view shows user name maps, logins through them.
#[test]
fn edits_are_read_as_they_were_meant() {
    Run::each(|run, format, server| {
        run.edit(format, server);
        if format.file == ident::FORMAT.file && server.cluster.version < 15 {
            run.log_in(server);
        }
    });
}

/// What a run has come to.
struct Run {
    count: u64,
    seed: u64,
    /// The differences without an explanation, and what is wrong with the table.
    found: Vec<String>,
}

/// How often the entries of a table were met by one server.
#[derive(Default)]
struct Met {
    /// By name: lines that are read differently, and that the entry explains.
    explained: BTreeMap<&'static str, u64>,
    /// The lines that were read alike, of the files that were looked at for it.
    alike: u64,
    /// By name: those that have the entry's form all the same.
    formed: BTreeMap<&'static str, u64>,
}

impl Met {
    fn alike(&mut self, lines: &Readings, table: &[Explained]) {
        self.alike += 1;
        for entry in table.iter().filter(|entry| (entry.form)(&lines.input)) {
            *self.formed.entry(entry.name).or_default() += 1;
        }
    }

    /// What is wrong with a table, after many files.
    fn faults(&self, table: &[Explained], version: u16) -> Vec<String> {
        let entries = table
            .iter()
            .filter(|entry| entry.versions.contains(&version));
        let of =
            |of: &BTreeMap<_, u64>, entry: &Explained| of.get(entry.name).copied().unwrap_or(0);
        let faults = entries.filter_map(|entry| {
            let formed = of(&self.formed, entry);
            let what = match of(&self.explained, entry) {
                0 => "nothing matched".to_owned(),
                _ if formed * FORM > self.alike => {
                    format!(
                        "its form is that of {formed} in {} lines that are read alike",
                        self.alike
                    )
                }
                _ => return None,
            };
            Some(format!(
                "the entry \"{}\" on PostgreSQL {version}: {what}",
                entry.name
            ))
        });
        faults.collect()
    }
}

impl Run {
    /// Shows `look` every format that is wanted on every server, and fails if that finds anything.
    fn each(look: fn(&mut Self, &Format, &Server)) {
        let only = std::env::var("PGCERT_FORMAT").unwrap_or_default();
        let mut run = Self {
            count: number("PGCERT_GENERATED").unwrap_or(FEW),
            seed: number("PGCERT_SEED").unwrap_or(1),
            found: Vec::new(),
        };
        Server::each(|server| {
            server.equip();
            for format in FORMATS.iter().filter(|format| format.file.contains(&only)) {
                look(&mut run, format, server);
            }
        });
        let Self { seed, found, .. } = run;
        assert!(
            found.is_empty(),
            "{} findings, from seed {seed}:\n{}",
            found.len(),
            found.join("\n")
        );
    }

    #[expect(
        clippy::print_stdout,
        reason = "the figures of a recorded run; nobody sees them otherwise"
    )]
    fn judge(&mut self, format: &Format, server: &Server) {
        let version = server.cluster.version;
        let mut bench = Bench::of(format, server);
        let (mut met, mut lines, mut shown) = (Met::default(), 0_u64, 0);
        for index in 0..self.count {
            let made = (format.make)(&mut Dice::of_file(self.seed, index), version);
            let mut open = Vec::new();
            for readings in bench.readings(&made) {
                lines += 1;
                if !readings.differ() {
                    if index % SAMPLE == 0 {
                        met.alike(&readings, format.explained);
                    }
                    continue;
                }
                match readings.explained_by(format.explained) {
                    Some(entry) => *met.explained.entry(entry.name).or_default() += 1,
                    None => open.push(readings),
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
        println!(
            "{} on PostgreSQL {version}: {} files from seed {}, {lines} lines, {shown} files with open differences; explained: {:?}",
            format.file, self.count, self.seed, met.explained
        );
        if self.count >= MANY {
            self.found.extend(met.faults(format.explained, version));
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

impl<'a> Bench<'a> {
    fn of(format: &'a Format, server: &'a Server) -> Self {
        Self {
            format,
            server,
            session: Psql::open(&server.host, &server.cluster),
            written: BTreeSet::new(),
            before: std::fs::read(format!("{}/{}", server.cluster.data, format.file)).unwrap(),
        }
    }

    /// What the server reads, row by row, in its order.
    fn theirs(&mut self, made: &Made) -> Vec<Row> {
        self.write(made);
        let path = format!("{}/{}", self.server.cluster.data, self.format.file);
        (self.format.theirs)(&mut self.session, &path, self.server.cluster.version)
    }

    /// What we and the server read, line by line.
    fn readings(&mut self, made: &Made) -> Vec<Readings> {
        self.write(made);
        let version = self.server.cluster.version;
        let path = format!("{}/{}", self.server.cluster.data, self.format.file);
        let ours = (self.format.ours)(&path, version);
        let theirs = (self.format.theirs)(&mut self.session, &path, version);
        differences::by_line(version, &ours, &theirs)
    }

    /// The differences that nothing explains.
    fn open(&mut self, made: &Made) -> Vec<Readings> {
        let mut lines = self.readings(made);
        lines.retain(|lines| lines.differ() && lines.explained_by(self.format.explained).is_none());
        lines
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
