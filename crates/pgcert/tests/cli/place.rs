//! Where a test works: a folder of its own with home, authority and state in it, the command run
//! there with a bare environment, and what it said.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use insta::internals::SettingsBindDropGuard;
use tempfile::TempDir;

/// The passphrase of every authority here. It must not turn up anywhere.
pub(crate) const PASSPHRASE: &str = "correct-horse-battery";

/// A folder for one test. While it lives, snapshots are taken with what differs from run to run
/// replaced.
pub(crate) struct Place {
    folder: TempDir,
    _filters: SettingsBindDropGuard,
}

impl Place {
    /// An empty folder, with a home and a file `pp` that holds the passphrase.
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("pgcert-cli-").unwrap();
        let mut settings = insta::Settings::clone_current();
        for (from, to) in filters(folder.path()) {
            settings.add_filter(&from, to);
        }
        let place = Self {
            folder,
            _filters: settings.bind_to_scope(),
        };
        fs::create_dir(place.path("home")).unwrap();
        place.write("pp", &format!("{PASSPHRASE}\n"));
        place
    }

    /// The same with an authority whose key is encrypted.
    pub(crate) fn with_authority() -> Self {
        let place = Self::new();
        place.must(&[
            "ca",
            "init",
            "--ca-name",
            "Test CA",
            "--passphrase-file",
            "pp",
        ]);
        place
    }

    /// The same with requests for server `localhost` and role `slardiere` signed, and `root.crt`.
    pub(crate) fn with_certificates() -> Self {
        let place = Self::with_authority();
        place.must(&["request", "server", "localhost", "--san", "ip:127.0.0.1"]);
        place.must(&["request", "client", "slardiere"]);
        place.must(&[
            "sign",
            "localhost.csr",
            "slardiere.csr",
            "--passphrase-file",
            "pp",
            "--yes",
        ]);
        place.write("root.crt", &place.must(&["ca", "export"]).out);
        place
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file there.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file there.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `program` in this folder, with nothing in its environment but where things are.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("PGCERT_AUTHORITY", self.path("authority"))
            .env("PGCERT_STATE", self.path("state"))
            .current_dir(self.folder.path())
            .stdin(std::process::Stdio::null());
        command
    }

    /// The command under test.
    pub(crate) fn pgcert<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.program(binary());
        command.args(arguments);
        command
    }

    /// Runs the command under test, without a terminal.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        said(self.pgcert(arguments))
    }

    /// The same, where it has to succeed.
    pub(crate) fn must<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{said}");
        said
    }

    /// The document that it prints with `--json`, where it has to succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let said = self.must(&[arguments, &["--json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&said.out).expect(&said.out);
        assert_eq!(document["schema_version"], 1);
        document
    }

    /// Every file and folder below `name`: path, mode, inode, time of change and bytes.
    pub(crate) fn everything(&self, name: &str) -> Vec<Seen> {
        let mut all = Vec::new();
        let mut left = vec![self.path(name)];
        while let Some(path) = left.pop() {
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            if metadata.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            }
            all.push(Seen::of(path, &metadata));
        }
        all.sort();
        all
    }

    /// Permission bits.
    pub(crate) fn mode(&self, name: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        let metadata = fs::metadata(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        metadata.permissions().mode() & 0o7777
    }
}

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    cargo_bin!("pgcert").to_owned()
}

/// A file or folder as it was.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    path: PathBuf,
    mode: u32,
    inode: u64,
    changed: (i64, i64),
    bytes: Option<Vec<u8>>,
}

impl Seen {
    /// Whether the file has these bytes somewhere.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let all = self.bytes.as_deref().unwrap_or_default();
        all.windows(bytes.len()).any(|window| window == bytes)
    }

    fn of(path: PathBuf, metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            mode: metadata.mode(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            bytes: metadata.is_file().then(|| fs::read(&path).unwrap()),
            path,
        }
    }
}

/// What the command said, and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end.
pub(crate) fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let said = Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    let shown = |arguments: &Command| format!("{:?}", arguments.get_args().collect::<Vec<_>>());
    assert!(
        !said.err.contains("panicked"),
        "{}: {said}",
        shown(&command)
    );
    assert!(
        !said.out.contains(PASSPHRASE) && !said.err.contains(PASSPHRASE),
        "{} tells the passphrase: {said}",
        shown(&command)
    );
    said
}

/// As a terminal would show it, with the exit code where it is not 0.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.out)?;
        if !self.err.is_empty() {
            write!(f, "--- on standard error\n{}", self.err)?;
        }
        match self.code {
            Some(0) => Ok(()),
            Some(code) => write!(f, "--- exit code {code}"),
            None => write!(f, "--- killed by a signal"),
        }
    }
}

/// What differs from run to run, the longest first.
fn filters(folder: &Path) -> Vec<(String, &'static str)> {
    let folder = folder.to_str().unwrap();
    let account = hostfile::Account::current().unwrap().name;
    let mut filters = vec![
        (folder.to_owned(), "[here]"),
        (format!(r"\({account} (\d{{4}})\)"), "([me] $1)"),
        (format!(r"of user {account}:"), "of user [me]:"),
        (format!(r"ordered by {account} "), "ordered by [me] "),
        (format!(r" by {account}(, reason|\n)"), " by [me]$1"),
        (format!(r",{account},(\d{{4}}-)"), ",[me],$1"),
        (format!(r"Z,{account},"), "Z,[me],"),
        (format!(r#"("requested_by": )"{account}""#), "$1\"[me]\""),
    ];
    let fixed = [
        (
            r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----(\\n)?",
            "[pem]",
        ),
        (r"\b[0-9a-f]{64}\b", "[sha256]"),
        (r"\b[0-9a-f]{40}\b", "[key id]"),
        (r"\b[0-9a-f]{26,34}\b", "[serial]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "[time]"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[time]"),
        (r"\d{4}-\d\d-\d\d", "[day]"),
        (r#"("not_(before|after)": )\d{10}\b"#, "$1\"[unix]\""),
        (r" *\b(359|360|3649|3650)\b( days left|  )", " [days]$2"),
    ];
    filters.extend(fixed.map(|(from, to)| (from.to_owned(), to)));
    filters
}
