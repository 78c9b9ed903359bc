//! `pgcert check` as far as it comes without a server: parameters, files, a port where nobody is.

use crate::place::Place;

#[test]
fn a_missing_root_certificate() {
    let place = Place::new();
    let target = "host=localhost port=1 user=slardiere sslmode=verify-full";
    insta::assert_snapshot!(place.run(&["check", target]), @r#"
    error[roots-missing]: root certificate file "[here]/home/.postgresql/root.crt" does not exist
      seen: Either provide the file or change sslmode to disable server certificate verification.
      fix: put the authority's certificate there, or name its file with sslrootcert
    --- on standard error
    error: the connection does not work
    --- exit code 3
    "#);
    insta::assert_snapshot!(place.run(&["check", target, "--json"]), @r#"
    {
      "cause": "roots-missing",
      "evidence": [
        "Either provide the file or change sslmode to disable server certificate verification."
      ],
      "findings": [
        {
          "code": "roots-missing",
          "evidence": [
            "Either provide the file or change sslmode to disable server certificate verification."
          ],
          "help": "put the authority's certificate there, or name its file with sslrootcert",
          "message": "root certificate file \"[here]/home/.postgresql/root.crt\" does not exist",
          "severity": "error"
        }
      ],
      "fix": "put the authority's certificate there, or name its file with sslrootcert",
      "message": "root certificate file \"[here]/home/.postgresql/root.crt\" does not exist",
      "ok": false,
      "schema_version": 1,
      "session": null,
      "stages": []
    }
    --- on standard error
    error: the connection does not work
    --- exit code 3
    "#);
}

#[test]
fn a_service_that_is_not_there() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["check", "service=tolva"]), @r#"
    error[service-missing]: definition of service "tolva" not found
      fix: check the service's name, its file (~/.pg_service.conf, PGSERVICEFILE) and its spelling: no blanks around `=`
    --- on standard error
    error: the connection does not work
    --- exit code 3
    "#);
}

#[test]
fn a_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_certificates();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(place.path("slardiere.key"), open).unwrap();
    let target = "host=localhost port=1 user=slardiere sslmode=require sslcert=slardiere.crt sslkey=slardiere.key";
    let said = place.run(&["check", target]);
    assert_eq!(said.code, Some(3), "{said}");
}

#[test]
fn nobody_listens() {
    let place = Place::new();
    let said = place.run(&[
        "check",
        "host=127.0.0.1 port=1 user=slardiere dbname=x",
        "--json",
    ]);
    assert_eq!(said.code, Some(3), "{said}");
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["ok"], false);
    assert_eq!(document["cause"], "connection-refused");
    let stages = document["stages"].as_array().unwrap();
    assert_eq!(stages.last().unwrap()["ok"], false);
}

#[test]
fn each_host_is_tried_until_one_can_be_reached() {
    let place = Place::new();
    let list = "host=127.0.0.1,/nowhere port=1,2 user=slardiere dbname=x";
    let said = place.run(&["check", list, "--json"]);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let codes = document["findings"].as_array().unwrap().iter();
    let codes: Vec<_> = codes.map(|finding| &finding["code"]).collect();
    assert_eq!(codes, ["connection-refused", "unreachable"]);
    assert_eq!(document["cause"], "connection-refused");
}

#[test]
fn where_each_parameter_comes_from() {
    let place = Place::new();
    place.write(
        "home/.pg_service.conf",
        "[tolva]\nhost=127.0.0.1\nport=1\npassword=correct-horse-battery\n",
    );
    let mut command = place.pgcert(&["check", "service=tolva user=slardiere", "-v"]);
    command.env("PGDATABASE", "sales");
    let said = crate::place::said(command);
    let lines: Vec<&str> = said
        .err
        .lines()
        .filter(|line| line.starts_with("  "))
        .collect();
    let of = |name: &str| {
        let start = format!("  {name} = ");
        *lines
            .iter()
            .find(|line| line.starts_with(&start))
            .unwrap_or(&"")
    };
    assert_eq!(of("user"), "  user = slardiere  (given)");
    assert_eq!(of("dbname"), "  dbname = sales  (PGDATABASE)");
    assert_eq!(
        of("password"),
        format!(
            "  password = (not shown)  ({}:4)",
            place.path("home/.pg_service.conf").display()
        )
    );
}

#[test]
fn the_environment_counts_as_it_does_for_libpq() {
    let place = Place::new();
    let with = |variable: &str, value: &str| {
        let mut command = place.pgcert(&["check", "host=127.0.0.1 port=1", "-v"]);
        command.env(variable, value);
        crate::place::said(command)
    };
    let required = with("PGREQUIRESSL", "1").err;
    assert!(
        required.contains("sslmode = require  (PGREQUIRESSL)"),
        "{required}"
    );
    insta::assert_snapshot!(with("PGSSLMODE", ""), @r#"
    error[client-parameters]: invalid sslmode value: ""
      fix: correct the connection string, the service or the PG* variable
    --- on standard error
    error: the connection does not work
    --- exit code 3
    "#);
    insta::assert_snapshot!(with("PGSERVICE", ""), @r#"
    error[service-missing]: definition of service "" not found
      fix: check the service's name, its file (~/.pg_service.conf, PGSERVICEFILE) and its spelling: no blanks around `=`
    --- on standard error
    error: the connection does not work
    --- exit code 3
    "#);
}

#[test]
fn an_unknown_user_of_the_machine() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["check", "--client-user", "no-such-user"]), @"
    --- on standard error
    error: the client's user is not known: there is no user no-such-user
    --- exit code 1
    ");
}
