//! PKCS#12 (RFC 7292): a key and its certificates in one file under a password. What Java, .NET and Windows take.
//! The structure and its cryptography are p12-keystore's; what is chosen and what is refused stands here.

#[cfg(test)]
mod tests;

use ::pkcs12::{pfx::Pfx, safe_bag::SafeContents};
use p12_keystore::{
    Certificate as BagCertificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm,
    Pkcs12Archive, PrivateKey as BagKey, PrivateKeyChain, error::Error,
};
use pkcs8::{
    AlgorithmIdentifierRef, ObjectIdentifier,
    der::{Decode, Encode, SliceReader, asn1::AnyRef},
};

use crate::{
    certificate::Certificate,
    key::{KeyError, PrivateKey, describe_encryption},
    secret::Secret,
};

/// Writes a key with its certificates, the leaf first, under one alias.
///
/// # Errors
/// [`Pkcs12Error::Password`], [`Pkcs12Error::Malformed`].
pub(crate) fn seal(
    alias: &str,
    key: &PrivateKey,
    chain: &[Certificate],
    password: &Secret,
) -> Result<Secret, Pkcs12Error> {
    let password = checked(password)?;
    let certificates = chain
        .iter()
        .map(|certificate| BagCertificate::from_der(certificate.der()))
        .collect::<Result<Vec<_>, _>>()?;
    let der = key.to_pkcs8_der();
    let entry = PrivateKeyChain::new(
        key.public_key().key_id(),
        BagKey::from_der(der.as_bytes())?,
        certificates,
    );
    let mut store = KeyStore::new();
    store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(entry));
    let file = store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(ROUNDS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ROUNDS)
        .write()?;
    Ok(Secret::new(file))
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) keys: Vec<Bag<Result<PrivateKey, KeyError>>>,
    pub(crate) certificates: Vec<Bag<Certificate>>,
    /// Symmetric keys, which nobody needs here.
    pub(crate) others: usize,
}

/// One of its things, with the alias that it goes by.
#[derive(Debug)]
pub(crate) struct Bag<T> {
    pub(crate) alias: Option<String>,
    pub(crate) what: T,
}

/// Opens a file.
///
/// # Errors
/// [`Pkcs12Error`].
pub(crate) fn open(der: &[u8], password: &Secret) -> Result<Contents, Pkcs12Error> {
    let password = std::str::from_utf8(password.as_bytes()).map_err(|_| Pkcs12Error::Password {
        reason: "it is not UTF-8",
    })?;
    let archive = Pkcs12Archive::from_pkcs12(der, password)?;
    let certificates = archive.certs.into_iter().map(|bag| {
        let what =
            Certificate::from_der(bag.cert.as_der()).map_err(|e| Pkcs12Error::Malformed {
                reason: e.to_string(),
            })?;
        Ok(Bag {
            alias: bag.friendly_name,
            what,
        })
    });
    Ok(Contents {
        certificates: certificates.collect::<Result<_, Pkcs12Error>>()?,
        keys: archive
            .keys
            .into_iter()
            .map(|bag| Bag {
                alias: bag.friendly_name,
                what: PrivateKey::from_der(bag.key.as_der(), None),
            })
            .collect(),
        others: archive.secrets.len(),
    })
}

/// What can be told without the password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// `HMAC-SHA-256, 10000 rounds`; `None` if nothing protects it from being changed.
    pub(crate) integrity: Option<String>,
    /// Each encryption that is used in it, in order.
    pub(crate) encryptions: Vec<String>,
}

/// Reads the outer structure.
///
/// # Errors
/// [`Pkcs12Error::Malformed`], for BER that is no DER too.
pub(crate) fn outline(der: &[u8]) -> Result<Outline, Pkcs12Error> {
    let pfx = Pfx::from_der(der)?;
    let integrity = pfx.mac_data.map(|mac| {
        let digest = digest_name(&mac.mac.algorithm.oid);
        format!("{digest}, {} rounds", mac.iterations)
    });
    let mut encryptions = Vec::new();
    let mut add = |algorithm: &AlgorithmIdentifierRef<'_>| {
        let name = describe_encryption(algorithm);
        if !encryptions.contains(&name) {
            encryptions.push(name);
        }
    };
    let content = pfx.auth_safe.content.to_der()?;
    let safes = ::pkcs12::AuthenticatedSafe::from_der(octets(&content)?)?;
    for safe in safes {
        let content = safe.content.to_der()?;
        if let Some(algorithm) = encrypted_data(&content) {
            add(&algorithm);
        } else if let Ok(bags) = octets(&content).and_then(|der| Ok(SafeContents::from_der(der)?)) {
            for bag in &bags {
                if let Some(algorithm) = shrouded_key(&bag.bag_value) {
                    add(&algorithm);
                }
            }
        }
    }
    Ok(Outline {
        integrity,
        encryptions,
    })
}

