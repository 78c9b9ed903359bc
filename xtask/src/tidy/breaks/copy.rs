//! A copy of the workspace to break, and what tidy finds in it that was not there before.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tidy::doors::HOUSES;
use crate::tidy::{Offence, arrows, check, licences, scan};

/// A copy of the workspace's manifests and sources, or of one crate's.
pub(super) struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    pub(super) fn make() -> Self {
        Self::of(&[
            "Cargo.toml",
            "Cargo.lock",
            "README.md",
            "CHANGELOG.md",
            "LICENSE-APACHE",
            "LICENSE-MIT",
            "docs",
            "crates",
            "xtask",
            "tests",
        ])
    }

    pub(super) fn of(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            copy(&crate::root().join(name), &folder.path().join(name));
        }
        Self { folder }
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("crates").join(file)
    }

    /// All that tidy finds.
    pub(super) fn offences(&self) -> Vec<Offence> {
        check(self.folder.path()).unwrap()
    }

    pub(super) fn new_since(&self, before: &[Offence]) -> String {
        new_in(&self.offences(), before)
    }

    /// What the scan finds in the sources of one crate.
    fn scanned(&self, folder: &str) -> Vec<Offence> {
        let house = HOUSES.iter().find(|h| h.folder == folder).unwrap();
        let mut offences = Vec::new();
        scan::check_house(self.folder.path(), house, &mut offences).unwrap();
        offences
    }

    /// What is found in the manifests.
    pub(super) fn manifests(&self) -> Vec<Offence> {
        let mut offences = Vec::new();
        arrows::check(self.folder.path(), &mut offences).unwrap();
        offences
    }

    /// What is found of the licences.
    pub(super) fn licences(&self) -> String {
        let mut offences = Vec::new();
        licences::check(self.folder.path(), &mut offences).unwrap();
        new_in(&offences, &[])
    }

    /// Appends `code` to a file and answers what the scan finds now and did not find before.
    pub(super) fn with_appended(&self, file: &str, code: &str) -> String {
        let (folder, _) = file.split_once('/').unwrap();
        let before = self.scanned(folder);
        let path = self.path(file);
        let mut text = fs::read_to_string(&path).unwrap_or_else(|_| "//! New.\n".to_owned());
        text.push_str(code);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        new_in(&self.scanned(folder), &before)
    }

    /// The same for a line put under `[dependencies]`.
    pub(super) fn with_dependency(&self, folder: &str, line: &str) -> String {
        let before = self.manifests();
        let path = self.path(folder).join("Cargo.toml");
        let text = fs::read_to_string(&path).unwrap();
        let under = format!("[dependencies]\n{line}\n");
        fs::write(&path, text.replacen("[dependencies]\n", &under, 1)).unwrap();
        new_in(&self.manifests(), &before)
    }
}

pub(super) fn new_in(offences: &[Offence], before: &[Offence]) -> String {
    let new = offences.iter().filter(|o| !before.contains(o));
    new.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "target" {
                copy(&from.join(&name), &to.join(&name));
            }
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Appends `code` to a file of a fresh copy; the offences have to contain `expected`.
#[track_caller]
pub(super) fn caught(file: &str, code: &str, expected: &str) {
    let (folder, _) = file.split_once('/').unwrap();
    let found = Copy::of(&[&format!("crates/{folder}")]).with_appended(file, code);
    assert!(
        found.contains(expected),
        "wanted: {expected}\nfound: {found}"
    );
}

#[track_caller]
pub(super) fn free(file: &str, code: &str) {
    let (folder, _) = file.split_once('/').unwrap();
    let found = Copy::of(&[&format!("crates/{folder}")]).with_appended(file, code);
    assert_eq!(found, "", "should have been free");
}

#[track_caller]
pub(super) fn dependency_caught(folder: &str, line: &str, expected: &str) {
    let found = Copy::make().with_dependency(folder, line);
    assert!(
        found.contains(expected),
        "wanted: {expected}\nfound: {found}"
    );
}
