//! One chain for each of OpenSSL's verdicts. Each was also put before `openssl verify`, as were thousands of random
//! ones.

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CidrSubnet,
    CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, NameConstraints, RevocationReason, RevokedCertParams, SanType,
};

use super::{Purpose, VerifyCode, verify_chain};
use crate::{
    algorithm::KeyType,
    certificate::Certificate,
    crl::Crl,
    fixture::{Authority, days, now, serial},
    issue::issue_root,
    key::PrivateKey,
    name::Subject,
    profile::Kind,
    time::Time,
};

/// A chain to be verified for a server, unless changed.
struct Case<'a> {
    leaf: &'a Certificate,
    sent: Vec<Certificate>,
    trusted: Vec<Certificate>,
    crls: Vec<Crl>,
    purpose: Purpose,
    at: Time,
}

impl<'a> Case<'a> {
    fn new(leaf: &'a Certificate, trusted: &[&Authority]) -> Self {
        let trusted = trusted.iter().map(|a| a.certificate.clone()).collect();
        Self {
            leaf,
            sent: vec![],
            trusted,
            crls: vec![],
            purpose: Purpose::Server,
            at: now(),
        }
    }

    fn sent(mut self, sent: &[&Authority]) -> Self {
        self.sent = sent.iter().map(|a| a.certificate.clone()).collect();
        self
    }

    fn crls(mut self, crls: &[Crl]) -> Self {
        self.crls = crls.to_vec();
        self
    }

    fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    fn at(mut self, at: Time) -> Self {
        self.at = at;
        self
    }

    /// How long the chain is, or what is wrong at which depth.
    fn verdict(&self) -> Result<usize, (VerifyCode, usize)> {
        verify_chain(
            self.leaf,
            &self.sent,
            &self.trusted,
            &self.crls,
            self.purpose,
            self.at,
        )
        .map(|chain| chain.len())
        .map_err(|e| (e.code, e.depth))
    }
}

fn crl(of: &Authority, change: impl FnOnce(&mut CertificateRevocationListParams)) -> Crl {
    let mut params = CertificateRevocationListParams {
        this_update: now().plus_days(-1).calendar(),
        next_update: now().plus_days(30).calendar(),
        crl_number: 1_u64.into(),
        issuing_distribution_point: None,
        revoked_certs: vec![],
        key_identifier_method: KeyIdMethod::PreSpecified(
            of.certificate.subject_key_id().unwrap().to_vec(),
        ),
    };
    change(&mut params);
    let key = KeyPair::try_from(of.key.to_pkcs8_der().as_bytes()).unwrap();
    // Not from the certificate: the library would refuse an authority without cRLSign.
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = rcgen::DistinguishedName::new();
    for (key, value) in of
        .certificate
        .subject()
        .split(',')
        .rev()
        .filter_map(|part| part.split_once('='))
    {
        let kind = if key == "O" {
            rcgen::DnType::OrganizationName
        } else {
            rcgen::DnType::CommonName
        };
        issuer.distinguished_name.push(kind, value);
    }
    Crl::from_der(params.signed_by(&Issuer::new(issuer, key)).unwrap().der()).unwrap()
}

fn revoked(serial: u64, reason_code: Option<RevocationReason>) -> RevokedCertParams {
    let revocation_time = now().plus_days(-1).calendar();
    RevokedCertParams {
        serial_number: serial.into(),
        revocation_time,
        reason_code,
        invalidity_date: None,
    }
}

