//! `pgcert hba diff`: what two files decide differently, with a sample each.

use super::OPEN;
use crate::place::{Place, Said};

fn diff(old: &str, new: &str, more: &[&str]) -> Said {
    let place = Place::new();
    place.write("old", old);
    place.write("new", new);
    let version = ["--pg-version", "16"];
    place.run(&[&["hba", "diff", "old", "new"], &version[..], more].concat())
}

#[test]
fn other_words_for_the_same_are_no_difference() {
    let new = "# the same\n\
               host all \"amy\" 10.0.0.0/9 md5\n\
               host app +staff samenet scram-sha-256\n\
               host all amy 10.128.0.0 255.128.0.0 md5\n\
               host all all .example.org md5\n";
    let new = new.replace("host app +staff samenet scram-sha-256\n", "");
    let old = OPEN.replace("host app +staff samenet scram-sha-256\n", "");
    insta::assert_snapshot!(diff(&old, &new, &[]), @r#"
    --- on standard error
    both mean the same
    "#);
    insta::assert_snapshot!(diff(&old, &new, &["--json"]), @r#"
    {
      "equal": true,
      "not_compared": {
        "after": [],
        "before": []
      },
      "outcomes": [],
      "schema_version": 1
    }
    "#);
}

#[test]
fn each_difference_is_shown_with_a_sample() {
    let new = OPEN
        .replace("host all amy", "hostssl all amy")
        .replace("app +staff", "app all")
        .replace("192.168", "172.16");
    let said = diff(OPEN, &new, &[]);
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
      "not_compared": {
        "after": [],
        "before": []
      },
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
