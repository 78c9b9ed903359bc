//! Every format that OpenSSL writes is read, what is written is read back, and nothing panics. The files in `testdata`
//! were written by OpenSSL 3.0 and OpenSSH for this purpose; the passphrase is `hunter2`.

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

fn told(key: Result<PrivateKey, KeyError>) -> String {
    key.map_or_else(
        |e| e.to_string(),
        |key| format!("{:?} {:?}", key, key.key_type()),
    )
}

const ED25519: &[u8] = include_bytes!("testdata/pkcs8-ed25519.pem");

#[test]
fn reads_what_openssl_writes() {
    let files: [(&str, &[u8]); 10] = [
        (
            "sec1, parameters first",
            include_bytes!("testdata/sec1-p256-with-parameters.pem"),
        ),
        ("sec1", include_bytes!("testdata/sec1-p384.pem")),
        ("pkcs#8 p521", include_bytes!("testdata/pkcs8-p521.pem")),
        (
            "sec1 secp256k1",
            include_bytes!("testdata/sec1-secp256k1.pem"),
        ),
        ("pkcs#1", include_bytes!("testdata/pkcs1-rsa2048.pem")),
        (
            "pkcs#8 rsa 2560",
            include_bytes!("testdata/pkcs8-rsa2560.pem"),
        ),
        (
            "pkcs#8 rsa 1024",
            include_bytes!("testdata/pkcs8-rsa1024.pem"),
        ),
        ("pkcs#8 ed25519", ED25519),
        ("pkcs#8 ed448", include_bytes!("testdata/pkcs8-ed448.pem")),
        ("openssh", include_bytes!("testdata/openssh.pem")),
    ];
    let told: Vec<_> = files
        .into_iter()
        .map(|(name, file)| format!("{name}: {}", told(PrivateKey::from_pem(file, None))))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn opens_what_openssl_encrypts() {
    let ed25519 = PrivateKey::from_pem(ED25519, None).unwrap();
    let files: [(&str, &[u8]); 6] = [
        (
            "pbes2 3des, sha256",
            include_bytes!("testdata/pbes2-3des.pem"),
        ),
        (
            "pbes2 aes, sha1",
            include_bytes!("testdata/pbes2-aes-sha1.pem"),
        ),
        (
            "pbes2 aes, scrypt",
            include_bytes!("testdata/pbes2-scrypt.pem"),
        ),
        ("pbes2 aes-128", include_bytes!("testdata/pbes2-aes128.pem")),
        ("pbes1", include_bytes!("testdata/pbes1-3des.pem")),
        (
            "traditional",
            include_bytes!("testdata/traditional-encrypted.pem"),
        ),
    ];
    let mut all = Vec::new();
    for (name, file) in files {
        assert!(PrivateKey::is_encrypted_pem(file), "{name}");
        assert_eq!(
            PrivateKey::from_pem(file, None).unwrap_err(),
            KeyError::Encrypted,
            "{name}"
        );
        let key = PrivateKey::from_pem(file, Some(&secret("hunter2")));
        if let Ok(key) = &key {
            assert_eq!(key.public_key(), ed25519.public_key(), "{name}");
            let wrong = PrivateKey::from_pem(file, Some(&secret("hunter3"))).unwrap_err();
            assert_eq!(wrong, KeyError::WrongPassphrase, "{name}");
        }
        all.push(format!("{name}: {}", told(key)));
    }
    assert!(!PrivateKey::is_encrypted_pem(ED25519));
    assert!(!PrivateKey::is_encrypted_pem(b""));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn der_of_each_kind() {
    let sec1 = PrivateKey::from_der(include_bytes!("testdata/sec1-p256.der")).unwrap();
    let pem = PrivateKey::from_pem(
        include_bytes!("testdata/sec1-p256-with-parameters.pem"),
        None,
    )
    .unwrap();
    assert_eq!(sec1.public_key(), pem.public_key());
    for file in [
        include_bytes!("testdata/pkcs1-rsa2048.pem").as_slice(),
        include_bytes!("testdata/pkcs8-p521.pem"),
        ED25519,
    ] {
        let key = PrivateKey::from_pem(file, None).unwrap();
        let block = crate::pem::blocks(file).next().unwrap().ok().unwrap();
        assert_eq!(
            PrivateKey::from_der(block.contents.as_bytes())
                .unwrap()
                .public_key(),
            key.public_key()
        );
    }
    let encrypted = crate::pem::blocks(include_bytes!("testdata/pbes2-3des.pem"))
        .next()
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(
        PrivateKey::from_der(encrypted.contents.as_bytes()).unwrap_err(),
        KeyError::Encrypted
    );
}

#[test]
fn no_key_and_no_sense() {
    assert_eq!(
        PrivateKey::from_pem(b"", None).unwrap_err(),
        KeyError::NoKey
    );
    let certificate = b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    assert_eq!(
        PrivateKey::from_pem(certificate, None).unwrap_err(),
        KeyError::NoKey
    );
    let nonsense = b"-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
    insta::assert_snapshot!(PrivateKey::from_pem(nonsense, None).unwrap_err(), @"not a key: neither PKCS#8, SEC1 nor PKCS#1, or of a kind that is not known");
    insta::assert_snapshot!(PrivateKey::from_pem(&nonsense[..33], None).unwrap_err(), @"not a key: PRIVATE KEY: it does not end");
}

#[test]
fn every_type_is_made_written_read_and_signs() {
    for key_type in KeyType::ALL {
        let key = PrivateKey::generate(key_type).unwrap();
        assert_eq!(key.key_type(), Some(key_type));
        let again = PrivateKey::from_pem(key.to_pkcs8_pem().as_bytes(), None).unwrap();
        assert_eq!(
            again.to_pkcs8_der().as_bytes(),
            key.to_pkcs8_der().as_bytes()
        );
        assert_eq!(
            PrivateKey::from_der(key.to_pkcs8_der().as_bytes())
                .unwrap()
                .public_key(),
            key.public_key()
        );
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
        let signature = again.sign(b"message").unwrap();
        assert!(
            algorithm.verifies(&key.public_key(), b"message", &signature),
            "{key_type}"
        );
        assert!(
            !algorithm.verifies(&key.public_key(), b"massage", &signature),
            "{key_type}"
        );
        let other = PrivateKey::generate(KeyType::P256).unwrap().public_key();
        assert!(
            !algorithm.verifies(&other, b"message", &signature),
            "{key_type}"
        );
    }
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

proptest! {
    // 600 000 rounds each.
    #![proptest_config(ProptestConfig::with_cases(3))]
    #[test]
    fn encrypted_and_opened(passphrase in proptest::collection::vec(any::<u8>(), 0..40)) {
        let key = PrivateKey::from_pem(ED25519, None).unwrap();
        let passphrase = Secret::new(passphrase);
        let pem = key.to_encrypted_pem(&passphrase).unwrap();
        prop_assert!(PrivateKey::is_encrypted_pem(pem.as_bytes()));
        let opened = PrivateKey::from_pem(pem.as_bytes(), Some(&passphrase)).unwrap();
        prop_assert_eq!(opened.to_pkcs8_der().as_bytes().to_vec(), key.to_pkcs8_der().as_bytes().to_vec());
        let wrong = Secret::new([passphrase.as_bytes(), b"x"].concat());
        prop_assert_eq!(PrivateKey::from_pem(pem.as_bytes(), Some(&wrong)).unwrap_err(), KeyError::WrongPassphrase);
    }
}

proptest! {
    #[test]
    fn a_changed_byte_never_panics(at in 0usize..121, to in any::<u8>()) {
        let mut der = include_bytes!("testdata/sec1-p256.der").to_vec();
        der[at] = to;
        let _ = PrivateKey::from_der(&der);
        let _ = PublicKey::from_der(&der);
    }
}
