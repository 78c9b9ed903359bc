//! The `clippy.toml` of each crate: written from the table of doors, and compared with it.
//!
//! clippy knows the type behind a method call, which the source scan does not; the scan knows
//! modules, aliases and single files, which clippy does not. The print macros are clippy's own
//! lints (`print_stdout`, `dbg_macro`), denied for the workspace.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::Offence;
use super::doors::{DOORS, HOUSES, House};

/// What the crate's `clippy.toml` has to be. A file here replaces the one at the root, whose
/// settings it therefore repeats.
fn text(house: &House) -> String {
    let mut text = String::from(
        "# Written by `cargo xtask tidy --fix` from xtask/src/tidy/doors.rs. Do not edit.\n\
         allow-unwrap-in-tests = true\n\
         allow-expect-in-tests = true\n\
         allow-panic-in-tests = true\n\
         allow-print-in-tests = true\n",
    );
    let closed = || DOORS.iter().filter(|b| !house.open.contains(&b.door));
    let mut list = |key: &str, entries: Vec<(&str, &str)>| {
        if entries.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{key} = [");
        for (path, reason) in entries {
            // Not every crate has every package in its graph.
            let absent = if path.starts_with("std::") {
                ""
            } else {
                ", allow-invalid = true"
            };
            let _ = writeln!(
                text,
                "    {{ path = \"{path}\", reason = \"{reason}\"{absent} }},"
            );
        }
        text.push_str("]\n");
    };
    list(
        "disallowed-methods",
        closed()
            .flat_map(|b| b.methods.iter().map(|m| (*m, b.instead)))
            .collect(),
    );
    list(
        "disallowed-types",
        closed()
            .flat_map(|b| b.types.iter().map(|t| (*t, b.instead)))
            .collect(),
    );
    text
}

/// Compares every crate's file with the table.
pub(crate) fn check(root: &Path, offences: &mut Vec<Offence>) -> anyhow::Result<()> {
    for house in HOUSES {
        let path = root.join("crates").join(house.folder).join("clippy.toml");
        if std::fs::read_to_string(&path).unwrap_or_default() != text(house) {
            offences.push(Offence::of_file(
                root,
                &path,
                "differs from the table of doors: run `cargo xtask tidy --fix`",
            ));
        }
    }
    Ok(())
}

/// Writes every crate's file.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    for house in HOUSES {
        let path = root.join("crates").join(house.folder).join("clippy.toml");
        std::fs::write(&path, text(house))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
