//! `pgcert ident`: map lines listed, added, removed and checked.

use crate::place::{Place, Said};

const MAPS: &str = "# MAPNAME       SYSTEM-USERNAME         PG-USERNAME\n\
                    staff           \"CN=alice,O=Acme\"       alice\n\
                    mail            \"/^(.*)@example\\.com$\"  \\1\n";

fn place(maps: &str) -> Place {
    let place = Place::new();
    place.write("pg_ident.conf", maps);
    place
}

fn ident(place: &Place, command: &[&str]) -> Said {
    let file = ["--file", "pg_ident.conf", "--pg-version", "16"];
    place.run(&[&["ident"], command, &file].concat())
}

#[test]
fn list_follows_includes() {
    let place = place(&format!("{MAPS}include more\nstaff bob\n"));
    place.write("more", "staff Zoë zoe\n");
    insta::assert_snapshot!(ident(&place, &["list"]), @r"
      LINE  MAP    SYSTEM-USER           PG-USER
         2  staff  CN=alice,O=Acme       alice
         3  mail   /^(.*)@example\.com$  \1
    more:1  staff  Zoë                   zoe
    error: pg_ident.conf:5: missing entry at end of line
    --- on standard error
    error: the server would refuse all of it: 1 line is wrong
    hint: pgcert ident lint says more about each
    --- exit code 3
    ");
    insta::assert_snapshot!(ident(&place, &["list", "staff", "--json"]), @r#"
    {
      "mappings": [
        {
          "error": null,
          "file": "pg_ident.conf",
          "line": 2,
          "map": "staff",
          "role": "alice",
          "role_is_keyword": false,
          "system_user": "CN=alice,O=Acme"
        },
        {
          "error": null,
          "file": "more",
          "line": 1,
          "map": "staff",
          "role": "zoe",
          "role_is_keyword": false,
          "system_user": "Zoë"
        },
        {
          "error": "missing entry at end of line",
          "file": "pg_ident.conf",
          "line": 5,
          "map": null,
          "role": null,
          "role_is_keyword": null,
          "system_user": null
        }
      ],
      "schema_version": 1
    }
    --- on standard error
    error: the server would refuse all of it: 1 line is wrong
    hint: pgcert ident lint says more about each
    --- exit code 3
    "#);
}

#[test]
fn a_line_is_added_behind_its_map_once() {
    let place = place(MAPS);
    let line = ["add", "staff", "Zoë Martin, Sales", "zoe"];
    insta::assert_snapshot!(ident(&place, &line), @r#"
    --- [here]/pg_ident.conf
    +++ [here]/pg_ident.conf
    @@ -1,3 +1,4 @@
     # MAPNAME       SYSTEM-USERNAME         PG-USERNAME
     staff           "CN=alice,O=Acme"       alice
    +staff           "Zoë Martin, Sales"     zoe
     mail            "/^(.*)@example\.com$"  \1
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
    insta::assert_snapshot!(ident(&place, &line), @"
    --- on standard error
    nothing to do
    ");
    insta::assert_snapshot!(ident(&place, &["add", "new", r"^(.*)\.dev$", r"\1", "--regex", "--dry-run"]), @r#"
    --- [here]/pg_ident.conf
    +++ [here]/pg_ident.conf
    @@ -2,3 +2,4 @@
     staff           "CN=alice,O=Acme"       alice
     staff           "Zoë Martin, Sales"     zoe
     mail            "/^(.*)@example\.com$"  \1
    +new             "/^(.*)\.dev$"          "\1"
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
    // In a file that is not there yet.
    insta::assert_snapshot!(place.run(&["ident", "add", "m", "a", "b", "--file", "new.conf"]), @"
    --- /dev/null
    +++ [here]/new.conf
    @@ -0,0 +1,1 @@
    +m               a                       b
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    assert_eq!(place.mode("new.conf"), 0o600);
}

#[test]
fn lines_are_removed_by_line_or_by_what_they_say() {
    let place = place(MAPS);
    insta::assert_snapshot!(ident(&place, &["remove", "--line", "3", "--dry-run"]), @r#"
    --- [here]/pg_ident.conf
    +++ [here]/pg_ident.conf
    @@ -1,3 +1,2 @@
     # MAPNAME       SYSTEM-USERNAME         PG-USERNAME
     staff           "CN=alice,O=Acme"       alice
    -mail            "/^(.*)@example\.com$"  \1
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
    insta::assert_snapshot!(ident(&place, &["remove", "staff", "CN=alice,O=Acme", "alice", "--json"]), @r#"
    {
      "changed": true,
      "consequences": [],
      "notes": [
        {
          "code": "needs-reload",
          "text": "the server takes it with a reload: SELECT pg_reload_conf()"
        }
      ],
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
          "diff": "--- [here]/pg_ident.conf\n+++ [here]/pg_ident.conf\n@@ -1,3 +1,2 @@\n # MAPNAME       SYSTEM-USERNAME         PG-USERNAME\n-staff           \"CN=alice,O=Acme\"       alice\n mail            \"/^(.*)@example\\.com$\"  \\1\n",
          "done": true,
          "kind": "write",
          "path": "[here]/pg_ident.conf",
          "text": "change user name maps [here]/pg_ident.conf"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(ident(&place, &["remove", "staff", "CN=alice,O=Acme", "alice"]), @r#"
    --- on standard error
    nothing to do
    note: no line of pg_ident.conf says that: pgcert ident list shows the lines
    "#);
    insta::assert_snapshot!(ident(&place, &["remove", "--line", "1"]), @"
    --- on standard error
    error: nothing was changed: no map line begins in line 1 of pg_ident.conf
    hint: pgcert ident list shows the lines; those of an included file are changed with --file
    --- exit code 1
    ");
}

#[test]
fn a_keyword_is_not_the_role_of_that_name() {
    let place = place("m a all\nm a \"all\"\nm a +g\nm a \"+g\"\nm a \"b\"\nm \"/x\" /y\n");
    insta::assert_snapshot!(ident(&place, &["list"]), @r#"
    LINE  MAP  SYSTEM-USER  PG-USER
       1  m    a            all
       2  m    a            "all"
       3  m    a            +g
       4  m    a            "+g"
       5  m    a            b
       6  m    /x           /y
    "#);
    let json = ident(&place, &["list", "--json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let keywords = json["mappings"].as_array().unwrap().iter();
    let keywords: Vec<_> = keywords.map(|line| &line["role_is_keyword"]).collect();
    assert_eq!(keywords, [true, false, true, false, false, false]);
    let before_16 = ["list", "--file", "pg_ident.conf", "--pg-version", "15"];
    insta::assert_snapshot!(place.run(&[&["ident"], &before_16[..]].concat()), @"
    LINE  MAP  SYSTEM-USER  PG-USER
       1  m    a            all
       2  m    a            all
       3  m    a            +g
       4  m    a            +g
       5  m    a            b
       6  m    /x           /y
    ");
    // What `add` would have added.
    insta::assert_snapshot!(ident(&place, &["remove", "m", "a", "all"]), @r#"
    --- [here]/pg_ident.conf
    +++ [here]/pg_ident.conf
    @@ -1,5 +1,4 @@
     m a all
    -m a "all"
     m a +g
     m a "+g"
     m a "b"
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
    insta::assert_snapshot!(ident(&place, &["remove", "m", "a", "all"]), @r#"
    --- on standard error
    nothing to do
    note: no line of pg_ident.conf names a role "all"; in line 1 the word is a keyword: --line 1 takes that out
    "#);
    insta::assert_snapshot!(ident(&place, &["remove", "m", "/x", "/y", "--dry-run"]), @r#"
    --- [here]/pg_ident.conf
    +++ [here]/pg_ident.conf
    @@ -2,4 +2,3 @@
     m a +g
     m a "+g"
     m a "b"
    -m "/x" /y
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    "#);
}

#[test]
fn what_means_something_else_is_not_written() {
    let place = place(MAPS);
    let before = place.everything(".");
    let mut said = Vec::new();
    for line in [
        ["m", "/x", "y"],
        ["m", "x", "/y"],
        ["m", "", "y"],
        ["m", "a\nb", "y"],
    ] {
        said.push(ident(&place, &[&["add"], &line[..]].concat()).to_string());
    }
    said.push(ident(&place, &["add", "m", "(", "y", "--regex"]).to_string());
    insta::assert_snapshot!(said.join("\n"), @r#"
    --- on standard error
    error: nothing was changed: "/x" would be read as a regular expression
    hint: --regex says that SYSTEM-USER is a regular expression; no role can be one here
    --- exit code 1
    --- on standard error
    error: nothing was changed: "/y" would be read as a regular expression
    hint: --regex says that SYSTEM-USER is a regular expression; no role can be one here
    --- exit code 1
    --- on standard error
    error: nothing was changed: "" cannot be written in pg_ident.conf
    --- exit code 1
    --- on standard error
    error: nothing was changed: "a
    b" cannot be written in pg_ident.conf
    --- exit code 1
    --- on standard error
    error: nothing was changed: invalid regular expression "(": parentheses () not balanced
    --- exit code 1
    "#);
    assert_eq!(place.everything("."), before);
}

#[test]
fn lint_says_what_is_odd() {
    let place = place("m CN=a,O=b alice\nm bob all\n");
    insta::assert_snapshot!(ident(&place, &["lint"]), @r#"
    pg_ident.conf:1:1: error: multiple values in ident field [ident-unquoted-comma]
      help: put double quotes around the field: "CN=alice,O=Acme"
    pg_ident.conf:2:7: warning: bob may log in as every role, superusers too [ident-every-role]
      help: name the roles, or a group with +
    --- on standard error
    error: pg_ident.conf: 1 error and 1 warning
    --- exit code 3
    "#);
    place.write("pg_ident.conf", MAPS);
    insta::assert_snapshot!(ident(&place, &["lint"]), @"
    --- on standard error
    pg_ident.conf: no findings
    ");
}
