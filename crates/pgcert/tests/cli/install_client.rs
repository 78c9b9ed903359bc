//! `pgcert install client` with what `request` and `sign` made, without a server to prove it with:
//! what it writes, what it refuses, and that a second run changes nothing.

use std::fs;

use crate::place::{Place, Said};

const MATERIAL: [&str; 6] = [
    "--key",
    "slardiere.key",
    "--cert",
    "slardiere.crt",
    "--root",
    "root.crt",
];

fn install(place: &Place, arguments: &[&str]) -> Said {
    let fixed = [
        "install",
        "client",
        "--host",
        "localhost",
        "--client-home",
        "home",
        "--no-proof",
    ];
    place.run(&[&fixed, arguments].concat())
}

fn with_material(place: &Place, arguments: &[&str]) -> Said {
    install(place, &[&MATERIAL, arguments].concat())
}

#[test]
fn a_dry_run_shows_all_of_it_and_changes_nothing() {
    let place = Place::with_certificates();
    let before = place.everything("");
    insta::assert_snapshot!(with_material(&place, &["--dry-run"]));
    insta::assert_snapshot!(with_material(&place, &["--dry-run", "--json"]));
    assert_eq!(place.everything(""), before);
}

#[test]
fn it_writes_what_libpq_looks_for() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(with_material(&place, &["--yes", "--quiet"]), @"");
    insta::assert_snapshot!(place.read("home/.pg_service.conf"), @"
    [localhost]
    host=localhost
    port=5432
    user=slardiere
    dbname=postgres
    sslmode=verify-full
    sslcert=[here]/home/.postgresql/postgresql.crt
    sslkey=[here]/home/.postgresql/postgresql.key
    sslrootcert=[here]/home/.postgresql/root.crt
    ");
    assert_eq!(
        place.read("home/.postgresql/postgresql.key"),
        place.read("slardiere.key")
    );
    assert_eq!(
        place.read("home/.postgresql/postgresql.crt"),
        place.read("slardiere.crt")
    );
    assert_eq!(place.mode("home/.postgresql/postgresql.key"), 0o600);
}

