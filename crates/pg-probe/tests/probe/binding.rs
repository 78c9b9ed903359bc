//! SCRAM bound to the server's certificate, and the logins that cannot be.

use pg_config::conninfo::{ChannelBinding, SslMode};
use pg_probe::{AuthMethod, Failure, connect};
use pki_core::{KeyType, Secret};

use crate::pki::{Authority, Tls};
use crate::scram::exchange;
use crate::server::Server;

/// A SCRAM login over TLS with a server whose certificate was signed by this kind of key.
fn scram(
    signer: KeyType,
    demand: ChannelBinding,
    offer: &'static [u8],
    mechanism: &'static str,
) -> (Option<AuthMethod>, Option<Failure>) {
    let authority = Authority::new("trustly", signer);
    let identity = authority.server("db.example");
    let digest = match signer {
        KeyType::P384 => &aws_lc_rs::digest::SHA384,
        _ => &aws_lc_rs::digest::SHA256,
    };
    let hash = aws_lc_rs::digest::digest(digest, identity.chain[0].der());
    let config = Tls::new(&identity).config();
    let binding = match (mechanism, demand) {
        ("SCRAM-SHA-256-PLUS", _) => [b"p=tls-server-end-point,,", hash.as_ref()].concat(),
        (_, ChannelBinding::Disable) => b"n,,".to_vec(),
        _ => b"y,,".to_vec(),
    };
    let server = Server::once(move |peer| {
        let mut peer = peer.answer_tls_request(b"S").start_tls(config);
        peer.parameters();
        peer.reply('R', &[&[0, 0, 0, 10], offer, &[0]].concat());
        if !mechanism.is_empty() {
            exchange(&mut peer, mechanism, &binding, true);
            peer.welcome();
        }
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Require;
    target.channel_binding = demand;
    target.password = Some(Secret::new(b"secret".to_vec()));
    let attempt = connect(&target);
    let failure = attempt.outcome.err();
    server.finish();
    (attempt.report.auth_method, failure)
}

const BOTH: &[u8] = b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0";
const UNBOUND: &[u8] = b"SCRAM-SHA-256\0";

#[test]
fn scram_is_bound_to_the_servers_certificate() {
    for signer in [KeyType::P256, KeyType::P384, KeyType::Rsa2048] {
        for demand in [ChannelBinding::Prefer, ChannelBinding::Require] {
            let done = scram(signer, demand, BOTH, "SCRAM-SHA-256-PLUS");
            assert_eq!(
                done,
                (
                    Some(AuthMethod::Scram {
                        channel_binding: true
                    }),
                    None
                )
            );
        }
    }
}

#[test]
fn scram_without_binding_says_why() {
    let unbound = Some(AuthMethod::Scram {
        channel_binding: false,
    });
    assert_eq!(
        scram(
            KeyType::P256,
            ChannelBinding::Disable,
            BOTH,
            "SCRAM-SHA-256"
        ),
        (unbound.clone(), None)
    );
    assert_eq!(
        scram(
            KeyType::P256,
            ChannelBinding::Prefer,
            UNBOUND,
            "SCRAM-SHA-256"
        ),
        (unbound, None)
    );
    let (_, failure) = scram(KeyType::P256, ChannelBinding::Require, UNBOUND, "");
    assert!(matches!(failure, Some(Failure::NoChannelBinding { .. })));
}

/// As in every libpq: the certificate's signature has no digest.
#[test]
fn an_ed25519_authority_breaks_channel_binding() {
    let (_, failure) = scram(KeyType::Ed25519, ChannelBinding::Prefer, BOTH, "");
    assert_eq!(failure, Some(Failure::ChannelBindingDigest));
    let (_, failure) = scram(
        KeyType::Ed25519,
        ChannelBinding::Disable,
        BOTH,
        "SCRAM-SHA-256",
    );
    assert_eq!(failure, None);
}
