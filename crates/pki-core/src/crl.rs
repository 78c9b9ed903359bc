//! Certificate revocation lists: what one says. Making one is `make`; which certificates are on it is the authority's
//! business.

mod der;
mod entries;
mod make;
mod reason;
#[cfg(test)]
mod tests;

use std::{fmt, ops::Range, sync::Arc};

use x509_parser::{
    extensions::X509Extension,
    prelude::FromDer,
    x509::{AlgorithmIdentifier, X509Name},
};

use der::{BIT_STRING, GENERALIZED_TIME, INTEGER, Reader, SEQUENCE, UTC_TIME};
use entries::Entries;

use crate::{
    certificate::{Certificate, Extensions, ParseError},
    dn::Name,
    fingerprint::Fingerprint,
    key::PublicKey,
    pem,
    serial::Serial,
    signature::Algorithm,
    time::Time,
};

pub use make::{CrlDraft, CrlError};
pub use reason::{RevocationReason, UnknownReason};

/// A certificate revocation list (RFC 5280 section 5). Equal if the bytes are. Cheap to clone.
#[derive(Clone)]
pub struct Crl(Arc<Parts>);

pub(crate) struct Parts {
    der: Vec<u8>,
    /// Where in it is what is signed.
    tbs: Range<usize>,
    /// Where in it the entries are. They have been read once: none of them is malformed.
    entries: Range<usize>,
    count: usize,
    /// What is signed names the same algorithm as what signs it (RFC 5280 5.1.1.2).
    algorithms_agree: bool,
    pub(crate) algorithm: Algorithm,
    signature: Vec<u8>,
    pub(crate) issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
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
        Self::from_vec(der.to_vec())
    }

    pub(crate) fn from_vec(der: Vec<u8>) -> Result<Self, ParseError> {
        match read(&der) {
            Ok(read) => Ok(Self(Arc::new(read(der)))),
            Err(reason) => Err(ParseError::Malformed { what: WHAT, reason }),
        }
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

    /// SHA-256 of the bytes.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.der())
    }

    /// PEM. The only form that PostgreSQL reads.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.pem_pieces().collect()
    }

    /// The same one piece after the other, for a list that need not be in memory twice.
    pub fn pem_pieces(&self) -> impl Iterator<Item = String> {
        pem::pieces(LABEL, self.der())
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
        self.entries().any(|(listed, entry)| {
            Serial::is_der_content(serial, listed) && entry.reason != Some(REMOVE_FROM_CRL)
        })
    }

    /// Everything on the list, in its order.
    pub fn revoked(&self) -> impl Iterator<Item = (Serial, Revocation)> {
        self.entries()
            .map(|(serial, entry)| (Serial::from_der_content(serial), entry))
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.count
    }

    /// Whether nothing is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.count == 0
    }

    /// Whether both are of one authority: the same name, and the same key as far as both say which. Of two such lists
    /// a server needs only the newer one.
    #[must_use]
    pub fn same_authority(&self, other: &Self) -> bool {
        let same_key = match (self.authority_key_id(), other.authority_key_id()) {
            (Some(own), Some(others)) => own == others,
            _ => true,
        };
        self.0.issuer.same(&other.0.issuer) && same_key
    }

    /// Whether it is this authority's: its name, its key identifier and its signature.
    #[must_use]
    pub fn is_issued_by(&self, authority: &Certificate) -> bool {
        let same_key = match (self.authority_key_id(), authority.subject_key_id()) {
            (Some(own), Some(others)) => own == others,
            _ => true,
        };
        self.0.issuer.same(&authority.parts().subject)
            && same_key
            && self.is_signed_by(&authority.public_key())
    }

    fn entries(&self) -> impl Iterator<Item = (&[u8], Revocation)> {
        let all = Entries::new(&self.0.der[self.0.entries.clone()]);
        // They were read once already.
        all.filter_map(Result::ok)
    }

    /// Whether its signature was made with this key.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.0.algorithms_agree
            && self
                .0
                .algorithm
                .verifies(key, self.tbs(), &self.0.signature)
    }

    /// What is signed.
    pub(crate) fn tbs(&self) -> &[u8] {
        &self.0.der[self.0.tbs.clone()]
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
            self.0.issuer.readable, self.0.count
        )
    }
}

/// Reads all of it but leaves the entries where they are. What comes back takes the bytes.
fn read(der: &[u8]) -> Result<impl FnOnce(Vec<u8>) -> Parts + use<>, String> {
    let mut outer = Reader::new(der);
    let mut list = Reader::new(outer.expect(SEQUENCE)?.content);
    if !outer.is_empty() {
        return Err("bytes follow it".to_owned());
    }
    let tbs = list.expect(SEQUENCE)?;
    let signed_with = list.expect(SEQUENCE)?;
    let signature = match list.expect(BIT_STRING)?.content {
        [0, signature @ ..] if list.is_empty() => signature.to_vec(),
        _ => return Err("its signature makes no sense".to_owned()),
    };

    let mut fields = Reader::new(tbs.content);
    if let Some(version) = fields.optional(INTEGER)?
        && version.content != [1]
    {
        return Err("its version is not known".to_owned());
    }
    let algorithm = fields.expect(SEQUENCE)?;
    let issuer = fields.expect(SEQUENCE)?;
    let (_, issuer) = X509Name::from_der(issuer.whole).map_err(|e| e.to_string())?;
    let this_update = der::time(fields.next()?)?;
    let mut next_update = fields.optional(UTC_TIME)?;
    if next_update.is_none() {
        next_update = fields.optional(GENERALIZED_TIME)?;
    }
    let next_update = next_update.map(der::time).transpose()?;
    let entries = fields.optional(SEQUENCE)?.map_or(&[][..], |e| e.content);
    let mut count = 0;
    for entry in Entries::new(entries) {
        entry?;
        count += 1;
    }
    let mut extensions = Vec::new();
    if let Some(tagged) = fields.optional(0xa0)? {
        let mut each = Reader::new(Reader::new(tagged.content).expect(SEQUENCE)?.content);
        while !each.is_empty() {
            let (_, extension) =
                X509Extension::from_der(each.next()?.whole).map_err(|e| e.to_string())?;
            extensions.push(extension);
        }
    }
    if !fields.is_empty() {
        return Err("it has fields that RFC 5280 does not have".to_owned());
    }
    let (_, identifier) =
        AlgorithmIdentifier::from_der(signed_with.whole).map_err(|e| e.to_string())?;
    let within = |part: &[u8]| {
        // Both are parts of one slice.
        let start = part.as_ptr().addr() - der.as_ptr().addr();
        start..start + part.len()
    };
    let entries = if entries.is_empty() {
        0..0
    } else {
        within(entries)
    };
    let tbs = within(tbs.whole);
    let algorithms_agree = algorithm.whole == signed_with.whole;
    let algorithm = Algorithm::of(&identifier);
    let issuer = Name::of(&issuer);
    let extensions = Extensions::of(&extensions);
    Ok(move |der| Parts {
        der,
        tbs,
        entries,
        count,
        algorithms_agree,
        algorithm,
        signature,
        issuer,
        this_update,
        next_update,
        extensions,
    })
}

const WHAT: &str = "revocation list";
pub(crate) const LABEL: &str = "X509 CRL";
const REMOVE_FROM_CRL: u8 = 8;
