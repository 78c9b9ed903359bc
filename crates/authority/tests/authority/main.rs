//! The authority on a real disk: made, opened, used by many at once, interrupted and refused. What a
//! certificate has to contain is tested in pki-core.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "that is how a test fails; only the test functions themselves are exempt"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the ground that the tests stand on has to be made"
)]

mod audit;
mod concurrency;
mod crl;
mod importing;
mod initialising;
mod issuing;
mod ownership;
mod refusals;
mod unchanged;

use std::path::PathBuf;

use authority::{Authority, Init, IssueOrder, Unlocked, init};
use pki_core::{AltName, Certificate, KeyType, Kind, PrivateKey, Scope, Secret, Subject, Time};
use tempfile::TempDir;

/// A folder of its own for a test, and the name under which the authority goes.
struct Place {
    _outer: TempDir,
    dir: PathBuf,
}

impl Place {
    fn new() -> Self {
        let outer = TempDir::new().expect("a folder for the test");
        let dir = outer.path().join("authority");
        Self { _outer: outer, dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// An authority without a passphrase, which would cost each test a tenth of a second.
    fn found(&self) -> Authority {
        init(&self.dir, &wish(&Subject::empty()), now()).expect("an authority")
    }

    fn open(&self) -> Authority {
        Authority::open(&self.dir)
            .expect("no error")
            .expect("an authority")
    }
}

/// 2026-11-24 22:13:52 UTC.
fn now() -> Time {
    Time::from_unix(1_795_558_432)
}

fn wish(subject: &Subject) -> Init<'_> {
    Init {
        name: "trustly",
        subject,
        days: 3650,
        key_type: KeyType::P256,
        scope: &EVERYTHING,
        passphrase: None,
        owner: None,
        by: "root",
    }
}

static EVERYTHING: Scope = Scope {
    only: None,
    dns: Vec::new(),
    networks: Vec::new(),
};

fn passphrase(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// Issues a certificate for a new key.
fn issue(unlocked: &Unlocked<'_>, kind: Kind, name: &str) -> Result<Certificate, authority::Error> {
    let key = PrivateKey::generate(KeyType::P256).expect("a key");
    let alt_names: Vec<AltName> = match kind {
        Kind::Server => vec![name.parse().expect("a name")],
        _ => Vec::new(),
    };
    let order = IssueOrder {
        kind,
        name,
        subject: &Subject::empty(),
        alt_names: &alt_names,
        days: 360,
        public_key: &key.public_key(),
        by: "tester",
        request: None,
    };
    unlocked.issue(&order, now())
}

/// Changes a store as somebody would who knows how: the triggers taken off, and put back.
fn unguarded(store: &rusqlite::Connection, change: &str) {
    let triggers: Vec<(String, String)> = store
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .expect("the schema")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("the triggers")
        .collect::<Result<_, _>>()
        .expect("their texts");
    for (name, _) in &triggers {
        store
            .execute_batch(&format!("DROP TRIGGER {name}"))
            .expect("it to go");
    }
    store.execute_batch(change).expect("the change");
    for (_, sql) in &triggers {
        store.execute_batch(sql).expect("it to come back");
    }
}
