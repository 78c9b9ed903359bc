//! `pgcert hba diff`, and what edits say of whose outcome they change.

use crate::place::{Place, Said};

fn diff(old: &str, new: &str, more: &[&str]) -> Said {
    let place = Place::new();
    place.write("old", old);
    place.write("new", new);
    let version = ["--pg-version", "16"];
    place.run(&[&["hba", "diff", "old", "new"], &version[..], more].concat())
}

/// A place with these rules.
fn with(rules: &str) -> Place {
    let place = Place::new();
    place.write("pg_hba.conf", rules);
    place
}

/// What an edit would do.
fn edit(place: &Place, command: &[&str]) -> Said {
    let file = ["--file", "pg_hba.conf", "--pg-version", "16", "--dry-run"];
    place.run(&[&["hba"], command, &file].concat())
}

const RULES: &str = "host all amy 10.0.0.0/8 md5\n\
                     host app +staff samenet scram-sha-256\n\
                     host all all .example.org md5\n\
                     host all all 192.168.0.0/16 reject\n";

#[test]
fn other_words_for_the_same_are_no_difference() {
    let new = "# the same\n\
               host all \"amy\" 10.0.0.0/9 md5\n\
               host app +staff samenet scram-sha-256\n\
               host all amy 10.128.0.0 255.128.0.0 md5\n\
               host all all .example.org md5\n";
    let new = new.replace("host app +staff samenet scram-sha-256\n", "");
    let old = RULES.replace("host app +staff samenet scram-sha-256\n", "");
    insta::assert_snapshot!(diff(&old, &new, &[]), @r#"
    --- on standard error
    both mean the same
    "#);
    insta::assert_snapshot!(diff(&old, &new, &["--json"]), @r#"
    {
      "equal": true,
      "outcomes": [],
      "schema_version": 1
    }
    "#);
}

#[test]
fn each_difference_is_shown_with_a_sample() {
    let new = RULES
        .replace("host all amy", "hostssl all amy")
        .replace("app +staff", "app all")
        .replace("192.168", "172.16");
    let said = diff(RULES, &new, &[]);
    insta::assert_snapshot!(said, @r#"
    whose outcome differs
      perhaps from old:1: host all amy 10.0.0.0/8 md5
        to new:2: host app all samenet scram-sha-256
        such as amy to database app from 10.0.0.1 in clear
      from old:1: host all amy 10.0.0.0/8 md5
        to no rule: refused
        such as amy to database otherdb from 10.0.0.1 in clear
      perhaps from old:3: host all all .example.org md5
        to new:2: host app all samenet scram-sha-256
        such as other to database app from 0.0.0.1 with TLS (the client's name is other.example.org)
      perhaps from old:4: host all all 192.168.0.0/16 reject
        to new:2: host app all samenet scram-sha-256
        such as other to database app from 192.168.0.1 with TLS
      perhaps from no rule: refused
        to new:2: host app all samenet scram-sha-256
        such as other to database app from 0.0.0.1 with TLS
    --- on standard error
    error: old and new do not mean the same
    --- exit code 3
    "#);
    let json = diff(
        "host all all all md5\n",
        "host replication all all md5\n",
        &["--json"],
    );
    insta::assert_snapshot!(json, @r#"
    {
      "equal": false,
      "outcomes": [
        {
          "after": null,
          "before": {
            "file": "old",
            "line": 1,
            "method": "md5",
            "text": "host all all all md5"
          },
          "certain": true,
          "example": {
            "database": "otherdb",
            "from": "0.0.0.1",
            "gss": false,
            "host_name": null,
            "local": false,
            "member_of": [],
            "no_host_name": true,
            "replication": false,
            "tls": true,
            "user": "other"
          }
        },
        {
          "after": {
            "file": "new",
            "line": 1,
            "method": "md5",
            "text": "host replication all all md5"
          },
          "before": null,
          "certain": true,
          "example": {
            "database": null,
            "from": "0.0.0.1",
            "gss": false,
            "host_name": null,
            "local": false,
            "member_of": [],
            "no_host_name": true,
            "replication": true,
            "tls": true,
            "user": "other"
          }
        }
      ],
      "schema_version": 1
    }
    --- on standard error
    error: old and new do not mean the same
    --- exit code 3
    "#);
}

#[test]
fn many_are_cut() {
    let old: String = (0..30)
        .map(|n| format!("host a{n} all all md5\n"))
        .collect();
    let new = old.replace("md5", "trust");
    let said = diff(&old, &new, &[]);
    assert_eq!(said.out.lines().count(), 1 + 3 * 10 + 1, "{said}");
    assert!(
        said.out.ends_with("  and 20 more (-v shows each)\n"),
        "{said}"
    );
    assert_eq!(diff(&old, &new, &["-v"]).out.lines().count(), 1 + 3 * 30);
}

#[test]
fn what_the_server_refuses_is_not_compared() {
    insta::assert_snapshot!(diff("host all all all md5\n", "host all all\n", &[]), @r#"
    --- on standard error
    error: what the server would refuse cannot be compared: new:1: end-of-line before IP address specification
    hint: pgcert hba lint --file says more about it
    --- exit code 1
    "#);
}

#[test]
fn an_edit_says_whose_outcome_it_changes() {
    let place = with(RULES);
    let edit = |command: &[&str]| edit(&place, command);
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
    insta::assert_snapshot!(edit(&["remove", "--line", "2", "--json"]), @r#"
    {
      "changed": false,
      "consequences": [],
      "notes": [
        {
          "code": "needs-reload",
          "text": "the server takes it with a reload: SELECT pg_reload_conf()"
        }
      ],
      "outcomes": [
        {
          "after": {
            "file": "pg_hba.conf",
            "line": 2,
            "method": "md5",
            "text": "host all all .example.org md5"
          },
          "before": {
            "file": "pg_hba.conf",
            "line": 2,
            "method": "scram-sha-256",
            "text": "host app +staff samenet scram-sha-256"
          },
          "certain": false,
          "example": {
            "database": "app",
            "from": "0.0.0.1",
            "gss": false,
            "host_name": "other.example.org",
            "local": false,
            "member_of": [
              "staff"
            ],
            "no_host_name": false,
            "replication": false,
            "tls": true,
            "user": "other"
          }
        },
        {
          "after": {
            "file": "pg_hba.conf",
            "line": 3,
            "method": "reject",
            "text": "host all all 192.168.0.0/16 reject"
          },
          "before": {
            "file": "pg_hba.conf",
            "line": 2,
            "method": "scram-sha-256",
            "text": "host app +staff samenet scram-sha-256"
          },
          "certain": false,
          "example": {
            "database": "app",
            "from": "192.168.0.1",
            "gss": false,
            "host_name": null,
            "local": false,
            "member_of": [
              "staff"
            ],
            "no_host_name": true,
            "replication": false,
            "tls": true,
            "user": "other"
          }
        },
        {
          "after": null,
          "before": {
            "file": "pg_hba.conf",
            "line": 2,
            "method": "scram-sha-256",
            "text": "host app +staff samenet scram-sha-256"
          },
          "certain": false,
          "example": {
            "database": "app",
            "from": "0.0.0.1",
            "gss": false,
            "host_name": null,
            "local": false,
            "member_of": [
              "staff"
            ],
            "no_host_name": true,
            "replication": false,
            "tls": true,
            "user": "other"
          }
        }
      ],
      "proof": null,
      "renewal": null,
      "schema_version": 1,
      "steps": [
        {
          "diff": "--- [here]/pg_hba.conf\n+++ [here]/pg_hba.conf\n@@ -1,4 +1,3 @@\n host all amy 10.0.0.0/8 md5\n-host app +staff samenet scram-sha-256\n host all all .example.org md5\n host all all 192.168.0.0/16 reject\n",
          "done": false,
          "kind": "write",
          "path": "[here]/pg_hba.conf",
          "text": "change rules [here]/pg_hba.conf"
        }
      ]
    }
    "#);
}

#[test]
fn what_is_only_perhaps_is_not_said_to_be() {
    let said = diff(
        "host all all samenet md5\n",
        "host all all 127.0.0.1/32 md5\n",
        &[],
    );
    insta::assert_snapshot!(said, @r#"
    whose outcome differs
      perhaps from old:1: host all all samenet md5
        to no rule: refused
        such as other to database otherdb from 0.0.0.1 with TLS
      perhaps from no rule: refused
        to new:1: host all all 127.0.0.1/32 md5
        such as other to database otherdb from 127.0.0.1 with TLS
    --- on standard error
    error: old and new may not mean the same
    --- exit code 3
    "#);
}

#[test]
fn an_edit_of_what_the_server_refused_promises_nothing() {
    let place = with("host all amy all md5\nhost all all\n");
    let without = |line: &str| edit(&place, &["remove", "--line", line]);
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

#[test]
fn a_rule_that_rejects_says_who_still_gets_in() {
    let place = with("hostssl a bob all cert\nhostssl b bob all cert\nhost all all all md5\n");
    let add = |rule: &str| edit(&place, &["add", rule]);
    insta::assert_snapshot!(add("host all bob 10.0.0.0/8 reject"), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,3 +1,4 @@
     hostssl a bob all cert
     hostssl b bob all cert
    +host all bob 10.0.0.0/8 reject
     host all all all md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:3: host all all all md5
        to pg_hba.conf:3: host all bob 10.0.0.0/8 reject
        such as bob to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all all md5 (was pg_hba.conf:3), by which these connections went until now
    note: hostssl a bob all cert (was pg_hba.conf:1), hostssl b bob all cert (was pg_hba.conf:2) still let some of these connections in: --first shuts them out too
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(add("hostssl all bob 10.0.0.0/8 scram-sha-256"), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,3 +1,4 @@
     hostssl a bob all cert
     hostssl b bob all cert
    +hostssl all bob 10.0.0.0/8 scram-sha-256
     host all all all md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:3: host all all all md5
        to pg_hba.conf:3: hostssl all bob 10.0.0.0/8 scram-sha-256
        such as bob to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all all md5 (was pg_hba.conf:3), by which these connections went until now
    note: hostssl a bob all cert (was pg_hba.conf:1), hostssl b bob all cert (was pg_hba.conf:2) go on deciding some of these connections
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
}
