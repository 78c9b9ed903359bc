//! `cargo xtask bench`: what pgcert costs, beside the programs that do the same work today, in one
//! run on one machine. It measures and prints; nothing fails because it was slow.
//!
//! The rivals are installed where they are missing. Each works in a folder of its own, with an
//! authority whose key is not encrypted, and writes the files that its user would have.

mod crl;
mod files;
mod issue;
mod meaning;
mod measure;
mod python;
mod rivals;
mod start;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::command;
pub(crate) use measure::under_measure;

/// The parts, in the order in which they run.
const PARTS: &[(&str, Part)] = &[
    ("start", start::run),
    ("issue", issue::single),
    ("batch", issue::bulk),
    ("crl", crl::run),
    ("rules", files::rules),
    ("meaning", meaning::run),
    ("settings", files::settings),
];

type Part = fn(&Bench) -> anyhow::Result<()>;

/// What a run of the benchmark works with.
struct Bench {
    root: PathBuf,
    /// The optimised binary.
    pgcert: PathBuf,
    /// Where the measured programs write. Made new for each run.
    folder: PathBuf,
}

/// Runs the parts that are named; all of them where none is.
///
/// # Errors
/// When a part has no such name, or a program cannot be installed or fails.
pub(crate) fn run(root: &Path, only: &[String]) -> anyhow::Result<()> {
    for name in only {
        if !PARTS.iter().any(|(part, _)| part == name) {
            let known: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
            bail!("no such part: {name} (known: {})", known.join(" "));
        }
    }
    let bench = Bench::ready(root)?;
    for (name, part) in PARTS {
        if only.is_empty() || only.iter().any(|o| o == name) {
            part(&bench).with_context(|| format!("the part {name} failed"))?;
        }
    }
    std::fs::remove_dir_all(&bench.folder)?;
    Ok(())
}

impl Bench {
    fn ready(root: &Path) -> anyhow::Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(root);
        command::run(cargo.args(["build", "--quiet", "--release", "--package", "pgcert"]))?;
        let folder = crate::target(root).join("bench");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            root: root.to_owned(),
            pgcert: crate::target(root).join("release/pgcert"),
            folder,
        })
    }

    /// An example of the package of tests, optimised.
    fn example(&self, name: &str) -> anyhow::Result<PathBuf> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&self.root).args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "e2e",
            "--example",
            name,
        ]);
        command::run(&mut cargo)?;
        Ok(crate::target(&self.root)
            .join("release/examples")
            .join(name))
    }

    /// A new folder for one program, and a shell in it. `$PGCERT` is the binary.
    fn place(&self, name: &str) -> anyhow::Result<Place> {
        let folder = self.folder.join(name.replace([' ', ','], "-"));
        std::fs::create_dir_all(&folder)?;
        Ok(Place {
            folder,
            pgcert: self.pgcert.clone(),
        })
    }
}

/// A folder in which a program works.
struct Place {
    folder: PathBuf,
    pgcert: PathBuf,
}

impl Place {
    /// A shell that will run `script` here, with `$N` set.
    fn shell(&self, script: &str, n: usize) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-euc", script])
            .current_dir(&self.folder)
            .env("PGCERT", &self.pgcert)
            .env("N", n.to_string());
        shell
    }

    /// Runs `script`, not measured.
    fn prepare(&self, script: &str) -> anyhow::Result<()> {
        command::output(&mut self.shell(script, 0)).map(|_| ())
    }
}
