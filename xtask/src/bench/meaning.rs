//! What the rules of a `pg_hba.conf` mean, once they are read: how the answers' cost grows with the file.

use std::path::Path;
use std::process::Command;

use super::Bench;
use super::files::hba;
use super::measure::{Cost, in_turn};
use super::table::Table;

/// How often each program is run.
const RUNS: usize = 3;

/// One table a question, a row a size.
pub(super) fn run(bench: &Bench) -> anyhow::Result<()> {
    let asker = bench.example("rules_mean")?;
    let place = bench.place("meaning")?;
    let files = [1_000, 10_000, 100_000, 1_000_000].map(|rules| {
        let file = place.folder.join(format!("{rules}.conf"));
        (rules, file)
    });
    for (rules, file) in &files {
        // Somebody whom no rule is for is decided by the last one.
        let text = hba(*rules) + "host all all all scram-sha-256\n";
        std::fs::write(file, text)?;
    }
    for (what, title) in [
        ("reach", "Rules that can never match"),
        ("lint", "All that lint says"),
        (
            "explain",
            "The rule that decides a connection, the last one",
        ),
        (
            "add",
            "A rule added, written, read again and its changes told",
        ),
    ] {
        let mut table = Table::new(&format!(
            "{title}: CPU and elapsed without reading the file"
        ));
        for (rules, file) in &files {
            let times = (TOGETHER / rules).clamp(1, 1_000);
            table.row(
                &format!("{rules} rules"),
                times,
                of_the_question(&asker, what, file, times)?,
            );
        }
        table.print();
    }
    Ok(())
}

/// Of how many rules together a question is asked in one run.
const TOGETHER: usize = 2_000_000;

/// What it costs to ask so many times, without what it costs not to ask.
fn of_the_question(asker: &Path, what: &str, file: &Path, times: usize) -> anyhow::Result<Cost> {
    let costs = in_turn(&[RUNS, RUNS], |program, _| {
        let times = if program == 0 { times } else { 0 };
        let mut command = Command::new(asker);
        command.arg(what).arg(file).arg(times.to_string());
        command
    })?;
    let [asked, not_asked] = costs[..] else {
        anyhow::bail!("two programs were measured");
    };
    Ok(Cost {
        cpu: asked.cpu.saturating_sub(not_asked.cpu),
        elapsed: asked.elapsed.saturating_sub(not_asked.elapsed),
        peak: asked.peak,
    })
}
