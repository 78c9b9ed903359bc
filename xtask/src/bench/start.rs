//! Starting: what every command pays before it does anything.

use std::process::Command;

use super::Bench;
use super::measure::median;
use super::table::Table;

const RUNS: usize = 50;

pub(super) fn run(bench: &Bench) -> anyhow::Result<()> {
    let mut table = Table::new("Starting");
    table.row(
        "`/bin/true`",
        1,
        median(RUNS, |_| Command::new("/bin/true"))?,
    );
    let version = median(RUNS, |_| {
        let mut command = Command::new(&bench.pgcert);
        command.arg("--version");
        command
    })?;
    table.row("`pgcert --version`", 1, version);
    table.print();
    Ok(())
}
