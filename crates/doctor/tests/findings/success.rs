//! What is weak about a login that works.

use pg_config::conninfo::SslMode;
use pg_probe::{Address, AuthMethod, Failure, Fallback, Report, Transport};
use pki_core::Kind;

use crate::stage::{Authority, report, shown, target, tls};

#[test]
fn nothing_to_say() {
    let authority = Authority::new("trustly");
    let mut target = target();
    target.roots = Some(vec![authority.certificate.clone()]);
    target.credentials = Some(authority.leaf(Kind::Client, "slardiere", 1));
    let report = Report {
        server_certificate: authority.leaf(Kind::Server, "tolva", 1).chain,
        auth_method: Some(AuthMethod::NoChallenge),
        ..report(Some(tls(true)))
    };
    assert_eq!(shown(&target, &report, None), "");
    target.address = Address::Unix {
        socket: "/run/postgresql/.s.PGSQL.5432".into(),
    };
    assert_eq!(shown(&target, &Report::default(), None), "");
}

#[test]
fn it_is_not_encrypted() {
    let mut target = target();
    target.sslmode = SslMode::Prefer;
    insta::assert_snapshot!(shown(&target, &report(None), None), @r"
    warning[not-encrypted]: the session is not encrypted
      seen: sslmode=prefer
      fix: set sslmode=verify-full; a server without TLS is then refused
    ");
}

#[test]
fn prefer_ended_in_plain_text() {
    let mut target = target();
    target.sslmode = SslMode::Prefer;
    let mut report = report(None);
    report.fallbacks.push(Fallback {
        transport: Transport::Tls,
        failure: Failure::KeyMismatch,
        tls: None,
    });
    insta::assert_snapshot!(shown(&target, &report, None), @r"
    warning[client-key-mismatch]: the private key is not the one of the client certificate
      seen: could not load private key: key values mismatch
      seen: sslmode=prefer then tried again in plain text
      fix: name the pair that belongs together with sslcert and sslkey

    warning[not-encrypted]: the session is not encrypted
      seen: sslmode=prefer
      fix: set sslmode=verify-full; a server without TLS is then refused
    ");
}

#[test]
fn the_server_is_not_verified() {
    let mut target = target();
    target.sslmode = SslMode::Require;
    let without = shown(&target, &report(Some(tls(false))), None);
    target.roots = Some(vec![Authority::new("trustly").certificate]);
    let with = shown(&target, &report(Some(tls(false))), None);
    insta::assert_snapshot!([without, with].join("\n\n"), @r"
    warning[server-not-verified]: anybody in between could be the server: its certificate was not verified
      seen: sslmode=require and no root file
      fix: set sslmode=verify-full and sslrootcert to the authority's certificate

    note[host-not-verified]: any holder of a certificate of this authority could be the server: the host name was not compared
      seen: sslmode=require
      fix: set sslmode=verify-full
    ");
}

#[test]
fn the_certificate_does_not_count() {
    let authority = Authority::new("trustly");
    let mut target = target();
    target.roots = Some(vec![authority.certificate.clone()]);
    target.credentials = Some(authority.leaf(Kind::Client, "slardiere", 1));
    let mut unasked = tls(false);
    unasked.client_certificate_requested = false;
    let unasked = shown(&target, &report(Some(unasked)), None);
    let report = Report {
        auth_method: Some(AuthMethod::Md5),
        ..report(Some(tls(true)))
    };
    insta::assert_snapshot!([unasked, shown(&target, &report, None)].join("\n\n"), @r"
    note[certificate-not-asked]: there is a client certificate, but the server did not take it: ssl_ca_file is empty there
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server did not ask for a client certificate
      fix: set ssl_ca_file on the server and reload

    note[password-beside-certificate]: the rule that decides asks for a password although a certificate was sent
      seen: the server asked for: md5
      fix: `pgcert setup --role slardiere` makes the certificate enough
    ");
}

/// Less than a third of its life is left.
#[test]
fn a_certificate_expires_soon() {
    let authority = Authority::new("trustly");
    let mut target = target();
    target.roots = Some(vec![authority.certificate.clone()]);
    target.credentials = Some(authority.leaf(Kind::Client, "slardiere", 241));
    let report = Report {
        server_certificate: authority.leaf(Kind::Server, "tolva", 239).chain,
        ..report(Some(tls(true)))
    };
    insta::assert_snapshot!(shown(&target, &report, None), @r"
    warning[certificate-expires-soon]: the client certificate expires on 2027-03-17
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-03-22 10:06:40 UTC to 2027-03-17 11:06:40 UTC
      fix: run `pgcert setup` again
    ");
}
