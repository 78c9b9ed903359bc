//! The texts, reviewed like code. What differs from run to run is put out of sight.

use rcgen::{
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, SanType,
};

use super::{InspectError, Item, inspect, span};
use crate::{
    certificate::Certificate,
    csr::SigningRequest,
    fixture::{Authority, leaf_key, names, now},
    name::Subject,
    profile::Kind,
    secret::Secret,
    time::Time,
};

/// Everything that is told about a file, hex of more than 16 digits masked.
fn told_at(file: &[u8], at: Time) -> String {
    let text: Vec<_> = inspect(file, None)
        .unwrap()
        .iter()
        .map(|item| item.describe(at))
        .collect();
    let masked = |word: &str| {
        let hex = word.len() > 16 && word.bytes().all(|b| b.is_ascii_hexdigit());
        if hex {
            "<hex>".to_owned()
        } else {
            word.to_owned()
        }
    };
    let lines = text.join("\n");
    lines
        .lines()
        .map(|l| l.split(' ').map(masked).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n")
}

fn told(certificate: &Certificate) -> String {
    told_at(certificate.to_pem().as_bytes(), now())
}

fn codes(certificate: &Certificate, at: Time) -> Vec<&'static str> {
    Item::Certificate(certificate.clone())
        .findings(at)
        .iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn certificates_in_words() {
    let root = Authority::root("trustly");
    let server = root.server(
        "tolva",
        &[
            "tolva",
            "tolva.example.org",
            "tolva.a-long-name.example.org",
            "192.168.1.1",
            "dns:192.168.1.1",
            "::1",
        ],
    );
    let middle = root.intermediate("middle");
    let all = [
        &root.certificate,
        &middle.certificate,
        &server,
        &root.client("slardiere"),
    ];
    insta::assert_snapshot!(all.map(told).join("\n\n"));
}

#[test]
fn good_certificates_have_no_findings() {
    let root = Authority::root("trustly");
    let middle = root.intermediate("middle");
    let server = root.server("tolva", &["tolva"]);
    for certificate in [
        &root.certificate,
        &middle.certificate,
        &server,
        &root.client("slardiere"),
    ] {
        assert_eq!(codes(certificate, now()), [""; 0], "{certificate:?}");
    }
}

#[test]
fn findings_of_certificates() {
    let root = Authority::root("trustly");
    let leaf = root.leaf(Kind::Server, "tolva", &["tolva"], 30);
    assert_eq!(codes(&leaf, now().plus_days(19)), [""; 0]);
    assert_eq!(codes(&leaf, now().plus_days(21)), ["ends-soon"]);
    assert_eq!(codes(&leaf, now().plus_days(30)), ["expired"]);
    assert_eq!(codes(&leaf, now().plus_days(-1)), ["not-yet-valid"]);
    assert_eq!(
        codes(&root.self_issued_with_my_key("tolva"), now()),
        ["self-issued-other-key", "no-san"]
    );
    let server_only = root.odd("x", |p| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    assert_eq!(codes(&server_only, now()), ["no-san", "no-client-auth"]);
    let no_name = root.odd("x", |p| {
        p.distinguished_name = rcgen::DistinguishedName::new();
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(codes(&no_name, now()), ["no-common-name"]);
    let signer = root.odd("x", |p| p.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    assert_eq!(codes(&signer, now()), ["no-tls-usage"]);
    let mkcert = Authority::odd_root("mkcert", |p| {
        p.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    assert_eq!(codes(&mkcert.certificate, now()), ["no-crl-sign"]);
    let own = Authority::odd_root("own", |p| p.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(codes(&own.certificate, now()), ["no-san", "self-signed"]);
    // An algorithm that does not exist: nothing is said about a signature that was not checked.
    let mut der = own.certificate.der().to_vec();
    let ecdsa: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    for at in 0..der.len() - ecdsa.len() {
        if der[at..].starts_with(&ecdsa) {
            der[at + 9] = 9;
        }
    }
    let unknown = Certificate::from_der(&der).unwrap();
    assert_eq!(codes(&unknown, now()), ["unknown-signature", "no-san"]);
    let no_id = root.odd("x", |p| {
        p.use_authority_key_identifier_extension = false;
        p.subject_alt_names = vec![SanType::DnsName("x".try_into().unwrap())];
    });
    assert_eq!(codes(&no_id, now()), ["no-authority-key-id"]);
}

#[test]
fn odd_certificates_in_words() {
    let root = Authority::root("trustly");
    let by_hand = root.self_issued_with_my_key("tolva");
    let constrained = Authority::odd_root("constrained", |p| {
        p.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".into())],
            excluded_subtrees: vec![GeneralSubtree::DnsName("bad.example.org".into())],
        });
        p.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let hostile = root.odd("a\u{1b}[31mb\u{202e}\n", |p| {
        p.subject_alt_names = vec![SanType::Rfc822Name("x@example.org".try_into().unwrap())];
    });
    let all = [by_hand, constrained.certificate, hostile];
    insta::assert_snapshot!(all.each_ref().map(told).join("\n\n"));
}

#[test]
fn requests_keys_and_others_in_words() {
    let subject = Subject::empty().with_common_name("tolva");
    let request = SigningRequest::create(
        Kind::Server,
        leaf_key(),
        &subject,
        &names(&["tolva", "192.168.1.1"]),
    )
    .unwrap();
    let file = [
        request.to_pem().as_bytes(),
        include_bytes!("../key/testdata/sec1-p256-with-parameters.pem"),
        include_bytes!("../key/testdata/pbes2-3des.pem"),
        include_bytes!("../issue/testdata/rsa1024-public.pem"),
        b"-----BEGIN DH PARAMETERS-----\nAQID\n-----END DH PARAMETERS-----\n",
        b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAQID\n",
    ]
    .concat();
    insta::assert_snapshot!(told_at(&file, now()));
}

#[test]
fn der_and_nothing() {
    let root = Authority::root("trustly");
    let kind = |bytes: &[u8]| inspect(bytes, None).map(|items| items[0].kind());
    assert_eq!(kind(root.certificate.der()), Ok("certificate"));
    assert_eq!(kind(root.key.to_pkcs8_der().as_bytes()), Ok("key"));
    assert_eq!(kind(root.certificate.public_key().der()), Ok("public-key"));
    let request = SigningRequest::create(Kind::Client, leaf_key(), &Subject::empty(), &[]).unwrap();
    assert_eq!(kind(request.der()), Ok("request"));
    let encrypted = include_bytes!("../key/testdata/pbes2-aes256-sha512.der");
    assert_eq!(kind(encrypted), Ok("encrypted-key"));
    assert_eq!(kind(b" \n"), Err(InspectError::Empty));
    assert_eq!(kind(b"ssl = on\n"), Err(InspectError::Unknown));
    assert!(matches!(
        kind(&[0x30, 0x82, 4, 0, 2, 1, 3, 0x30, 0x82]),
        Err(InspectError::Pkcs12 { .. })
    ));
}

#[test]
fn encrypted_keys_open_with_the_passphrase() {
    let file = include_bytes!("../key/testdata/pbes2-aes128.pem");
    let with = |text: &str| inspect(file, Some(&Secret::new(text.as_bytes().to_vec())));
    assert!(matches!(with("hunter2").unwrap()[..], [Item::Key { .. }]));
    assert_eq!(with("hunter3").unwrap_err(), InspectError::WrongPassphrase);
    assert!(matches!(
        inspect(file, None).unwrap()[..],
        [Item::EncryptedKey { .. }]
    ));
}

#[test]
fn pkcs12_opens_with_the_password() {
    let file = include_bytes!("../pkcs12/testdata/keytool.p12");
    let closed = inspect(file, None).unwrap();
    assert!(closed.len() == 1 && closed[0].is_closed());
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    let open = inspect(file, Some(&secret("hunter2"))).unwrap();
    assert!(open.iter().all(|item| !item.is_closed()));
    let kinds: Vec<_> = open.iter().map(Item::kind).collect();
    assert_eq!(kinds, ["pkcs12", "key", "certificate"]);
    let wrong = inspect(file, Some(&secret("hunter3"))).unwrap_err();
    assert_eq!(wrong, InspectError::WrongPassphrase);
    insta::assert_snapshot!([closed[0].describe(now()), open[0].describe(now())].join("\n"));
    // With the empty password, which nobody has to be asked for.
    let empty = include_bytes!("../pkcs12/testdata/empty.p12");
    let kinds: Vec<_> = inspect(empty, None)
        .unwrap()
        .iter()
        .map(Item::kind)
        .collect();
    assert_eq!(kinds, ["pkcs12", "key", "certificate"]);
}

#[test]
fn spans() {
    let told: Vec<_> = [1, 59, 60, 3599, 7200, 86_399, 86_400, 360 * 86_400, -5]
        .map(span)
        .to_vec();
    insta::assert_snapshot!(told.join(", "), @"1 second, 59 seconds, 1 minute, 59 minutes, 2 hours, 23 hours, 1 day, 360 days, 5 seconds");
}
