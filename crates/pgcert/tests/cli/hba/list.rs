//! `pgcert hba list`: the rules in the server's words, on the terminal and in JSON.

use super::{hba, place};

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
