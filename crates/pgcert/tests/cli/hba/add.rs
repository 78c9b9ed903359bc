//! `pgcert hba add` with the place told: columns, quotes and comment, and what is not written at all. Where a rule goes that
//! is not told its place is in `order`.

use super::{RULES, dry, hba, place};

#[test]
fn a_rule_is_added_where_it_is_told_in_the_columns_of_its_neighbours() {
    let place = place(RULES);
    let rule = [
        "add",
        "hostssl",
        "sales,\"a b\"",
        "+staff",
        "192.168.1.0/24",
        "cert",
        "map=m",
    ];
    let dry = hba(
        &place,
        &[&rule[..], &["--before", "4", "--dry-run"]].concat(),
    );
    insta::assert_snapshot!(dry, @r#"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,5 +1,6 @@
     # TYPE  DATABASE        USER            ADDRESS                 METHOD
     local   all             all                                     peer
     # those at home
    +hostssl sales,"a b"     +staff          192.168.1.0/24          cert map=m
     host    all             all             10.0.0.0/8              scram-sha-256
     host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:5: host all all 0.0.0.0/0 md5
        to pg_hba.conf:4: hostssl sales,"a b" +staff 192.168.1.0/24 cert map=m
        such as other to database sales from 192.168.1.1 with TLS (a member of staff)
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
    assert_eq!(place.read("pg_hba.conf"), RULES);
    hba(&place, &[&rule[..], &["--before", "4"]].concat());
    insta::assert_snapshot!(place.read("pg_hba.conf"), @r#"
    # TYPE  DATABASE        USER            ADDRESS                 METHOD
    local   all             all                                     peer
    # those at home
    hostssl sales,"a b"     +staff          192.168.1.0/24          cert map=m
    host    all             all             10.0.0.0/8              scram-sha-256
    host    all             all             0.0.0.0/0               md5 # for now
    "#);
    // There already, on either side of the place.
    insta::assert_snapshot!(hba(&place, &[&rule[..], &["--after", "2"]].concat()), @"
    --- on standard error
    nothing to do
    ");
    insta::assert_snapshot!(hba(&place, &["add", "local all postgres peer", "--first", "--json"]), @r#"
    {
      "changed": true,
      "consequences": [],
      "notes": [
        {
          "code": "needs-reload",
          "text": "the server takes it with a reload: SELECT pg_reload_conf()"
        }
      ],
      "outcomes": [],
      "proof": {
        "crl": null,
        "login": null,
        "not_tried": null,
        "refused_without_certificate": null,
        "served": null
      },
      "renewal": null,
      "schema_version": 1,
      "steps": [
        {
          "diff": "--- [here]/pg_hba.conf\n+++ [here]/pg_hba.conf\n@@ -1,4 +1,5 @@\n # TYPE  DATABASE        USER            ADDRESS                 METHOD\n+local   all             postgres                                peer\n local   all             all                                     peer\n # those at home\n hostssl sales,\"a b\"     +staff          192.168.1.0/24          cert map=m\n",
          "done": true,
          "kind": "write",
          "path": "[here]/pg_hba.conf",
          "text": "change rules [here]/pg_hba.conf"
        }
      ]
    }
    "#);
}

#[test]
fn a_rule_is_written_with_its_comment_and_quotes() {
    let place = place("hostssl app bob all cert\nhost all all all md5\n");
    // One database is left out, for the role gets there already.
    for (rule, line) in [
        (
            "host \"d\" ud all scram-sha-256 # mine",
            "host \"d\" ud all scram-sha-256 # mine",
        ),
        (
            "hostssl \"d\" \"bob\" all cert # mine",
            "hostssl \"d\" \"bob\" all cert # mine",
        ),
        (
            "hostssl app,new bob all cert # mine",
            "hostssl new bob all cert # mine",
        ),
    ] {
        let said = dry(&place, &["add", rule]);
        assert!(said.out.contains(&format!("\n+{line}\n")), "{said}");
    }
}

#[test]
fn a_rule_for_nobody_is_only_added_where_it_is_told() {
    let place = place("host all all all md5\n");
    let rule = "host all /^$ all trust";
    insta::assert_snapshot!(hba(&place, &["add", rule]), @"
    --- on standard error
    error: nothing was changed: there is no connection that the rule is for
    hint: --before LINE, --after LINE, --first or --last writes it all the same
    --- exit code 1
    ");
    insta::assert_snapshot!(hba(&place, &["add", rule, "--first"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,1 +1,2 @@
    +host all /^$ all trust
     host all all all md5
    nobody's outcome changes
    --- on standard error
    note: there is no connection that the rule is for
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    let long = format!("hostssl all {} all cert", "x".repeat(64));
    let said = hba(&place, &["add", &long]);
    assert_eq!(said.code, Some(1), "{said}");
}

#[test]
fn what_the_server_would_refuse_is_not_written() {
    let place = place(RULES);
    let before = place.everything(".");
    let mut said = Vec::new();
    for rule in [
        "host all all 10.0.0.1 md5",
        "hostssl all all all scram",
        "local all all peer\nlocal all all trust",
        "# x",
        "include x",
        "local all @none peer",
    ] {
        let shown = hba(&place, &["add", rule, "--last"]);
        said.push(format!("$ add {rule:?}\n{shown}"));
    }
    insta::assert_snapshot!(said.join("\n"), @r##"
    $ add "host all all 10.0.0.1 md5"
    --- on standard error
    error: nothing was changed: PostgreSQL 16 would say: invalid IP mask "md5": Name or service not known
    hint: TYPE DATABASE USER [ADDRESS] METHOD [NAME=VALUE...], as in pg_hba.conf; in one argument, quotes are as in the file
    hint: write 192.168.1.5/32 for a single address
    --- exit code 1
    $ add "hostssl all all all scram"
    --- on standard error
    error: nothing was changed: PostgreSQL 16 would say: invalid authentication method "scram"
    hint: TYPE DATABASE USER [ADDRESS] METHOD [NAME=VALUE...], as in pg_hba.conf; in one argument, quotes are as in the file
    hint: scram-sha-256 and cert are what one mostly wants; cert is for hostssl, peer for local
    --- exit code 1
    $ add "local all all peer\nlocal all all trust"
    --- on standard error
    error: nothing was changed: "local all all peer\nlocal all all trust" cannot be written in pg_hba.conf
    --- exit code 1
    $ add "# x"
    --- on standard error
    error: nothing was changed: that is not one rule
    hint: TYPE DATABASE USER [ADDRESS] METHOD [NAME=VALUE...], as in pg_hba.conf
    --- exit code 1
    $ add "include x"
    --- on standard error
    error: nothing was changed: that is not one rule
    hint: TYPE DATABASE USER [ADDRESS] METHOD [NAME=VALUE...], as in pg_hba.conf
    --- exit code 1
    $ add "local all @none peer"
    --- on standard error
    error: nothing was changed: the server would refuse the result: pg_hba.conf:6: could not open file "none": No such file or directory
    --- exit code 1
    "##);
    assert_eq!(place.everything("."), before);
    // Lines that are refused already do not stand in the way.
    place.write("pg_hba.conf", "local all all\nlocal all all peer\n");
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "2"]), @r#"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,2 +1,1 @@
     local all all
    -local all all peer
    --- on standard error
    note: the server refuses this because of another line: pg_hba.conf:1: end-of-line before authentication method
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "1"]), @r#"
    --- on standard error
    error: nothing was changed: the server would refuse the result: pg_hba.conf: configuration file "pg_hba.conf" contains no entries
    --- exit code 1
    "#);
}

#[test]
fn an_empty_map_is_none() {
    let place = place("hostssl all amy all cert\nhost all all all md5\n");
    let said = hba(&place, &["add", "hostssl all amy all cert map="]);
    assert_eq!(said.code, Some(0), "{said}");
    assert!(
        said.err
            .contains("lets the role in by its certificate already"),
        "{said}"
    );
}