/// Why a file cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs12Error {
    /// The password is not one that everybody takes.
    #[error("the password cannot be used for PKCS#12: {reason}")]
    Password {
        /// Why not.
        reason: &'static str,
    },
    /// The password does not open the file.
    #[error("wrong password")]
    WrongPassword,
    /// It uses an encryption or a check that is not known here.
    #[error("not supported: {what}")]
    Unsupported {
        /// Which, as far as it is known.
        what: String,
    },
    /// The bytes make no sense.
    #[error("not PKCS#12 in DER: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
}

impl From<Error> for Pkcs12Error {
    fn from(error: Error) -> Self {
        match error {
            // Without a check of integrity a wrong password shows in the padding.
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => Self::WrongPassword,
            Error::UnsupportedContentType
            | Error::UnsupportedCertificateType
            | Error::UnsupportedEncryptionScheme
            | Error::UnsupportedMacAlgorithm
            | Error::InvalidParameters => Self::Unsupported {
                what: error.to_string().to_lowercase(),
            },
            error => Self::Malformed {
                reason: error.to_string(),
            },
        }
    }
}

impl From<pkcs8::der::Error> for Pkcs12Error {
    fn from(error: pkcs8::der::Error) -> Self {
        Self::Malformed {
            reason: error.to_string(),
        }
    }
}

/// Java's PBES2 takes printable ASCII alone (`com.sun.crypto.provider.PBEKey`), and what is beyond is encoded in two
/// ways by those that take it.
fn checked(password: &Secret) -> Result<&str, Pkcs12Error> {
    let reason = match password.as_bytes() {
        [] => "it is empty",
        bytes if !bytes.iter().all(|b| matches!(b, b' '..=b'~')) => {
            "Java takes printable ASCII characters alone"
        }
        bytes => {
            return std::str::from_utf8(bytes).map_err(|_| Pkcs12Error::Password {
                reason: "it is not UTF-8",
            });
        }
    };
    Err(Pkcs12Error::Password { reason })
}

fn octets(der: &[u8]) -> Result<&[u8], Pkcs12Error> {
    Ok(<&pkcs8::der::asn1::OctetStringRef>::from_der(der)?.as_bytes())
}

/// The encryption of an EncryptedData (RFC 5652 section 8).
fn encrypted_data(der: &[u8]) -> Option<AlgorithmIdentifierRef<'_>> {
    let outer = AnyRef::from_der(der).ok()?;
    let mut reader = SliceReader::new(outer.value()).ok()?;
    u8::decode(&mut reader).ok()?;
    let content = AnyRef::decode(&mut reader).ok()?;
    let mut reader = SliceReader::new(content.value()).ok()?;
    <ObjectIdentifier>::decode(&mut reader).ok()?;
    AlgorithmIdentifierRef::decode(&mut reader).ok()
}

/// The encryption of a PKCS8ShroudedKeyBag's content, \[0\] EXPLICIT EncryptedPrivateKeyInfo.
fn shrouded_key(value: &[u8]) -> Option<AlgorithmIdentifierRef<'_>> {
    let explicit = AnyRef::from_der(value).ok()?;
    let info = AnyRef::from_der(explicit.value()).ok()?;
    let mut reader = SliceReader::new(info.value()).ok()?;
    AlgorithmIdentifierRef::decode(&mut reader).ok()
}

fn digest_name(oid: &ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.3.14.3.2.26" => "HMAC-SHA-1".to_owned(),
        "2.16.840.1.101.3.4.2.1" => "HMAC-SHA-256".to_owned(),
        "2.16.840.1.101.3.4.2.2" => "HMAC-SHA-384".to_owned(),
        "2.16.840.1.101.3.4.2.3" => "HMAC-SHA-512".to_owned(),
        "2.16.840.1.101.3.4.2.4" => "HMAC-SHA-224".to_owned(),
        other => other.to_owned(),
    }
}

/// For each of the check, the certificates and the key. .NET opens no file that asks for more than 300 000
/// (`Pkcs12LoaderLimits.Defaults`).
const ROUNDS: u32 = 200_000;
