//! Private keys as the real `openssl` writes them, in every form that it has, are read as the same key.

use e2e::given::tool;
use pki_core::{KeyError, PrivateKey, Secret};

use crate::desk::Desk;

/// How each kind of key is made into `kind.pem`.
const KINDS: [(&str, &str); 8] = [
    (
        "p256",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    ),
    ("p256-parameters", "ecparam -name prime256v1 -genkey"),
    (
        "p256-explicit",
        "ecparam -name prime256v1 -genkey -param_enc explicit",
    ),
    (
        "p384",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
    ),
    (
        "p521",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521",
    ),
    (
        "rsa2048",
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    ),
    (
        "rsa3072",
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
    ),
    ("ed25519", "genpkey -algorithm ED25519"),
];

/// How a key that is in `$IN` is written once more.
const PLAIN: [&str; 6] = [
    "pkey -in $IN",
    "pkey -in $IN -outform DER",
    "pkey -in $IN -traditional",
    "pkey -in $IN -traditional -outform DER",
    "pkcs8 -topk8 -nocrypt -in $IN",
    "pkcs8 -topk8 -nocrypt -in $IN -outform DER",
];

/// The same under a passphrase.
const ENCRYPTED: [&str; 24] = [
    "pkey -in $IN -aes128",
    "pkcs8 -topk8 -in $IN -v2 aes-256-cbc -outform DER",
    "pkey -in $IN -traditional -aes128",
    "pkey -in $IN -traditional -aes192",
    "pkey -in $IN -traditional -aes256",
    "pkey -in $IN -traditional -des3",
    "pkey -in $IN -traditional -des $LEGACY",
    "pkcs8 -topk8 -in $IN",
    "pkcs8 -topk8 -in $IN -outform DER",
    "pkcs8 -topk8 -in $IN -v2 aes-128-cbc",
    "pkcs8 -topk8 -in $IN -v2 aes-192-cbc",
    "pkcs8 -topk8 -in $IN -v2 aes-256-cbc -iter 100000",
    "pkcs8 -topk8 -in $IN -v2 des3",
    "pkcs8 -topk8 -in $IN -v2prf hmacWithSHA1",
    "pkcs8 -topk8 -in $IN -v2prf hmacWithSHA224",
    "pkcs8 -topk8 -in $IN -v2prf hmacWithSHA384",
    "pkcs8 -topk8 -in $IN -v2prf hmacWithSHA512",
    "pkcs8 -topk8 -in $IN -scrypt",
    "pkcs8 -topk8 -in $IN -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 2 -outform DER",
    "pkcs8 -topk8 -in $IN -v1 PBE-MD5-DES $LEGACY",
    "pkcs8 -topk8 -in $IN -v1 PBE-SHA1-DES $LEGACY",
    "pkcs8 -topk8 -in $IN -v1 PBE-SHA1-2DES $LEGACY",
    "pkcs8 -topk8 -in $IN -v1 PBE-SHA1-3DES",
    "pkcs8 -topk8 -in $IN -v1 PBE-SHA1-3DES -outform DER",
];

/// What OpenSSL writes and nobody opens here, with what is said about it.
const CLOSED: [(&str, &str); 4] = [
    (
        "pkcs8 -topk8 -in $IN -v2 camellia-256-cbc",
        "PBES2 with an algorithm that is not known",
    ),
    (
        "pkcs8 -topk8 -in $IN -v1 PBE-SHA1-RC2-40 $LEGACY",
        "SHA-1, RC2-40",
    ),
    (
        "pkcs8 -topk8 -in $IN -v1 PBE-SHA1-RC4-128 $LEGACY",
        "SHA-1, RC4-128",
    ),
    ("pkey -in $IN -traditional -camellia256", "CAMELLIA-256-CBC"),
];

const LEGACY: &str = "-provider legacy -provider default";

/// Beyond ASCII, which PKCS#12's encryption has as UTF-16.
const PASSPHRASES: [&str; 2] = ["correct-horse-battery", "grün & blau"];

