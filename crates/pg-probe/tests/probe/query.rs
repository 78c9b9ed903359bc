//! The simple query protocol.

use std::time::Duration;

use pg_config::conninfo::SslMode;
use pg_probe::{QueryError, Session, connect, identifier, literal};

use crate::server::{Peer, Server, error_body};

/// A session whose server then plays a script.
fn session(script: impl FnOnce(&mut Peer) + Send + 'static) -> (Server, Session) {
    let server = Server::once(|mut peer| {
        peer.parameters();
        peer.welcome();
        script(&mut peer);
        peer.rest();
    });
    let mut target = server.target();
    target.sslmode = SslMode::Disable;
    let session = connect(&target).outcome.unwrap();
    (server, session)
}

/// RowDescription: every column of type text.
fn columns(names: &[&str]) -> Vec<u8> {
    let mut body = u16::try_from(names.len()).unwrap().to_be_bytes().to_vec();
    for name in names {
        body.extend(
            [
                name.as_bytes(),
                &[0],
                &[0; 6],
                &25_u32.to_be_bytes(),
                &(-1_i16).to_be_bytes(),
                &[0xff; 4],
                &[0; 2],
            ]
            .concat(),
        );
    }
    body
}

/// DataRow.
fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    for value in values {
        match value {
            None => body.extend([0xff; 4]),
            Some(value) => {
                body.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
                body.extend(*value);
            }
        }
    }
    body
}

#[test]
fn returns_the_rows() {
    let (server, mut session) = session(|peer| {
        assert_eq!(peer.message(), ('Q', b"SELECT 1\0".to_vec()));
        peer.reply('T', &columns(&["a", "b"]));
        peer.reply('D', &row(&[Some(b"1"), None]));
        peer.reply('D', &row(&[Some(b"caf\xe9"), Some(b"")]));
        peer.reply('C', b"SELECT 2\0");
        peer.reply('Z', b"I");
    });
    let rows = session.query("SELECT 1").unwrap();
    assert_eq!(rows.columns, ["a", "b"]);
    assert_eq!(
        (rows.get(0, "a"), rows.get(0, "b"), rows.get(1, "b")),
        (Some("1"), None, Some(""))
    );
    assert_eq!(rows.get(1, "a"), Some("caf\u{fffd}"));
    assert_eq!(
        (rows.get(2, "a"), rows.get(0, "c"), rows.scalar()),
        (None, None, Some("1"))
    );
    session.close();
    server.finish();
}

#[test]
fn an_error_leaves_the_session_usable() {
    let (server, mut session) = session(|peer| {
        peer.message();
        peer.reply('N', &error_body("NOTICE", "00000", "by the way"));
        peer.reply('E', &error_body("ERROR", "42601", "syntax error"));
        peer.reply('Z', b"I");
        peer.message();
        peer.reply('C', b"SELECT 0\0");
        peer.reply('S', b"application_name\0psql\0");
        peer.reply('Z', b"I");
    });
    let QueryError::Server(error) = session.query("SELEC").unwrap_err() else {
        panic!("no server error")
    };
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("42601", "syntax error")
    );
    assert_eq!(
        session
            .query("SET application_name = psql")
            .unwrap()
            .rows
            .len(),
        0
    );
    assert_eq!(session.parameter_status("application_name"), Some("psql"));
    drop(session);
    server.finish();
}

#[test]
fn of_several_statements_the_last_rows_count_and_any_error_does() {
    let (server, mut session) = session(|peer| {
        peer.message();
        peer.reply('T', &columns(&["a"]));
        peer.reply('D', &row(&[Some(b"1")]));
        peer.reply('C', b"SELECT 1\0");
        peer.reply('T', &columns(&["b"]));
        peer.reply('C', b"SELECT 0\0");
        peer.reply('C', b"SET\0");
        peer.reply('Z', b"I");
        peer.message();
        peer.reply('T', &columns(&["a"]));
        peer.reply('D', &row(&[Some(b"1")]));
        peer.reply('E', &error_body("ERROR", "22012", "division by zero"));
        peer.reply('Z', b"I");
    });
    let rows = session.query("several").unwrap();
    assert_eq!((rows.columns, rows.rows), (vec!["b".to_owned()], vec![]));
    assert!(matches!(
        session.query("several"),
        Err(QueryError::Server(_))
    ));
    drop(session);
    server.finish();
}

#[test]
fn a_fatal_error_is_told_and_ends_the_session() {
    let (server, mut session) = session(|peer| {
        peer.message();
        peer.fatal(
            "57P01",
            "terminating connection due to administrator command",
        );
    });
    let QueryError::Server(error) = session.query("SELECT 1").unwrap_err() else {
        panic!("no server error")
    };
    assert_eq!(error.code, "57P01");
    assert!(matches!(
        session.query("SELECT 1"),
        Err(QueryError::Lost { .. })
    ));
    drop(session);
    server.finish();
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_one() {
    let (server, mut session) = session(|peer| {
        peer.message();
        assert_eq!(peer.rest(), []);
    });
    session.set_timeout(Duration::from_millis(100));
    assert!(matches!(
        session.query("SELECT pg_sleep(9)"),
        Err(QueryError::Timeout { .. })
    ));
    assert!(matches!(
        session.query("SELECT 1"),
        Err(QueryError::Lost { .. })
    ));
    drop(session);
    server.finish();
}

#[test]
fn copy_is_declined() {
    let (server, mut session) = session(|peer| {
        peer.message();
        peer.reply('G', &[0, 0, 0]);
        assert_eq!(peer.message().0, 'f');
        peer.reply('E', &error_body("ERROR", "57014", "COPY from stdin failed"));
        peer.reply('Z', b"I");
        peer.message();
        peer.reply('H', &[0, 0, 0]);
        peer.reply('d', b"line\n");
        peer.reply('c', b"");
        peer.reply('C', b"COPY 1\0");
        peer.reply('Z', b"I");
    });
    assert!(matches!(
        session.query("COPY t FROM STDIN"),
        Err(QueryError::Server(_))
    ));
    assert!(session.query("COPY t TO STDOUT").unwrap().rows.is_empty());
    drop(session);
    server.finish();
}

#[test]
fn a_nul_is_not_sent_and_harms_nothing() {
    let (server, mut session) = session(|peer| {
        assert_eq!(peer.message().1, b"SELECT 1\0");
        peer.reply('Z', b"I");
    });
    assert_eq!(session.query("SELECT '\0'"), Err(QueryError::Nul));
    session.query("SELECT 1").unwrap();
    drop(session);
    server.finish();
}

#[test]
fn quotes_for_sql() {
    assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    assert_eq!(literal("a'b"), "'a''b'");
    assert_eq!(literal("a\\b").trim_start(), "E'a\\\\b'");
}
