//! Does a certificate chain to an authority that is trusted? As OpenSSL decides it under libpq (`fe-secure-openssl.c`)
//! and under the server (`be-secure-openssl.c`): the same chain, the same first error, the same words.
//!
//! Followed is x509_vfy.c of OpenSSL 3.x with the flags that PostgreSQL sets: trusted certificates first, no partial
//! chain (only self-signed anchors count), `X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL` once there is a
//! revocation list, security level 2 (the default of OpenSSL 3.2 and of distributions before). Policies, deltas of
//! revocation lists, indirect lists and proxies are not looked at.

pub(crate) use self::constraint::names_outside;

mod authority_key;
mod constraint;
mod path;
mod revocation;
#[cfg(test)]
mod tests;

use std::fmt;

use self::path::Path;
use crate::{
    certificate::{Certificate, ExtendedKeyUsage, KeyUsage},
    crl::Crl,
    time::Time,
};

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
/// `intermediates` is what the peer sent beside its leaf, `roots` the trusted file (`root.crt`, `ssl_ca_file`), where
/// intermediates may stand as well. With any revocation list given, every authority in the chain needs one.
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
    let path = Path::build(leaf, intermediates, roots, now)?;
    let chain = path.into_chain();
    check_extensions(&chain, purpose)?;
    check_strength(&chain)?;
    if !crls.is_empty() {
        revocation::check(&chain, crls, now)?;
    }
    check_signatures_and_dates(&chain, now)?;
    constraint::check(&chain)?;
    Ok(chain)
}

/// A chain that does not verify. Displayed in OpenSSL's words alone, as psql and the server's log show them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
#[non_exhaustive]
pub struct VerifyError {
    /// What is wrong.
    pub code: VerifyCode,
    /// With which certificate of the chain: 0 is the leaf.
    pub depth: usize,
    /// That certificate.
    pub certificate: Certificate,
}

impl VerifyError {
    fn at(chain: &[Certificate], depth: usize, code: VerifyCode) -> Self {
        Self {
            code,
            depth,
            certificate: chain[depth].clone(),
        }
    }
}

/// OpenSSL's reasons (x509_vfy.h), displayed in its words (`X509_verify_cert_error_string`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyCode {
    /// `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT`: the anchor's own issuer is missing, it is not self-signed.
    UnableToGetIssuerCert,
    /// `X509_V_ERR_UNABLE_TO_GET_CRL`: an authority has no revocation list.
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
    /// `X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT`: a self-signed leaf that is not trusted itself.
    DepthZeroSelfSignedCert,
    /// `X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN`: the chain ends in an authority that is not trusted.
    SelfSignedCertInChain,
    /// `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY`: nobody trusted has issued the last certificate.
    UnableToGetIssuerCertLocally,
    /// `X509_V_ERR_CERT_CHAIN_TOO_LONG`
    CertChainTooLong,
    /// `X509_V_ERR_CERT_REVOKED`
    CertRevoked,
    /// `X509_V_ERR_PATH_LENGTH_EXCEEDED`
    PathLengthExceeded,
    /// `X509_V_ERR_INVALID_PURPOSE`: key usage or extended key usage do not allow it.
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
    /// `X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE`
    UnsupportedConstraintType,
    /// `X509_V_ERR_EE_KEY_TOO_SMALL`
    EeKeyTooSmall,
    /// `X509_V_ERR_CA_KEY_TOO_SMALL`
    CaKeyTooSmall,
    /// `X509_V_ERR_CA_MD_TOO_WEAK`
    CaMdTooWeak,
    /// `X509_V_ERR_INVALID_CA`: basicConstraints or keyUsage say that it is no authority.
    InvalidCa,
}

