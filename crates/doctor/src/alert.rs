//! TLS failures that are not the client's own judgement of the server: alerts sent by the server, most of them its verdict on the
//! client's certificate, and handshakes that never came about.

use pg_probe::{Alert, TlsFailure};
use pki_core::Certificate;

use crate::Finding;
use crate::scene::Scene;

/// What a TLS failure means.
pub(crate) fn finding(scene: &Scene<'_>, failure: &TlsFailure) -> Finding {
    let mut finding = match failure.alert {
        Some(alert) => received(scene, failure, alert),
        None => own(failure),
    };
    finding.evidence.insert(0, said(failure));
    if failure.client_certificate_sent {
        finding.evidence.extend(scene.presented());
    }
    finding
}

/// By the server's alert.
fn received(scene: &Scene<'_>, failure: &TlsFailure, alert: Alert) -> Finding {
    let certificate = scene
        .client_certificate()
        .filter(|_| failure.client_certificate_sent);
    match (alert, certificate) {
        (Alert::PROTOCOL_VERSION, _) => versions(),
        (Alert::NO_APPLICATION_PROTOCOL, _) => Finding::error("alpn-refused", "what answers does not speak the protocol \"postgresql\"")
            .fix("check host and port: a proxy that ends TLS may be in between"),
        (Alert::UNRECOGNIZED_NAME, _) => Finding::error("host-not-configured", format!("the server has no certificate for the name \"{}\" (pg_hosts.conf, ssl_sni)", scene.host()))
            .fix("add the name, or a `*` entry, to pg_hosts.conf and reload"),
        (Alert::CERTIFICATE_REQUIRED, _) | (Alert::HANDSHAKE_FAILURE, None) if failure.client_certificate_requested && certificate.is_none() => {
            Finding::error("client-certificate-missing", "the server demands a client certificate and none was sent")
                .fix("name the certificate and its key with sslcert and sslkey")
        }
        (Alert::HANDSHAKE_FAILURE, _) => Finding::error("no-common-cipher", "client and server have no cipher, curve or signature in common")
            .fix("look at ssl_ciphers, ssl_groups (or ssl_ecdh_curve) on the server; with ssl_sni (19) a client that sends no name needs a `/no_sni/` or `*` entry in pg_hosts.conf"),
        (Alert::UNKNOWN_CA, Some(certificate)) => untrusted(scene, certificate),
        (Alert::CERTIFICATE_EXPIRED, Some(certificate)) => out_of_date(scene, certificate),
        (Alert::CERTIFICATE_REVOKED, Some(_)) => Finding::error("client-certificate-revoked", "the client certificate is on the server's revocation list")
            .fix(format!("issue another one: `pgcert setup --role {}`", scene.target.user)),
        (Alert::UNSUPPORTED_CERTIFICATE, Some(_)) => Finding::error("client-certificate-purpose", "the client certificate may not be used by clients: its extended key usage lacks clientAuth")
            .fix(format!("use a client certificate: `pgcert setup --role {}`", scene.target.user)),
        (Alert::DECRYPT_ERROR, Some(_)) => Finding::error("client-certificate-signature", "the client certificate's signature does not fit the authority that the server knows by that name")
            .fix("two generations of an authority have the same name: put both of its certificates into ssl_ca_file, with key identifiers in all of them"),
        (_, Some(certificate)) if certificate.validity().not_before > scene.target.now => {
            Finding::error("client-certificate-not-yet-valid", "the client certificate is not valid yet").fix("check the clocks of both machines")
        }
        (Alert::BAD_CERTIFICATE, Some(_)) => Finding::error("client-certificate-refused", "the server refuses the client certificate")
            .fix("the server's log names the reason; the clocks of both machines are a frequent one"),
        _ => Finding::error("tls-failed", format!("the server ended the TLS session ({alert})")).fix("the server's log at that moment names the reason"),
    }
}

/// Where this side gave up.
fn own(failure: &TlsFailure) -> Finding {
    if failure.reason.contains("incompatible") {
        return versions().seen("no TLS 1.2 or 1.3 with a common cipher was offered");
    }
    Finding::error("tls-failed", "the TLS session failed")
        .fix("check that a PostgreSQL server answers there; a proxy may be in between")
}

fn versions() -> Finding {
    Finding::error("tls-version", "client and server have no TLS version in common")
        .fix("look at ssl_min_protocol_version and ssl_max_protocol_version on the server; TLS 1.2 and 1.3 are spoken here")
}

/// unknown_ca: PostgreSQL says so for a foreign authority, a gap in the chain, and a missing CRL alike. The names that the server sent
/// tell the first from the others.
fn untrusted(scene: &Scene<'_>, certificate: &Certificate) -> Finding {
    let named = scene
        .tls
        .map(|tls| tls.acceptable_authorities.as_slice())
        .unwrap_or_default();
    let chain = scene
        .target
        .credentials
        .as_ref()
        .map(|credentials| credentials.chain.as_slice())
        .unwrap_or_default();
    let known = chain
        .iter()
        .any(|certificate| named.iter().any(|name| name == certificate.issuer_der()));
    if known {
        return Finding::error("client-certificate-unverifiable", "the server knows the authority of the client certificate, but cannot verify the chain to it")
            .seen("the issuer is among the authorities that the server named")
            .fix("ssl_ca_file must hold the self-signed root, not only an intermediate; with ssl_crl_file set, every authority in the chain needs a current CRL in it");
    }
    Finding::error("client-certificate-untrusted", format!("the server does not trust the authority that issued the client certificate ({})", certificate.issuer()))
        .seen(format!("the server named {} it trusts, the issuer is not among them", count(named.len())))
        .fix("add the issuer's root to ssl_ca_file and reload, send the missing intermediate behind the client certificate (sslcert), or use a certificate of an authority that the server trusts")
}

fn count(authorities: usize) -> String {
    match authorities {
        1 => "one authority that".to_owned(),
        many => format!("{many} authorities that"),
    }
}

fn out_of_date(scene: &Scene<'_>, certificate: &Certificate) -> Finding {
    if certificate.validity().not_after < scene.target.now {
        return Finding::error(
            "client-certificate-expired",
            format!(
                "the client certificate expired on {}",
                certificate.validity().not_after.date()
            ),
        )
        .fix(format!(
            "issue another one: `pgcert setup --role {}`",
            scene.target.user
        ));
    }
    Finding::error("client-certificate-out-of-date", "the server takes the client certificate's chain or a revocation list for expired, though the certificate is valid by this machine's clock")
        .fix("an expired CRL in ssl_crl_file locks out every client of its authority: renew it and reload; else check an expired authority and the server's clock")
}

fn said(failure: &TlsFailure) -> String {
    let when = if failure.after_handshake {
        "after"
    } else {
        "during"
    };
    match failure.alert {
        Some(alert) => format!("the server sent the TLS alert {alert} {when} the handshake"),
        None => format!("{} {when} the handshake", failure.reason),
    }
}
