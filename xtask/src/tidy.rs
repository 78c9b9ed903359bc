//! `cargo xtask tidy`: what holds the house together, checked by machine.
//!
//! The walls (which crate may import what and reach which door), a `//!` at the head of every
//! file, pages that name only what is there, generated files that are current, the licences in every crate. Formatting and
//! lints are rustfmt's and clippy's.

mod arrows;
mod doors;
mod licences;
mod pages;
mod resolve;
mod scan;
mod tree;
mod walls;

#[cfg(test)]
mod breaks;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cases::Scope;
use crate::docs;

/// Lines above which a file is listed for a second look.
const LONG: usize = 600;

/// Something that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Offence {
    file: PathBuf,
    line: Option<usize>,
    what: String,
}

impl Offence {
    fn of_file(root: &Path, file: &Path, what: &str) -> Self {
        let file = file.strip_prefix(root).unwrap_or(file).to_owned();
        Self {
            file,
            line: None,
            what: what.to_owned(),
        }
    }

    fn of_line(root: &Path, file: &Path, line: usize, what: &str) -> Self {
        Self {
            line: Some(line),
            ..Self::of_file(root, file, what)
        }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file.display(), self.what),
            None => write!(f, "{}: {}", self.file.display(), self.what),
        }
    }
}

/// Checks the workspace at `root`, after rewriting its generated files if `fix` says so. `scope` is how
/// the program is built that some of them come from.
///
/// # Errors
/// When anything is not as it has to be; each offence has been printed.
pub(crate) fn run(root: &Path, fix: bool, scope: Scope) -> anyhow::Result<()> {
    if fix {
        walls::write(root)?;
        docs::write(root)?;
    }
    let mut offences = check(root)?;
    // Not in `check`: it needs the program, which a copy of the sources has not got.
    if let Some(page) = docs::outdated(root, scope)? {
        let what = "is not what the program says: cargo xtask docs writes it";
        offences.push(Offence::of_file(root, &page, what));
    }
    for offence in &offences {
        println!("{offence}");
    }
    for (file, lines) in long_files(root)? {
        println!(
            "note: {} has {lines} lines: worth a second look",
            file.display()
        );
    }
    anyhow::ensure!(offences.is_empty(), "tidy: {} to mend", offences.len());
    println!("tidy: all in place");
    Ok(())
}

/// Everything that is not as it has to be in the workspace at `root`.
fn check(root: &Path) -> anyhow::Result<Vec<Offence>> {
    let mut offences = Vec::new();
    walls::check(root, &mut offences)?;
    arrows::check(root, &mut offences)?;
    scan::check(root, &mut offences)?;
    pages::check(root, &mut offences)?;
    licences::check(root, &mut offences)?;
    for file in all_sources(root)? {
        if !read(&file)?.starts_with("//!") {
            offences.push(Offence::of_file(
                root,
                &file,
                "does not begin with `//!`: what lives here, and what does not",
            ));
        }
    }
    offences.sort();
    offences.dedup();
    Ok(offences)
}

fn long_files(root: &Path) -> anyhow::Result<Vec<(PathBuf, usize)>> {
    let mut long = Vec::new();
    for file in all_sources(root)? {
        let lines = read(&file)?.lines().count();
        if lines > LONG {
            long.push((file.strip_prefix(root).unwrap_or(&file).to_owned(), lines));
        }
    }
    Ok(long)
}

/// Every Rust file of the workspace.
fn all_sources(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "tests"] {
        files.extend(sources(&root.join(folder))?);
    }
    Ok(files)
}

/// Every Rust file below `folder`.
fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files(folder, "rs")
}

/// Every file below `folder` whose name ends like this, sorted; build output left out.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in folder
            .read_dir()
            .with_context(|| format!("cannot list {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