impl VerifyCode {
    /// OpenSSL's number for it, as `openssl verify` prints it: `error 20`.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.row().0
    }

    const fn row(self) -> (u32, &'static str) {
        match self {
            Self::UnableToGetIssuerCert => (2, "unable to get issuer certificate"),
            Self::UnableToGetCrl => (3, "unable to get certificate CRL"),
            Self::CertSignatureFailure => (7, "certificate signature failure"),
            Self::CrlSignatureFailure => (8, "CRL signature failure"),
            Self::CertNotYetValid => (9, "certificate is not yet valid"),
            Self::CertHasExpired => (10, "certificate has expired"),
            Self::CrlNotYetValid => (11, "CRL is not yet valid"),
            Self::CrlHasExpired => (12, "CRL has expired"),
            Self::DepthZeroSelfSignedCert => (18, "self-signed certificate"),
            Self::SelfSignedCertInChain => (19, "self-signed certificate in certificate chain"),
            Self::UnableToGetIssuerCertLocally => (20, "unable to get local issuer certificate"),
            Self::CertChainTooLong => (22, "certificate chain too long"),
            Self::CertRevoked => (23, "certificate revoked"),
            Self::PathLengthExceeded => (25, "path length constraint exceeded"),
            Self::InvalidPurpose => (26, "unsuitable certificate purpose"),
            Self::KeyusageNoCertsign => (32, "key usage does not include certificate signing"),
            Self::UnhandledCriticalExtension => (34, "unhandled critical extension"),
            Self::KeyusageNoCrlSign => (35, "key usage does not include CRL signing"),
            Self::UnhandledCriticalCrlExtension => (36, "unhandled critical CRL extension"),
            Self::PermittedViolation => (47, "permitted subtree violation"),
            Self::ExcludedViolation => (48, "excluded subtree violation"),
            Self::UnsupportedConstraintType => (51, "unsupported name constraint type"),
            Self::EeKeyTooSmall => (66, "EE certificate key too weak"),
            Self::CaKeyTooSmall => (67, "CA certificate key too weak"),
            Self::CaMdTooWeak => (68, "CA signature digest algorithm too weak"),
            Self::InvalidCa => (79, "invalid CA certificate"),
        }
    }
}

impl fmt::Display for VerifyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}

/// `check_extensions`: critical extensions, who may be an authority, purpose, path length.
fn check_extensions(chain: &[Certificate], purpose: Purpose) -> Result<(), VerifyError> {
    let mut authorities_below = 0;
    for (depth, certificate) in chain.iter().enumerate() {
        let fail = |code| Err(VerifyError::at(chain, depth, code));
        let extensions = &certificate.parts().extensions;
        if !extensions.unhandled_critical.is_empty() {
            return fail(VerifyCode::UnhandledCriticalExtension);
        }
        let authority = authority(certificate);
        let last = depth + 1 == chain.len();
        if depth > 0 && (authority == Authority::No || !last && authority != Authority::Yes) {
            return fail(VerifyCode::InvalidCa);
        }
        if !suits(certificate, purpose, depth > 0) {
            return fail(VerifyCode::InvalidPurpose);
        }
        if depth > 1
            && certificate
                .path_length()
                .is_some_and(|most| authorities_below > most)
        {
            return fail(VerifyCode::PathLengthExceeded);
        }
        if depth > 0 && !certificate.is_self_issued() {
            authorities_below += 1;
        }
    }
    Ok(())
}

/// Whether one certificate can have issued the other: names, key identifiers and signature agree. Dates and usages are
/// not looked at.
pub(crate) fn may_have_issued(issuer: &Certificate, subject: &Certificate) -> bool {
    authority_key::likely_issued(issuer, subject) && subject.is_signed_by(&issuer.public_key())
}

#[derive(PartialEq, Eq)]
enum Authority {
    Yes,
    /// By some older sign; good enough for an anchor.
    Perhaps,
    No,
}

