//! Issuing client certificates (P-256): key and certificate made, both files written.

use std::fmt::Write as _;

use super::measure::{cost, median};
use super::rivals::{PGCERT, RIVALS, Rival};
use super::table::Table;
use super::{Bench, python};

/// How many certificates a bulk run makes.
const BULK: usize = 10_000;

/// How many the slow ones make.
const FEW: usize = 100;

/// One certificate a process, as it is typed.
pub(super) fn single(bench: &Bench) -> anyhow::Result<()> {
    let mut table = Table::new("One client certificate, as a whole process");
    for rival in std::iter::once(&PGCERT).chain(RIVALS) {
        rival.ready()?;
        let place = bench.place(rival.name)?;
        place.prepare(rival.prepare)?;
        let runs = median(rival.runs, |n| place.shell(rival.one, n))?;
        table.row(rival.name, 1, runs);
    }
    let place = bench.place("sh")?;
    let shell = median(PGCERT.runs, |n| place.shell("exec true", n))?;
    table.row("of which the shell that starts it", 1, shell);
    let python = python::ready(&bench.root)?;
    let place = bench.place("python")?;
    std::fs::write(place.folder.join("issue.py"), python::ISSUE)?;
    let one = format!("exec {} issue.py 1", python.display());
    let runs = median(10, |n| {
        let mut shell = place.shell(&one, n);
        shell.env("OUT", format!("one{n}"));
        shell
    })?;
    table.row("Python cryptography", 1, runs);
    table.print();
    Ok(())
}

/// Many at once.
pub(super) fn bulk(bench: &Bench) -> anyhow::Result<()> {
    let mut table = Table::new("Many client certificates");
    let place = bench.place("batch")?;
    place.prepare(PGCERT.prepare)?;
    for (round, name, prefix) in [
        (1, "pgcert issue --batch, both cores", ""),
        (2, "pgcert issue --batch, one core", "taskset -c 0 "),
    ] {
        std::fs::write(place.folder.join(format!("{round}.csv")), list(round))?;
        let batch = format!(
            "exec {prefix}$PGCERT issue --batch {round}.csv --authority ca --out out{round}"
        );
        place.prepare(&format!("mkdir out{round}"))?;
        table.row(name, BULK, cost(&place.shell(&batch, 0))?);
    }

    let place = bench.place("rcgen")?;
    let mut rcgen = place.shell(r#"exec "$RCGEN" "$N""#, BULK);
    rcgen.env("RCGEN", bench.example("issue_with_rcgen")?);
    table.row("rcgen in memory and plain file writes", BULK, cost(&rcgen)?);

    let python = python::ready(&bench.root)?;
    let place = bench.place("python-bulk")?;
    std::fs::write(place.folder.join("issue.py"), python::ISSUE)?;
    let mut shell = place.shell(&format!("exec {} issue.py {BULK}", python.display()), 0);
    table.row(
        "Python cryptography, one process",
        BULK,
        cost(shell.env("OUT", "."))?,
    );

    for Rival {
        name, prepare, one, ..
    } in RIVALS.iter().take(2)
    {
        let place = bench.place(&format!("bulk {name}"))?;
        place.prepare(prepare)?;
        let one = one.replace("exec ", "");
        let script = format!("for N in $(seq {FEW}); do {one}; done");
        table.row(name, FEW, cost(&place.shell(&script, 0))?);
    }
    table.print();
    Ok(())
}

/// What `--batch` reads.
fn list(round: usize) -> String {
    let mut csv = "kind,name\n".to_owned();
    for n in 1..=BULK {
        let _ = writeln!(csv, "client,role{round}_{n}");
    }
    csv
}
