//! The handshake: verification in every sslmode, client certificates, alerts, what `prefer` does after a failure, channel binding.

use std::sync::Arc;
use std::time::Duration;

use pg_config::conninfo::{SslMode, SslNegotiation};
use pg_probe::{Alert, Failure, Step, Target, TlsFailure, Transport, connect, served};
use pki_core::{KeyType, Kind, Time, VerifyCode};
use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};

use crate::pki::{Authority, Tls};
use crate::server::{Peer, Script, Server, now};

/// A server that offers TLS and lets everybody in.
fn open_door(config: Arc<ServerConfig>) -> Script {
    Box::new(|peer| {
        let mut peer = peer.answer_tls_request(b"S").start_tls(config);
        peer.parameters();
        peer.welcome();
        assert_eq!(peer.rest(), [b'X', 0, 0, 0, 4]);
    })
}

/// A server that the client does not like: the handshake comes to nothing.
fn unloved(config: Arc<ServerConfig>) -> Script {
    Box::new(|peer| {
        let mut peer = peer.answer_tls_request(b"S").start_tls(config);
        assert_eq!(peer.rest(), []);
    })
}

fn verifying(target: &mut Target, mode: SslMode, authority: &Authority) {
    target.sslmode = mode;
    target.roots = Some(vec![authority.certificate.clone()]);
}

#[test]
fn verifies_chain_and_name() {
    let authority = Authority::new("trustly", KeyType::P256);
    let identity = authority.server("db.example");
    for (version, name) in [(&TLS13, "TLSv1.3"), (&TLS12, "TLSv1.2")] {
        let config = Tls {
            version,
            ..Tls::new(&identity)
        }
        .config();
        let server = Server::start(vec![open_door(config)]);
        let mut target = server.target();
        verifying(&mut target, SslMode::VerifyFull, &authority);
        let attempt = connect(&target);
        attempt.outcome.unwrap().close();
        server.finish();
        let facts = attempt.report.tls.unwrap();
        assert_eq!(facts.version, Some(name));
        assert!(
            !facts.client_certificate_requested && !facts.client_certificate_sent && !facts.alpn
        );
        assert_eq!(attempt.report.server_certificate, identity.chain);
        let steps: Vec<Step> = attempt
            .report
            .stages
            .iter()
            .map(|stage| stage.step)
            .collect();
        use Step::{Connect, Handshake, HostName, Login, Lookup, Ready, TlsRequest};
        assert_eq!(
            steps,
            [
                Lookup, Connect, TlsRequest, Handshake, HostName, Login, Ready
            ]
        );
    }
}

#[test]
fn names_the_cipher_as_iana_does() {
    let authority = Authority::new("trustly", KeyType::P256);
    let server = Server::start(vec![open_door(
        Tls::new(&authority.server("db.example")).config(),
    )]);
    let mut target = server.target();
    target.sslmode = SslMode::Require;
    let attempt = connect(&target);
    attempt.outcome.unwrap().close();
    server.finish();
    insta::assert_snapshot!(attempt.report.tls.unwrap().cipher.unwrap(), @"TLS_AES_256_GCM_SHA384");
}

