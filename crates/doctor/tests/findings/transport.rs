//! No server, no TLS, no PostgreSQL, no password, no channel binding.

use std::time::Duration;

use pg_config::conninfo::{SslMode, SslNegotiation};
use pg_probe::{AuthMethod, Failure, Step};
use pki_core::Kind;

use crate::stage::{Authority, report, shown, target, tls};

fn all(failures: &[Failure]) -> String {
    let shown = failures
        .iter()
        .map(|failure| shown(&target(), &report(None), Some(failure)));
    shown.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn nobody_there() {
    let address = "192.168.1.10:5432".to_owned();
    insta::assert_snapshot!(all(&[
        Failure::Lookup { host: "tolva".to_owned(), reason: "Name or service not known".to_owned() },
        Failure::Refused { address: address.clone() },
        Failure::Unreachable { address, reason: "No route to host".to_owned() },
        Failure::Timeout { step: Step::Connect, after: Duration::from_secs(10) },
        Failure::Closed { step: Step::Login },
    ]), @r#"
    error[host-unknown]: the name "tolva" cannot be looked up
      seen: could not translate host name "tolva" to address: Name or service not known
      fix: check the spelling; give the address with hostaddr, or put the name into /etc/hosts or DNS

    error[connection-refused]: no server listens on 192.168.1.10:5432
      seen: connection to 192.168.1.10:5432 failed: Connection refused
      fix: check that PostgreSQL runs, its port, and listen_addresses (`localhost` by default; a change needs a restart)

    error[unreachable]: 192.168.1.10:5432 cannot be reached
      seen: connection to 192.168.1.10:5432 failed: No route to host
      fix: check address, port and firewall; for a local socket the folder (unix_socket_directories) and port

    error[timeout]: the server did not answer in time (connect)
      seen: timeout of 10 s expired at connect
      fix: check address and firewall; a server that accepts and stays silent may be overloaded

    error[connection-closed]: the server closed the connection without a word (login)
      seen: server closed the connection unexpectedly at login
      fix: the server's log names the reason; a proxy, a connection limit or a crash are frequent ones
    "#);
}

#[test]
fn no_tls() {
    insta::assert_snapshot!(all(&[
        Failure::NoTls,
        Failure::ErrorBeforeTls,
        Failure::NoPostgres(b'H'),
        Failure::Stuffed,
        Failure::Protocol { reason: "expected authentication request from server, but received 'H'".to_owned() },
    ]), @r"
    error[tls-off]: tolva offers no TLS
      seen: server does not support SSL, but SSL was required
      fix: set ssl=on and reload. If it is on: the last reload failed (the log says `SSL configuration was not reloaded`), or a proxy is in between

    error[server-error]: the server cannot take connections at the moment
      seen: server sent an error response during SSL exchange
      fix: the server's log names the reason (memory, processes)

    error[not-postgresql]: what answers on tolva is no PostgreSQL server
      seen: received invalid response to SSL negotiation: 0x48
      fix: check host and port

    error[data-injected]: bytes in plain text were slipped in before TLS: somebody in between attacks this connection, or a proxy is broken
      seen: received unencrypted data after SSL response
      fix: do not use this path; look at what is between client and server

    error[unexpected]: the connection failed: unexpected answer from the server: expected authentication request from server, but received 'H'
      seen: unexpected answer from the server: expected authentication request from server, but received 'H'
      fix: check that a PostgreSQL server answers there
    ");
}

#[test]
fn direct_tls() {
    let mut target = target();
    target.negotiation = SslNegotiation::Direct;
    let closed = shown(
        &target,
        &report(None),
        Some(&Failure::Closed {
            step: Step::Handshake,
        }),
    );
    let no_alpn = shown(&target, &report(None), Some(&Failure::NoAlpn));
    target.sslmode = SslMode::Prefer;
    let weak = shown(&target, &report(None), Some(&Failure::WeakDirect));
    insta::assert_snapshot!([closed, no_alpn, weak].join("\n\n"), @r"
    error[no-direct-tls]: the server does not know sslnegotiation=direct (PostgreSQL 17 and newer do)
      seen: server closed the connection unexpectedly at tls-handshake
      fix: leave sslnegotiation at postgres

    error[no-direct-tls]: the server does not know sslnegotiation=direct (PostgreSQL 17 and newer do)
      seen: direct SSL connection was established without ALPN protocol negotiation extension
      fix: leave sslnegotiation at postgres

    error[weak-direct]: sslnegotiation=direct does not go with sslmode=prefer
      seen: weak sslmode may not be used with sslnegotiation=direct
      fix: set sslmode=verify-full
    ");
}

#[test]
fn the_client_lacks_something() {
    insta::assert_snapshot!(all(&[
        Failure::NoRoots,
        Failure::NoHostName,
        Failure::KeyMismatch,
        Failure::UnusableKey { reason: "failed to parse private key".to_owned() },
    ]), @r"
    error[roots-missing]: sslmode=verify-full needs the authority's certificate, and there is no root file
      seen: root certificate file does not exist
      fix: put it into ~/.postgresql/root.crt or name its file with sslrootcert

    error[host-name-missing]: verify-full needs a host name, only hostaddr is given
      seen: host name must be specified for a verified SSL connection
      fix: give the name that is in the server's certificate with host

    error[client-key-mismatch]: the private key is not the one of the client certificate
      seen: could not load private key: key values mismatch
      fix: name the pair that belongs together with sslcert and sslkey

    error[client-key-unusable]: the client's private key cannot be used for TLS
      seen: could not load private key: failed to parse private key
      fix: use a P-256, P-384, RSA or Ed25519 key
    ");
}

#[test]
fn a_password_is_wanted() {
    let failure = Failure::PasswordNeeded {
        method: AuthMethod::Scram {
            channel_binding: true,
        },
    };
    let mut target = target();
    let without = shown(&target, &report(Some(tls(false))), Some(&failure));
    target.credentials = Some(Authority::new("trustly").leaf(Kind::Client, "slardiere", 1));
    let with = shown(&target, &report(Some(tls(true))), Some(&failure));
    insta::assert_snapshot!([without, with].join("\n\n"), @r"
    error[password-needed]: the rule that decides wants a password (SCRAM-SHA-256-PLUS), and there is none
      seen: the server asks for: SCRAM-SHA-256-PLUS
      seen: the server asked for a client certificate and none was sent
      fix: give the password (~/.pgpass), or let a certificate be enough: `pgcert setup --role slardiere`

    error[password-needed]: the rule that decides wants a password (SCRAM-SHA-256-PLUS), and there is none
      seen: the server asks for: SCRAM-SHA-256-PLUS
      seen: client certificate: CN=slardiere, issued by CN=trustly, valid from 2026-11-17 10:06:40 UTC to 2027-11-12 11:06:40 UTC
      seen: the server asked for a client certificate and one was sent
      fix: the certificate was accepted, but another rule stands before the `cert` rule: `pgcert setup --role slardiere` puts it where it decides
    ");
}

#[test]
fn login_cannot_be_done() {
    insta::assert_snapshot!(all(&[
        Failure::UnsupportedAuthentication { method: AuthMethod::Other("GSSAPI".to_owned()) },
        Failure::Scram { reason: "SCRAM verification error".to_owned() },
        Failure::NoChannelBinding { reason: "server authenticated client without channel binding" },
        Failure::ChannelBindingDigest,
    ]), @r"
    error[authentication-unsupported]: the rule that decides wants GSSAPI, which is not spoken here
      seen: authentication method GSSAPI is not supported
      fix: see in pg_hba_file_rules which rule decides: the first that matches

    error[server-not-authenticated]: the server did not prove that it knows the password
      seen: SCRAM exchange failed: SCRAM verification error
      fix: what answers may not be the server it claims to be: use sslmode=verify-full

    error[channel-binding-missing]: channel_binding=require, but this login has none: only SCRAM passwords over TLS are bound
      seen: channel binding required, but server authenticated client without channel binding
      fix: with certificates leave channel_binding at prefer; verify-full and the client certificate secure both ends

    error[channel-binding-impossible]: the server's certificate is signed by an Ed25519 authority: password logins (SCRAM) with channel binding fail
      seen: could not find digest for NID UNDEF
      fix: use an authority with a P-256 or RSA key; until then channel_binding=disable, or log in with a certificate
    ");
}
