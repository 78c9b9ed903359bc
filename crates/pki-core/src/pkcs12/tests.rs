//! What is written is read back, and what others wrote. The files were made by OpenSSL 3.0 and JDK 17's keytool for this
//! purpose; the password is `hunter2`.

use proptest::prelude::*;

use super::{Pkcs12Error, open, outline, seal};
use crate::{PrivateKey, fixture::Authority, secret::Secret};

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn told(file: &[u8]) -> String {
    let outline = outline(file).unwrap();
    let contents = open(file, &secret("hunter2"));
    let contents = contents.map_or_else(
        |e| e.to_string(),
        |c| {
            let keys = c.keys.iter().map(|bag| match &bag.what {
                Ok(key) => format!("{:?} {key:?}", bag.alias),
                Err(e) => format!("{:?} {e}", bag.alias),
            });
            let certificates = c
                .certificates
                .iter()
                .map(|bag| format!("{:?} {}", bag.alias, bag.what.subject()));
            keys.chain(certificates).collect::<Vec<_>>().join(", ")
        },
    );
    format!(
        "{:?} {:?}\n  {contents}",
        outline.integrity, outline.encryptions
    )
}

#[test]
fn opens_what_others_write() {
    let files: [(&str, &[u8]); 5] = [
        ("openssl", include_bytes!("testdata/openssl.p12")),
        ("openssl, legacy", include_bytes!("testdata/legacy.p12")),
        (
            "openssl, certificates in the clear",
            include_bytes!("testdata/clear.p12"),
        ),
        ("openssl, no check", include_bytes!("testdata/nomac.p12")),
        ("keytool", include_bytes!("testdata/keytool.p12")),
    ];
    let all = files.map(|(name, file)| {
        let wrong = open(file, &secret("hunter3")).unwrap_err();
        assert_eq!(wrong, Pkcs12Error::WrongPassword, "{name}");
        format!("{name}: {}", told(file))
    });
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_is_refused() {
    let root = Authority::root("trustly");
    let with = |password: &str| {
        seal("user", &root.key, &[], &secret(password))
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(with(""), @"the password cannot be used for PKCS#12: it is empty");
    insta::assert_snapshot!(with("grün"), @"the password cannot be used for PKCS#12: Java takes printable ASCII characters alone");
    insta::assert_snapshot!(outline(b"0\x80\x02\x01\x030\x80").unwrap_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]
    #[test]
    fn reads_what_it_writes(password in "[ -~]{1,40}", alias in "[a-z é]{1,20}") {
        let root = Authority::root("trustly");
        let middle = root.intermediate("issuing");
        let leaf = middle.client("slardiere");
        let file = seal(&alias, &middle.key, &[leaf.clone(), middle.certificate.clone()], &secret(&password)).unwrap();
        let contents = open(file.as_bytes(), &secret(&password)).unwrap();
        let key: &PrivateKey = contents.keys[0].what.as_ref().unwrap();
        prop_assert_eq!(key.public_key(), middle.key.public_key());
        prop_assert_eq!(contents.keys[0].alias.as_deref(), Some(alias.as_str()));
        let certificates: Vec<_> = contents.certificates.into_iter().map(|bag| bag.what).collect();
        prop_assert_eq!(certificates, vec![leaf, middle.certificate]);
        let wrong = open(file.as_bytes(), &secret(&format!("{password}x"))).unwrap_err();
        prop_assert_eq!(wrong, Pkcs12Error::WrongPassword);
        let outline = outline(file.as_bytes()).unwrap();
        prop_assert_eq!(outline.integrity.as_deref(), Some("HMAC-SHA-256, 200000 rounds"));
        prop_assert_eq!(outline.encryptions, vec!["PBES2: PBKDF2-HMAC-SHA-256, 200000 rounds, AES-256-CBC"]);
    }
}

proptest! {
    #[test]
    fn a_changed_byte_never_panics(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut file = include_bytes!("testdata/clear.p12").to_vec();
        let at = at.index(file.len());
        file[at] = to;
        let _ = outline(&file);
    }
}
