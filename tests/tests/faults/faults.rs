//! An authority's commands with each of their steps going wrong: killed there, or refused by the disk.
//! Afterwards the next run works, nothing that was signed is unknown, no serial is given twice, and
//! nothing half-made is left.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::{Said, given};
use pki_core::{Certificate, Crl, PrivateKey};
use tempfile::TempDir;

use crate::steps::{CALLS, Fault, Step};

/// A command that is made to go wrong.
struct Case {
    /// What has to be done before, once.
    before: &'static [&'static str],
    /// The command.
    command: &'static str,
    /// Whether it was done.
    done: fn(&Desk) -> bool,
    /// The same once more: to begin again, or to go on.
    again: &'static str,
    /// Whether what it wrote stays and it fails, should the last sync fail: it replaced a file, or wrote
    /// many.
    stays_unsynced: bool,
    /// Another one in the same folders, which has to work after whatever happened.
    next: &'static str,
}

#[test]
fn ca_init() {
    Case {
        before: &[],
        command: "ca init --no-passphrase",
        done: |desk| desk.path("authority/ca.crt").exists(),
        again: "ca init --no-passphrase",
        stays_unsynced: false,
        next: "ca show",
    }
    .try_all();
}

#[test]
fn request() {
    Case {
        before: &["ca init --no-passphrase"],
        command: "request server tolva --out out",
        done: |desk| desk.path("out/tolva.csr").exists(),
        again: "request server tolva --out out",
        stays_unsynced: false,
        next: "request server other --out out",
    }
    .try_all();
}

#[test]
fn sign() {
    Case {
        before: &[
            "ca init --no-passphrase",
            "request server tolva --out .",
            "request client slardiere --out .",
        ],
        command: "sign tolva.csr --yes --out out",
        done: |desk| desk.path("out/tolva.crt").exists(),
        again: "sign tolva.csr --yes --out out",
        stays_unsynced: false,
        next: "sign slardiere.csr --yes --out out",
    }
    .try_all();
}

#[test]
fn issue() {
    Case {
        before: &["ca init --no-passphrase"],
        command: "issue client slardiere --out out",
        done: |desk| desk.path("out/slardiere.crt").exists(),
        again: "issue client slardiere --out out",
        stays_unsynced: false,
        next: "issue server tolva --out out",
    }
    .try_all();
}

#[test]
fn issue_batch() {
    Case {
        before: &["ca init --no-passphrase"],
        command: "issue --batch batch.csv --out out",
        done: |desk| {
            ["anna", "bert", "tolva"]
                .iter()
                .all(|name| desk.path(&format!("out/{name}.crt")).exists())
        },
        again: "issue --batch batch.csv --out out --resume",
        stays_unsynced: true,
        next: "issue client other --out out",
    }
    .try_all();
}

#[test]
fn revoke() {
    Case {
        before: &[
            "ca init --no-passphrase",
            "issue client slardiere --out out",
        ],
        command: "revoke slardiere --yes",
        done: |desk| desk.pgcert("list --json").stdout.contains("\"revoked\""),
        again: "revoke slardiere --yes",
        stays_unsynced: false,
        next: "issue server tolva --out out",
    }
    .try_all();
}

#[test]
fn ca_crl() {
    Case {
        before: &[
            "ca init --no-passphrase",
            "issue client slardiere --out out",
            "revoke slardiere --yes",
        ],
        command: "ca crl --out out/root.crl",
        done: |desk| desk.path("out/root.crl").exists(),
        again: "ca crl --out out/root.crl",
        stays_unsynced: false,
        next: "ca crl --out out/other.crl",
    }
    .try_all();
}

#[test]
fn ca_crl_in_place_of_an_earlier_one() {
    Case {
        before: &["ca init --no-passphrase", "ca crl --out out/root.crl"],
        command: "ca crl --out out/root.crl",
        done: |desk| desk.numbers().is_ok_and(|n| n != ["01"]),
        again: "ca crl --out out/root.crl",
        stays_unsynced: true,
        next: "ca crl --out out/other.crl",
    }
    .try_all();
}

#[test]
fn ca_import() {
    Case {
        before: &[
            "ca init --no-passphrase --authority old",
            "issue client slardiere --authority old --out old",
        ],
        command: "ca import --cert old/ca.crt --key old/ca.key --certs old/slardiere.crt --no-passphrase",
        done: |desk| desk.path("authority/ca.crt").exists(),
        again: "ca import --cert old/ca.crt --key old/ca.key --certs old/slardiere.crt --no-passphrase",
        stays_unsynced: false,
        next: "issue client other --out out",
    }
    .try_all();
}

