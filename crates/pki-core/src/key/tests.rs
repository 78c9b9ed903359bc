//! What is made and written is read back, in every format and of every type.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::{KeyError, PrivateKey, PublicKey};
use crate::{
    algorithm::KeyType,
    secret::Secret,
    signature::{Algorithm, Digest},
    signer::Signer,
};

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

const ED25519: &[u8] = include_bytes!("testdata/pkcs8-ed25519.pem");

/// One of each type: making an RSA key takes a while.
fn keys() -> &'static [(KeyType, PrivateKey)] {
    static KEYS: OnceLock<Vec<(KeyType, PrivateKey)>> = OnceLock::new();
    KEYS.get_or_init(|| {
        KeyType::ALL
            .map(|key_type| (key_type, PrivateKey::generate(key_type).unwrap()))
            .into()
    })
}

#[test]
fn every_type_is_made_and_signs() {
    let other = PrivateKey::generate(KeyType::P256).unwrap().public_key();
    for (key_type, key) in keys() {
        assert_eq!(key.key_type(), Some(*key_type));
        // version INTEGER 0: PKCS#8 v1, which OpenSSL before 3.5 needs for Ed25519.
        let der = key.to_pkcs8_der();
        let version = der
            .as_bytes()
            .windows(3)
            .position(|w| w == [2, 1, 0])
            .unwrap();
        assert!(version <= 4, "{key_type}");

        let algorithm = match key_type {
            KeyType::P256 => Algorithm::Ecdsa(Digest::Sha256),
            KeyType::P384 => Algorithm::Ecdsa(Digest::Sha384),
            KeyType::Ed25519 => Algorithm::Ed25519,
            _ => Algorithm::RsaPkcs1(Digest::Sha256),
        };
        let again = PrivateKey::from_pem(key.to_pkcs8_pem().as_bytes(), None).unwrap();
        let signature = again.sign(b"message").unwrap();
        let verifies =
            |key: &PublicKey, message: &[u8]| algorithm.verifies(key, message, &signature);
        assert!(verifies(&key.public_key(), b"message"), "{key_type}");
        assert!(!verifies(&key.public_key(), b"massage"), "{key_type}");
        assert!(!verifies(&other, b"message"), "{key_type}");
    }
}

#[test]
fn debug_of_nothing_tells_a_secret() {
    let (_, key) = &keys()[0];
    let secret = key.to_pkcs8_der();
    let hex: String = secret.as_bytes()[36..52]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let decimal = format!("{:?}", &secret.as_bytes()[36..52]);
    let item = crate::inspect::inspect(secret.as_bytes(), None).unwrap();
    let told = format!("{key:?} {key:#?} {secret:?} {item:?}");
    assert!(
        !told.contains(&hex) && !told.contains(decimal.trim_matches(['[', ']'])),
        "{told}"
    );
}

#[test]
fn encrypted_as_promised() {
    let key = PrivateKey::from_pem(ED25519, None).unwrap();
    let pem = key.to_encrypted_pem(&secret("hunter2")).unwrap();
    let block = crate::pem::blocks(pem.as_bytes())
        .next()
        .unwrap()
        .ok()
        .unwrap();
    let has = |bytes: &[u8]| {
        block
            .contents
            .as_bytes()
            .windows(bytes.len())
            .any(|w| w == bytes)
    };
    assert!(has(&[2, 3, 0x09, 0x27, 0xc0]), "600 000 rounds");
    assert!(
        has(&[6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9]),
        "HMAC-SHA256"
    );
    assert!(
        has(&[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]),
        "AES-256-CBC"
    );
    let again = key.to_encrypted_pem(&secret("hunter2")).unwrap();
    assert_ne!(again.as_bytes(), pem.as_bytes(), "salt and IV are random");
}

#[test]
fn debug_does_not_tell() {
    let key = PrivateKey::from_pem(ED25519, None).unwrap();
    insta::assert_snapshot!(format!("{key:?}"), @"PrivateKey(Ed25519, ..)");
}

#[test]
fn public_keys() {
    let key = PrivateKey::from_pem(ED25519, None).unwrap().public_key();
    // openssl pkey -in … -pubout -outform DER | sha256sum
    insta::assert_snapshot!(key.fingerprint(), @"c013e8f1aed83eb9c790d6019bd75a3e484713b0fc540667ca90c3feec2674c7");
    assert_eq!(PublicKey::from_der(key.der()), Ok(key.clone()));
    let longer = [key.der(), &[0]].concat();
    insta::assert_snapshot!(PublicKey::from_der(&longer).unwrap_err(), @"not a key: not a SubjectPublicKeyInfo");
}

/// A key, written in one of the four formats, and read back.
fn written(key: &PrivateKey, format: u8, passphrase: &Secret) -> Secret {
    match format {
        0 => key.to_pkcs8_pem(),
        1 => key.to_pkcs8_der(),
        2 => key.to_encrypted_pem(passphrase).unwrap(),
        _ => key.to_encrypted_der(passphrase).unwrap(),
    }
}

#[test]
fn every_type_is_read_back_from_every_format() {
    let passphrase = secret("correct horse");
    for (key_type, key) in keys() {
        for format in 0..4 {
            let file = written(key, format, &passphrase);
            let again = PrivateKey::from_file(file.as_bytes(), Some(&passphrase)).unwrap();
            assert_eq!(again.public_key(), key.public_key(), "{key_type} {format}");
            assert_eq!(
                again.to_pkcs8_der().as_bytes(),
                key.to_pkcs8_der().as_bytes(),
                "{key_type} {format}"
            );
        }
    }
}

proptest! {
    // 600 000 rounds each.
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn whatever_the_passphrase(
        passphrase in proptest::collection::vec(any::<u8>(), 0..40),
        which in 0..KeyType::ALL.len(),
        format in 2u8..4,
    ) {
        let (_, key) = &keys()[which];
        let passphrase = Secret::new(passphrase);
        let file = written(key, format, &passphrase);
        prop_assert!(PrivateKey::is_encrypted(file.as_bytes()));
        prop_assert_eq!(PrivateKey::from_file(file.as_bytes(), None).unwrap_err(), KeyError::Encrypted);
        let opened = PrivateKey::from_file(file.as_bytes(), Some(&passphrase)).unwrap();
        prop_assert_eq!(opened.to_pkcs8_der().as_bytes().to_vec(), key.to_pkcs8_der().as_bytes().to_vec());
        let wrong = Secret::new([passphrase.as_bytes(), b"x"].concat());
        prop_assert_eq!(PrivateKey::from_file(file.as_bytes(), Some(&wrong)).unwrap_err(), KeyError::WrongPassphrase);
    }
}
