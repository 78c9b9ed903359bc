//! Every kind of certificate under every type of key, and every reason not to sign.

use proptest::prelude::*;
use rcgen::{DnType, DnValue};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    IssueError, Issuing, Leaf, NewAuthority, check_leaf, issue_authority, issue_intermediate,
    issue_leaf, issue_root,
};
use crate::{
    algorithm::KeyType,
    certificate::{Certificate, ExtendedKeyUsage},
    csr::SigningRequest,
    fixture::{Authority, days, leaf_key, names, now, serial},
    key::{PrivateKey, PublicKey},
    lint::Problem,
    name::{AltName, Subject},
    profile::Kind,
    scope::Scope,
    serial::Serial,
    signer::{SignError, Signer},
    validity::Validity,
    verify::{Purpose, verify_chain},
};

/// Extensions in order: object identifier, `!` if critical, content in hex.
fn extensions(certificate: &Certificate) -> String {
    let (_, x509) = X509Certificate::from_der(certificate.der()).unwrap();
    let of = |e: &x509_parser::extensions::X509Extension<'_>| {
        let hex: String = e.value.iter().map(|b| format!("{b:02x}")).collect();
        // Key identifiers differ from run to run.
        let hex = if hex.len() > 40 && e.oid.to_id_string() != "2.5.29.17" {
            "(key id)".to_owned()
        } else {
            hex
        };
        format!(
            "{}{} {hex}",
            e.oid.to_id_string(),
            if e.critical { "!" } else { "" }
        )
    };
    x509.extensions()
        .iter()
        .map(of)
        .collect::<Vec<_>>()
        .join("\n")
}

fn leaf(kind: Kind, public_key: &PublicKey) -> Leaf<'_> {
    let subject = Subject::empty().with_common_name("tolva");
    let alt_names = if kind == Kind::Server {
        names(&["tolva", "192.168.1.1", "tolva"])
    } else {
        Vec::new()
    };
    Leaf {
        kind,
        subject,
        alt_names,
        public_key,
        serial: serial(7),
        validity: days(360),
    }
}

