//! `cargo xtask test`: everything that says whether the project is sound, in one command. A part
//! that fails does not keep the others from running.

use std::path::Path;
use std::process::Command;

use crate::cases::{self, Generated, Scope, Tried, Wanted};
use crate::demo::{On, trial};
use crate::report::{Count, Report};
use crate::{command, machine, tidy};

/// Runs all of it.
pub(crate) fn run(root: &Path, wanted: &Wanted) -> anyhow::Result<()> {
    let mut report = Report::new();
    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(root).args(arguments);
        cargo
    };
    report.part("toolchain", |_| toolchain());
    report.part("format", |_| {
        command::run(&mut cargo(&["fmt", "--all", "--check"]))
    });
    report.part("tidy", |_| tidy::run(root, false, Scope::Workspace));
    report.part("clippy", |_| {
        let lints = [
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        command::run(&mut cargo(&lints))
    });
    report.part("unit and command line", |count| {
        if !cases::nextest() {
            let tests = ["test", "--quiet", "--all-targets", "--workspace"];
            return cases::run_tests(cargo(&tests).args(["--exclude", "e2e"]), count);
        }
        // The tests of e2e are built here too, with everything else.
        let mut tests = cargo(&cases::NEXTEST);
        tests.args(["--workspace", "-E", "not package(=e2e)"]);
        cases::run_tests(&mut tests, count)?;
        ignored(&mut cargo(&cases::IGNORED), count)
    });
    report.part("examples in the documentation", |count| {
        let tests = ["test", "--quiet", "--doc", "--workspace"];
        cases::run_tests(&mut cargo(&tests), count)
    });
    cases::oracle(
        root,
        &[],
        &Generated::default(),
        Scope::Workspace,
        &mut report,
    );
    report.part("demonstration", |_| {
        trial::run(On::Npm, &cases::debug_binary(root, Scope::Workspace)?)
    });
    cases::faults(root, &[], Tried::Some(25), Scope::Workspace, &mut report);
    cases::e2e(root, wanted, Scope::Workspace, &mut report);
    report.close()
}

/// Names the tests that are marked to be ignored; the runner itself only counts them.
fn ignored(list: &mut Command, count: &mut Count) -> anyhow::Result<()> {
    for test in command::output(list)?.lines() {
        println!("ignored: {test}");
        count.ignored += 1;
    }
    Ok(())
}

/// Says what is used, and fetches the parts of the toolchain that are missing.
fn toolchain() -> anyhow::Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if machine::find(program).is_none()
            || !command::succeeds(Command::new(program).arg("--version"))
        {
            println!("installing {component}");
            command::output(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    println!(
        "{}",
        command::output(Command::new("rustc").arg("--version"))?
    );
    let runner = if cases::nextest() {
        "cargo nextest"
    } else {
        "cargo test"
    };
    println!("tests run with {runner}");
    Ok(())
}
