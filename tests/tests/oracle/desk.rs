//! A folder of its own with an authority's place in it, in which other people's tools and the binary
//! under test are run. No judgement is here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::Said;
use e2e::given::{pgcert, tool};
use pki_core::Certificate;
use tempfile::TempDir;

/// The passphrase of every authority here, in the file `pp`.
pub(crate) const PASSPHRASE: &str = "correct-horse-battery";

/// The folder.
pub(crate) struct Desk(TempDir);

impl Desk {
    /// An empty one, with the file `pp`.
    pub(crate) fn new() -> Self {
        let desk = Self(TempDir::with_prefix_in("pgcert-oracle-", "/tmp").unwrap());
        desk.write("pp", &format!("{PASSPHRASE}\n"));
        desk
    }

    /// The same with an authority, its certificate in `root.crt`.
    pub(crate) fn with_authority() -> Self {
        let desk = Self::new();
        desk.pgcert(&["ca", "init", "--passphrase-file", "pp"]).ok();
        desk.write("root.crt", &desk.pgcert(&["ca", "export"]).ok().stdout);
        desk
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file there.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file there.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The certificate in a file there.
    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        Certificate::from_pem(self.read(name).as_bytes()).unwrap()
    }

    /// Runs the binary under test.
    pub(crate) fn pgcert(&self, words: &[&str]) -> Said {
        self.run(&pgcert(), words)
    }

    /// Runs the binary under test and reads the document that it prints.
    pub(crate) fn json(&self, words: &[&str]) -> serde_json::Value {
        let said = self.pgcert(&[words, &["--json"]].concat());
        serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}\n{said}"))
    }

    /// Runs a tool of xtask's table.
    pub(crate) fn tool(&self, name: &str, words: &[&str]) -> Said {
        self.run(&tool(name), words)
    }

    /// Runs OpenSSL.
    pub(crate) fn openssl(&self, words: &[&str]) -> Said {
        self.tool("openssl", words)
    }

    /// Runs a script of `sh` that stops at the first command that fails.
    pub(crate) fn sh(&self, script: &str) -> Said {
        self.run(Path::new("sh"), &["-ec", script])
    }

    fn run(&self, program: &Path, words: &[&str]) -> Said {
        let output = Command::new(program)
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("PGCERT_AUTHORITY", self.path("authority"))
            .env("PGCERT_STATE", self.path("state"))
            .stdin(Stdio::null())
            .args(words)
            .output()
            .unwrap_or_else(|e| panic!("cannot run {}: {e}", program.display()));
        Said::new(
            format!("{} {}", program.display(), words.join(" ")),
            &output,
        )
    }
}
