//! Reading private keys: PEM and DER, PKCS#8, SEC1 (RFC 5915) and PKCS#1 (RFC 8017), in the clear and under every
//! encryption that OpenSSL and Java have written. What stays closed is named.

#[cfg(test)]
mod tests;

use aws_lc_rs::{
    error::KeyRejected,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        RsaKeyPair,
    },
};
use pkcs8::{
    ObjectIdentifier, PrivateKeyInfoRef,
    der::{
        Decode, Reader, SliceReader, TagNumber,
        asn1::{AnyRef, ContextSpecific, OctetStringRef},
    },
};

use super::{
    ENCRYPTED, KeyError, PLAIN, Pair, PrivateKey, encrypted::Encrypted, public, traditional,
};
use crate::{inspect::is_pkcs12, pem, secret::Secret};

impl PrivateKey {
    /// Reads a file as it comes: PEM if it has any block, else DER. The passphrase is not looked at where the key is
    /// in the clear.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_file(file: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        if pem::is_pem(file) {
            Self::from_pem(file, passphrase)
        } else {
            Self::from_der(file, passphrase)
        }
    }

    /// Reads the first private key of a PEM file: PKCS#8, SEC1, PKCS#1; PKCS#8 under a passphrase; any of them under
    /// OpenSSL's older encryption of PEM files.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(file: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        Self::from_block(&first_key(file)?, passphrase)
    }

    /// Reads DER: PKCS#8, SEC1, PKCS#1; PKCS#8 under a passphrase.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_der(der: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        match Encrypted::read(der) {
            Some(encrypted) => plain(encrypted.open(passphrase)?.as_bytes()),
            None => plain(der),
        }
    }

    /// Whether the file's first private key, in PEM or DER, is under a passphrase. `false` where there is no key.
    #[must_use]
    pub fn is_encrypted(file: &[u8]) -> bool {
        if pem::is_pem(file) {
            first_key(file).is_ok_and(|block| block.encrypted || block.label == ENCRYPTED)
        } else {
            Encrypted::read(file).is_some()
        }
    }

    /// Whether the first private key of a PEM file is under DES. That cipher is in OpenSSL 3's legacy provider alone, which
    /// libpq and the server do not load: they do not open the key, whatever passphrase they are given.
    #[must_use]
    pub fn is_under_des(file: &[u8]) -> bool {
        let Ok(block) = first_key(file) else {
            return false;
        };
        match &block.dek_info {
            Some(dek_info) if block.encrypted => traditional::cipher(dek_info) == "DES-CBC",
            _ => Encrypted::read(block.contents.as_bytes()).is_some_and(|e| e.is_under_des()),
        }
    }

    pub(crate) fn from_block(
        block: &pem::Block,
        passphrase: Option<&Secret>,
    ) -> Result<Self, KeyError> {
        let der = block.contents.as_bytes();
        if let Some(what) = foreign(&block.label) {
            return Err(unsupported(what));
        }
        if block.encrypted {
            let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
            let dek_info = block.dek_info.as_deref().unwrap_or_default();
            return plain(traditional::open(dek_info, der, passphrase)?.as_bytes());
        }
        if block.label == ENCRYPTED && Encrypted::read(der).is_none() {
            return Err(KeyError::Malformed {
                reason: "not an EncryptedPrivateKeyInfo".to_owned(),
            });
        }
        Self::from_der(der, passphrase)
    }
}

/// `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `EC PRIVATE KEY`, `RSA PRIVATE KEY`, and those that are not read here.
pub(crate) fn is_key_label(label: &str) -> bool {
    label.ends_with(PLAIN)
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

fn foreign(label: &str) -> Option<&'static str> {
    match label {
        "OPENSSH PRIVATE KEY" => Some("a private key in OpenSSH's own format"),
        "DSA PRIVATE KEY" => Some("a key of the algorithm DSA"),
        _ => None,
    }
}

