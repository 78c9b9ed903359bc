//! The encryptions before PBES2: PBES1 (RFC 8018 section 6.1) and those of PKCS#12 (RFC 7292 appendix C), under which
//! OpenSSL's `pkcs8 -v1` and old Java tools put keys. For reading only: nothing is written with them.

use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit, block_padding::Pkcs7};
use des::{Des, TdesEde2, TdesEde3};
use md5::Md5;
use pkcs8::der::{
    Decode, Reader, SliceReader,
    asn1::{AnyRef, OctetStringRef},
};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::KeyError;
use crate::secret::Secret;

/// One of these encryptions, by its object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Md5Des,
    Sha1Des,
    Sha1TwoKeyTripleDes,
    Sha1TripleDes,
    /// Known, and not opened: the ciphers RC2 and RC4, the digest MD2.
    Closed(&'static str),
}

impl Scheme {
    pub(super) fn of(oid: &str) -> Option<Self> {
        Some(match oid {
            "1.2.840.113549.1.5.3" => Self::Md5Des,
            "1.2.840.113549.1.5.10" => Self::Sha1Des,
            "1.2.840.113549.1.12.1.3" => Self::Sha1TripleDes,
            "1.2.840.113549.1.12.1.4" => Self::Sha1TwoKeyTripleDes,
            "1.2.840.113549.1.5.1" => Self::Closed("PBES1: MD2, DES"),
            "1.2.840.113549.1.5.4" => Self::Closed("PBES1: MD2, RC2"),
            "1.2.840.113549.1.5.6" => Self::Closed("PBES1: MD5, RC2"),
            "1.2.840.113549.1.5.11" => Self::Closed("PBES1: SHA-1, RC2"),
            "1.2.840.113549.1.12.1.1" => Self::Closed("PKCS#12 PBE: SHA-1, RC4-128"),
            "1.2.840.113549.1.12.1.2" => Self::Closed("PKCS#12 PBE: SHA-1, RC4-40"),
            "1.2.840.113549.1.12.1.5" => Self::Closed("PKCS#12 PBE: SHA-1, RC2-128"),
            "1.2.840.113549.1.12.1.6" => Self::Closed("PKCS#12 PBE: SHA-1, RC2-40"),
            _ => return None,
        })
    }

    /// In words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Md5Des => "PBES1: MD5, DES",
            Self::Sha1Des => "PBES1: SHA-1, DES",
            Self::Sha1TwoKeyTripleDes => "PKCS#12 PBE: SHA-1, 3DES with two keys",
            Self::Sha1TripleDes => "PKCS#12 PBE: SHA-1, 3DES",
            Self::Closed(name) => name,
        }
    }

    /// Decrypts. Both sorts of parameters are a salt and a number of rounds.
    pub(super) fn open(
        self,
        parameters: Option<AnyRef<'_>>,
        data: &[u8],
        passphrase: &Secret,
    ) -> Result<Secret, KeyError> {
        if let Self::Closed(name) = self {
            return Err(KeyError::Unsupported {
                what: format!("the old encryption of a private key ({name})"),
            });
        }
        let (salt, rounds) =
            parameters
                .and_then(salt_and_rounds)
                .ok_or_else(|| KeyError::Malformed {
                    reason: format!("its encryption ({}) has no salt or rounds", self.name()),
                })?;
        if rounds > MOST_ROUNDS {
            return Err(KeyError::Unsupported {
                what: format!("an encryption of {rounds} rounds"),
            });
        }
        let plain = match self {
            Self::Md5Des => {
                let derived = pbkdf1::<Md5>(passphrase.as_bytes(), salt, rounds);
                cbc::<Des>(&derived[..8], &derived[8..16], data)
            }
            Self::Sha1Des => {
                let derived = pbkdf1::<Sha1>(passphrase.as_bytes(), salt, rounds);
                cbc::<Des>(&derived[..8], &derived[8..16], data)
            }
            Self::Sha1TwoKeyTripleDes => pkcs12::<TdesEde2>(passphrase, salt, rounds, 16, data),
            Self::Sha1TripleDes => pkcs12::<TdesEde3>(passphrase, salt, rounds, 24, data),
            Self::Closed(_) => None,
        };
        plain.ok_or(KeyError::WrongPassphrase)
    }
}

/// CBC with the padding of PKCS#7; `None` if the padding is wrong, as it is for most wrong passphrases.
pub(super) fn cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &[u8],
) -> Option<Secret> {
    let mut buffer = Zeroizing::new(data.to_vec());
    let cipher = ::cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    let plain = cipher.decrypt_padded::<Pkcs7>(&mut buffer).ok()?;
    Some(Secret::new(plain.to_vec()))
}

fn salt_and_rounds(parameters: AnyRef<'_>) -> Option<(&[u8], i32)> {
    let mut reader = SliceReader::new(parameters.value()).ok()?;
    let salt = <&OctetStringRef>::decode(&mut reader).ok()?;
    let rounds = i32::decode(&mut reader).ok()?;
    (reader.is_finished() && rounds > 0).then_some((salt.as_bytes(), rounds))
}

/// PBKDF1 (RFC 8018 section 5.1): the first half is the key, the second the initialization vector.
fn pbkdf1<D: Digest>(passphrase: &[u8], salt: &[u8], rounds: i32) -> Zeroizing<Vec<u8>> {
    let first = D::new().chain_update(passphrase).chain_update(salt);
    let mut derived = Zeroizing::new(first.finalize().to_vec());
    for _ in 1..rounds {
        let next = D::digest(&*derived);
        derived.copy_from_slice(&next);
    }
    derived
}

/// RFC 7292 appendix B.
fn pkcs12<C: BlockCipherDecrypt + KeyInit>(
    passphrase: &Secret,
    salt: &[u8],
    rounds: i32,
    key_length: usize,
    data: &[u8],
) -> Option<Secret> {
    let passphrase = utf16(passphrase.as_bytes());
    let derive = |purpose, length| {
        Zeroizing::new(derive_key::<Sha1>(
            &passphrase,
            salt,
            purpose,
            rounds,
            length,
        ))
    };
    let key = derive(Pkcs12KeyType::EncryptionKey, key_length);
    cbc::<C>(&key, &derive(Pkcs12KeyType::Iv, 8), data)
}

/// A passphrase as PKCS#12 has it: UTF-16, big-endian, ended by a zero. What is not UTF-8 is taken as Latin-1, as
/// OpenSSL does (`OPENSSL_utf82uni`).
fn utf16(passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut wide = Zeroizing::new(Vec::with_capacity(2 * passphrase.len() + 2));
    match std::str::from_utf8(passphrase) {
        Ok(text) => text
            .encode_utf16()
            .for_each(|unit| wide.extend(unit.to_be_bytes())),
        Err(_) => passphrase.iter().for_each(|byte| wide.extend([0, *byte])),
    }
    wide.extend([0, 0]);
    wide
}

/// More than anybody takes; a file must not keep its reader busy for hours.
pub(super) const MOST_ROUNDS: i32 = 10_000_000;
