//! Does a certificate chain to an authority that is trusted? As OpenSSL decides it under libpq and under the server.

use crate::{certificate::Certificate, crl::Crl, time::Time};

/// What the certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// By a server to its clients.
    Server,
    /// By a client to the server.
    Client,
}

/// Builds and checks the chain from a leaf to a self-signed authority. Returns it, leaf first.
///
/// # Errors
/// [`VerifyError`], the first that OpenSSL would report.
pub fn verify_chain(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    crls: &[Crl],
    purpose: Purpose,
    now: Time,
) -> Result<Vec<Certificate>, VerifyError> {
    let _ = (leaf, intermediates, roots, crls, purpose, now);
    todo!()
}

/// A chain that does not verify. Displayed in OpenSSL's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
#[non_exhaustive]
pub struct VerifyError {
    /// What is wrong.
    pub code: VerifyCode,
    /// With which certificate of the chain: 0 is the leaf.
    pub depth: usize,
    /// That certificate.
    pub certificate: Box<Certificate>,
}

/// OpenSSL's reasons (x509_vfy.h, `X509_V_ERR_*`), displayed in its words (`X509_verify_cert_error_string`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyCode {
    /// `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT`
    UnableToGetIssuerCert,
    /// `X509_V_ERR_UNABLE_TO_GET_CRL`
    UnableToGetCrl,
    /// `X509_V_ERR_CERT_SIGNATURE_FAILURE`
    CertSignatureFailure,
    /// `X509_V_ERR_CRL_SIGNATURE_FAILURE`
    CrlSignatureFailure,
    /// `X509_V_ERR_CERT_NOT_YET_VALID`
    CertNotYetValid,
    /// `X509_V_ERR_CERT_HAS_EXPIRED`
    CertHasExpired,
    /// `X509_V_ERR_CRL_NOT_YET_VALID`
    CrlNotYetValid,
    /// `X509_V_ERR_CRL_HAS_EXPIRED`
    CrlHasExpired,
    /// `X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT`
    DepthZeroSelfSignedCert,
    /// `X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN`
    SelfSignedCertInChain,
    /// `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY`
    UnableToGetIssuerCertLocally,
    /// `X509_V_ERR_CERT_CHAIN_TOO_LONG`
    CertChainTooLong,
    /// `X509_V_ERR_CERT_REVOKED`
    CertRevoked,
    /// `X509_V_ERR_PATH_LENGTH_EXCEEDED`
    PathLengthExceeded,
    /// `X509_V_ERR_INVALID_PURPOSE`
    InvalidPurpose,
    /// `X509_V_ERR_KEYUSAGE_NO_CERTSIGN`
    KeyusageNoCertsign,
    /// `X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION`
    UnhandledCriticalExtension,
    /// `X509_V_ERR_KEYUSAGE_NO_CRL_SIGN`
    KeyusageNoCrlSign,
    /// `X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION`
    UnhandledCriticalCrlExtension,
    /// `X509_V_ERR_PERMITTED_VIOLATION`
    PermittedViolation,
    /// `X509_V_ERR_EXCLUDED_VIOLATION`
    ExcludedViolation,
    /// `X509_V_ERR_EE_KEY_TOO_SMALL`
    EeKeyTooSmall,
    /// `X509_V_ERR_CA_KEY_TOO_SMALL`
    CaKeyTooSmall,
    /// `X509_V_ERR_CA_MD_TOO_WEAK`
    CaMdTooWeak,
    /// `X509_V_ERR_INVALID_CA`
    InvalidCa,
}

impl std::fmt::Display for VerifyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}
