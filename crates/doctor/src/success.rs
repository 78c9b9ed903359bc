//! What is weak about a connection that works.

use pg_probe::{Address, AuthMethod};
use pki_core::{Certificate, Time};

use crate::Finding;
use crate::scene::{Scene, describe};

/// The weak points of a login that succeeded, the worst first.
pub(crate) fn weaknesses(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if matches!(scene.target.address, Address::Unix { .. }) {
        return findings;
    }
    let Some(tls) = scene.tls else {
        findings.push(
            Finding::warning("not-encrypted", "the session is not encrypted")
                .seen(format!("sslmode={}", scene.target.sslmode))
                .fix("set sslmode=verify-full; a server without TLS is then refused"),
        );
        return findings;
    };
    let now = scene.target.now;
    if scene.target.roots.is_none() {
        findings.push(
            Finding::warning(
                "server-not-verified",
                "anybody in between could be the server: its certificate was not verified",
            )
            .seen(format!("sslmode={} and no root file", scene.target.sslmode))
            .all_seen(scene.served())
            .fix("set sslmode=verify-full and sslrootcert to the authority's certificate"),
        );
    } else if scene.target.sslmode < pg_config::conninfo::SslMode::VerifyFull {
        findings.push(
            Finding::note("host-not-verified", "any holder of a certificate of this authority could be the server: the host name was not compared")
                .seen(format!("sslmode={}", scene.target.sslmode))
                .fix("set sslmode=verify-full"),
        );
    }
    if scene.client_certificate().is_some() && !tls.client_certificate_requested {
        findings.push(
            Finding::note("certificate-not-asked", "there is a client certificate, but the server did not take it: ssl_ca_file is empty there")
                .all_seen(scene.presented())
                .fix("set ssl_ca_file on the server and reload"),
        );
    }
    if tls.client_certificate_sent
        && let Some(method) = scene
            .report
            .auth_method
            .as_ref()
            .filter(|method| **method != AuthMethod::NoChallenge)
    {
        findings.push(
            Finding::note(
                "password-beside-certificate",
                "the rule that decides asks for a password although a certificate was sent",
            )
            .seen(format!("the server asked for: {method}"))
            .fix(format!(
                "`pgcert setup --role {}` makes the certificate enough",
                scene.target.user
            )),
        );
    }
    let pairs = [
        (
            "server certificate",
            scene.report.server_certificate.first(),
        ),
        ("client certificate", scene.client_certificate()),
    ];
    for (what, certificate) in pairs {
        if let Some(certificate) = certificate.filter(|certificate| is_late(certificate, now)) {
            findings.push(
                Finding::warning(
                    "certificate-expires-soon",
                    format!(
                        "the {what} expires on {}",
                        certificate.validity().not_after.date()
                    ),
                )
                .seen(describe(what, certificate))
                .fix("run `pgcert setup` again"),
            );
        }
    }
    findings
}

/// Whether less than a third of its life is left.
fn is_late(certificate: &Certificate, now: Time) -> bool {
    let validity = certificate.validity();
    let life = validity.not_after.seconds_since(validity.not_before);
    validity.not_after.seconds_since(now) < life / 3
}
