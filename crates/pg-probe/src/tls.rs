//! The TLS side of a connection on rustls: which certificate is sent, and how the server's is judged. rustls' own verifier refuses
//! what libpq accepts (verify-ca, a name in the CN, version 1 certificates), so the judgement is `pki_core::verify_chain`'s.
//! The host name is not compared here: libpq does that after the handshake, and so does the caller.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pki_core::{Certificate, Crl, Purpose, Time, VerifyCode, VerifyError, verify_chain};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme,
};

use crate::der;
use crate::report::TlsFacts;
use crate::{Credentials, Failure};

/// By what the server's chain is judged.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    pub(crate) roots: Vec<Certificate>,
    pub(crate) crls: Vec<Crl>,
    pub(crate) now: Time,
}

/// What was seen during a handshake.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The server's chain as served.
    pub(crate) chain: Vec<Certificate>,
    /// Why the client refused it.
    pub(crate) refused: Option<VerifyError>,
    requested: bool,
    authorities: Vec<Vec<u8>>,
    sent: bool,
}

/// Shared between the handshake's callbacks and the one who started it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Observer(Arc<Mutex<Seen>>);

impl Observer {
    /// What was seen so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was seen so far, as facts about the session.
    pub(crate) fn facts(&self, connection: &ClientConnection) -> TlsFacts {
        let seen = self.seen();
        TlsFacts {
            version: connection
                .protocol_version()
                .and_then(|version| match version {
                    rustls::ProtocolVersion::TLSv1_2 => Some("TLSv1.2"),
                    rustls::ProtocolVersion::TLSv1_3 => Some("TLSv1.3"),
                    _ => None,
                }),
            cipher: connection.negotiated_cipher_suite().and_then(|suite| {
                suite
                    .suite()
                    .as_str()
                    .map(|name| name.replacen("TLS13_", "TLS_", 1))
            }),
            alpn: connection.alpn_protocol() == Some(ALPN),
            client_certificate_requested: seen.requested,
            acceptable_authorities: seen.authorities.clone(),
            client_certificate_sent: seen.sent,
        }
    }
}

/// A TLS session that has not begun, for a host (SNI), with a client certificate and a judgement of the server's chain
/// (`None`: anything goes).
pub(crate) fn session(
    host: &str,
    credentials: Option<&Credentials>,
    trust: Option<Trust>,
    observer: &Observer,
) -> Result<ClientConnection, Failure> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let identity = credentials
        .map(|credentials| certified_key(credentials, &provider))
        .transpose()?
        .map(Arc::new);
    let judge = Judge {
        trust,
        provider: Arc::clone(&provider),
        observer: observer.clone(),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_client_cert_resolver(Arc::new(Identity {
            key: identity,
            observer: observer.clone(),
        }));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    ClientConnection::new(Arc::new(config), server_name(host)).map_err(|error| internal(&error))
}

/// libpq sends SNI unless the host looks like an address (fe-secure-openssl.c, `initialize_SSL`). A name that SNI cannot carry
/// is not sent either; an address in rustls means just that.
fn server_name(host: &str) -> ServerName<'static> {
    let looks_like_address = host.contains(':')
        || host
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let nameless = ServerName::IpAddress(std::net::IpAddr::from([0, 0, 0, 0]).into());
    if looks_like_address {
        nameless
    } else {
        ServerName::try_from(host.to_owned()).unwrap_or(nameless)
    }
}

fn certified_key(
    credentials: &Credentials,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Failure> {
    let unusable = |reason: String| Failure::UnusableKey { reason };
    let Some(leaf) = credentials.chain.first() else {
        return Err(unusable("no certificate".to_owned()));
    };
    if leaf.public_key() != credentials.key.public_key() {
        return Err(Failure::KeyMismatch);
    }
    let pkcs8 = credentials.key.to_pkcs8_der();
    let key = provider
        .key_provider
        .load_private_key(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(
            pkcs8.as_bytes().to_vec(),
        )))
        .map_err(|error| unusable(error.to_string()))?;
    let chain = credentials
        .chain
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
        .collect();
    Ok(CertifiedKey::new(chain, key))
}

