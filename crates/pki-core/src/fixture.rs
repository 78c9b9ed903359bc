//! Authorities and certificates for the tests of this crate, made when a test runs.

use std::sync::OnceLock;

use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyIdMethod, KeyPair};

use crate::{
    algorithm::KeyType,
    certificate::Certificate,
    issue::{Leaf, issue_intermediate, issue_leaf, issue_root},
    key::PrivateKey,
    name::{AltName, Subject},
    profile::Kind,
    serial::Serial,
    signer::Signer,
    time::Time,
    validity::Validity,
};

/// 2026-11-24 22:13:52 UTC
pub(crate) fn now() -> Time {
    Time::from_unix(1_795_558_432)
}

pub(crate) fn days(days: u32) -> Validity {
    Validity::new(now(), days, None).unwrap()
}

pub(crate) fn serial(n: u32) -> Serial {
    format!("{n:x}").parse().unwrap()
}

pub(crate) fn names(names: &[&str]) -> Vec<AltName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

pub(crate) struct Authority {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Certificate,
}

impl Authority {
    /// A root of this name, good for ten years.
    pub(crate) fn root(name: &str) -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let subject = "O=Loxodata"
            .parse::<Subject>()
            .unwrap()
            .with_common_name(name);
        let certificate = issue_root(&key, &subject, serial(0x1000), days(3650)).unwrap();
        Self { key, certificate }
    }

    pub(crate) fn intermediate(&self, name: &str) -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let subject = Subject::empty().with_common_name(name);
        let certificate = issue_intermediate(
            &self.certificate,
            &self.key,
            &subject,
            &Signer::public_key(&key),
            serial(0x2000),
            days(1800),
        );
        Self {
            key,
            certificate: certificate.unwrap(),
        }
    }

    pub(crate) fn server(&self, name: &str, alt_names: &[&str]) -> Certificate {
        self.leaf(Kind::Server, name, alt_names, 360)
    }

    pub(crate) fn client(&self, role: &str) -> Certificate {
        self.leaf(Kind::Client, role, &[], 360)
    }

    pub(crate) fn leaf(
        &self,
        kind: Kind,
        name: &str,
        alt_names: &[&str],
        lifetime: u32,
    ) -> Certificate {
        let leaf = Leaf {
            kind,
            subject: Subject::empty().with_common_name(name),
            alt_names: names(alt_names),
            public_key: &leaf_key().public_key(),
            serial: serial(0x3000),
            validity: days(lifetime),
        };
        issue_leaf(&self.certificate, &self.key, &leaf).unwrap()
    }

    /// Something that the profiles would not give: the library's own parameters, changed at will.
    pub(crate) fn odd(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Certificate {
        let mut params = odd_params(name);
        change(&mut params);
        let key = KeyPair::try_from(self.key.to_pkcs8_der().as_bytes()).unwrap();
        let issuer = Issuer::from_ca_cert_der(&self.certificate.der().into(), key).unwrap();
        let holder = rcgen::SubjectPublicKeyInfo::from_der(leaf_key().public_key().der()).unwrap();
        Certificate::from_der(params.signed_by(&holder, &issuer).unwrap().der()).unwrap()
    }

    /// An authority like [`Authority::root`], with the library's own parameters, changed at will.
    pub(crate) fn odd_root(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let mut params = odd_params(name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        change(&mut params);
        let signer = KeyPair::try_from(key.to_pkcs8_der().as_bytes()).unwrap();
        let certificate =
            Certificate::from_der(params.self_signed(&signer).unwrap().der()).unwrap();
        Self { key, certificate }
    }

    /// `openssl req -x509 -key ca.key -in server.csr`: issuer and subject are one name, the key identifiers are those
    /// of two keys.
    pub(crate) fn self_issued_with_my_key(&self, name: &str) -> Certificate {
        let params = odd_params(name);
        let mut issuer = odd_params(name);
        issuer.key_identifier_method =
            KeyIdMethod::PreSpecified(self.certificate.subject_key_id().unwrap().to_vec());
        let key = KeyPair::try_from(self.key.to_pkcs8_der().as_bytes()).unwrap();
        let holder = rcgen::SubjectPublicKeyInfo::from_der(leaf_key().public_key().der()).unwrap();
        let made = params
            .signed_by(&holder, &Issuer::new(issuer, key))
            .unwrap();
        Certificate::from_der(made.der()).unwrap()
    }
}

/// The one key of all leaves here.
pub(crate) fn leaf_key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::generate(KeyType::P256).unwrap())
}

fn odd_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = now().plus_days(-1).calendar();
    params.not_after = now().plus_days(360).calendar();
    params.serial_number = Some(0x4000_u64.into());
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params
}
