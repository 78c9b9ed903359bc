//! Certificate revocation lists: reading them. Making them is not done here yet.

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

/// A certificate revocation list (RFC 5280 section 5). Equal if the bytes are. Cheap to clone.
#[derive(Clone)]
pub struct Crl(Arc<Parts>);

pub(crate) struct Parts {
    der: Vec<u8>,
    tbs: Vec<u8>,
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
        pem::encode(LABEL, self.der())
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
        self.0
            .algorithm
            .verifies(key, &self.0.tbs, &self.0.signature)
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    fn from_blocks(file: &[u8]) -> impl Iterator<Item = Result<Self, ParseError>> + '_ {
        pem::blocks(file).filter_map(|block| match block {
            Ok(block) if block.label == LABEL => Some(Self::from_der(block.contents.as_bytes())),
            Ok(_) => None,
            Err(b) => Some(Err(ParseError::Malformed {
                what: WHAT,
                reason: format!("{}: {}", b.label, b.reason),
            })),
        })
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
