//! Issuing client certificates (P-256): key and certificate made, both files written.

use std::fmt::Write as _;

use super::measure::{cost, in_turn};
use super::rivals::{PGCERT, RIVALS, Rival};
use super::table::Table;
use super::{Bench, python};

/// How many certificates a bulk run makes.
const BULK: usize = 10_000;

/// How many the slow ones make.
const FEW: usize = 100;

/// One certificate a process, as it is typed. All take turns.
pub(super) fn single(bench: &Bench) -> anyhow::Result<()> {
    let alone = PGCERT.one.replace("exec ", "exec taskset -c 0 ");
    let python = python::ready(&bench.root)?;
    let by_python = format!("OUT=one$N exec {} issue.py 1", python.display());
    let mut programs = Vec::new();
    let mut enter = |name: &str, prepare: &str, one: &str, runs| -> anyhow::Result<()> {
        let place = bench.place(name)?;
        place.prepare(prepare)?;
        std::fs::write(place.folder.join("issue.py"), python::ISSUE)?;
        programs.push((name.to_owned(), place, one.to_owned(), runs));
        Ok(())
    };
    for rival in std::iter::once(&PGCERT).chain(RIVALS) {
        rival.ready()?;
        enter(rival.name, rival.prepare, rival.one, rival.runs)?;
    }
    enter("Python cryptography", "", &by_python, 10)?;
    enter(
        "pgcert issue, one core (with taskset)",
        PGCERT.prepare,
        &alone,
        PGCERT.runs,
    )?;
    enter(
        "of which the shell that starts each",
        "",
        "exec true",
        PGCERT.runs,
    )?;

    let runs: Vec<usize> = programs.iter().map(|(_, _, _, runs)| *runs).collect();
    let costs = in_turn(&runs, |program, n| {
        let (_, place, one, _) = &programs[program];
        place.shell(one, n)
    })?;
    let mut table = Table::new("One client certificate, as a whole process");
    for ((name, ..), cost) in programs.iter().zip(costs) {
        table.row(name, 1, cost);
    }
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
