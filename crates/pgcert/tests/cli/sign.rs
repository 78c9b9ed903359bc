//! `pgcert sign`: shown, agreed to, signed, written; all of the requests or none.

use crate::place::Place;

fn asked() -> Place {
    let place = Place::with_authority();
    place.must(&["request", "server", "tolva", "--san", "ip:192.168.1.1"]);
    place.must(&["request", "client", "slardiere"]);
    place
}

const KEY: [&str; 2] = ["--passphrase-file", "pp"];

fn sign<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["sign"], arguments, &KEY].concat()
}

/// The fingerprint of a request, as `pgcert inspect` tells it.
fn fingerprint(place: &Place, file: &str) -> String {
    let items = place.json(&["inspect", file]);
    let fingerprint = items["items"][0]["facts"]["fingerprint"].as_str().unwrap();
    fingerprint.strip_prefix("sha256 ").unwrap().to_owned()
}

/// What the authority has issued, its own certificate left out.
fn issued(place: &Place) -> usize {
    let list = place.json(&["list"]);
    list["certificates"].as_array().unwrap().len() - 1
}

#[test]
fn both_kinds() {
    let place = asked();
    insta::assert_snapshot!(place.run(&sign(&["tolva.csr", "slardiere.csr", "--yes"])), @"
    --- on standard error
    server certificate for tolva, names dns:tolva ip:192.168.1.1
      subject CN=tolva
      request sha256 [sha256]
    client certificate for slardiere
      subject CN=slardiere
      request sha256 [sha256]
    [here]/tolva.crt is the certificate
    [here]/slardiere.crt is the certificate
    ");
    insta::assert_snapshot!(place.run(&["inspect", "tolva.crt", "slardiere.crt"]), @"
    tolva.crt: certificate
    Server certificate: tolva
      subject      CN=tolva
      names        dns:tolva, ip:192.168.1.1
      issued by    CN=Test CA
      valid from   [time]
      valid until  [time], [days] days left
      good for     server
      key          EC P-256
      signature    ECDSA with SHA-256
      serial       [serial]
      key usage    digitalSignature
      key id       [key id]
      issuer's id  [key id]
      public key   sha256 [sha256]
      fingerprint  sha256 [sha256]

    slardiere.crt: certificate
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
}

#[test]
fn in_json() {
    let place = asked();
    insta::assert_snapshot!(place.run(&sign(&["slardiere.csr", "--yes", "--json", "--quiet"])), @r#"
    {
      "changed": true,
      "schema_version": 1,
      "signed": [
        {
          "certificate": "[here]/slardiere.crt",
          "ends_with_authority": false,
          "kind": "client",
          "name": "slardiere",
          "not_after": "[time]",
          "not_given": [],
          "serial": "[serial]"
        }
      ]
    }
    "#);
}

#[test]
fn nothing_without_a_yes() {
    let place = asked();
    insta::assert_snapshot!(place.run(&sign(&["slardiere.csr"])), @"
    --- on standard error
    client certificate for slardiere
      subject CN=slardiere
      request sha256 [sha256]
    error: nobody is there to agree to the names in the requests
    hint: --expect-fingerprint with what pgcert request printed agrees to exactly that request; --yes agrees to all of them
    hint: pgcert inspect shows a request without signing it
    --- exit code 2
    ");
    // What has to be agreed to is shown, however quiet.
    assert!(
        place
            .run(&sign(&["slardiere.csr", "--quiet"]))
            .err
            .contains("client certificate for slardiere")
    );
    assert_eq!(issued(&place), 0);
}

#[test]
fn an_expected_fingerprint_agrees_to_that_request_alone() {
    let place = asked();
    let expected = fingerprint(&place, "slardiere.csr");
    insta::assert_snapshot!(place.run(&sign(&["tolva.csr", "slardiere.csr", "--yes", "--expect-fingerprint", &expected])), @"
    --- on standard error
    error: tolva.csr is not the request that was expected: its fingerprint is [sha256]
    hint: compare it with what pgcert request printed where the key was made; nothing was signed
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&sign(&["slardiere.csr", "--expect-fingerprint", "5f1c"])), @"
    --- on standard error
    error: invalid value '5f1c' for '--expect-fingerprint <SHA256>': not a SHA-256 fingerprint: 64 hex digits are needed

    For more information, try '--help'.
    --- exit code 2
    ");
    assert_eq!(issued(&place), 0);
    // In OpenSSL's form too.
    let colons: Vec<_> = expected.as_bytes().chunks(2).collect();
    let colons = String::from_utf8(colons.join(&b':')).unwrap();
    place.must(&sign(&["slardiere.csr", "--expect-fingerprint", &colons]));
    assert_eq!(issued(&place), 1);
}

#[test]
fn an_expected_role_is_no_agreement() {
    let place = asked();
    place.must(&["request", "client", "Slardiere", "--out", "home"]);
    let expect = ["--expect-role", "slardiere"];
    let with = |file: &str| place.run(&sign(&[&[file, "--yes"], &expect[..]].concat()));
    insta::assert_snapshot!(with("home/Slardiere.csr"), @r#"
    --- on standard error
    error: home/Slardiere.csr is for the role "Slardiere", and "slardiere" was expected
    hint: role names count to the letter, capitals too; nothing was signed
    --- exit code 1
    "#);
    insta::assert_snapshot!(with("tolva.csr"), @r#"
    --- on standard error
    error: tolva.csr asks for a server certificate for "tolva", and a role's was expected
    hint: nothing was signed; pgcert inspect shows what is in a request
    --- exit code 1
    "#);
    assert_eq!(
        place
            .run(&sign(&[&["slardiere.csr"], &expect[..]].concat()))
            .code,
        Some(2)
    );
    assert_eq!(issued(&place), 0);
    with("slardiere.csr");
    assert_eq!(issued(&place), 1);
}

#[test]
fn a_certificate_is_never_overwritten_and_no_serial_taken() {
    let place = asked();
    place.write("slardiere.crt", "mine");
    insta::assert_snapshot!(place.run(&sign(&["tolva.csr", "slardiere.csr", "--yes"])), @"
    --- on standard error
    error: [here]/slardiere.crt exists already
    hint: move it away, or name another folder with --out
    --- exit code 1
    ");
    assert_eq!(place.read("slardiere.crt"), "mine");
    assert!(!place.path("tolva.crt").exists());
    assert_eq!(issued(&place), 0);
}

#[test]
fn all_or_none() {
    let place = asked();
    insta::assert_snapshot!(place.run(&sign(&["tolva.csr", "nowhere.csr", "--yes"])), @"
    --- on standard error
    error: a request cannot be read: cannot open nowhere.csr: No such file or directory
    --- exit code 1
    ");
    place.write("bad.csr", "not a request");
    insta::assert_snapshot!(place.run(&sign(&["tolva.csr", "bad.csr", "--yes"])), @"
    --- on standard error
    error: bad.csr cannot be signed: no certificate request found
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&sign(&["tolva.csr", "--out", "nowhere", "--yes"])), @"
    --- on standard error
    error: the folder [here]/nowhere does not exist
    hint: make it first, or name another one with --out
    --- exit code 1
    ");
    std::fs::create_dir(place.path("out")).unwrap();
    insta::assert_snapshot!(place.run(&sign(&["tolva.csr", "tolva.csr", "--out", "out", "--yes"])), @"
    --- on standard error
    error: [here]/out/tolva.crt would be written twice: two of the requests are for tolva
    hint: sign them one by one, each with its own --out
    --- exit code 1
    ");
    assert_eq!(issued(&place), 0);
    place.must(&sign(&[
        "tolva.csr",
        "slardiere.csr",
        "--out",
        "out",
        "--yes",
    ]));
    assert!(place.path("out/tolva.crt").exists() && place.path("out/slardiere.crt").exists());
}

#[test]
fn a_request_that_was_tampered_with_is_refused() {
    let place = asked();
    let request = place.read("slardiere.csr");
    // Another common name under the same signature.
    let at = request.find("c2xhcmRpZXJl").unwrap_or(request.len() / 2);
    let (head, tail) = request.split_at(at);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    let broken = format!("{head}{other}{}", &tail[1..]);
    place.write("broken.csr", &broken);
    assert_eq!(place.run(&sign(&["broken.csr", "--yes"])).code, Some(1));
    assert_eq!(issued(&place), 0);
}

#[test]
fn the_wrong_passphrase_takes_no_serial() {
    let place = asked();
    place.write("wrong", "guess\n");
    insta::assert_snapshot!(place.run(&["sign", "slardiere.csr", "--yes", "--quiet", "--passphrase-file", "wrong"]), @"
    --- on standard error
    error: the authority's key cannot be used: [here]/authority/ca.key: wrong passphrase
    hint: only the first line counts, without its end; blanks count too
    --- exit code 1
    ");
    assert_eq!(issued(&place), 0);
}

#[test]
fn an_authority_without_a_passphrase_needs_none() {
    let place = Place::new();
    place.must(&["ca", "init", "--no-passphrase"]);
    place.must(&["request", "client", "slardiere"]);
    place.must(&["sign", "slardiere.csr", "--yes"]);
}

#[test]
fn the_kind_can_be_said() {
    let place = asked();
    place.must(&sign(&["slardiere.csr", "--kind", "server", "--yes"]));
    assert!(
        place
            .must(&["inspect", "slardiere.crt"])
            .out
            .contains("dns:slardiere")
    );
}

#[test]
fn a_certificate_that_could_not_be_written_is_not_said_to_be_in_use() {
    let place = asked();
    // A folder in which nobody, not even root, can make a file.
    let said = place.run(&sign(&["slardiere.csr", "--out", "/proc", "--yes"]));
    assert_eq!(said.code, Some(1), "{said}");
    let list = place.json(&["list", "--kind", "client"]);
    assert_eq!(list["certificates"][0]["state"], "unused");
}
