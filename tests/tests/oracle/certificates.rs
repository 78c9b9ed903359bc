//! Our certificates judged by OpenSSL, strictly.

use std::path::Path;
use std::process::Command;

use e2e::Said;
use pki_core::{
    AltName, Certificate, KeyType, Kind, Leaf, PrivateKey, Serial, SigningRequest, Subject, Time,
    Validity, issue_leaf, issue_root,
};

const KEY_TYPES: [KeyType; 5] = [
    KeyType::P256,
    KeyType::P384,
    KeyType::Rsa2048,
    KeyType::Rsa3072,
    KeyType::Ed25519,
];

fn now() -> Time {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Time::from_unix(i64::try_from(since.as_secs()).unwrap())
}

fn openssl(folder: &Path, words: &[&str]) -> Said {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(words)
        .output()
        .unwrap();
    Said::new(format!("openssl {}", words.join(" ")), &output)
}

/// A root, and a leaf of each kind under it, each with a key of `key_type`.
fn issue(key_type: KeyType) -> (Certificate, Certificate, Certificate) {
    let key = PrivateKey::generate(key_type).unwrap();
    let subject: Subject = "C=FR,ST=BZH,L=Nantes,O=Loxodata".parse().unwrap();
    let root = issue_root(
        &key,
        &subject.with_common_name("trustly"),
        Serial::random().unwrap(),
        Validity::new(now(), 3650, None).unwrap(),
    )
    .unwrap();
    let leaf = |kind, name: &str, alt_names: Vec<AltName>| {
        let holder = PrivateKey::generate(key_type).unwrap().public_key();
        let leaf = Leaf {
            kind,
            subject: subject.with_common_name(name),
            alt_names,
            public_key: &holder,
            serial: Serial::random().unwrap(),
            validity: Validity::new(now(), 360, Some(root.validity().not_after)).unwrap(),
        };
        issue_leaf(&root, &key, &leaf).unwrap()
    };
    let names = ["dns:tolva", "ip:192.168.1.1", "ip:fe80::1"].map(|n| n.parse().unwrap());
    let server = leaf(Kind::Server, "tolva", names.to_vec());
    let client = leaf(Kind::Client, "slardiere", Vec::new());
    (root, server, client)
}

#[test]
fn chains_verify_strictly_for_their_purpose_alone() {
    for key_type in KEY_TYPES {
        let (root, server, client) = issue(key_type);
        let folder = tempfile::tempdir().unwrap();
        for (name, certificate) in [
            ("root.crt", &root),
            ("server.crt", &server),
            ("client.crt", &client),
        ] {
            std::fs::write(folder.path().join(name), certificate.to_pem()).unwrap();
        }
        let verify = |purpose: &str, file: &str| {
            let words = [
                "verify",
                "-x509_strict",
                "-check_ss_sig",
                "-CAfile",
                "root.crt",
                "-purpose",
                purpose,
                file,
            ];
            openssl(folder.path(), &words)
        };
        verify("sslserver", "server.crt").ok();
        verify("sslclient", "client.crt").ok();
        verify("sslserver", "client.crt").fails();
        verify("sslclient", "server.crt").fails();
        let named = |name: &str, value: &str| {
            openssl(
                folder.path(),
                &["verify", "-CAfile", "root.crt", name, value, "server.crt"],
            )
        };
        named("-verify_hostname", "tolva").ok();
        named("-verify_hostname", "other").fails();
        named("-verify_ip", "192.168.1.1").ok();
        named("-verify_ip", "192.168.1.2").fails();
    }
}

#[test]
fn requests_are_read_as_they_were_made() {
    for key_type in KEY_TYPES {
        let key = PrivateKey::generate(key_type).unwrap();
        let subject: Subject = "O=Loxodata,CN=tolva".parse().unwrap();
        let names: Vec<AltName> = vec!["dns:tolva".parse().unwrap()];
        let request = SigningRequest::create(Kind::Server, &key, &subject, &names).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("request.csr"), request.to_pem()).unwrap();
        openssl(
            folder.path(),
            &["req", "-verify", "-noout", "-subject", "-in", "request.csr"],
        )
        .ok()
        .says("verify OK")
        .says("tolva");
    }
}
