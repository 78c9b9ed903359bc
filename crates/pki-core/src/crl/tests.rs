//! Lists of others, read; lists of our own, made and read back.

use proptest::prelude::*;
use rcgen::{CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams};

use super::{Crl, CrlDraft, CrlError, RevocationReason};
use crate::{
    KeyType, PrivateKey, Serial, SignError, Signer, Subject, Validity,
    fixture::{Authority, days, now, serial},
    inspect::Item,
    issue::issue_root,
    key::PublicKey,
};

fn list(authority: &Authority) -> Crl {
    let entry = |serial: u64, reason| RevokedCertParams {
        serial_number: serial.into(),
        revocation_time: now().plus_days(-2).calendar(),
        reason_code: reason,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: now().plus_days(-1).calendar(),
        next_update: now().plus_days(30).calendar(),
        crl_number: 0x11_u64.into(),
        issuing_distribution_point: None,
        revoked_certs: vec![
            entry(0x3000, Some(rcgen::RevocationReason::KeyCompromise)),
            entry(0x80, None),
            entry(0x3001, Some(rcgen::RevocationReason::RemoveFromCrl)),
        ],
        key_identifier_method: KeyIdMethod::PreSpecified(vec![0xab; 20]),
    };
    let key = KeyPair::try_from(authority.key.to_pkcs8_der().as_bytes()).unwrap();
    let issuer = Issuer::from_ca_cert_der(&authority.certificate.der().into(), key).unwrap();
    Crl::from_der(params.signed_by(&issuer).unwrap().der()).unwrap()
}

#[test]
fn what_it_says() {
    let root = Authority::root("trustly");
    let crl = list(&root);
    assert_eq!(crl.issuer_der(), root.certificate.subject_der());
    assert_eq!(
        (crl.this_update(), crl.next_update()),
        (now().plus_days(-1), Some(now().plus_days(30)))
    );
    assert_eq!(
        (crl.number(), crl.authority_key_id()),
        (Some(serial(0x11)), Some([0xab; 20].as_slice()))
    );
    assert!(crl.is_signed_by(&root.certificate.public_key()));
    assert!(!crl.is_signed_by(&Authority::root("trustly").certificate.public_key()));
    let revoked: Vec<bool> = [0x3000, 0x80, 0x3001, 0x3002]
        .map(|n| crl.is_revoked(&serial(n)))
        .to_vec();
    assert_eq!(revoked, [true, true, false, false]);
    insta::assert_snapshot!(Item::Crl(crl).describe(now()), @"
    Revocation list: trustly
      issued by    CN=trustly,O=Loxodata
      number       11
      made         2026-11-23 22:13:52 UTC
      next update  2026-12-24 22:13:52 UTC, 30 days left
      signature    ECDSA with SHA-256
      issuer's id  abababababababababababababababababababab
      revoked      3000  since 2026-11-22 22:13:52 UTC, key compromised
                   80  since 2026-11-22 22:13:52 UTC
                   3001  since 2026-11-22 22:13:52 UTC, taken off the list
    ");
}

#[test]
fn expired_or_dated_in_the_future() {
    let item = Item::Crl(list(&Authority::root("trustly")));
    let codes = |at| item.findings(at).iter().map(|f| f.code).collect::<Vec<_>>();
    assert_eq!(codes(now()), [""; 0]);
    assert_eq!(codes(now().plus_days(30)), ["expired"]);
    assert_eq!(codes(now().plus_days(-2)), ["not-yet-valid"]);
}

#[test]
fn files_with_several() {
    let lists = [list(&Authority::root("a")), list(&Authority::root("b"))];
    let file: String = lists.iter().map(Crl::to_pem).collect();
    assert_eq!(Crl::all_from_pem(file.as_bytes()).unwrap(), lists);
    assert_eq!(Crl::from_pem(file.as_bytes()).unwrap(), lists[0]);
    insta::assert_snapshot!(Crl::from_pem(b"").unwrap_err(), @"no revocation list found");
}

proptest! {
    #[test]
    fn a_changed_byte_never_panics(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        static LIST: std::sync::OnceLock<(Crl, Authority)> = std::sync::OnceLock::new();
        let (crl, root) = LIST.get_or_init(|| {
            let root = Authority::root("trustly");
            (list(&root), root)
        });
        let mut der = crl.der().to_vec();
        let at = at.index(der.len());
        prop_assume!(der[at] != to);
        der[at] = to;
        if let Ok(changed) = Crl::from_der(&der) {
            let same = changed.tbs() == crl.tbs();
            prop_assert!(same || !changed.is_signed_by(&root.certificate.public_key()));
            let _ = Item::Crl(changed).describe(now());
        }
    }
}

fn draft(entries: &[(u32, RevocationReason)]) -> CrlDraft {
    let mut draft = CrlDraft::new();
    for (n, reason) in entries {
        draft.revoke(&serial(*n), now().plus_days(-1), *reason);
    }
    draft
}

#[test]
fn made_with_every_type_of_key_and_read_back() {
    for key_type in KeyType::ALL {
        let key = PrivateKey::generate(key_type).unwrap();
        let subject = Subject::empty().with_common_name("trustly");
        let root = issue_root(&key, &subject, serial(1), days(3650)).unwrap();
        let entries: Vec<_> = (0x80..).zip(RevocationReason::ALL).collect();
        let crl = draft(&entries).sign(&root, &key, 7, days(30)).unwrap();
        assert!(crl.is_issued_by(&root), "{key_type}");
        assert_eq!(crl.number(), Some(serial(7)));
        assert_eq!(crl.authority_key_id(), root.subject_key_id());
        assert_eq!(crl.issuer_der(), root.subject_der());
        assert_eq!(
            (crl.this_update(), crl.next_update()),
            (days(30).not_before, Some(days(30).not_after))
        );
        let read: Vec<_> = crl.revoked().collect();
        assert_eq!(read.len(), entries.len());
        for ((n, reason), (listed, entry)) in entries.iter().zip(read) {
            assert_eq!((listed, entry.since), (serial(*n), now().plus_days(-1)));
            // Unspecified is left out.
            let code = Some(reason.code()).filter(|code| *code != 0);
            assert_eq!(entry.reason, code, "{reason}");
            assert!(crl.is_revoked(&serial(*n)));
        }
        assert!(!crl.is_revoked(&serial(0x7f)));
    }
}

#[test]
fn a_list_with_nothing_on_it_has_no_list() {
    let root = Authority::root("trustly");
    let sign = |draft: CrlDraft| {
        draft
            .sign(&root.certificate, &root.key, u64::MAX, days(30))
            .unwrap()
    };
    let (empty, one) = (
        sign(CrlDraft::new()),
        sign(draft(&[(1, RevocationReason::Unspecified)])),
    );
    assert!(empty.is_empty() && empty.revoked().next().is_none());
    // Not even an empty SEQUENCE (RFC 5280 5.1.2.6): an entry of 20 octets comes with one of its own.
    assert_eq!(one.tbs().len() - empty.tbs().len(), 22);
    assert_eq!(empty.number().unwrap().to_string(), "f".repeat(16));
}

#[test]
fn who_may_not_sign_lists() {
    let root = Authority::root("trustly");
    let leaf = root.client("slardiere");
    let sign = |issuer: &crate::Certificate, signer: &dyn Signer| {
        CrlDraft::new()
            .sign(issuer, signer, 1, days(30))
            .unwrap_err()
    };
    let other = Authority::root("other");
    assert_eq!(sign(&root.certificate, &other.key), CrlError::OtherKey);
    let without = Authority::odd_root("mkcert", |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    });
    assert_eq!(
        sign(&without.certificate, &without.key),
        CrlError::NotAllowed
    );
    assert_eq!(
        sign(&leaf, crate::fixture::leaf_key()),
        CrlError::NotAllowed
    );
    assert_eq!(
        sign(
            &root.certificate,
            &Liar(root.key.public_key(), Ok(vec![0; 70]))
        ),
        CrlError::Signature
    );
    let refused = SignError {
        reason: "no card".to_owned(),
    };
    assert_eq!(
        sign(
            &root.certificate,
            &Liar(root.key.public_key(), Err(refused.clone()))
        ),
        CrlError::Sign(refused)
    );
}

