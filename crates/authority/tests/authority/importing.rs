//! Taking over what another program made: whole or not at all, with everything that it issued. Other
//! programs' own authorities are tried in the workspace's oracle tests.

use authority::{
    Authority, CrlOrder, Error, Examined, Filter, Import, Init, State, discard, init, read_index,
};
use pki_core::{
    Certificate, KeyType, Kind, Leaf, PrivateKey, RevocationReason, Serial, Subject, Validity,
    issue_leaf, issue_root,
};

use crate::{Place, issue, now, wish};

/// An authority that is not in a folder yet, and what it issued.
struct Other {
    key: PrivateKey,
    certificate: Certificate,
    leaves: Vec<Certificate>,
}

impl Other {
    fn new() -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let subject: Subject = "O=Loxodata,CN=old".parse().unwrap();
        let validity = Validity::new(now(), 3650, None).unwrap();
        let certificate = issue_root(&key, &subject, serial(1), validity).unwrap();
        let mut other = Self {
            key,
            certificate,
            leaves: Vec::new(),
        };
        other.leaves = vec![other.leaf(2, "alice"), other.leaf(3, "bob")];
        other
    }

    fn leaf(&self, number: u32, role: &str) -> Certificate {
        let holder = PrivateKey::generate(KeyType::P256).unwrap().public_key();
        let leaf = Leaf {
            kind: Kind::Client,
            subject: Subject::empty().with_common_name(role),
            alt_names: Vec::new(),
            public_key: &holder,
            serial: serial(number),
            validity: Validity::new(now(), 360, None).unwrap(),
        };
        issue_leaf(&self.certificate, &self.key, &leaf).unwrap()
    }

    fn import(&self) -> Import<'_> {
        Import {
            certificate: &self.certificate,
            above: &[],
            key: &self.key,
            passphrase: None,
            issued: &self.leaves,
            index: &[],
            crls: &[],
            force: false,
            owner: None,
            by: "dba",
        }
    }
}

fn serial(number: u32) -> Serial {
    format!("{number:x}").parse().unwrap()
}