/// Sends the client's certificate whatever authorities the server names, as OpenSSL under libpq does.
#[derive(Debug)]
struct Identity {
    key: Option<Arc<CertifiedKey>>,
    observer: Observer,
}

impl ResolvesClientCert for Identity {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let usable = self
            .key
            .as_ref()
            .filter(|key| key.key.choose_scheme(schemes).is_some());
        let mut seen = self.observer.seen();
        seen.requested = true;
        seen.authorities = authorities.iter().map(|name| name.to_vec()).collect();
        seen.sent = usable.is_some();
        usable.cloned()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

/// Judges the server.
#[derive(Debug)]
struct Judge {
    trust: Option<Trust>,
    provider: Arc<CryptoProvider>,
    observer: Observer,
}

impl Judge {
    /// Checks a handshake signature against the key in the certificate. Not through rustls' helper, which parses the certificate
    /// its own way and refuses version 1 certificates, still common where `openssl x509 -req` made them.
    fn check(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        only_first: bool,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let bad = |error| rustls::Error::InvalidCertificate(error);
        let certificate =
            Certificate::from_der(certificate).map_err(|_| bad(CertificateError::BadEncoding))?;
        let key = certificate.public_key();
        let (algorithm, key) =
            der::public_key(key.der()).ok_or(bad(CertificateError::BadEncoding))?;
        let mapping = self.provider.signature_verification_algorithms.mapping;
        let candidates = mapping
            .iter()
            .find(|(scheme, _)| *scheme == signed.scheme)
            .map_or(&[][..], |(_, list)| list);
        let considered = if only_first {
            candidates.get(..1).unwrap_or_default()
        } else {
            candidates
        };
        let fitting = considered
            .iter()
            .filter(|candidate| candidate.public_key_alg_id().as_ref() == algorithm);
        for candidate in fitting {
            if candidate
                .verify_signature(key, message, signed.signature())
                .is_ok()
            {
                return Ok(HandshakeSignatureValid::assertion());
            }
        }
        Err(bad(CertificateError::BadSignature))
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let unreadable = |_| rustls::Error::InvalidCertificate(CertificateError::BadEncoding);
        let leaf = Certificate::from_der(end_entity).map_err(unreadable)?;
        // What cannot be read among the rest helps nobody; OpenSSL would refuse it, a chain without it may still be whole.
        let rest: Vec<Certificate> = intermediates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect();
        let mut seen = self.observer.seen();
        seen.chain = std::iter::once(leaf.clone())
            .chain(rest.iter().cloned())
            .collect();
        if let Some(trust) = &self.trust
            && let Err(error) = verify_chain(
                &leaf,
                &rest,
                &trust.roots,
                &trust.crls,
                Purpose::Server,
                trust.now,
            )
        {
            let alert = as_rustls(&error);
            seen.refused = Some(error);
            return Err(rustls::Error::InvalidCertificate(alert));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check(message, certificate, signed, false)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // In TLS 1.3 an ECDSA scheme names its curve, too (RFC 8446 4.2.3): rustls' mapping lists that one first.
        self.check(message, certificate, signed, true)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// rustls' word for it, which decides the alert that the server finds in its log: the same as OpenSSL's
/// (statem_lib.c, `ssl_x509err2alert`) as far as rustls can send it.
fn as_rustls(error: &VerifyError) -> CertificateError {
    match error.code {
        VerifyCode::CertHasExpired | VerifyCode::CrlHasExpired => CertificateError::Expired,
        VerifyCode::CertNotYetValid | VerifyCode::CrlNotYetValid => CertificateError::BadEncoding,
        VerifyCode::CertRevoked => CertificateError::Revoked,
        VerifyCode::CertSignatureFailure | VerifyCode::CrlSignatureFailure => {
            CertificateError::BadSignature
        }
        VerifyCode::InvalidPurpose => CertificateError::InvalidPurpose,
        VerifyCode::UnhandledCriticalExtension => CertificateError::UnhandledCriticalExtension,
        _ => CertificateError::UnknownIssuer,
    }
}

fn internal(error: &rustls::Error) -> Failure {
    Failure::Protocol {
        reason: error.to_string(),
    }
}

/// The protocol's name in ALPN (PostgreSQL 17).
const ALPN: &[u8] = b"postgresql";
