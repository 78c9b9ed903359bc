//! `pgcert request`: a key that stays, a request that goes.

use crate::place::Place;

#[test]
fn for_a_server() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["request", "server", "tolva", "--san", "dns:tolva.lan,ip:192.168.1.1"]), @"
    --- on standard error
    [here]/tolva.key is the key: it stays on this machine
    [here]/tolva.csr is the request: have it signed on the authority's machine with
      pgcert sign tolva.csr --expect-fingerprint [sha256]
    ");
    insta::assert_snapshot!(place.run(&["inspect", "tolva.csr", "tolva.key"]), @"
    tolva.csr: request
    Request for a server certificate: tolva
      subject      CN=tolva
      names        dns:tolva, dns:tolva.lan, ip:192.168.1.1
      key          EC P-256
      signature    ECDSA with SHA-256, proves that the requester has the key
      public key   sha256 [sha256]
      fingerprint  sha256 [sha256]

    tolva.key: key
    Private key
      key         EC P-256
      format      PKCS#8, PEM
      public key  sha256 [sha256]
    ");
}

#[test]
fn a_further_name_does_not_swallow_the_name() {
    let place = Place::new();
    place.must(&["request", "server", "--san", "ip:192.168.1.1", "tolva"]);
    assert!(place.path("tolva.csr").exists());
}

#[test]
fn for_a_client_in_json() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["request", "client", "slardiere", "--subject", "O=Loxodata", "--json", "--quiet"]), @r#"
    {
      "changed": true,
      "fingerprint": "[sha256]",
      "key": "[here]/slardiere.key",
      "kind": "client",
      "name": "slardiere",
      "request": "[here]/slardiere.csr",
      "schema_version": 1
    }
    "#);
}

#[test]
fn the_key_can_be_encrypted() {
    let place = Place::new();
    place.must(&[
        "request",
        "client",
        "slardiere",
        "--key-passphrase-file",
        "pp",
    ]);
    assert!(
        place
            .read("slardiere.key")
            .starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    );
}

#[test]
fn into_another_folder_under_a_harmless_name() {
    let place = Place::new();
    std::fs::create_dir(place.path("out")).unwrap();
    place.must(&["request", "client", "../x y", "--out", "out"]);
    assert!(place.path("out/%2E.%2Fx%20y.key").exists());
    insta::assert_snapshot!(place.run(&["request", "client", "x", "--out", "nowhere"]), @"
    --- on standard error
    error: [here]/nowhere/x.key cannot be written: cannot open [here]/nowhere: No such file or directory
    hint: make the folder first, or name another one with --out
    --- exit code 1
    ");
}

#[test]
fn neither_key_nor_request_is_overwritten() {
    let place = Place::new();
    place.write("a.key", "mine");
    insta::assert_snapshot!(place.run(&["request", "client", "a"]), @"
    --- on standard error
    error: [here]/a.key cannot be written: [here]/a.key exists already
    hint: it is never overwritten: move it away, or name another folder with --out
    --- exit code 1
    ");
    assert_eq!(place.read("a.key"), "mine");
    assert!(!place.path("a.csr").exists());

    place.write("b.csr", "mine");
    assert_eq!(place.run(&["request", "client", "b"]).code, Some(1));
    assert_eq!(place.read("b.csr"), "mine");
    assert!(
        !place.path("b.key").exists(),
        "a key without a request is of no use"
    );

    std::os::unix::fs::symlink(place.path("victim"), place.path("c.key")).unwrap();
    assert_eq!(place.run(&["request", "client", "c"]).code, Some(1));
    assert!(!place.path("victim").exists());
}

#[test]
fn an_empty_passphrase_makes_no_key() {
    let place = Place::new();
    place.write("empty", "\n");
    insta::assert_snapshot!(place.run(&["request", "client", "a", "--key-passphrase-file", "empty"]), @"
    --- on standard error
    error: the passphrase from empty is empty
    hint: its first line is the passphrase
    --- exit code 1
    ");
    assert!(!place.path("a.key").exists());
}
