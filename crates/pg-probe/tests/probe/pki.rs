//! Certificates for the tests, made when they run, and the server's side of TLS with them.

use std::sync::Arc;

use pg_probe::Credentials;
use pki_core::{
    AltName, Certificate, KeyType, Kind, Leaf, PrivateKey, Serial, Signer, Subject, Time, Validity,
    issue_leaf, issue_root,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::server::now;

/// An authority.
pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    key: PrivateKey,
}

impl Authority {
    pub(crate) fn new(name: &str, key_type: KeyType) -> Self {
        let key = PrivateKey::generate(key_type).unwrap();
        let subject = Subject::empty().with_common_name(name);
        let validity = Validity::new(now(), 3650, None).unwrap();
        let certificate = issue_root(&key, &subject, Serial::random().unwrap(), validity).unwrap();
        Self { certificate, key }
    }

    /// A server's certificate for a DNS name.
    pub(crate) fn server(&self, name: &str) -> Credentials {
        let names = vec![format!("dns:{name}").parse::<AltName>().unwrap()];
        self.leaf(Kind::Server, name, names, KeyType::P256, now())
    }

    /// A client's certificate for a role.
    pub(crate) fn client(&self, role: &str, key_type: KeyType) -> Credentials {
        self.leaf(Kind::Client, role, Vec::new(), key_type, now())
    }

    /// A certificate made at a certain time for 30 days.
    pub(crate) fn leaf(
        &self,
        kind: Kind,
        name: &str,
        alt_names: Vec<AltName>,
        key_type: KeyType,
        at: Time,
    ) -> Credentials {
        let key = PrivateKey::generate(key_type).unwrap();
        let leaf = Leaf {
            kind,
            subject: Subject::empty().with_common_name(name),
            alt_names,
            public_key: &key.public_key(),
            serial: Serial::random().unwrap(),
            validity: Validity::new(at, 30, None).unwrap(),
        };
        Credentials {
            chain: vec![issue_leaf(&self.certificate, &self.key, &leaf).unwrap()],
            key,
        }
    }

    /// A certificate of version 1, as `openssl x509 -req` makes it where no extension is asked for: TBSCertificate without version and
    /// extensions (RFC 5280 4.1).
    pub(crate) fn version_1(&self, name: &str) -> Credentials {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let ecdsa_with_sha256 = der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));
        let common_name = [der(0x06, &[0x55, 4, 3]), der(0x0c, name.as_bytes())].concat();
        let subject = der(0x30, &der(0x31, &der(0x30, &common_name)));
        let validity = der(
            0x30,
            &[der(0x17, b"250101000000Z"), der(0x17, b"350101000000Z")].concat(),
        );
        let fields = [
            der(0x02, &[7]),
            ecdsa_with_sha256.clone(),
            self.certificate.subject_der().to_vec(),
            validity,
            subject,
            key.public_key().der().to_vec(),
        ];
        let tbs = der(0x30, &fields.concat());
        let signature = [&[0][..], &self.key.sign(&tbs).unwrap()].concat();
        let whole = der(
            0x30,
            &[tbs, ecdsa_with_sha256, der(0x03, &signature)].concat(),
        );
        Credentials {
            chain: vec![Certificate::from_der(&whole).unwrap()],
            key,
        }
    }
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82][..], &length, content].concat()
}

/// The server's side of TLS.
pub(crate) struct Tls<'a> {
    pub(crate) identity: &'a Credentials,
    /// `ssl_ca_file`: with it, clients are asked for a certificate.
    pub(crate) authorities: Option<&'a Authority>,
    pub(crate) version: &'static SupportedProtocolVersion,
    pub(crate) alpn: &'static [&'static [u8]],
}

impl<'a> Tls<'a> {
    pub(crate) fn new(identity: &'a Credentials) -> Self {
        Self {
            identity,
            authorities: None,
            version: &rustls::version::TLS13,
            alpn: &[],
        }
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[self.version])
            .unwrap();
        let builder = match self.authorities {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots
                    .add(CertificateDer::from(authority.certificate.der().to_vec()))
                    .unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(
                    Arc::new(roots),
                    Arc::clone(&provider),
                );
                builder.with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            }
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(
            self.identity.key.to_pkcs8_der().as_bytes().to_vec(),
        ));
        let key = provider.key_provider.load_private_key(key).unwrap();
        let chain = self
            .identity
            .chain
            .iter()
            .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
            .collect();
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(
            CertifiedKey::new(chain, key),
        )));
        config.alpn_protocols = self.alpn.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    }
}
