//! The store alone: what its constraint refuses, what its filters let through, how it grows.

use std::sync::LazyLock;

use hostfile::{Ground, Trust};
use pki_core::{Fingerprint, KeyType, Kind, PrivateKey, PublicKey, Subject, Validity};
use proptest::option::of;
use proptest::prelude::*;
use tempfile::TempDir;

use rusqlite::{Transaction, TransactionBehavior};

use super::log::Writing;
use super::*;
use crate::State;

#[test]
fn a_serial_is_taken_once() {
    let (store, _folder) = new();
    let key = PrivateKey::generate(KeyType::P256).unwrap().public_key();
    let intent = intent(&key, "slardiere");
    let serial = Serial::random().unwrap();
    let mut writing = Writing::begin(&store).unwrap();
    let mut insert = store.prepare(record::INTEND).unwrap();
    let mut record = || {
        store
            .record(&mut writing, &mut insert, &serial, &intent)
            .unwrap()
    };
    assert!(record());
    assert!(!record());
    drop(insert);
    writing.commit().unwrap();
    assert_ne!(store.intend(&intent).unwrap(), serial);

    let entries = store.list(&Filter::default()).unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.state == State::Intended));
    assert_eq!(store.der(&serial).unwrap(), None);
}

#[test]
fn commits_are_synced_and_readers_do_not_wait() {
    let (store, folder) = new();
    let ask = |pragma: &str| -> String {
        let value = |row: &Row<'_>| row.get::<_, rusqlite::types::Value>(0);
        format!(
            "{:?}",
            store
                .connection
                .pragma_query_value(None, pragma, value)
                .unwrap()
        )
    };
    assert_eq!(ask("journal_mode"), r#"Text("wal")"#);
    assert_eq!(ask("synchronous"), "Integer(2)");

    let writing = Transaction::new_unchecked(&store.connection, TransactionBehavior::Immediate);
    assert!(
        Store::open(&folder.path().join("store.db"))
            .unwrap()
            .list(&Filter::default())
            .unwrap()
            .is_empty()
    );
    drop(writing);
}

#[test]
fn the_tables_refuse_what_cannot_be() {
    let (store, _folder) = new();
    for (state, der, revoked_at) in [
        ("issued", "NULL", "NULL"),
        ("unused", "NULL", "NULL"),
        ("intended", "x'30'", "NULL"),
        ("revoked", "x'30'", "NULL"),
        ("issued", "x'30'", "1"),
        ("lost", "x'30'", "NULL"),
    ] {
        let digest = if der == "NULL" { "NULL, NULL" } else { "'', 1" };
        let sql = format!(
            "INSERT INTO certificate (serial, kind, name, subject, not_before, not_after, public_key,
                 requested_by, requested_at, state, der, fingerprint, issued_at, revoked_at)
             VALUES ('01', 'client', 'a', 'CN=a', 0, 1, '', 'b', 0, '{state}', {der}, {digest}, {revoked_at})"
        );
        let error = store.batch(&sql).unwrap_err().to_string();
        assert!(
            error.contains("CHECK constraint failed"),
            "{state} {der}: {error}"
        );
    }
}

/// A new store, `store.db` in a folder that goes away with the second value.
fn new() -> (Store, TempDir) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("store.db");
    let ground = Ground {
        owner: None,
        mode: 0o600,
    };
    hostfile::create_new(&file, &Store::blank().unwrap(), &ground, Trust::NoLinks).unwrap();
    let store = Store::open(&file).unwrap();
    (store, folder)
}

/// A client's.
fn intent<'a>(key: &'a PublicKey, name: &'a str) -> Intent<'a> {
    let at = Time::from_unix(1_795_558_432);
    static SUBJECT: LazyLock<Subject> =
        LazyLock::new(|| Subject::empty().with_common_name("slardiere"));
    Intent {
        kind: Kind::Client,
        name,
        subject: &SUBJECT,
        validity: Validity::new(at, 360, None).unwrap(),
        public_key: key,
        request: None,
        by: "tester",
        at,
    }
}

/// What a row says of which a filter takes notice.
#[derive(Debug, Clone)]
struct Facts {
    kind: Kind,
    name: String,
    state: State,
    not_before: Time,
    not_after: Time,
}

impl Facts {
    /// Bypasses intent and signature, which are not the matter here.
    fn insert(&self, store: &Store, serial: usize) {
        let signed = (self.state != State::Intended).then_some(1);
        let digest = Fingerprint::of(b"").to_string();
        store
            .connection
            .execute(
                "INSERT INTO certificate (serial, kind, name, subject, not_before, not_after, public_key,
                     requested_by, requested_at, state, der, fingerprint, issued_at, revoked_at)
                 VALUES (?1, ?2, ?3, '', ?4, ?5, ?6, 'tester', 0, ?7,
                     iif(?8, x'30', NULL), iif(?8, ?6, NULL), ?8, ?9)",
                rusqlite::params![
                    serial_text(serial),
                    self.kind.to_string(),
                    self.name,
                    self.not_before.unix(),
                    self.not_after.unix(),
                    digest,
                    self.state.to_string(),
                    signed,
                    (self.state == State::Revoked).then_some(1),
                ],
            )
            .unwrap();
    }

    /// The filter, said once more in plain words.
    fn pass(&self, filter: &Filter) -> bool {
        filter.kind.is_none_or(|kind| kind == self.kind)
            && filter.name.as_ref().is_none_or(|name| *name == self.name)
            && (filter.states.is_empty() || filter.states.contains(&self.state))
            && filter
                .valid_at
                .is_none_or(|at| self.not_before <= at && at <= self.not_after)
            && filter.ends_before.is_none_or(|end| self.not_after < end)
    }
}