/// A key in the clear, in any of the three structures.
fn plain(der: &[u8]) -> Result<PrivateKey, KeyError> {
    if let Ok(info) = PrivateKeyInfoRef::try_from(der) {
        return pkcs8(&info, der);
    }
    if let Ok(pair) = RsaKeyPair::from_der(der) {
        return PrivateKey::of(Pair::Rsa(pair));
    }
    if let Some(curve) = sec1_curve(der) {
        return ec(curve, |algorithm| {
            EcdsaKeyPair::from_private_key_der(algorithm, der)
        });
    }
    if is_pkcs12(der) {
        return Err(unsupported("PKCS#12, where a key alone is expected"));
    }
    if der.starts_with(&JKS) {
        return Err(unsupported("a Java keystore of the old kind (JKS)"));
    }
    Err(match RsaKeyPair::from_der(der) {
        Err(e) if e.to_string() == "TooSmall" => rejected(&e),
        _ => KeyError::Malformed {
            reason: "neither PKCS#8, SEC1 nor PKCS#1, or of a kind that is not known".to_owned(),
        },
    })
}

fn pkcs8(info: &PrivateKeyInfoRef<'_>, der: &[u8]) -> Result<PrivateKey, KeyError> {
    let oid = info.algorithm.oid.to_string();
    let pair = match oid.as_str() {
        public::OID_EC => {
            let curve = info.algorithm.parameters_oid().ok();
            return ec(curve, |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der));
        }
        public::OID_RSA | public::OID_RSA_PSS => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
        public::OID_ED25519 => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        other => {
            let name = public::algorithm_name(other);
            return Err(unsupported(&format!("a key of the algorithm {name}")));
        }
    };
    PrivateKey::of(pair.map_err(|e| rejected(&e))?)
}

/// On the curve that is named; where none is, on the one that fits: the parameters may stand there as numbers, or be
/// left out in SEC1.
fn ec(
    curve: Option<ObjectIdentifier>,
    read: impl Fn(&'static EcdsaSigningAlgorithm) -> Result<EcdsaKeyPair, KeyRejected>,
) -> Result<PrivateKey, KeyError> {
    let curve = curve.map(|oid| oid.to_string()).unwrap_or_default();
    let candidates: &[&EcdsaSigningAlgorithm] = match curve.as_str() {
        "" => &[
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            &ECDSA_P384_SHA384_ASN1_SIGNING,
            &ECDSA_P521_SHA512_ASN1_SIGNING,
        ],
        public::OID_P256 => &[&ECDSA_P256_SHA256_ASN1_SIGNING],
        public::OID_P384 => &[&ECDSA_P384_SHA384_ASN1_SIGNING],
        public::OID_P521 => &[&ECDSA_P521_SHA512_ASN1_SIGNING],
        _ => &[],
    };
    let mut reason = None;
    for algorithm in candidates {
        match read(algorithm) {
            Ok(pair) => return PrivateKey::of(Pair::Ecdsa(pair)),
            Err(e) => reason = Some(e),
        }
    }
    match reason {
        Some(e) if !curve.is_empty() => Err(rejected(&e)),
        _ => {
            let name = public::curve_name(&curve);
            Err(unsupported(&format!("a key on the elliptic curve {name}")))
        }
    }
}

/// ECPrivateKey (RFC 5915 section 3): the curve, where it is named; outside `None` if it is no such structure.
pub(super) fn sec1_curve(der: &[u8]) -> Option<Option<ObjectIdentifier>> {
    let mut reader = SliceReader::new(der).ok()?;
    let parsed: Result<_, pkcs8::der::Error> = reader.sequence(|reader| {
        let version = u8::decode(reader)?;
        <&OctetStringRef>::decode(reader)?;
        let parameters = ContextSpecific::<AnyRef<'_>>::decode_explicit(reader, TagNumber(0))?;
        while !reader.is_finished() {
            AnyRef::decode(reader)?;
        }
        let curve = parameters.and_then(|any| any.value.decode_as().ok());
        Ok((version == 1).then_some(curve))
    });
    parsed.ok().flatten().filter(|_| reader.is_finished())
}

fn unsupported(what: &str) -> KeyError {
    KeyError::Unsupported {
        what: what.to_owned(),
    }
}

fn rejected(e: &KeyRejected) -> KeyError {
    match e.to_string().as_str() {
        "TooSmall" => unsupported("an RSA key of fewer than 2048 bits"),
        reason => KeyError::Malformed {
            reason: reason.to_owned(),
        },
    }
}

/// The first bytes of a keystore of `sun.security.provider.JavaKeyStore`.
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
