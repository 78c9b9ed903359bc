//! Startup and authentication without TLS.

use std::time::Duration;

use pg_config::conninfo::{ChannelBinding, SslMode};
use pg_probe::{Address, AuthMethod, Failure, Report, Step, Target, connect, connect_any};
use pki_core::Secret;

use crate::server::{Peer, Server, error_body};

/// What the client makes of a server that answers the startup message like this, without TLS.
fn fails(script: impl FnOnce(&mut Peer) + Send + 'static) -> Failure {
    fails_with(|_| {}, script)
}

fn fails_with(
    set: impl FnOnce(&mut Target),
    script: impl FnOnce(&mut Peer) + Send + 'static,
) -> Failure {
    let server = Server::once(|mut peer| {
        peer.parameters();
        script(&mut peer);
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    set(&mut target);
    let attempt = connect(&target);
    let failure = attempt.outcome.unwrap_err();
    let last = attempt.report.stages.last().unwrap();
    assert!(!last.ok);
    assert_eq!(last.detail, failure.to_string());
    server.finish();
    failure
}

fn steps(report: &Report) -> String {
    let each = report.stages.iter().map(|stage| {
        format!(
            "{} {}: {}",
            stage.step,
            if stage.ok { "ok" } else { "no" },
            stage.detail
        )
    });
    each.collect::<Vec<_>>().join("\n")
}

#[test]
fn says_who_it_is() {
    let server = Server::once(|mut peer| {
        insta::assert_snapshot!(peer.parameters(), @r"
        user=slardiere
        database=postgres
        replication=true
        options=-c search_path=pg_catalog
        application_name=pgcert
        client_encoding=LATIN1
        timezone=
        ");
        peer.welcome();
        assert_eq!(peer.message(), ('X', vec![]));
        assert_eq!(peer.rest(), []);
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    target.application_name = "pgcert".to_owned();
    target.replication = "true".to_owned();
    target.client_encoding = "LATIN1".to_owned();
    target.settings = vec![("timezone".to_owned(), String::new())];
    target.options = "-c search_path=pg_catalog".to_owned();
    let attempt = connect(&target);
    let session = attempt.outcome.unwrap();
    assert_eq!(session.parameter_status("server_version"), Some("15.18"));
    assert_eq!(session.process_id(), 77);
    drop(session);
    server.finish();
    assert_eq!(attempt.report.auth_method, Some(AuthMethod::NoChallenge));
    assert!(attempt.report.tls.is_none() && attempt.report.fallbacks.is_empty());
    let Address::Tcp { port, .. } = target.address else {
        unreachable!()
    };
    insta::assert_snapshot!(steps(&attempt.report).replace(&port.to_string(), "PORT"), @r"
    lookup ok: 127.0.0.1
    connect ok: 127.0.0.1:PORT
    login ok: no challenge
    ready ok: PostgreSQL 15.18
    ");
}

#[test]
fn goes_on_to_the_next_host_only_where_one_cannot_be_reached() {
    let refuses = |after: &mut Peer| {
        after.parameters();
        after.fatal("28000", "no");
        after.rest();
    };
    let server = Server::once(move |mut peer| refuses(&mut peer));
    let mut answers = server.target();
    answers.sslmode = SslMode::Disable;
    let mut nobody = answers.clone();
    nobody.address = Address::Tcp {
        host: "127.0.0.1".to_owned(),
        ip: None,
        port: 1,
    };
    let tried = connect_any([&nobody, &answers, &nobody]);
    server.finish();
    let failures = tried
        .iter()
        .map(|(_, attempt)| attempt.outcome.as_ref().err());
    assert!(matches!(
        failures.collect::<Vec<_>>()[..],
        [Some(Failure::Refused { .. }), Some(Failure::Server(_))]
    ));
    assert_eq!(tried[1].0.address, answers.address);
}

#[test]
fn leaves_out_what_is_empty() {
    let server = Server::once(|mut peer| {
        insta::assert_snapshot!(peer.parameters(), @r"
        user=slardiere
        database=postgres
        client_encoding=UTF8
        ");
        peer.welcome();
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    connect(&target).outcome.unwrap().close();
    server.finish();
}

#[test]
fn sends_the_password_in_clear_where_the_server_wants_it_so() {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.reply('R', &[0, 0, 0, 3]);
        assert_eq!(peer.message(), ('p', b"secret\0".to_vec()));
        peer.welcome();
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    target.password = Some(Secret::new(b"secret".to_vec()));
    let attempt = connect(&target);
    attempt.outcome.unwrap();
    assert_eq!(attempt.report.auth_method, Some(AuthMethod::Cleartext));
    server.finish();
}

/// The hash: `md5` || md5(md5(password || user) || salt), computed with md5sum.
#[test]
fn hashes_the_password_with_md5() {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.reply('R', &[0, 0, 0, 5, 1, 2, 3, 4]);
        let (kind, body) = peer.message();
        assert_eq!(
            (kind, String::from_utf8(body).unwrap().as_str()),
            ('p', "md5529b01f165ebd0d0a6b3adf132c3d02b\0")
        );
        peer.welcome();
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    target.password = Some(Secret::new(b"secret".to_vec()));
    let attempt = connect(&target);
    attempt.outcome.unwrap();
    assert_eq!(attempt.report.auth_method, Some(AuthMethod::Md5));
    server.finish();
}

#[test]
fn names_the_method_when_there_is_no_password() {
    for (challenge, method) in [
        (&[0, 0, 0, 3][..], AuthMethod::Cleartext),
        (&[0, 0, 0, 5, 1, 2, 3, 4], AuthMethod::Md5),
        (
            b"\0\0\0\x0aSCRAM-SHA-256\0\0",
            AuthMethod::Scram {
                channel_binding: false,
            },
        ),
    ] {
        let failure = fails(move |peer| peer.reply('R', challenge));
        assert_eq!(failure, Failure::PasswordNeeded { method });
    }
    // libpq takes an empty password for none.
    let failure = fails_with(
        |target| target.password = Some(Secret::new(Vec::new())),
        |peer| peer.reply('R', &[0, 0, 0, 3]),
    );
    assert_eq!(
        failure,
        Failure::PasswordNeeded {
            method: AuthMethod::Cleartext
        }
    );
}

#[test]
fn does_not_pretend_to_speak_what_it_does_not() {
    for (challenge, name) in [
        (&[0, 0, 0, 7][..], "GSSAPI"),
        (&[0, 0, 0, 9], "SSPI"),
        (b"\0\0\0\x0aOAUTHBEARER\0\0", "OAUTHBEARER"),
    ] {
        let failure = fails(move |peer| peer.reply('R', challenge));
        assert_eq!(
            failure,
            Failure::UnsupportedAuthentication {
                method: AuthMethod::Other(name.to_owned())
            }
        );
    }
}

#[test]
fn keeps_every_field_of_an_error() {
    let body = b"SFATAL\0VFATAL\0C28000\0Mno entry\0Ddetail\0Hhint\0Wcontext\0Fauth.c\0L542\0RClientAuthentication\0\0";
    let Failure::Server(error) = fails(|peer| peer.reply('E', body)) else {
        panic!("no server error")
    };
    insta::assert_debug_snapshot!(error, @r#"
    ServerError {
        severity: "FATAL",
        code: "28000",
        message: "no entry",
        detail: Some(
            "detail",
        ),
        hint: Some(
            "hint",
        ),
        context: Some(
            "context",
        ),
        routine: Some(
            "ClientAuthentication",
        ),
        others: [
            (
                'F',
                "auth.c",
            ),
            (
                'L',
                "542",
            ),
        ],
    }
    "#);
    insta::assert_snapshot!(error, @r"
    FATAL: no entry
    DETAIL: detail
    HINT: hint
    CONTEXT: context
    ");
}

#[test]
fn finds_out_late_that_a_role_does_not_exist() {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.reply('R', &[0, 0, 0, 0]);
        peer.fatal("28000", "role \"slardiere\" does not exist");
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    let attempt = connect(&target);
    insta::assert_snapshot!(attempt.outcome.unwrap_err(), @r#"FATAL: role "slardiere" does not exist"#);
    assert_eq!(attempt.report.stages.last().unwrap().step, Step::Ready);
    server.finish();
}

#[test]
fn tells_what_is_no_server() {
    insta::assert_snapshot!(fails(|peer| peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")), @"unexpected answer from the server: expected authentication request from server, but received 'H'");
    insta::assert_snapshot!(fails(|peer| peer.send(&[b'R', 0, 1, 0, 0])), @"unexpected answer from the server: message 'R' of 65536 bytes");
    insta::assert_snapshot!(fails(|peer| peer.send(&[b'R', 0, 0, 0, 1])), @"unexpected answer from the server: invalid message length: header length < 4");
    insta::assert_snapshot!(fails(|peer| peer.reply('R', &[0, 0, 0, 99])), @"unexpected answer from the server: unknown authentication tag `99`");
    insta::assert_snapshot!(fails(|peer| peer.reply('R', &[0, 0, 0, 12])), @"unexpected answer from the server: a message out of order");
    insta::assert_snapshot!(fails(|peer| peer.reply('Z', b"I")), @"unexpected answer from the server: expected authentication request from server, but received 'Z'");
}

#[test]
fn a_server_that_goes_away_is_told_from_one_that_is_silent() {
    let server = Server::once(|mut peer| {
        peer.parameters();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    assert_eq!(
        connect(&target).outcome.unwrap_err(),
        Failure::Closed { step: Step::Login }
    );
    server.finish();

    let after = Duration::from_millis(200);
    let failure = fails_with(|target| target.timeout = after, |_| {});
    assert_eq!(
        failure,
        Failure::Timeout {
            step: Step::Login,
            after
        }
    );
}

#[test]
fn nothing_listens_there() {
    let server = Server::start(vec![]);
    let mut target = server.target();
    server.finish();
    let Address::Tcp { port, .. } = target.address else {
        unreachable!()
    };
    let failure = connect(&target).outcome.unwrap_err();
    assert_eq!(
        failure,
        Failure::Refused {
            address: format!("127.0.0.1:{port}")
        }
    );

    target.address = Address::Unix {
        socket: "/nonexistent/.s.PGSQL.5432".into(),
    };
    insta::assert_snapshot!(connect(&target).outcome.unwrap_err(), @"connection to /nonexistent/.s.PGSQL.5432 failed: No such file or directory");
    target.address = Address::Tcp {
        host: "does-not-exist.invalid".to_owned(),
        ip: None,
        port,
    };
    let attempt = connect(&target);
    let Failure::Lookup { host, reason } = attempt.outcome.unwrap_err() else {
        panic!("looked up")
    };
    assert_eq!(host, "does-not-exist.invalid");
    assert!(!reason.contains("lookup"), "{reason}");
    assert_eq!(attempt.report.stages.len(), 1);
}

/// `localhost` is often ::1 first, where nobody listens here.
#[test]
fn goes_on_to_the_next_address() {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.welcome();
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    if let Address::Tcp { host, ip, .. } = &mut target.address {
        "localhost".clone_into(host);
        *ip = None;
    }
    connect(&target).outcome.unwrap().close();
    server.finish();
}

#[test]
fn channel_binding_may_be_demanded() {
    let demand = |target: &mut Target| target.channel_binding = ChannelBinding::Require;
    insta::assert_snapshot!(fails_with(demand, |peer| peer.reply('R', &[0, 0, 0, 0])), @"channel binding required, but server authenticated client without channel binding");
    insta::assert_snapshot!(fails_with(demand, |peer| peer.reply('R', &[0, 0, 0, 3])), @"channel binding required, but channel binding is not supported by server's authentication request");
    insta::assert_snapshot!(fails_with(demand, |peer| peer.reply('R', b"\0\0\0\x0aSCRAM-SHA-256\0\0")), @"channel binding required, but server did not offer an authentication method that supports channel binding");
}

#[test]
fn a_nul_in_a_name_is_not_sent() {
    let server = Server::once(|mut peer| assert_eq!(peer.rest(), []));
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    target.user = "a\0database\0b".to_owned();
    assert!(matches!(
        connect(&target).outcome.unwrap_err(),
        Failure::Protocol { .. }
    ));
    server.finish();
}

#[test]
fn unix_sockets_are_never_asked_for_tls() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("pg-probe-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let listener = std::os::unix::net::UnixListener::bind_addr(&address).unwrap();
    let thread = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 8];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(head[4..], 196_608_u32.to_be_bytes());
        stream
            .write_all(&crate::server::message(
                'E',
                &error_body("FATAL", "28000", "no entry"),
            ))
            .unwrap();
    });
    let mut target = Target::new(
        Address::Unix {
            socket: format!("@{name}").into(),
        },
        "slardiere",
        "postgres",
        crate::server::now(),
    );
    target.sslmode = SslMode::VerifyFull;
    assert!(matches!(
        connect(&target).outcome.unwrap_err(),
        Failure::Server(_)
    ));
    thread.join().unwrap();
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever a server says, a failure comes of it and no panic; random bytes after a header that makes sense.
    #[test]
    fn any_answer_is_survived(
        kind in "[REZSKNv]",
        code in 0_u32..14,
        body: Vec<u8>,
        more: Vec<u8>,
    ) {
        let kind = kind.chars().next().unwrap();
        let server = Server::once(move |mut peer| {
            peer.parameters();
            let answer = crate::server::message(kind, &[&code.to_be_bytes()[..], &body].concat());
            let _ = std::io::Write::write_all(&mut peer, &[answer, more].concat());
        });
        let mut target = server.target();
        target.sslmode = SslMode::Disable;
        target.password = Some(Secret::new(b"secret".to_vec()));
        proptest::prop_assert!(connect(&target).outcome.is_err());
        server.finish();
    }
}
