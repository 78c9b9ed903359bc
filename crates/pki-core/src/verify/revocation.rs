//! Revocation: every certificate of the chain, the root included, is looked up in its issuer's list
//! (x509_vfy.c `check_revocation`, `X509_V_FLAG_CRL_CHECK_ALL`).

use super::{VerifyCode, VerifyError, authority_key::fits};
use crate::{
    certificate::{Certificate, KeyUsage},
    crl::Crl,
    time::Time,
};

pub(super) fn check(chain: &[Certificate], crls: &[Crl], now: Time) -> Result<(), VerifyError> {
    for depth in 0..chain.len() {
        check_one(chain, depth, crls, now).map_err(|code| VerifyError::at(chain, depth, code))?;
    }
    Ok(())
}

fn check_one(
    chain: &[Certificate],
    depth: usize,
    crls: &[Crl],
    now: Time,
) -> Result<(), VerifyCode> {
    let (crl, issuer) = best(chain, depth, crls, now).ok_or(VerifyCode::UnableToGetCrl)?;
    // `check_crl`
    if !issuer.parts().extensions.allows(KeyUsage::CRL_SIGN) {
        return Err(VerifyCode::KeyusageNoCrlSign);
    }
    time(crl, now)?;
    if !crl.is_signed_by(&issuer.public_key()) {
        return Err(VerifyCode::CrlSignatureFailure);
    }
    // `cert_crl`
    if !crl.parts().extensions.unhandled_critical.is_empty() {
        return Err(VerifyCode::UnhandledCriticalCrlExtension);
    }
    if crl.is_revoked(&chain[depth].serial()) {
        return Err(VerifyCode::CertRevoked);
    }
    Ok(())
}

/// `get_crl_sk`: the list with the best score, the newer of two equals. An expired one is better than none: it fails
/// with words of its own.
fn best<'a>(
    chain: &'a [Certificate],
    depth: usize,
    crls: &'a [Crl],
    now: Time,
) -> Option<(&'a Crl, &'a Certificate)> {
    let above = &chain[(depth + 1).min(chain.len() - 1)..];
    let scored = crls.iter().filter_map(|crl| {
        let extensions = &crl.parts().extensions;
        if !crl.parts().issuer.same(&chain[depth].parts().issuer)
            || !extensions.malformed.is_empty()
        {
            return None;
        }
        // `crl_akid_check`: the certificate's own issuer first, then others above it of the same name.
        let mut issuers = above.iter().enumerate();
        let (distance, issuer) = issuers.find(|(i, c)| {
            fits(c, extensions) && (*i == 0 || crl.parts().issuer.same(&c.parts().subject))
        })?;
        let in_time = time(crl, now).is_ok();
        let score = (
            extensions.unhandled_critical.is_empty(),
            in_time,
            distance == 0,
            crl.this_update(),
        );
        Some((score, crl, issuer))
    });
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, crl, issuer)| (crl, issuer))
}

/// `check_crl_time`
fn time(crl: &Crl, now: Time) -> Result<(), VerifyCode> {
    if crl.this_update() > now {
        return Err(VerifyCode::CrlNotYetValid);
    }
    if crl.next_update().is_some_and(|next| next <= now) {
        return Err(VerifyCode::CrlHasExpired);
    }
    Ok(())
}
