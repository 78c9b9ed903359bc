//! What one run of a program costs: processor time, time on the clock, memory at its peak.
//!
//! The kernel counts the processor time of a process's children as a sum and their memory as a
//! maximum, so each program is run by a process of its own, which is this one again:
//! `cargo xtask bench` starts `xtask under-measure PROGRAM ...`.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

use crate::command::{shown, this_program};

/// What a program, and all that it started and waited for, used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Microseconds of processor time, user and system.
    pub(crate) cpu: u64,
    /// Microseconds on the clock.
    pub(crate) elapsed: u64,
    /// The largest resident size of any of its processes, in KiB.
    pub(crate) peak: u64,
}

/// Runs the command to a good end and says what it cost. Its output is thrown away.
///
/// # Errors
/// When it fails: with what it said.
pub(crate) fn cost(command: &Command) -> anyhow::Result<Cost> {
    let mut wrapped = this_program();
    wrapped.arg("under-measure").arg(command.get_program());
    wrapped.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    let output = wrapped.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {}", shown(command), said.trim());
    }
    serde_json::from_slice(&output.stdout).context("no measurement")
}

/// The medians of so many runs, each of which is given its number.
pub(crate) fn median(
    runs: usize,
    mut command: impl FnMut(usize) -> Command,
) -> anyhow::Result<Cost> {
    let all = in_turn(&[runs], |_, n| command(n))?;
    all.first().copied().context("no program was measured")
}

/// The medians of several programs, of each as many runs as are named. They take turns, so that what else the
/// machine does meets all of them. A run is given the place of its program in the list, and its number.
pub(crate) fn in_turn(
    runs: &[usize],
    mut command: impl FnMut(usize, usize) -> Command,
) -> anyhow::Result<Vec<Cost>> {
    let mut costs = vec![Vec::new(); runs.len()];
    for n in 1..=runs.iter().copied().max().unwrap_or_default() {
        for (program, costs) in costs.iter_mut().enumerate() {
            if n <= runs[program] {
                costs.push(cost(&command(program, n))?);
            }
        }
    }
    Ok(costs.iter().map(|costs| middle(costs)).collect())
}

fn middle(costs: &[Cost]) -> Cost {
    let middle = |of: fn(&Cost) -> u64| {
        let mut all: Vec<u64> = costs.iter().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    Cost {
        cpu: middle(|c| c.cpu),
        elapsed: middle(|c| c.elapsed),
        peak: middle(|c| c.peak),
    }
}

/// The process in between: runs the program, and prints what it cost.
pub(crate) fn under_measure(program: &[OsString]) -> ExitCode {
    match measured(program) {
        Ok(Some(cost)) => {
            println!("{cost}");
            ExitCode::SUCCESS
        }
        Ok(None) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The cost in JSON; none where the program failed.
fn measured(program: &[OsString]) -> anyhow::Result<Option<String>> {
    let (program, arguments) = program.split_first().context("no program to measure")?;
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .status()?;
    let elapsed = started.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |t: TimeVal| u64::try_from(t.tv_sec() * 1_000_000 + t.tv_usec());
    let cost = Cost {
        cpu: micros(used.user_time())? + micros(used.system_time())?,
        elapsed: u64::try_from(elapsed.as_micros())?,
        peak: u64::try_from(used.max_rss())?,
    };
    Ok(status
        .success()
        .then(|| serde_json::to_string(&cost))
        .transpose()?)
}

impl Cost {
    /// The same for one of `n` things that were done in one run.
    pub(crate) fn each(self, n: usize) -> (f64, f64) {
        let share = |micros: u64| micros as f64 / 1000.0 / n as f64;
        (share(self.cpu), share(self.elapsed))
    }
}
