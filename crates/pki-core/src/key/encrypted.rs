//! PKCS#8 under a passphrase (PBES2, RFC 8018): what we write, and what OpenSSL and others have written.

use aws_lc_rs::rand;
use pkcs8::{
    EncryptedPrivateKeyInfoRef, Error, PrivateKeyInfoRef,
    der::{Encode, asn1::OctetStringRef},
    pkcs5::{self, pbes2},
};

use super::KeyError;
use crate::secret::Secret;

/// OWASP's figure for PBKDF2-HMAC-SHA256; OpenSSL alone would take 2048.
const ROUNDS: u32 = 600_000;

/// 1.2.840.113549.1.12.1 (pkcs-12PbeIds, RFC 7292 appendix C), under which OpenSSL's `-v1` methods are.
const PKCS12_PBE: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];

pub(super) fn seal(der: &[u8], passphrase: &Secret) -> Result<Secret, KeyError> {
    let failed = |reason: String| KeyError::NotMade { reason };
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    for random in [&mut salt, &mut iv] {
        rand::fill(random).map_err(|_| failed("no randomness for its encryption".to_owned()))?;
    }
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
        .map_err(|e| failed(e.to_string()))?;
    let data = parameters
        .encrypt(passphrase.as_bytes(), der)
        .map_err(|e| failed(e.to_string()))?;
    let data = OctetStringRef::new(&data).map_err(|e| failed(e.to_string()))?;
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: parameters.into(),
        encrypted_data: data,
    };
    info.to_der()
        .map(Secret::new)
        .map_err(|e| failed(e.to_string()))
}

pub(super) fn open(der: &[u8], passphrase: Option<&Secret>) -> Result<Secret, KeyError> {
    let unsupported = |what: String| KeyError::Unsupported { what };
    let info = match EncryptedPrivateKeyInfoRef::try_from(der) {
        Ok(info) => info,
        Err(_) if passphrase.is_none() => return Err(KeyError::Encrypted),
        Err(_) if der.windows(PKCS12_PBE.len()).any(|w| w == PKCS12_PBE) => {
            return Err(unsupported(
                "the old encryption PBES1 of a private key".to_owned(),
            ));
        }
        Err(e) => {
            return Err(unsupported(format!(
                "this encryption of a private key ({e})"
            )));
        }
    };
    let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
    match info.decrypt(passphrase.as_bytes()) {
        // A wrong passphrase comes out with a right padding once in 256 times, and then holds nonsense.
        Ok(plain) if PrivateKeyInfoRef::try_from(plain.as_bytes()).is_err() => {
            Err(KeyError::WrongPassphrase)
        }
        Ok(plain) => Ok(Secret::new(plain.as_bytes().to_vec())),
        Err(Error::EncryptedPrivateKey(pkcs5::Error::NoPbes1CryptSupport)) => Err(unsupported(
            "the old encryption PBES1 of a private key".to_owned(),
        )),
        Err(Error::EncryptedPrivateKey(pkcs5::Error::UnsupportedAlgorithm { oid })) => Err(
            unsupported(format!("the encryption {oid} of a private key")),
        ),
        Err(_) => Err(KeyError::WrongPassphrase),
    }
}
