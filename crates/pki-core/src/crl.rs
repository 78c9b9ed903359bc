//! Certificate revocation lists: reading them. Making them is not done here yet.

mod reason;

use std::{collections::BTreeMap, fmt, sync::Arc};

use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

use crate::{
    certificate::{Extensions, ParseError},
    dn::Name,
    key::PublicKey,
    pem,
    serial::Serial,
    signature::Algorithm,
    time::Time,
};

pub use reason::{RevocationReason, UnknownReason};

/// A certificate revocation list (RFC 5280 section 5). Equal if the bytes are. Cheap to clone.
#[derive(Clone)]
pub struct Crl(Arc<Parts>);

pub(crate) struct Parts {
    der: Vec<u8>,
    pub(crate) tbs: Vec<u8>,
    /// What is signed names the same algorithm as what signs it (RFC 5280 5.1.1.2).
    algorithms_agree: bool,
    pub(crate) algorithm: Algorithm,
    signature: Vec<u8>,
    pub(crate) issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    revoked: BTreeMap<Serial, Revocation>,
    pub(crate) extensions: Extensions,
}

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// Since when.
    pub since: Time,
    /// The reason code (RFC 5280 5.3.1), if there is one.
    pub reason: Option<u8>,
}

impl Crl {
    /// Reads one list in DER.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        let malformed = |reason: String| ParseError::Malformed { what: WHAT, reason };
        let (rest, list) =
            CertificateRevocationList::from_der(der).map_err(|e| malformed(e.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} bytes follow it", rest.len())));
        }
        let tbs = &list.tbs_cert_list;
        let time = |t: x509_parser::time::ASN1Time| Time::from_unix(t.timestamp());
        let revoked = tbs.revoked_certificates.iter().map(|entry| {
            let reason = entry.reason_code().map(|(_, code)| code.0);
            (
                Serial::from_der_content(entry.raw_serial()),
                Revocation {
                    since: time(entry.revocation_date),
                    reason,
                },
            )
        });
        Ok(Self(Arc::new(Parts {
            der: der.to_vec(),
            tbs: tbs.as_ref().to_vec(),
            algorithms_agree: tbs.signature == list.signature_algorithm,
            algorithm: Algorithm::of(&list.signature_algorithm),
            signature: list.signature_value.data.to_vec(),
            issuer: Name::of(&tbs.issuer),
            this_update: time(tbs.this_update),
            next_update: tbs.next_update.map(time),
            revoked: revoked.collect(),
            extensions: Extensions::of(tbs.extensions()),
        })))
    }

    /// The first list in a PEM file.
    ///
    /// # Errors
    /// [`ParseError::Nothing`] if there is none.
    pub fn from_pem(file: &[u8]) -> Result<Self, ParseError> {
        Self::from_blocks(file)
            .next()
            .unwrap_or(Err(ParseError::Nothing { what: WHAT }))
    }

    /// All lists in a PEM file, in order.
    ///
    /// # Errors
    /// If one of them, or any block, cannot be read. None at all is no error.
    pub fn all_from_pem(file: &[u8]) -> Result<Vec<Self>, ParseError> {
        Self::from_blocks(file).collect()
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// PEM. The only form that PostgreSQL reads.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, self.der()).to_string()
    }

    /// The issuer as OpenSSL writes it under RFC 2253.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.0.issuer.rfc2253.clone()
    }

    /// The issuer's DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.issuer.der
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> Time {
        self.0.this_update
    }

    /// Until when it counts; afterwards OpenSSL refuses every certificate of its issuer.
    #[must_use]
    pub fn next_update(&self) -> Option<Time> {
        self.0.next_update
    }

    /// Its number (RFC 5280 5.2.3), if it has one.
    #[must_use]
    pub fn number(&self) -> Option<Serial> {
        self.0.extensions.crl_number.clone()
    }

    /// The key identifier of the authority that signed it.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0
            .extensions
            .authority_key_id
            .as_ref()
            .and_then(|id| id.key.as_deref())
    }

    /// Whether this serial is on the list. An entry that takes one off again (removeFromCRL) does not count.
    #[must_use]
    pub fn is_revoked(&self, serial: &Serial) -> bool {
        self.0
            .revoked
            .get(serial)
            .is_some_and(|entry| entry.reason != Some(REMOVE_FROM_CRL))
    }

    /// Everything on the list, by serial.
    pub fn revoked(&self) -> impl Iterator<Item = (&Serial, Revocation)> {
        self.0
            .revoked
            .iter()
            .map(|(serial, entry)| (serial, *entry))
    }

    /// Whether its signature was made with this key.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.0.algorithms_agree
            && self
                .0
                .algorithm
                .verifies(key, &self.0.tbs, &self.0.signature)
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    fn from_blocks(file: &[u8]) -> impl Iterator<Item = Result<Self, ParseError>> + '_ {
        pem::read_each(file, WHAT, |label| label == LABEL, Self::from_der)
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Crl {}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Crl(by {}, {} entries)",
            self.0.issuer.readable,
            self.0.revoked.len()
        )
    }
}

const WHAT: &str = "revocation list";
pub(crate) const LABEL: &str = "X509 CRL";
const REMOVE_FROM_CRL: u8 = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{
        CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevocationReason,
        RevokedCertParams,
    };

    use super::Crl;
    use crate::{
        fixture::{Authority, now, serial},
        inspect::Item,
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
                entry(0x3000, Some(RevocationReason::KeyCompromise)),
                entry(0x80, None),
                entry(0x3001, Some(RevocationReason::RemoveFromCrl)),
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
        insta::assert_snapshot!(Item::Crl(crl).describe(now()), @r"
        Revocation list: trustly
          issued by    CN=trustly,O=Loxodata
          number       11
          made         2026-11-23 22:13:52 UTC
          next update  2026-12-24 22:13:52 UTC, 30 days left
          signature    ECDSA with SHA-256
          issuer's id  abababababababababababababababababababab
          revoked      80  since 2026-11-22 22:13:52 UTC
                       3000  since 2026-11-22 22:13:52 UTC, key compromised
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
                let same = changed.parts().tbs == crl.parts().tbs;
                prop_assert!(same || !changed.is_signed_by(&root.certificate.public_key()));
                let _ = Item::Crl(changed).describe(now());
            }
        }
    }
}
