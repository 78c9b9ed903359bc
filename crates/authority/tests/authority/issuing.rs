//! Issuing, and what the store says about it afterwards.

use std::collections::HashSet;

use authority::{Error, Filter, IssueOrder, Made, Order, State};
use pki_core::{KeyType, Kind, PrivateKey, Serial, SigningRequest, Subject, Time};

use crate::{Place, issue, now};

#[test]
fn a_certificate_is_in_the_store_with_all_that_was_asked_for() {
    let place = Place::new();
    let authority = place.found();
    let unlocked = authority.unlock(None).unwrap();
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let subject: Subject = "C=FR,O=Loxodata".parse().unwrap();
    let request = SigningRequest::create(
        Kind::Client,
        &key,
        &subject.with_common_name("slardiere"),
        &[],
    )
    .unwrap();
    let fingerprint = request.fingerprint();
    let order = IssueOrder {
        kind: Kind::Client,
        name: "slardiere",
        subject: &subject,
        alt_names: &[],
        days: 360,
        public_key: &request.public_key(),
        by: "alice",
        request: Some(&fingerprint),
    };
    let certificate = unlocked.issue(&order, now()).unwrap();

    let entry = authority.entry(&certificate.serial()).unwrap().unwrap();
    assert_eq!((entry.kind, entry.state), (Kind::Client, State::Issued));
    assert_eq!(
        (entry.name.as_str(), entry.requested_by.as_str()),
        ("slardiere", "alice")
    );
    assert_eq!((entry.requested_at, entry.issued_at), (now(), Some(now())));
    assert_eq!(entry.not_before, certificate.validity().not_before);
    assert_eq!(entry.not_after, certificate.validity().not_after);
    assert_eq!(entry.subject, "C=FR,O=Loxodata,CN=slardiere");
    assert_eq!(entry.public_key, certificate.public_key().fingerprint());
    assert_eq!(
        (entry.request, entry.fingerprint),
        (Some(fingerprint), Some(certificate.fingerprint()))
    );
    assert_eq!(
        authority.issued(&certificate.serial()).unwrap(),
        Some(certificate)
    );
}

#[test]
fn a_leaf_does_not_outlive_its_authority_and_an_ended_one_signs_nothing() {
    let place = Place::new();
    let authority = place.found();
    let unlocked = authority.unlock(None).unwrap();
    let end = authority.certificate().validity().not_after;
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let order = IssueOrder {
        kind: Kind::Client,
        name: "slardiere",
        subject: &Subject::empty(),
        alt_names: &[],
        days: 360,
        public_key: &key.public_key(),
        by: "alice",
        request: None,
    };
    let late = unlocked.issue(&order, end.plus_days(-1)).unwrap();
    assert_eq!(late.validity().not_after, end);

    let error = unlocked.issue(&order, end.plus_days(1)).unwrap_err();
    assert!(
        matches!(error, Error::Expired { not_after } if not_after == end),
        "{error}"
    );
    let error = unlocked.issue(&order, Time::from_unix(0)).unwrap_err();
    assert!(matches!(error, Error::NotYetValid { .. }), "{error}");
    assert_eq!(authority.list(&Filter::default()).unwrap().len(), 2);
}

#[test]
fn what_is_refused_takes_no_serial() {
    let place = Place::new();
    let authority = place.found();
    let unlocked = authority.unlock(None).unwrap();
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    // A server certificate needs a name that a client can dial.
    let order = IssueOrder {
        kind: Kind::Server,
        name: "tolva",
        subject: &Subject::empty(),
        alt_names: &[],
        days: 360,
        public_key: &key.public_key(),
        by: "alice",
        request: None,
    };
    let error = authority.vet(&order, now()).unwrap_err();
    assert!(matches!(error, Error::Issue(_)), "{error}");
    let error = unlocked.issue(&order, now()).unwrap_err();
    assert!(matches!(error, Error::Issue(_)), "{error}");
    // One bad order among many spoils all of them.
    let good = Order {
        kind: Kind::Client,
        name: "slardiere",
        subject: &Subject::empty(),
        alt_names: &[],
        days: 360,
        key_type: KeyType::P256,
    };
    let bad = Order {
        kind: Kind::Server,
        ..good
    };
    let error = unlocked
        .issue_many(&[good, bad], "alice", now())
        .unwrap_err();
    assert!(matches!(error, Error::Issue(_)), "{error}");
    assert_eq!(authority.list(&Filter::default()).unwrap().len(), 1);
}

#[test]
fn many_are_made_at_once_in_their_order() {
    let place = Place::new();
    let authority = place.found();
    let unlocked = authority.unlock(None).unwrap();
    let subject: Subject = "O=Loxodata".parse().unwrap();
    let names: Vec<String> = (0..7).map(|n| format!("role {n}")).collect();
    let orders: Vec<_> = names
        .iter()
        .map(|name| Order {
            kind: Kind::Client,
            name,
            subject: &subject,
            alt_names: &[],
            days: 360,
            key_type: KeyType::P256,
        })
        .collect();
    let made = unlocked.issue_many(&orders, "alice", now()).unwrap();
    assert_eq!(made.len(), names.len());
    let mut serials = HashSet::new();
    for (Made { key, certificate }, name) in made.iter().zip(&names) {
        assert_eq!(certificate.common_name().as_ref(), Some(name));
        assert_eq!(certificate.public_key(), key.public_key());
        assert!(certificate.is_issued_by(authority.certificate()));
        let entry = authority.entry(&certificate.serial()).unwrap().unwrap();
        assert_eq!(
            (entry.state, entry.requested_by.as_str()),
            (State::Issued, "alice")
        );
        assert_eq!(
            authority.issued(&entry.serial).unwrap().as_ref(),
            Some(certificate)
        );
        serials.insert(entry.serial);
    }
    assert_eq!(serials.len(), names.len());
    assert!(unlocked.issue_many(&[], "alice", now()).unwrap().is_empty());
}

#[test]
fn what_is_unused_can_be_taken_again() {
    let place = Place::new();
    let authority = place.found();
    let unlocked = authority.unlock(None).unwrap();
    let first = issue(&unlocked, Kind::Client, "slardiere").unwrap();
    let second = issue(&unlocked, Kind::Client, "slardiere").unwrap();
    issue(&unlocked, Kind::Server, "slardiere").unwrap();
    issue(&unlocked, Kind::Client, "Slardiere").unwrap();

    authority
        .mark(&first.serial(), State::Unused, "alice", now())
        .unwrap();
    authority
        .mark(&first.serial(), State::Unused, "alice", now())
        .unwrap();
    let current = authority.current(Kind::Client, "slardiere", now()).unwrap();
    let found: Vec<(Serial, State)> = current
        .into_iter()
        .map(|entry| (entry.serial, entry.state))
        .collect();
    assert_eq!(
        found,
        [
            (second.serial(), State::Issued),
            (first.serial(), State::Unused)
        ]
    );

    authority
        .mark(&first.serial(), State::Issued, "alice", now())
        .unwrap();
    assert_eq!(
        authority.entry(&first.serial()).unwrap().unwrap().state,
        State::Issued
    );
    for state in [State::Intended, State::Revoked] {
        assert!(matches!(
            authority.mark(&first.serial(), state, "alice", now()),
            Err(Error::Transition { .. })
        ));
    }
    let unknown = Serial::random().unwrap();
    assert!(matches!(
        authority.mark(&unknown, State::Unused, "alice", now()),
        Err(Error::UnknownSerial { .. })
    ));
    assert!(
        authority
            .current(Kind::Client, "slardiere", now().plus_days(361))
            .unwrap()
            .is_empty()
    );
}