#[test]
fn the_name_counts_in_verify_full_only() {
    let authority = Authority::new("trustly", KeyType::P256);
    let identity = authority.server("elsewhere.example");
    let server = Server::start(vec![
        open_door(Tls::new(&identity).config()),
        unloved(Tls::new(&identity).config()),
    ]);
    let mut target = server.target();
    verifying(&mut target, SslMode::VerifyCa, &authority);
    connect(&target).outcome.unwrap().close();
    target.sslmode = SslMode::VerifyFull;
    let attempt = connect(&target);
    let failure = attempt.outcome.unwrap_err();
    server.finish();
    assert!(matches!(failure, Failure::Host(_)));
    insta::assert_snapshot!(failure, @r#"server certificate for "elsewhere.example" does not match host name "db.example""#);
    assert_eq!(attempt.report.stages.last().unwrap().step, Step::HostName);
}

#[test]
fn verify_full_needs_a_name() {
    let authority = Authority::new("trustly", KeyType::P256);
    let server = Server::start(vec![unloved(
        Tls::new(&authority.server("db.example")).config(),
    )]);
    let mut target = server.target();
    verifying(&mut target, SslMode::VerifyFull, &authority);
    if let pg_probe::Address::Tcp { host, .. } = &mut target.address {
        host.clear();
    }
    assert_eq!(connect(&target).outcome.unwrap_err(), Failure::NoHostName);
    server.finish();
}

/// Without a root file `require` takes anybody; with one it verifies the chain, as `verify-ca` does.
#[test]
fn require_verifies_where_there_are_roots() {
    let (authority, foreign) = (
        Authority::new("trustly", KeyType::P256),
        Authority::new("foreign", KeyType::P256),
    );
    let identity = foreign.server("db.example");
    let server = Server::start(vec![
        open_door(Tls::new(&identity).config()),
        unloved(Tls::new(&identity).config()),
    ]);
    let mut target = server.target();
    target.sslmode = SslMode::Require;
    connect(&target).outcome.unwrap().close();
    verifying(&mut target, SslMode::Require, &authority);
    let attempt = connect(&target);
    let Failure::Verify(error) = attempt.outcome.unwrap_err() else {
        panic!("not verified")
    };
    assert_eq!(error.code, VerifyCode::UnableToGetIssuerCertLocally);
    assert_eq!(attempt.report.server_certificate, identity.chain);
    server.finish();
}

/// The server learns by the alert why it was refused.
#[test]
fn tells_the_server_why_it_is_refused() {
    let (authority, foreign) = (
        Authority::new("trustly", KeyType::P256),
        Authority::new("foreign", KeyType::P256),
    );
    let old = Time::from_unix(now().unix() - 100 * 86_400);
    let expired = authority.leaf(
        Kind::Server,
        "db.example",
        vec!["dns:db.example".parse().unwrap()],
        KeyType::P256,
        old,
    );
    let wrong_purpose = authority.client("db.example", KeyType::P256);
    for (identity, code, alert) in [
        (
            foreign.server("db.example"),
            VerifyCode::UnableToGetIssuerCertLocally,
            "UnknownCA",
        ),
        (expired, VerifyCode::CertHasExpired, "CertificateExpired"),
        (
            wrong_purpose,
            VerifyCode::InvalidPurpose,
            "UnsupportedCertificate",
        ),
    ] {
        let config = Tls::new(&identity).config();
        let server = Server::once(move |peer| {
            let mut peer = peer.answer_tls_request(b"S").start_tls(config);
            let error = std::io::Read::read(&mut peer, &mut [0]).unwrap_err();
            assert!(error.to_string().contains(alert), "{error}");
        });
        let mut target = server.target();
        verifying(&mut target, SslMode::VerifyCa, &authority);
        let Failure::Verify(error) = connect(&target).outcome.unwrap_err() else {
            panic!("not verified")
        };
        assert_eq!(error.code, code);
        server.finish();
    }
}

#[test]
fn version_1_certificates_are_taken_as_libpq_takes_them() {
    let authority = Authority::new("trustly", KeyType::P256);
    let identity = authority.version_1("db.example");
    for version in [&TLS13, &TLS12] {
        let server = Server::start(vec![open_door(
            Tls {
                version,
                ..Tls::new(&identity)
            }
            .config(),
        )]);
        let mut target = server.target();
        verifying(&mut target, SslMode::VerifyFull, &authority);
        connect(&target).outcome.unwrap().close();
        server.finish();
    }
}

/// The one who holds only the certificate and not its key is found out, verification or not.
#[test]
fn a_stolen_certificate_is_of_no_use() {
    let authority = Authority::new("trustly", KeyType::P256);
    for version in [&TLS13, &TLS12] {
        let mut identity = authority.server("db.example");
        identity.key = authority.server("db.example").key;
        let server = Server::start(vec![unloved(
            Tls {
                version,
                ..Tls::new(&identity)
            }
            .config(),
        )]);
        let mut target = server.target();
        target.sslmode = SslMode::Require;
        let failure = connect(&target).outcome.unwrap_err();
        assert!(
            matches!(
                &failure,
                Failure::Tls(TlsFailure {
                    alert: None,
                    after_handshake: false,
                    ..
                })
            ),
            "{failure:?}"
        );
        server.finish();
    }
}

#[test]
fn client_keys_of_every_kind() {
    let authority = Authority::new("trustly", KeyType::P256);
    let identity = authority.server("db.example");
    for key_type in [
        KeyType::P256,
        KeyType::P384,
        KeyType::Rsa2048,
        KeyType::Ed25519,
    ] {
        let credentials = authority.client("slardiere", key_type);
        for version in [&TLS13, &TLS12] {
            let tls = Tls {
                version,
                authorities: Some(&authority),
                alpn: &[b"postgresql"],
                ..Tls::new(&identity)
            };
            let (config, expected) = (tls.config(), credentials.chain[0].der().to_vec());
            let server = Server::once(move |peer| {
                let mut peer = peer.answer_tls_request(b"S").start_tls(config);
                peer.parameters();
                let Peer::Tls(stream) = &peer else {
                    unreachable!()
                };
                assert_eq!(
                    stream.conn.peer_certificates().unwrap()[0].as_ref(),
                    expected
                );
                peer.welcome();
                peer.rest();
            });
            let mut target = server.target();
            target.sslmode = SslMode::Require;
            target.credentials = Some(credentials.clone());
            let attempt = connect(&target);
            attempt.outcome.unwrap().close();
            server.finish();
            let facts = attempt.report.tls.unwrap();
            assert!(
                facts.client_certificate_requested && facts.client_certificate_sent && facts.alpn
            );
            assert_eq!(
                facts.acceptable_authorities,
                [authority.certificate.subject_der()]
            );
        }
    }
}

/// A TLS 1.3 server says what it thinks of the client certificate only after the handshake.
#[test]
fn the_verdict_on_the_client_certificate_comes_by_alert() {
    let (authority, foreign) = (
        Authority::new("trustly", KeyType::P256),
        Authority::new("foreign", KeyType::P256),
    );
    let identity = authority.server("db.example");
    for (version, after_handshake) in [(&TLS13, true), (&TLS12, false)] {
        let config = Tls {
            version,
            authorities: Some(&authority),
            ..Tls::new(&identity)
        }
        .config();
        let server = Server::start(vec![unloved(config)]);
        let mut target = server.target();
        target.sslmode = SslMode::Require;
        target.credentials = Some(foreign.client("slardiere", KeyType::P256));
        let attempt = connect(&target);
        let Failure::Tls(failure) = attempt.outcome.unwrap_err() else {
            panic!("no TLS failure")
        };
        assert_eq!(failure.alert, Some(Alert::UNKNOWN_CA));
        assert!(failure.client_certificate_requested && failure.client_certificate_sent);
        assert_eq!(failure.after_handshake, after_handshake);
        insta::allow_duplicates! { insta::assert_snapshot!(failure, @"SSL error: alert unknown_ca"); }
        server.finish();
    }
}

#[test]
fn a_key_of_another_certificate_is_noticed_before_it_is_sent() {
    let authority = Authority::new("trustly", KeyType::P256);
    let server = Server::once(|peer| assert_eq!(peer.answer_tls_request(b"S").rest(), []));
    let mut target = server.target();
    target.sslmode = SslMode::Require;
    let mut credentials = authority.client("slardiere", KeyType::P256);
    credentials.key = authority.client("slardiere", KeyType::P256).key;
    target.credentials = Some(credentials);
    assert_eq!(connect(&target).outcome.unwrap_err(), Failure::KeyMismatch);
    server.finish();
}

#[test]
fn prefer_tries_again_in_clear_after_a_refusal_over_tls() {
    let authority = Authority::new("trustly", KeyType::P256);
    let config = Tls::new(&authority.server("db.example")).config();
    let scripts: Vec<Script> = vec![
        Box::new(|peer| {
            let mut peer = peer.answer_tls_request(b"S").start_tls(config);
            peer.parameters();
            peer.fatal("28000", "connection requires a valid client certificate");
            peer.rest();
        }),
        Box::new(|mut peer| {
            peer.parameters();
            peer.fatal("28000", "no pg_hba.conf entry, no encryption");
            peer.rest();
        }),
    ];
    let server = Server::start(scripts);
    let attempt = connect(&server.target());
    insta::assert_snapshot!(attempt.outcome.unwrap_err(), @"FATAL: no pg_hba.conf entry, no encryption");
    assert!(attempt.report.tls.is_none());
    let [first] = attempt.report.fallbacks.as_slice() else {
        panic!("one fallback")
    };
    assert_eq!(first.transport, Transport::Tls);
    assert!(first.tls.is_some());
    insta::assert_snapshot!(first.failure, @"FATAL: connection requires a valid client certificate");
    server.finish();
}

/// The trap of `prefer`: who stands in between has only to present a wrong certificate to get plain text.
#[test]
fn prefer_tries_again_in_clear_after_a_failed_handshake() {
    let (authority, foreign) = (
        Authority::new("trustly", KeyType::P256),
        Authority::new("foreign", KeyType::P256),
    );
    let config = Tls::new(&foreign.server("db.example")).config();
    let welcome: Script = Box::new(|mut peer| {
        peer.parameters();
        peer.welcome();
        peer.rest();
    });
    let server = Server::start(vec![unloved(config), welcome]);
    let mut target = server.target();
    verifying(&mut target, SslMode::Prefer, &authority);
    let attempt = connect(&target);
    attempt.outcome.unwrap().close();
    assert!(attempt.report.tls.is_none());
    assert!(matches!(
        attempt.report.fallbacks[0].failure,
        Failure::Verify(_)
    ));
    server.finish();
}

/// The verdict of a TLS 1.3 server comes after the handshake, and libpq does not try again then.
#[test]
fn prefer_does_not_try_again_after_a_late_alert() {
    let (authority, foreign) = (
        Authority::new("trustly", KeyType::P256),
        Authority::new("foreign", KeyType::P256),
    );
    let identity = authority.server("db.example");
    let server = Server::start(vec![unloved(
        Tls {
            authorities: Some(&authority),
            ..Tls::new(&identity)
        }
        .config(),
    )]);
    let mut target = server.target();
    target.credentials = Some(foreign.client("slardiere", KeyType::P256));
    let attempt = connect(&target);
    assert!(matches!(attempt.outcome.unwrap_err(), Failure::Tls(_)));
    assert!(attempt.report.fallbacks.is_empty());
    server.finish();
}

#[test]
fn allow_goes_to_tls_when_refused_in_clear() {
    let authority = Authority::new("trustly", KeyType::P256);
    let config = Tls::new(&authority.server("db.example")).config();
    let refused: Script = Box::new(|mut peer| {
        peer.parameters();
        peer.fatal("28000", "no entry, no encryption");
        peer.rest();
    });
    let server = Server::start(vec![refused, open_door(config)]);
    let mut target = server.target();
    target.sslmode = SslMode::Allow;
    let attempt = connect(&target);
    attempt.outcome.unwrap().close();
    assert!(attempt.report.tls.is_some());
    assert_eq!(attempt.report.fallbacks[0].transport, Transport::Plain);
    server.finish();
}

#[test]
fn direct_tls_needs_alpn() {
    let authority = Authority::new("trustly", KeyType::P256);
    let identity = authority.server("db.example");
    let direct = |alpn: &'static [&'static [u8]], welcome: bool| {
        let config = Tls {
            alpn,
            ..Tls::new(&identity)
        }
        .config();
        let server = Server::once(move |peer| {
            let mut peer = peer.start_tls(config);
            if welcome {
                peer.parameters();
                peer.welcome();
            }
            peer.rest();
        });
        let mut target = server.target();
        verifying(&mut target, SslMode::VerifyFull, &authority);
        target.negotiation = SslNegotiation::Direct;
        let attempt = connect(&target);
        let failure = attempt.outcome.err();
        server.finish();
        failure
    };
    assert_eq!(direct(&[b"postgresql"], true), None);
    assert_eq!(direct(&[], false), Some(Failure::NoAlpn));
    let Some(Failure::Tls(failure)) = direct(&[b"http/1.1"], false) else {
        panic!("no TLS failure")
    };
    assert_eq!(failure.alert, Some(Alert::NO_APPLICATION_PROTOCOL));
}

