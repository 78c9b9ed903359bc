//! `pgcert hba`: rules listed in the server's words, edits that touch no other byte, files checked.

use crate::place::{Place, Said};

const RULES: &str = "# TYPE  DATABASE        USER            ADDRESS                 METHOD\n\
                     local   all             all                                     peer\n\
                     # those at home\n\
                     host    all             all             10.0.0.0/8              scram-sha-256\n\
                     host    all             all             0.0.0.0/0               md5 # for now\n";

fn place(rules: &str) -> Place {
    let place = Place::new();
    place.write("pg_hba.conf", rules);
    place
}

fn hba(place: &Place, command: &[&str]) -> Said {
    let file = ["--file", "pg_hba.conf", "--pg-version", "16"];
    place.run(&[&["hba"], command, &file].concat())
}

#[test]
fn list_follows_includes_and_shows_what_is_refused() {
    let place = place(
        "local all @admins peer\nhost all all 10.0.0.1 255.0.255.0 md5\ninclude more.conf\nhost all all ::1/128 trust\nhost all all\n",
    );
    place.write("admins", "postgres, \"Zoë\"\n");
    place.write(
        "more.conf",
        "hostssl sales,all +staff samenet ldap ldapserver=x ldapbasedn=\"dc=a\" ldapbindpasswd=secret\nhostssl all all .example.org cert map=m\n",
    );
    let said = hba(&place, &["list"]);
    assert!(!said.out.contains("secret"));
    insta::assert_snapshot!(said, @"
    pg_hba.conf
    LINE  TYPE     DATABASE   USER          ADDRESS               METHOD
       1  local    all        postgres,Zoë                        peer
       2  host     all        all           10.0.0.1 255.0.255.0  md5
    more.conf
    LINE  TYPE     DATABASE   USER          ADDRESS               METHOD
       1  hostssl  sales,all  +staff        samenet               ldap ldapserver=x ldapbasedn=dc=a ldapbindpasswd=(not shown)
       2  hostssl  all        all           .example.org          cert map=m
    pg_hba.conf
    LINE  TYPE     DATABASE   USER          ADDRESS               METHOD
       4  host     all        all           ::1/128               trust
       5  error: end-of-line before IP address specification
    --- on standard error
    error: the server would refuse all of it: 1 line is wrong
    hint: pgcert hba lint says more about each
    --- exit code 3
    ");
    insta::assert_snapshot!(hba(&place, &["list", "--json"]), @r#"
    {
      "rules": [
        {
          "address": null,
          "address_kind": null,
          "database": [
            "all"
          ],
          "database_kind": [
            "keyword"
          ],
          "error": null,
          "file": "pg_hba.conf",
          "line": 1,
          "method": "peer",
          "netmask": null,
          "options": {},
          "type": "local",
          "user": [
            "postgres",
            "Zoë"
          ],
          "user_kind": [
            "name",
            "name"
          ]
        },
        {
          "address": "10.0.0.1",
          "address_kind": "network",
          "database": [
            "all"
          ],
          "database_kind": [
            "keyword"
          ],
          "error": null,
          "file": "pg_hba.conf",
          "line": 2,
          "method": "md5",
          "netmask": "255.0.255.0",
          "options": {},
          "type": "host",
          "user": [
            "all"
          ],
          "user_kind": [
            "keyword"
          ]
        },
        {
          "address": "samenet",
          "address_kind": "keyword",
          "database": [
            "sales",
            "all"
          ],
          "database_kind": [
            "name",
            "keyword"
          ],
          "error": null,
          "file": "more.conf",
          "line": 1,
          "method": "ldap",
          "netmask": null,
          "options": {
            "ldapbasedn": "dc=a",
            "ldapbindpasswd": "secret",
            "ldapserver": "x"
          },
          "type": "hostssl",
          "user": [
            "+staff"
          ],
          "user_kind": [
            "group"
          ]
        },
        {
          "address": ".example.org",
          "address_kind": "name",
          "database": [
            "all"
          ],
          "database_kind": [
            "keyword"
          ],
          "error": null,
          "file": "more.conf",
          "line": 2,
          "method": "cert",
          "netmask": null,
          "options": {
            "map": "m"
          },
          "type": "hostssl",
          "user": [
            "all"
          ],
          "user_kind": [
            "keyword"
          ]
        },
        {
          "address": "::1",
          "address_kind": "network",
          "database": [
            "all"
          ],
          "database_kind": [
            "keyword"
          ],
          "error": null,
          "file": "pg_hba.conf",
          "line": 4,
          "method": "trust",
          "netmask": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "options": {},
          "type": "host",
          "user": [
            "all"
          ],
          "user_kind": [
            "keyword"
          ]
        },
        {
          "address": null,
          "address_kind": null,
          "database": null,
          "database_kind": null,
          "error": "end-of-line before IP address specification",
          "file": "pg_hba.conf",
          "line": 5,
          "method": null,
          "netmask": null,
          "options": null,
          "type": null,
          "user": null,
          "user_kind": null
        }
      ],
      "schema_version": 1
    }
    --- on standard error
    error: the server would refuse all of it: 1 line is wrong
    hint: pgcert hba lint says more about each
    --- exit code 3
    "#);
}

#[test]
fn list_tells_a_name_from_what_only_looks_like_one() {
    let place = place(
        "local \"all\",all,\"c d\" \"+x\",+x,/^a peer\n\
         local sameuser,/b$,/c \"/d\" ident map=\"a b\"\n\
         host replication,\"replication\" @\"my list\" \"samehost\" md5\n\
         host all all samehost md5\n\
         host all all ::1/128 md5\n",
    );
    place.write("my list", "bob \"all\" all\n");
    insta::assert_snapshot!(hba(&place, &["list"]), @r#"
    pg_hba.conf
    LINE  TYPE   DATABASE                   USER           ADDRESS     METHOD
       1  local  "all",all,"c d"            "+x",+x,/^a                peer
       2  local  sameuser,/b$,/c            /d                         peer map="a b"
       3  host   replication,"replication"  bob,"all",all  "samehost"  md5
       4  host   all                        all            samehost    md5
       5  host   all                        all            ::1/128     md5
    "#);
    let listed = place.json(&["hba", "list", "--file", "pg_hba.conf", "--pg-version", "16"]);
    let kinds: Vec<String> = listed["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            format!(
                "{} {} / {} {} / {} {}\n",
                rule["database"],
                rule["database_kind"],
                rule["user"],
                rule["user_kind"],
                rule["address"],
                rule["address_kind"]
            )
        })
        .collect();
    insta::assert_snapshot!(kinds.concat(), @r#"
    ["all","all","c d"] ["name","keyword","name"] / ["+x","+x","/^a"] ["name","group","pattern"] / null null
    ["sameuser","/b$","/c"] ["keyword","pattern","pattern"] / ["/d"] ["pattern"] / null null
    ["replication","replication"] ["keyword","name"] / ["bob","all","all"] ["name","name","keyword"] / "samehost" "name"
    ["all"] ["keyword"] / ["all"] ["keyword"] / "samehost" "keyword"
    ["all"] ["keyword"] / ["all"] ["keyword"] / "::1" "network"
    "#);
}

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
fn a_rule_finds_its_place() {
    let place = place(RULES);
    let rule = ["add", "hostssl", "sales", "app", "10.1.0.0/16", "cert"];
    insta::assert_snapshot!(hba(&place, &rule), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,5 +1,6 @@
     # TYPE  DATABASE        USER            ADDRESS                 METHOD
     local   all             all                                     peer
     # those at home
    +hostssl sales           app             10.1.0.0/16             cert
     host    all             all             10.0.0.0/8              scram-sha-256
     host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:4: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:4: hostssl sales app 10.1.0.0/16 cert
        such as app to database sales from 10.1.0.1 with TLS
    --- on standard error
    note: it decides before host all all 10.0.0.0/8 scram-sha-256 (was pg_hba.conf:4), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &rule), @"
    --- on standard error
    nothing to do
    note: pg_hba.conf:4 lets the role in by its certificate already
    ");
    insta::assert_snapshot!(hba(&place, &["add", "host all app 10.0.0.0/16 md5", "--dry-run"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -2,5 +2,6 @@
     local   all             all                                     peer
     # those at home
     hostssl sales           app             10.1.0.0/16             cert
    +host    all             app             10.0.0.0/16             md5
     host    all             all             10.0.0.0/8              scram-sha-256
     host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:5: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:5: host all app 10.0.0.0/16 md5
        such as app to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all 10.0.0.0/8 scram-sha-256 (was pg_hba.conf:5), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["add", "host all app 10.0.0.0/16 scram-sha-256"]), @"
    --- on standard error
    nothing to do
    note: pg_hba.conf:5 decides all of it in the same way already
    ");
    place.write(
        "pg_hba.conf",
        "host all all 10.1.2.0/24 md5\nhost all all 10.1.0.0/16 reject\n",
    );
    insta::assert_snapshot!(hba(&place, &rule), @"
    --- on standard error
    error: nothing was changed: no place is both before and behind the rules that decide these connections
    hint: it would have to stand before pg_hba.conf:1 and behind pg_hba.conf:2; --before LINE puts it where you say
    --- exit code 1
    ");
}

#[test]
fn a_rule_with_a_list_finds_the_place_of_what_the_list_holds() {
    let place =
        place("host all carol 11.0.0.0/8 md5\nhost all zoe all reject\nhost all all all md5\n");
    place.write("names", "bob\nzoe\n");
    let add = |rule: &str| hba(&place, &["add", rule]).to_string();
    let spelled = add("host all carol,bob,zoe all trust");
    insta::assert_snapshot!(spelled, @"
    --- on standard error
    error: nothing was changed: no place is both before and behind the rules that decide these connections
    hint: it would have to stand before pg_hba.conf:1 and behind pg_hba.conf:2; --before LINE puts it where you say
    --- exit code 1
    ");
    assert_eq!(add("host all carol,@names all trust"), spelled);
    assert_eq!(add("host all \"carol\",@names all trust"), spelled);

    // Written as it was given.
    place.write(
        "pg_hba.conf",
        "local all all peer\nhost all all 10.0.0.0/8 md5\n",
    );
    insta::assert_snapshot!(add("host all @names all scram-sha-256 # the two"), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,2 +1,3 @@
     local all all peer
    +host all @names all scram-sha-256 # the two
     host all all 10.0.0.0/8 md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:2: host all all 10.0.0.0/8 md5
        to pg_hba.conf:2: host all bob,zoe all scram-sha-256
        such as bob to database otherdb from 10.0.0.1 with TLS
      from no rule: refused
        to pg_hba.conf:2: host all bob,zoe all scram-sha-256
        such as bob to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all 10.0.0.0/8 md5 (was pg_hba.conf:2), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(add("host all @none all md5"), @r#"
    --- on standard error
    error: nothing was changed: of the rule with its lists read in, PostgreSQL 16 would say: could not open file "none": No such file or directory
    hint: a relative name counts from the folder of the file that the rule stands in
    --- exit code 1
    "#);
    place.write("none", "# nobody yet\n");
    insta::assert_snapshot!(add("host all @none all md5"), @"
    --- on standard error
    error: nothing was changed: of the rule with its lists read in, PostgreSQL 16 would say: end-of-line before authentication method
    hint: a relative name counts from the folder of the file that the rule stands in
    --- exit code 1
    ");
}

#[test]
fn a_list_is_looked_for_beside_the_file_that_the_rule_goes_to() {
    let place = place("local all all peer\ninclude more/hba.conf\n");
    std::fs::create_dir(place.path("more")).unwrap();
    place.write("more/hba.conf", "host all all all md5\n");
    let add = |rule: &str| hba(&place, &["add", rule, "--dry-run"]);
    for names in ["names", "more/names"] {
        place.write(names, "bob zoe\n");
    }
    insta::assert_snapshot!(add("host all @names all scram-sha-256"), @"
    --- [here]/more/hba.conf
    +++ [here]/more/hba.conf
    @@ -1,1 +1,2 @@
    +host all @names all scram-sha-256
     host all all all md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from more/hba.conf:1: host all all all md5
        to more/hba.conf:1: host all bob,zoe all scram-sha-256
        such as bob to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all all md5 (was more/hba.conf:1), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    place.write("more/names", "amy\n");
    insta::assert_snapshot!(add("host all @names all scram-sha-256"), @"
    --- on standard error
    error: nothing was changed: the rule would have to stand in more/hba.conf, beside which its lists hold other names
    hint: give the lists by their whole paths: @/PATH/OF/LIST
    --- exit code 1
    ");
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
        let said = hba(&place, &["add", rule, "--dry-run"]);
        assert!(said.out.contains(&format!("\n+{line}\n")), "{said}");
    }
}

#[test]
fn another_map_that_decides_is_no_reason_to_do_nothing() {
    let place = place("local all all peer\nhostssl all all all cert map=x\n");
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=y"]), @"
    --- on standard error
    error: nothing was changed: pg_hba.conf:2 decides by the map x, not by y
    hint: --before LINE puts the rule where you say; or pgcert ident add x NAME ROLE lets the certificate in as it is
    --- exit code 1
    ");
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=x"]), @"
    --- on standard error
    nothing to do
    note: pg_hba.conf:2 decides by the map x: pgcert ident add x NAME ROLE lets the certificate in
    ");
    place.write(
        "pg_hba.conf",
        "hostssl all all all cert map=x clientname=DN\n",
    );
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=x"]), @"
    --- on standard error
    error: nothing was changed: pg_hba.conf:1 decides, and compares the certificate's DN
    hint: --before LINE puts the rule where you say; or pgcert ident add x NAME ROLE lets the certificate in as it is
    --- exit code 1
    ");
    place.write("pg_hba.conf", "hostssl all all all cert\n");
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=y"]), @"
    --- on standard error
    error: nothing was changed: rules that keep their say decide all of these connections
    hint: they are pg_hba.conf:1; --before LINE puts it where you say
    --- exit code 1
    ");
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
fn rules_are_removed_by_line_or_by_what_they_say() {
    let place = place(RULES);
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "2", "--line", "4", "--dry-run"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,5 +1,3 @@
     # TYPE  DATABASE        USER            ADDRESS                 METHOD
    -local   all             all                                     peer
     # those at home
    -host    all             all             10.0.0.0/8              scram-sha-256
     host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:2: local all all peer
        to no rule: refused
        such as other to database otherdb over the Unix socket
      from pg_hba.conf:4: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:3: host all all 0.0.0.0/0 md5
        such as other to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["remove", "host", "all", "all", "0.0.0.0/0", "md5"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -2,4 +2,3 @@
     local   all             all                                     peer
     # those at home
     host    all             all             10.0.0.0/8              scram-sha-256
    -host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:5: host all all 0.0.0.0/0 md5
        to no rule: refused
        such as other to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["remove", "host", "all", "all", "0.0.0.0/0", "md5"]), @r#"
    --- on standard error
    nothing to do
    note: no line of pg_hba.conf says the same: pgcert hba list shows the lines, --line LINE names one
    "#);
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "3"]), @"
    --- on standard error
    error: nothing was changed: no rule begins in line 3 of pg_hba.conf
    hint: pgcert hba list shows the lines; a rule of an included file is changed with --file
    --- exit code 1
    ");
    place.write("pg_hba.conf", "local all all peer\n");
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "1"]), @r#"
    --- on standard error
    error: nothing was changed: the server would refuse the result: pg_hba.conf: configuration file "pg_hba.conf" contains no entries
    --- exit code 1
    "#);
    assert_eq!(place.read("pg_hba.conf"), "local all all peer\n");
}

#[test]
fn a_rule_is_moved() {
    let place = place(RULES);
    insta::assert_snapshot!(hba(&place, &["move", "5", "--before", "4"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,5 +1,5 @@
     # TYPE  DATABASE        USER            ADDRESS                 METHOD
     local   all             all                                     peer
     # those at home
    +host    all             all             0.0.0.0/0               md5 # for now
     host    all             all             10.0.0.0/8              scram-sha-256
    -host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:4: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:4: host all all 0.0.0.0/0 md5
        such as other to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["move", "4", "--before", "5"]), @"
    --- on standard error
    nothing to do
    ");
    insta::assert_snapshot!(hba(&place, &["move", "4"]), @"
    --- on standard error
    error: it is not said where the rule shall stand
    hint: --before LINE, --after LINE, --first or --last says so
    --- exit code 2
    ");
    insta::assert_snapshot!(hba(&place, &["move", "4", "--after", "1"]), @"
    --- on standard error
    error: nothing was changed: no rule begins in line 1 of pg_hba.conf
    hint: pgcert hba list shows the lines; a rule of an included file is changed with --file
    --- exit code 1
    ");
}

#[test]
fn format_puts_rules_in_columns_once() {
    let place =
        place("local all all peer\nhost\tall all  127.0.0.1/32 trust # why\n# a  comment\n");
    insta::assert_snapshot!(hba(&place, &["format"]), @r"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,3 +1,3 @@
    -local all all peer
    -host\tall all  127.0.0.1/32 trust # why
    +local   all             all                                     peer
    +host    all             all             127.0.0.1/32            trust  # why
     # a  comment
    ");
    insta::assert_snapshot!(hba(&place, &["format"]), @"
    --- on standard error
    nothing to do
    ");
    insta::assert_snapshot!(place.read("pg_hba.conf"), @"
    local   all             all                                     peer
    host    all             all             127.0.0.1/32            trust  # why
    # a  comment
    ");
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
fn the_mode_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place(RULES);
    std::fs::set_permissions(
        place.path("pg_hba.conf"),
        std::fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    assert_eq!(hba(&place, &["move", "5", "--first"]).code, Some(0));
    assert_eq!(place.mode("pg_hba.conf"), 0o640);
}

#[test]
fn lint_says_what_is_odd() {
    let place = place("host all all 10/8 trust\nlocal ALL all peer\nhost all all\n");
    insta::assert_snapshot!(hba(&place, &["lint"]), @"
    pg_hba.conf:1:14: warning: 10 is the address 0.0.0.10 [hba-short-address]
      help: write all four parts
    pg_hba.conf:1:19: warning: whoever reaches the server from there is let in as whoever they say [hba-trust]
      help: use cert or scram-sha-256
    pg_hba.conf:2:7: warning: ALL is a name; the keyword is all [hba-keyword-case]
      help: write keywords in small letters; in quotes, a name is meant for certain
    pg_hba.conf:3:13: error: end-of-line before IP address specification [hba-missing-field]
      help: TYPE DATABASE USER ADDRESS METHOD, and no ADDRESS on local
    --- on standard error
    error: pg_hba.conf: 1 error and 3 warnings
    --- exit code 3
    ");
    insta::assert_snapshot!(hba(&place, &["lint", "--format", "github"]), @"
    ::warning file=pg_hba.conf,line=1,col=14,title=hba-short-address::10 is the address 0.0.0.10%0Awrite all four parts
    ::warning file=pg_hba.conf,line=1,col=19,title=hba-trust::whoever reaches the server from there is let in as whoever they say%0Ause cert or scram-sha-256
    ::warning file=pg_hba.conf,line=2,col=7,title=hba-keyword-case::ALL is a name; the keyword is all%0Awrite keywords in small letters; in quotes, a name is meant for certain
    ::error file=pg_hba.conf,line=3,col=13,title=hba-missing-field::end-of-line before IP address specification%0ATYPE DATABASE USER ADDRESS METHOD, and no ADDRESS on local
    --- on standard error
    error: pg_hba.conf: 1 error and 3 warnings
    --- exit code 3
    ");
    place.write("pg_hba.conf", "local all \"all\" peer\n");
    insta::assert_snapshot!(hba(&place, &["lint"]), @r#"
    pg_hba.conf:1:11: note: "all" in quotes is a name and not the keyword all [hba-quoted-keyword]
      help: without quotes it is the keyword
    "#);
}

#[test]
fn a_server_s_settings_say_where_the_file_is_and_count() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    place.write("data/PG_VERSION", "15\n");
    place.write(
        "data/postgresql.conf",
        "hba_file = 'rules.conf'\nssl = off\n",
    );
    place.write("data/rules.conf", "hostssl all all samehost cert\n");
    insta::assert_snapshot!(place.run(&["hba", "lint", "--data-dir", "data"]), @"
    [here]/data/rules.conf:1:1: warning: ssl is off: a hostssl rule matches nobody [hba-ssl-off]
      help: pgcert setup turns TLS on, or set ssl = on
    --- on standard error
    error: [here]/data/rules.conf: 1 warning
    --- exit code 3
    ");
    insta::assert_snapshot!(place.run(&["hba", "add", "local all all peer", "--first", "--data-dir", "data"]), @"
    --- [here]/data/rules.conf
    +++ [here]/data/rules.conf
    @@ -1,1 +1,2 @@
    +local all all peer
     hostssl all all samehost cert
    whose outcome changes (from: line numbers before the edit, to: after it)
      from no rule: refused
        to [here]/data/rules.conf:1: local all all peer
        such as other to database otherdb over the Unix socket
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
}