fn codes(examined: &Examined<'_>) -> Vec<&'static str> {
    examined.findings().iter().map(|f| f.code).collect()
}

fn take(place: &Place, import: Import<'_>) -> Result<Authority, Error> {
    Examined::new(import, now())?.into_folder(&place.dir)
}

#[test]
fn all_that_was_issued_goes_on_from_there() {
    let (place, other) = (Place::new(), Other::new());
    let index = "V\t271119221352Z\t\t02\tunknown\t/CN=alice\n\
                 R\t271119221352Z\t261001000000Z,keyCompromise\t03\tunknown\t/CN=bob\n\
                 R\t271119221352Z\t261002000000Z\t04\tunknown\t/CN=carol\n\
                 V\t271119221352Z\t\t05\tunknown\t/CN=dave\n\
                 V\t361121221352Z\t\t01\tunknown\t/O=Loxodata/CN=old\n";
    let index = read_index(index.as_bytes()).unwrap();
    let import = Import {
        index: &index,
        ..other.import()
    };
    let examined = Examined::new(import, now()).unwrap();
    assert_eq!(codes(&examined), ["certificate-missing"]);
    assert_eq!(examined.serials(), (4, 2));
    let authority = examined.into_folder(&place.dir).unwrap();
    assert_eq!(*authority.certificate(), other.certificate);
    let listed: Vec<_> = authority
        .list(&Filter::default())
        .unwrap()
        .into_iter()
        .map(|e| format!("{} {} {} {}", e.serial, e.kind, e.name, e.standing()))
        .collect();
    insta::assert_snapshot!(listed.join("\n"), @"
    01 root old issued
    02 client alice issued
    03 client bob revoked
    04 client carol revoked
    05 client dave unseen
    ");
    assert_eq!(authority.audit(None).unwrap().findings, []);

    // The list has all that was revoked there, with its time and reason, and what is revoked here.
    authority
        .revoke(
            &[serial(2), serial(5)],
            RevocationReason::Superseded,
            "dba",
            now(),
        )
        .unwrap();
    let unlocked = authority.unlock(None).unwrap();
    let order = CrlOrder {
        days: None,
        by: "dba",
    };
    let crl = unlocked.crl(&order, now()).unwrap();
    let revoked: Vec<_> = crl
        .revoked()
        .map(|(serial, r)| format!("{serial} {} {:?}", r.since, r.reason))
        .collect();
    insta::assert_snapshot!(revoked.join("\n"), @"
    03 2026-10-01 00:00:00 UTC Some(1)
    04 2026-10-02 00:00:00 UTC None
    02 2026-11-24 22:13:52 UTC Some(4)
    05 2026-11-24 22:13:52 UTC Some(4)
    ");
    assert_eq!(crl.number(), Some(serial(1)));
    let made = issue(&unlocked, Kind::Server, "tolva").unwrap();
    assert!(made.is_issued_by(&other.certificate));
    assert_eq!(authority.audit(None).unwrap().findings, []);
}

#[test]
fn the_next_list_is_numbered_above_the_last_one() {
    let (place, other) = (Place::new(), Other::new());
    // A list of the same authority in another folder, the third one.
    let elsewhere = Place::new();
    let first = take(&elsewhere, other.import()).unwrap();
    let revoke = [serial(3)];
    first
        .revoke(&revoke, RevocationReason::KeyCompromise, "x", now())
        .unwrap();
    let unlocked = first.unlock(None).unwrap();
    let order = CrlOrder {
        days: Some(30),
        by: "x",
    };
    let lists: Vec<_> = (0..3)
        .map(|_| unlocked.crl(&order, now()).unwrap())
        .collect();
    let import = Import {
        crls: &lists,
        ..other.import()
    };
    let authority = take(&place, import).unwrap();
    assert_eq!(
        authority.entry(&serial(3)).unwrap().unwrap().state,
        State::Revoked
    );
    assert_eq!(authority.last_crl().unwrap().unwrap().number, 3);
    let next = authority.unlock(None).unwrap().crl(&order, now()).unwrap();
    assert_eq!(next.number(), Some(serial(4)));
    assert!(next.is_revoked(&serial(3)));
    assert_eq!(authority.audit(None).unwrap().findings, []);
    // Somebody else's list is refused.
    let stranger = Other::new();
    let import = Import {
        crls: &lists,
        ..stranger.import()
    };
    assert_eq!(
        codes(&Examined::new(import, now()).unwrap()),
        ["foreign-crl"]
    );
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_written() {
    let (place, other) = (Place::new(), Other::new());
    let stranger = Other::new();
    let refused = |import: Import<'_>, code: &str| {
        let examined = Examined::new(import, now()).unwrap();
        assert_eq!(codes(&examined), [code]);
        assert!(matches!(
            examined.into_folder(&place.dir),
            Err(Error::Unfit { findings }) if findings.len() == 1
        ));
        assert!(!place.dir.exists());
    };
    let with_key = Import {
        key: &stranger.key,
        ..other.import()
    };
    refused(with_key, "key-mismatch");
    let above = [stranger.certificate.clone()];
    let with_chain = Import {
        above: &above,
        ..other.import()
    };
    refused(with_chain, "chain-gap");
    let leaf = Import {
        certificate: &other.leaves[0],
        key: &other.key,
        issued: &[],
        ..other.import()
    };
    assert_eq!(
        codes(&Examined::new(leaf, now()).unwrap()),
        ["key-mismatch", "not-an-authority"]
    );
    let later = now().plus_days(3651);
    assert!(codes(&Examined::new(other.import(), later).unwrap()).contains(&"expired"));
}

#[test]
fn what_is_somebody_elses_is_left_out_and_said() {
    let (place, mut other) = (Place::new(), Other::new());
    other.leaves.extend(Other::new().leaves);
    other.leaves.push(other.leaf(2, "alice the second"));
    other.leaves.push(other.certificate.clone());
    let examined = Examined::new(other.import(), now()).unwrap();
    assert_eq!(codes(&examined), ["foreign-certificate", "serial-twice"]);
    let authority = examined.into_folder(&place.dir).unwrap();
    assert_eq!(authority.list(&Filter::default()).unwrap().len(), 3);
}

#[test]
fn an_ed25519_authority_only_by_force() {
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let validity = Validity::new(now(), 3650, None).unwrap();
    let subject = Subject::empty().with_common_name("old");
    let other = Other {
        certificate: issue_root(&key, &subject, serial(1), validity).unwrap(),
        key,
        leaves: Vec::new(),
    };
    let examined = Examined::new(other.import(), now()).unwrap();
    assert_eq!(codes(&examined), ["no-channel-binding"]);
    assert!(!examined.is_fit());
    let forced = Import {
        force: true,
        ..other.import()
    };
    assert!(Examined::new(forced, now()).unwrap().is_fit());
}

#[test]
fn a_folder_that_holds_one_stays_as_it_is() {
    let (place, other) = (Place::new(), Other::new());
    let before = place.found().certificate().clone();
    assert!(matches!(
        take(&place, other.import()),
        Err(Error::Exists { .. })
    ));
    assert_eq!(*place.open().certificate(), before);
}

#[test]
fn what_a_crash_leaves_is_taken_up_by_the_next_run() {
    let other = Other::new();
    // After each file: the ones that were not there yet are taken away again.
    for left in [&["store.db"][..], &["store.db", "ca.key"]] {
        let place = Place::new();
        drop(take(&place, other.import()).unwrap());
        back_to_intent(&place);
        for file in ["ca.crt", "ca.key"] {
            if !left.contains(&file) {
                std::fs::remove_file(place.file(file)).unwrap();
            }
        }
        let authority = take(&place, other.import()).unwrap();
        assert_eq!(authority.list(&Filter::default()).unwrap().len(), 3);
        assert_eq!(authority.audit(None).unwrap().findings, []);
    }
    // An authority of its own can be made there as well.
    let place = Place::new();
    drop(take(&place, other.import()).unwrap());
    back_to_intent(&place);
    std::fs::remove_file(place.file("ca.crt")).unwrap();
    let subject = Subject::empty();
    let authority = init(&place.dir, &Init { ..wish(&subject) }, now()).unwrap();
    assert_eq!(authority.list(&Filter::default()).unwrap().len(), 1);
    // With all files in place, opening completes it.
    let place = Place::new();
    drop(take(&place, other.import()).unwrap());
    back_to_intent(&place);
    let authority = place.open();
    assert_eq!(authority.list(&Filter::default()).unwrap().len(), 3);
}

#[test]
fn one_that_has_lost_its_certificate_is_not_taken_for_a_remainder() {
    let (place, other) = (Place::new(), Other::new());
    drop(take(&place, other.import()).unwrap());
    std::fs::remove_file(place.file("ca.crt")).unwrap();
    assert!(matches!(
        take(&place, other.import()),
        Err(Error::Missing { .. })
    ));
    assert!(place.file("store.db").exists() && place.file("ca.key").exists());
}

#[test]
fn it_is_not_discarded_while_its_certificates_are_in_use() {
    let (place, other) = (Place::new(), Other::new());
    drop(take(&place, other.import()).unwrap());
    assert!(matches!(discard(&place.dir, &[]), Err(Error::InUse { .. })));
}

/// The store as it was before the last step: the authority itself is an intent.
fn back_to_intent(place: &Place) {
    let store = rusqlite::Connection::open(place.file("store.db")).unwrap();
    crate::unguarded(
        &store,
        "UPDATE certificate SET state = 'intended', der = NULL, fingerprint = NULL, issued_at = NULL
         WHERE serial = '01';
         DELETE FROM log WHERE event = 'issued';",
    );
}
