//! Whatever lies in a file, told in words: certificates, requests, keys, revocation lists.

use crate::{
    certificate::Certificate,
    crl::Crl,
    csr::{RequestError, SigningRequest},
    key::{KeyError, PrivateKey},
    secret::Secret,
    time::Time,
};

/// One thing found in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A certificate request.
    Request(Box<SigningRequest>),
    /// A private key that could be read.
    Key(PrivateKey),
    /// A private key under a passphrase that was not given.
    EncryptedKey,
    /// A revocation list.
    Crl(Box<Crl>),
}

impl Item {
    /// What it is, in one word: `certificate`, `request`, `key`, `encrypted-key`, `crl`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        todo!()
    }

    /// What there is to say about it, label and value, in order: what [`Item::describe`] aligns.
    #[must_use]
    pub fn facts(&self, now: Time) -> Vec<(&'static str, String)> {
        let _ = now;
        todo!()
    }

    /// What is wrong with it, or worth knowing.
    #[must_use]
    pub fn findings(&self, now: Time) -> Vec<Finding> {
        let _ = now;
        todo!()
    }

    /// All of it in words, several lines, the last one ended.
    #[must_use]
    pub fn describe(&self, now: Time) -> String {
        let _ = now;
        todo!()
    }
}

/// Something worth knowing about a thing in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// A stable name: `expired`, `no-san`, ….
    pub code: &'static str,
    /// In words.
    pub text: String,
}

/// Everything in a file, PEM or DER, in order.
///
/// # Errors
/// [`InspectError`].
pub fn inspect(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Vec<Item>, InspectError> {
    let _ = (bytes, passphrase);
    todo!()
}

/// A file of which nothing can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// Neither PEM nor a DER that is known here.
    #[error("neither a certificate, a request, a key nor a revocation list")]
    Unknown,
    /// A PEM block that does not hold what its label says.
    #[error("block {number} ({label}): {reason}")]
    Block {
        /// Counted from 1.
        number: usize,
        /// The PEM label.
        label: String,
        /// What is wrong.
        reason: String,
    },
    /// A key that cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A request that cannot be read, or proves nothing.
    #[error(transparent)]
    Request(#[from] RequestError),
}
