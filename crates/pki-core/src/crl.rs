//! Certificate revocation lists: reading them.

use crate::{certificate::ParseError, serial::Serial, time::Time};

/// A certificate revocation list (RFC 5280 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    der: Vec<u8>,
}

impl Crl {
    /// Reads one list in DER.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        let _ = der;
        todo!()
    }

    /// The first list in a PEM file.
    ///
    /// # Errors
    /// [`ParseError::Nothing`] if there is none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ParseError> {
        let _ = pem;
        todo!()
    }

    /// All lists in a PEM file, in order.
    ///
    /// # Errors
    /// If one of them cannot be read. None at all is no error.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, ParseError> {
        let _ = pem;
        todo!()
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The issuer as RFC 4514 writes it.
    #[must_use]
    pub fn issuer(&self) -> String {
        todo!()
    }

    /// The issuer's DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        todo!()
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> Time {
        todo!()
    }

    /// Until when it counts; afterwards OpenSSL refuses every certificate of its issuer.
    #[must_use]
    pub fn next_update(&self) -> Option<Time> {
        todo!()
    }

    /// Its number, if it has one.
    #[must_use]
    pub fn number(&self) -> Option<Serial> {
        todo!()
    }

    /// Whether this serial is on the list.
    #[must_use]
    pub fn is_revoked(&self, serial: &Serial) -> bool {
        let _ = serial;
        todo!()
    }
}
