//! Private keys: made, read in the formats that OpenSSL writes, written as PKCS#8. Passphrases come in as values.

mod encrypted;
mod public;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    error::KeyRejected,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};

pub(crate) use self::public::Family;
pub use self::public::PublicKey;
use crate::{
    algorithm::KeyType,
    pem,
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

    /// Reads the first private key of a PEM file: PKCS#8, PKCS#8 under a passphrase (PBES2), SEC1, PKCS#1. The
    /// passphrase is not looked at where the key is in the clear.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(file: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        Self::from_block(&first_key(file)?, passphrase)
    }

    pub(crate) fn from_block(
        block: &pem::Block,
        passphrase: Option<&Secret>,
    ) -> Result<Self, KeyError> {
        let der = block.contents.as_bytes();
        if block.encrypted {
            return Err(match passphrase {
                None => KeyError::Encrypted,
                Some(_) => KeyError::Unsupported {
                    what: "OpenSSL's old encryption of PEM files (Proc-Type: 4,ENCRYPTED)"
                        .to_owned(),
                },
            });
        }
        if block.label == "OPENSSH PRIVATE KEY" {
            return Err(KeyError::Unsupported {
                what: "a private key in OpenSSH's own format".to_owned(),
            });
        }
        if block.label == ENCRYPTED {
            return Self::from_der(encrypted::open(der, passphrase)?.as_bytes());
        }
        Self::from_der(der)
    }

    /// Reads DER: PKCS#8, SEC1 (RFC 5915) or PKCS#1 (RFC 8017), not encrypted.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(info) = PrivateKeyInfoRef::try_from(der) {
            let oid = info.algorithm.oid.to_string();
            let pair = match oid.as_str() {
                public::OID_EC => {
                    let curve = info
                        .algorithm
                        .parameters_oid()
                        .map(|oid| oid.to_string())
                        .unwrap_or_default();
                    let algorithm = ecdsa(&curve).ok_or_else(|| KeyError::Unsupported {
                        what: format!("a key on the elliptic curve {}", public::curve_name(&curve)),
                    })?;
                    EcdsaKeyPair::from_pkcs8(algorithm, der).map(Pair::Ecdsa)
                }
                public::OID_RSA | public::OID_RSA_PSS => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
                public::OID_ED25519 => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
                other => {
                    return Err(KeyError::Unsupported {
                        what: format!("a key of the algorithm {other}"),
                    });
                }
            };
            return Self::of(pair.map_err(|e| rejected(&e))?);
        }
        if EncryptedPrivateKeyInfoRef::try_from(der).is_ok() {
            return Err(KeyError::Encrypted);
        }
        if let Ok(pair) = RsaKeyPair::from_der(der) {
            return Self::of(Pair::Rsa(pair));
        }
        for algorithm in ECDSA {
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(algorithm, der) {
                return Self::of(Pair::Ecdsa(pair));
            }
        }
        Err(KeyError::Malformed {
            reason: "neither PKCS#8, SEC1 nor PKCS#1, or of a kind that is not known".to_owned(),
        })
    }

    /// Whether the first private key of a PEM file is under a passphrase. `false` where there is no key.
    #[must_use]
    pub fn is_encrypted_pem(file: &[u8]) -> bool {
        first_key(file).is_ok_and(|block| block.encrypted || block.label == ENCRYPTED)
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
        Secret::new(pem::encode(PLAIN, self.pkcs8.as_bytes()).into_bytes())
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
        let der = encrypted::seal(self.pkcs8.as_bytes(), passphrase)?;
        Ok(Secret::new(
            pem::encode(ENCRYPTED, der.as_bytes()).into_bytes(),
        ))
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

fn rejected(e: &KeyRejected) -> KeyError {
    match e.to_string().as_str() {
        "TooSmall" => KeyError::Unsupported {
            what: "an RSA key of fewer than 2048 bits".to_owned(),
        },
        reason => KeyError::Malformed {
            reason: reason.to_owned(),
        },
    }
}

fn first_key(file: &[u8]) -> Result<pem::Block, KeyError> {
    for block in pem::blocks(file) {
        let block = block.map_err(|b| KeyError::Malformed {
            reason: format!("{}: {}", b.label, b.reason),
        })?;
        if is_key_label(&block.label) {
            return Ok(block);
        }
    }
    Err(KeyError::NoKey)
}

/// `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `EC PRIVATE KEY`, `RSA PRIVATE KEY`, and those that are not read here.
pub(crate) fn is_key_label(label: &str) -> bool {
    label.ends_with(PLAIN)
}

fn ecdsa(curve: &str) -> Option<&'static EcdsaSigningAlgorithm> {
    match curve {
        public::OID_P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        public::OID_P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        public::OID_P521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        _ => None,
    }
}

const ECDSA: [&EcdsaSigningAlgorithm; 3] = [
    &ECDSA_P256_SHA256_ASN1_SIGNING,
    &ECDSA_P384_SHA384_ASN1_SIGNING,
    &ECDSA_P521_SHA512_ASN1_SIGNING,
];

// RFC 7468 sections 10 and 11.
const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
