//! SCRAM without TLS against a server side written from RFC 5802; with channel binding it is in `binding`.

use aws_lc_rs::{digest, hmac, pbkdf2};
use pg_config::conninfo::SslMode;
use pg_probe::{AuthMethod, Failure, connect};
use pki_core::Secret;

use crate::server::{Peer, Server};

/// Plays the server's side of a SCRAM exchange with the password `secret`, after AuthenticationSASL was sent. `binding` is what the
/// client must have bound to: the GS2 header and the data.
pub(crate) fn exchange(peer: &mut Peer, mechanism: &str, binding: &[u8], honest: bool) {
    let (kind, body) = peer.message();
    assert_eq!(kind, 'p');
    let (name, rest) = body.split_at(mechanism.len());
    assert_eq!(name, mechanism.as_bytes());
    let first = std::str::from_utf8(&rest[5..]).unwrap();
    let header = binding
        .iter()
        .position(|byte| *byte == b',')
        .map(|at| &binding[..at + 2])
        .unwrap();
    let bare = first
        .strip_prefix(std::str::from_utf8(header).unwrap())
        .unwrap();
    let nonce = format!("{}server", bare.strip_prefix("n=,r=").unwrap());
    let server_first = format!("r={nonce},s=c2FsdHNhbHQ=,i=4096");
    peer.reply('R', &[&[0, 0, 0, 11], server_first.as_bytes()].concat());

    let (_, last) = peer.message();
    let last = String::from_utf8(last).unwrap();
    let (without_proof, proof) = last.split_once(",p=").unwrap();
    assert_eq!(without_proof, format!("c={},r={nonce}", base64(binding)));
    let mut salted = [0; 32];
    let rounds = std::num::NonZeroU32::new(4096).unwrap();
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        rounds,
        b"saltsalt",
        b"secret",
        &mut salted,
    );
    let mac = |key: &[u8], data: &[u8]| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
            .as_ref()
            .to_vec()
    };
    let message = format!("{bare},{server_first},{without_proof}");
    let client_key = mac(&salted, b"Client Key");
    let stored = digest::digest(&digest::SHA256, &client_key);
    let signature = mac(stored.as_ref(), message.as_bytes());
    let expected: Vec<u8> = client_key
        .iter()
        .zip(signature)
        .map(|(key, signature)| key ^ signature)
        .collect();
    assert_eq!(proof, base64(&expected));
    let server_key = mac(&salted, if honest { b"Server Key" } else { b"Guessed..." });
    let verifier = format!("v={}", base64(&mac(&server_key, message.as_bytes())));
    peer.reply('R', &[&[0, 0, 0, 12], verifier.as_bytes()].concat());
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        for place in 0..4 {
            text.push(if place <= chunk.len() {
                char::from(ALPHABET[group >> (18 - 6 * place) & 63])
            } else {
                '='
            });
        }
    }
    text
}

fn log_in(
    script: impl FnOnce(&mut Peer) + Send + 'static,
) -> (Option<AuthMethod>, Option<Failure>) {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.reply('R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
        script(&mut peer);
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    target.password = Some(Secret::new(b"secret".to_vec()));
    let attempt = connect(&target);
    let failure = attempt.outcome.err();
    server.finish();
    (attempt.report.auth_method, failure)
}

#[test]
fn both_sides_prove_that_they_know_the_password() {
    let (method, failure) = log_in(|peer| {
        exchange(peer, "SCRAM-SHA-256", b"n,,", true);
        peer.welcome();
    });
    assert_eq!(
        (method, failure),
        (
            Some(AuthMethod::Scram {
                channel_binding: false
            }),
            None
        )
    );
}

#[test]
fn a_server_that_does_not_know_the_password_is_refused() {
    let (_, failure) = log_in(|peer| exchange(peer, "SCRAM-SHA-256", b"n,,", false));
    insta::assert_snapshot!(failure.unwrap(), @"SCRAM exchange failed: SCRAM verification error");
    let (_, failure) = log_in(|peer| {
        peer.message();
        peer.reply('R', &[0, 0, 0, 0]);
    });
    insta::assert_snapshot!(failure.unwrap(), @"SCRAM exchange failed: server did not prove that it knows the password");
}

#[test]
fn a_foreign_nonce_is_refused() {
    let (_, failure) = log_in(|peer| {
        peer.message();
        peer.reply('R', b"\0\0\0\x0br=replayed,s=c2FsdA==,i=4096");
    });
    insta::assert_snapshot!(failure.unwrap(), @"SCRAM exchange failed: invalid nonce");
}

#[test]
fn mechanism_with_binding_makes_no_sense_in_clear() {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.reply('R', b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    target.password = Some(Secret::new(b"secret".to_vec()));
    insta::assert_snapshot!(connect(&target).outcome.unwrap_err(), @"unexpected answer from the server: server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection");
    server.finish();
}
