//! `pgcert ident explain`: who gets in through a map, in words and as JSON.

use std::fmt::Write as _;

use crate::explain::MAPS;
use crate::place::{Place, Said};

fn place() -> Place {
    let place = Place::new();
    place.write("pg_ident.conf", MAPS);
    place
}

fn ident(place: &Place, asked: &[&str], version: &str) -> Said {
    let file = ["--file", "pg_ident.conf", "--pg-version", version];
    place.run(&[&["ident", "explain"], asked, &file].concat())
}

#[test]
fn maps_are_shown_as_the_version_reads_them() {
    let place = place();
    insta::assert_snapshot!(ident(&place, &[], "16"), @r#"
    map staff
      pg_ident.conf:1  Zoë Martin -> zoe
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes
      pg_ident.conf:3  boss -> admins and the members of admins
      pg_ident.conf:4  ops -> every role
    map other
      pg_ident.conf:5  names matching /^x -> \1: the server gives up here for names that match, and refuses: the expression has no group for \1
      pg_ident.conf:6  x -> y
    "#);
    insta::assert_snapshot!(ident(&place, &["--map", "staff"], "15"), @r#"
    map staff
      pg_ident.conf:1  Zoë Martin -> zoe
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes
      pg_ident.conf:3  boss -> +admins
      pg_ident.conf:4  ops -> all
    "#);
    insta::assert_snapshot!(ident(&place, &["--map", "nobody"], "16"), @r#"
    map nobody
      no line: nobody gets in
    --- on standard error
    note: pg_ident.conf has no map of that name; the maps in it: staff, other
    "#);
}

#[test]
fn names_and_roles_are_followed_through_a_map() {
    let place = place();
    let mut said = String::new();
    for asked in [
        &["--map", "staff", "--name", "bob@example.com"][..],
        &[
            "--map",
            "staff",
            "--name",
            "bob@example.com",
            "--role",
            "bob",
        ],
        &[
            "--map",
            "staff",
            "--name",
            "bob@example.com",
            "--role",
            "tom",
        ],
        &["--map", "staff", "--role", "bob", "--no-groups"],
        &["--map", "staff", "--name", "boss", "--role", "bob"],
        &[
            "--map",
            "staff",
            "--name",
            "boss",
            "--role",
            "bob",
            "--member-of",
            "admins",
        ],
        &["--name", "x", "--role", "y"],
    ] {
        writeln!(said, "{}", ident(&place, asked, "16")).unwrap();
    }
    insta::assert_snapshot!(said, @r#"
    map staff: roles for bob@example.com
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> bob

    map staff: bob@example.com as bob
    let in
      pg_ident.conf:1  Zoë Martin -> zoe: another name
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes

    map staff: bob@example.com as tom
    refused
      pg_ident.conf:1  Zoë Martin -> zoe: another name
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes: another role
      pg_ident.conf:3  boss -> admins and the members of admins: another name
      pg_ident.conf:4  ops -> every role: another name

    map staff: names for bob
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes
      pg_ident.conf:4  ops -> every role

    map staff: boss as bob
    may be let in: only the server can tell
      pg_ident.conf:1  Zoë Martin -> zoe: another name
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes: another name
      pg_ident.conf:3  boss -> admins and the members of admins: perhaps, if the role is among them
      pg_ident.conf:4  ops -> every role: another name

    map staff: boss as bob
    let in
      pg_ident.conf:1  Zoë Martin -> zoe: another name
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes: another name
      pg_ident.conf:3  boss -> admins and the members of admins

    map staff: x as y
    refused
      pg_ident.conf:1  Zoë Martin -> zoe: another name
      pg_ident.conf:2  names matching /^(.*)@example\.com$ -> \1, where \1 is what the first group takes: another name
      pg_ident.conf:3  boss -> admins and the members of admins: another name
      pg_ident.conf:4  ops -> every role: another name
    map other: x as y
    refused
      pg_ident.conf:5  names matching /^x -> \1: the server gives up here for names that match, and refuses: the expression has no group for \1
    "#);
    insta::assert_snapshot!(ident(
        &place,
        &["--name", "x", "--role", "y", "--json"],
        "16"
    ), @r#"
    {
      "loadable": true,
      "maps": [
        {
          "allowed": false,
          "lines": [
            {
              "answer": "other-name",
              "file": "pg_ident.conf",
              "line": 1,
              "name": "Zoë Martin",
              "pattern": null,
              "roles": {
                "kind": "one",
                "value": "zoe"
              }
            },
            {
              "answer": "other-name",
              "file": "pg_ident.conf",
              "line": 2,
              "name": null,
              "pattern": "^(.*)@example\\.com$",
              "roles": {
                "kind": "captured",
                "value": "\\1"
              }
            },
            {
              "answer": "other-name",
              "file": "pg_ident.conf",
              "line": 3,
              "name": "boss",
              "pattern": null,
              "roles": {
                "kind": "members",
                "value": "admins"
              }
            },
            {
              "answer": "other-name",
              "file": "pg_ident.conf",
              "line": 4,
              "name": "ops",
              "pattern": null,
              "roles": {
                "kind": "all",
                "value": null
              }
            }
          ],
          "map": "staff",
          "name": "x",
          "role": "y"
        },
        {
          "allowed": false,
          "lines": [
            {
              "answer": "stops",
              "file": "pg_ident.conf",
              "line": 5,
              "name": null,
              "pattern": "^x",
              "roles": {
                "kind": "captured",
                "value": "\\1"
              }
            }
          ],
          "map": "other",
          "name": "x",
          "role": "y"
        }
      ],
      "missing_roles": null,
      "schema_version": 1
    }
    "#);
}

#[test]
fn where_the_server_gives_up_nobody_is_promised_anything() {
    let place = Place::new();
    place.write(
        "pg_hba.conf",
        "hostssl a all all cert map=m\nhostssl b all all cert map=n\n",
    );
    place.write(
        "pg_ident.conf",
        "m a zoe\nm /^b \\1\nm /^(?=.).x \\1\nm b zoe\nm cx zoe\nm dxd zoe\nm c zoe\nn /^b \\1\n",
    );
    insta::assert_snapshot!(ident(&place, &["--map", "m"], "16"), @r#"
    map m
      pg_ident.conf:1  a -> zoe
      pg_ident.conf:2  names matching /^b -> \1: the server gives up here for names that match, and refuses: the expression has no group for \1
      pg_ident.conf:3  names matching /^(?=.).x -> \1: the server gives up here for names that match, and refuses: the expression has no group for \1
      pg_ident.conf:4  b -> zoe
      pg_ident.conf:5  cx -> zoe
      pg_ident.conf:6  dxd -> zoe
      pg_ident.conf:7  c -> zoe
    "#);
    insta::assert_snapshot!(ident(&place, &["--map", "m", "--role", "zoe"], "16"), @r#"
    map m: names for zoe
      pg_ident.conf:1  a -> zoe
      pg_ident.conf:2  names matching /^b -> \1: the server gives up here for names that match, and refuses: the expression has no group for \1
      pg_ident.conf:3  names matching /^(?=.).x -> \1: the server gives up here for names that match, and refuses: the expression has no group for \1
      pg_ident.conf:5  cx -> zoe: perhaps, if the server does not give up before it
      pg_ident.conf:6  dxd -> zoe: perhaps, if the server does not give up before it
      pg_ident.conf:7  c -> zoe: perhaps, if the server does not give up before it
    "#);
    insta::assert_snapshot!(ident(&place, &["--map", "m", "--name", "b"], "16"), @r#"
    map m: roles for b
      pg_ident.conf:2  names matching /^b -> \1: the server gives up here for names that match, and refuses: the expression has no group for \1
    "#);
    let hba = |database: &str| {
        place.run(&[
            "hba",
            "explain",
            "--user",
            "zoe",
            "--database",
            database,
            "--from",
            "10.0.0.1",
            "--file",
            "pg_hba.conf",
            "--pg-version",
            "16",
            "--no-groups",
        ])
    };
    insta::assert_snapshot!(hba("a"), @r#"
    zoe to database a from 10.0.0.1 with TLS
    decided by pg_hba.conf:1: hostssl a all all cert map=m
    then
      cert: the client has to show a certificate from an authority in ssl_ca_file
      its common name has to reach zoe through the map m:
        pg_ident.conf:1  a
        pg_ident.conf:2  the server gives up here for names that match /^b: it has no group for \1
        pg_ident.conf:3  the server gives up here for names that match /^(?=.).x: it has no group for \1
        pg_ident.conf:5  cx, if pg_ident.conf:3 is not about it
        pg_ident.conf:6  dxd, if pg_ident.conf:3 is not about it
        pg_ident.conf:7  c, if pg_ident.conf:3 is not about it
    "#);
    insta::assert_snapshot!(hba("b"), @r#"
    zoe to database b from 10.0.0.1 with TLS
    decided by pg_hba.conf:2: hostssl b all all cert map=n
    passed over
      pg_hba.conf:1: hostssl a all all cert map=m: another database
    then
      cert: the client has to show a certificate from an authority in ssl_ca_file
      its common name has to reach zoe through the map n, by which nobody gets in:
        pg_ident.conf:8  the server gives up here for names that match /^b: it has no group for \1
    "#);
}

#[test]
fn maps_of_a_file_that_the_server_refuses_are_not_vouched_for() {
    let place = Place::new();
    place.write("pg_hba.conf", "hostssl all all all cert map=m\n");
    place.write("pg_ident.conf", "m a zoe\nm /((( x\n");
    let file = ["--file", "pg_hba.conf", "--pg-version", "16"];
    let who = ["--user", "zoe", "--from", "10.0.0.1", "--no-groups"];
    let asked = [&["hba", "explain"][..], &who, &file].concat();
    insta::assert_snapshot!(place.run(&asked), @r#"
    zoe to database zoe from 10.0.0.1 with TLS
    decided by pg_hba.conf:1: hostssl all all all cert map=m
    then
      cert: the client has to show a certificate from an authority in ssl_ca_file
      its common name has to reach zoe through the map m:
        pg_ident.conf:1  a
      but the server refuses the file with that map: on a reload it keeps the maps that it has, and after a start nobody gets in by any
    --- on standard error
    error: the server would refuse all of it: 1 line is wrong
    hint: pgcert ident lint says more about each
    --- exit code 3
    "#);
    let said = place.run(&[&asked[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["next"]["map_loadable"], false);
    assert_eq!(told["loadable"], true, "the rules are");
}

#[test]
fn settings_that_change_who_comes_are_named() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    place.write("data/PG_VERSION", "15\n");
    place.write(
        "data/postgresql.conf",
        "ssl = off\ndb_user_namespace = on\n",
    );
    place.write("data/pg_hba.conf", "host all all all md5\n");
    let who = ["--user", "zoe", "--from", "10.0.0.1", "--no-groups"];
    let asked = [&["hba", "explain"][..], &who, &["--data-dir", "data"]].concat();
    insta::assert_snapshot!(place.run(&asked), @"
    zoe to database zoe from 10.0.0.1 with TLS
    decided by [here]/data/pg_hba.conf:1: host all all all md5
    then
      md5: asked for a password, by SCRAM where it is stored so
    --- on standard error
    note: memberships are not known: no server is running on [here]/data
    note: ssl is off in the server's settings: no connection comes with TLS
    note: db_user_namespace is on: who logs in as ROLE is the role ROLE@DATABASE to the rules, and who logs in as ROLE@ is ROLE; here the name is taken as it is
    ");
}