/// v3_purp.c `check_ca`
fn authority(certificate: &Certificate) -> Authority {
    let extensions = &certificate.parts().extensions;
    if !extensions.malformed.is_empty() || !extensions.allows(KeyUsage::CERT_SIGN) {
        return Authority::No;
    }
    match extensions.basic_constraints {
        Some((true, _)) => Authority::Yes,
        Some((false, _)) => Authority::No,
        None if certificate.parts().version == 1 && authority_key::is_self_signed(certificate) => {
            Authority::Perhaps
        }
        None if extensions.key_usage.is_some() => Authority::Perhaps,
        None if extensions
            .netscape_type
            .is_some_and(|(_, _, authority)| authority) =>
        {
            Authority::Perhaps
        }
        None => Authority::No,
    }
}

/// v3_purp.c `check_purpose_ssl_client` and `check_purpose_ssl_server`. Authorities have to suit as well: an extended
/// key usage in one of them restricts what is below it.
fn suits(certificate: &Certificate, purpose: Purpose, is_authority: bool) -> bool {
    let extensions = &certificate.parts().extensions;
    let (wanted, bits) = match purpose {
        Purpose::Client => (
            ExtendedKeyUsage::ClientAuth,
            KeyUsage::DIGITAL_SIGNATURE.or(KeyUsage::KEY_AGREEMENT),
        ),
        Purpose::Server => (
            ExtendedKeyUsage::ServerAuth,
            KeyUsage::DIGITAL_SIGNATURE
                .or(KeyUsage::KEY_AGREEMENT)
                .or(KeyUsage::KEY_ENCIPHERMENT),
        ),
    };
    if !extensions.malformed.is_empty()
        || extensions
            .extended_key_usage
            .as_ref()
            .is_some_and(|u| !u.contains(&wanted))
    {
        return false;
    }
    let netscape = extensions
        .netscape_type
        .is_none_or(
            |(client, server, authority)| match (is_authority, purpose) {
                (true, _) => authority,
                (false, Purpose::Client) => client,
                (false, Purpose::Server) => server,
            },
        );
    netscape && (is_authority || extensions.allows(bits))
}

/// `check_auth_level`, at level 2: 112 bits. The anchor's own signature is not looked at.
fn check_strength(chain: &[Certificate]) -> Result<(), VerifyError> {
    const BITS: u32 = 112;
    for (depth, certificate) in chain.iter().enumerate() {
        let fail = |code| Err(VerifyError::at(chain, depth, code));
        if certificate.public_key().family().security_bits() < BITS {
            return fail(if depth == 0 {
                VerifyCode::EeKeyTooSmall
            } else {
                VerifyCode::CaKeyTooSmall
            });
        }
        if depth + 1 < chain.len() && certificate.parts().algorithm.security_bits() < BITS {
            return fail(VerifyCode::CaMdTooWeak);
        }
    }
    Ok(())
}

/// `internal_verify`: from the anchor down, first the signature, then the dates. The anchor's signature is taken on
/// trust.
fn check_signatures_and_dates(chain: &[Certificate], now: Time) -> Result<(), VerifyError> {
    for (depth, certificate) in chain.iter().enumerate().rev() {
        let fail = |depth, code| Err(VerifyError::at(chain, depth, code));
        if let Some(issuer) = chain.get(depth + 1) {
            if !issuer.parts().extensions.allows(KeyUsage::CERT_SIGN) {
                return fail(depth + 1, VerifyCode::KeyusageNoCertsign);
            }
            if !certificate.is_signed_by(&issuer.public_key()) {
                return fail(depth, VerifyCode::CertSignatureFailure);
            }
        }
        dates(certificate, now).map_err(|code| VerifyError::at(chain, depth, code))?;
    }
    Ok(())
}

/// `x509_check_cert_time`. OpenSSL takes the last second for expired (`X509_cmp_time`).
fn dates(certificate: &Certificate, now: Time) -> Result<(), VerifyCode> {
    let validity = certificate.validity();
    if now < validity.not_before {
        return Err(VerifyCode::CertNotYetValid);
    }
    if now >= validity.not_after {
        return Err(VerifyCode::CertHasExpired);
    }
    Ok(())
}