impl Case {
    /// Tries every step and every fault, or as many of them as there is time for.
    fn try_all(&self) {
        let template = Desk::new();
        for words in self.before {
            template.pgcert(words).ok();
        }
        let tries = self.tries(&template);
        assert!(tries.len() > 20, "{tries:#?}");
        let mut failures = Vec::new();
        for (step, fault) in &tries {
            let desk = template.copy();
            if let Err(why) = self.settles(&desk, step, *fault) {
                failures.push(format!(
                    "{fault:?} at {step}\n  {}",
                    why.replace('\n', "\n  ")
                ));
            }
        }
        assert!(
            failures.is_empty(),
            "{} of {} went wrong\n{}",
            failures.len(),
            tries.len(),
            failures.join("\n")
        );
    }

    fn tries(&self, template: &Desk) -> Vec<(Step, Fault)> {
        let desk = template.copy();
        let trace = desk.path("trace");
        let options = ["-y", "-o", trace.to_str().unwrap(), "-e", CALLS];
        desk.traced(&options, self.command).ok();
        let steps = Step::all(&std::fs::read_to_string(trace).unwrap());
        let tries: Vec<(Step, Fault)> = steps
            .into_iter()
            .flat_map(|step| {
                let faults = step.faults();
                faults.into_iter().map(move |fault| (step.clone(), fault))
            })
            .collect();
        let wanted = match std::env::var("PGCERT_FAULTS").as_deref() {
            Ok("all") => tries.len(),
            Ok(number) => number.parse().unwrap(),
            Err(_) => panic!("PGCERT_FAULTS is not set: run `cargo xtask faults`"),
        };
        let stride = tries.len().div_ceil(wanted.max(1)).max(1);
        tries.into_iter().step_by(stride).collect()
    }

    /// Lets it go wrong once, and looks at what is left then and after the next runs.
    fn settles(&self, desk: &Desk, step: &Step, fault: Fault) -> Result<(), String> {
        let injected = step.injected(fault);
        let mut options = vec!["-o", "/dev/null"];
        options.extend(injected.iter().map(String::as_str));
        let said = desk.traced(&options, self.command);
        let done = (self.done)(desk);
        match (fault, said.code) {
            (Fault::Kill, -1) => {}
            (Fault::Kill, _) => return Err(format!("it was not killed\n{said}")),
            (Fault::Error(_), 0) if done => {}
            // What it has to say may not have come out, but then it has done what it was to do.
            (Fault::Error(_), 1) if step.talks => {}
            (Fault::Error(_), 1)
                if !done
                    || self.stays_unsynced && ["fsync", "syncfs"].contains(&step.call.as_str()) =>
            {
                if !said.stderr.lines().any(|l| l.starts_with("error: ")) {
                    return Err(format!("it does not say why\n{said}"));
                }
            }
            (Fault::Error(_), 1) => return Err(format!("it failed, and yet it is done\n{said}")),
            (Fault::Error(_), _) => return Err(format!("it ended oddly\n{said}")),
        }
        desk.audit()?;

        // Done now, or it stands there already, whole.
        let again = desk.pgcert(self.again);
        let settled = match again.code {
            0 => (self.done)(desk),
            1 => self.again == self.command && again.stderr.contains("already"),
            _ => false,
        };
        if !settled {
            return Err(format!(
                "after\n{said}\nthe next run does not work\n{again}"
            ));
        }
        let next = desk.pgcert(self.next);
        if next.code != 0 {
            return Err(format!("after\n{said}\nanother run does not work\n{next}"));
        }
        desk.audit()?;
        desk.is_tidy()
    }
}

