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
      pg_ident.conf:5  names matching /^x -> \1, where \1 is what the first group takes
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
      pg_ident.conf:5  names matching /^x -> \1, where \1 is what the first group takes: the server gives up here and refuses: the expression has no group for \1
    "#);
    insta::assert_snapshot!(ident(
        &place,
        &["--name", "x", "--role", "y", "--json"],
        "16"
    ), @r#"
    {
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
      "schema_version": 1
    }
    "#);
}