#[test]
fn what_verifies() {
    let root = Authority::root("root");
    let middle = root.intermediate("middle");
    let direct = root.server("tolva", &["tolva"]);
    let below = middle.server("tolva", &["tolva"]);
    assert_eq!(Case::new(&direct, &[&root]).verdict(), Ok(2));
    assert_eq!(
        Case::new(&below, &[&root]).sent(&[&middle]).verdict(),
        Ok(3)
    );
    // libpq and the server take intermediates from the trusted file as well, in any order, among others.
    let other = Authority::root("other");
    assert_eq!(
        Case::new(&below, &[&middle, &other, &root]).verdict(),
        Ok(3)
    );
    // What the peer sends too much does not matter.
    assert_eq!(
        Case::new(&below, &[&root])
            .sent(&[&other, &root, &middle, &middle])
            .verdict(),
        Ok(3)
    );
    let client = root.client("slardiere");
    assert_eq!(
        Case::new(&client, &[&root])
            .purpose(Purpose::Client)
            .verdict(),
        Ok(2)
    );
    // A self-signed leaf that stands in the trusted file itself.
    let own = Authority::odd_root("own", |p| p.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(Case::new(&own.certificate, &[&own]).verdict(), Ok(1));
}

#[test]
fn no_way_to_an_anchor() {
    let root = Authority::root("root");
    let middle = root.intermediate("middle");
    let leaf = middle.server("tolva", &["tolva"]);
    let namesake = Authority::root("root");
    let nobody = Err((VerifyCode::UnableToGetIssuerCertLocally, 0));
    assert_eq!(Case::new(&leaf, &[]).verdict(), nobody);
    assert_eq!(Case::new(&leaf, &[&root]).verdict(), nobody);
    // The same name with another key: the key identifiers tell them apart.
    let wrong = Case::new(&leaf, &[&namesake]).sent(&[&middle]);
    assert_eq!(
        wrong.verdict(),
        Err((VerifyCode::UnableToGetIssuerCertLocally, 1))
    );
    // An intermediate is no anchor.
    assert_eq!(
        Case::new(&leaf, &[&middle]).verdict(),
        Err((VerifyCode::UnableToGetIssuerCert, 1))
    );
    // Nor is the leaf itself.
    let mut itself = Case::new(&leaf, &[]);
    itself.trusted.push(leaf.clone());
    assert_eq!(itself.verdict(), nobody);
    // The peer's own root helps nothing.
    let sent = Case::new(&leaf, &[]).sent(&[&middle, &root]);
    assert_eq!(sent.verdict(), Err((VerifyCode::SelfSignedCertInChain, 2)));
    let own = Authority::odd_root("own", |p| p.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(
        Case::new(&own.certificate, &[]).verdict(),
        Err((VerifyCode::DepthZeroSelfSignedCert, 0))
    );
    // A self-signed one of the same name and key identifier is another one.
    let mimic = Authority::odd_root("own", |p| {
        p.is_ca = IsCa::ExplicitNoCa;
        p.key_identifier_method =
            KeyIdMethod::PreSpecified(own.certificate.subject_key_id().unwrap().to_vec());
    });
    assert_eq!(
        Case::new(&own.certificate, &[&mimic]).verdict(),
        Err((VerifyCode::DepthZeroSelfSignedCert, 0))
    );
}

/// What `openssl req -x509 -key ca.key -in server.csr` makes; in the root file it helps as little.
#[test]
fn self_issued_but_not_self_signed() {
    let root = Authority::root("root");
    let made = root.self_issued_with_my_key("tolva");
    assert!(made.is_self_issued() && !made.is_self_signed());
    let nobody = Err((VerifyCode::UnableToGetIssuerCertLocally, 0));
    let mut case = Case::new(&made, &[&root]);
    assert_eq!(case.verdict(), nobody);
    case.trusted.push(made.clone());
    assert_eq!(case.verdict(), nobody);
}

#[test]
fn dates_are_read_from_the_anchor_down() {
    let root = Authority::root("root");
    let leaf = root.leaf(Kind::Server, "tolva", &["tolva"], 30);
    let (start, end) = (leaf.validity().not_before, leaf.validity().not_after);
    let at = |at| Case::new(&leaf, &[&root]).at(at).verdict();
    assert_eq!(at(start), Ok(2));
    assert_eq!(at(end.plus_seconds(-1)), Ok(2));
    assert_eq!(at(end), Err((VerifyCode::CertHasExpired, 0)));
    assert_eq!(
        at(now().plus_days(4000)),
        Err((VerifyCode::CertHasExpired, 1))
    );
    assert_eq!(
        at(start.plus_seconds(-1)),
        Err((VerifyCode::CertNotYetValid, 1))
    );
    let late = root.odd("late", |p| p.not_before = now().plus_days(1).calendar());
    assert_eq!(
        Case::new(&late, &[&root]).verdict(),
        Err((VerifyCode::CertNotYetValid, 0))
    );
}

#[test]
fn signatures() {
    let root = Authority::root("root");
    let leaf = root.server("tolva", &["tolva"]);
    let mut der = leaf.der().to_vec();
    // One bit in the middle of the subject's name.
    let at = der.windows(5).rposition(|w| w == b"tolva").unwrap();
    der[at] ^= 1;
    let forged = Certificate::from_der(&der).unwrap();
    assert_eq!(
        Case::new(&forged, &[&root]).verdict(),
        Err((VerifyCode::CertSignatureFailure, 0))
    );
}

#[test]
fn purposes() {
    let root = Authority::root("root");
    let unsuited = Err((VerifyCode::InvalidPurpose, 0));
    let (server, client) = (root.server("tolva", &["tolva"]), root.client("slardiere"));
    assert_eq!(
        Case::new(&server, &[&root])
            .purpose(Purpose::Client)
            .verdict(),
        unsuited
    );
    assert_eq!(Case::new(&client, &[&root]).verdict(), unsuited);
    let verdict = |usages: &[ExtendedKeyUsagePurpose], bits: &[KeyUsagePurpose], purpose| {
        let leaf = root.odd("x", |p| {
            p.extended_key_usages = usages.to_vec();
            p.key_usages = bits.to_vec();
        });
        Case::new(&leaf, &[&root]).purpose(purpose).verdict()
    };
    let encipher = [KeyUsagePurpose::KeyEncipherment];
    for purpose in [Purpose::Server, Purpose::Client] {
        assert_eq!(verdict(&[], &[], purpose), Ok(2));
        assert_eq!(
            verdict(&[ExtendedKeyUsagePurpose::Any], &[], purpose),
            unsuited
        );
        assert_eq!(
            verdict(&[ExtendedKeyUsagePurpose::OcspSigning], &[], purpose),
            unsuited
        );
        assert_eq!(
            verdict(&[], &[KeyUsagePurpose::KeyAgreement], purpose),
            Ok(2)
        );
    }
    assert_eq!(verdict(&[], &encipher, Purpose::Server), Ok(2));
    assert_eq!(verdict(&[], &encipher, Purpose::Client), unsuited);
    // An extended key usage in an authority restricts what is below it.
    let for_clients = Authority::odd_root("clients", |p| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    // What the lint would refuse.
    let below = for_clients.odd("tolva", |p| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    assert_eq!(
        Case::new(&below, &[&for_clients]).verdict(),
        Err((VerifyCode::InvalidPurpose, 1))
    );
}

#[test]
fn authorities() {
    let leaf_of = |authority: &Authority| authority.odd("x", |_| ());
    let invalid = Err((VerifyCode::InvalidCa, 1));
    let no_sign = Authority::odd_root("r", |p| p.key_usages = vec![KeyUsagePurpose::CrlSign]);
    assert_eq!(
        Case::new(&leaf_of(&no_sign), &[&no_sign]).verdict(),
        invalid
    );
    let no_authority = Authority::odd_root("r", |p| p.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(
        Case::new(&leaf_of(&no_authority), &[&no_authority]).verdict(),
        invalid
    );
    let says_nothing = Authority::odd_root("r", |p| p.is_ca = IsCa::NoCa);
    assert_eq!(
        Case::new(&leaf_of(&says_nothing), &[&says_nothing]).verdict(),
        invalid
    );
    // An old anchor with keyUsage alone is tolerated.
    let key_usage = Authority::odd_root("r", |p| {
        p.is_ca = IsCa::NoCa;
        p.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    assert_eq!(
        Case::new(&leaf_of(&key_usage), &[&key_usage]).verdict(),
        Ok(2)
    );
}

#[test]
fn path_length_and_critical_extensions() {
    let short = Authority::odd_root("short", |p| {
        p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let key = crate::fixture::leaf_key();
    let middle = Authority {
        certificate: short.odd("middle", |p| {
            p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }),
        key: key.clone(),
    };
    let leaf = middle.odd("x", |_| ());
    let verdict = Case::new(&leaf, &[&short]).sent(&[&middle]).verdict();
    assert_eq!(verdict, Err((VerifyCode::PathLengthExceeded, 2)));

    let root = Authority::root("root");
    let with = |critical| {
        root.odd("x", |p| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(critical);
            p.custom_extensions.push(extension);
        })
    };
    assert_eq!(Case::new(&with(false), &[&root]).verdict(), Ok(2));
    assert_eq!(
        Case::new(&with(true), &[&root]).verdict(),
        Err((VerifyCode::UnhandledCriticalExtension, 0))
    );
}

#[test]
fn revocation() {
    let root = Authority::root("root");
    let middle = root.intermediate("middle");
    let leaf = middle.server("tolva", &["tolva"]);
    let verdict = |crls: &[Crl]| {
        Case::new(&leaf, &[&root])
            .sent(&[&middle])
            .crls(crls)
            .verdict()
    };
    let (of_root, of_middle) = (crl(&root, |_| ()), crl(&middle, |_| ()));
    assert_eq!(verdict(&[of_root.clone(), of_middle.clone()]), Ok(3));
    // Once there is one list, every authority needs one.
    assert_eq!(
        verdict(std::slice::from_ref(&of_root)),
        Err((VerifyCode::UnableToGetCrl, 0))
    );
    assert_eq!(
        verdict(std::slice::from_ref(&of_middle)),
        Err((VerifyCode::UnableToGetCrl, 1))
    );
    let with = |change: &dyn Fn(&mut CertificateRevocationListParams)| {
        verdict(&[of_root.clone(), crl(&middle, |p| change(p))])
    };
    let revoke = |serial, reason: Option<RevocationReason>| {
        with(&move |p| p.revoked_certs = vec![revoked(serial, reason)])
    };
    assert_eq!(revoke(0x3000, None), Err((VerifyCode::CertRevoked, 0)));
    assert_eq!(
        revoke(0x3000, Some(RevocationReason::KeyCompromise)),
        Err((VerifyCode::CertRevoked, 0))
    );
    assert_eq!(revoke(0x3000, Some(RevocationReason::RemoveFromCrl)), Ok(3));
    assert_eq!(revoke(0x3001, None), Ok(3));
    let late = with(&|p| p.this_update = now().plus_days(1).calendar());
    assert_eq!(late, Err((VerifyCode::CrlNotYetValid, 0)));
    let expired = |at: Time| with(&move |p| p.next_update = at.calendar());
    assert_eq!(expired(now()), Err((VerifyCode::CrlHasExpired, 0)));
    assert_eq!(expired(now().plus_seconds(1)), Ok(3));
    // An authority that was revoked by the one above it.
    let fallen = crl(&root, |p| p.revoked_certs = vec![revoked(0x2000, None)]);
    assert_eq!(
        verdict(&[fallen, of_middle.clone()]),
        Err((VerifyCode::CertRevoked, 1))
    );
    // The newer of two lists counts, whatever their order.
    let newer = crl(&middle, |p| {
        p.this_update = now().calendar();
        p.revoked_certs = vec![revoked(0x3000, None)];
    });
    for lists in [[of_middle.clone(), newer.clone()], [newer, of_middle]] {
        let lists = [lists.as_slice(), std::slice::from_ref(&of_root)].concat();
        assert_eq!(verdict(&lists), Err((VerifyCode::CertRevoked, 0)));
    }
}

#[test]
fn lists_of_the_wrong_authority() {
    let root = Authority::root("root");
    let leaf = root.server("tolva", &["tolva"]);
    let verdict = |crls: &[Crl]| Case::new(&leaf, &[&root]).crls(crls).verdict();
    // A second generation under the same name: its list carries another key identifier.
    let namesake = Authority::root("root");
    assert_eq!(
        verdict(&[crl(&namesake, |_| ())]),
        Err((VerifyCode::UnableToGetCrl, 0))
    );
    assert_eq!(
        verdict(&[crl(&namesake, |_| ()), crl(&root, |_| ())]),
        Ok(2)
    );
    let id = root.certificate.subject_key_id().unwrap().to_vec();
    let forged = crl(&namesake, |p| {
        p.key_identifier_method = KeyIdMethod::PreSpecified(id);
    });
    assert_eq!(
        verdict(&[forged]),
        Err((VerifyCode::CrlSignatureFailure, 0))
    );
    // Roots of mkcert and others cannot sign lists.
    let no_crls = Authority::odd_root("mkcert", |p| {
        p.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let leaf = no_crls.odd("x", |_| ());
    let verdict = Case::new(&leaf, &[&no_crls])
        .crls(&[crl(&no_crls, |_| ())])
        .verdict();
    assert_eq!(verdict, Err((VerifyCode::KeyusageNoCrlSign, 0)));
}

#[test]
fn name_constraints() {
    let root = |permitted: &[GeneralSubtree], excluded: &[GeneralSubtree]| {
        Authority::odd_root("constrained", |p| {
            p.name_constraints = Some(NameConstraints {
                permitted_subtrees: permitted.to_vec(),
                excluded_subtrees: excluded.to_vec(),
            });
        })
    };
    let verdict = |root: &Authority, name: &str, names: &[SanType]| {
        let leaf = root.odd(name, |p| p.subject_alt_names = names.to_vec());
        Case::new(&leaf, &[root]).verdict()
    };
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let ip = |address: &str| SanType::IpAddress(address.parse().unwrap());
    let outside = Err((VerifyCode::PermittedViolation, 0));
    let example = root(&[GeneralSubtree::DnsName("example.org".into())], &[]);
    assert_eq!(
        verdict(&example, "x", &[dns("example.org"), dns("DB.Example.org")]),
        Ok(2)
    );
    assert_eq!(verdict(&example, "x", &[dns("badexample.org")]), outside);
    assert_eq!(
        verdict(&example, "x", &[dns("db.example.org"), dns("tolva")]),
        outside
    );
    // Other forms of name are free, and the CN counts where there is no dNSName and it looks like a host.
    assert_eq!(verdict(&example, "x", &[ip("10.0.0.1")]), Ok(2));
    assert_eq!(
        verdict(&example, "a.example.net", &[ip("10.0.0.1")]),
        outside
    );
    let network = root(
        &[GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(
            [10, 0, 0, 0],
            8,
        ))],
        &[],
    );
    assert_eq!(verdict(&network, "x", &[ip("10.1.2.3")]), Ok(2));
    assert_eq!(verdict(&network, "x", &[ip("11.1.2.3")]), outside);
    assert_eq!(verdict(&network, "x", &[ip("::1")]), outside);
    let not = root(&[], &[GeneralSubtree::DnsName("example.org".into())]);
    assert_eq!(verdict(&not, "x", &[dns("tolva")]), Ok(2));
    assert_eq!(
        verdict(&not, "x", &[dns("a.example.org")]),
        Err((VerifyCode::ExcludedViolation, 0))
    );
}

#[test]
fn weak_keys_and_digests() {
    // RSA of 1024 bits, under an authority that does not mind.
    let root = Authority::root("root");
    let block = crate::pem::blocks(include_bytes!("../issue/testdata/rsa1024-public.pem"))
        .next()
        .unwrap()
        .ok()
        .unwrap();
    let holder = rcgen::SubjectPublicKeyInfo::from_der(block.contents.as_bytes()).unwrap();
    let key = KeyPair::try_from(root.key.to_pkcs8_der().as_bytes()).unwrap();
    let issuer = Issuer::from_ca_cert_der(&root.certificate.der().into(), key).unwrap();
    let made = CertificateParams::default()
        .signed_by(&holder, &issuer)
        .unwrap();
    let weak = Certificate::from_der(made.der()).unwrap();
    assert_eq!(
        Case::new(&weak, &[&root]).verdict(),
        Err((VerifyCode::EeKeyTooSmall, 0))
    );
    // sha1WithRSAEncryption written over sha256WithRSAEncryption: refused before the signature is looked at.
    let key = PrivateKey::generate(KeyType::Rsa2048).unwrap();
    let certificate = issue_root(
        &key,
        &Subject::empty().with_common_name("rsa"),
        serial(1),
        days(3650),
    )
    .unwrap();
    let root = Authority { key, certificate };
    let mut der = root.server("tolva", &["tolva"]).der().to_vec();
    let sha256 = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    for at in 0..der.len() - sha256.len() {
        if der[at..].starts_with(&sha256) {
            der[at + sha256.len() - 1] = 5;
        }
    }
    let sha1 = Certificate::from_der(&der).unwrap();
    assert_eq!(
        Case::new(&sha1, &[&root]).verdict(),
        Err((VerifyCode::CaMdTooWeak, 0))
    );
}

#[test]
fn in_openssls_words() {
    let root = Authority::root("root");
    let leaf = root.server("tolva", &["tolva"]);
    let error = verify_chain(&leaf, &[], &[], &[], Purpose::Server, now()).unwrap_err();
    insta::assert_snapshot!(error, @"unable to get local issuer certificate");
    assert_eq!((error.code.number(), error.certificate), (20, leaf));
}

proptest! {
    #[test]
    fn a_changed_byte_never_panics(at in any::<prop::sample::Index>(), to in any::<u8>(), purpose in any::<bool>()) {
        static CHAIN: std::sync::OnceLock<[Certificate; 3]> = std::sync::OnceLock::new();
        let chain = CHAIN.get_or_init(|| {
            let root = Authority::root("root");
            let middle = root.intermediate("middle");
            [middle.server("tolva", &["tolva", "10.0.0.1"]), middle.certificate, root.certificate]
        });
        let purpose = if purpose { Purpose::Server } else { Purpose::Client };
        for changed in 0..3 {
            let mut der = chain[changed].der().to_vec();
            let at = at.index(der.len());
            der[at] = to;
            let Ok(certificate) = Certificate::from_der(&der) else { continue };
            let same = certificate.parts().tbs == chain[changed].parts().tbs;
            let mut chain = chain.clone();
            chain[changed] = certificate.clone();
            let verdict = verify_chain(&chain[0], &chain[1..2], &chain[2..], &[], purpose, now());
            // The root is trusted as it stands, its signature is not looked at.
            prop_assert!(verdict.is_err() || changed == 2 || same);
            let item = crate::inspect::Item::Certificate(certificate);
            prop_assert!(item.describe(now()).ends_with('\n'));
        }
    }
}
