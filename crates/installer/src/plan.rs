//! A plan: what will be done to get from the facts to the goal, as data that can be shown and judged.
//!
//! Planning and applying are two things with a person in between. A [`Plan`] says every step, and
//! every [`Consequence`] that somebody other than the asker would feel; [`Plan::approve`] turns it
//! into an [`Approved`] one, the only thing that can be applied. Nothing here touches the machine.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hostfile::Account;
use pki_core::{AltName, KeyType, Kind, Secret, Subject, Time};

use crate::goal::Expectation;

/// What will be done, in the order in which it will be done.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The steps. An empty list means that everything is as it should be.
    pub steps: Vec<Step>,
    /// Good to know; nobody has to agree to it.
    pub notes: Vec<Note>,
    /// What changes for somebody else; each needs a consent of its own.
    pub consequences: Vec<Consequence>,
    /// From when on the same goal renews the first of the certificates, all else being equal: when a
    /// third of its life is left.
    pub renewal: Option<Time>,
    /// What has to hold afterwards; without it the steps are taken back.
    pub expectation: Expectation,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds a note, once.
    pub(crate) fn note(&mut self, code: &'static str, text: impl Into<String>) {
        let note = Note {
            code,
            text: text.into(),
        };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// A certificate that is used from `from` to `until`, unless it is renewed before.
    pub(crate) fn renewed(&mut self, from: Time, until: Time) {
        let third = until.seconds_since(from) / 3;
        let day = until.plus_seconds(-third);
        self.renewal = Some(self.renewal.map_or(day, |other| other.min(day)));
    }

    /// Adds a consequence.
    pub(crate) fn consequence(&mut self, consent: Consent, text: impl Into<String>) {
        self.consequences.push(Consequence {
            consent,
            text: text.into(),
        });
    }

    /// Agrees to the plan.
    ///
    /// # Errors
    /// [`Unaccepted`] names every consequence that `accepted` does not hold.
    pub fn approve(self, accepted: &BTreeSet<Consent>) -> Result<Approved, Unaccepted> {
        let missing: Vec<_> = self
            .consequences
            .iter()
            .filter(|c| !accepted.contains(&c.consent))
            .cloned()
            .collect();
        if missing.is_empty() {
            Ok(Approved(self))
        } else {
            Err(Unaccepted {
                consequences: missing,
            })
        }
    }
}

/// A plan that somebody agreed to. Only such a plan can be applied.
#[derive(Debug, Clone)]
pub struct Approved(pub(crate) Plan);

/// Consequences that nobody agreed to.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a consequence was not accepted: {}", names(.consequences))]
pub struct Unaccepted {
    /// Each of them.
    pub consequences: Vec<Consequence>,
}

fn names(consequences: &[Consequence]) -> String {
    let set: BTreeSet<_> = consequences.iter().map(|c| c.consent.name()).collect();
    set.into_iter().collect::<Vec<_>>().join(",")
}

/// One step.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Step {
    /// Makes the authority: its key, its certificate, its store.
    InitAuthority(InitAuthority),
    /// Makes a key and has the authority sign a certificate for it.
    Issue(Issue),
    /// Creates the role with LOGIN and nothing else.
    CreateRole(String),
    /// Makes a folder.
    MakeFolder(MakeFolder),
    /// Writes a file whole: a new one, or new content of one that is there.
    Write(Write),
    /// Changes a setting that `postgresql.auto.conf` holds, with `ALTER SYSTEM`.
    AlterSystem(AlterSystem),
    /// Makes the server read its files again.
    Reload,
    /// Stops and starts the server.
    Restart,
}

impl Step {
    /// The step's name in JSON, stable.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Step::InitAuthority(_) => "init-authority",
            Step::Issue(_) => "issue",
            Step::CreateRole(_) => "create-role",
            Step::MakeFolder(_) => "make-folder",
            Step::Write(_) => "write",
            Step::AlterSystem(_) => "alter-system",
            Step::Reload => "reload",
            Step::Restart => "restart",
        }
    }

    /// The path that the step makes or changes, where it has one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Step::InitAuthority(init) => Some(&init.dir),
            Step::MakeFolder(folder) => Some(&folder.path),
            Step::Write(write) => Some(&write.path),
            _ => None,
        }
    }
}

/// The making of an authority.
#[derive(Debug, Clone)]
pub struct InitAuthority {
    /// Its folder.
    pub dir: PathBuf,
    /// Its subject, the common name included.
    pub subject: Subject,
    /// Its lifetime in days.
    pub days: u32,
    /// Its key.
    pub key_type: KeyType,
    /// Whether its key will be encrypted.
    pub encrypted: bool,
}

