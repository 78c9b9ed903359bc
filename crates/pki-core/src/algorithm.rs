//! The types of key that can be made. What can be read or verified is wider: see [`PublicKey`](crate::PublicKey).

use std::{fmt, str::FromStr};

/// A type of key that pgcert makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// ECDSA on NIST P-256, signs with SHA-256. Read by every client and every driver.
    #[default]
    P256,
    /// ECDSA on NIST P-384, signs with SHA-384.
    P384,
    /// RSA, 2048 bits, signs PKCS#1 v1.5 with SHA-256.
    Rsa2048,
    /// RSA, 3072 bits, signs PKCS#1 v1.5 with SHA-256.
    Rsa3072,
    /// RSA, 4096 bits, signs PKCS#1 v1.5 with SHA-256.
    Rsa4096,
    /// Ed25519 (RFC 8410). As an authority's key it breaks SCRAM channel binding: see
    /// [`KeyType::breaks_channel_binding`].
    Ed25519,
}

impl KeyType {
    /// Every type, in the order in which help texts name them.
    pub const ALL: [Self; 6] = [
        Self::P256,
        Self::P384,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Ed25519,
    ];

    /// Whether certificates *signed* by a key of this type make password logins fail on libpq's default
    /// `channel_binding=prefer`: `tls-server-end-point` (RFC 5929 4.1) needs the digest of the signature, and
    /// Ed25519 has none (fe-secure-openssl.c `pgtls_get_peer_certificate_hash`).
    #[must_use]
    pub const fn breaks_channel_binding(self) -> bool {
        matches!(self, Self::Ed25519)
    }

    /// The name used on the command line: `p256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    fn from_str(text: &str) -> Result<Self, UnknownKeyType> {
        Self::ALL
            .into_iter()
            .find(|t| t.name() == text)
            .ok_or_else(|| UnknownKeyType {
                text: text.to_owned(),
            })
    }
}

/// A word that names no type of key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such key type: `{text}` (known: p256, p384, rsa2048, rsa3072, rsa4096, ed25519)")]
pub struct UnknownKeyType {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::KeyType;

    #[test]
    fn names_read_back() {
        for t in KeyType::ALL {
            assert_eq!(t.to_string().parse(), Ok(t));
        }
        insta::assert_snapshot!("P256".parse::<KeyType>().unwrap_err(), @"no such key type: `P256` (known: p256, p384, rsa2048, rsa3072, rsa4096, ed25519)");
    }
}
