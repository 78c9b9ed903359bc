//! `pgcert ca import`: looked over, said, taken over or refused. Other programs' authorities are in the
//! oracle tests; here it is one of ours, as anybody's files.

use crate::place::{PASSPHRASE, Place};

/// An authority that has issued and revoked, and its files.
fn old() -> Place {
    let place = Place::with_certificates();
    for (from, to) in [
        ("authority/ca.crt", "old.crt"),
        ("authority/ca.key", "old.key"),
    ] {
        std::fs::copy(place.path(from), place.path(to)).unwrap();
    }
    place.must(&["revoke", "slardiere", "--yes"]);
    let crl = place.must(&["ca", "crl", "--passphrase-file", "pp"]);
    place.write("old.crl", &crl.out);
    place
}

const NEW: [&str; 2] = ["--authority", "new"];

fn import<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let files = ["ca", "import", "--cert", "old.crt", "--key", "old.key"];
    [&files[..], words, &NEW].concat()
}

#[test]
fn with_all_that_it_has_issued() {
    let place = old();
    let words = [
        "--passphrase-file",
        "pp",
        "--certs",
        "localhost.crt",
        "--certs",
        "slardiere.crt",
    ];
    let words = [&words[..], &["--crl", "old.crl"]].concat();
    let dry = [&words[..], &["--dry-run"]].concat();
    insta::assert_snapshot!(place.run(&import(&dry)), @"
    --- on standard error
    CN=Test CA can be taken over into [here]/new: 2 serials on record, 1 of them revoked
    ");
    assert!(!place.path("new").exists());
    insta::assert_snapshot!(place.run(&import(&words)), @"
    --- on standard error
    CN=Test CA taken over into [here]/new: 2 serials on record, 1 of them revoked
    old.key is still there, and with it certificates can be issued that are not on record here: take it away once all works
    ");
    assert_eq!(place.mode("new/ca.key"), 0o600);
    assert!(place.read("new/ca.key").contains("ENCRYPTED PRIVATE KEY"));
    assert_eq!(place.read("new/ca.crt"), place.read("old.crt"));
    let list = place.json(&[&["list"], &NEW[..]].concat());
    let states: Vec<_> = list["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| format!("{} {} {}", c["kind"], c["name"], c["state"]))
        .collect();
    let mut states = states;
    states.sort();
    insta::assert_snapshot!(states.join("\n"), @r#"
    "client" "slardiere" "revoked"
    "root" "Test CA" "issued"
    "server" "localhost" "issued"
    "#);
    place.must(&[&["ca", "audit"], &NEW[..]].concat());
    insta::assert_snapshot!(place.run(&import(&words)), @"
    --- on standard error
    error: [here]/new already holds an authority
    hint: pgcert ca show tells what it is; --authority DIR names another folder
    --- exit code 1
    ");
}

#[test]
fn under_another_passphrase_or_none() {
    let place = old();
    place.write("new-pp", "another one entirely\n");
    let words = ["--key-passphrase-file", "pp", "--passphrase-file", "new-pp"];
    place.must(&import(&words));
    let issue = |pp: &str| {
        let words = [
            "issue",
            "client",
            "x",
            "--out",
            "home",
            "--passphrase-file",
            pp,
        ];
        place.run(&[&words[..], &NEW].concat()).code
    };
    assert_eq!((issue("pp"), issue("new-pp")), (Some(1), Some(0)));
    let plain = [
        "ca",
        "import",
        "--cert",
        "old.crt",
        "--key",
        "old.key",
        "--authority",
        "plain",
    ];
    let said = place.must(
        &[
            &plain[..],
            &["--key-passphrase-file", "pp", "--no-passphrase"],
        ]
        .concat(),
    );
    assert!(said.err.contains("not encrypted"), "{said}");
    assert!(place.read("plain/ca.key").contains("BEGIN PRIVATE KEY"));
    // The old passphrase alone is kept.
    let kept = [
        "ca",
        "import",
        "--cert",
        "old.crt",
        "--key",
        "old.key",
        "--authority",
        "kept",
    ];
    place.must(&[&kept[..], &["--key-passphrase-file", "pp"]].concat());
    let words = [
        "issue",
        "client",
        "y",
        "--out",
        "home",
        "--passphrase-file",
        "pp",
    ];
    place.must(&[&words[..], &["--authority", "kept"]].concat());
}

#[test]
fn what_cannot_be_taken_over() {
    let place = old();
    let from = |cert: &str, key: &str| {
        let words = ["ca", "import", "--cert", cert, "--key", key];
        place.run(&[&words[..], &NEW, &["--passphrase-file", "pp"]].concat())
    };
    insta::assert_snapshot!(from("old.crt", "localhost.key"), @"
    --- on standard error
    error: CN=Test CA is not taken over
      key-mismatch: the key is not the one in the certificate
    hint: pgcert inspect with both files shows which key the certificate has
    --- exit code 1
    ");
    insta::assert_snapshot!(from("localhost.crt", "localhost.key"), @"
    --- on standard error
    error: CN=localhost is not taken over
      not-an-authority: the certificate is no authority's: it has no basic constraints that say so (CA:TRUE), and who is shown a chain through it refuses it
    hint: --cert is the authority's own certificate, and none that it issued; openssl req -x509 makes authorities with CA:TRUE
    --- exit code 1
    ");
    insta::assert_snapshot!(from("old.key", "old.key"), @"
    --- on standard error
    error: no certificate is in old.key
    hint: openssl x509 -inform DER -in FILE makes PEM of DER
    --- exit code 1
    ");
    insta::assert_snapshot!(from("old.crt", "old.crt"), @"
    --- on standard error
    error: the key in old.crt cannot be used: no private key found
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&import(&[])), @"
    --- on standard error
    error: the key in old.key is encrypted
    hint: --key-passphrase-file FILE has its passphrase in the first line
    --- exit code 2
    ");
    place.write("index.txt", "V\tnever\n");
    insta::assert_snapshot!(place.run(&import(&["--passphrase-file", "pp", "--index", "index.txt"])), @"
    --- on standard error
    error: index.txt is no index: line 1: six columns with tabs between them are needed
    --- exit code 1
    ");
    let document = place.run(&import(&[
        "--passphrase-file",
        "pp",
        "--json",
        "--quiet",
        "--key",
        "localhost.key",
    ]));
    assert_eq!(document.code, Some(2), "twice --key");
    let words = [
        "ca",
        "import",
        "--cert",
        "localhost.crt",
        "--key",
        "localhost.key",
    ];
    let said = place.run(&[&words[..], &NEW, &["--no-passphrase", "--json", "--quiet"]].concat());
    insta::assert_snapshot!(said, @r#"
    {
      "authority": null,
      "changed": false,
      "findings": [
        {
          "code": "not-an-authority",
          "message": "the certificate is no authority's: it has no basic constraints that say so (CA:TRUE), and who is shown a chain through it refuses it",
          "severity": "error"
        }
      ],
      "revoked": 0,
      "schema_version": 1,
      "serials": 0
    }
    --- on standard error
    error: CN=localhost is not taken over
      not-an-authority: the certificate is no authority's: it has no basic constraints that say so (CA:TRUE), and who is shown a chain through it refuses it
    hint: --cert is the authority's own certificate, and none that it issued; openssl req -x509 makes authorities with CA:TRUE
    --- exit code 1
    "#);
    assert!(!place.path("new").exists());
}

#[test]
fn the_passphrase_turns_up_nowhere() {
    let place = old();
    let said = place.must(&import(&["--passphrase-file", "pp"]));
    assert!(!said.to_string().contains(PASSPHRASE));
    for seen in place.everything("new") {
        let text = format!("{seen:?}");
        assert!(!text.contains(PASSPHRASE));
    }
}