/// The making of a key and its certificate. A dry run shows it and takes no serial.
#[derive(Debug, Clone)]
pub struct Issue {
    /// What for; also how the later steps name it: one plan issues at most one of each kind.
    pub kind: Kind,
    /// Whom it names: the server's name or the role.
    pub name: String,
    /// The subject, the common name included.
    pub subject: Subject,
    /// The names that clients will compare the host with.
    pub alt_names: Vec<AltName>,
    /// Its lifetime in days; capped at the authority's end.
    pub days: u32,
    /// Its key.
    pub key_type: KeyType,
    /// The passphrase that the key file is encrypted with, if any.
    pub key_passphrase: Option<Secret>,
}

/// The making of a folder, as `owner` and with mode `mode`. One that is there is left as it is.
#[derive(Debug, Clone)]
pub struct MakeFolder {
    /// The folder.
    pub path: PathBuf,
    /// Whose rights it is made with.
    pub owner: Account,
    /// Its mode.
    pub mode: u32,
}

/// The writing of one file.
#[derive(Debug, Clone)]
pub struct Write {
    /// The file.
    pub path: PathBuf,
    /// Whose rights it is written with, and who owns it when it is new.
    pub owner: Account,
    /// The mode of a new file; one that is there keeps its own.
    pub mode: u32,
    /// What stood there when the plan was made.
    pub before: Before,
    /// What it will hold.
    pub content: Vec<Part>,
    /// What it is, in a word or two: `server key`, `rules`.
    pub what: &'static str,
    /// Which machine's service reads it.
    pub side: Side,
    /// Whether it goes into its place together with the next file that is written: neither is of use
    /// without the other, and both are in use.
    pub with_next: bool,
}

impl Write {
    /// The new content where it is known already and nothing in it is secret.
    #[must_use]
    pub fn known_content(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for part in &self.content {
            match part {
                Part::Bytes(part) => bytes.extend_from_slice(part),
                Part::Secret(_)
                | Part::Key(_)
                | Part::Certificate(_)
                | Part::AuthorityCertificate => return None,
            }
        }
        Some(bytes)
    }
}

/// What stood where a file is written, when the plan was made. It has to be the same when it is applied.
#[derive(Debug, Clone)]
pub enum Before {
    /// Nothing.
    Nothing,
    /// A file with these bytes.
    Bytes(Vec<u8>),
    /// A file whose bytes the plan does not keep, such as a key.
    File,
}

/// Whose file it is: the server's are written and loaded before the client's are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Read by the server.
    Server,
    /// Read by libpq.
    Client,
}

/// A piece of a file's content. Keys are made when the plan is applied, so a plan never holds one.
#[derive(Debug, Clone)]
pub enum Part {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes, never shown: a key that was made elsewhere on this machine.
    Secret(Secret),
    /// The private key of what this plan issues, in PKCS#8 PEM.
    Key(Kind),
    /// The certificate that this plan issues and those between it and the root, in PEM.
    Certificate(Kind),
    /// The certificate of the authority's root, in PEM.
    AuthorityCertificate,
}

/// A setting changed with `ALTER SYSTEM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterSystem {
    /// The setting.
    pub name: String,
    /// Its new value.
    pub value: String,
    /// What `postgresql.auto.conf` held; put back when the plan is rolled back.
    pub before: Option<String>,
}

/// Good to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Stable, for scripts.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// A change that somebody else would feel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequence {
    /// The consent that it needs.
    pub consent: Consent,
    /// What exactly changes, and for whom.
    pub text: String,
}

/// The consents, by the names that `--accept` takes. They are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Consent {
    /// TLS was off and goes on, and some login's deciding rule changes with it.
    TlsOn,
    /// The role's password logins over TLS end.
    RoleLogins,
    /// Other authorities can issue a certificate for this role too.
    OtherAuthorities,
    /// A server certificate that was issued elsewhere is replaced.
    ReplaceServerCertificate,
    /// The role is a superuser, or has REPLICATION or BYPASSRLS.
    PrivilegedRole,
    /// The server listens on no address that the stated networks can reach.
    Unreachable,
}

impl Consent {
    /// All of them.
    pub const ALL: [Consent; 6] = [
        Consent::TlsOn,
        Consent::RoleLogins,
        Consent::OtherAuthorities,
        Consent::ReplaceServerCertificate,
        Consent::PrivilegedRole,
        Consent::Unreachable,
    ];

    /// The name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Consent::TlsOn => "tls-on",
            Consent::RoleLogins => "role-logins",
            Consent::OtherAuthorities => "other-authorities",
            Consent::ReplaceServerCertificate => "replace-server-certificate",
            Consent::PrivilegedRole => "privileged-role",
            Consent::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Consent {
    type Err = UnknownConsent;

    fn from_str(name: &str) -> Result<Self, UnknownConsent> {
        Consent::ALL
            .into_iter()
            .find(|c| c.name() == name)
            .ok_or_else(|| UnknownConsent(name.to_owned()))
    }
}

/// No consent has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no consequence called {0:?}")]
pub struct UnknownConsent(pub String);
