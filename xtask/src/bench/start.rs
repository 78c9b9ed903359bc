//! Starting: what every command pays before it does anything.

use std::process::Command;

use super::Bench;
use super::measure::median;
use super::table::Table;

const RUNS: usize = 50;

pub(super) fn run(bench: &Bench) -> anyhow::Result<()> {
    let mut table = Table::new("Starting");
    let place = bench.place("start")?;
    place.prepare("$PGCERT ca init --authority ca --ca-name bench --no-passphrase")?;
    let pgcert = |arguments: &[&str]| {
        median(RUNS, |_| {
            let mut command = Command::new(&bench.pgcert);
            command.args(arguments).current_dir(&place.folder);
            command
        })
    };
    table.row(
        "`/bin/true`",
        1,
        median(RUNS, |_| Command::new("/bin/true"))?,
    );
    for arguments in [
        &["--version"][..],
        &["inspect", "ca/ca.crt"],
        &["list", "--authority", "ca"],
    ] {
        let name = format!("`pgcert {}`", arguments.join(" "));
        table.row(&name, 1, pgcert(arguments)?);
    }
    table.print();
    let size = std::fs::metadata(&bench.pgcert)?.len();
    println!("\nThe binary has {:.1} MB.", size as f64 / 1e6);
    Ok(())
}
