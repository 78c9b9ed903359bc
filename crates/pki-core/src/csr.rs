//! Certificate requests (PKCS#10, RFC 2986): made where the key is, read where it is signed.

use crate::{
    certificate::ParseError,
    fingerprint::Fingerprint,
    key::{PrivateKey, PublicKey},
    name::{AltName, Subject},
    profile::Kind,
    signer::SignError,
};

/// A certificate request whose holder has proven to have the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    der: Vec<u8>,
}

impl SigningRequest {
    /// Makes one.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn create(
        kind: Kind,
        key: &PrivateKey,
        subject: &Subject,
        alt_names: &[AltName],
    ) -> Result<Self, RequestError> {
        let _ = (kind, key, subject, alt_names);
        todo!()
    }

    /// Reads one in DER and checks its signature, which proves possession of the key.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        let _ = der;
        todo!()
    }

    /// The first one in a PEM file (`CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST`).
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, RequestError> {
        let _ = pem;
        todo!()
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        todo!()
    }

    /// The requester's public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }

    /// The first CN that it asks for.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        todo!()
    }

    /// The subject that it asks for, as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> String {
        todo!()
    }

    /// The names that it asks for.
    #[must_use]
    pub fn alt_names(&self) -> Vec<AltName> {
        todo!()
    }

    /// The kind that its extended key usage asks for; `None` if it asks for none, or for both.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        todo!()
    }

    /// What else it asks for and does not get, in words: a request gives key and names, the profile decides the rest.
    #[must_use]
    pub fn extras(&self) -> Vec<String> {
        todo!()
    }

    /// SHA-256 of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }
}

/// Why there is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The bytes are no request.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The signature does not verify: whoever made it does not have the key.
    #[error("the request is not signed with the key that it carries")]
    NoProofOfPossession,
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The library refused.
    #[error("the request cannot be encoded: {reason}")]
    Encoding {
        /// Its words.
        reason: String,
    },
}
