//! The store alone: what its constraint refuses, what its filters let through, how it grows.

use hostfile::{Ground, Trust};
use pki_core::{KeyType, PrivateKey};
use proptest::option::of;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

#[test]
fn a_serial_is_taken_once() {
    let (store, _folder) = new();
    let key = PrivateKey::generate(KeyType::P256).unwrap().public_key();
    let subject = Subject::empty().with_common_name("slardiere");
    let at = Time::from_unix(1_795_558_432);
    let intent = Intent {
        kind: Kind::Client,
        name: "slardiere",
        subject: &subject,
        validity: Validity::new(at, 360, None).unwrap(),
        public_key: &key,
        request: None,
        by: "tester",
        at,
    };
    let serial = Serial::random().unwrap();
    assert!(store.record(&serial, &intent).unwrap());
    assert!(!store.record(&serial, &intent).unwrap());
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
