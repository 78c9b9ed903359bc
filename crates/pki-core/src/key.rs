//! Private and public keys: made, read in the formats that OpenSSL writes, written as PKCS#8.

use crate::{
    algorithm::KeyType,
    fingerprint::Fingerprint,
    secret::Secret,
    signer::{SignError, Signer},
};

/// A private key. `Debug` does not show it, and its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct PrivateKey {
    pkcs8: Secret,
}

impl PrivateKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        let _ = key_type;
        todo!()
    }

    /// Reads the first private key of a PEM file: PKCS#8, PKCS#8 under a passphrase (PBES2), SEC1, PKCS#1.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(pem: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        let _ = (pem, passphrase);
        todo!()
    }

    /// Reads DER: PKCS#8, SEC1 or PKCS#1, not encrypted.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let _ = der;
        todo!()
    }

    /// Whether the first private key of a PEM file is under a passphrase.
    #[must_use]
    pub fn is_encrypted_pem(pem: &[u8]) -> bool {
        let _ = pem;
        todo!()
    }

    /// Its type; `None` if it is one that pgcert does not make (P-521, RSA of another size).
    #[must_use]
    pub fn key_type(&self) -> Option<KeyType> {
        todo!()
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }

    /// PKCS#8 (version 1), PEM.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Secret {
        todo!()
    }

    /// PKCS#8 (version 1), DER: pgjdbc's `.pk8`.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Secret {
        self.pkcs8.clone()
    }

    /// PKCS#8 under a passphrase, PEM: PBES2 with PBKDF2-HMAC-SHA256, 600 000 rounds, and AES-256-CBC.
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn to_encrypted_pem(&self, passphrase: &Secret) -> Result<Secret, KeyError> {
        let _ = passphrase;
        todo!()
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> PublicKey {
        todo!()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let _ = message;
        todo!()
    }
}

/// A public key: the DER of a SubjectPublicKeyInfo. Equal if the bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
}

impl PublicKey {
    /// From the DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let _ = der;
        todo!()
    }

    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.spki)
    }

    /// In words: `EC P-256`, `RSA 2048`, `Ed25519`.
    #[must_use]
    pub fn describe(&self) -> String {
        todo!()
    }

    /// Its type; `None` if it is one that pgcert does not make.
    #[must_use]
    pub fn key_type(&self) -> Option<KeyType> {
        todo!()
    }
}

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no private key in the file.
    #[error("no private key found")]
    NoKey,
    /// It is under a passphrase, and none was given.
    #[error("the private key is encrypted")]
    Encrypted,
    /// The passphrase does not open it.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// A kind of key, or of encryption, that is not known here.
    #[error("not supported: {what}")]
    Unsupported {
        /// Which.
        what: String,
    },
    /// The bytes are no key.
    #[error("not a private key: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// A key, or its encryption, could not be made.
    #[error("no key was made: {reason}")]
    NotMade {
        /// What the library said.
        reason: String,
    },
}
