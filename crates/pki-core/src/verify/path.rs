//! The chain is put together: from the leaf up, among trusted certificates first, then among those that the peer sent
//! (x509_vfy.c `build_chain`).

use super::{
    VerifyCode, VerifyError,
    authority_key::{is_self_signed, likely_issued},
};
use crate::{certificate::Certificate, time::Time};

/// OpenSSL's default depth of 100, which libpq and the server leave, and the trust anchor.
const DEPTH: usize = 101;

pub(super) struct Path(Vec<Certificate>);

impl Path {
    pub(super) fn build(
        leaf: &Certificate,
        sent: &[Certificate],
        trusted: &[Certificate],
        now: Time,
    ) -> Result<Self, VerifyError> {
        let mut chain = vec![leaf.clone()];
        let mut sent: Vec<&Certificate> = sent.iter().collect();
        // Once a trusted certificate is in the chain, those that the peer sent are not looked at any more.
        let mut only_trusted = false;
        loop {
            let current = chain[chain.len() - 1].clone();
            let self_signed = is_self_signed(&current);
            if chain.len() <= DEPTH
                && let Some(issuer) = likely_issuer(&current, trusted.iter(), now)
            {
                if !self_signed {
                    chain.push(issuer.clone());
                    only_trusted = true;
                    if is_self_signed(issuer) {
                        return Ok(Self(chain));
                    }
                    continue;
                }
                // A self-signed certificate of the same name and key identifier is not enough: it must be the one.
                if *issuer == current {
                    return Ok(Self(chain));
                }
            }
            if !only_trusted && !self_signed && chain.len() <= DEPTH {
                let candidates = sent.iter().copied().filter(|c| !chain.contains(c));
                if let Some(issuer) = likely_issuer(&current, candidates, now).cloned() {
                    sent.retain(|c| **c != issuer);
                    chain.push(issuer);
                    continue;
                }
            }
            let code = match (self_signed, chain.len()) {
                (_, length) if length > DEPTH => VerifyCode::CertChainTooLong,
                (true, 1) => VerifyCode::DepthZeroSelfSignedCert,
                (true, _) => VerifyCode::SelfSignedCertInChain,
                (false, _) if only_trusted => VerifyCode::UnableToGetIssuerCert,
                (false, _) => VerifyCode::UnableToGetIssuerCertLocally,
            };
            return Err(VerifyError::at(&chain, chain.len() - 1, code));
        }
    }

    pub(super) fn into_chain(self) -> Vec<Certificate> {
        self.0
    }
}

/// The first that holds now, else the one that ends last (`X509_STORE_CTX_get1_issuer`).
fn likely_issuer<'a>(
    subject: &Certificate,
    candidates: impl Iterator<Item = &'a Certificate>,
    now: Time,
) -> Option<&'a Certificate> {
    let mut best: Option<&Certificate> = None;
    for candidate in candidates.filter(|c| likely_issued(c, subject)) {
        if super::dates(candidate, now).is_ok() {
            return Some(candidate);
        }
        if best.is_none_or(|best| candidate.validity().not_after > best.validity().not_after) {
            best = Some(candidate);
        }
    }
    best
}
