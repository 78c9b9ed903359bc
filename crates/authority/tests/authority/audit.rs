//! The audit of a store that was tampered with, by a hand that takes the triggers off first. Each way
//! has to be found, and nothing else.

use authority::{Audit, AuditFinding, Authority, State};
use pki_core::{Kind, RevocationReason};
use rusqlite::Connection;

use crate::{Place, issue, now, unguarded};

/// An authority that has issued three certificates and revoked the second.
fn busy() -> (Place, Authority) {
    let place = Place::new();
    let authority = place.found();
    let unlocked = authority.unlock(None).unwrap();
    for role in ["slardiere", "app", "report"] {
        let serial = issue(&unlocked, Kind::Client, role).unwrap().serial();
        match role {
            "app" => {
                let reason = RevocationReason::KeyCompromise;
                assert_eq!(
                    authority.revoke(&[serial], reason, "bob", now()).unwrap(),
                    1
                );
            }
            "report" => authority
                .mark(&serial, State::Unused, "bob", now())
                .unwrap(),
            _ => {}
        }
    }
    drop(unlocked);
    (place, authority)
}

fn audit(place: &Place) -> Audit {
    place.open().audit(None).unwrap()
}

/// The codes of what is found after a change.
fn found_after(change: &str) -> Vec<&'static str> {
    let (place, authority) = busy();
    drop(authority);
    unguarded(&Connection::open(place.file("store.db")).unwrap(), change);
    let audit = audit(&place);
    audit.findings.iter().map(AuditFinding::code).collect()
}

#[test]
fn nothing_is_found_where_nothing_was_done() {
    let (place, authority) = busy();
    let first = authority.audit(None).unwrap();
    assert_eq!(first.findings, []);
    // Two events for each certificate, the revocation, the mark.
    assert_eq!((first.serials, first.events), (4, 10));
    // The head stands for all that was before it, whatever comes after.
    issue(&authority.unlock(None).unwrap(), Kind::Client, "later").unwrap();
    let second = place.open().audit(first.head.as_ref()).unwrap();
    assert_eq!((second.findings.as_slice(), second.events), (&[][..], 12));
    assert_ne!(first.head, second.head);
}

#[test]
fn a_changed_row() {
    for change in [
        "UPDATE certificate SET name = 'root' WHERE name = 'slardiere'",
        "UPDATE certificate SET requested_by = 'bob' WHERE name = 'slardiere'",
        "UPDATE certificate SET requested_at = requested_at + 1 WHERE name = 'slardiere'",
        "UPDATE certificate SET issued_at = issued_at + 1 WHERE name = 'slardiere'",
        "UPDATE certificate SET revoked_by = 'alice' WHERE name = 'app'",
        "UPDATE certificate SET revocation_reason = 4 WHERE name = 'app'",
        "UPDATE certificate SET state = 'issued', revoked_at = NULL, revoked_by = NULL,
             revocation_reason = NULL WHERE name = 'app'",
        "UPDATE certificate SET state = 'issued' WHERE name = 'report'",
    ] {
        assert_eq!(found_after(change), ["differs"], "{change}");
    }
    assert_eq!(
        found_after(
            "UPDATE certificate SET not_after = not_after + 86400 WHERE name = 'slardiere'"
        ),
        ["differs", "certificate"]
    );
    assert_eq!(
        found_after(
            "UPDATE certificate SET state = 'intended', der = NULL, fingerprint = NULL,
             issued_at = NULL WHERE name = 'slardiere'"
        ),
        ["differs"]
    );
    assert_eq!(
        found_after("UPDATE certificate SET kind = 'nonsense' WHERE name = 'slardiere'"),
        ["row"]
    );
}

#[test]
fn a_row_that_was_taken_out_or_put_in() {
    assert_eq!(
        found_after("DELETE FROM certificate WHERE name = 'app'"),
        ["gone"]
    );
    assert_eq!(
        found_after(
            "INSERT INTO certificate (serial, kind, name, subject, not_before, not_after, public_key,
                 requested_by, requested_at, state)
             SELECT '7f', kind, name, subject, not_before, not_after, public_key, requested_by, requested_at,
                 'intended' FROM certificate WHERE name = 'app'"
        ),
        ["unlogged"]
    );
}