/// A folder with an authority and what was made with it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: TempDir::with_prefix("pgcert-faults-").unwrap(),
        };
        std::fs::create_dir(desk.path("out")).unwrap();
        let batch = "kind,name\nclient,anna\nclient,bert\nserver,tolva\n";
        std::fs::write(desk.path("batch.csv"), batch).unwrap();
        desk
    }

    /// Another one that is the same.
    fn copy(&self) -> Self {
        let copy = Self {
            folder: TempDir::with_prefix("pgcert-faults-").unwrap(),
        };
        let all = format!("{}/.", self.folder.path().display());
        let mut cp = Command::new("cp");
        let status = cp.args(["-a", &all]).arg(copy.folder.path()).status();
        assert!(status.unwrap().success());
        copy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pgcert(&self, words: &str) -> Said {
        self.run(&[], words)
    }

    fn traced(&self, options: &[&str], words: &str) -> Said {
        let strace = given::tool("strace");
        let starter = [&[strace.to_str().unwrap(), "-qq", "-f"], options].concat();
        self.run(&starter, words)
    }

    fn run(&self, starter: &[&str], words: &str) -> Said {
        let pgcert = given::pgcert();
        let line: Vec<&str> = starter
            .iter()
            .copied()
            .chain([pgcert.to_str().unwrap()])
            .chain(words.split(' '))
            .collect();
        let output = Command::new(line[0])
            .args(&line[1..])
            .current_dir(self.folder.path())
            .env("PGCERT_AUTHORITY", self.path("authority"))
            .env("PGCERT_STATE", self.path("state"))
            .output()
            .unwrap();
        Said::new(format!("pgcert {words}"), &output)
    }

    /// Every certificate that lies on the disk is in the store, and every key is whole.
    fn audit(&self) -> Result<(), String> {
        let files = self.files();
        let certificates: BTreeMap<&PathBuf, Certificate> = files
            .iter()
            .filter(|f| f.extension().is_some_and(|e| e == "crt"))
            .map(|f| (f, std::fs::read(f).unwrap()))
            // Many are written at their places: one without a byte is none yet.
            .filter(|(f, bytes)| !bytes.is_empty() || f.starts_with(self.path("authority")))
            .map(|(f, bytes)| {
                let certificate = Certificate::from_pem(&bytes);
                certificate
                    .map(|c| (f, c))
                    .map_err(|e| format!("{}: {e}", f.display()))
            })
            .collect::<Result<_, _>>()?;
        for key in files
            .iter()
            .filter(|f| f.extension().is_some_and(|e| e == "key"))
        {
            let mode = key.metadata().unwrap().permissions().mode();
            let whole = PrivateKey::from_pem(&std::fs::read(key).unwrap(), None);
            let whole = whole.map_err(|e| format!("{}: {e}", key.display()))?;
            if mode & 0o777 != 0o600 {
                return Err(format!("{} has mode {mode:o}", key.display()));
            }
            if let Some(certificate) = certificates.get(&key.with_extension("crt"))
                && certificate.public_key() != whole.public_key()
            {
                return Err(format!("{} is not of its certificate", key.display()));
            }
        }
        if !self.path("authority/ca.crt").exists() {
            return match certificates.len() {
                0 => Ok(()),
                _ => Err(format!(
                    "certificates without an authority: {certificates:?}"
                )),
            };
        }
        let audit = self.pgcert("ca audit");
        if audit.code != 0 {
            return Err(audit.to_string());
        }
        let numbers = self.numbers()?;
        if numbers.iter().collect::<BTreeSet<_>>().len() != numbers.len() {
            return Err(format!("a list's number was given twice: {numbers:?}"));
        }
        let listed = self.pgcert("list --json");
        let listed: serde_json::Value = serde_json::from_str(&listed.stdout)
            .map_err(|e| format!("the store is not listed: {e}\n{listed}"))?;
        let entries = listed["certificates"].as_array().unwrap();
        let serials: BTreeSet<&str> = entries
            .iter()
            .filter_map(|e| e["serial"].as_str())
            .collect();
        if serials.len() != entries.len() {
            return Err(format!("a serial was given twice: {entries:#?}"));
        }
        for (file, certificate) in &certificates {
            let serial = certificate.serial().to_string();
            let known = entries.iter().any(|e| {
                e["serial"] == serial.as_str()
                    && (e["state"] == "issued" || e["state"] == "revoked")
            });
            if !known {
                return Err(format!(
                    "{} is not known to the store: {entries:#?}",
                    file.display()
                ));
            }
        }
        Ok(())
    }

    /// The numbers of all revocation lists on the disk.
    fn numbers(&self) -> Result<Vec<String>, String> {
        let files = self.files().into_iter();
        let lists = files.filter(|f| f.extension().is_some_and(|e| e == "crl"));
        let mut numbers = Vec::new();
        for file in lists {
            let lists = Crl::all_from_pem(&std::fs::read(&file).unwrap());
            let lists = lists.map_err(|e| format!("{}: {e}", file.display()))?;
            if lists.len() != 1 {
                return Err(format!("{} holds {} lists", file.display(), lists.len()));
            }
            numbers.extend(lists.iter().filter_map(Crl::number).map(|n| n.to_string()));
        }
        Ok(numbers)
    }

    /// Nothing is there but what the commands are to leave.
    fn is_tidy(&self) -> Result<(), String> {
        let odd: Vec<PathBuf> = self
            .files()
            .into_iter()
            .filter(|file| {
                let name = file.file_name().unwrap().to_str().unwrap();
                let known = ["crt", "key", "csr", "crl", "csv", "db", "lock"];
                name.starts_with('.')
                    || !known.iter().any(|e| name.ends_with(&format!(".{e}"))) && name != "trace"
            })
            .collect();
        if odd.is_empty() {
            Ok(())
        } else {
            Err(format!("left behind: {odd:?}"))
        }
    }

    /// Every file.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders: Vec<PathBuf> = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                if path == self.path("old") {
                    // Another program's, which is not looked after here.
                    continue;
                }
                if Path::is_dir(&path) {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files
    }
}