/// Servers before 17 take a ClientHello for a startup packet and close.
#[test]
fn direct_tls_and_an_old_server() {
    let server = Server::once(|mut peer| {
        std::io::Read::read(&mut peer, &mut [0; 1]).unwrap();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Require;
    target.negotiation = SslNegotiation::Direct;
    assert_eq!(
        connect(&target).outcome.unwrap_err(),
        Failure::Closed {
            step: Step::Handshake
        }
    );
    server.finish();
}

#[test]
fn shows_what_is_served_without_judging_it() {
    let (authority, foreign) = (
        Authority::new("trustly", KeyType::P256),
        Authority::new("foreign", KeyType::Ed25519),
    );
    let identity = foreign.server("elsewhere.example");
    let config = Tls {
        authorities: Some(&authority),
        ..Tls::new(&identity)
    }
    .config();
    let server = Server::once(move |peer| {
        let mut peer = peer.answer_tls_request(b"S").start_tls(config);
        assert_eq!(peer.rest(), []);
    });
    let (report, outcome) = served(
        &server.address(),
        SslNegotiation::Postgres,
        Duration::from_secs(20),
    );
    assert_eq!(outcome, Ok(()));
    assert_eq!(report.server_certificate, identity.chain);
    let facts = report.tls.unwrap();
    assert!(facts.client_certificate_requested && !facts.client_certificate_sent);
    assert_eq!(
        facts.acceptable_authorities,
        [authority.certificate.subject_der()]
    );
    server.finish();
}

/// libpq names the host unless it looks like an address.
#[test]
fn names_the_host_to_the_server() {
    let authority = Authority::new("trustly", KeyType::P256);
    let identity = authority.server("db.example");
    for (host, sni) in [
        ("db.example", Some("db.example")),
        ("tolva", Some("tolva")),
        ("127.0.0.1", None),
        ("::1", None),
        ("1.2", None),
        ("not a name", None),
    ] {
        let config = Tls::new(&identity).config();
        let server = Server::once(move |peer| {
            let mut peer = peer.answer_tls_request(b"S").start_tls(config);
            peer.parameters();
            let Peer::Tls(stream) = &peer else {
                unreachable!()
            };
            assert_eq!(stream.conn.server_name(), sni);
            peer.welcome();
            peer.rest();
        });
        let mut target = server.target();
        target.sslmode = SslMode::Require;
        if let pg_probe::Address::Tcp { host: name, .. } = &mut target.address {
            host.clone_into(name);
        }
        connect(&target).outcome.unwrap().close();
        server.finish();
    }
}
