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
    state issued, ordered by [me] on [time]
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
      "schema_version": 1
    }
    "#);
    let bytes: Vec<&str> = (0..serial.len())
        .step_by(2)
        .map(|at| &serial[at..at + 2])
        .collect();
    let openssl = bytes.join(":").to_uppercase();
    assert_eq!(
        place.must(&["show", &openssl]).out,
        place.must(&["show", serial]).out
    );
    insta::assert_snapshot!(place.run(&["show", "12"]), @"
    --- on standard error
    error: no certificate has the serial 12
    hint: pgcert list shows all of them
    --- exit code 1
    ");
}