#[test]
fn a_certificate_that_was_exchanged() {
    let other = "(SELECT der FROM certificate WHERE name = 'report')";
    assert_eq!(
        found_after(&format!(
            "UPDATE certificate SET der = {other} WHERE name = 'slardiere'"
        )),
        ["certificate"]
    );
    let print = "(SELECT fingerprint FROM certificate WHERE name = 'report')";
    assert_eq!(
        found_after(&format!(
            "UPDATE certificate SET der = {other}, fingerprint = {print} WHERE name = 'slardiere'"
        )),
        ["differs", "certificate"]
    );
    assert_eq!(
        found_after("UPDATE certificate SET der = x'3000' WHERE name = 'slardiere'"),
        ["certificate"]
    );
}

#[test]
fn a_log_that_was_changed() {
    // The row goes along with the event: only the chain tells.
    assert_eq!(
        found_after(
            "UPDATE log SET actor = 'carol' WHERE event = 'revoked';
             UPDATE certificate SET revoked_by = 'carol' WHERE name = 'app'"
        ),
        ["chain"]
    );
    assert_eq!(
        found_after("DELETE FROM log WHERE event = 'revoked'"),
        ["gap", "differs"]
    );
    assert_eq!(
        found_after("UPDATE log SET id = 100 WHERE event = 'unused'"),
        ["gap"]
    );
    assert_eq!(
        found_after("UPDATE log SET event = 'migrated' WHERE event = 'unused'"),
        ["chain", "order"]
    );
}

#[test]
fn a_tail_that_was_cut_off() {
    let (place, authority) = busy();
    let head = authority.audit(None).unwrap().head;
    drop(authority);
    unguarded(
        &Connection::open(place.file("store.db")).unwrap(),
        "DELETE FROM log WHERE event = 'unused';
         UPDATE certificate SET state = 'issued' WHERE name = 'report'",
    );
    assert_eq!(audit(&place).findings, []);
    let audit = place.open().audit(head.as_ref()).unwrap();
    let codes: Vec<_> = audit.findings.iter().map(AuditFinding::code).collect();
    assert_eq!(codes, ["head"]);
}

#[test]
fn a_guard_that_was_taken_off_and_a_damaged_file() {
    let (place, authority) = busy();
    drop(authority);
    let store = Connection::open(place.file("store.db")).unwrap();
    store
        .execute_batch("DROP TRIGGER log_is_not_rewritten; CREATE TABLE note (text TEXT)")
        .unwrap();
    let found: Vec<_> = audit(&place)
        .findings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "note is missing, changed or not of this program",
            "log_is_not_rewritten is missing, changed or not of this program"
        ]
    );
}

#[test]
fn what_is_revoked_stays_so_and_the_authority_cannot_revoke_itself() {
    let (_place, authority) = busy();
    let revoked = authority::Filter {
        states: vec![State::Revoked],
        ..authority::Filter::default()
    };
    let entries = authority.list(&revoked).unwrap();
    let [entry] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    let serial = [entry.serial.clone()];
    let again = authority.revoke(&serial, RevocationReason::Superseded, "eve", now());
    assert_eq!(again.unwrap(), 0);
    assert_eq!(
        authority.entry(&entry.serial).unwrap().unwrap().revoked,
        entry.revoked
    );
    let told: Vec<_> = authority
        .events(&entry.serial)
        .unwrap()
        .into_iter()
        .map(|event| format!("{} by {}", event.event, event.by))
        .collect();
    assert_eq!(
        told,
        ["intended by tester", "issued by tester", "revoked by bob"]
    );
    let own = authority.certificate().serial();
    assert!(matches!(
        authority.revoke(&[own], RevocationReason::Unspecified, "bob", now()),
        Err(authority::Error::OwnCertificate)
    ));
}
