//! `cargo xtask fuzz`: every target in `fuzz/` for a while, with libFuzzer and the address sanitizer. cargo-fuzz is
//! installed under `target/tools` where it is missing. What was found lies in `fuzz/artifacts/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{command, machine};

/// Runs the targets whose name contains one of `only`, all where it is empty, for so many seconds each.
///
/// # Errors
/// When a target cannot be built, or finds something.
pub(crate) fn run(root: &Path, only: &[String], seconds: u32) -> anyhow::Result<()> {
    let program = cargo_fuzz(root)?;
    let targets = root.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in targets.read_dir().context("fuzz/fuzz_targets")? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    names.retain(|name| only.is_empty() || only.iter().any(|part| name.contains(part.as_str())));
    for name in names {
        println!("fuzzing {name} for {seconds} s");
        let limit = format!("-max_total_time={seconds}");
        // The sanitizer needs options that a stable compiler only takes so.
        command::run(
            Command::new(&program)
                .current_dir(root)
                .env("RUSTC_BOOTSTRAP", "1")
                .args(["fuzz", "run", &name, "--", &limit, "-verbosity=0"]),
        )?;
    }
    Ok(())
}

fn cargo_fuzz(root: &Path) -> anyhow::Result<PathBuf> {
    if let Some(found) = machine::find("cargo-fuzz") {
        return Ok(found);
    }
    let folder = crate::target(root).join("tools/cargo-fuzz");
    let program = folder.join("bin/cargo-fuzz");
    if !program.is_file() {
        println!("installing cargo-fuzz {VERSION}");
        let install = [
            "install",
            "--quiet",
            "--locked",
            "cargo-fuzz",
            "--version",
            VERSION,
        ];
        command::output(
            Command::new("cargo")
                .args(install)
                .arg("--root")
                .arg(&folder),
        )?;
    }
    Ok(program)
}

/// The version that is installed.
const VERSION: &str = "0.13.2";
