//! What goes wrong around TLS and login: no server, no TLS, no PostgreSQL, no password, no channel binding.

use pg_config::conninfo::SslNegotiation;
use pg_probe::{AuthMethod, Failure, Step};

use crate::Finding;
use crate::scene::Scene;

/// What such a failure means.
pub(crate) fn finding(scene: &Scene<'_>, failure: &Failure) -> Finding {
    let host = scene.host();
    let finding = match failure {
        Failure::Lookup { host, .. } => Finding::error("host-unknown", format!("the name \"{host}\" cannot be looked up"))
            .fix("check the spelling; give the address with hostaddr, or put the name into /etc/hosts or DNS"),
        Failure::Refused { address } => Finding::error("connection-refused", format!("no server listens on {address}"))
            .fix("check that PostgreSQL runs, its port, and listen_addresses (`localhost` by default; a change needs a restart)"),
        Failure::Unreachable { address, .. } => Finding::error("unreachable", format!("{address} cannot be reached"))
            .fix("check address, port and firewall; for a local socket the folder (unix_socket_directories) and port"),
        Failure::Timeout { step, .. } => Finding::error("timeout", format!("the server did not answer in time ({step})"))
            .fix("check address and firewall; a server that accepts and stays silent may be overloaded"),
        Failure::NoTls => Finding::error("tls-off", format!("{host} offers no TLS"))
            .fix("set ssl=on and reload. If it is on: the last reload failed (the log says `SSL configuration was not reloaded`), or a proxy is in between"),
        Failure::ErrorBeforeTls => Finding::error("server-error", "the server cannot take connections at the moment").fix("the server's log names the reason (memory, processes)"),
        Failure::NoPostgres(_) => Finding::error("not-postgresql", format!("what answers on {host} is no PostgreSQL server")).fix("check host and port"),
        Failure::Stuffed => Finding::error("data-injected", "bytes in plain text were slipped in before TLS: somebody in between attacks this connection, or a proxy is broken")
            .fix("do not use this path; look at what is between client and server"),
        Failure::NoRoots => Finding::error("roots-missing", format!("sslmode={} needs the authority's certificate, and there is no root file", scene.target.sslmode))
            .fix("put it into ~/.postgresql/root.crt or name its file with sslrootcert"),
        Failure::NoHostName => Finding::error("host-name-missing", "verify-full needs a host name, only hostaddr is given").fix("give the name that is in the server's certificate with host"),
        Failure::WeakDirect => Finding::error("weak-direct", format!("sslnegotiation=direct does not go with sslmode={}", scene.target.sslmode)).fix("set sslmode=verify-full"),
        Failure::NoAlpn => too_old(),
        Failure::KeyMismatch => Finding::error("client-key-mismatch", "the private key is not the one of the client certificate")
            .all_seen(scene.presented())
            .fix("name the pair that belongs together with sslcert and sslkey"),
        Failure::UnusableKey { .. } => Finding::error("client-key-unusable", "the client's private key cannot be used for TLS").fix("use a P-256, P-384, RSA or Ed25519 key"),
        Failure::PasswordNeeded { method } => password_needed(scene, method),
        Failure::UnsupportedAuthentication { method } => Finding::error("authentication-unsupported", format!("the rule that decides wants {method}, which is not spoken here"))
            .fix("see in pg_hba_file_rules which rule decides: the first that matches"),
        Failure::Scram { .. } => Finding::error("server-not-authenticated", "the server did not prove that it knows the password").fix("what answers may not be the server it claims to be: use sslmode=verify-full"),
        Failure::NoChannelBinding { .. } => Finding::error("channel-binding-missing", "channel_binding=require, but this login has none: only SCRAM passwords over TLS are bound")
            .fix("with certificates leave channel_binding at prefer; verify-full and the client certificate secure both ends"),
        Failure::ChannelBindingDigest => Finding::error("channel-binding-impossible", "the server's certificate is signed by an Ed25519 authority: password logins (SCRAM) with channel binding fail")
            .all_seen(scene.served())
            .fix("use an authority with a P-256 or RSA key; until then channel_binding=disable, or log in with a certificate"),
        Failure::Closed { step: Step::Handshake | Step::TlsRequest } if scene.target.negotiation == SslNegotiation::Direct => too_old(),
        Failure::Closed { step } => Finding::error("connection-closed", format!("the server closed the connection without a word ({step})"))
            .fix("the server's log names the reason; a proxy, a connection limit or a crash are frequent ones"),
        other => Finding::error("unexpected", format!("the connection failed: {other}")).fix("check that a PostgreSQL server answers there"),
    };
    if finding.evidence.is_empty() || !matches!(failure, Failure::PasswordNeeded { .. }) {
        finding.seen(failure.to_string())
    } else {
        finding
    }
}

fn too_old() -> Finding {
    Finding::error(
        "no-direct-tls",
        "the server does not know sslnegotiation=direct (PostgreSQL 17 and newer do)",
    )
    .fix("leave sslnegotiation at postgres")
}

fn password_needed(scene: &Scene<'_>, method: &AuthMethod) -> Finding {
    let user = &scene.target.user;
    let finding = Finding::error(
        "password-needed",
        format!("the rule that decides wants a password ({method}), and there is none"),
    )
    .seen(format!("the server asks for: {method}"))
    .all_seen(scene.presented());
    if scene.sent() {
        finding.fix(format!("the certificate was accepted, but another rule stands before the `cert` rule: `pgcert setup --role {user}` puts it where it decides"))
    } else {
        finding.fix(format!("give the password (~/.pgpass), or let a certificate be enough: `pgcert setup --role {user}`"))
    }
}
