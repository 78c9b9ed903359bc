//! OpenSSL's own encryption of PEM files, older than PKCS#8 (RFC 1421 headers, `PEM_do_header`): read, never written.
//! Its key is one round of MD5, so that the passphrase protects little.

use aes::{Aes128, Aes192, Aes256};
use des::{Des, TdesEde3};
use md5::{Digest, Md5};
use pkcs8::der::{Decode, asn1::AnyRef};
use zeroize::Zeroizing;

use super::{KeyError, pbe::cbc};
use crate::secret::Secret;

/// The cipher that the header `DEK-Info` names, in words: `AES-256-CBC`.
pub(super) fn cipher(dek_info: &str) -> &str {
    dek_info.split(',').next().unwrap_or_default().trim()
}

/// Decrypts. `dek_info` is the header's value: cipher and initialization vector in hexadecimal.
pub(super) fn open(dek_info: &str, data: &[u8], passphrase: &Secret) -> Result<Secret, KeyError> {
    type Cbc = fn(&[u8], &[u8], &[u8]) -> Option<Secret>;
    let name = cipher(dek_info);
    let (decrypt, key_length, iv_length): (Cbc, _, _) = match name {
        "DES-CBC" => (cbc::<Des>, 8, 8),
        "DES-EDE3-CBC" => (cbc::<TdesEde3>, 24, 8),
        "AES-128-CBC" => (cbc::<Aes128>, 16, 16),
        "AES-192-CBC" => (cbc::<Aes192>, 24, 16),
        "AES-256-CBC" => (cbc::<Aes256>, 32, 16),
        other => {
            return Err(KeyError::Unsupported {
                what: format!(
                    "the old encryption {} of a PEM file",
                    other.escape_default()
                ),
            });
        }
    };
    let iv = dek_info
        .split_once(',')
        .and_then(|(_, hex)| bytes(hex.trim()))
        .filter(|iv| iv.len() == iv_length)
        .ok_or_else(|| KeyError::Malformed {
            reason: format!("no initialization vector for {name} in DEK-Info"),
        })?;
    let key = bytes_to_key(passphrase.as_bytes(), &iv[..8], key_length);
    decrypt(&key, &iv, data)
        // The padding of nonsense is right once in 256 times.
        .filter(|plain| AnyRef::from_der(plain.as_bytes()).is_ok())
        .ok_or(KeyError::WrongPassphrase)
}

/// `EVP_BytesToKey` with MD5 and one round.
fn bytes_to_key(passphrase: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    while key.len() < length {
        let last = key.len().saturating_sub(16);
        let block = Md5::new()
            .chain_update(&key[last..])
            .chain_update(passphrase)
            .chain_update(salt)
            .finalize();
        key.extend_from_slice(&block);
    }
    key.truncate(length);
    key
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