/// Claims a key that it does not have.
struct Liar(PublicKey, Result<Vec<u8>, SignError>);

impl Signer for Liar {
    fn public_key(&self) -> PublicKey {
        self.0.clone()
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        self.1.clone()
    }
}

#[test]
fn two_generations_of_one_name_are_two_authorities() {
    let (old, new) = (Authority::root("trustly"), Authority::root("trustly"));
    let sign = |of: &Authority, n| {
        CrlDraft::new()
            .sign(&of.certificate, &of.key, n, days(30))
            .unwrap()
    };
    assert!(sign(&old, 1).same_authority(&sign(&old, 2)));
    assert!(!sign(&old, 1).same_authority(&sign(&new, 2)));
    assert!(!sign(&old, 1).is_issued_by(&new.certificate));
    // An older tool's list says nothing about the key.
    assert!(sign(&old, 1).is_issued_by(&old.certificate));
}

proptest! {
    #[test]
    fn reads_what_was_put_on(
        serials in proptest::collection::btree_set("[0-9a-f]{1,40}", 0..40),
        since in 0_i64..4_000_000_000,
        number in 1_u64..,
        lifetime in 1_u32..30_000,
    ) {
        static ROOT: std::sync::LazyLock<Authority> = std::sync::LazyLock::new(|| Authority::root("trustly"));
        let serials: std::collections::BTreeSet<Serial> = serials.iter().map(|s| s.parse().unwrap()).collect();
        let since = crate::Time::from_unix(since);
        let mut draft = CrlDraft::new();
        for serial in &serials {
            draft.revoke(serial, since, RevocationReason::Superseded);
        }
        let times = Validity::new(now(), lifetime, None).unwrap();
        let crl = draft.sign(&ROOT.certificate, &ROOT.key, number, times).unwrap();
        prop_assert_eq!(crl.next_update(), Some(times.not_after));
        let read: Vec<Serial> = crl.revoked().map(|(serial, entry)| {
            assert_eq!((entry.since, entry.reason), (since, Some(4)));
            serial
        }).collect();
        prop_assert_eq!(read, serials.into_iter().collect::<Vec<_>>());
        // Somebody else's parser agrees.
        use x509_parser::prelude::FromDer as _;
        let (rest, theirs) = x509_parser::revocation_list::CertificateRevocationList::from_der(crl.der()).unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(theirs.iter_revoked_certificates().count(), crl.len());
        prop_assert_eq!(theirs.crl_number().map(ToString::to_string), Some(number.to_string()));
    }
}
