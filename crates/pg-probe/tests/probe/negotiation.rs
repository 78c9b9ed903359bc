//! SSLRequest and its answers, and the order in which the sslmodes try. What needs a real handshake is in `tls`.

use pg_config::conninfo::{SslMode, SslNegotiation};
use pg_probe::{Failure, Step, Transport, connect, served};

use crate::server::{Peer, Script, Server};

/// The failure under an sslmode when SSLRequest is answered like this and nothing follows.
fn answered(mode: SslMode, answer: &'static [u8]) -> Failure {
    let server = Server::once(move |peer| {
        let mut peer = peer.answer_tls_request(answer);
        assert_eq!(peer.rest(), []);
    });
    let mut target = server.target();
    target.sslmode = mode;
    target.roots = Some(Vec::new());
    let failure = connect(&target).outcome.unwrap_err();
    server.finish();
    failure
}

#[test]
fn no_is_an_answer() {
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        assert_eq!(answered(mode, b"N"), Failure::NoTls);
    }
}

#[test]
fn prefer_goes_on_in_clear_after_no_and_does_not_try_again() {
    let server = Server::once(|peer| {
        let mut peer = peer.answer_tls_request(b"N");
        peer.parameters();
        peer.fatal("28000", "no entry");
        peer.rest();
    });
    let attempt = connect(&server.target());
    assert!(matches!(attempt.outcome, Err(Failure::Server(_))));
    assert!(attempt.report.fallbacks.is_empty());
    server.finish();
}

#[test]
fn bytes_in_clear_after_the_answer_are_an_attack() {
    assert_eq!(answered(SslMode::Require, b"SE"), Failure::Stuffed);
    assert_eq!(answered(SslMode::Prefer, b"NR"), Failure::Stuffed);
}

#[test]
fn an_error_instead_of_the_answer_is_not_shown() {
    insta::assert_snapshot!(answered(SslMode::Require, b"E\0\0\0\x20SFATAL\0Mbelieve me\0\0"), @"server sent an error response during SSL exchange");
}

#[test]
fn other_servers_are_told() {
    insta::assert_snapshot!(answered(SslMode::Prefer, b"HTTP/1.1 400 Bad Request"), @"received invalid response to SSL negotiation: 0x48");

    let server = Server::once(|peer| drop(peer.answer_tls_request(b"")));
    let failure = connect(&server.target()).outcome.unwrap_err();
    assert_eq!(
        failure,
        Failure::Closed {
            step: Step::TlsRequest
        }
    );
    server.finish();
}

#[test]
fn roots_are_needed_to_verify() {
    for mode in [SslMode::VerifyCa, SslMode::VerifyFull] {
        let server = Server::once(|peer| assert_eq!(peer.answer_tls_request(b"S").rest(), []));
        let mut target = server.target();
        target.sslmode = mode;
        assert_eq!(connect(&target).outcome.unwrap_err(), Failure::NoRoots);
        server.finish();
    }
}

#[test]
fn direct_needs_a_strong_mode() {
    for mode in [SslMode::Disable, SslMode::Allow, SslMode::Prefer] {
        let server = Server::start(vec![]);
        let mut target = server.target();
        target.sslmode = mode;
        target.negotiation = SslNegotiation::Direct;
        assert_eq!(connect(&target).outcome.unwrap_err(), Failure::WeakDirect);
        server.finish();
    }
}

#[test]
fn allow_tries_tls_only_when_refused_in_clear() {
    let scripts: Vec<Script> = vec![
        Box::new(|mut peer: Peer| {
            peer.parameters();
            peer.fatal("28000", "no entry, no encryption");
        }),
        Box::new(|peer: Peer| {
            let mut peer = peer.answer_tls_request(b"N");
            peer.parameters();
            peer.fatal("28000", "no entry, still no encryption");
        }),
    ];
    let server = Server::start(scripts);
    let mut target = server.target();
    target.sslmode = SslMode::Allow;
    let attempt = connect(&target);
    insta::assert_snapshot!(attempt.outcome.unwrap_err(), @"FATAL: no entry, still no encryption");
    let [first] = attempt.report.fallbacks.as_slice() else {
        panic!("one fallback")
    };
    assert_eq!(first.transport, Transport::Plain);
    insta::assert_snapshot!(first.failure, @"FATAL: no entry, no encryption");
    server.finish();
}

#[test]
fn nothing_is_tried_again_after_the_login() {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.reply('R', &[0, 0, 0, 0]);
        peer.fatal("3D000", "database \"postgres\" does not exist");
    });
    let mut target = server.target();
    target.sslmode = SslMode::Allow;
    let attempt = connect(&target);
    assert!(attempt.outcome.is_err() && attempt.report.fallbacks.is_empty());
    server.finish();
}

#[test]
fn looking_at_the_certificate_needs_tls() {
    let server = Server::once(|peer| assert_eq!(peer.answer_tls_request(b"N").rest(), []));
    let (report, outcome) = served(
        &server.address(),
        SslNegotiation::Postgres,
        std::time::Duration::from_secs(20),
    );
    assert_eq!(outcome, Err(Failure::NoTls));
    assert!(report.server_certificate.is_empty());
    server.finish();
}
