//! `pgcert issue`: key and certificate at once, on the authority's machine.

use pki_core::Certificate;

use crate::place::Place;

/// An authority whose key needs no passphrase, which would cost each command a tenth of a second.
pub(crate) fn open_authority() -> Place {
    let place = Place::new();
    place.must(&["ca", "init", "--ca-name", "Test CA", "--no-passphrase"]);
    place
}

#[test]
fn for_a_server() {
    let place = Place::with_authority();
    insta::assert_snapshot!(place.run(&["issue", "server", "tolva", "--san", "ip:192.168.1.1", "--passphrase-file", "pp"]), @"
    --- on standard error
    [here]/tolva.key is the key: move it to the server's machine by a safe way, and leave no copy here
    [here]/tolva.crt is the certificate of server tolva, good until [time]
    (pgcert request on that machine and pgcert sign here: then no key has to travel)
    ");
    assert_eq!(
        (place.mode("tolva.key"), place.mode("tolva.crt")),
        (0o600, 0o644)
    );
    insta::assert_snapshot!(place.run(&["inspect", "tolva.crt"]), @"
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
    ");
}

#[test]
fn for_a_client_in_json() {
    let place = open_authority();
    insta::assert_snapshot!(place.run(&["issue", "client", "slardiere", "--subject", "O=Loxodata", "--json", "--quiet"]), @r#"
    {
      "changed": true,
      "issued": [
        {
          "certificate": "[here]/slardiere.crt",
          "ends_with_authority": false,
          "key": "[here]/slardiere.key",
          "kind": "client",
          "name": "slardiere",
          "not_after": "[time]",
          "not_before": "[time]",
          "serial": "[serial]"
        }
      ],
      "schema_version": 1
    }
    "#);
}

/// What PostgreSQL takes for a name, a certificate has to carry as it is, and a file of that name must
/// not lead anywhere.
#[test]
fn roles_as_postgresql_has_them() {
    let place = open_authority();
    let long = "é".repeat(31);
    for (role, stem) in [
        ("Slardiere", "Slardiere"),
        ("App User", "App%20User"),
        ("a,b=c/d+e\"", "a%2Cb%3Dc%2Fd%2Be%22"),
        ("../x", "%2E.%2Fx"),
        (" x ", "%20x%20"),
        (&long, &"%C3%A9".repeat(31)),
    ] {
        let issued = place.json(&["issue", "client", role]);
        assert_eq!(issued["issued"][0]["name"], role);
        let file = format!("{stem}.crt");
        assert!(place.path(&file).exists(), "{file}");
        let certificate = pki_core::Certificate::from_pem(place.read(&file).as_bytes()).unwrap();
        assert_eq!(certificate.common_name().as_deref(), Some(role));
        assert_eq!(certificate.kind(), pki_core::Kind::Client);
        let listed = place.json(&["list", "--name", role]);
        assert_eq!(listed["certificates"][0]["name"], role);
    }
    let said = place.run(&["issue", "client", &"x".repeat(64)]);
    assert_eq!(said.code, Some(2), "{said}");
    assert!(said.err.contains("64 bytes, at most 63"), "{said}");
}

#[test]
fn nothing_is_overwritten_and_no_serial_taken_in_vain() {
    let place = open_authority();
    place.write("slardiere.crt", "precious");
    insta::assert_snapshot!(place.run(&["issue", "client", "slardiere"]), @"
    --- on standard error
    error: [here]/slardiere.crt exists already
    hint: move it away, or name another folder with --out
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&["issue", "client", "slardiere", "--out", "nowhere"]), @"
    --- on standard error
    error: the folder [here]/nowhere does not exist
    hint: make it first, or name another one with --out
    --- exit code 1
    ");
    assert_eq!(place.read("slardiere.crt"), "precious");
    assert!(!place.path("slardiere.key").exists());
    assert_eq!(
        place.json(&["list"])["certificates"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// As a run leaves it that was killed between the two files.
#[test]
fn a_key_without_its_certificate_gets_it_again() {
    let place = open_authority();
    place.must(&["issue", "client", "slardiere"]);
    let certificate = place.read("slardiere.crt");
    std::fs::remove_file(place.path("slardiere.crt")).unwrap();
    let said = place.run(&["issue", "client", "slardiere"]);
    insta::assert_snapshot!(said, @"
    --- on standard error
    error: [here]/slardiere.key exists already, and its certificate is not beside it: it was moved away, or a run was stopped
    hint: pgcert show [serial] --pem > [here]/slardiere.crt writes it again; or move the key away
    --- exit code 1
    ");
    let serial = Certificate::from_pem(certificate.as_bytes())
        .unwrap()
        .serial()
        .to_string();
    assert!(
        said.err.contains(&format!("pgcert show {serial} --pem > ")),
        "{said}"
    );
    let shown = place.must(&["show", &serial, "--pem"]);
    assert_eq!(shown.out, certificate);
    // Of another name, it is in the way and nothing else.
    std::fs::rename(place.path("slardiere.key"), place.path("anna.key")).unwrap();
    insta::assert_snapshot!(place.run(&["issue", "client", "anna"]), @"
    --- on standard error
    error: [here]/anna.key exists already
    hint: move it away, or name another folder with --out
    --- exit code 1
    ");
}

#[test]
fn the_key_can_be_encrypted() {
    let place = open_authority();
    insta::assert_snapshot!(place.run(&["issue", "client", "slardiere", "--key-passphrase-file", "pp"]), @"
    --- on standard error
    [here]/slardiere.key is the key: move it to the client's machine by a safe way, and leave no copy here
    [here]/slardiere.crt is the certificate of client slardiere, good until [time]
    psql asks for the key's passphrase; JDBC, pgx and rustls cannot read an encrypted key
    (pgcert request on that machine and pgcert sign here: then no key has to travel)
    ");
    assert!(
        place
            .read("slardiere.key")
            .starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    );
    insta::assert_snapshot!(place.run(&["issue", "client", "anna", "--encrypt-key"]), @"
    --- on standard error
    error: the new key needs a passphrase, and there is no terminal to ask on
    hint: --key-passphrase-file FILE has it in its first line
    --- exit code 2
    ");
}

#[test]
fn it_ends_with_its_authority() {
    let place = Place::new();
    place.must(&[
        "ca",
        "init",
        "--ca-name",
        "Test CA",
        "--no-passphrase",
        "--days",
        "30",
    ]);
    insta::assert_snapshot!(place.run(&["issue", "client", "slardiere", "--days", "360", "--key-type", "ed25519"]), @"
    --- on standard error
    [here]/slardiere.key is the key: move it to the client's machine by a safe way, and leave no copy here
    [here]/slardiere.crt is the certificate of client slardiere, good until [time]
    it ends on [time], with its authority, and not only after 360 days: nothing outlives its issuer
    (pgcert request on that machine and pgcert sign here: then no key has to travel)
    ");
    place.must(&["request", "client", "anna"]);
    insta::assert_snapshot!(place.run(&["sign", "anna.csr", "--yes"]), @"
    --- on standard error
    client certificate for anna
      subject CN=anna
      request sha256 [sha256]
    [here]/anna.crt is the certificate
    it ends on [time], with its authority, and not only after 360 days: nothing outlives its issuer
    ");
}
