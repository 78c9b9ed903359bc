//! Authorities under a root that is carried away, and authorities with limits.

use std::fs;

use pki_core::{Certificate, Purpose, Time, verify_chain};

use crate::place::Place;

/// A root in `root`, and under it an authority that signs for `example.org` alone.
fn under_a_root() -> Place {
    let place = Place::new();
    place.must(&[
        "ca",
        "init",
        "--intermediate",
        "--root-authority",
        "root",
        "--ca-name",
        "Issuing CA",
        "--no-passphrase",
        "--permit-dns",
        "example.org",
    ]);
    place
}

fn chain(place: &Place, file: &str) -> Vec<Certificate> {
    Certificate::all_from_pem(place.read(file).as_bytes()).unwrap()
}

#[test]
fn made_with_its_root() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&[
        "ca", "init", "--intermediate", "--root-authority", "root", "--ca-name", "Issuing CA",
        "--root-passphrase-file", "pp", "--no-passphrase", "--permit-dns", "example.org",
    ]), @r#"
    --- on standard error
    root "Issuing CA root" made in [here]/root
    authority "Issuing CA" made in [here]/authority
    its key is not encrypted: whoever can read ca.key can issue certificates
    its root is in [here]/root: carry that folder away; it is needed again for the next authority under it and for its revocation lists only
    "#);
    insta::assert_snapshot!(place.run(&["ca", "show"]), @"
    [here]/authority: authority, key NOT encrypted
    Intermediate authority: Issuing CA
      subject        CN=Issuing CA
      issued by      CN=Issuing CA root
      valid from     [time]
      valid until    [time], [days] days left
      good for       signing certificates and revocation lists, no authority below it
      key            EC P-256
      signature      ECDSA with SHA-256
      serial         [serial]
      key usage      keyCertSign, cRLSign
      only names in  dns:example.org
      no names in    ip:0.0.0.0/0, ip:::/0
      key id         [key id]
      issuer's id    [key id]
      public key     sha256 [sha256]
      fingerprint    sha256 [sha256]
    Root authority: Issuing CA root
      subject      CN=Issuing CA root
      issued by    itself
      valid from   [time]
      valid until  [time], [days] days left
      good for     signing certificates and revocation lists, one level of authorities below it
      key          EC P-256
      signature    ECDSA with SHA-256
      serial       [serial]
      key usage    keyCertSign, cRLSign
      key id       [key id]
      issuer's id  [key id]
      public key   sha256 [sha256]
      fingerprint  sha256 [sha256]
    ");
    // The root's store knows of it, and it can do without.
    let root = place.path("root");
    let listed = place.json(&["list", "--authority", root.to_str().unwrap()]);
    assert_eq!(listed["certificates"][1]["kind"], "intermediate");
    assert_eq!(listed["certificates"][1]["state"], "issued");
    fs::rename(&root, place.path("elsewhere")).unwrap();
    place.must(&["issue", "server", "db.example.org"]);
    place.must(&["issue", "client", "slardiere"]);
    place.must(&["ca", "audit"]);
    let exported = place.must(&["ca", "export"]).out;
    let trusted = Certificate::all_from_pem(exported.as_bytes()).unwrap();
    assert_eq!(trusted.len(), 1);
    assert!(trusted[0].is_self_signed());
    for (file, purpose) in [
        ("db.example.org.crt", Purpose::Server),
        ("slardiere.crt", Purpose::Client),
    ] {
        let sent = chain(&place, file);
        assert_eq!(sent.len(), 2);
        let now = sent[0].validity().not_before.plus_days(1);
        let path = verify_chain(&sent[0], &sent[1..], &trusted, &[], purpose, now).unwrap();
        assert_eq!(path.len(), 3);
    }
}

