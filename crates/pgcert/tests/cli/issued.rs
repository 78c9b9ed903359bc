//! `pgcert list` and `pgcert show`.

use crate::place::Place;

#[test]
fn list_is_a_table() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(place.run(&["list"]), @"
    KIND          NAME       UNTIL       DAYS LEFT  STATE     SERIAL
    root          Test CA    [day] [days]  issued    [serial]
    server        localhost  [day] [days]  issued    [serial]
    client        slardiere  [day] [days]  issued    [serial]
    ");
    let only = place.must(&["list", "--kind", "client"]);
    assert_eq!(only.out.lines().count(), 2, "{only}");
    let none = place.must(&["list", "--name", "nobody"]);
    assert_eq!(none.out.lines().count(), 1, "{none}");
}

#[test]
fn list_in_json() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(place.run(&["list", "--name", "slardiere", "--json"]), @r#"
    {
      "certificates": [
        {
          "fingerprint": "[sha256]",
          "kind": "client",
          "name": "slardiere",
          "not_after": "[time]",
          "not_before": "[time]",
          "requested_at": "[time]",
          "requested_by": "[me]",
          "serial": "[serial]",
          "state": "issued",
          "subject": "CN=slardiere"
        }
      ],
      "schema_version": 1
    }
    "#);
}

#[test]
fn show_by_serial_in_any_spelling() {
    let place = Place::with_certificates();
    let list = place.json(&["list", "--name", "slardiere"]);
    let serial = list["certificates"][0]["serial"].as_str().unwrap();
    insta::assert_snapshot!(place.run(&["show", serial]), @"
    state issued
      [time]  intended by [me]
      [time]  issued by [me]
    Client certificate: slardiere
      subject      CN=slardiere
      issued by    CN=Test CA
      valid from   [time]
      valid until  [time], [days] days left
      good for     client
      key          EC P-256
      signature    ECDSA with SHA-256
      serial       [serial]
      key usage    digitalSignature
      key id       [key id]
      issuer's id  [key id]
      public key   sha256 [sha256]
      fingerprint  sha256 [sha256]
    ");
    insta::assert_snapshot!(place.run(&["show", serial, "--json"]), @r#"
    {
      "certificate": "[pem]",
      "certificates": [
        {
          "fingerprint": "[sha256]",
          "kind": "client",
          "name": "slardiere",
          "not_after": "[time]",
          "not_before": "[time]",
          "requested_at": "[time]",
          "requested_by": "[me]",
          "serial": "[serial]",
          "state": "issued",
          "subject": "CN=slardiere"
        }
      ],
      "events": [
        {
          "at": "[time]",
          "by": "root",
          "detail": {
            "kind": "client",
            "name": "slardiere",
            "not_after": "[unix]",
            "not_before": "[unix]",
            "public_key": "[sha256]",
            "request": "[sha256]",
            "subject": "CN=slardiere"
          },
          "event": "intended",
          "id": 5
        },
        {
          "at": "[time]",
          "by": "root",
          "detail": {
            "fingerprint": "[sha256]"
          },
          "event": "issued",
          "id": 6
        }
      ],
      "schema_version": 1
    }
    "#);
    let bytes: Vec<&str> = (0..serial.len())
        .step_by(2)
        .map(|at| &serial[at..at + 2])
        .collect();
    let openssl = bytes.join(":").to_uppercase();
    // The days that are left may change from one to the other.
    let shown = |serial: &str| {
        let out = place.must(&["show", serial]).out;
        let lines = out.lines().filter(|line| !line.contains("days left"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown(&openssl), shown(serial));
    insta::assert_snapshot!(place.run(&["show", "12"]), @"
    --- on standard error
    error: no certificate has the serial 12
    hint: pgcert list shows all of them
    --- exit code 1
    ");
}

#[test]
fn list_shows_a_part_of_it() {
    let place = Place::with_certificates();
    let sign = ["sign", "slardiere.csr", "--out", "home", "--days", "5"];
    place.must(&[&sign[..], &["--passphrase-file", "pp", "--yes"]].concat());
    place.must(&["revoke", "localhost", "--yes", "--reason", "superseded"]);
    let names = |options: &[&str]| -> String {
        let list = place.json(&[&["list"], options].concat());
        let entries = list["certificates"].as_array().unwrap();
        let name = |entry: &serde_json::Value| entry["name"].as_str().unwrap().to_owned();
        entries.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["--role", "slardiere"]), "slardiere slardiere");
    assert_eq!(names(&["--role", "Slardiere"]), "");
    assert_eq!(names(&["--expiring", "4d"]), "");
    assert_eq!(names(&["--expiring", "120h"]), "slardiere");
    // What is revoked is no loss, unless it is asked for.
    assert_eq!(names(&["--expiring", "400d"]), "slardiere slardiere");
    assert_eq!(
        names(&["--expiring", "400d", "--in-state", "revoked"]),
        "localhost"
    );
    assert_eq!(names(&["--revoked"]), "localhost");
    assert_eq!(names(&["--in-state", "intended"]), "");
    assert_eq!(
        names(&["--in-state", "issued", "--in-state", "revoked"]),
        "Test CA localhost slardiere slardiere"
    );
    insta::assert_snapshot!(place.run(&["list", "--expiring", "soon"]).err, @"
    error: invalid value 'soon' for '--expiring <TIME>': a time such as 12h, 30d or 8w is needed

    For more information, try '--help'.
    ");
}

#[test]
fn list_as_comma_separated_values() {
    let place = Place::with_authority();
    // Everything that has a meaning in such a file.
    place.must(&["request", "client", "a \"b\", c\n=d"]);
    let csr = std::fs::read_dir(place.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "csr"))
        .unwrap();
    let sign = [
        "sign",
        csr.to_str().unwrap(),
        "--passphrase-file",
        "pp",
        "--yes",
    ];
    place.must(&sign);
    place.must(&["revoke", "a \"b\", c\n=d", "--yes"]);
    insta::assert_snapshot!(place.run(&["list", "--csv"]), @r#"
    serial,kind,name,subject,not_before,not_after,state,fingerprint,requested_by,requested_at,revoked_at,revoked_by,reason
    [serial],root,Test CA,CN=Test CA,[time],[time],issued,[sha256],[me],[time],,,
    [serial],client,"a ""b"", c
    =d","CN=a \""b\""\, c\0A=d",[time],[time],revoked,[sha256],[me],[time],[time],[me],unspecified
    "#);
}

#[test]
fn subjects_are_shown_in_one_order_everywhere() {
    let place = Place::new();
    let init = ["ca", "init", "--ca-name", "Test CA", "--no-passphrase"];
    place.must(&[&init[..], &["--subject", "C=FR,O=Loxodata"]].concat());
    let listed = place.json(&["list"])["certificates"][0]["subject"].clone();
    assert_eq!(listed, "CN=Test CA,O=Loxodata,C=FR");
    assert_eq!(place.json(&["ca", "show"])["authority"]["subject"], listed);
}

#[test]
fn show_tells_what_happened() {
    let place = Place::with_certificates();
    place.must(&["revoke", "slardiere", "--yes", "--reason", "key-compromise"]);
    let list = place.json(&["list", "--revoked"]);
    let serial = list["certificates"][0]["serial"].as_str().unwrap();
    let shown = place.must(&["show", serial]);
    let (history, _) = shown.out.split_once("Client certificate").unwrap();
    insta::assert_snapshot!(history, @"
    state revoked
      [time]  intended by [me]
      [time]  issued by [me]
      [time]  revoked by [me], reason key-compromise
    ");
}
