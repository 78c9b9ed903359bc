//! PostgreSQL's programs on this machine, as packages lay them.

use std::path::PathBuf;
use std::process::Command;

use crate::{command, machine};

/// The programs of one installed version.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) version: u16,
    /// The folder with `initdb`, `pg_ctl` and `postgres`.
    pub(crate) folder: PathBuf,
}

/// Every version found, the newest first.
pub(crate) fn installed() -> Vec<Programs> {
    let mut folders = Vec::new();
    for (parent, below) in [
        ("/usr/lib/postgresql", "bin"),
        ("/usr", "bin"),
        ("/usr/local", "bin"),
        ("/opt", "bin"),
    ] {
        let Ok(entries) = std::fs::read_dir(parent) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if parent == "/usr/lib/postgresql"
                || name.starts_with("pgsql")
                || name.starts_with("postgresql")
            {
                folders.push(entry.path().join(below));
            }
        }
    }
    if let Ok(folder) = command::output(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(folder));
    }
    if let Some(folder) = machine::find("postgres")
        .and_then(|p| p.canonicalize().ok())
        .and_then(|p| p.parent().map(PathBuf::from))
    {
        folders.push(folder);
    }
    let mut found: Vec<Programs> = folders
        .into_iter()
        .filter(|f| f.join("initdb").is_file() && f.join("pg_ctl").is_file())
        .filter_map(|folder| {
            Some(Programs {
                version: version(&folder.join("postgres"))?,
                folder,
            })
        })
        .collect();
    found.sort_by(|a, b| {
        b.version
            .cmp(&a.version)
            .then_with(|| a.folder.cmp(&b.folder))
    });
    found.dedup_by(|a, b| a.folder == b.folder);
    found
}

/// The version that `postgres --version` tells: `postgres (PostgreSQL) 15.18 (Debian ...)`.
fn version(postgres: &PathBuf) -> Option<u16> {
    let text = command::output(Command::new(postgres).arg("--version")).ok()?;
    let number = text
        .split_whitespace()
        .find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
