//! What the server says at login.

use pg_config::conninfo::SslMode;
use pg_probe::{Failure, Fallback, ServerError, Target, TlsFacts, Transport};
use pki_core::Kind;

use crate::stage::{Authority, report, shown, target, tls};

fn said(code: &str, message: &str) -> Failure {
    Failure::Server(Box::new(ServerError {
        severity: "FATAL".to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
        ..ServerError::default()
    }))
}

fn refused(target: &Target, facts: Option<TlsFacts>, code: &str, message: &str) -> String {
    shown(target, &report(facts), Some(&said(code, message)))
}

/// The target with a client certificate of this name.
fn with_certificate(name: &str) -> Target {
    let mut target = target();
    target.credentials = Some(Authority::new("trustly").leaf(Kind::Client, name, 1));
    target
}

#[test]
fn no_rule_matches() {
    let message = "no pg_hba.conf entry for host \"192.168.2.5\", user \"slardiere\", database \"postgres\", SSL encryption";
    insta::assert_snapshot!(refused(&target(), Some(tls(false)), "28000", message), @r#"
    error[no-hba-entry]: no rule in pg_hba.conf matches "slardiere" and this database from this address with TLS
      seen: the server says: FATAL: no pg_hba.conf entry for host "192.168.2.5", user "slardiere", database "postgres", SSL encryption
      fix: `pgcert setup --role slardiere` on the server, with the client's network in --from; or a rule `hostssl DATABASE slardiere NETWORK cert` in pg_hba.conf, then reload
    "#);
}

#[test]
fn no_rule_matches_plain_text() {
    for phrase in ["no encryption", "SSL off"] {
        let message = format!(
            "no pg_hba.conf entry for host \"192.168.2.5\", user \"slardiere\", database \"postgres\", {phrase}"
        );
        let shown = refused(&target(), None, "28000", &message).replace(phrase, "PHRASE");
        insta::allow_duplicates! { insta::assert_snapshot!(shown, @r#"
        error[no-hba-entry]: no rule in pg_hba.conf lets "slardiere" in from there without TLS
          seen: the server says: FATAL: no pg_hba.conf entry for host "192.168.2.5", user "slardiere", database "postgres", PHRASE
          fix: connect with sslmode=verify-full: rules for TLS may let it in
        "#); }
    }
}

/// The first failure is the real cause, the second only what `prefer` made of it.
#[test]
fn no_rule_matches_plain_text_after_tls_failed() {
    let mut target = target();
    target.sslmode = SslMode::Prefer;
    let mut report = report(None);
    report.fallbacks.push(Fallback {
        transport: Transport::Tls,
        failure: said("28000", "connection requires a valid client certificate"),
        tls: Some(tls(false)),
    });
    let last = said(
        "28000",
        "no pg_hba.conf entry for host \"127.0.0.1\", user \"slardiere\", database \"postgres\", no encryption",
    );
    insta::assert_snapshot!(shown(&target, &report, Some(&last)), @r#"
    error[client-certificate-missing]: the rule demands a client certificate and none was sent
      seen: the server says: FATAL: connection requires a valid client certificate
      seen: the server asked for a client certificate and none was sent
      seen: sslmode=prefer then tried again in plain text
      fix: name the certificate and its key with sslcert and sslkey, or make them: `pgcert setup --role slardiere`

    error[no-hba-entry]: plain text is not allowed by any rule in pg_hba.conf; that is as it should be, the try with TLS is what failed
      seen: the server says: FATAL: no pg_hba.conf entry for host "127.0.0.1", user "slardiere", database "postgres", no encryption
      fix: mend the TLS login; with sslmode=verify-full plain text is not tried at all
    "#);
}

/// `allow` begins in plain text: the failure with TLS comes first, and where that works there is nothing to say.
#[test]
fn allow_is_refused_in_plain_text_first() {
    let mut target = target();
    target.sslmode = SslMode::Allow;
    target.roots = Some(Vec::new());
    let mut report = report(Some(tls(false)));
    report.fallbacks.push(Fallback {
        transport: Transport::Plain,
        failure: said("28000", "no pg_hba.conf entry for host \"127.0.0.1\", user \"slardiere\", database \"postgres\", no encryption"),
        tls: None,
    });
    let last = said("28000", "connection requires a valid client certificate");
    insta::assert_snapshot!(shown(&target, &report, Some(&last)), @r#"
    error[client-certificate-missing]: the rule demands a client certificate and none was sent
      seen: the server says: FATAL: connection requires a valid client certificate
      seen: the server asked for a client certificate and none was sent
      fix: name the certificate and its key with sslcert and sslkey, or make them: `pgcert setup --role slardiere`

    error[no-hba-entry]: no rule in pg_hba.conf lets "slardiere" in from there without TLS
      seen: the server says: FATAL: no pg_hba.conf entry for host "127.0.0.1", user "slardiere", database "postgres", no encryption
      seen: sslmode=allow had begun in plain text
      fix: connect with sslmode=verify-full: rules for TLS may let it in
    "#);
    assert!(!shown(&target, &report, None).contains("no-hba-entry"));
}

#[test]
fn a_reject_rule_decides() {
    let message = "pg_hba.conf rejects connection for host \"192.168.2.5\", user \"slardiere\", database \"postgres\", SSL encryption";
    insta::assert_snapshot!(refused(&target(), Some(tls(false)), "28000", message), @r#"
    error[hba-rejects]: a `reject` rule in pg_hba.conf decides this connection
      seen: the server says: FATAL: pg_hba.conf rejects connection for host "192.168.2.5", user "slardiere", database "postgres", SSL encryption
      fix: see which in pg_hba_file_rules (the first that matches decides); move the rule that is wanted in front of it, then reload
    "#);
}

#[test]
fn a_certificate_is_required() {
    let message = "connection requires a valid client certificate";
    insta::assert_snapshot!(refused(&target(), Some(tls(false)), "28000", message), @r"
    error[client-certificate-missing]: the rule demands a client certificate and none was sent
      seen: the server says: FATAL: connection requires a valid client certificate
      seen: the server asked for a client certificate and none was sent
      fix: name the certificate and its key with sslcert and sslkey, or make them: `pgcert setup --role slardiere`
    ");
    let mut unasked = tls(false);
    unasked.client_certificate_requested = false;
    insta::assert_snapshot!(refused(&with_certificate("slardiere"), Some(unasked), "28000", message), @r"
    error[client-certificate-missing]: the rule demands a client certificate and none was sent
      seen: the server says: FATAL: connection requires a valid client certificate
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server did not ask for a client certificate
      fix: set ssl_ca_file on the server and reload: without it no certificate is asked for
    ");
}

#[test]
fn the_server_trusts_nobody() {
    let mut unasked = tls(false);
    unasked.client_certificate_requested = false;
    let message =
        "client certificates can only be checked if a root certificate store is available";
    insta::assert_snapshot!(refused(&with_certificate("slardiere"), Some(unasked), "F0000", message), @r"
    error[server-without-authorities]: the rule demands a client certificate, but the server trusts no authority (ssl_ca_file is empty)
      seen: the server says: FATAL: client certificates can only be checked if a root certificate store is available
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server did not ask for a client certificate
      fix: set ssl_ca_file to the authority's certificate and reload; with ssl_sni (19) give the entry of this host an authority in pg_hosts.conf
    ");
}

#[test]
fn the_certificate_is_for_another_role() {
    let message = "certificate authentication failed for user \"slardiere\"";
    insta::assert_snapshot!(refused(&with_certificate("alice"), Some(tls(true)), "28000", message), @r#"
    error[certificate-name]: the certificate is for "alice", not for role "slardiere", and no map allows it
      seen: the server says: FATAL: certificate authentication failed for user "slardiere"
      seen: client certificate: CN=alice, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: connect as "alice", use a certificate with CN=slardiere (`pgcert setup --role slardiere`), or `pgcert setup --role slardiere --cert-name alice`
    "#);
}

#[test]
fn the_map_does_not_list_the_role() {
    let message = "certificate authentication failed for user \"slardiere\"";
    insta::assert_snapshot!(refused(&with_certificate("slardiere"), Some(tls(true)), "28000", message), @r#"
    error[certificate-name]: the certificate is for "slardiere", but the rule's map does not list it for role "slardiere" (or the rule compares the whole subject)
      seen: the server says: FATAL: certificate authentication failed for user "slardiere"
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: the rule's `map=`: add a line `MAP slardiere slardiere` to pg_ident.conf and reload; the server's log names map and name
    "#);
}

#[test]
fn trust_with_verify_full_and_another_name() {
    let message = "\"trust\" authentication failed for user \"slardiere\"";
    insta::assert_snapshot!(refused(&with_certificate("alice"), Some(tls(true)), "28000", message), @r#"
    error[certificate-name]: the certificate is for "alice", not for role "slardiere", and no map allows it
      seen: the server says: FATAL: "trust" authentication failed for user "slardiere"
      seen: client certificate: CN=alice, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: connect as "alice", use a certificate with CN=slardiere (`pgcert setup --role slardiere`), or `pgcert setup --role slardiere --cert-name alice`
    "#);
    insta::assert_snapshot!(refused(&target(), Some(tls(true)), "28000", message), @r#"
    error[certificate-name]: the certificate's name is not "slardiere" and no map allows it
      seen: the server says: FATAL: "trust" authentication failed for user "slardiere"
      fix: use a certificate with CN=slardiere, or allow the name: a map in pg_ident.conf and `map=` in the rule
    "#);
}

#[test]
fn the_password_is_wrong() {
    let message = "password authentication failed for user \"slardiere\"";
    insta::assert_snapshot!(refused(&target(), Some(tls(false)), "28P01", message), @r#"
    error[password-rejected]: the password for "slardiere" is wrong, missing on the server or expired; the rule that decides wants a password
      seen: the server says: FATAL: password authentication failed for user "slardiere"
      seen: the server asked for a client certificate and none was sent
      fix: correct the password; if a certificate was meant to be enough, `pgcert setup --role slardiere` puts a `cert` rule where it decides
    "#);
}

#[test]
fn the_password_is_right_and_the_certificate_is_not() {
    let message = "password authentication failed for user \"slardiere\"";
    insta::assert_snapshot!(refused(&with_certificate("alice"), Some(tls(true)), "28P01", message), @r#"
    error[password-or-certificate-name]: the password is wrong, or it is right and the rule (clientcert=verify-full) wants a certificate for "slardiere"
      seen: the server says: FATAL: password authentication failed for user "slardiere"
      seen: client certificate: CN=alice, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: check the password; use a certificate with CN=slardiere
    "#);
}

#[test]
fn a_local_user_of_another_name() {
    insta::assert_snapshot!(refused(&target(), None, "28000", "Peer authentication failed for user \"slardiere\""), @r#"
    error[peer-name]: the operating system's user is not "slardiere" and no map allows it
      seen: the server says: FATAL: Peer authentication failed for user "slardiere"
      fix: run as the operating system's user of that name, or connect over TCP with a certificate
    "#);
}

#[test]
fn what_is_missing_behind_the_login() {
    let all = [
        ("28000", "role \"slardiere\" does not exist"),
        ("28000", "role \"slardiere\" is not permitted to log in"),
        ("3D000", "database \"postgres\" does not exist"),
        ("42501", "permission denied for database \"postgres\""),
    ];
    let shown = all
        .map(|(code, message)| refused(&target(), Some(tls(true)), code, message))
        .join("\n\n");
    insta::assert_snapshot!(shown, @r#"
    error[role-missing]: the role "slardiere" does not exist; the login itself was in order
      seen: the server says: FATAL: role "slardiere" does not exist
      fix: `CREATE ROLE "slardiere" LOGIN`, or `pgcert setup --create-role`

    error[role-without-login]: the role "slardiere" may not log in; the login itself was in order
      seen: the server says: FATAL: role "slardiere" is not permitted to log in
      fix: `ALTER ROLE "slardiere" LOGIN`

    error[database-missing]: the database "postgres" does not exist or takes no connections; the login itself was in order
      seen: the server says: FATAL: database "postgres" does not exist
      fix: name another one with dbname

    error[no-connect-privilege]: "slardiere" may not connect to "postgres" (or may not replicate); the login itself was in order
      seen: the server says: FATAL: permission denied for database "postgres"
      fix: `GRANT CONNECT ON DATABASE "postgres" TO "slardiere"`; for replication `ALTER ROLE "slardiere" REPLICATION`
    "#);
}

#[test]
fn the_server_has_no_time() {
    let all = [
        ("53300", "sorry, too many clients already"),
        ("57P03", "the database system is starting up"),
        (
            "0A000",
            "unsupported frontend protocol 3.0: server supports 1.0 to 2.0",
        ),
    ];
    insta::assert_snapshot!(all.map(|(code, message)| refused(&target(), None, code, message)).join("\n\n"), @r"
    error[too-many-connections]: the server, the database or the role has no connection left
      seen: the server says: FATAL: sorry, too many clients already
      fix: wait, or raise the limit that the message names

    error[server-not-ready]: the server is starting, stopping or recovering
      seen: the server says: FATAL: the database system is starting up
      fix: wait and try again

    error[protocol-unknown]: what answers does not speak PostgreSQL's protocol of today
      seen: the server says: FATAL: unsupported frontend protocol 3.0: server supports 1.0 to 2.0
      fix: check host and port: a proxy may be in between
    ");
}

/// In another language the SQLSTATE still tells some of them; the rest is shown as it is.
#[test]
fn servers_that_speak_french() {
    let all = [
        (
            "28P01",
            "authentification par mot de passe échouée pour l'utilisateur « slardiere »",
        ),
        ("28000", "la connexion requiert un certificat client valide"),
    ];
    insta::assert_snapshot!(all.map(|(code, message)| refused(&target(), Some(tls(false)), code, message)).join("\n\n"), @r#"
    error[password-rejected]: the password for "slardiere" is wrong, missing on the server or expired; the rule that decides wants a password
      seen: the server says: FATAL: authentification par mot de passe échouée pour l'utilisateur « slardiere »
      seen: the server asked for a client certificate and none was sent
      fix: correct the password; if a certificate was meant to be enough, `pgcert setup --role slardiere` puts a `cert` rule where it decides

    error[refused]: the server refused the connection (SQLSTATE 28000)
      seen: the server says: FATAL: la connexion requiert un certificat client valide
      fix: read the server's message, and its log at that moment
    "#);
}