#[test]
fn again_it_changes_nothing() {
    let place = Place::with_certificates();
    assert_eq!(with_material(&place, &["--yes"]).code, Some(0));
    let before = place.everything("home");
    // Not even a yes is needed.
    insta::assert_snapshot!(with_material(&place, &[]), @"nothing to do: everything is as it should be");
    insta::assert_snapshot!(with_material(&place, &["--json"]), @r#"
    {
      "changed": false,
      "consequences": [],
      "notes": [],
      "proof": {
        "crl": null,
        "login": null,
        "not_tried": null,
        "refused_without_certificate": null,
        "served": null
      },
      "renewal": null,
      "schema_version": 1,
      "steps": []
    }
    "#);
    assert_eq!(place.everything("home"), before);
}

#[test]
fn nothing_without_a_yes() {
    let place = Place::with_certificates();
    let before = place.everything("home");
    let said = with_material(&place, &["--quiet"]);
    insta::assert_snapshot!(said, @"
    --- on standard error
    error: nobody is there to agree to the plan
    hint: --yes agrees to the steps, --dry-run only shows them
    --- exit code 2
    ");
    assert_eq!(place.everything("home"), before);
}

/// Refused with `--yes`, and nothing is different afterwards.
fn refused(place: &Place, arguments: &[&str]) -> Said {
    let before = place.everything("home");
    let said = install(place, &[arguments, &["--yes", "--quiet"]].concat());
    assert_eq!(place.everything("home"), before);
    said
}

#[test]
fn what_does_not_belong_together() {
    let place = Place::with_certificates();
    place.must(&["request", "client", "other"]);
    insta::assert_snapshot!(refused(&place, &["--key", "other.key", "--cert", "slardiere.crt", "--root", "root.crt"]), @"
    --- on standard error
    error: nothing was touched: the client certificate does not fit: the key is not the certificate's
    hint: pgcert inspect shows what is in each of the files
    --- exit code 1
    ");

    place.must(&[
        "ca",
        "init",
        "--authority",
        "another",
        "--ca-name",
        "Another CA",
        "--no-passphrase",
    ]);
    place.write(
        "another.crt",
        &place.must(&["ca", "export", "--authority", "another"]).out,
    );
    insta::assert_snapshot!(refused(&place, &["--key", "slardiere.key", "--cert", "slardiere.crt", "--root", "another.crt"]), @"
    --- on standard error
    error: nothing was touched: the certificate does not verify under that root: unable to get local issuer certificate
    hint: --root is the certificate of the authority that signed it: pgcert ca export prints it there
    --- exit code 1
    ");

    insta::assert_snapshot!(refused(&place, &["--key", "localhost.key", "--cert", "localhost.crt", "--root", "root.crt"]), @"
    --- on standard error
    error: nothing was touched: the certificate does not verify under that root: unsuitable certificate purpose
    hint: it was signed for the other side: pgcert sign --kind server|client decides
    --- exit code 1
    ");
}

#[test]
fn what_cannot_be_read() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(refused(&place, &["--key", "nowhere", "--cert", "slardiere.crt", "--root", "root.crt"]), @"
    --- on standard error
    error: what is to be installed cannot be read: cannot open nowhere: No such file or directory
    --- exit code 1
    ");
    insta::assert_snapshot!(refused(&place, &["--key", "slardiere.key", "--cert", "slardiere.key", "--root", "root.crt"]), @"
    --- on standard error
    error: slardiere.key holds no certificate
    hint: pgcert inspect shows what is in a file
    --- exit code 1
    ");
    insta::assert_snapshot!(refused(&place, &["--key", "root.crt", "--cert", "slardiere.crt", "--root", "root.crt"]), @"
    --- on standard error
    error: nothing was touched: the client certificate does not fit: no private key found
    hint: pgcert inspect shows what is in each of the files
    --- exit code 1
    ");
}

#[test]
fn another_role_needs_no_other_certificate_but_a_map() {
    let place = Place::with_certificates();
    let said = with_material(&place, &["--role", "sales", "--yes"]);
    assert_eq!(said.code, Some(0), "{said}");
    assert!(place.read("home/.pg_service.conf").contains("user=sales"));
}

#[test]
fn files_of_others_stay_and_other_names_are_taken() {
    let place = Place::with_certificates();
    fs::create_dir(place.path("home/.postgresql")).unwrap();
    place.write("home/.postgresql/root.crt", "another root");
    assert_eq!(with_material(&place, &["--yes"]).code, Some(0));
    assert_eq!(place.read("home/.postgresql/root.crt"), "another root");
    insta::assert_snapshot!(place.read("home/.pg_service.conf"), @"
    [localhost]
    host=localhost
    port=5432
    user=slardiere
    dbname=postgres
    sslmode=verify-full
    sslcert=[here]/home/.postgresql/slardiere.crt
    sslkey=[here]/home/.postgresql/slardiere.key
    sslrootcert=[here]/home/.postgresql/localhost-root.crt
    ");
}

#[test]
fn where_the_other_names_are_taken_too() {
    let place = Place::with_certificates();
    fs::create_dir(place.path("home/.postgresql")).unwrap();
    place.write("home/.postgresql/root.crt", "another root");
    place.write("home/.postgresql/slardiere.crt", "mine");
    insta::assert_snapshot!(refused(&place, &MATERIAL), @"
    --- on standard error
    error: nothing was touched: [here]/home/.postgresql/slardiere.crt is there already, and pgcert did not write it
    hint: move it away: nothing that pgcert did not write is overwritten
    --- exit code 1
    ");
    fs::remove_file(place.path("home/.postgresql/slardiere.crt")).unwrap();
    place.write("home/.postgresql/slardiere.key", "mine");
    insta::assert_snapshot!(refused(&place, &MATERIAL), @"
    --- on standard error
    error: nothing was touched: [here]/home/.postgresql/slardiere.key is there already, and pgcert did not write it
    hint: move it away: nothing that pgcert did not write is overwritten
    --- exit code 1
    ");
}

#[test]
fn a_service_of_another_stays_and_ours_gets_another_name() {
    let place = Place::with_certificates();
    place.write(
        "home/.pg_service.conf",
        "# mine\n[localhost]\nhost=elsewhere\n",
    );
    let named = [MATERIAL.as_slice(), &["--service", "localhost"]].concat();
    insta::assert_snapshot!(refused(&place, &named), @"
    --- on standard error
    error: nothing was touched: service [localhost] in [here]/home/.pg_service.conf is somebody else's
    hint: --service NAME chooses another name
    --- exit code 1
    ");
    assert_eq!(with_material(&place, &["--yes"]).code, Some(0));
    let file = place.read("home/.pg_service.conf");
    assert!(
        file.starts_with("# mine\n[localhost]\nhost=elsewhere\n"),
        "{file}"
    );
    assert!(file.contains("\n[localhost-slardiere]\n"), "{file}");
}

#[test]
fn a_home_that_is_not_there() {
    let place = Place::with_certificates();
    fs::remove_dir(place.path("home")).unwrap();
    insta::assert_snapshot!(refused(&place, &MATERIAL), @"
    --- on standard error
    error: the folder [here]/home does not exist
    --- exit code 1
    ");
    place.write("home", "a file");
    insta::assert_snapshot!(install(&place, &[MATERIAL.as_slice(), &["--yes", "--quiet"]].concat()), @"
    --- on standard error
    error: the client's files cannot be looked at: [here]/home is not a folder
    --- exit code 1
    ");
}

#[test]
fn an_encrypted_key_is_installed_as_it_is() {
    let place = Place::with_authority();
    place.must(&[
        "request",
        "client",
        "slardiere",
        "--key-passphrase-file",
        "pp",
    ]);
    place.must(&["sign", "slardiere.csr", "--passphrase-file", "pp", "--yes"]);
    place.write("root.crt", &place.must(&["ca", "export"]).out);
    let said = with_material(
        &place,
        &["--yes", "--quiet", "--client-passphrase-file", "pp"],
    );
    insta::assert_snapshot!(said, @"");
}
