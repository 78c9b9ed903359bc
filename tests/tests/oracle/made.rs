//! Authorities and certificates as the real binary makes them, in a folder that goes away.

use std::path::PathBuf;
use std::process::Command;

use e2e::{Said, given};
use tempfile::TempDir;

/// The types of key that there are.
pub(crate) const KEY_TYPES: [&str; 6] =
    ["p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519"];

/// An authority, and what it issued.
pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    /// A root with a key of that type, without a passphrase: what is judged does not depend on it, and
    /// it costs a tenth of a second each time. More options in `more`.
    pub(crate) fn root(key_type: &str, more: &[&str]) -> Self {
        let made = Self::in_a_folder();
        made.init(key_type, more);
        made
    }

    /// An authority below a root of its own ([`root_path`](Self::root_path)), whose key is of the same type.
    pub(crate) fn under_a_root(key_type: &str, more: &[&str]) -> Self {
        let made = Self::in_a_folder();
        let root = made.root_path().display().to_string();
        let below = ["--intermediate", "--root-authority", &root];
        made.init(key_type, &[&below[..], more].concat());
        made
    }

    fn in_a_folder() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn init(&self, key_type: &str, more: &[&str]) {
        let init = ["ca", "init", "--no-passphrase", "--force"];
        let words = [&init[..], &["--key-type", key_type], more].concat();
        self.pgcert(&words).ok();
    }

    /// A certificate by way of a request: `words` are those of `pgcert request`.
    pub(crate) fn sign(&self, words: &[&str]) -> PathBuf {
        let folder = tempfile::tempdir_in(&self.folder).unwrap().keep();
        let out = folder.display().to_string();
        self.pgcert(&[&["request"], words, &["--out", &out]].concat())
            .ok();
        let made = |extension: &str| {
            let entries = std::fs::read_dir(&folder)
                .unwrap()
                .map(|e| e.unwrap().path());
            entries
                .filter(|p| p.extension().is_some_and(|e| e == extension))
                .collect::<Vec<_>>()
                .pop()
                .unwrap()
        };
        self.pgcert(&["sign", "--yes", &made("csr").display().to_string()])
            .ok();
        made("crt")
    }

    /// The authority's certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path().join("ca.crt")
    }

    /// Its folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("authority")
    }

    /// The folder of the root above it.
    pub(crate) fn root_path(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// The binary, for this authority.
    pub(crate) fn pgcert(&self, words: &[&str]) -> Said {
        self.pgcert_of(&self.path().display().to_string(), words)
    }

    /// The binary, for the authority in a folder.
    pub(crate) fn pgcert_of(&self, authority: &str, words: &[&str]) -> Said {
        let output = Command::new(given::pgcert())
            .args(words)
            .args(["--authority", authority])
            .arg("--state")
            .arg(self.folder.path().join("state"))
            .output()
            .unwrap();
        Said::new(format!("pgcert {}", words.join(" ")), &output)
    }
}