#[test]
fn keys_of_openssl_are_read_in_every_form() {
    let desk = Desk::new();
    let openssl = tool("openssl").display().to_string();
    let write = |command: &str, from: &str, passphrase: Option<&str>| {
        let command = command.replace("$IN", from).replace("$LEGACY", LEGACY);
        let passphrase = passphrase
            .map(|p| format!(" -passout 'pass:{p}'"))
            .unwrap_or_default();
        desk.sh(&format!("'{openssl}' {command}{passphrase} -out written"))
            .ok();
        std::fs::read(desk.path("written")).unwrap()
    };
    for (kind, command) in KINDS {
        // Ed25519 came after the forms that each kind of key had for itself.
        let is_there = |command: &str| kind != "ed25519" || !command.contains("-traditional");
        let file = format!("{kind}.pem");
        desk.sh(&format!("'{openssl}' {command} -out {file}")).ok();
        desk.openssl(&[
            "pkey", "-in", &file, "-pubout", "-outform", "DER", "-out", "public",
        ])
        .ok();
        let made = PrivateKey::from_file(&std::fs::read(desk.path(&file)).unwrap(), None).unwrap();
        let is_explicit = kind.ends_with("explicit");
        let public = std::fs::read(desk.path("public")).unwrap();
        // OpenSSL keeps the parameters as numbers; here the curve has its name.
        assert!(is_explicit || made.public_key().der() == public, "{kind}");
        for command in PLAIN.into_iter().filter(|command| is_there(command)) {
            let key = PrivateKey::from_file(&write(command, &file, None), None);
            let key = key.unwrap_or_else(|e| panic!("{kind}, {command}: {e}"));
            assert_eq!(key.public_key(), made.public_key(), "{kind}, {command}");
        }
        // All forms of one key, and of the others those in which the key makes a difference.
        let is_tried = |command: &&&str| {
            let telling = ["-traditional -aes256", "$IN -aes128", "3DES -outform"];
            kind == "p256" || telling.iter().any(|part| command.contains(part))
        };
        for command in ENCRYPTED
            .iter()
            .filter(is_tried)
            .filter(|command| is_there(command))
        {
            for passphrase in PASSPHRASES {
                let file = write(command, &file, Some(passphrase));
                let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
                assert_eq!(
                    PrivateKey::from_file(&file, None).unwrap_err(),
                    KeyError::Encrypted
                );
                let key = PrivateKey::from_file(&file, Some(&secret(passphrase)));
                let key = key.unwrap_or_else(|e| panic!("{kind}, {command}: {e}"));
                assert_eq!(key.public_key(), made.public_key(), "{kind}, {command}");
                let wrong = PrivateKey::from_file(&file, Some(&secret("another"))).unwrap_err();
                assert_eq!(wrong, KeyError::WrongPassphrase, "{kind}, {command}");
            }
        }
    }
    for (command, said) in CLOSED {
        let file = write(command, "p256.pem", Some("correct-horse-battery"));
        let secret = Secret::new(b"correct-horse-battery".to_vec());
        let error = PrivateKey::from_file(&file, Some(&secret)).unwrap_err();
        assert!(
            matches!(error, KeyError::Unsupported { .. }),
            "{command}: {error}"
        );
        assert!(error.to_string().contains(said), "{command}: {error}");
    }
}

#[test]
fn openssl_reads_what_is_written() {
    let desk = Desk::new();
    let passphrase = Secret::new(b"correct-horse-battery".to_vec());
    for key_type in pki_core::KeyType::ALL {
        let key = PrivateKey::generate(key_type).unwrap();
        let files = [
            ("PEM", key.to_pkcs8_pem()),
            ("DER", key.to_pkcs8_der()),
            ("PEM", key.to_encrypted_pem(&passphrase).unwrap()),
            ("DER", key.to_encrypted_der(&passphrase).unwrap()),
        ];
        for (form, file) in files {
            std::fs::write(desk.path("file"), file.as_bytes()).unwrap();
            let words = [
                "pkey", "-inform", form, "-in", "file", "-passin", "file:pp", "-pubout",
                "-outform", "DER", "-out", "public",
            ];
            desk.openssl(&words).ok();
            let public = std::fs::read(desk.path("public")).unwrap();
            assert_eq!(public, key.public_key().der(), "{key_type}, {form}");
        }
    }
}
