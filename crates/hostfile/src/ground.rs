//! Ground to test on: folders, small and read-only mounts, attributes, strangers. Only compiled for tests.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::Ground;
use crate::swap::tests::WITHOUT_FLAGS;

/// A uid that has no files of its own on any machine.
pub(crate) const STRANGER: u32 = 54_321;

/// For new files in tests.
pub(crate) const PLAIN: Ground = Ground {
    owner: None,
    mode: 0o640,
};

/// Whether this is root. If not, says which test is left out and what it needs root for.
pub(crate) fn is_root(needed_for: &str) -> bool {
    let root = geteuid().is_root();
    if !root {
        println!("skipped: needs root, {needed_for}");
    }
    root
}

/// A folder that only its owner may write; goes away with the value.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("hostfile-")
        .tempdir()
        .unwrap()
}

/// Runs it with the kernel's exchange, then as on a filesystem that has none.
pub(crate) fn with_and_without_exchange(test: impl Fn()) {
    test();
    WITHOUT_FLAGS.set(true);
    test();
    WITHOUT_FLAGS.set(false);
}

/// The bytes of every file in a folder, hidden ones too.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let bytes = match entry.file_type().unwrap().is_file() {
                true => fs::read(entry.path()).unwrap(),
                false => Vec::new(),
            };
            let name = entry.file_name().into_string().unwrap();
            (name, String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

pub(crate) fn inode(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}

/// Something mounted for the length of a test.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// `None`, with the reason, where this may not mount (most containers).
    pub(crate) fn new(options: &[&str], at: &Path) -> Option<Mount> {
        let done = Command::new("mount").args(options).arg(at).output();
        match done {
            Ok(output) if output.status.success() => Some(Mount(at.to_owned())),
            Ok(output) => {
                println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("skipped: cannot run mount: {error}");
                None
            }
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// `i` or `a`, for the length of a test.
pub(crate) struct Flag(PathBuf, rustix::fs::IFlags);

impl Flag {
    /// `None`, with the reason, where the filesystem has no such attributes.
    pub(crate) fn set(path: &Path, flag: rustix::fs::IFlags) -> Option<Flag> {
        let file = fs::File::open(path).unwrap();
        let set = rustix::fs::ioctl_getflags(&file)
            .and_then(|flags| rustix::fs::ioctl_setflags(&file, flags | flag));
        match set {
            Ok(()) => Some(Flag(path.to_owned(), flag)),
            Err(errno) => {
                println!("skipped: cannot set {flag:?}: {errno}");
                None
            }
        }
    }
}

impl Drop for Flag {
    fn drop(&mut self) {
        if let Ok(file) = fs::File::open(&self.0)
            && let Ok(flags) = rustix::fs::ioctl_getflags(&file)
        {
            let _ = rustix::fs::ioctl_setflags(&file, flags - self.1);
        }
    }
}
