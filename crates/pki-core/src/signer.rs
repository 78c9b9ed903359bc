//! The door through which something is signed: a key in memory today, a hardware module one day.

use crate::key::PublicKey;

/// Something that holds a private key and signs with it.
///
/// How it signs follows from the public key: ECDSA P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512 (DER
/// encoded), RSA PKCS#1 v1.5 with SHA-256, Ed25519.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// Signs the message itself (not a digest of it).
    ///
    /// # Errors
    /// If the key refuses or cannot be reached.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A signature that was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key did not sign: {reason}")]
pub struct SignError {
    /// What the key, or the library behind it, said.
    pub reason: String,
}
