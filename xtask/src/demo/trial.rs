//! The demonstration tried out: to its end, and with a Ctrl-C in the middle. Neither may leave anything.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum as _;

use super::On;
use crate::command;

/// Gives it twice with a binary, the second time interrupted while pgcert is at work.
pub(crate) fn run(on: On, binary: &Path) -> anyhow::Result<()> {
    let shown = give(on, binary, None)?;
    ensure!(
        shown.ended_well,
        "the demonstration failed:\n{}",
        shown.said
    );
    println!("{}", shown.said.lines().last().unwrap_or_default());
    let shown = give(on, binary, Some("setup --data-dir"))?;
    ensure!(
        !shown.ended_well && shown.said.contains("error: interrupted"),
        "a Ctrl-C was not heard:\n{}",
        shown.said
    );
    Ok(())
}

struct Shown {
    ended_well: bool,
    said: String,
}

/// Runs the demonstration as a program of its own, and looks for what it has left. `stop_at`: sends
/// what a terminal sends at Ctrl-C once a line of the output has these words.
fn give(on: On, binary: &Path, stop_at: Option<&str>) -> anyhow::Result<Shown> {
    let name = on
        .to_possible_value()
        .map(|value| value.get_name().to_owned());
    let mut demo = command::this_program();
    demo.args(["demo", "--on", &name.unwrap_or_default(), "--binary"])
        .arg(binary);
    // A terminal signals all programs in the foreground: a group of processes.
    let mut demo = demo
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the demonstration")?;
    let mut said = String::new();
    let mut output = BufReader::new(demo.stdout.take().context("it has no output")?);
    while output.read_line(&mut said)? > 0 {
        if stop_at.is_some_and(|words| said.contains(words)) {
            let group = format!("-{}", demo.id());
            command::output(Command::new("kill").args(["-INT", "--", &group]))?;
            break;
        }
    }
    output.read_to_string(&mut said)?;
    let ended_well = demo.wait()?.success();
    let mark = format!("pgcert-demo-{}", demo.id());
    nothing_left(&mark).with_context(|| said.clone())?;
    Ok(Shown { ended_well, said })
}

/// Whether folder and processes of a demonstration are gone. In a container they went with it.
fn nothing_left(mark: &str) -> anyhow::Result<()> {
    let folder = Path::new("/tmp").join(mark);
    ensure!(!folder.exists(), "{} is left", folder.display());
    for process in fs::read_dir("/proc")?.flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(mark) {
            bail!("a process is left: {line}");
        }
    }
    Ok(())
}
