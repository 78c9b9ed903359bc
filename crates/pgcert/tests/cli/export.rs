//! `pgcert export`: what a driver reads is written once, for nobody else's eyes, and what it does not
//! read is refused before anything is written.

use std::os::unix::fs::PermissionsExt as _;

use pki_core::{Certificate, PrivateKey, Secret};

use crate::place::{PASSPHRASE, Place};

const FROM: [&str; 6] = [
    "--key",
    "slardiere.key",
    "--cert",
    "slardiere.crt",
    "--root",
    "root.crt",
];

fn place() -> Place {
    let place = Place::with_certificates();
    std::fs::create_dir(place.path("out")).unwrap();
    place
}

fn export<'a>(driver: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &["export", "--for", driver, "--out", "out"],
        &FROM[..],
        more,
    ]
    .concat()
}

fn written(place: &Place) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(place.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            format!("{mode:o} {}", entry.file_name().display())
        })
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn each_driver_gets_its_form_and_is_told_how_to_use_it() {
    let place = place();
    let drivers = [
        "libpq",
        "jdbc",
        "npgsql",
        "pgx",
        "node",
        "psycopg",
        "rustls",
        "kubernetes",
    ];
    let mut told = Vec::new();
    for driver in drivers {
        for more in [&[][..], &["--key-passphrase-file", "pp"]] {
            let said = place.run(&export(driver, more)).to_string();
            told.push(format!(
                "--- {driver} {}\n{said}{}",
                more.concat(),
                written(&place).join("\n")
            ));
            std::fs::remove_dir_all(place.path("out")).unwrap();
            std::fs::create_dir(place.path("out")).unwrap();
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_a_driver_cannot_read_is_refused() {
    let place = place();
    let mut told = Vec::new();
    for (driver, format) in [
        ("libpq", "pkcs12"),
        ("jdbc", "pem"),
        ("npgsql", "der"),
        ("pgx", "pkcs12"),
        ("node", "der"),
    ] {
        told.push(
            place
                .run(&export(driver, &["--format", format]))
                .to_string(),
        );
    }
    for (driver, format) in [("jdbc", "der"), ("psycopg", "der")] {
        let words = ["--format", format, "--key-passphrase-file", "pp"];
        told.push(place.run(&export(driver, &words)).to_string());
    }
    // Nobody is there to ask for a password.
    told.push(
        place
            .run(&export("node", &["--format", "pkcs12"]))
            .to_string(),
    );
    insta::assert_snapshot!(told.join("\n"));
    place.must(&["request", "client", "ed", "--key-type", "ed25519"]);
    place.must(&["sign", "ed.csr", "--passphrase-file", "pp", "--yes"]);
    let words = [
        "export", "--for", "npgsql", "--key", "ed.key", "--cert", "ed.crt", "--out", "out",
    ];
    insta::assert_snapshot!(place.run(&words));
    assert_eq!(written(&place), [""; 0]);
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let place = place();
    place.must(&export("libpq", &[]));
    let before = std::fs::read(place.path("out/slardiere.key")).unwrap();
    insta::assert_snapshot!(place.run(&export("libpq", &[])));
    assert_eq!(
        std::fs::read(place.path("out/slardiere.key")).unwrap(),
        before
    );
    // The root is the same for all, whatever else is in its file; another one of that name is not.
    std::fs::remove_file(place.path("out/slardiere.key")).unwrap();
    place.write("out/root.crt", &place.read("root.crt"));
    place.must(&export("libpq", &[]));
    assert_eq!(place.read("out/root.crt"), place.read("root.crt"));
    std::fs::remove_file(place.path("out/slardiere.key")).unwrap();
    place.write("out/root.crt", "another\n");
    insta::assert_snapshot!(place.run(&export("jdbc", &[])));
    assert_eq!(written(&place), ["644 root.crt", "644 slardiere.crt"]);
}

#[test]
fn what_is_encrypted_opens_again() {
    let place = place();
    place.must(&export("libpq", &["--key-passphrase-file", "pp"]));
    place.must(&export("jdbc", &["--key-passphrase-file", "pp"]));
    let passphrase = Secret::new(PASSPHRASE.as_bytes().to_vec());
    let read = |name: &str| std::fs::read(place.path(name)).unwrap();
    let key = PrivateKey::from_file(&read("slardiere.key"), None).unwrap();
    let again = PrivateKey::from_file(&read("out/slardiere.key"), Some(&passphrase)).unwrap();
    assert_eq!(again.public_key(), key.public_key());
    let items = pki_core::inspect(&read("out/slardiere.p12"), Some(&passphrase)).unwrap();
    let kinds: Vec<_> = items.iter().map(pki_core::Item::kind).collect();
    assert_eq!(kinds, ["pkcs12", "key", "certificate"]);
    // And an encrypted key is a source like another.
    std::fs::create_dir(place.path("again")).unwrap();
    let words = [
        "export",
        "--for",
        "pgx",
        "--key",
        "out/slardiere.key",
        "--cert",
        "slardiere.crt",
        "--out",
        "again",
    ];
    insta::assert_snapshot!(place.run(&words));
    place.must(&[&words[..], &["--passphrase-file", "pp"]].concat());
    let plain = PrivateKey::from_file(&read("again/slardiere.key"), None).unwrap();
    assert_eq!(plain.public_key(), key.public_key());
}

#[test]
fn the_users_own_files_are_the_usual_source() {
    let place = place();
    insta::assert_snapshot!(place.run(&["export", "--for", "jdbc", "--out", "out"]));
    std::fs::create_dir_all(place.path("home/.postgresql")).unwrap();
    for (from, to) in [
        ("slardiere.key", "postgresql.key"),
        ("slardiere.crt", "postgresql.crt"),
        ("root.crt", "root.crt"),
    ] {
        std::fs::copy(
            place.path(from),
            place.path(&format!("home/.postgresql/{to}")),
        )
        .unwrap();
    }
    place.must(&["export", "--for", "jdbc", "--out", "out"]);
    assert_eq!(
        written(&place),
        ["600 slardiere.pk8", "644 root.crt", "644 slardiere.crt"]
    );
    let root = std::fs::read(place.path("out/root.crt")).unwrap();
    assert!(Certificate::from_pem(&root).unwrap().is_authority());
}

#[test]
fn what_does_not_fit_is_said() {
    let place = place();
    let words = [
        "export",
        "--for",
        "pgx",
        "--out",
        "out",
        "--key",
        "localhost.key",
        "--cert",
    ];
    insta::assert_snapshot!(place.run(&[&words[..], &["slardiere.crt"]].concat()));
    insta::assert_snapshot!(place.run(&[&words[..], &["localhost.crt"]].concat()));
}

#[test]
fn in_json() {
    let place = place();
    insta::assert_snapshot!(place.run(&export("jdbc", &["--json"])));
}
