//! Every command that handles a secret, seen by the kernel under the widest and the narrowest umask:
//! a known passphrase, and every key that was made, go where they have to and nowhere else.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::trace::Call;
use e2e::{Said, Site, Trace, given};

/// Of the authority, and of clients' keys.
const PASSPHRASES: [&str; 2] = ["correct horse battery", "staple of the client"];

#[test]
fn go_nowhere_else_under_the_widest_umask() {
    judge("000");
}

#[test]
fn go_nowhere_else_under_the_narrowest_umask() {
    judge("077");
}

fn judge(umask: &'static str) {
    let desk = Desk::new(umask);
    let runs = desk.every_command();
    let secrets = Secrets::new(&desk.keys());
    let folder = Path::new(&desk.site.scratch);
    for run in &runs {
        run.is_silent_about(&secrets);
        run.keeps_itself_private(&secrets);
        run.makes_keys_private_from_the_start(&secrets);
        run.passes_nothing_on(&secrets);
        // What it wrote outside of the folder would not be searched.
        let changed = run.trace.changed_paths();
        let elsewhere = changed.iter().filter(|p| !Path::new(p).starts_with(folder));
        let elsewhere: Vec<_> = elsewhere.collect();
        assert!(elsewhere.is_empty(), "{}\n{elsewhere:#?}", run.said);
    }
    for (path, bytes) in files(folder) {
        let text = latin(&bytes);
        for secret in secrets.all() {
            assert!(
                secret.homes.contains(&path) || !text.contains(&secret.text),
                "{} of {:?} is in {}",
                secret.what,
                secret.homes,
                path.display()
            );
        }
    }
}

/// Where the commands are run: a server, its user, and folders under one roof.
struct Desk {
    site: Site,
    umask: &'static str,
    binary: String,
}

impl Desk {
    fn new(umask: &'static str) -> Self {
        let site = Site::tolva();
        site.sql("create role slardiere login");
        // The server's user may not be able to reach the folder that it was built in.
        let binary = format!("{}/pgcert", site.scratch);
        std::fs::copy(given::pgcert(), &binary).unwrap();
        let script = format!(
            "cd {}; mkdir -m 755 made; mkdir -m 700 made/given made/der",
            site.scratch
        );
        site.host.sh(&site.runner, &script).ok();
        Self {
            site,
            umask,
            binary,
        }
    }

    /// Runs all of them in turn.
    fn every_command(&self) -> Vec<Run> {
        let [authority, key] = ["authority", "key"].map(|name| match name {
            "key" => self.site.secret(name, PASSPHRASES[1]),
            _ => self.site.secret(name, PASSPHRASES[0]),
        });
        let (scratch, home, data) = (&self.site.scratch, &self.site.home, &self.site.cluster.data);
        let made = format!("{scratch}/made");
        let at = format!("--authority {made}/ca --state {made}/state");
        let signs = format!("{at} --passphrase-file {authority}");
        [
            (format!("ca init {signs}"), 1),
            (
                format!(
                    "ca import --cert {made}/ca/ca.crt --key {made}/ca/ca.key --authority {made}/taken \
                     --state {made}/state --passphrase-file {authority}"
                ),
                1,
            ),
            (format!("request server tolva --out {made}"), 1),
            (format!("request client slardiere --out {made}"), 1),
            (
                format!("request client other --key-type rsa2048 --out {made} --key-passphrase-file {key}"),
                1,
            ),
            (
                format!("sign {made}/tolva.csr {made}/slardiere.csr {made}/other.csr --yes {signs}"),
                0,
            ),
            (format!("issue server db --out {made} {signs}"), 1),
            (
                format!("issue client third --out {made} --key-passphrase-file {key} {signs}"),
                1,
            ),
            (format!("revoke other --yes {at}"), 0),
            (format!("ca crl --out {made}/root.crl {signs}"), 0),
            // In the clear it is a second home of the same key, as is meant; encrypted it is none.
            (
                format!(
                    "export --for jdbc --key {made}/slardiere.key --cert {made}/slardiere.crt \
                     --root {made}/ca/ca.crt --out {made}/der"
                ),
                1,
            ),
            (
                format!(
                    "export --for jdbc --key {made}/other.key --cert {made}/other.crt --root {made}/ca/ca.crt \
                     --passphrase-file {key} --key-passphrase-file {key} --out {made}"
                ),
                0,
            ),
            (format!("inspect {made}/other.p12 {made}/other.key --passphrase-file {key}"), 0),
            (
                format!(
                    "setup --role slardiere --server-name tolva --data-dir {data} --client-home {home} \
                     --passphrase-file {authority} --client-passphrase-file {key} --yes --json"
                ),
                3,
            ),
        ]
        .map(|(words, keys)| self.run(&self.site.runner, &words, keys))
        .into_iter()
        // Root makes files that it then has to give away.
        .chain([self.run(
            "root",
            &format!("ca init --authority {made}/given --state {made}/state-of-root --passphrase-file {authority}"),
            1,
        )])
        .collect()
    }