#[test]
fn the_extensions_of_each_kind() {
    let root = Authority::root("trustly");
    // AKI; keyUsage keyCertSign, cRLSign; SKI; basicConstraints CA, pathLen 1
    insta::assert_snapshot!(extensions(&root.certificate), @r"
    2.5.29.35 (key id)
    2.5.29.15! 03020106
    2.5.29.14 (key id)
    2.5.29.19! 30060101ff020101
    ");
    insta::assert_snapshot!(extensions(&root.intermediate("middle").certificate), @r"
    2.5.29.35 (key id)
    2.5.29.15! 03020106
    2.5.29.14 (key id)
    2.5.29.19! 30060101ff020100
    ");
    // AKI; SAN; keyUsage digitalSignature; serverAuth; SKI; basicConstraints CA:FALSE
    insta::assert_snapshot!(extensions(&root.server("tolva", &["tolva"])), @r"
    2.5.29.35 (key id)
    2.5.29.17 30078205746f6c7661
    2.5.29.15! 03020780
    2.5.29.37 300a06082b06010505070301
    2.5.29.14 (key id)
    2.5.29.19! 3000
    ");
    insta::assert_snapshot!(extensions(&root.client("slardiere")), @r"
    2.5.29.35 (key id)
    2.5.29.15! 03020780
    2.5.29.37 300a06082b06010505070302
    2.5.29.14 (key id)
    2.5.29.19! 3000
    ");
}

#[test]
fn every_key_type_under_every_key_type() {
    let rsa_is_slow = |t: &KeyType| !matches!(t, KeyType::Rsa3072 | KeyType::Rsa4096);
    let keys: Vec<_> = KeyType::ALL
        .into_iter()
        .filter(rsa_is_slow)
        .map(|t| PrivateKey::generate(t).unwrap())
        .collect();
    let p521 =
        PrivateKey::from_pem(include_bytes!("../key/testdata/pkcs8-p521.pem"), None).unwrap();
    let keys: Vec<_> = keys.into_iter().chain([p521]).collect();
    let subject = Subject::empty().with_common_name("authority");
    for authority in &keys {
        let root = issue_root(authority, &subject, serial(1), days(3650)).unwrap();
        assert!(root.is_self_signed() && root.is_authority() && root.can_sign_crls());
        assert_eq!(
            (root.kind(), root.authority_key_id()),
            (Kind::Root, root.subject_key_id())
        );
        for key in &keys {
            let public_key = Signer::public_key(key);
            for (kind, purpose) in [
                (Kind::Server, Purpose::Server),
                (Kind::Client, Purpose::Client),
            ] {
                let made = issue_leaf(&root, authority, &leaf(kind, &public_key)).unwrap();
                assert_eq!((made.kind(), made.public_key()), (kind, public_key.clone()));
                assert_eq!(made.authority_key_id(), root.subject_key_id());
                assert!(made.subject_key_id().is_some_and(|id| id.len() == 20));
                assert_eq!(
                    verify_chain(&made, &[], std::slice::from_ref(&root), &[], purpose, now())
                        .unwrap()
                        .len(),
                    2
                );
            }
        }
    }
}

#[test]
fn what_was_asked_for_is_in_it() {
    let root = Authority::root("trustly");
    let made = issue_leaf(
        &root.certificate,
        &root.key,
        &leaf(Kind::Server, &leaf_key().public_key()),
    )
    .unwrap();
    assert_eq!(made.common_name().as_deref(), Some("tolva"));
    assert_eq!(made.alt_names(), names(&["tolva", "192.168.1.1"]));
    assert_eq!(made.serial(), serial(7));
    assert_eq!(made.validity(), days(360));
    assert_eq!(
        made.extended_key_usage(),
        Some(vec![ExtendedKeyUsage::ServerAuth])
    );
    assert_eq!(
        (made.issuer().as_str(), made.issuer_der()),
        ("CN=trustly,O=Loxodata", root.certificate.subject_der())
    );
    assert_eq!(made.public_key(), leaf_key().public_key());
}

#[test]
fn a_server_name_too_long_for_a_common_name() {
    let root = Authority::root("trustly");
    let name = format!("{}.example.org", "x".repeat(63));
    let made = root.server(&name, &[&name]);
    assert_eq!((made.subject().as_str(), made.common_name()), ("", None));
    // Without a subject the SAN is critical (RFC 5280 4.2.1.6).
    assert!(extensions(&made).contains("2.5.29.17!"));
}

#[test]
fn reasons_not_to_sign() {
    let root = Authority::root("trustly");
    let key = leaf_key().public_key();
    let refusal = |issuer: &Certificate, signer: &PrivateKey, change: &dyn Fn(&mut Leaf<'_>)| {
        let mut leaf = leaf(Kind::Server, &key);
        change(&mut leaf);
        issue_leaf(issuer, signer, &leaf).unwrap_err().to_string()
    };
    let ca = &root.certificate;
    let told = [
        refusal(ca, &root.key, &|l| l.alt_names.clear()),
        refusal(ca, &root.key, &|l| {
            (l.kind, l.subject) = (Kind::Client, Subject::empty());
        }),
        refusal(ca, &root.key, &|l| l.kind = Kind::Root),
        refusal(ca, &root.key, &|l| {
            l.validity = Validity::new(now(), 4000, None).unwrap();
        }),
        refusal(ca, &root.key, &|l| l.serial = "0".parse().unwrap()),
        refusal(ca, &root.key, &|l| {
            l.serial = "f".repeat(40).parse().unwrap();
        }),
        refusal(ca, leaf_key(), &|_| ()),
        refusal(&root.client("slardiere"), leaf_key(), &|_| ()),
        refusal(
            &Authority::odd_root("no sign", |p| {
                p.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
            })
            .certificate,
            leaf_key(),
            &|l| l.alt_names.clear(),
        ),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    not signed: a server certificate needs a subject alternative name
    not signed: a client certificate needs a common name
    not signed: a root is not issued as a leaf
    not signed: it would end 2037-11-06 22:13:52 UTC, after its issuer (2036-11-21 22:13:52 UTC)
    not signed: the serial number must be positive and have at most 20 octets
    not signed: the serial number must be positive and have at most 20 octets
    not signed: the key is not the issuer's
    not signed: the issuer is not allowed to sign certificates
    not signed: a server certificate needs a subject alternative name; the issuer is not allowed to sign certificates; the key is not the issuer's
    ");
    let nobody = issue_root(&root.key, &Subject::empty(), serial(1), days(1)).unwrap_err();
    assert_eq!(
        nobody,
        IssueError::Refused {
            problems: vec![Problem::AuthorityWithoutSubject]
        }
    );
    let middle = root.intermediate("middle");
    let below = issue_intermediate(
        &middle.certificate,
        &middle.key,
        &"CN=x".parse().unwrap(),
        &key,
        serial(1),
        days(1),
    );
    assert_eq!(
        below.unwrap_err(),
        IssueError::Refused {
            problems: vec![Problem::PathLength]
        }
    );
}

#[test]
fn keys_that_nobody_would_take() {
    let root = Authority::root("trustly");
    let block = |file: &[u8]| crate::pem::blocks(file).next().unwrap().ok().unwrap();
    // The SubjectPublicKeyInfo of an RSA key of 1024 bits, and one of an algorithm that does not exist.
    let weak = PublicKey::from_der(
        block(include_bytes!("testdata/rsa1024-public.pem"))
            .contents
            .as_bytes(),
    )
    .unwrap();
    let unknown = PublicKey::from_der(&[0x30, 9, 0x30, 3, 6, 1, 0x2a, 3, 2, 0, 1]).unwrap();
    for (key, problem) in [
        (
            &weak,
            Problem::WeakKey {
                key: "RSA 1024".to_owned(),
            },
        ),
        (
            &unknown,
            Problem::UnsupportedKey {
                key: "1.2".to_owned(),
            },
        ),
    ] {
        let refused =
            issue_leaf(&root.certificate, &root.key, &leaf(Kind::Client, key)).unwrap_err();
        assert_eq!(
            refused,
            IssueError::Refused {
                problems: vec![problem]
            }
        );
    }
}

/// An authority made elsewhere with two OU: the library would leave one out of the leaf's issuer, which then chains to
/// nothing.
#[test]
fn an_issuer_name_that_does_not_come_out_the_same_is_refused() {
    let ou_and_title = Authority::odd_root("x", |p| {
        p.distinguished_name
            .push(DnType::OrganizationalUnitName, "a");
        p.distinguished_name
            .push(DnType::CustomDnType(vec![2, 5, 4, 12]), "b");
    });
    let mut der = ou_and_title.certificate.der().to_vec();
    for at in 0..der.len() - 3 {
        if der[at..at + 3] == [0x55, 4, 12] {
            der[at + 2] = 11;
        }
    }
    let issuer = Certificate::from_der(&der).unwrap();
    assert_eq!(issuer.subject(), "OU=b,OU=a,CN=x");
    let key = leaf_key().public_key();
    let mut leaf = leaf(Kind::Client, &key);
    leaf.validity = issuer.validity();
    assert_eq!(
        issue_leaf(&issuer, &ou_and_title.key, &leaf).unwrap_err(),
        IssueError::IssuerName
    );
    // Other string types do come out.
    let bmp = Authority::odd_root("x", |p| {
        let printable = "trustly".try_into().unwrap();
        p.distinguished_name
            .push(DnType::CommonName, DnValue::PrintableString(printable));
    });
    assert_eq!(
        bmp.client("slardiere").issuer_der(),
        bmp.certificate.subject_der()
    );
}

struct Unwilling(PublicKey, Result<Vec<u8>, SignError>);

impl Signer for Unwilling {
    fn public_key(&self) -> PublicKey {
        self.0.clone()
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        self.1.clone()
    }
}

#[test]
fn a_signer_that_refuses_or_lies() {
    let refusal = SignError {
        reason: "the token is gone".to_owned(),
    };
    let key = leaf_key().public_key();
    let subject = Subject::empty().with_common_name("x");
    let refuses = Unwilling(key.clone(), Err(refusal.clone()));
    assert_eq!(
        issue_root(&refuses, &subject, serial(1), days(1)).unwrap_err(),
        IssueError::Sign(refusal)
    );
    let other = PrivateKey::generate(KeyType::P256).unwrap();
    let lies = Unwilling(key, other.sign(b"something else"));
    assert_eq!(
        issue_root(&lies, &subject, serial(1), days(1)).unwrap_err(),
        IssueError::Signature
    );

    // The same under an issuer, prepared or not.
    let root = Authority::root("trustly");
    let key = root.certificate.public_key();
    let lies = Unwilling(key, other.sign(b"something else"));
    let leaf = Leaf {
        kind: Kind::Client,
        subject,
        alt_names: vec![],
        public_key: &leaf_key().public_key(),
        serial: serial(1),
        validity: days(1),
    };
    let issuing = Issuing::new(&root.certificate, &lies).unwrap();
    for made in [
        issue_leaf(&root.certificate, &lies, &leaf),
        issuing.leaf(&leaf),
        issuing.leaf(&leaf),
    ] {
        assert_eq!(made.unwrap_err(), IssueError::Signature);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_role_comes_out_as_the_common_name(role in "[^\0]{1,63}", n in proptest::collection::vec(any::<u8>(), 1..20)) {
        prop_assume!(role.len() <= 63);
        static ROOT: std::sync::OnceLock<Authority> = std::sync::OnceLock::new();
        let root = ROOT.get_or_init(|| Authority::root("trustly"));
        let serial = Serial::from_der_content(&n);
        prop_assume!(serial.as_bytes() != [0]);
        let key = leaf_key().public_key();
        let mut leaf = leaf(Kind::Client, &key);
        leaf.subject = Subject::empty().with_common_name(&role);
        leaf.serial = serial.clone();
        let made = issue_leaf(&root.certificate, &root.key, &leaf).unwrap();
        prop_assert_eq!(made.common_name(), Some(role));
        prop_assert_eq!(made.serial(), serial);
        let again = Certificate::from_pem(made.to_pem().as_bytes()).unwrap();
        prop_assert_eq!(again, made);
    }
}

/// What people may type after `--san`: mostly names, some of them nearly, and anything.
fn typed_name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(dns:|DNS:)?(\\*\\.)?[a-zA-Z0-9_]{1,63}(\\.[a-zA-Z0-9_-]{1,63}){0,4}",
        2 => any::<std::net::Ipv4Addr>().prop_map(|ip| ip.to_string()),
        2 => any::<std::net::Ipv6Addr>().prop_map(|ip| format!("ip:{ip}")),
        1 => "(uri|ip|dns|email|othername):.{0,30}",
        1 => ".{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn names_come_out_as_asked_or_are_refused(typed in proptest::collection::vec(typed_name(), 0..6)) {
        static ROOT: std::sync::OnceLock<Authority> = std::sync::OnceLock::new();
        let root = ROOT.get_or_init(|| Authority::root("trustly"));
        let mut asked: Vec<AltName> = Vec::new();
        for text in &typed {
            match text.parse::<AltName>() {
                Ok(name) if !asked.contains(&name) => asked.push(name),
                Ok(_) => {}
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
        let key = leaf_key();
        let public_key = PrivateKey::public_key(key);
        let mut leaf = leaf(Kind::Server, &public_key);
        let first = asked.first().map(AltName::bare).unwrap_or_default();
        leaf.subject = Subject::empty().with_common_name(&first);
        // One given twice is written once.
        leaf.alt_names = [&asked[..], &asked[..]].concat();
        if asked.is_empty() {
            let refused = issue_leaf(&root.certificate, &root.key, &leaf);
            let problems = vec![Problem::ServerWithoutAltName];
            prop_assert_eq!(refused, Err(IssueError::Refused { problems }));
            return Ok(());
        }
        let made = issue_leaf(&root.certificate, &root.key, &leaf).unwrap();
        prop_assert_eq!(made.alt_names(), asked.clone());
        let request = SigningRequest::create(Kind::Server, key, &leaf.subject, &asked).unwrap();
        let request = SigningRequest::from_pem(request.to_pem().as_bytes()).unwrap();
        prop_assert_eq!(request.alt_names(), asked);
    }
}

/// RFC 5280 4.2.1.6: without a subject the names are critical.
#[test]
fn a_name_too_long_for_the_subject_is_critical_among_the_names() {
    let root = Authority::root("trustly");
    let name = format!("{}.example.org", "a".repeat(53));
    let of = |name: &str| {
        let made = root.server(name, &[name]);
        let (_, x509) = X509Certificate::from_der(made.der()).unwrap();
        let names = x509.subject_alternative_name().unwrap().unwrap();
        (made.subject(), names.critical)
    };
    assert_eq!(of(&name), (String::new(), true));
    assert_eq!(of(&name[1..]), (format!("CN={}", &name[1..]), false));
}

/// An authority under a root with these limits.
fn limited(root: &Authority, scope: &Scope) -> Authority {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let new = NewAuthority {
        subject: &Subject::empty().with_common_name("limited"),
        public_key: &PrivateKey::public_key(&key),
        serial: serial(2),
        validity: days(1000),
        scope,
    };
    let certificate = issue_authority(Some(&root.certificate), &root.key, &new).unwrap();
    Authority { key, certificate }
}

/// What is refused before it is signed is what a verifier would refuse afterwards.
#[test]
fn limits_of_an_authority() {
    let root = Authority::root("trustly");
    let dns = Scope {
        only: None,
        dns: vec!["example.org".parse().unwrap()],
        networks: vec![],
    };
    let networks = Scope {
        only: None,
        dns: vec![],
        networks: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
    };
    let servers = Scope {
        only: Some(Kind::Server),
        ..Scope::default()
    };
    insta::assert_snapshot!(extensions(&limited(&root, &dns).certificate), @"
    2.5.29.35 (key id)
    2.5.29.15! 03020106
    2.5.29.30! (key id)
    2.5.29.14 (key id)
    2.5.29.19! 30060101ff020100
    ");
    insta::assert_snapshot!(extensions(&limited(&root, &servers).certificate), @"
    2.5.29.35 (key id)
    2.5.29.15! 03020106
    2.5.29.37 300a06082b06010505070301
    2.5.29.14 (key id)
    2.5.29.19! 30060101ff020100
    ");
    let leaf = |kind, name: &str, alt: &[&str]| Leaf {
        kind,
        subject: Subject::empty().with_common_name(name),
        alt_names: names(alt),
        public_key: Box::leak(Box::new(leaf_key().public_key())),
        serial: serial(3),
        validity: days(1),
    };
    let cases = [
        (&dns, Kind::Server, "x", vec!["db.example.org"], true),
        (&dns, Kind::Server, "x", vec!["EXAMPLE.org"], true),
        (&dns, Kind::Server, "x", vec!["db.example.com"], false),
        (&dns, Kind::Server, "x", vec!["badexample.org"], false),
        (
            &dns,
            Kind::Server,
            "x",
            vec!["db.example.org", "10.0.0.1"],
            false,
        ),
        (&dns, Kind::Client, "slardiere", vec![], true),
        (&dns, Kind::Client, "app.example.com", vec![], false),
        (
            &networks,
            Kind::Server,
            "x",
            vec!["10.1.2.3", "fd00::1"],
            true,
        ),
        (&networks, Kind::Server, "x", vec!["11.1.2.3"], false),
        (&networks, Kind::Server, "x", vec!["tolva"], false),
        (&servers, Kind::Server, "x", vec!["tolva"], true),
        (&servers, Kind::Client, "slardiere", vec![], false),
    ];
    for (scope, kind, name, alt, fits) in cases {
        let authority = limited(&root, scope);
        let leaf = leaf(kind, name, &alt);
        let path = [authority.certificate.clone(), root.certificate.clone()];
        let checked = check_leaf(&path, &leaf);
        assert_eq!(checked.is_ok(), fits, "{name} {alt:?}: {checked:?}");
        let signed = issue_leaf(&authority.certificate, &authority.key, &leaf);
        assert_eq!(signed.is_ok(), fits);
        // The same made without looking.
        let odd = authority.odd(name, |p| {
            p.subject_alt_names = super::alt_names(&leaf.alt_names).unwrap();
            p.extended_key_usages = kind.profile().extended.to_vec();
        });
        let purpose = match kind {
            Kind::Server => Purpose::Server,
            _ => Purpose::Client,
        };
        let verdict = verify_chain(&odd, &path[..1], &path[1..], &[], purpose, now());
        assert_eq!(verdict.is_ok(), fits, "{name} {alt:?}: {verdict:?}");
    }
}
