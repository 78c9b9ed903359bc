//! `cargo xtask dist`: the one binary that is shipped, linked against an old glibc so that it
//! starts on every supported system. The linker is zig, through cargo-zigbuild, both from PyPI under
//! `target/tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{command, tools};

/// The oldest glibc that the binary has to start with: Debian 10 and RHEL 8.
const GLIBC: (u32, u32) = (2, 28);

/// The version of cargo-zigbuild, whose package depends on zig's.
const ZIGBUILD: &str = "0.24.1";

/// Builds the binary, says what it is, and answers its path.
///
/// `optimised` is the profile that is shipped; without, the same linking in a fraction of the time.
pub(crate) fn build(root: &Path, optimised: bool) -> anyhow::Result<PathBuf> {
    let folder = crate::target(root).join("tools/python");
    let python = tools::from_pypi(&folder, "cargo-zigbuild", ZIGBUILD)?;
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut cargo = Command::new(python.with_file_name("cargo-zigbuild"));
    cargo
        .current_dir(root)
        .args(["zigbuild", "--package", "pgcert", "--target"])
        .arg(format!("{triple}.{}.{}", GLIBC.0, GLIBC.1))
        .env("CARGO_ZIGBUILD_PYTHON_PATH", python)
        .env(
            "ZIG_GLOBAL_CACHE_DIR",
            crate::target(root).join("tools/zig-cache"),
        );
    if optimised {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;

    let folder = if optimised { "release" } else { "debug" };
    let binary = crate::target(root).join(triple).join(folder).join("pgcert");
    let bytes =
        std::fs::read(&binary).with_context(|| format!("no binary at {}", binary.display()))?;
    let (major, minor) = highest_glibc(&bytes).context("the binary names no version of glibc")?;
    println!(
        "{}  {:.1} MB  needs glibc {major}.{minor}",
        binary.display(),
        bytes.len() as f64 / 1e6
    );
    if (major, minor) > GLIBC {
        bail!(
            "the binary needs glibc {major}.{minor}, more than {}.{}",
            GLIBC.0,
            GLIBC.1
        );
    }
    Ok(binary)
}

/// The highest `GLIBC_x.y` that the dynamic symbols ask for. Version names stand in the string
/// table as text; a scan for them needs no tool and can only find too many.
fn highest_glibc(binary: &[u8]) -> Option<(u32, u32)> {
    let name = b"GLIBC_";
    let versions = binary
        .windows(name.len())
        .enumerate()
        .filter(|(_, w)| *w == name)
        .filter_map(|(at, _)| {
            let rest = &binary[at + name.len()..];
            let end = rest.iter().position(|b| *b == 0)?;
            let text = std::str::from_utf8(rest.get(..end)?).ok()?;
            let mut parts = text.split('.').map(str::parse::<u32>);
            Some((parts.next()?.ok()?, parts.next()?.ok()?))
        });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::highest_glibc;

    #[test]
    fn the_highest_version_counts_as_numbers() {
        assert_eq!(
            highest_glibc(b"\0GLIBC_2.2.5\0GLIBC_2.28\0GLIBC_2.4\0GLIBC_PRIVATE\0"),
            Some((2, 28))
        );
        assert_eq!(highest_glibc(b"static"), None);
    }
}
