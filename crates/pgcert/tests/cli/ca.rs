//! `pgcert ca`: init, show, export.

use crate::place::Place;

#[test]
fn init_says_what_it_made() {
    let place = Place::new();
    let init = [
        "ca",
        "init",
        "--ca-name",
        "Test CA",
        "--subject",
        "C=FR,O=Loxodata",
    ];
    insta::assert_snapshot!(place.run(&[init.as_slice(), &["--passphrase-file", "pp"]].concat()), @r#"
    --- on standard error
    authority "Test CA" made in [here]/authority
    "#);
    insta::assert_snapshot!(place.run(&["ca", "show"]), @"
    [here]/authority: authority, key encrypted
    Root authority: Test CA
      subject      CN=Test CA,O=Loxodata,C=FR
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
}

#[test]
fn init_in_json() {
    let place = Place::new();
    let init = [
        "ca",
        "init",
        "--ca-name",
        "Test CA",
        "--passphrase-file",
        "pp",
        "--json",
    ];
    insta::assert_snapshot!(place.run(&init), @r#"
    {
      "authority": {
        "certificate": "[pem]",
        "fingerprint": "[sha256]",
        "folder": "[here]/authority",
        "key_encrypted": true,
        "not_after": "[time]",
        "not_before": "[time]",
        "path": [
          "CN=Test CA"
        ],
        "root": "[pem]",
        "serial": "[serial]",
        "subject": "CN=Test CA"
      },
      "changed": true,
      "schema_version": 1
    }
    --- on standard error
    authority "Test CA" made in [here]/authority
    "#);
    let made = place.json(&["ca", "show"]);
    assert_eq!(place.json(&["ca", "export"]), made);
    let certificate = made["authority"]["certificate"].as_str().unwrap();
    let exported = place.must(&["ca", "export"]).out;
    // Above it a line of comment, by which a server's file says which authority it is.
    let (comment, pem) = exported.split_once('\n').unwrap();
    assert!(comment.starts_with("# pgcert authority "), "{comment}");
    assert_eq!(pem, certificate);
}

#[test]
fn an_unencrypted_key_is_said_to_be_one() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["ca", "init", "--ca-name", "Test CA", "--no-passphrase"]), @r#"
    --- on standard error
    authority "Test CA" made in [here]/authority
    its key is not encrypted: whoever can read ca.key can issue certificates
    "#);
    assert!(
        place
            .must(&["ca", "show"])
            .out
            .contains("key NOT encrypted")
    );
    assert_eq!(
        place.json(&["ca", "show"])["authority"]["key_encrypted"],
        false
    );
}

#[test]
fn quiet_is_silent() {
    let place = Place::new();
    let said = place.must(&["ca", "init", "--no-passphrase", "--quiet"]);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
}

#[test]
fn a_second_init_changes_nothing() {
    let place = Place::with_authority();
    let before = bytes(&place);
    // Refused before a passphrase is asked for.
    insta::assert_snapshot!(place.run(&["ca", "init"]), @"
    --- on standard error
    error: [here]/authority already holds an authority
    hint: pgcert ca show tells what it is; --authority DIR makes another one
    --- exit code 1
    ");
    assert_eq!(bytes(&place), before);
}

#[test]
fn looking_changes_nothing() {
    let place = Place::with_certificates();
    let before = bytes(&place);
    for command in [
        &["ca", "show"][..],
        &["ca", "export"],
        &["list"],
        &["list", "--json"],
    ] {
        place.must(command);
    }
    assert_eq!(bytes(&place), before);
}

fn bytes(place: &Place) -> Vec<(String, Vec<u8>)> {
    ["ca.crt", "ca.key", "store.db"]
        .map(|name| {
            let bytes = std::fs::read(place.path("authority").join(name)).unwrap();
            (name.to_owned(), bytes)
        })
        .to_vec()
}

#[test]
fn without_an_authority() {
    let place = Place::new();
    for command in [
        &["ca", "show"][..],
        &["ca", "export"],
        &["list"],
        &["show", "12"],
        &["sign", "x.csr"],
    ] {
        let said = place.run(command);
        assert_eq!(said.code, Some(1), "{command:?}");
        assert!(
            said.err.starts_with("error: there is no authority in "),
            "{said}"
        );
    }
    insta::assert_snapshot!(place.run(&["ca", "show", "--json"]), @"
    --- on standard error
    error: there is no authority in [here]/authority
    hint: pgcert ca init makes one; --authority DIR names another folder
    --- exit code 1
    ");
}

#[test]
fn a_folder_that_others_can_read_is_refused_with_the_remedy() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_authority();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path("authority"), open).unwrap();
    insta::assert_snapshot!(place.run(&["list"]), @"
    --- on standard error
    error: the authority in [here]/authority cannot be opened: [here]/authority has mode 0755: accounts other than its owner have access
    hint: chmod go= [here]/authority
    --- exit code 1
    ");
}

#[test]
fn the_option_comes_before_the_variable() {
    let place = Place::with_authority();
    let said = place.run(&["ca", "show", "--authority", "elsewhere"]);
    insta::assert_snapshot!(said, @"
    --- on standard error
    error: there is no authority in [here]/elsewhere
    hint: pgcert ca init makes one; --authority DIR names another folder
    --- exit code 1
    ");
}

#[test]
fn ed25519_only_with_force() {
    let place = Place::new();
    let init = ["ca", "init", "--key-type", "ed25519", "--no-passphrase"];
    insta::assert_snapshot!(place.run(&init), @"
    --- on standard error
    error: an authority with a key of type ed25519 is refused
    hint: its signature has no digest that channel binding could use: psql's password logins (SCRAM) to every server with such a certificate fail
    hint: use p256, or --force where nobody logs in by password
    --- exit code 2
    ");
    place.must(&[init.as_slice(), &["--force"]].concat());
}

#[test]
fn a_variable_that_is_set_but_empty_says_nothing() {
    let place = Place::new();
    let mut command = place.pgcert(&["ca", "show"]);
    command.env("PGCERT_AUTHORITY", "");
    // Whether or not there is one: it is the default folder that was looked at.
    let said = crate::place::said(command);
    let shown = format!("{}{}", said.out, said.err);
    assert!(shown.contains("/pgcert/authority"), "{shown}");
}
