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

/// The DER of the algorithm that a [`Signer`](crate::Signer) with this key uses.
pub(crate) const fn identifier(key: &PublicKey) -> Option<&'static [u8]> {
    Some(match key.family() {
        // RFC 5758 section 3.2
        Family::P256 => &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
        Family::P384 => &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
        Family::P521 => &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
        // RFC 4055 section 5: the parameters are NULL.
        Family::Rsa { .. } => &[
            0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0,
        ],
        // RFC 8410 section 3
        Family::Ed25519 => &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70],
        Family::Other { .. } => return None,
    })
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

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{self as lc, EcdsaKeyPair, KeyPair, RsaKeyPair},
    };
    use x509_parser::{prelude::FromDer, x509::AlgorithmIdentifier};

    use super::{Algorithm, Digest};
    use crate::key::PrivateKey;

    const MESSAGE: &[u8] = b"message";

    #[test]
    fn rsa_with_every_digest() {
        let key =
            PrivateKey::from_pem(include_bytes!("key/testdata/pkcs1-rsa2048.pem"), None).unwrap();
        let pair = RsaKeyPair::from_pkcs8(key.to_pkcs8_der().as_bytes()).unwrap();
        let methods: [(&'static dyn lc::RsaEncoding, Algorithm); 6] = [
            (&lc::RSA_PKCS1_SHA256, Algorithm::RsaPkcs1(Digest::Sha256)),
            (&lc::RSA_PKCS1_SHA384, Algorithm::RsaPkcs1(Digest::Sha384)),
            (&lc::RSA_PKCS1_SHA512, Algorithm::RsaPkcs1(Digest::Sha512)),
            (&lc::RSA_PSS_SHA256, Algorithm::RsaPss(Digest::Sha256)),
            (&lc::RSA_PSS_SHA384, Algorithm::RsaPss(Digest::Sha384)),
            (&lc::RSA_PSS_SHA512, Algorithm::RsaPss(Digest::Sha512)),
        ];
        for (method, _) in &methods {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(*method, &SystemRandom::new(), MESSAGE, &mut signature)
                .unwrap();
            let fits: Vec<_> = methods
                .iter()
                .filter(|(_, a)| a.verifies(&key.public_key(), MESSAGE, &signature))
                .collect();
            assert!(
                matches!(fits[..], [(fit, _)] if std::ptr::eq(*fit, *method)),
                "{method:?}"
            );
        }
    }

    #[test]
    fn p521_with_every_digest() {
        let key =
            PrivateKey::from_pem(include_bytes!("key/testdata/pkcs8-p521.pem"), None).unwrap();
        for (method, digest) in [
            (&lc::ECDSA_P521_SHA224_ASN1_SIGNING, Digest::Sha224),
            (&lc::ECDSA_P521_SHA256_ASN1_SIGNING, Digest::Sha256),
            (&lc::ECDSA_P521_SHA384_ASN1_SIGNING, Digest::Sha384),
            (&lc::ECDSA_P521_SHA512_ASN1_SIGNING, Digest::Sha512),
        ] {
            let pair = EcdsaKeyPair::from_pkcs8(method, key.to_pkcs8_der().as_bytes()).unwrap();
            assert!(!pair.public_key().as_ref().is_empty());
            let signature = pair.sign(&SystemRandom::new(), MESSAGE).unwrap();
            let algorithm = Algorithm::Ecdsa(digest);
            assert!(
                algorithm.verifies(&key.public_key(), MESSAGE, signature.as_ref()),
                "{digest:?}"
            );
            assert!(!Algorithm::Ed25519.verifies(&key.public_key(), MESSAGE, signature.as_ref()));
        }
    }

    #[test]
    fn identifiers() {
        let of = |der: &[u8]| Algorithm::of(&AlgorithmIdentifier::from_der(der).unwrap().1);
        // As OpenSSL writes RSA-PSS with SHA-384: hash and mask generation function, salt length 48.
        let sha384 = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0];
        let oid = |last| [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last];
        let mgf = [[0x30, 26].as_slice(), &oid(8), &sha384].concat();
        let parameters = [
            [0xa0, 15].as_slice(),
            &sha384,
            &[0xa1, 28],
            &mgf,
            &[0xa2, 3, 2, 1, 48],
        ]
        .concat();
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
        let parameters = [[0x30, length(&parameters)].as_slice(), &parameters].concat();
        let content = [oid(10).as_slice(), &parameters].concat();
        let pss = of(&[[0x30, length(&content)].as_slice(), &content].concat());
        assert_eq!(
            (pss.describe().as_str(), pss.security_bits()),
            ("RSA-PSS with SHA-384", 192)
        );
        let md5 = of(&[[0x30, 13].as_slice(), &oid(4), &[5, 0]].concat());
        assert_eq!(
            (md5.describe().as_str(), md5.security_bits()),
            ("RSA with MD5", 39)
        );
        let unknown = of(&[0x30, 3, 6, 1, 0x2a]);
        assert_eq!(
            (unknown.describe().as_str(), unknown.security_bits()),
            ("1.2", u32::MAX)
        );
    }
}
