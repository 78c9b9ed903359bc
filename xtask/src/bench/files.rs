//! Reading PostgreSQL's files: a whole process that reads one and counts what it holds.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Bench;
use super::measure::{Cost, cost, median};
use super::table::Table;
use crate::machine::{self, Somebody};
use crate::{command, local, tools};

/// How often each is run where it takes well under a second.
const RUNS: usize = 5;

/// `pg_hba.conf`: our own growth, and a million rules beside others.
pub(super) fn rules(bench: &Bench) -> anyhow::Result<()> {
    let reader = bench.example("read_file")?;
    let place = bench.place("rules")?;
    let file = |rules: usize| place.folder.join(format!("{rules}.conf"));
    let mut table = Table::new("Rules of pg_hba.conf, read as the server reads them");
    for rules in [1_000, 10_000, 100_000, MANY] {
        std::fs::write(file(rules), hba(rules))?;
        let runs = median(RUNS, |_| read(&reader, "rules", &file(rules)))?;
        table.row(&format!("pg-config, {rules} rules"), rules, runs);
    }
    table.print();

    let many = file(MANY);
    let title = format!("A pg_hba.conf of {MANY} rules ({} MB)", megabytes(&many)?);
    let mut table = Table::new(&title);
    for (name, what) in [
        ("pg-config, rules", "rules"),
        ("pg-config, lossless document", "document"),
        ("read and count newlines: the floor", "lines"),
    ] {
        table.row(name, 1, median(RUNS, |_| read(&reader, what, &many))?);
    }
    table.row("augeas", 1, augeas("Pg_Hba", &many)?);
    table.row("pgtoolkit", 1, pgtoolkit(bench, PGTOOLKIT_HBA, &many)?);
    if let Some(cost) = postgres("pg_hba_file_rules", "hba_file", &many)? {
        table.row("PostgreSQL, pg_hba_file_rules", 1, cost);
    }
    table.print();
    Ok(())
}

/// `postgresql.conf`.
pub(super) fn settings(bench: &Bench) -> anyhow::Result<()> {
    let reader = bench.example("read_file")?;
    let place = bench.place("settings")?;
    let file = place.folder.join("postgresql.conf");
    std::fs::write(&file, conf(LONG))?;
    let title = format!(
        "A postgresql.conf of {LONG} lines ({} MB)",
        megabytes(&file)?
    );
    let mut table = Table::new(&title);
    for (name, what) in [
        ("pg-config, lossless document", "settings"),
        ("read and count newlines: the floor", "lines"),
    ] {
        table.row(name, 1, median(RUNS, |_| read(&reader, what, &file))?);
    }
    table.row("augeas", 1, augeas("Postgresql", &file)?);
    table.row("pgtoolkit", 1, pgtoolkit(bench, PGTOOLKIT_CONF, &file)?);
    table.print();
    Ok(())
}

const MANY: usize = 1_000_000;
const LONG: usize = 100_000;

fn read(reader: &Path, what: &str, file: &Path) -> Command {
    let mut command = Command::new(reader);
    command.arg(what).arg(file);
    command
}

fn megabytes(file: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(file)?.len() / 1_000_000)
}

/// Rules as a site with many of them writes them: mostly one database, one role, one network.
pub(super) fn hba(rules: usize) -> String {
    let mut text = String::from("# TYPE  DATABASE          USER                 ADDRESS\n");
    for n in 0..rules {
        let (a, b) = (n / 256 % 256, n % 256);
        let _ = match n % 10 {
            0 => writeln!(
                text,
                "host    all               \"Role{n}\"       10.{a}.{b}.0 255.255.255.0 scram-sha-256"
            ),
            1 => writeln!(
                text,
                "local   replication,db_{n} role_{n:<15} peer map=local"
            ),
            2 => writeln!(
                text,
                "hostssl db_{n:<14} +group_{n:<14} fd00:{a:x}:{b:x}::/64    md5"
            ),
            _ => writeln!(
                text,
                "hostssl app_{n:<13} role_{n:<15} 10.{a}.{b}.{a}/32     cert map=users clientcert=verify-full"
            ),
        };
    }
    text
}

/// Settings, each with a comment behind it or above it.
fn conf(lines: usize) -> String {
    let mut text = String::new();
    for n in 0..lines {
        // pgtoolkit knows no name with a digit in it.
        let name: String = n
            .to_string()
            .bytes()
            .map(|digit| (digit + b'1') as char)
            .collect();
        let _ = match n % 4 {
            0 => writeln!(text, "# what the next one is for: {n}"),
            1 => writeln!(
                text,
                "site_setting_{name} = 'a text of {n}'\t\t# (change requires restart)"
            ),
            2 => writeln!(text, "site_size_{name} = {n}MB"),
            _ => writeln!(text, "#site_unused_{name} = on\t\t\t# as it comes"),
        };
    }
    text
}

/// The lens of augeas that reads such a file, and no other.
fn augeas(lens: &str, file: &Path) -> anyhow::Result<Cost> {
    let augtool = machine::need("augtool", &["augeas-tools"])?;
    let mut command = Command::new(augtool);
    command
        .args(["--noload", "--noautoload", "--transform"])
        .arg(format!("{lens}.lns incl {}", file.display()))
        .args(["match", "/augeas//error"]);
    cost(&command)
}

/// The Python library that reads such files.
fn pgtoolkit(bench: &Bench, script: &str, file: &Path) -> anyhow::Result<Cost> {
    let folder = crate::target(&bench.root).join("tools/pgtoolkit");
    let python = tools::from_pypi(&folder, "pgtoolkit", "0.33.0")?;
    let mut command = Command::new(python);
    cost(command.arg("-c").arg(script).arg(file))
}

const PGTOOLKIT_HBA: &str = "
import sys
from pgtoolkit import hba
with open(sys.argv[1]) as file:
    print(len(list(hba.parse(file))))
";

const PGTOOLKIT_CONF: &str = "
import sys
from pgtoolkit import conf
print(len(conf.parse(sys.argv[1]).entries))
";

/// PostgreSQL's own view of a file, asked in a server that is one process. None where no PostgreSQL is installed.
fn postgres(view: &str, setting: &str, file: &Path) -> anyhow::Result<Option<Cost>> {
    let Some(programs) = local::installed().into_iter().next() else {
        println!("  PostgreSQL is not installed here: left out");
        return Ok(None);
    };
    let who = Somebody::unprivileged()?;
    let folder = Folder::new()?;
    let copy = folder.0.join("file.conf");
    std::fs::copy(file, &copy)?;
    who.own(&folder.0)?;
    let data = folder.0.join("data");
    command::output(
        who.command(programs.folder.join("initdb"))
            .args(["--no-sync", "--auth=trust", "--username=postgres", "-D"])
            .arg(&data),
    )?;
    let ask = folder.0.join("ask.sql");
    std::fs::write(&ask, format!("select count(*) from {view}\n"))?;
    let script = format!(
        "exec {} --single -D {} -c {setting}={} postgres < {}",
        programs.folder.join("postgres").display(),
        data.display(),
        copy.display(),
        ask.display(),
    );
    cost(who.command("sh").args(["-euc", &script])).map(Some)
}

/// A folder of its own for a server, which may not look into the one that the others work in.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = PathBuf::from(format!("/tmp/pgcert-bench-{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
