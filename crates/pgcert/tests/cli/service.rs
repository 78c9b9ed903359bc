//! `pgcert service`: services listed, shown, changed and checked.

use crate::place::{Place, Said};

const SERVICES: &str = "# mine\n[tolva]\nhost=tolva\nport=5433\npassword=TOP-SECRET\n# about b\n\n[b]\nhost=b\nsslmode=verify-full\n[b]\nhost=c\n";

fn place(services: &str) -> Place {
    let place = Place::new();
    place.write("home/.pg_service.conf", services);
    place
}

fn service(place: &Place, command: &[&str]) -> Said {
    place.run(&[&["service"], command].concat())
}

#[test]
fn list_and_get_show_what_libpq_takes() {
    let place = place(SERVICES);
    insta::assert_snapshot!(service(&place, &["list"]), @"
    tolva  host=tolva  port=5433
    b      host=b  sslmode=verify-full
    ");
    insta::assert_snapshot!(service(&place, &["get", "tolva"]), @"
    host=tolva
    port=5433
    password=(not shown)
    ");
    insta::assert_snapshot!(service(&place, &["get", "tolva", "port", "password"]), @"
    5433
    TOP-SECRET
    ");
    insta::assert_snapshot!(service(&place, &["get", "b", "--json"]), @r#"
    {
      "file": "[here]/home/.pg_service.conf",
      "line": 8,
      "name": "b",
      "parameters": {
        "host": "b",
        "sslmode": "verify-full"
      },
      "schema_version": 1
    }
    "#);
    insta::assert_snapshot!(service(&place, &["get", "c"]), @r#"
    --- on standard error
    error: [here]/home/.pg_service.conf has no service "c"
    hint: it has: b, tolva
    --- exit code 1
    "#);
    insta::assert_snapshot!(service(&place, &["get", "b", "port"]), @r#"
    --- on standard error
    error: service "b" has no port
    --- exit code 1
    "#);
}

#[test]
fn a_secret_is_shown_to_whoever_asks_for_it_by_name() {
    let place = place("[a]\nhost=h\npassword=TOP-SECRET\nsslpassword=TOP-SECRET\nhost=never\n");
    for all in [&["list", "--json"][..], &["get", "a", "--json"]] {
        let said = service(&place, all).out;
        assert!(said.contains("\"password\": null"), "{said}");
        assert!(
            !said.contains("TOP-SECRET") && !said.contains("never"),
            "{said}"
        );
    }
    let said = service(&place, &["get", "a", "password", "host", "--json"]);
    insta::assert_snapshot!(said, @r#"
    {
      "file": "[here]/home/.pg_service.conf",
      "line": 1,
      "name": "a",
      "parameters": {
        "host": "h",
        "password": "TOP-SECRET"
      },
      "schema_version": 1
    }
    "#);
    let said = service(&place, &["get", "a", "host", "port", "--json"]);
    insta::assert_snapshot!(said, @r#"
    --- on standard error
    error: service "a" has no port
    --- exit code 1
    "#);
}

#[test]
fn set_changes_only_what_differs() {
    let place = place(SERVICES);
    let set = [
        "set",
        "tolva",
        "port=5434",
        "sslmode=verify-full",
        "host=tolva",
    ];
    insta::assert_snapshot!(service(&place, &set), @"
    --- [here]/home/.pg_service.conf
    +++ [here]/home/.pg_service.conf
    @@ -1,8 +1,9 @@
     # mine
     [tolva]
     host=tolva
    -port=5433
    +port=5434
     password=(not shown)
    +sslmode=verify-full
     # about b
     
     [b]
    ");
    insta::assert_snapshot!(service(&place, &set), @"
    --- on standard error
    nothing to do
    ");
    insta::assert_snapshot!(service(&place, &["set", "new", "host=n", "--dry-run"]), @"
    --- [here]/home/.pg_service.conf
    +++ [here]/home/.pg_service.conf
    @@ -11,3 +11,6 @@
     sslmode=verify-full
     [b]
     host=c
    +
    +[new]
    +host=n
    ");
    insta::assert_snapshot!(service(&place, &["set", "new", "host=n", "--file", "other.conf", "--json"]), @r#"
    {
      "changed": true,
      "consequences": [],
      "notes": [],
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
          "diff": "--- /dev/null\n+++ [here]/other.conf\n@@ -0,0 +1,2 @@\n+[new]\n+host=n\n",
          "done": true,
          "kind": "write",
          "path": "[here]/other.conf",
          "text": "write services [here]/other.conf ([me] 0600)"
        }
      ]
    }
    "#);
    assert_eq!(place.mode("other.conf"), 0o600);
    let mut pgcert = place.pgcert(&["service", "get", "new", "host"]);
    pgcert.env("PGSERVICEFILE", place.path("other.conf"));
    assert_eq!(crate::place::said(pgcert).out, "n\n");
    let mut pgcert = place.pgcert(&["service", "list"]);
    pgcert.env("PGSERVICEFILE", "");
    insta::assert_snapshot!(crate::place::said(pgcert), @r#"
    --- on standard error
    error: service file "" not found: PGSERVICEFILE is set and empty
    hint: unset PGSERVICEFILE and libpq reads ~/.pg_service.conf; --file names another one
    --- exit code 1
    "#);
}

#[test]
fn remove_takes_a_key_or_the_service() {
    let place = place(SERVICES);
    insta::assert_snapshot!(service(&place, &["remove", "tolva", "password"]), @"
    --- [here]/home/.pg_service.conf
    +++ [here]/home/.pg_service.conf
    @@ -2,7 +2,6 @@
     [tolva]
     host=tolva
     port=5433
    -password=(not shown)
     # about b
     
     [b]
    ");
    let some = ["remove", "tolva", "port", "nosuch", "--dry-run"];
    insta::assert_snapshot!(service(&place, &some), @r#"
    --- [here]/home/.pg_service.conf
    +++ [here]/home/.pg_service.conf
    @@ -1,7 +1,6 @@
     # mine
     [tolva]
     host=tolva
    -port=5433
     # about b
     
     [b]
    --- on standard error
    note: service "tolva" has no nosuch
    "#);
    insta::assert_snapshot!(service(&place, &["remove", "b"]), @"
    --- [here]/home/.pg_service.conf
    +++ [here]/home/.pg_service.conf
    @@ -4,8 +4,3 @@
     port=5433
     # about b
     
    -[b]
    -host=b
    -sslmode=verify-full
    -[b]
    -host=c
    ");
    insta::assert_snapshot!(service(&place, &["remove", "none"]), @r#"
    --- on standard error
    nothing to do
    note: [here]/home/.pg_service.conf has no service "none"; it has: tolva
    "#);
}

#[test]
fn what_libpq_would_not_read_is_not_written() {
    let place = place(SERVICES);
    let before = place.everything("home");
    let mut said = Vec::new();
    for wrong in [
        "Host=x",
        "service=b",
        "sslmode=on",
        "servicefile=x",
        "host=a\nuser=b",
        "port=abc",
        "hostaddr=::1,::2",
    ] {
        said.push(service(&place, &["set", "tolva", wrong]).to_string());
    }
    said.push(service(&place, &["set", "a]b", "host=x"]).to_string());
    said.push(
        service(
            &place,
            &["set", "tolva", "sslcertmode=allow", "--pg-version", "15"],
        )
        .to_string(),
    );
    insta::assert_snapshot!(said.join("\n"), @r#"
    --- on standard error
    error: nothing was changed: invalid connection option "Host"
    hint: libpq 18 knows no such parameter in a service file; --pg-version N says which libpq reads it
    --- exit code 1
    --- on standard error
    error: nothing was changed: invalid connection option "service"
    hint: libpq 18 knows no such parameter in a service file; --pg-version N says which libpq reads it
    --- exit code 1
    --- on standard error
    error: nothing was changed: libpq would refuse the result: invalid sslmode value: "on"
    hint: it takes disable, allow, prefer, require, verify-ca, verify-full
    --- exit code 1
    --- on standard error
    error: nothing was changed: invalid connection option "servicefile"
    hint: libpq 18 knows no such parameter in a service file; --pg-version N says which libpq reads it
    --- exit code 1
    --- on standard error
    error: nothing was changed: the value of "host" cannot be written in a service file
    hint: service files know no quotes: blanks at the end and line breaks cannot be kept
    --- exit code 1
    --- on standard error
    error: nothing was changed: libpq would refuse the result: invalid integer value "abc" for connection option "port"
    hint: correct the value
    --- exit code 1
    --- on standard error
    error: nothing was changed: libpq would refuse the result: could not match 1 host names to 2 hostaddr values
    hint: correct the value
    --- exit code 1
    --- on standard error
    error: nothing was changed: invalid service name "a]b"
    --- exit code 1
    --- on standard error
    error: nothing was changed: invalid connection option "sslcertmode"
    hint: libpq 15 knows no such parameter in a service file; --pg-version N says which libpq reads it
    --- exit code 1
    "#);
    assert_eq!(place.everything("home"), before);
}

#[test]
fn lint_says_what_is_odd() {
    let place = place("[a]\nhost = b\nport=1 # why\n");
    insta::assert_snapshot!(service(&place, &["lint"]), @r#"
    [here]/home/.pg_service.conf:2:1: error: syntax error [service-blank-before-equals]
      help: write key=value without blanks
    [here]/home/.pg_service.conf:3:6: warning: the comment is a part of the value of port [service-comment]
      help: put it in a line of its own
    [here]/home/.pg_service.conf:3:6: error: invalid integer value "1 # why" for connection option "port" [service-value]
      help: correct the value
    --- on standard error
    error: [here]/home/.pg_service.conf: 2 errors and 1 warning
    --- exit code 3
    "#);
    place.write(
        "home/.pg_service.conf",
        "[a]\nhost=b\nsslmode=verify-full\n",
    );
    insta::assert_snapshot!(service(&place, &["lint"]), @"
    --- on standard error
    [here]/home/.pg_service.conf: no findings
    ");
    let empty = Place::new();
    insta::assert_snapshot!(service(&empty, &["lint"]), @r#"
    --- on standard error
    error: [here]/home/.pg_service.conf cannot be read: No such file or directory
    hint: PGSERVICEFILE names libpq's, or it is ~/.pg_service.conf
    --- exit code 1
    "#);
}

#[test]
fn blanks_around_a_value_belong_to_it() {
    let place = place("[a]\nhost=a\n");
    let behind = service(&place, &["set", "a", "password=trail  "]);
    insta::assert_snapshot!(behind, @r#"
    --- on standard error
    error: nothing was changed: the value of "password" cannot be written in a service file
    hint: service files know no quotes: blanks at the end and line breaks cannot be kept
    --- exit code 1
    "#);
    service(&place, &["set", "a", "application_name= two"]);
    assert_eq!(
        service(&place, &["get", "a", "application_name"]).out,
        " two\n"
    );
}

#[test]
fn a_bracket_may_belong_to_the_name() {
    let place = place("[a]\nhost=a\n[a]b]\nhost=ab\n");
    insta::assert_snapshot!(service(&place, &["list"]), @"
    a    host=a
    a]b  host=ab
    ");
    assert_eq!(service(&place, &["get", "a]b", "host"]).out, "ab\n");
    insta::assert_snapshot!(service(&place, &["lint"]), @"
    --- on standard error
    [here]/home/.pg_service.conf: no findings
    ");
}
