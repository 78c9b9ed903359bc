//! `pgcert issue --batch`: many certificates, all or none of which are wrong.

use std::fmt::Write as _;
use std::fs;

use pki_core::{Certificate, PrivateKey};

use crate::issue::open_authority;
use crate::place::Place;

/// The key of a name, which is the one in its certificate; that certificate.
fn pair(place: &Place, stem: &str) -> Certificate {
    let key = place.read(&format!("out/{stem}.key"));
    let key = PrivateKey::from_pem(key.as_bytes(), None).unwrap();
    let certificate = place.read(&format!("out/{stem}.crt"));
    let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
    assert_eq!(key.public_key(), certificate.public_key());
    certificate
}

fn issued(place: &Place) -> usize {
    // The authority's own certificate is in the list too.
    place.json(&["list"])["certificates"]
        .as_array()
        .unwrap()
        .len()
        - 1
}

#[test]
fn csv_and_json_lines() {
    let place = open_authority();
    fs::create_dir(place.path("out")).unwrap();
    place.write("roles.csv", "kind,name,sans,days,key_type\nclient,slardiere,,30,\nclient,App User,,,ed25519\nserver,tolva,tolva.lan 192.168.1.1,,\n");
    insta::assert_snapshot!(place.run(&["issue", "--batch", "roles.csv", "--out", "out", "--subject", "O=Loxodata"]), @"
    --- on standard error
    certificates and keys in [here]/out: 3 made, 0 there already
    move each key to where it is used by a safe way, and leave no copy here
    ");
    assert_eq!(
        pair(&place, "slardiere").subject(),
        "CN=slardiere,O=Loxodata"
    );
    assert_eq!(
        pair(&place, "App%20User").common_name().as_deref(),
        Some("App User")
    );
    assert_eq!(pair(&place, "tolva").alt_names().len(), 3);
    assert_eq!(
        (place.mode("out/tolva.key"), place.mode("out/tolva.crt")),
        (0o600, 0o644)
    );

    place.write("more.jsonl", "{\"kind\":\"client\",\"name\":\"anna\"}\n");
    insta::assert_snapshot!(place.run(&["issue", "--batch", "more.jsonl", "--out", "out", "--days", "36500", "--json", "--quiet"]), @r#"
    {
      "already_there": 0,
      "changed": true,
      "ends_with_authority": 1,
      "folder": "[here]/out",
      "issued": 1,
      "schema_version": 1
    }
    "#);
    pair(&place, "anna");
    assert_eq!(issued(&place), 4);
}

#[test]
fn one_bad_line_and_nothing_is_issued() {
    let place = open_authority();
    fs::create_dir(place.path("out")).unwrap();
    place.write("out/there.key", "precious");
    let mut lines = "kind,name,sans,days\n".to_owned();
    for n in 0..600 {
        writeln!(lines, "client,role{n},,").unwrap();
    }
    lines.push_str("client,role7,,\nserver,a b,,\nclient,there,,\nclient,x,,never\n");
    place.write("roles.csv", &lines);
    insta::assert_snapshot!(place.run(&["issue", "--batch", "roles.csv", "--out", "out"]), @"
    --- on standard error
    error: nothing was issued: roles.csv
      line 602, name: role7 is there twice
      line 603, name: `a b` is no host name: ' ' cannot stand in it
      line 604: [here]/out/there.key exists already
      line 605, days: a number of days from 1 to 36500 is needed
    --- exit code 1
    ");
    assert_eq!(issued(&place), 0);
    assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 1);
    assert_eq!(place.read("out/there.key"), "precious");
    insta::assert_snapshot!(place.run(&["issue", "--batch", "roles.csv", "--out", "nowhere"]), @"
    --- on standard error
    error: the folder cannot be written to: cannot open [here]/nowhere: No such file or directory
    hint: make it first, or name another one with --out
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&["issue"]), @"
    --- on standard error
    error: the following required arguments were not provided:
      --batch <FILE>

    Usage: pgcert issue --batch <FILE>

    For more information, try '--help'.
    --- exit code 2
    ");
}

/// More than one part, from a pipe, which cannot be read twice.
#[test]
fn from_a_pipe() {
    let place = open_authority();
    fs::create_dir(place.path("out")).unwrap();
    let mut shell = place.program("sh");
    shell.args([
        "-c",
        "{ echo kind,name; seq -f client,role%.0f 1001; } | \"$0\" issue --batch /dev/stdin --out out --quiet",
    ]);
    shell.arg(crate::place::binary());
    let said = crate::place::said(shell);
    assert_eq!(said.code, Some(0), "{said}");
    assert_eq!(said.err, "");
    assert_eq!(issued(&place), 1001);
    pair(&place, "role1");
    pair(&place, "role1001");
}

/// What a crash can leave, and what may as well be somebody else's.
#[test]
fn an_interrupted_batch_goes_on() {
    let place = open_authority();
    fs::create_dir(place.path("out")).unwrap();
    place.write(
        "roles.csv",
        "kind,name\nclient,a\nclient,b\nclient,c\nclient,d\n",
    );
    let resume = ["issue", "--batch", "roles.csv", "--out", "out", "--resume"];
    place.must(&resume[..5]);
    assert_eq!(place.run(&resume[..5]).code, Some(1));
    let before = [pair(&place, "a"), pair(&place, "b"), pair(&place, "c")];

    fs::remove_file(place.path("out/b.crt")).unwrap();
    let cut = place.read("out/c.crt");
    place.write("out/c.crt", &cut[..100]);
    place.write("out/d.crt", "");
    place.write("out/d.key", "");
    insta::assert_snapshot!(place.run(&resume), @"
    --- on standard error
    certificates and keys in [here]/out: 1 made, 3 there already
    move each key to where it is used by a safe way, and leave no copy here
    ");
    assert_eq!(
        [pair(&place, "a"), pair(&place, "b"), pair(&place, "c")],
        before
    );
    assert_eq!(place.mode("out/d.key"), 0o600);
    pair(&place, "d");
    assert_eq!(issued(&place), 5);
    place.must(&resume);
    assert_eq!(issued(&place), 5);

    // Of another authority, cut off, without its key, with another certificate.
    let key = PrivateKey::generate(pki_core::KeyType::P256)
        .unwrap()
        .to_pkcs8_pem();
    fs::write(place.path("out/a.key"), key.as_bytes()).unwrap();
    place.write("out/b.key", "-----BEGIN PRIVATE KEY-----\n");
    fs::remove_file(place.path("out/c.key")).unwrap();
    place.write("out/d.crt", &place.read("out/a.crt"));
    let there = place.everything("out");
    insta::assert_snapshot!(place.run(&resume), @"
    --- on standard error
    error: nothing was issued: roles.csv
      line 2: [here]/out/a.key: nothing that holds was issued here for this name and key
      line 3: [here]/out/b.key: not a key: PRIVATE KEY: it does not end
      line 4: [here]/out/c.crt: its key is not there
      line 5: [here]/out/d.crt: another certificate than the one of the key beside it
    --- exit code 1
    ");
    assert_eq!(place.everything("out"), there);
}
