//! `pgcert revoke`, `pgcert ca crl` and `pgcert ca audit`: from a certificate to the list that has it.

use crate::place::Place;

/// The serial of the one client's certificate.
fn serial(place: &Place, name: &str) -> String {
    let list = place.json(&["list", "--name", name]);
    list["certificates"][0]["serial"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn crl(place: &Place, more: &[&str]) -> crate::place::Said {
    place.run(&[&["ca", "crl", "--passphrase-file", "pp"], more].concat())
}

#[test]
fn by_name() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(place.run(&["revoke", "slardiere", "--dry-run"]), @"
    to be revoked for good, reason unspecified:
      [serial]  client slardiere, until [day]
    ");
    insta::assert_snapshot!(place.run(&["revoke", "slardiere"]), @"
    --- on standard error
    to be revoked for good, reason unspecified:
      [serial]  client slardiere, until [day]
    error: nobody is there to agree
    hint: --yes agrees; --dry-run only shows what would be revoked
    --- exit code 2
    ");
    insta::assert_snapshot!(place.run(&["revoke", "slardiere", "--reason", "key-compromise", "--yes"]), @"
    revoked: [serial]  client slardiere, until [day]
    no server knows of it yet. Make a revocation list, and bring it to every server that trusts this authority:
      pgcert ca crl --out root.crl
      pgcert install server --crl root.crl      on each server; it reloads
    open sessions stay open, also after that: pg_terminate_backend() in pg_stat_activity ends them
    --- on standard error
    to be revoked for good, reason key-compromise:
      [serial]  client slardiere, until [day]
    ");
    // Once more says so, and changes nothing.
    let before = std::fs::read(place.path("authority/store.db")).unwrap();
    insta::assert_snapshot!(place.run(&["revoke", "slardiere", "--yes"]), @"
    --- on standard error
    already revoked on [time] by [me], reason key-compromise: [serial]  client slardiere, until [day]
    ");
    assert_eq!(
        std::fs::read(place.path("authority/store.db")).unwrap(),
        before
    );
}

#[test]
fn by_serial_in_json() {
    let place = Place::with_certificates();
    let serial = serial(&place, "localhost");
    insta::assert_snapshot!(place.run(&["revoke", &serial, "--yes", "--json", "--quiet"]), @r#"
    {
      "changed": true,
      "consequences": [],
      "notes": [
        {
          "code": "crl-to-install",
          "text": "no server knows of it yet. Make a revocation list, and bring it to every server that trusts this authority:\n  pgcert ca crl --out root.crl\n  pgcert install server --crl root.crl      on each server; it reloads"
        },
        {
          "code": "clients-need-it",
          "text": "a client refuses the server's certificate only with the list in its own sslcrl (~/.postgresql/root.crl)"
        }
      ],
      "schema_version": 1,
      "steps": [
        {
          "done": true,
          "kind": "revoke",
          "name": "localhost",
          "path": "[here]/authority/store.db",
          "serial": "[serial]"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(place.run(&["revoke", &serial, "--yes", "--json"]), @r#"
    {
      "changed": false,
      "consequences": [],
      "notes": [],
      "schema_version": 1,
      "steps": []
    }
    --- on standard error
    already revoked on [time] by [me], reason unspecified: [serial]  server localhost, until [day]
    "#);
}

#[test]
fn several_of_one_name_only_with_all() {
    let place = Place::with_certificates();
    let sign = ["sign", "slardiere.csr", "--kind", "server", "--out", "home"];
    place.must(&[&sign[..], &["--passphrase-file", "pp", "--yes"]].concat());
    insta::assert_snapshot!(place.run(&["revoke", "slardiere", "--yes"]), @"
    --- on standard error
    error: slardiere has 2 certificates that are valid:
      [serial]  client slardiere, until [day]
      [serial]  server slardiere, until [day]
    hint: --all revokes all of them; a serial number in place of the name revokes one
    --- exit code 2
    ");
    place.must(&["revoke", "slardiere", "--yes", "--kind", "server"]);
    place.must(&["revoke", "slardiere", "--yes", "--all"]);
    let list = place.json(&["list", "--name", "slardiere"]);
    for entry in list["certificates"].as_array().unwrap() {
        assert_eq!(entry["state"], "revoked");
    }
}

#[test]
fn what_cannot_be_revoked() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(place.run(&["revoke", "nobody", "--yes"]), @"
    --- on standard error
    error: no certificate has the serial number or the name nobody
    hint: pgcert list shows all of them; upper and lower case count in names
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&["revoke", "Test CA", "--yes"]), @"
    --- on standard error
    error: certificate [serial] cannot be revoked: the authority's own certificate cannot be revoked by itself
    hint: to end its trust, take it out of the root.crt of every server and client
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&["revoke", "slardiere", "--reason", "lost"]), @"
    --- on standard error
    error: invalid value 'lost' for '--reason <REASON>'
      [possible values: unspecified, key-compromise, ca-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn]

    For more information, try '--help'.
    --- exit code 2
    ");
}

#[test]
fn a_list_on_standard_output_and_in_a_file() {
    let place = Place::with_certificates();
    place.must(&["revoke", "slardiere", "--yes"]);
    let said = crl(&place, &["--next-update", "30"]);
    assert!(said.out.starts_with("-----BEGIN X509 CRL-----\n"), "{said}");
    insta::assert_snapshot!(said.err, @"revocation list 01: 1 revoked, counts until [time]");
    insta::assert_snapshot!(crl(&place, &["--out", "root.crl"]), @"
    --- on standard error
    revocation list 02 in [here]/root.crl: 1 revoked, counts until [time]
    ");
    assert_eq!(place.mode("root.crl"), 0o644);
    let seen = place.must(&["inspect", "root.crl"]).out;
    assert!(seen.contains("number       02"), "{seen}");
    assert!(seen.contains(&serial(&place, "slardiere")), "{seen}");
    insta::assert_snapshot!(crl(&place, &["--out", "root.crl", "--json", "--quiet"]), @r#"
    {
      "changed": true,
      "crl": {
        "crl": null,
        "entries": 1,
        "file": "[here]/root.crl",
        "fingerprint": "[sha256]",
        "next_update": "[time]",
        "number": "03",
        "this_update": "[time]"
      },
      "schema_version": 1
    }
    "#);
}

#[test]
fn a_file_keeps_the_lists_of_other_authorities_and_nothing_else_is_replaced() {
    let place = Place::with_certificates();
    let other = ["--authority", "other"];
    place.must(&[&["ca", "init", "--no-passphrase"][..], &other].concat());
    place.must(&[&["ca", "crl", "--out", "root.crl"][..], &other].concat());
    insta::assert_snapshot!(crl(&place, &["--out", "root.crl"]), @"
    --- on standard error
    revocation list 01 in [here]/root.crl: 0 revoked, counts until [time]
    the file keeps 1 list of other authorities
    ");
    let number = |name: &str| place.read(name).matches("BEGIN X509 CRL").count();
    assert_eq!(number("root.crl"), 2);
    assert_eq!(crl(&place, &["--out", "root.crl"]).code, Some(0));
    assert_eq!(number("root.crl"), 2);
    // A slip of the finger must not cost the file that everything trusts.
    insta::assert_snapshot!(crl(&place, &["--out", "root.crt"]), @"
    --- on standard error
    error: [here]/root.crt holds something else than revocation lists
    hint: --out names a file of its own
    --- exit code 1
    ");
    assert!(place.read("root.crt").contains("BEGIN CERTIFICATE"));
}

#[test]
fn an_audit_finds_what_was_changed_behind_its_back() {
    let place = Place::with_certificates();
    let clean = place.must(&["ca", "audit"]);
    insta::assert_snapshot!(clean, @"
    6 events, 3 certificates
    head [sha256]
    ");
    let head = place.json(&["ca", "audit"])["head"]
        .as_str()
        .unwrap()
        .to_owned();
    place.must(&["revoke", "slardiere", "--yes"]);
    place.must(&["ca", "audit", "--expect-head", &head]);

    // No database is needed for that: an event is plain text in the file.
    let file = place.path("authority/store.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let (was, becomes) = (br#""reason":"unspecified""#, br#""reason":"superseded ""#);
    let at = bytes.windows(was.len()).position(|part| part == was);
    bytes[at.unwrap()..][..was.len()].copy_from_slice(becomes);
    std::fs::write(&file, bytes).unwrap();
    insta::assert_snapshot!(place.run(&["ca", "audit"]), @"
    event 7 of the log was changed, or the one before it
    certificate [serial]: its revocation is not what the log tells
    7 events, 3 certificates
    head [sha256]
    --- on standard error
    error: the store is not as its log tells: 2 findings
    hint: a copy of store.db from before, and the head of an earlier audit, show since when
    --- exit code 3
    ");
    insta::assert_snapshot!(place.run(&["ca", "audit", "--json", "--quiet", "--expect-head", &"0".repeat(64)]), @r#"
    {
      "certificates": 3,
      "events": 7,
      "findings": [
        {
          "code": "chain",
          "message": "event 7 of the log was changed, or the one before it",
          "severity": "problem"
        },
        {
          "code": "head",
          "message": "no event has the hash [sha256]: the end of the log was cut off, or it is another log",
          "severity": "problem"
        },
        {
          "code": "differs",
          "message": "certificate [serial]: its revocation is not what the log tells",
          "severity": "problem"
        }
      ],
      "head": "[sha256]",
      "schema_version": 1
    }
    --- on standard error
    error: the store is not as its log tells: 3 findings
    hint: a copy of store.db from before, and the head of an earlier audit, show since when
    --- exit code 3
    "#);
}