    fn run(&self, user: &str, words: &str, keys: usize) -> Run {
        let words: Vec<&str> = std::iter::once(self.binary.as_str())
            .chain(words.split(' '))
            .collect();
        let environment = [
            ("HOME", self.site.home.as_str()),
            ("USER", &self.site.runner),
        ];
        let file = format!("{}/trace", self.site.scratch);
        let (said, trace) = Trace::here(
            &given::tool("strace"),
            Path::new(&file),
            user,
            self.umask,
            &environment,
            &words,
        );
        std::fs::remove_file(file).unwrap();
        Run {
            said: said.ok(),
            trace,
            keys,
        }
    }

    /// The files of all keys that were made, private to their owner.
    fn keys(&self) -> Vec<PathBuf> {
        let keys: Vec<PathBuf> = files(Path::new(&self.site.scratch))
            .filter(|(path, bytes)| is_der(path) || latin(bytes).contains(MARK))
            .map(|(path, _)| path)
            .collect();
        let owner = std::fs::metadata(&self.site.home).unwrap().uid();
        for key in &keys {
            let metadata = key.metadata().unwrap();
            assert_eq!(
                (metadata.mode() & 0o7777, metadata.uid()),
                (0o600, owner),
                "{}",
                key.display()
            );
        }
        keys
    }
}

/// A command that was run under strace.
struct Run {
    said: Said,
    trace: Trace,
    /// How many keys it makes.
    keys: usize,
}

impl Run {
    /// Neither what it says nor what it starts others with has a secret in it.
    fn is_silent_about(&self, secrets: &Secrets) {
        let said = latin(format!("{}{}", self.said.stdout, self.said.stderr).as_bytes());
        let started: Vec<String> = self
            .trace
            .named("execve")
            .map(|call| latin(&call.data()))
            .collect();
        // The environment is in the trace.
        assert!(started[0].contains("HOME="), "{started:#?}");
        for secret in secrets.all() {
            for text in started.iter().chain([&said]) {
                assert!(!text.contains(&secret.text), "{}: {text}", secret.what);
            }
        }
    }

    /// Nobody of the same account can look into the process by the time that it has a secret.
    fn keeps_itself_private(&self, secrets: &Secrets) {
        let calls = &self.trace.calls;
        let private = self.trace.first(|c| {
            c.name == "prctl" && c.arguments.contains("PR_SET_DUMPABLE, SUID_DUMP_DISABLE")
        });
        let private = private.unwrap_or_else(|| panic!("never private: {}", self.said));
        assert_eq!(calls[private].process, calls[0].process);
        let first = calls.iter().position(|call| {
            let opens = call.name.starts_with("open") && call.paths().iter().any(|p| is_secret(p));
            opens || secrets.are_in(call)
        });
        if let Some(first) = first {
            assert!(private < first, "{:?}", calls[first]);
        }
        assert!(first.is_some() || self.keys == 0, "{}", self.said);
        let again = calls
            .iter()
            .any(|c| c.name == "prctl" && c.arguments.contains("PR_SET_DUMPABLE, SUID_DUMP_USER"));
        assert!(!again, "{}", self.said);
    }

