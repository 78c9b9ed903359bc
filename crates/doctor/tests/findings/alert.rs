//! TLS alerts and handshakes that never came about.

use pg_probe::{Alert, Failure, Target, TlsFacts, TlsFailure};
use pki_core::Kind;

use crate::stage::{Authority, report, shown, target, tls};

fn alerted(target: &Target, facts: TlsFacts, alert: Option<Alert>, reason: &str) -> String {
    let failure = Failure::Tls(TlsFailure {
        alert,
        reason: reason.to_owned(),
        after_handshake: true,
        client_certificate_requested: facts.client_certificate_requested,
        client_certificate_sent: facts.client_certificate_sent,
    });
    shown(target, &report(Some(facts)), Some(&failure))
}

/// The alert that a client certificate of this age earns.
fn verdict(alert: Alert, days_ago: i64) -> String {
    let mut target = target();
    target.credentials = Some(Authority::new("trustly").leaf(Kind::Client, "slardiere", days_ago));
    alerted(&target, tls(true), Some(alert), "")
}

#[test]
fn the_authority_is_not_trusted() {
    let mut facts = tls(true);
    facts.acceptable_authorities = vec![Authority::new("other").certificate.subject_der().to_vec()];
    let mut target = target();
    target.credentials = Some(Authority::new("trustly").leaf(Kind::Client, "slardiere", 1));
    insta::assert_snapshot!(alerted(&target, facts, Some(Alert::UNKNOWN_CA), ""), @r"
    error[client-certificate-untrusted]: the server does not trust the authority that issued the client certificate (CN=trustly)
      seen: the server sent the TLS alert unknown_ca after the handshake
      seen: the server named one authority that it trusts, the issuer is not among them
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: add the issuer's root to ssl_ca_file and reload, send the missing intermediate behind the client certificate (sslcert), or use a certificate of an authority that the server trusts
    ");
}

#[test]
fn the_authority_is_known_and_the_chain_is_not_whole() {
    let authority = Authority::new("trustly");
    let mut facts = tls(true);
    facts.acceptable_authorities = vec![authority.certificate.subject_der().to_vec()];
    let mut target = target();
    target.credentials = Some(authority.leaf(Kind::Client, "slardiere", 1));
    insta::assert_snapshot!(alerted(&target, facts, Some(Alert::UNKNOWN_CA), ""), @r"
    error[client-certificate-unverifiable]: the server knows the authority of the client certificate, but cannot verify the chain to it
      seen: the server sent the TLS alert unknown_ca after the handshake
      seen: the issuer is among the authorities that the server named
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: ssl_ca_file must hold the self-signed root, not only an intermediate; with ssl_crl_file set, every authority in the chain needs a current CRL in it
    ");
}

#[test]
fn the_certificate_is_expired() {
    insta::assert_snapshot!(verdict(Alert::CERTIFICATE_EXPIRED, 361), @r"
    error[client-certificate-expired]: the client certificate expired on 2026-11-17
      seen: the server sent the TLS alert certificate_expired after the handshake
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2025-11-22 10:06:40 UTC to 2026-11-17 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: issue another one: `pgcert setup --role slardiere`
    ");
}

#[test]
fn something_else_is_expired() {
    insta::assert_snapshot!(verdict(Alert::CERTIFICATE_EXPIRED, 1), @r"
    error[client-certificate-out-of-date]: the server takes the client certificate's chain or a revocation list for expired, though the certificate is valid by this machine's clock
      seen: the server sent the TLS alert certificate_expired after the handshake
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: an expired CRL in ssl_crl_file locks out every client of its authority: renew it and reload; else check an expired authority and the server's clock
    ");
}

#[test]
fn the_certificate_is_not_acceptable() {
    let all = [
        (Alert::CERTIFICATE_REVOKED, 1),
        (Alert::UNSUPPORTED_CERTIFICATE, 1),
        (Alert::DECRYPT_ERROR, 1),
        (Alert::BAD_CERTIFICATE, -2),
        (Alert::BAD_CERTIFICATE, 1),
    ];
    insta::assert_snapshot!(all.map(|(alert, days_ago)| verdict(alert, days_ago)).join("\n\n"), @r"
    error[client-certificate-revoked]: the client certificate is on the server's revocation list
      seen: the server sent the TLS alert certificate_revoked after the handshake
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: issue another one: `pgcert setup --role slardiere`

    error[client-certificate-purpose]: the client certificate may not be used by clients: its extended key usage lacks clientAuth
      seen: the server sent the TLS alert unsupported_certificate after the handshake
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: use a client certificate: `pgcert setup --role slardiere`

    error[client-certificate-signature]: the client certificate's signature does not fit the authority that the server knows by that name
      seen: the server sent the TLS alert decrypt_error after the handshake
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: two generations of an authority have the same name: put both of its certificates into ssl_ca_file, with key identifiers in all of them

    error[client-certificate-not-yet-valid]: the client certificate is not valid yet
      seen: the server sent the TLS alert bad_certificate after the handshake
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-20 10:06:40 UTC to 2027-11-15 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: check the clocks of both machines

    error[client-certificate-refused]: the server refuses the client certificate
      seen: the server sent the TLS alert bad_certificate after the handshake
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: the server's log names the reason; the clocks of both machines are a frequent one
    ");
}

#[test]
fn it_is_not_about_the_certificate() {
    let all = [
        Alert::PROTOCOL_VERSION,
        Alert::NO_APPLICATION_PROTOCOL,
        Alert::UNRECOGNIZED_NAME,
        Alert::CERTIFICATE_REQUIRED,
        Alert::HANDSHAKE_FAILURE,
        Alert(80),
    ];
    let shown = all.map(|alert| {
        let mut facts = tls(false);
        facts.client_certificate_requested = alert == Alert::CERTIFICATE_REQUIRED;
        alerted(&target(), facts, Some(alert), "")
    });
    insta::assert_snapshot!(shown.join("\n\n"), @r#"
    error[tls-version]: client and server have no TLS version in common
      seen: the server sent the TLS alert protocol_version after the handshake
      fix: look at ssl_min_protocol_version and ssl_max_protocol_version on the server; TLS 1.2 and 1.3 are spoken here

    error[alpn-refused]: what answers does not speak the protocol "postgresql"
      seen: the server sent the TLS alert no_application_protocol after the handshake
      fix: check host and port: a proxy that ends TLS may be in between

    error[host-not-configured]: the server has no certificate for the name "tolva" (pg_hosts.conf, ssl_sni)
      seen: the server sent the TLS alert unrecognized_name after the handshake
      fix: add the name, or a `*` entry, to pg_hosts.conf and reload

    error[client-certificate-missing]: the server demands a client certificate and none was sent
      seen: the server sent the TLS alert certificate_required after the handshake
      fix: name the certificate and its key with sslcert and sslkey

    error[no-common-cipher]: client and server have no cipher, curve or signature in common
      seen: the server sent the TLS alert handshake_failure after the handshake
      fix: look at ssl_ciphers, ssl_groups (or ssl_ecdh_curve) on the server; with ssl_sni (19) a client that sends no name needs a `/no_sni/` or `*` entry in pg_hosts.conf

    error[tls-failed]: the server ended the TLS session (internal_error)
      seen: the server sent the TLS alert internal_error after the handshake
      fix: the server's log at that moment names the reason
    "#);
}

#[test]
fn this_side_gave_up() {
    let all = [
        "peer is incompatible: ServerDoesNotSupportTls12Or13",
        "received corrupt message of type InvalidContentType",
    ];
    insta::assert_snapshot!(all.map(|reason| alerted(&target(), TlsFacts::default(), None, reason)).join("\n\n"), @r"
    error[tls-version]: client and server have no TLS version in common
      seen: peer is incompatible: ServerDoesNotSupportTls12Or13 after the handshake
      seen: no TLS 1.2 or 1.3 with a common cipher was offered
      fix: look at ssl_min_protocol_version and ssl_max_protocol_version on the server; TLS 1.2 and 1.3 are spoken here

    error[tls-failed]: the TLS session failed
      seen: received corrupt message of type InvalidContentType after the handshake
      fix: check that a PostgreSQL server answers there; a proxy may be in between
    ");
}
