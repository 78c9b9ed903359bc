//! `pgcert inspect`: whatever is in a file, in words; what cannot be shown does not hide the rest.

use std::io::Write as _;
use std::process::Stdio;

use crate::place::Place;

#[test]
fn one_unreadable_file_does_not_hide_the_others() {
    let place = Place::with_certificates();
    place.write("text", "nothing of the kind\n");
    insta::assert_snapshot!(place.run(&["inspect", "text", "nowhere", "slardiere.key", "home"]), @"
    slardiere.key: key
    Private key
      key         EC P-256
      format      PKCS#8, PEM
      public key  sha256 [sha256]

    --- on standard error
    error: text cannot be shown: neither a certificate, a request, a key nor a revocation list
    error: nowhere cannot be read: cannot open nowhere: No such file or directory
    error: home cannot be read: home is a folder, not a file
    --- exit code 1
    ");
}

#[test]
fn in_json() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(place.run(&["inspect", "slardiere.crt", "--json"]), @r#"
    {
      "items": [
        {
          "facts": {
            "fingerprint": "sha256 [sha256]",
            "good for": "client",
            "issued by": "CN=Test CA",
            "issuer's id": "[key id]",
            "key": "EC P-256",
            "key id": "[key id]",
            "key usage": "digitalSignature",
            "public key": "sha256 [sha256]",
            "serial": "[serial]",
            "signature": "ECDSA with SHA-256",
            "subject": "CN=slardiere",
            "valid from": "[time]",
            "valid until": "[time], [days] days left"
          },
          "file": "slardiere.crt",
          "findings": [],
          "kind": "certificate"
        }
      ],
      "schema_version": 1,
      "verdicts": []
    }
    "#);
}

#[test]
fn an_encrypted_key_is_shown_as_far_as_it_goes() {
    let place = Place::new();
    place.must(&["request", "client", "x", "--key-passphrase-file", "pp"]);
    insta::assert_snapshot!(place.run(&["inspect", "x.key"]), @"
    x.key: encrypted-key
    Private key, encrypted
      format      PKCS#8, PEM
      encryption  PBES2: PBKDF2-HMAC-SHA-256, 600000 rounds, AES-256-CBC
      note: the passphrase is needed to say more
    ");
    insta::assert_snapshot!(place.run(&["inspect", "x.key", "--passphrase-file", "pp"]), @"
    x.key: key
    Private key
      key         EC P-256
      format      PKCS#8, PEM
      encryption  PBES2: PBKDF2-HMAC-SHA-256, 600000 rounds, AES-256-CBC
      public key  sha256 [sha256]
    ");
    place.write("wrong", "guess\n");
    insta::assert_snapshot!(place.run(&["inspect", "x.key", "--passphrase-file", "wrong"]), @"
    --- on standard error
    error: x.key cannot be shown: wrong passphrase
    hint: without the passphrase the file is shown as far as it is not encrypted
    --- exit code 1
    ");
}

#[test]
fn pkcs12_is_shown_with_what_is_in_it() {
    let place = Place::with_certificates();
    place.must(&[
        "export",
        "--for",
        "jdbc",
        "--key",
        "slardiere.key",
        "--cert",
        "slardiere.crt",
        "--key-passphrase-file",
        "pp",
    ]);
    insta::assert_snapshot!(place.run(&["inspect", "slardiere.p12"]));
    insta::assert_snapshot!(place.run(&[
        "inspect",
        "slardiere.p12",
        "--passphrase-command",
        "cat pp"
    ]));
    let said = place.must(&[
        "inspect",
        "slardiere.p12",
        "--passphrase-file",
        "pp",
        "--json",
    ]);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let kinds: Vec<_> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["kind"])
        .collect();
    assert_eq!(kinds, ["pkcs12", "key", "certificate"]);
    assert_eq!(document["items"][0]["facts"]["alias"], "user");
    place.write("wrong", "guess\n");
    insta::assert_snapshot!(place.run(&["inspect", "slardiere.p12", "--passphrase-file", "wrong"]));
}

#[test]
fn what_comes_in_on_standard_input() {
    let place = Place::with_certificates();
    let mut child = place
        .pgcert(&["inspect", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let root = place.read("root.crt");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(root.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("Root authority: Test CA")
    );
}

#[test]
fn a_name_that_is_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::with_certificates();
    let odd = OsStr::from_bytes(b"odd\xff.crt");
    std::fs::copy(place.path("slardiere.crt"), place.path("").join(odd)).unwrap();
    for json in [&[][..], &["--json"]] {
        let mut command = place.pgcert(&["inspect"]);
        command.arg(odd).args(json);
        assert_eq!(crate::place::said(command).code, Some(0));
    }
}

const VERIFY: [&str; 3] = ["--verify", "--root", "root.crt"];

#[test]
fn a_good_chain_is_said_to_be_good() {
    let place = Place::with_certificates();
    let said = place.run(
        &[
            &["inspect", "localhost.crt", "--name", "127.0.0.1"],
            &VERIFY[..],
        ]
        .concat(),
    );
    assert_eq!(said.code, Some(0), "{said}");
    let verdict = said.out.rsplit_once("\n\n").unwrap().1;
    insta::assert_snapshot!(verdict, @"
    localhost.crt: good as a server's certificate for 127.0.0.1 at [time]
      0  CN=localhost
      1  CN=Test CA
    ");
    let said = place.json(
        &[
            &["inspect", "slardiere.crt", "--name", "slardiere"],
            &VERIFY[..],
        ]
        .concat(),
    );
    insta::assert_snapshot!(format!("{:#}", said["verdicts"]), @r#"
    [
      {
        "at": "[time]",
        "chain": [
          "CN=slardiere",
          "CN=Test CA"
        ],
        "depth": null,
        "file": "slardiere.crt",
        "help": null,
        "name": "slardiere",
        "ok": true,
        "openssl_error": null,
        "purpose": "client",
        "reason": null
      }
    ]
    "#);
}

#[test]
fn a_bad_one_is_refused_with_the_reason() {
    let place = Place::with_certificates();
    let verdict = |words: &[&str]| {
        let said = place.run(&[&["inspect"], words].concat());
        assert_eq!(said.code, Some(3), "{said}");
        said.out.rsplit_once("\n\n").unwrap().1.to_owned()
    };
    let with = |words: &[&str]| verdict(&[words, &VERIFY[..]].concat());
    insta::assert_snapshot!(with(&["localhost.crt", "--name", "tolva"]), @r#"
    localhost.crt: refused as a server's certificate for tolva at [time]
      server certificate for "localhost" (and 1 other name) does not match host name "tolva"
      the chain is good, and for somebody else
    "#);
    insta::assert_snapshot!(with(&["slardiere.crt", "--name", "Slardiere"]), @r#"
    slardiere.crt: refused as a client's certificate for Slardiere at [time]
      client certificate for "slardiere" does not match role "Slardiere"
      the chain is good, and for somebody else
    "#);
    insta::assert_snapshot!(with(&["slardiere.crt", "--purpose", "server"]), @"
    slardiere.crt: refused as a server's certificate at [time]
      unsuitable certificate purpose (OpenSSL's error 26, at depth 0: CN=slardiere)
      its key usage or extended key usage is for the other side: servers show serverAuth, clients clientAuth
    ");
    insta::assert_snapshot!(with(&["slardiere.crt", "--at", "2100-01-01"]), @"
    slardiere.crt: refused as a client's certificate at [time]
      certificate has expired (OpenSSL's error 10, at depth 1: CN=Test CA)
      pgcert inspect shows from when until when it holds; look at the machine's clock too
    ");
    place.write("other.crt", &place.read("slardiere.crt"));
    let other = ["slardiere.crt", "--verify", "--root", "other.crt"];
    insta::assert_snapshot!(verdict(&other), @"
    slardiere.crt: refused as a client's certificate at [time]
      unable to get local issuer certificate (OpenSSL's error 20, at depth 0: CN=slardiere)
      whoever issued it is neither trusted (--root) nor sent along (the rest of the file, --intermediates)
    ");
}

#[test]
fn a_key_that_belongs_to_none_of_the_certificates_is_named() {
    let place = Place::with_certificates();
    let words = ["inspect", "slardiere.crt", "localhost.key"];
    let said = place.must(&words);
    assert!(
        said.out
            .contains("problem: no certificate or request shown here is for this key"),
        "{said}"
    );
    let said = place.run(&[&words, &VERIFY[..]].concat());
    assert_eq!(said.code, Some(3), "{said}");
    place.must(&[&["inspect", "slardiere.crt", "slardiere.key"], &VERIFY[..]].concat());
}

#[test]
fn nothing_to_hold_against_is_a_mistake() {
    let place = Place::with_certificates();
    for words in [
        &["inspect", "slardiere.crt", "--verify"][..],
        &["inspect", "slardiere.crt", "--name", "slardiere"],
    ] {
        assert_eq!(place.run(words).code, Some(2));
    }
    let verify = |words: &[&str]| place.run(&[&["inspect"], words].concat());
    insta::assert_snapshot!(verify(&["slardiere.crt", "--verify", "--root", "pp"]).err, @"
    error: no certificate is in pp
    hint: --root is the trusted file: root.crt of a client, ssl_ca_file of a server
    ");
    insta::assert_snapshot!(verify(&["slardiere.crt", "--verify", "--root", "root.crt", "--crl", "root.crt"]).err, @"
    error: no revocation list is in the file of --crl
    hint: PostgreSQL and libpq read PEM alone: openssl crl -inform DER makes PEM of it
    ");
    insta::assert_snapshot!(verify(&["slardiere.key", "--verify", "--root", "root.crt"]).err, @"error: there is no certificate to verify");
}