/// As a serial is written: an even number of digits, no leading zero octet.
fn serial_text(number: usize) -> String {
    format!("{:04x}", number + 0x100)
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

/// Few names, so that they meet; some that LIKE, collations and quoting would trip over.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "tolva", "Tolva", "tolva ", "%", "o'brien", "élodie", "",
    ])
    .prop_map(str::to_owned)
}

fn state() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

fn time() -> impl Strategy<Value = Time> {
    (0_i64..12).prop_map(Time::from_unix)
}

fn facts() -> impl Strategy<Value = Facts> {
    (kind(), name(), state(), time(), 0_i64..6).prop_map(
        |(kind, name, state, not_before, seconds)| Facts {
            kind,
            name,
            state,
            not_before,
            not_after: Time::from_unix(not_before.unix() + seconds),
        },
    )
}

fn filter() -> impl Strategy<Value = Filter> {
    let states = prop::collection::vec(state(), 0..3);
    (of(kind()), of(name()), states, of(time()), of(time())).prop_map(
        |(kind, name, states, valid_at, ends_before)| Filter {
            kind,
            name,
            states,
            valid_at,
            ends_before,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_lets_through_exactly_what_it_names(
        rows in prop::collection::vec(facts(), 0..40),
        filters in prop::collection::vec(filter(), 1..12),
    ) {
        let (store, _folder) = new();
        store.batch("BEGIN").unwrap();
        for (serial, row) in rows.iter().enumerate() {
            row.insert(&store, serial);
        }
        store.batch("COMMIT").unwrap();
        for filter in filters {
            let found: Vec<String> =
                store.list(&filter).unwrap().iter().map(|entry| entry.serial.to_string()).collect();
            let expected: Vec<String> = (0..)
                .zip(&rows)
                .filter(|(_, row)| row.pass(&filter))
                .map(|(serial, _)| serial_text(serial))
                .collect();
            prop_assert_eq!(found, expected, "{:?}", filter);
        }
    }
}

#[test]
fn the_log_takes_no_change_and_keeps_its_order() {
    let (store, _folder) = new();
    let key = PrivateKey::generate(KeyType::P256).unwrap().public_key();
    store.intend(&intent(&key, "slardiere")).unwrap();
    store.intend(&intent(&key, "app")).unwrap();
    for change in [
        "UPDATE log SET actor = 'somebody else'",
        "DELETE FROM log WHERE id = 2",
        "INSERT OR REPLACE INTO log VALUES (1, 0, 'a', 'issued', NULL, '{}', '')",
        "INSERT INTO log VALUES (4, 0, 'a', 'issued', NULL, '{}', '')",
        "DELETE FROM certificate",
        "UPDATE certificate SET name = 'root'",
    ] {
        let error = store.batch(change).unwrap_err().to_string();
        assert!(
            error.contains("only appended to") || error.contains("stays on record"),
            "{change}: {error}"
        );
    }
}

#[test]
fn the_chain_can_be_verified_as_the_documentation_says() {
    let (store, _folder) = new();
    let key = PrivateKey::generate(KeyType::P256).unwrap().public_key();
    for name in ["élodie", "o'brien \"x\"\\", "a\nb,3:c", ""] {
        store.intend(&intent(&key, name)).unwrap();
    }
    let page = include_str!("../../../../docs/reference/store.md");
    let (_, after) = page.split_once("store.db \"").unwrap();
    let (query, _) = after.split_once("\" |").unwrap();
    let mut statement = store.prepare(query).unwrap();
    let rows: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(rows.len(), 4);
    for (frame, hash) in rows {
        let frame: Vec<u8> = (0..frame.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&frame[at..at + 2], 16).unwrap())
            .collect();
        assert_eq!(Fingerprint::of(&frame).to_string(), hash);
    }
}

#[test]
fn a_store_of_the_first_format_gets_a_log_of_what_its_rows_tell() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("store.db");
    {
        let old = Connection::open(&file).unwrap();
        old.execute_batch(schema::STEPS[0]).unwrap();
        old.pragma_update(None, "application_id", schema::APPLICATION_ID)
            .unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        let row = |serial: &str, state: &str, rest: &str| {
            old.execute_batch(&format!(
                "INSERT INTO certificate (serial, kind, name, subject, not_before, not_after, public_key,
                     requested_by, requested_at, state, der, fingerprint, issued_at, revoked_at, revoked_by,
                     revocation_reason)
                 VALUES ('{serial}', 'client', 'app', 'CN=app', 0, 9, '{digest}', 'alice', 3, '{state}', {rest})",
                digest = Fingerprint::of(b""),
            ))
            .unwrap();
        };
        let signed = format!("x'30', '{}', 4", Fingerprint::of(b""));
        row("0a", "intended", "NULL, NULL, NULL, NULL, NULL, NULL");
        row("0b", "issued", &format!("{signed}, NULL, NULL, NULL"));
        row("0c", "unused", &format!("{signed}, NULL, NULL, NULL"));
        row("0d", "revoked", &format!("{signed}, 5, 'bob', 1"));
    }
    let store = Store::open(&file).unwrap();
    let mut statement = store
        .prepare("SELECT at || ' ' || actor || ' ' || event || ' ' || coalesce(serial, '') FROM log ORDER BY id")
        .unwrap();
    let told: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    insta::assert_snapshot!(told.join("\n"), @"
    3 alice intended 0a
    3 alice intended 0b
    4 alice issued 0b
    3 alice intended 0c
    4 alice issued 0c
    4 alice unused 0c
    3 alice intended 0d
    4 alice issued 0d
    5 bob revoked 0d
    5 pgcert migrated
    ");
    // Once is enough.
    drop(Store::open(&file).unwrap());
    assert_eq!(Writing::begin(&store).unwrap().head().id, 10);
}
