//! Private keys: made, used, written as PKCS#8. How they are read is in `key/read.rs`. Passphrases come in as values.

mod encrypted;
mod form;
mod pbe;
mod public;
mod read;
#[cfg(test)]
mod tests;
mod traditional;

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};

pub use self::public::PublicKey;
pub(crate) use self::{
    encrypted::describe as describe_encryption, form::Form, public::Family, read::is_key_label,
};
use crate::{
    algorithm::KeyType,
    secret::Secret,
    signer::{SignError, Signer},
};

/// A private key. `Debug` does not show it, and its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct PrivateKey {
    pair: Arc<Pair>,
    /// Version 1: OpenSSL before 3.5 cannot read version 2 of an Ed25519 key.
    pkcs8: Secret,
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        let made = |_| KeyError::NotMade {
            reason: format!("no {key_type} key could be generated"),
        };
        let rsa = |size| RsaKeyPair::generate(size).map(Pair::Rsa).map_err(made);
        let pair = match key_type {
            KeyType::P256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
                .map(Pair::Ecdsa)
                .map_err(made)?,
            KeyType::P384 => EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING)
                .map(Pair::Ecdsa)
                .map_err(made)?,
            KeyType::Rsa2048 => rsa(KeySize::Rsa2048)?,
            KeyType::Rsa3072 => rsa(KeySize::Rsa3072)?,
            KeyType::Rsa4096 => rsa(KeySize::Rsa4096)?,
            KeyType::Ed25519 => Ed25519KeyPair::generate()
                .map(Pair::Ed25519)
                .map_err(made)?,
        };
        Self::of(pair)
    }

    /// Its type; `None` if it is one that pgcert does not make (P-521, RSA of another size).
    #[must_use]
    pub fn key_type(&self) -> Option<KeyType> {
        self.public.key_type()
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    /// PKCS#8 (version 1), PEM, not encrypted.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Secret {
        self.pkcs8.to_pem(PLAIN)
    }

    /// PKCS#8 (version 1), DER, not encrypted: pgjdbc's `.pk8`.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Secret {
        self.pkcs8.clone()
    }

    /// PKCS#8 under a passphrase, PEM: PBES2 with PBKDF2-HMAC-SHA256, 600 000 rounds, and AES-256-CBC.
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn to_encrypted_pem(&self, passphrase: &Secret) -> Result<Secret, KeyError> {
        Ok(self.to_encrypted_der(passphrase)?.to_pem(ENCRYPTED))
    }

    /// The same in DER.
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn to_encrypted_der(&self, passphrase: &Secret) -> Result<Secret, KeyError> {
        encrypted::seal(self.pkcs8.as_bytes(), passphrase)
    }

    fn of(pair: Pair) -> Result<Self, KeyError> {
        let written = |_| KeyError::NotMade {
            reason: "the key cannot be written".to_owned(),
        };
        let (pkcs8, spki) = match &pair {
            Pair::Ecdsa(pair) => (
                pair.to_pkcs8v1().map_err(written)?.as_ref().to_vec(),
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(written)?,
            ),
            Pair::Rsa(pair) => (
                AsDer::<Pkcs8V1Der<'_>>::as_der(pair)
                    .map_err(written)?
                    .as_ref()
                    .to_vec(),
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(written)?,
            ),
            Pair::Ed25519(pair) => (
                pair.to_pkcs8v1().map_err(written)?.as_ref().to_vec(),
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(written)?,
            ),
        };
        let public = PublicKey::from_der(spki.as_ref())?;
        Ok(Self {
            pair: Arc::new(pair),
            pkcs8: Secret::new(pkcs8),
            public,
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ..)", self.public.describe())
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |_| SignError {
            reason: "the signature failed".to_owned(),
        };
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Ecdsa(pair) => pair
                .sign(&random, message)
                .map(|s| s.as_ref().to_vec())
                .map_err(failed),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => pair
                .try_sign(message)
                .map(|s| s.as_ref().to_vec())
                .map_err(failed),
        }
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
    #[error("not a key: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// A key, or its encryption, could not be made.
    #[error("no key was made: {reason}")]
    NotMade {
        /// What failed.
        reason: String,
    },
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

// RFC 7468 sections 10 and 11.
const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