#[test]
fn what_lies_outside_is_refused_before_it_is_signed() {
    let place = under_a_root();
    insta::assert_snapshot!(place.run(&["issue", "server", "db.example.com", "--san", "10.0.0.1"]), @"
    --- on standard error
    error: no certificate for db.example.com can be issued: not signed: CN=Issuing CA may not sign for db.example.com; CN=Issuing CA may not sign for 10.0.0.1
    --- exit code 1
    ");
    place.must(&["request", "server", "tolva"]);
    insta::assert_snapshot!(place.run(&["sign", "tolva.csr", "--yes"]), @"
    --- on standard error
    server certificate for tolva, names dns:tolva
      subject CN=tolva
      request sha256 [sha256]
    error: tolva.csr cannot be signed: not signed: CN=Issuing CA may not sign for tolva
    --- exit code 1
    ");
    place.write(
        "hosts.csv",
        "kind,name\nserver,db.example.org\nserver,tolva\n",
    );
    insta::assert_snapshot!(place.run(&["issue", "--batch", "hosts.csv"]), @"
    --- on standard error
    error: nothing was issued: hosts.csv
      line 3: not signed: CN=Issuing CA may not sign for tolva
    --- exit code 1
    ");
    assert_eq!(
        place.json(&["list"])["certificates"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn one_for_clients_signs_for_no_server() {
    let place = Place::new();
    place.must(&[
        "ca",
        "init",
        "--for",
        "client",
        "--ca-name",
        "Clients CA",
        "--no-passphrase",
    ]);
    place.must(&["issue", "client", "slardiere"]);
    let shown = place.must(&["ca", "show"]).out;
    assert!(shown.contains("of clients alone"), "{shown}");
    insta::assert_snapshot!(place.run(&["issue", "server", "tolva"]), @"
    --- on standard error
    error: no certificate for tolva can be issued: not signed: CN=Clients CA may sign no server certificates
    --- exit code 1
    ");
    // Who verifies knows it too.
    let authority = chain(&place, "authority/ca.crt");
    let leaf = chain(&place, "slardiere.crt");
    let now: Time = leaf[0].validity().not_before.plus_days(1);
    assert!(verify_chain(&leaf[0], &[], &authority, &[], Purpose::Client, now).is_ok());
    insta::assert_snapshot!(place.run(&["ca", "init", "--authority", "x", "--for", "client", "--permit-dns", "a.b", "--no-passphrase"]), @"
    --- on standard error
    error: host names and addresses limit what is signed for servers
    hint: without --for client, or without --permit-dns and --permit-ip
    --- exit code 2
    ");
}

/// Servers alone, and of them only those below one name: what it was seen to sign when it was tried.
#[test]
fn one_for_servers_of_one_domain_under_a_root() {
    let place = Place::new();
    place.must(&[
        "ca",
        "init",
        "--intermediate",
        "--root-authority",
        "root",
        "--no-passphrase",
        "--for",
        "server",
        "--permit-dns",
        "example.org",
        "--permit-ip",
        "192.0.2.0/24",
    ]);
    place.must(&["issue", "server", "db.example.org", "--san", "ip:192.0.2.1"]);
    assert_eq!(place.run(&["issue", "client", "slardiere"]).code, Some(1));
    place.must(&["ca", "audit"]);
}

/// The key is made on one machine, the root is on another.
#[test]
fn over_two_machines() {
    let place = Place::new();
    place.must(&[
        "ca",
        "init",
        "--ca-name",
        "Root CA",
        "--no-passphrase",
        "--authority",
        "root",
    ]);
    insta::assert_snapshot!(place.run(&["request", "intermediate", "Issuing", "--passphrase-file", "pp"]), @"
    --- on standard error
    [here]/Issuing.key is the key: it stays on this machine
    [here]/Issuing.csr is the request: have it signed on the authority's machine with
      pgcert sign Issuing.csr --kind intermediate --expect-fingerprint [sha256]
    and make the authority of it here, with the root's certificate, with
      pgcert ca import --key Issuing.key --cert Issuing.crt --chain root.crt
    ");
    insta::assert_snapshot!(place.run(&["sign", "Issuing.csr", "--yes", "--authority", "root"]), @"
    --- on standard error
    error: Issuing.csr does not say what it is for
    hint: --kind server or --kind client says so
    --- exit code 2
    ");
    insta::assert_snapshot!(place.run(&["sign", "Issuing.csr", "--yes", "--authority", "root", "--kind", "intermediate", "--for", "server"]), @"
    --- on standard error
    intermediate certificate for Issuing
      subject CN=Issuing
      request sha256 [sha256]
    [here]/Issuing.crt is the certificate
    ");
    let signed = chain(&place, "Issuing.crt");
    assert_eq!(signed.len(), 1);
    assert_eq!(signed[0].path_length(), Some(0));
    place.write(
        "root.crt",
        &place.must(&["ca", "export", "--authority", "root"]).out,
    );
    place.must(&[
        "ca",
        "import",
        "--key",
        "Issuing.key",
        "--cert",
        "Issuing.crt",
        "--chain",
        "root.crt",
        "--passphrase-file",
        "pp",
    ]);
    place.must(&["issue", "server", "tolva", "--passphrase-file", "pp"]);
    assert_eq!(chain(&place, "tolva.crt")[1..], signed);
    let refused = place.run(&["issue", "client", "slardiere", "--passphrase-file", "pp"]);
    assert_eq!(refused.code, Some(1), "{refused}");

    // Only an authority can be limited.
    place.must(&["request", "client", "slardiere"]);
    insta::assert_snapshot!(place.run(&["sign", "slardiere.csr", "--yes", "--permit-dns", "a.b", "--authority", "root"]), @"
    --- on standard error
    error: --for, --permit-dns and --permit-ip limit an authority, and none is signed
    hint: with --kind intermediate
    --- exit code 2
    ");
}
