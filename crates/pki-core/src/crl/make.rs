//! Making a list (RFC 5280 section 5). The bytes are put together by hand: an entry is 35 bytes and a list may have a
//! million, for which a tree of values would be many times as much.

use super::{
    Crl, RevocationReason,
    der::{
        BIT_STRING, ENUMERATED, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, put, put_head,
        put_positive, put_time,
    },
    entries::REASON_CODE,
};
use crate::{
    certificate::{Certificate, KeyUsage, ParseError},
    serial::Serial,
    signature,
    signer::{SignError, Signer},
    time::Time,
    validity::Validity,
};

/// A list that is being made: the entries first, then the signature.
///
/// ```
/// # use pki_core::{CrlDraft, RevocationReason, Serial, Time};
/// let mut draft = CrlDraft::new();
/// draft.revoke(&Serial::random()?, Time::from_unix(1_795_558_432), RevocationReason::KeyCompromise);
/// assert_eq!(draft.len(), 1);
/// # Ok::<(), pki_core::SerialError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CrlDraft {
    /// DER, one after the other.
    entries: Vec<u8>,
    count: usize,
}

impl CrlDraft {
    /// A list with nothing on it, which says that nothing is revoked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a certificate on the list. That no serial comes twice is the caller's to see to.
    pub fn revoke(&mut self, serial: &Serial, since: Time, reason: RevocationReason) {
        let start = self.entries.len();
        // The length fits into one octet: a serial has at most 20 (RFC 5280 4.1.2.2), and the rest 33.
        self.entries.extend([SEQUENCE, 0]);
        put_positive(&mut self.entries, serial.as_bytes());
        put_time(&mut self.entries, since);
        // "the reason code CRL entry extension SHOULD be absent instead of using the unspecified (0) reasonCode value"
        // (RFC 5280 5.3.1).
        if reason != RevocationReason::Unspecified {
            self.entries.extend([SEQUENCE, 12, SEQUENCE, 10]);
            put(&mut self.entries, OBJECT_IDENTIFIER, REASON_CODE);
            self.entries
                .extend([OCTET_STRING, 3, ENUMERATED, 1, reason.code()]);
        }
        self.entries[start + 1] = (self.entries.len() - start - 2) as u8;
        self.count += 1;
    }

    /// How many are on it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing is on it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Signs it, and reads it back: what comes out has been verified with the issuer's key. `number` (RFC 5280 5.2.3)
    /// has to be greater than that of every list before it. It counts from `times.not_before` (this update) until
    /// `times.not_after` (next update).
    ///
    /// # Errors
    /// [`CrlError`].
    pub fn sign(
        self,
        issuer: &Certificate,
        signer: &dyn Signer,
        number: u64,
        times: Validity,
    ) -> Result<Crl, CrlError> {
        let key = signer.public_key();
        if key != issuer.public_key() {
            return Err(CrlError::OtherKey);
        }
        let allowed = issuer.parts().extensions.allows(KeyUsage::CRL_SIGN);
        if !issuer.is_authority() || !allowed {
            return Err(CrlError::NotAllowed);
        }
        let algorithm = signature::identifier(&key).ok_or(CrlError::NoAlgorithm)?;
        let mut der = self.unsigned(issuer, algorithm, number, times);
        let signature = signer.sign(&der)?;
        der.extend_from_slice(algorithm);
        put_head(&mut der, BIT_STRING, signature.len() + 1);
        // No bit of the last octet is unused.
        der.push(0);
        der.extend_from_slice(&signature);
        enclose(&mut der, &[]);

        let crl = Crl::from_vec(der)?;
        if crl.is_signed_by(&key) && crl.issuer_der() == issuer.subject_der() {
            Ok(crl)
        } else {
            Err(CrlError::Signature)
        }
    }

    /// What is to be signed. It grows around the entries where they lie.
    fn unsigned(
        self,
        issuer: &Certificate,
        algorithm: &[u8],
        number: u64,
        times: Validity,
    ) -> Vec<u8> {
        // v2, for there are extensions.
        let mut head = vec![INTEGER, 1, 1];
        head.extend_from_slice(algorithm);
        head.extend_from_slice(issuer.subject_der());
        put_time(&mut head, times.not_before);
        put_time(&mut head, times.not_after);
        // "When there are no revoked certificates, the revoked certificates list MUST be absent" (RFC 5280 5.1.2.6).
        if !self.entries.is_empty() {
            put_head(&mut head, SEQUENCE, self.entries.len());
        }
        let mut tbs = self.entries;
        tbs.extend(extensions(issuer, number));
        enclose(&mut tbs, &head);
        tbs
    }
}

/// Makes a SEQUENCE of `head` and what is there, which is moved once and not copied.
fn enclose(content: &mut Vec<u8>, head: &[u8]) {
    let mut front = Vec::new();
    put_head(&mut front, SEQUENCE, head.len() + content.len());
    front.extend_from_slice(head);
    content.splice(..0, front);
}

/// authorityKeyIdentifier and cRLNumber, both of which every list has to have (RFC 5280 5.2.1, 5.2.3).
fn extensions(issuer: &Certificate, number: u64) -> Vec<u8> {
    let own = issuer.public_key().key_id();
    let mut key_id = Vec::new();
    put(&mut key_id, 0x80, issuer.subject_key_id().unwrap_or(&own));
    let mut aki = Vec::new();
    put(&mut aki, SEQUENCE, &key_id);
    let octets = number.to_be_bytes();
    let first = octets.iter().position(|octet| *octet != 0);
    let mut digits = Vec::new();
    put_positive(&mut digits, &octets[first.unwrap_or(octets.len())..]);

    let mut both = Vec::new();
    for (oid, value) in [(AUTHORITY_KEY_ID, aki), (CRL_NUMBER, digits)] {
        let mut extension = Vec::new();
        put(&mut extension, OBJECT_IDENTIFIER, oid);
        put(&mut extension, OCTET_STRING, &value);
        put(&mut both, SEQUENCE, &extension);
    }
    let mut list = Vec::new();
    put(&mut list, SEQUENCE, &both);
    let mut tagged = Vec::new();
    put(&mut tagged, 0xa0, &list);
    tagged
}

/// Why no list was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// The issuer's certificate does not allow it to sign lists (RFC 5280 4.2.1.3): every client would refuse them.
    #[error(
        "the certificate of the authority does not allow it to sign revocation lists (no cRLSign)"
    )]
    NotAllowed,
    /// The key is not the one in the issuer's certificate.
    #[error("the key does not belong to the authority's certificate")]
    OtherKey,
    /// There is no signature algorithm for the key.
    #[error("no signature algorithm is known for the authority's key")]
    NoAlgorithm,
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The signature does not verify. The list is not handed out.
    #[error("the signature does not verify")]
    Signature,
    /// What was made cannot be read. It is not handed out.
    #[error(transparent)]
    Encoding(#[from] ParseError),
}

/// 2.5.29.35
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
/// 2.5.29.20
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
