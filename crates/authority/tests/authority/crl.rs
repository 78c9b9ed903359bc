//! Revocation lists: who is on which, and their numbers. What a list has to look like is tested in
//! pki-core.

use std::collections::BTreeSet;
use std::thread;

use authority::{AuditFinding, Authority, CrlOrder, Event};
use pki_core::{Crl, Kind, RevocationReason, Serial, Time};
use rusqlite::Connection;

use crate::{Place, issue, now, unguarded};

fn list(authority: &Authority, days: Option<u32>, at: Time) -> Crl {
    let order = CrlOrder { days, by: "alice" };
    authority.unlock(None).unwrap().crl(&order, at).unwrap()
}

fn client(authority: &Authority) -> Serial {
    let unlocked = authority.unlock(None).unwrap();
    issue(&unlocked, Kind::Client, "slardiere")
        .unwrap()
        .serial()
}

fn revoke(authority: &Authority, serial: &Serial, at: Time) {
    let reason = RevocationReason::KeyCompromise;
    authority
        .revoke(std::slice::from_ref(serial), reason, "bob", at)
        .unwrap();
}

#[test]
fn what_is_revoked_is_on_it_and_nothing_else() {
    let place = Place::new();
    let authority = place.found();
    let (gone, kept) = (client(&authority), client(&authority));
    let empty = list(&authority, None, now());
    assert!(empty.is_empty());
    assert_eq!(empty.number().unwrap().to_string(), "01");
    // It ends with the authority, and begins a little in the past, but not before the authority.
    let own = authority.certificate().validity();
    assert_eq!(
        (empty.this_update(), empty.next_update()),
        (now().plus_seconds(-3600), Some(own.not_after))
    );

    revoke(&authority, &gone, now());
    let crl = list(&authority, Some(30), now().plus_days(1));
    assert!(crl.is_revoked(&gone) && !crl.is_revoked(&kept));
    assert_eq!(crl.number().unwrap().to_string(), "02");
    assert_eq!(crl.next_update(), Some(now().plus_days(31)));
    let last = authority.last_crl().unwrap().unwrap();
    assert_eq!((last.number, last.fingerprint), (2, crl.fingerprint()));
    assert_eq!(
        (last.this_update, last.next_update),
        (crl.this_update(), now().plus_days(31))
    );
    assert_eq!(authority.audit(None).unwrap().findings, []);
}

#[test]
fn what_has_expired_leaves_it_after_one_more_list() {
    let place = Place::new();
    let authority = place.found();
    let serial = client(&authority);
    let end = authority.entry(&serial).unwrap().unwrap().not_after;
    revoke(&authority, &serial, now());
    let on = |at| list(&authority, None, at).is_revoked(&serial);
    assert!(on(now()));
    assert!(on(end));
    // This update lies an hour before: that of the list above did not come after the end.
    assert!(on(end.plus_seconds(3600)));
    assert!(on(end.plus_seconds(7200)));
    assert!(!on(end.plus_seconds(7201)));
    assert!(!on(end.plus_days(1)));
    // Revoked when it had expired already: on one list all the same, and on another one where it is
    // not clear which was first.
    let late = client(&authority);
    revoke(&authority, &late, end.plus_days(2));
    assert!(list(&authority, None, end.plus_days(2)).is_revoked(&late));
    assert!(list(&authority, None, end.plus_days(3)).is_revoked(&late));
    assert!(!list(&authority, None, end.plus_days(4)).is_revoked(&late));
}

#[test]
fn an_authority_that_has_ended_makes_no_list() {
    let place = Place::new();
    let authority = place.found();
    let late = authority.certificate().validity().not_after.plus_seconds(1);
    let order = CrlOrder {
        days: None,
        by: "alice",
    };
    let refused = authority.unlock(None).unwrap().crl(&order, late);
    assert!(matches!(refused, Err(authority::Error::Expired { .. })));
    assert_eq!(
        list(&authority, None, now()).number().unwrap().to_string(),
        "01"
    );
}

#[test]
fn many_at_once_get_numbers_of_their_own_and_a_higher_one_never_knows_less() {
    let place = Place::new();
    let authority = place.found();
    let serials: Vec<Serial> = (0..20).map(|_| client(&authority)).collect();
    drop(authority);
    let dir = &place.dir;
    let mut lists: Vec<Crl> = thread::scope(|scope| {
        let makers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let authority = Authority::open(dir).unwrap().unwrap();
                    (0..8)
                        .map(|_| list(&authority, None, now()))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let authority = Authority::open(dir).unwrap().unwrap();
        for serial in &serials {
            revoke(&authority, serial, now());
        }
        makers
            .into_iter()
            .flat_map(|maker| maker.join().unwrap())
            .collect()
    });
    lists.sort_by_key(|crl| crl.number().unwrap());
    let numbers: BTreeSet<_> = lists.iter().map(|crl| crl.number().unwrap()).collect();
    assert_eq!(numbers.len(), 32);
    assert!(lists.is_sorted_by_key(Crl::len));
    assert_eq!(place.open().audit(None).unwrap().findings, []);
}

#[test]
fn a_list_on_record_that_was_changed_is_found() {
    for (change, codes) in [
        ("UPDATE crl SET next_update = next_update + 1", &["crl"][..]),
        ("UPDATE crl SET fingerprint = NULL", &["crl"]),
        ("DELETE FROM crl", &["crl"]),
        (
            "INSERT INTO crl SELECT 9, at, this_update, next_update, NULL FROM crl",
            &["crl"],
        ),
        ("DELETE FROM log WHERE event = 'crl-signed'", &["crl"]),
    ] {
        let place = Place::new();
        list(&place.found(), None, now());
        unguarded(&Connection::open(place.file("store.db")).unwrap(), change);
        let audit = place.open().audit(None).unwrap();
        let found: Vec<_> = audit.findings.iter().map(AuditFinding::code).collect();
        assert_eq!(found, codes, "{change}");
    }
}

#[test]
fn a_number_whose_list_was_never_signed_is_not_given_again() {
    let place = Place::new();
    let authority = place.found();
    list(&authority, None, now());
    drop(authority);
    // What a crash between number and signature leaves.
    let change = format!(
        "DELETE FROM log WHERE event = '{}'; UPDATE crl SET fingerprint = NULL",
        Event::CrlSigned.as_str()
    );
    unguarded(&Connection::open(place.file("store.db")).unwrap(), &change);
    let authority = place.open();
    assert_eq!(authority.last_crl().unwrap(), None);
    assert_eq!(
        list(&authority, None, now()).number().unwrap().to_string(),
        "02"
    );
    assert_eq!(authority.audit(None).unwrap().findings, []);
}
