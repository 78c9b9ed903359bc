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
      "schema_version": 1
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
      note: the passphrase is needed to say more
    ");
    insta::assert_snapshot!(place.run(&["inspect", "x.key", "--passphrase-file", "pp"]), @"
    x.key: key
    Private key
      key         EC P-256
      format      PKCS#8, PEM, encrypted
      public key  sha256 [sha256]
    ");
    place.write("wrong", "guess\n");
    insta::assert_snapshot!(place.run(&["inspect", "x.key", "--passphrase-file", "wrong"]), @"
    --- on standard error
    error: x.key cannot be shown: wrong passphrase
    hint: without --passphrase-file the file is shown as far as it is not encrypted
    --- exit code 1
    ");
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
