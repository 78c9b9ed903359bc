//! A certificate as a value: its bytes, and what they say.

use crate::{
    fingerprint::Fingerprint, key::PublicKey, name::AltName, profile::Kind, serial::Serial,
    validity::Validity,
};

/// An X.509 certificate (RFC 5280). Equal if the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// [`ParseError`] if the bytes are no certificate, or something follows it.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        let _ = der;
        todo!()
    }

    /// The first certificate in a PEM file.
    ///
    /// # Errors
    /// [`ParseError::Nothing`] if there is none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ParseError> {
        let _ = pem;
        todo!()
    }

    /// All certificates in a PEM file, in order. Other PEM blocks and text between them are passed over.
    ///
    /// # Errors
    /// If one of the certificates cannot be read. No certificate at all is no error.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, ParseError> {
        let _ = pem;
        todo!()
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM, lines of 64, `\n`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        todo!()
    }

    /// The subject as RFC 4514 writes it, which is what PostgreSQL compares under `clientname=DN`:
    /// `CN=alice,OU=Eng,O=Acme`.
    #[must_use]
    pub fn subject(&self) -> String {
        todo!()
    }

    /// The issuer, like [`Certificate::subject`].
    #[must_use]
    pub fn issuer(&self) -> String {
        todo!()
    }

    /// The subject's DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        todo!()
    }

    /// The issuer's DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        todo!()
    }

    /// The first CN of the subject, which is the one that PostgreSQL and libpq take
    /// (`X509_NAME_get_text_by_NID`).
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        todo!()
    }

    /// The DNS names and addresses of the SAN, in order. Other forms, and names that are none, are left out.
    #[must_use]
    pub fn alt_names(&self) -> Vec<AltName> {
        todo!()
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> Serial {
        todo!()
    }

    /// From when until when it holds.
    #[must_use]
    pub fn validity(&self) -> Validity {
        todo!()
    }

    /// The holder's public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }

    /// Whether basicConstraints says that it is an authority.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        todo!()
    }

    /// Whether it is signed with its own key: the names agree and the signature verifies.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        todo!()
    }

    /// What it is, as far as it can be told: an authority from basicConstraints; a client if the extended key usage
    /// allows clientAuth and not serverAuth, else a server.
    #[must_use]
    pub fn kind(&self) -> Kind {
        todo!()
    }

    /// What the extended key usage allows; `None` if the certificate has none, which allows everything.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<Vec<ExtendedKeyUsage>> {
        todo!()
    }

    /// The subject key identifier.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        todo!()
    }

    /// The authority key identifier.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        todo!()
    }

    /// SHA-256 of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }
}

/// One purpose of an extended key usage extension.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedKeyUsage {
    /// TLS server.
    ServerAuth,
    /// TLS client.
    ClientAuth,
    /// anyExtendedKeyUsage. OpenSSL does not take it for a TLS purpose.
    Any,
    /// Another one, by its object identifier.
    Other(String),
}

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing of the kind in the file.
    #[error("no {what} found")]
    Nothing {
        /// What was looked for: `certificate`, `certificate request`, `revocation list`.
        what: &'static str,
    },
    /// There is one, and it cannot be read.
    #[error("not a {what}: {reason}")]
    Malformed {
        /// What was looked for.
        what: &'static str,
        /// Where it went wrong.
        reason: String,
    },
}
