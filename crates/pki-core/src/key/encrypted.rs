//! PKCS#8 under a passphrase (EncryptedPrivateKeyInfo, RFC 5958 section 3): what we write, and what others have written.

use aws_lc_rs::rand;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef,
    der::{Decode, Encode, Reader, SliceReader, asn1::OctetStringRef},
    pkcs5::{self, pbes2},
};
use zeroize::Zeroizing;

use super::{KeyError, pbe};
use crate::secret::Secret;

/// OWASP's figure for PBKDF2-HMAC-SHA256; OpenSSL alone would take 2048.
const ROUNDS: u32 = 600_000;

/// What scrypt may take, in bytes: a file must not eat its reader's memory.
const MOST_MEMORY: u64 = 1 << 30;

/// An encrypted key, with whatever encryption.
pub(super) struct Encrypted<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    data: &'a [u8],
}

impl<'a> Encrypted<'a> {
    /// Reads the outer structure; `None` if it is none.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let parts = reader
            .sequence(|reader| {
                let algorithm = AlgorithmIdentifierRef::decode(reader)?;
                let data = <&OctetStringRef>::decode(reader)?.as_bytes();
                Ok::<_, pkcs8::der::Error>(Self { algorithm, data })
            })
            .ok()?;
        reader.is_finished().then_some(parts)
    }

    /// Its encryption in words: `PBES2: PBKDF2-HMAC-SHA-256, 600000 rounds, AES-256-CBC`.
    pub(super) fn describe(&self) -> String {
        describe(&self.algorithm)
    }

    pub(super) fn is_under_des(&self) -> bool {
        let scheme = pbe::Scheme::of(&self.algorithm.oid.to_string());
        matches!(scheme, Some(pbe::Scheme::Md5Des | pbe::Scheme::Sha1Des))
    }

    /// The key in it: PKCS#8.
    pub(super) fn open(&self, passphrase: Option<&Secret>) -> Result<Secret, KeyError> {
        let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
        let plain = decrypt(&self.algorithm, self.data, passphrase)?;
        // A wrong passphrase comes out with a right padding once in 256 times, and then holds nonsense.
        match PrivateKeyInfoRef::try_from(plain.as_bytes()) {
            Ok(_) => Ok(plain),
            Err(_) => Err(KeyError::WrongPassphrase),
        }
    }
}

/// Encrypts the DER of a PKCS#8 key: PBES2, PBKDF2-HMAC-SHA256 with 600 000 rounds, AES-256-CBC.
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

fn decrypt(
    algorithm: &AlgorithmIdentifierRef<'_>,
    data: &[u8],
    passphrase: &Secret,
) -> Result<Secret, KeyError> {
    let unsupported = |what: &str| KeyError::Unsupported {
        what: format!("the encryption of the private key ({what})"),
    };
    if let Some(scheme) = pbe::Scheme::of(&algorithm.oid.to_string()) {
        return scheme.open(algorithm.parameters, data, passphrase);
    }
    let Some(parameters) = pbes2_parameters(algorithm) else {
        return Err(unsupported(&describe(algorithm)));
    };
    if let pbes2::Kdf::Pbkdf2(pbkdf2) = &parameters.kdf
        && i64::from(pbkdf2.iteration_count) > i64::from(pbe::MOST_ROUNDS)
    {
        return Err(unsupported(&describe(algorithm)));
    }
    if let pbes2::Kdf::Scrypt(scrypt) = &parameters.kdf {
        let memory = scrypt
            .cost_parameter
            .checked_mul(128 * u64::from(scrypt.block_size));
        if memory.is_none_or(|memory| memory > MOST_MEMORY) || scrypt.parallelization > 16 {
            return Err(unsupported("scrypt that takes more than a gigabyte"));
        }
    }
    let mut buffer = Zeroizing::new(data.to_vec());
    match parameters.decrypt_in_place(passphrase.as_bytes(), &mut buffer) {
        Ok(plain) => Ok(Secret::new(plain.to_vec())),
        Err(
            pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => Err(unsupported(&describe(algorithm))),
        Err(_) => Err(KeyError::WrongPassphrase),
    }
}

fn pbes2_parameters(algorithm: &AlgorithmIdentifierRef<'_>) -> Option<pbes2::Parameters> {
    let parameters = (algorithm.oid == pbes2::PBES2_OID).then_some(algorithm.parameters)??;
    pbes2::Parameters::try_from(parameters).ok()
}

/// An encryption under a passphrase in words.
pub(crate) fn describe(algorithm: &AlgorithmIdentifierRef<'_>) -> String {
    let oid = algorithm.oid.to_string();
    if let Some(scheme) = pbe::Scheme::of(&oid) {
        return scheme.name().to_owned();
    }
    let Some(parameters) = pbes2_parameters(algorithm) else {
        return match algorithm.oid == pbes2::PBES2_OID {
            true => "PBES2 with an algorithm that is not known here".to_owned(),
            false => oid,
        };
    };
    let derivation = match &parameters.kdf {
        pbes2::Kdf::Pbkdf2(pbkdf2) => {
            let prf = match pbkdf2.prf {
                pbes2::Pbkdf2Prf::HmacWithSha1 => "SHA-1",
                pbes2::Pbkdf2Prf::HmacWithSha224 => "SHA-224",
                pbes2::Pbkdf2Prf::HmacWithSha256 => "SHA-256",
                pbes2::Pbkdf2Prf::HmacWithSha384 => "SHA-384",
                pbes2::Pbkdf2Prf::HmacWithSha512 => "SHA-512",
                _ => "another digest",
            };
            format!("PBKDF2-HMAC-{prf}, {} rounds", pbkdf2.iteration_count)
        }
        pbes2::Kdf::Scrypt(scrypt) => format!(
            "scrypt N={} r={} p={}",
            scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization
        ),
        _ => "another key derivation".to_owned(),
    };
    let cipher = match parameters.encryption {
        pbes2::EncryptionScheme::Aes128Cbc { .. } => "AES-128-CBC",
        pbes2::EncryptionScheme::Aes192Cbc { .. } => "AES-192-CBC",
        pbes2::EncryptionScheme::Aes256Cbc { .. } => "AES-256-CBC",
        pbes2::EncryptionScheme::Aes128Gcm { .. } => "AES-128-GCM",
        pbes2::EncryptionScheme::Aes256Gcm { .. } => "AES-256-GCM",
        pbes2::EncryptionScheme::DesEde3Cbc { .. } => "3DES-CBC",
        _ => "another cipher",
    };
    format!("PBES2: {derivation}, {cipher}")
}
