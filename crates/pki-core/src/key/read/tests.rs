//! Every format that OpenSSL writes is read, and nothing panics. The files in `testdata` were written by OpenSSL 3.0 and
//! OpenSSH for this purpose; the passphrase is `hunter2`.

use pkcs8::{
    EncryptedPrivateKeyInfoRef,
    der::{Encode, asn1::OctetStringRef},
    pkcs5::pbes2,
};
use proptest::prelude::*;

use super::PrivateKey;
use crate::{
    key::{Form, KeyError, PublicKey},
    pem,
    secret::Secret,
};

macro_rules! data {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../testdata/", $name)).as_slice(),
        )
    };
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn told(key: Result<PrivateKey, KeyError>) -> String {
    key.map_or_else(
        |e| e.to_string(),
        |key| format!("{:?} {:?}", key, key.key_type()),
    )
}

const ED25519: &[u8] = include_bytes!("../testdata/pkcs8-ed25519.pem");
const P256: &[u8] = include_bytes!("../testdata/sec1-p256.der");

#[test]
fn reads_what_openssl_writes() {
    let files = [
        data!("sec1-p256-with-parameters.pem"),
        data!("sec1-p256-explicit.pem"),
        data!("sec1-p256.der"),
        data!("sec1-p384.pem"),
        data!("sec1-p384-no-public.pem"),
        data!("sec1-secp256k1.pem"),
        data!("pkcs1-rsa2048.pem"),
        data!("pkcs8-p256-explicit.pem"),
        data!("pkcs8-p521.pem"),
        data!("pkcs8-rsa1024.pem"),
        data!("pkcs8-rsa2560.pem"),
        data!("pkcs8-ed25519.pem"),
        data!("pkcs8-ed448.pem"),
        data!("openssh.pem"),
    ];
    let told = files.map(|(name, file)| {
        assert!(!PrivateKey::is_encrypted(file), "{name}");
        format!("{name}: {}", told(PrivateKey::from_file(file, None)))
    });
    insta::assert_snapshot!(told.join("\n"));
    let public = |file| PrivateKey::from_file(file, None).unwrap().public_key();
    assert_eq!(
        public(include_bytes!("../testdata/sec1-p384-no-public.pem")),
        public(include_bytes!("../testdata/sec1-p384.pem")),
    );
    assert_eq!(
        public(include_bytes!("../testdata/pkcs8-p256-explicit.pem")),
        public(P256),
    );
}

