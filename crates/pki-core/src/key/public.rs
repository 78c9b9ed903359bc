//! Public keys, of every algorithm that a certificate may carry: those that can be used here and those that cannot.

use x509_parser::{prelude::FromDer, x509::SubjectPublicKeyInfo};

use super::KeyError;
use crate::{algorithm::KeyType, fingerprint::Fingerprint};

/// A public key: the DER of a SubjectPublicKeyInfo (RFC 5280 4.1.2.7). Equal if the bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
    family: Family,
    bits: Vec<u8>,
}

impl PublicKey {
    /// From the DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = || KeyError::Malformed {
            reason: "not a SubjectPublicKeyInfo".to_owned(),
        };
        match SubjectPublicKeyInfo::from_der(der) {
            Ok(([], spki)) => Ok(Self {
                spki: der.to_vec(),
                family: Family::of(&spki),
                bits: spki.subject_public_key.data.to_vec(),
            }),
            _ => Err(malformed()),
        }
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
        match &self.family {
            Family::P256 => "EC P-256".to_owned(),
            Family::P384 => "EC P-384".to_owned(),
            Family::P521 => "EC P-521".to_owned(),
            Family::Rsa { bits } => format!("RSA {bits}"),
            Family::Ed25519 => "Ed25519".to_owned(),
            Family::Other { name, .. } => name.clone(),
        }
    }

    /// Its type; `None` if it is one that pgcert does not make.
    #[must_use]
    pub fn key_type(&self) -> Option<KeyType> {
        match self.family {
            Family::P256 => Some(KeyType::P256),
            Family::P384 => Some(KeyType::P384),
            Family::Ed25519 => Some(KeyType::Ed25519),
            Family::Rsa { bits: 2048 } => Some(KeyType::Rsa2048),
            Family::Rsa { bits: 3072 } => Some(KeyType::Rsa3072),
            Family::Rsa { bits: 4096 } => Some(KeyType::Rsa4096),
            _ => None,
        }
    }

    /// The key identifier that certificates for this key carry: the first 160 bits of the SHA-256 of the BIT STRING's
    /// content (RFC 7093 section 2, method 1).
    pub(crate) fn key_id(&self) -> Vec<u8> {
        Fingerprint::of(&self.bits).as_bytes()[..20].to_vec()
    }

    pub(crate) const fn family(&self) -> &Family {
        &self.family
    }

    /// The content of the BIT STRING: a curve point, an RSAPublicKey, 32 bytes of Ed25519.
    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }
}

/// What is told apart where signatures are made and checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    P256,
    P384,
    P521,
    Rsa { bits: usize },
    Ed25519,
    Other { name: String, security: u32 },
}

impl Family {
    fn of(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let oid = spki.algorithm.algorithm.to_id_string();
        match oid.as_str() {
            OID_EC => {
                let curve = spki
                    .algorithm
                    .parameters
                    .as_ref()
                    .and_then(|any| any.as_oid().ok());
                let curve = curve.map(|oid| oid.to_id_string()).unwrap_or_default();
                match curve.as_str() {
                    OID_P256 => Self::P256,
                    OID_P384 => Self::P384,
                    OID_P521 => Self::P521,
                    "1.3.132.0.10" => Self::Other {
                        name: format!("EC {}", curve_name(&curve)),
                        security: 128,
                    },
                    "1.3.132.0.33" => Self::Other {
                        name: format!("EC {}", curve_name(&curve)),
                        security: 112,
                    },
                    _ => Self::Other {
                        name: format!("EC {}", curve_name(&curve)),
                        security: u32::MAX,
                    },
                }
            }
            OID_RSA | OID_RSA_PSS => {
                match x509_parser::public_key::RSAPublicKey::from_der(&spki.subject_public_key.data)
                {
                    Ok((_, key)) => {
                        let modulus: &[u8] = match key.modulus.iter().position(|b| *b != 0) {
                            Some(first) => &key.modulus[first..],
                            None => &[],
                        };
                        let unused = modulus.first().map_or(0, |b| b.leading_zeros() as usize);
                        Self::Rsa {
                            bits: modulus.len() * 8 - unused,
                        }
                    }
                    Err(_) => Self::Other {
                        name: "RSA (malformed)".to_owned(),
                        security: 0,
                    },
                }
            }
            OID_ED25519 => Self::Ed25519,
            other => Self::Other {
                name: algorithm_name(other).to_owned(),
                security: u32::MAX,
            },
        }
    }

    /// Bits of security, as OpenSSL counts them (`EVP_PKEY_get_security_bits`, NIST SP 800-57). Unknown: no limit.
    pub(crate) const fn security_bits(&self) -> u32 {
        match self {
            Self::P256 | Self::Ed25519 => 128,
            Self::P384 => 192,
            Self::P521 => 256,
            Self::Rsa { bits: 15_360.. } => 256,
            Self::Rsa { bits: 7680.. } => 192,
            Self::Rsa { bits: 3072.. } => 128,
            Self::Rsa { bits: 2048.. } => 112,
            Self::Rsa { bits: 1024.. } => 80,
            Self::Rsa { .. } => 0,
            Self::Other { security, .. } => *security,
        }
    }
}

/// The name of an algorithm that is not used here; else the object identifier.
pub(super) fn algorithm_name(oid: &str) -> &str {
    match oid {
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.113" => "Ed448",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.113549.1.3.1" => "DH",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        other => other,
    }
}

pub(super) fn curve_name(oid: &str) -> &str {
    match oid {
        "" => "with explicit parameters",
        OID_P256 => "P-256",
        OID_P384 => "P-384",
        OID_P521 => "P-521",
        "1.3.132.0.33" => "P-224",
        "1.3.132.0.10" => "secp256k1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        other => other,
    }
}

pub(super) const OID_EC: &str = "1.2.840.10045.2.1";
pub(super) const OID_P256: &str = "1.2.840.10045.3.1.7";
pub(super) const OID_P384: &str = "1.3.132.0.34";
pub(super) const OID_P521: &str = "1.3.132.0.35";
pub(super) const OID_RSA: &str = "1.2.840.113549.1.1.1";
pub(super) const OID_RSA_PSS: &str = "1.2.840.113549.1.1.10";
pub(super) const OID_ED25519: &str = "1.3.101.112";
