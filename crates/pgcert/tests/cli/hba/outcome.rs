//! What edits of pg_hba.conf say of whose outcome they change.

use std::fmt::Write as _;

use super::{OPEN, dry, place};

#[test]
fn an_edit_says_whose_outcome_it_changes() {
    let place = place(OPEN);
    let edit = |command: &[&str]| dry(&place, command);
    insta::assert_snapshot!(edit(&["add", "hostssl all bob all cert", "--first"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,3 +1,4 @@
    +hostssl all bob all cert
     host all amy 10.0.0.0/8 md5
     host app +staff samenet scram-sha-256
     host all all .example.org md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      perhaps from pg_hba.conf:2: host app +staff samenet scram-sha-256
        to pg_hba.conf:1: hostssl all bob all cert
        such as bob to database app from 0.0.0.1 with TLS (a member of staff)
      from pg_hba.conf:3: host all all .example.org md5
        to pg_hba.conf:1: hostssl all bob all cert
        such as bob to database otherdb from 0.0.0.1 with TLS (the client's name is other.example.org)
      from pg_hba.conf:4: host all all 192.168.0.0/16 reject
        to pg_hba.conf:1: hostssl all bob all cert
        such as bob to database otherdb from 192.168.0.1 with TLS
      from no rule: refused
        to pg_hba.conf:1: hostssl all bob all cert
        such as bob to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(edit(&["move", "4", "--first"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,4 +1,4 @@
    +host all all 192.168.0.0/16 reject
     host all amy 10.0.0.0/8 md5
     host app +staff samenet scram-sha-256
     host all all .example.org md5
    -host all all 192.168.0.0/16 reject
    whose outcome changes (from: line numbers before the edit, to: after it)
      perhaps from pg_hba.conf:2: host app +staff samenet scram-sha-256
        to pg_hba.conf:1: host all all 192.168.0.0/16 reject
        such as other to database app from 192.168.0.1 with TLS (a member of staff)
      from pg_hba.conf:3: host all all .example.org md5
        to pg_hba.conf:1: host all all 192.168.0.0/16 reject
        such as other to database otherdb from 192.168.0.1 with TLS (the client's name is other.example.org)
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(edit(&["remove", "--line", "4"]), @r#"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,4 +1,3 @@
     host all amy 10.0.0.0/8 md5
     host app +staff samenet scram-sha-256
     host all all .example.org md5
    -host all all 192.168.0.0/16 reject
    nobody's outcome changes
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
}

#[test]
fn in_json_an_edit_says_the_same_as_a_difference() {
    let said = dry(&place(OPEN), &["remove", "--line", "2", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let mut shown = String::new();
    for outcome in document["outcomes"].as_array().unwrap() {
        let example = &outcome["example"];
        let (from, name) = (&example["from"], &example["host_name"]);
        writeln!(
            shown,
            "certain {}: from {} to {}, such as from {from}, {name}, of {}",
            outcome["certain"],
            outcome["before"]["line"],
            outcome["after"]["line"],
            example["member_of"]
        )
        .unwrap();
    }
    insta::assert_snapshot!(shown, @r#"
    certain false: from 2 to 2, such as from "0.0.0.1", "other.example.org", of ["staff"]
    certain false: from 2 to 3, such as from "192.168.0.1", null, of ["staff"]
    certain false: from 2 to null, such as from "0.0.0.1", null, of ["staff"]
    "#);
}

#[test]
fn an_edit_of_what_the_server_refused_promises_nothing() {
    let place = place("host all amy all md5\nhost all all\n");
    let without = |line: &str| dry(&place, &["remove", "--line", line]);
    insta::assert_snapshot!(without("2"), @r#"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,2 +1,1 @@
     host all amy all md5
    -host all all
    --- on standard error
    note: the server has not taken the file as it was: whose outcome changes cannot be told
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
    insta::assert_snapshot!(without("1"), @r#"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,2 +1,1 @@
    -host all amy all md5
     host all all
    --- on standard error
    note: the server refuses this because of another line: pg_hba.conf:1: end-of-line before IP address specification
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
}
