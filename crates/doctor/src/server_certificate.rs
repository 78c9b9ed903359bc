//! The client's judgement of the server's certificate: its chain, and its names.

use pki_core::{HostMismatch, VerifyCode, VerifyError};

use crate::Finding;
use crate::scene::{Scene, describe};

/// Why the chain is refused.
pub(crate) fn chain(scene: &Scene<'_>, error: &VerifyError) -> Finding {
    let certificate = &error.certificate;
    let validity = certificate.validity();
    let whose = if error.depth == 0 {
        "the server's certificate".to_owned()
    } else {
        format!("the authority {}", certificate.subject())
    };
    let finding = match error.code {
        VerifyCode::CertHasExpired => Finding::error("server-certificate-expired", format!("{whose} expired on {}", validity.not_after.date()))
            .fix("renew it on the server and reload"),
        VerifyCode::CertNotYetValid => Finding::error("server-certificate-not-yet-valid", format!("{whose} is valid only from {}", validity.not_before))
            .fix("check the clocks of both machines"),
        VerifyCode::CertRevoked => Finding::error("server-certificate-revoked", format!("{whose} is on the client's revocation list"))
            .fix("issue another one for the server, install it and reload"),
        VerifyCode::UnableToGetCrl => Finding::error("crl-missing", format!("the client's revocation list (sslcrl) has no list of the authority that issued {whose}"))
            .fix("put a current CRL of every authority in the chain into the file, or remove it"),
        VerifyCode::CrlHasExpired | VerifyCode::CrlNotYetValid => Finding::error("crl-out-of-date", "a revocation list on the client (sslcrl) is out of date")
            .fix("fetch the authority's current CRL"),
        VerifyCode::InvalidPurpose => Finding::error("server-certificate-purpose", format!("{whose} may not be used by servers: its extended key usage lacks serverAuth"))
            .fix("use a server certificate: `pgcert setup` on the server, or `pgcert request server NAME`"),
        VerifyCode::UnableToGetIssuerCert
        | VerifyCode::UnableToGetIssuerCertLocally
        | VerifyCode::DepthZeroSelfSignedCert
        | VerifyCode::SelfSignedCertInChain => untrusted(scene, error),
        _ => Finding::error("server-certificate-invalid", format!("{whose} is not acceptable: {error}")).fix("issue the certificate anew: `pgcert setup` on the server, or `pgcert request server NAME`"),
    };
    finding
        .seen(format!("verification at depth {}: {error}", error.depth))
        .all_seen(scene.served())
}

fn untrusted(scene: &Scene<'_>, error: &VerifyError) -> Finding {
    let roots = scene.target.roots.as_deref().unwrap_or_default();
    let anchors: Vec<_> = roots.iter().filter(|root| root.is_self_signed()).collect();
    let mut finding = if error.depth == 0 && error.certificate.is_self_signed() {
        Finding::error("server-certificate-untrusted", "the server's certificate is self-signed and the client's root file does not hold it")
            .fix("install a certificate of an authority that the client trusts: `pgcert setup` on the server")
    } else if anchors
        .iter()
        .any(|root| root.subject_der() == error.certificate.issuer_der())
    {
        Finding::error("server-certificate-untrusted", format!("the client knows an authority named {}, but it is not the one that signed (another key)", error.certificate.issuer()))
            .fix("fetch the authority's present certificate into the client's root file (sslrootcert): it was made anew under the same name")
    } else if roots.is_empty() {
        Finding::error(
            "server-certificate-untrusted",
            "the client's root file holds no certificate",
        )
        .fix("put the root of the server's authority into the client's root file (sslrootcert)")
    } else if anchors.is_empty() {
        Finding::error("server-certificate-untrusted", "the client's root file holds no self-signed root; intermediates alone are no trust anchors")
            .fix("add the root's certificate to the client's root file (sslrootcert)")
    } else {
        Finding::error("server-certificate-untrusted", format!("the client does not trust {}, which issued what the server presents", error.certificate.issuer()))
            .fix("put the root of the server's authority into the client's root file (sslrootcert); if an intermediate is missing, the server must send it: server.crt holds its own certificate first, then the intermediates")
    };
    finding.evidence.extend(
        anchors
            .iter()
            .map(|root| describe("the client trusts", root)),
    );
    finding
}

/// The certificate is for another host.
pub(crate) fn host(scene: &Scene<'_>, mismatch: &HostMismatch) -> Finding {
    let host = scene.host();
    let names = match mismatch.names() {
        [] => "no name that can be compared".to_owned(),
        names => names.join(", "),
    };
    Finding::error(
        "host-name-mismatch",
        format!("the server's certificate is for {names}, not for \"{host}\""),
    )
    .seen(mismatch.to_string())
    .all_seen(scene.served())
    .fix(format!(
        "connect by a name that is in the certificate (host=NAME hostaddr=ADDRESS), or issue one that holds \"{host}\" as well"
    ))
}
