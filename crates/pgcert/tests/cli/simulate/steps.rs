//! `pgcert hba simulate --host-to-hostssl` and its like: what a step would change, for everybody and for the logins of a log.

use super::{place, simulate};

#[test]
fn steps_say_who_is_refused_then() {
    let place = place();
    place.write(
        "pg_hba.conf",
        "local all all md5\n\
         host all +staff 127.0.0.1/32 scram-sha-256\n\
         hostnossl app all 10.0.0.0/8 md5\n\
         host app all 127.0.0.0/8 md5\n",
    );
    let step = |steps: &[&str]| simulate(&place, "16", steps);
    insta::assert_snapshot!(step(&["--host-to-hostssl"]), @r#"
    refused then
      from pg_hba.conf:2: host all +staff 127.0.0.1/32 scram-sha-256
        to no rule: refused
        such as other to database otherdb from 127.0.0.1 in clear (a member of staff)
      from pg_hba.conf:4: host app all 127.0.0.0/8 md5
        to no rule: refused
        such as other to database app from 127.0.0.1 in clear
    "#);
    insta::assert_snapshot!(step(&["--md5-to-scram"]), @r#"
    decided otherwise then
      from pg_hba.conf:1: local all all md5
        to pg_hba.conf:1: local all all scram-sha-256
        such as other to database otherdb over the Unix socket
      from pg_hba.conf:3: hostnossl app all 10.0.0.0/8 md5
        to pg_hba.conf:3: hostnossl app all 10.0.0.0/8 scram-sha-256
        such as other to database app from 10.0.0.1 in clear
      from pg_hba.conf:4: host app all 127.0.0.0/8 md5
        to pg_hba.conf:4: host app all 127.0.0.0/8 scram-sha-256
        such as other to database app from 127.0.0.1 with TLS
    --- on standard error
    note: scram-sha-256 refuses roles whose password is stored as an MD5 hash: SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'md5%'
    "#);
    insta::assert_snapshot!(step(&["--passwords-to-cert"]), @r#"
    refused then
      from pg_hba.conf:2: host all +staff 127.0.0.1/32 scram-sha-256
        to no rule: refused
        such as other to database otherdb from 127.0.0.1 in clear (a member of staff)
      from pg_hba.conf:3: hostnossl app all 10.0.0.0/8 md5
        to pg_hba.conf:3: hostnossl app all 10.0.0.0/8 reject
        such as other to database app from 10.0.0.1 in clear
      from pg_hba.conf:4: host app all 127.0.0.0/8 md5
        to no rule: refused
        such as other to database app from 127.0.0.1 in clear
    decided otherwise then
      from pg_hba.conf:2: host all +staff 127.0.0.1/32 scram-sha-256
        to pg_hba.conf:2: hostssl all +staff 127.0.0.1/32 cert
        such as other to database otherdb from 127.0.0.1 with TLS (a member of staff)
      from pg_hba.conf:4: host app all 127.0.0.0/8 md5
        to pg_hba.conf:4: hostssl app all 127.0.0.0/8 cert
        such as other to database app from 127.0.0.1 with TLS
    --- on standard error
    note: each of these roles needs a certificate in its name: pgcert issue client ROLE; rules for the Unix socket keep their passwords
    "#);
    insta::assert_snapshot!(step(&["--host-to-hostssl", "--md5-to-scram", "--log", "16.json"]), @r#"
    refused then
      from pg_hba.conf:2: host all +staff 127.0.0.1/32 scram-sha-256
        to no rule: refused
        such as other to database otherdb from 127.0.0.1 in clear (a member of staff)
      from pg_hba.conf:4: host app all 127.0.0.0/8 md5
        to no rule: refused
        such as other to database app from 127.0.0.1 in clear
    decided otherwise then
      from pg_hba.conf:1: local all all md5
        to pg_hba.conf:1: local all all scram-sha-256
        such as other to database otherdb over the Unix socket
      from pg_hba.conf:3: hostnossl app all 10.0.0.0/8 md5
        to pg_hba.conf:3: hostnossl app all 10.0.0.0/8 scram-sha-256
        such as other to database app from 10.0.0.1 in clear
      from pg_hba.conf:4: host app all 127.0.0.0/8 md5
        to pg_hba.conf:4: hostssl app all 127.0.0.0/8 scram-sha-256
        such as other to database app from 127.0.0.1 with TLS
    not sure: a membership, a network or a name is not known
      1 x cindy to database app from 127.0.0.1 with TLS
      1 x dora to database app from 127.0.0.1 with TLS
      1 x kim to database app from 127.0.0.1 with TLS
      1 x trusted to database app from 127.0.0.1 with TLS
    asked for something else
      1 x postgres to database app over the Unix socket: asked by scram-sha-256 then
      1 x postgres to database postgres over the Unix socket: asked by scram-sha-256 then
    as before: 0 logins of the log
    --- on standard error
    note: 1 more logins are not counted: the log does not tell enough of them, or the rules were others then
    note: scram-sha-256 refuses roles whose password is stored as an MD5 hash: SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'md5%'
    "#);
    // In JSON an outcome looks as in `hba diff --json`; only what the log saw is of simulate.
    let said = step(&["--passwords-to-cert", "--log", "16.json", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let outcomes = document["outcomes"].as_array().unwrap();
    let after: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome["after"]["line"].as_u64())
        .collect();
    assert_eq!(after, [Some(2), None, Some(3), Some(4), None]);
    insta::assert_snapshot!(format!("{:#}", document["seen"]), @r#"
    {
      "otherwise": {},
      "perhaps": {
        "cindy to database app from 127.0.0.1 with TLS": 1,
        "dora to database app from 127.0.0.1 with TLS": 1,
        "kim to database app from 127.0.0.1 with TLS": 1,
        "trusted to database app from 127.0.0.1 with TLS": 1
      },
      "refused": {},
      "same": 2,
      "untold": 1
    }
    "#);
}

#[test]
fn open_memberships_do_not_matter_where_no_rule_changes() {
    let place = place();
    place.write(
        "pg_hba.conf",
        "local all all md5\n\
         host all +staff 127.0.0.1/32 scram-sha-256\n\
         host app all 127.0.0.0/8 scram-sha-256\n",
    );
    let said = simulate(&place, "16", &["--md5-to-scram", "--log", "16.json"]);
    insta::assert_snapshot!(said, @r#"
    decided otherwise then
      from pg_hba.conf:1: local all all md5
        to pg_hba.conf:1: local all all scram-sha-256
        such as other to database otherdb over the Unix socket
    asked for something else
      1 x postgres to database app over the Unix socket: asked by scram-sha-256 then
      1 x postgres to database postgres over the Unix socket: asked by scram-sha-256 then
    as before: 4 logins of the log
    --- on standard error
    note: 1 more logins are not counted: the log does not tell enough of them, or the rules were others then
    note: scram-sha-256 refuses roles whose password is stored as an MD5 hash: SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'md5%'
    "#);
}

#[test]
fn what_a_step_needs_is_said_where_it_did_something() {
    let place = crate::place::Place::new();
    let notes = |rules: &str| {
        place.write("h", rules);
        let steps = ["--passwords-to-cert", "--md5-to-scram"];
        let file = ["--file", "h", "--pg-version", "16"];
        place
            .must(&[&["hba", "simulate"][..], &steps, &file].concat())
            .err
    };
    let all_cert = notes("host all all all md5\n");
    assert!(!all_cert.contains("scram-sha-256 refuses"), "{all_cert}");
    assert!(all_cert.contains("needs a certificate"), "{all_cert}");
    let socket = notes("local all all md5\n");
    assert!(socket.contains("scram-sha-256 refuses"), "{socket}");
    assert!(!socket.contains("needs a certificate"), "{socket}");
}