#[test]
fn opens_what_openssl_encrypts() {
    let files = [
        data!("pbes2-3des.pem"),
        data!("pbes2-aes-sha1.pem"),
        data!("pbes2-scrypt.pem"),
        data!("pbes2-aes128.pem"),
        data!("pbes2-aes256-sha512.der"),
        data!("pbes2-camellia.pem"),
        data!("pbes1-3des.pem"),
        data!("pbes1-md5-des.pem"),
        data!("pbes1-sha1-des.pem"),
        data!("pbe-2des.pem"),
        data!("pbe-rc2-40.pem"),
        data!("traditional-aes-128-cbc.pem"),
        data!("traditional-aes-192-cbc.pem"),
        data!("traditional-aes-256-cbc.pem"),
        data!("traditional-des-cbc.pem"),
        data!("traditional-des-ede3-cbc.pem"),
        data!("traditional-camellia-128-cbc.pem"),
    ];
    let mut all = Vec::new();
    for (name, file) in files {
        assert!(PrivateKey::is_encrypted(file), "{name}");
        let des = [
            "pbes1-md5-des.pem",
            "pbes1-sha1-des.pem",
            "traditional-des-cbc.pem",
        ];
        assert_eq!(
            PrivateKey::is_under_des(file),
            des.contains(&name),
            "{name}"
        );
        let without = PrivateKey::from_file(file, None).unwrap_err();
        assert_eq!(without, KeyError::Encrypted, "{name}");
        let key = PrivateKey::from_file(file, Some(&secret("hunter2")));
        if let Ok(key) = &key {
            let same = match name.starts_with("traditional") {
                true => PrivateKey::from_file(P256, None).unwrap(),
                false => PrivateKey::from_file(ED25519, None).unwrap(),
            };
            assert_eq!(key.public_key(), same.public_key(), "{name}");
            for wrong in ["hunter3", ""] {
                let error = PrivateKey::from_file(file, Some(&secret(wrong))).unwrap_err();
                assert_eq!(error, KeyError::WrongPassphrase, "{name}");
            }
        }
        let form = match pem::blocks(file).next() {
            Some(block) => Form::of_block(&block.ok().unwrap()),
            None => Form::of_der(file),
        };
        let encryption = form.encryption.unwrap();
        all.push(format!(
            "{name}: {}, {encryption}: {}",
            form.format,
            told(key)
        ));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_key_is_the_first_in_the_file() {
    let two = [
        b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
        ED25519,
        include_bytes!("../testdata/sec1-p384.pem"),
    ]
    .concat();
    insta::assert_snapshot!(told(PrivateKey::from_file(&two, None)), @"PrivateKey(Ed25519, ..) Some(Ed25519)");
}

#[test]
fn no_key_and_no_sense() {
    let from_pem = |file| PrivateKey::from_pem(file, None).unwrap_err();
    assert_eq!(from_pem(b""), KeyError::NoKey);
    let certificate = b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    assert_eq!(from_pem(certificate), KeyError::NoKey);
    assert!(!PrivateKey::is_encrypted(b""));
    let nonsense = b"-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
    insta::assert_snapshot!(from_pem(nonsense), @"not a key: neither PKCS#8, SEC1 nor PKCS#1, or of a kind that is not known");
    insta::assert_snapshot!(from_pem(&nonsense[..33]), @"not a key: PRIVATE KEY: it does not end");
    let told_of = |file: &str| {
        PrivateKey::from_file(file.as_bytes(), Some(&secret("hunter2")))
            .unwrap_err()
            .to_string()
    };
    let block = |label: &str, header: &str| {
        format!("-----BEGIN {label}-----\n{header}\nAQID\n-----END {label}-----\n")
    };
    let all = [
        block("ENCRYPTED PRIVATE KEY", ""),
        block("DSA PRIVATE KEY", ""),
        block("EC PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n"),
        block(
            "EC PRIVATE KEY",
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233\n",
        ),
        block(
            "EC PRIVATE KEY",
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: \x1b[1m,é\n",
        ),
    ];
    insta::assert_snapshot!(all.map(|file| told_of(&file)).join("\n"));
    let jks = PrivateKey::from_der(&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2], None).unwrap_err();
    insta::assert_snapshot!(jks, @"not supported: a Java keystore of the old kind (JKS)");
}

#[test]
fn what_would_take_too_long_is_refused() {
    let scrypt = |log_n, r| pkcs8::pkcs5::scrypt::Params::new(log_n, r, 1).unwrap();
    let all = [
        pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(10_000_001, &[1; 8], [2; 16]),
        pbes2::Parameters::generate_scrypt_aes256cbc(scrypt(24, 8), &[1; 8], [2; 16]),
        pbes2::Parameters::generate_scrypt_aes256cbc(scrypt(14, 600), &[1; 8], [2; 16]),
    ];
    let told = all.map(|parameters| {
        let info = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.unwrap().into(),
            encrypted_data: OctetStringRef::new(&[3; 32]).unwrap(),
        };
        let file = info.to_der().unwrap();
        PrivateKey::from_der(&file, Some(&secret("hunter2")))
            .unwrap_err()
            .to_string()
    });
    insta::assert_snapshot!(told.join("\n"), @"
    not supported: the encryption of the private key (PBES2: PBKDF2-HMAC-SHA-256, 10000001 rounds, AES-256-CBC)
    not supported: the encryption of the private key (scrypt that takes more than a gigabyte)
    not supported: the encryption of the private key (scrypt that takes more than a gigabyte)
    ");
    // pkcs-12PbeParams with 10 000 001 rounds.
    let old = b"\x30\x2a\x30\x1a\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03\x30\x0c\x04\x04salt\x02\x04\x00\x98\x96\x81\x04\x0c0123456789ab";
    let error = PrivateKey::from_der(old, Some(&secret("hunter2"))).unwrap_err();
    insta::assert_snapshot!(error, @"not supported: an encryption of 10000001 rounds");
}

proptest! {
    #[test]
    fn a_changed_byte_never_panics(at in 0usize..121, to in any::<u8>()) {
        let mut der = P256.to_vec();
        der[at] = to;
        let _ = PrivateKey::from_der(&der, None);
        let _ = Form::of_der(&der);
        let _ = PublicKey::from_der(&der);
    }

    // Without what takes time on purpose: there a changed byte may mean more rounds than there is time for.
    #[test]
    fn a_changed_byte_of_an_encrypted_key_never_panics(at in 45usize..90, to in any::<u8>()) {
        let pem = include_bytes!("../testdata/pbes1-3des.pem");
        let mut der = pem::blocks(pem).next().unwrap().ok().unwrap().contents.as_bytes().to_vec();
        let at = at % der.len();
        der[at] = to;
        let _ = PrivateKey::from_der(&der, Some(&secret("hunter2")));
        let _ = Form::of_der(&der);
    }
}