    /// Whatever receives a key is a new file of its own, its owner's alone from the first moment to the
    /// last. Nothing else is written with a secret in it.
    fn makes_keys_private_from_the_start(&self, secrets: &Secrets) {
        let calls = &self.trace.calls;
        let mut received = BTreeSet::new();
        for call in calls.iter().filter(|c| is_write(c) && secrets.are_in(c)) {
            assert!(!secrets.passphrase_in(call), "{call:?}");
            received.insert(call.paths()[0].clone());
        }
        assert_eq!(received.len(), self.keys, "{received:?}\n{}", self.said);
        for path in &received {
            let about = |call: &&Call| call.paths().first() == Some(path);
            let opened: Vec<&Call> = calls
                .iter()
                .filter(|c| c.name.starts_with("open") && c.changes())
                .filter(about)
                .collect();
            let [made] = opened.as_slice() else {
                panic!("{path} is opened more than once: {opened:#?}")
            };
            for part in ["O_CREAT", "O_EXCL", "O_CLOEXEC"] {
                assert!(made.arguments.contains(part), "{made:?}");
            }
            let mode = octal(made);
            assert!(mode & !0o600 == 0, "{made:?}");
            // No key is meant for others in the end: so there is no moment for a wider mode.
            let moded = calls.iter().filter(|c| c.name.contains("chmod"));
            for call in moded.filter(about) {
                assert!(octal(call) & !0o600 == 0, "{call:?}");
            }
            // It gets its name at once, where nothing of that name can be.
            let renamed: Vec<&Call> = calls
                .iter()
                .filter(|c| c.name.starts_with("rename"))
                .filter(about)
                .collect();
            let [renamed] = renamed.as_slice() else {
                panic!("{path}: {renamed:#?}")
            };
            assert!(
                renamed.arguments.contains("RENAME_NOREPLACE"),
                "{renamed:?}"
            );
            let home = PathBuf::from(&renamed.paths()[1]);
            assert!(secrets.homes.contains(&home), "{renamed:?}");
            // And no other key's bytes are in it.
            for call in calls.iter().filter(|c| is_write(c)).filter(about) {
                let text = latin(&call.data());
                for secret in secrets.all().filter(|s| !s.homes.contains(&home)) {
                    assert!(!text.contains(&secret.text), "{call:?}");
                }
            }
        }
    }

    /// No program that is started has the descriptor of a file with a secret.
    fn passes_nothing_on(&self, secrets: &Secrets) {
        for call in &self.trace.calls {
            let secret = call
                .paths()
                .iter()
                .any(|p| is_secret(p) || secrets.homes.contains(Path::new(p)));
            if !secret {
                continue;
            }
            let opens = call.name.starts_with("open");
            let copies = call.name.starts_with("dup") || call.arguments.contains("F_DUPFD");
            assert!(
                !(opens || copies) || call.arguments.contains("CLOEXEC"),
                "{call:?}"
            );
            let lets_go = call.arguments.contains("F_SETFD") && !call.arguments.contains("CLOEXEC");
            assert!(!lets_go, "{call:?}");
        }
    }
}

/// What every PEM file with a private key has, encrypted or not.
const MARK: &str = "PRIVATE KEY-----";

/// What must not be seen, and the files in which it may be: its own, and that in which it was exported.
struct Secret {
    what: &'static str,
    text: String,
    homes: Vec<PathBuf>,
}

struct Secrets {
    known: Vec<Secret>,
    /// The files of the keys.
    homes: BTreeSet<PathBuf>,
}

