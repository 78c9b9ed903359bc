//! Signatures: what an algorithm identifier means, and whether a signature verifies. Signing is the [signer]'s.
//!
//! [signer]: crate::Signer

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::{signature_algorithm::RsaSsaPssParams, x509::AlgorithmIdentifier};

use crate::key::{Family, PublicKey};

/// The algorithm of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    RsaPkcs1(Digest),
    RsaPss(Digest),
    Ecdsa(Digest),
    Ed25519,
    Other(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    pub(crate) fn of(identifier: &AlgorithmIdentifier<'_>) -> Self {
        let oid = identifier.algorithm.to_id_string();
        match oid.as_str() {
            // RFC 8017 appendix A.2.4
            "1.2.840.113549.1.1.4" => Self::RsaPkcs1(Digest::Md5),
            "1.2.840.113549.1.1.5" => Self::RsaPkcs1(Digest::Sha1),
            "1.2.840.113549.1.1.14" => Self::RsaPkcs1(Digest::Sha224),
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(Digest::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(Digest::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(Digest::Sha512),
            // RFC 4055 section 3.1
            "1.2.840.113549.1.1.10" => {
                let parameters = identifier
                    .parameters
                    .as_ref()
                    .map(RsaSsaPssParams::try_from);
                let digest = match &parameters {
                    Some(Ok(parameters)) => {
                        match parameters.hash_algorithm_oid().to_id_string().as_str() {
                            "1.3.14.3.2.26" => Some(Digest::Sha1),
                            "2.16.840.1.101.3.4.2.4" => Some(Digest::Sha224),
                            "2.16.840.1.101.3.4.2.1" => Some(Digest::Sha256),
                            "2.16.840.1.101.3.4.2.2" => Some(Digest::Sha384),
                            "2.16.840.1.101.3.4.2.3" => Some(Digest::Sha512),
                            _ => None,
                        }
                    }
                    _ => None,
                };
                digest.map_or(Self::Other(oid), Self::RsaPss)
            }
            // RFC 5758 section 3.2
            "1.2.840.10045.4.1" => Self::Ecdsa(Digest::Sha1),
            "1.2.840.10045.4.3.1" => Self::Ecdsa(Digest::Sha224),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Digest::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Digest::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Digest::Sha512),
            // RFC 8410 section 3
            "1.3.101.112" => Self::Ed25519,
            _ => Self::Other(oid),
        }
    }

    pub(crate) fn describe(&self) -> String {
        match self {
            Self::RsaPkcs1(digest) => format!("RSA with {}", digest.name()),
            Self::RsaPss(digest) => format!("RSA-PSS with {}", digest.name()),
            Self::Ecdsa(digest) => format!("ECDSA with {}", digest.name()),
            Self::Ed25519 => "Ed25519".to_owned(),
            Self::Other(oid) => oid.clone(),
        }
    }

    /// Bits of security of the digest, as OpenSSL counts them (x509_set.c `x509_sig_info_init`). Unknown: no limit.
    pub(crate) const fn security_bits(&self) -> u32 {
        match self {
            Self::RsaPkcs1(digest) | Self::RsaPss(digest) | Self::Ecdsa(digest) => match digest {
                Digest::Md5 => 39,
                Digest::Sha1 => 63,
                Digest::Sha224 => 112,
                Digest::Sha256 => 128,
                Digest::Sha384 => 192,
                Digest::Sha512 => 256,
            },
            Self::Ed25519 => 128,
            Self::Other(_) => u32::MAX,
        }
    }

    /// Whether a key of this family can have made such a signature (OpenSSL: v3_purp.c `check_sig_alg_match`).
    pub(crate) const fn fits(&self, family: &Family) -> bool {
        match self {
            Self::RsaPkcs1(_) | Self::RsaPss(_) => matches!(family, Family::Rsa { .. }),
            Self::Ecdsa(_) => match family {
                Family::P256 | Family::P384 | Family::P521 | Family::Other { .. } => true,
                Family::Rsa { .. } | Family::Ed25519 => false,
            },
            Self::Ed25519 => matches!(family, Family::Ed25519),
            Self::Other(_) => matches!(family, Family::Other { .. }),
        }
    }

    /// Whether the signature of the message was made with the key. An algorithm that is not known verifies nothing.
    pub(crate) fn verifies(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        self.verifier(key.family()).is_some_and(|verifier| {
            UnparsedPublicKey::new(verifier, key.bits())
                .verify(message, signature)
                .is_ok()
        })
    }

    fn verifier(&self, family: &Family) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, family) {
            (Self::RsaPkcs1(Digest::Sha1), Family::Rsa { .. }) => {
                &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
            }
            (Self::RsaPkcs1(Digest::Sha256), Family::Rsa { .. }) => {
                &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
            }
            (Self::RsaPkcs1(Digest::Sha384), Family::Rsa { .. }) => &lc::RSA_PKCS1_2048_8192_SHA384,
            (Self::RsaPkcs1(Digest::Sha512), Family::Rsa { .. }) => {
                &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
            }
            (Self::RsaPss(Digest::Sha256), Family::Rsa { .. }) => &lc::RSA_PSS_2048_8192_SHA256,
            (Self::RsaPss(Digest::Sha384), Family::Rsa { .. }) => &lc::RSA_PSS_2048_8192_SHA384,
            (Self::RsaPss(Digest::Sha512), Family::Rsa { .. }) => &lc::RSA_PSS_2048_8192_SHA512,
            (Self::Ecdsa(Digest::Sha1), Family::P256) => &lc::ECDSA_P256_SHA1_ASN1,
            (Self::Ecdsa(Digest::Sha256), Family::P256) => &lc::ECDSA_P256_SHA256_ASN1,
            (Self::Ecdsa(Digest::Sha384), Family::P256) => &lc::ECDSA_P256_SHA384_ASN1,
            (Self::Ecdsa(Digest::Sha512), Family::P256) => &lc::ECDSA_P256_SHA512_ASN1,
            (Self::Ecdsa(Digest::Sha256), Family::P384) => &lc::ECDSA_P384_SHA256_ASN1,
            (Self::Ecdsa(Digest::Sha384), Family::P384) => &lc::ECDSA_P384_SHA384_ASN1,
            (Self::Ecdsa(Digest::Sha512), Family::P384) => &lc::ECDSA_P384_SHA512_ASN1,
            (Self::Ecdsa(Digest::Sha1), Family::P521) => &lc::ECDSA_P521_SHA1_ASN1,
            (Self::Ecdsa(Digest::Sha224), Family::P521) => &lc::ECDSA_P521_SHA224_ASN1,
            (Self::Ecdsa(Digest::Sha256), Family::P521) => &lc::ECDSA_P521_SHA256_ASN1,
            (Self::Ecdsa(Digest::Sha384), Family::P521) => &lc::ECDSA_P521_SHA384_ASN1,
            (Self::Ecdsa(Digest::Sha512), Family::P521) => &lc::ECDSA_P521_SHA512_ASN1,
            (Self::Ed25519, Family::Ed25519) => &lc::ED25519,
            _ => return None,
        })
    }
}

impl Digest {
    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}