impl Secrets {
    fn new(keys: &[PathBuf]) -> Self {
        let mut known = Vec::new();
        for text in PASSPHRASES {
            known.push(Secret {
                what: "a passphrase",
                text: text.to_owned(),
                homes: Vec::new(),
            });
        }
        let (der, pem): (Vec<_>, Vec<_>) = keys.iter().partition(|key| is_der(key));
        for key in pem {
            known.extend(secrets_of(key));
        }
        for file in der {
            let text = latin(&std::fs::read(file).unwrap());
            let exported = known.iter_mut().filter(|secret| {
                let of_it = |home: &PathBuf| home.file_stem() == file.file_stem();
                text.contains(&secret.text) && secret.homes.iter().any(of_it)
            });
            let exported = exported.map(|secret| secret.homes.push(file.clone()));
            // The DER form and the number in it.
            assert_eq!(exported.count(), 2, "{}", file.display());
        }
        Self {
            known,
            homes: keys.iter().cloned().collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Secret> {
        self.known.iter()
    }

    /// Whether the call moves a secret, or any private key.
    fn are_in(&self, call: &Call) -> bool {
        let moves = is_write(call) || call.name.contains("read") || call.name.starts_with("recv");
        moves && {
            let text = latin(&call.data());
            text.contains(MARK) || self.known.iter().any(|s| text.contains(&s.text))
        }
    }

    fn passphrase_in(&self, call: &Call) -> bool {
        let text = latin(&call.data());
        PASSPHRASES.iter().any(|p| text.contains(p))
    }
}

/// The secrets of a key's file: each line of it; and the key itself, which openssl gets out of it,
/// whole and its secret number alone, as bytes, in hexadecimal and in lines of PEM.
/// Out of an encrypted file they must not come anywhere.
fn secrets_of(file: &Path) -> Vec<Secret> {
    let text = std::fs::read_to_string(file).unwrap();
    let encrypted = text.contains("ENCRYPTED");
    let secret = |what, text| Secret {
        what,
        text,
        homes: if encrypted {
            Vec::new()
        } else {
            vec![file.to_owned()]
        },
    };
    let lines = |text: &str| -> Vec<String> {
        let body = text.lines().filter(|l| !l.starts_with("-----"));
        // The last line may be short enough to stand anywhere.
        body.filter(|l| l.len() > 20).map(str::to_owned).collect()
    };
    let openssl = |words: &[&str]| {
        PASSPHRASES
            .iter()
            .map(|passphrase| {
                Command::new(given::tool("openssl"))
                    .args(words)
                    .args(["-passin", &format!("pass:{passphrase}"), "-in"])
                    .arg(file)
                    .output()
                    .unwrap()
            })
            .find(|output| output.status.success())
            .unwrap_or_else(|| panic!("openssl cannot open {}", file.display()))
            .stdout
    };
    let pem = openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "PEM"]);
    let der = openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"]);
    let number = secret_number(&String::from_utf8(openssl(&["pkey", "-noout", "-text"])).unwrap());
    let hexadecimal: String = number.iter().map(|b| format!("{b:02x}")).collect();

    let mut secrets: Vec<Secret> = lines(&text)
        .into_iter()
        .map(|text| Secret {
            what: "a line of the file",
            text,
            homes: vec![file.to_owned()],
        })
        .collect();
    let pem = lines(&String::from_utf8(pem).unwrap());
    secrets.extend(pem.into_iter().map(|line| secret("a line", line)));
    secrets.extend([
        secret("the DER form", latin(&der)),
        secret("the secret number", latin(&number)),
        secret("the secret number in hexadecimal", hexadecimal),
    ]);
    secrets
}

/// The bytes below `priv:` or `privateExponent:` in what `openssl pkey -text` prints.
fn secret_number(text: &str) -> Vec<u8> {
    let below = text
        .lines()
        .skip_while(|l| !l.starts_with("priv:") && !l.starts_with("privateExponent:"))
        .skip(1)
        .take_while(|l| l.starts_with(' '));
    let number: Vec<u8> = below
        .flat_map(|l| l.trim().split(':').filter(|h| !h.is_empty()))
        .map(|h| u8::from_str_radix(h, 16).unwrap())
        .collect();
    assert!(number.len() >= 32, "{number:?}");
    // A zero in front is the sign of the integer.
    number.into_iter().skip_while(|b| *b == 0).collect()
}

/// Whether the file holds a secret, by its name.
fn is_secret(path: &str) -> bool {
    path.ends_with(".pass") || path.ends_with(".key") || is_der(Path::new(path))
}

/// Whether it is a key that was exported as DER, by its name.
fn is_der(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "pk8")
}

fn is_write(call: &Call) -> bool {
    call.name.contains("write") || call.name.starts_with("send")
}

/// The mode at the end of a call's arguments.
fn octal(call: &Call) -> u32 {
    let (_, mode) = call.arguments.rsplit_once(", ").unwrap();
    u32::from_str_radix(mode, 8).unwrap()
}

/// Every file below a folder with what is in it, but for what the server's own processes write all
/// the time, the passphrases and the program.
fn files(folder: &Path) -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            let name = path.file_name().unwrap().to_str().unwrap();
            if kind.is_dir() && !["base", "global", "pg_wal"].contains(&name) {
                folders.push(path);
            } else if kind.is_file() && !name.ends_with(".pass") && name != "pgcert" {
                found.push(path);
            }
        }
    }
    found.into_iter().map(|path| {
        let bytes = std::fs::read(&path).unwrap();
        (path, bytes)
    })
}

/// Bytes as text in which each is a character, so that they can be searched quickly.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
