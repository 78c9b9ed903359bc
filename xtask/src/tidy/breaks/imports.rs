//! Imports against the arrows, and dependencies that a crate may not have.

use std::fs;

use super::copy::{Copy, caught, dependency_caught};

#[test]
fn an_import_upwards() {
    dependency_caught(
        "pki-core",
        "installer.workspace = true",
        "pki-core must not import installer",
    );
}

#[test]
fn an_import_on_the_same_floor() {
    dependency_caught(
        "authority",
        "pg-host.workspace = true",
        "authority must not import pg-host",
    );
}

#[test]
fn an_import_of_hostfile_where_there_is_no_disk() {
    dependency_caught(
        "pg-probe",
        "hostfile.workspace = true",
        "pg-probe must not import hostfile",
    );
}

#[test]
fn an_import_upwards_for_tests() {
    let copy = Copy::make();
    let before = copy.offences();
    let manifest = copy.path("pki-core/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace(
            "[dev-dependencies]\n",
            "[dev-dependencies]\nhostfile.workspace = true\n",
        ),
    )
    .unwrap();
    assert!(
        copy.new_since(&before)
            .contains("pki-core must not import hostfile")
    );
}

#[test]
fn rusqlite_outside_authority() {
    dependency_caught(
        "pg-host",
        "rusqlite.workspace = true",
        "pg-host must not depend on rusqlite",
    );
    caught(
        "pg-host/src/lib.rs",
        "fn f(_: rusqlite::Connection) {}\n",
        "rusqlite::Connection (Database)",
    );
}

#[test]
fn tempfile_outside_hostfile() {
    dependency_caught(
        "authority",
        "tempfile.workspace = true",
        "authority must not depend on tempfile",
    );
    caught(
        "authority/src/lib.rs",
        "fn f() { let _ = tempfile::tempdir(); }\n",
        "tempfile::tempdir (Disk)",
    );
}

#[test]
fn rustix_outside_hostfile() {
    let with_fs = "rustix = { workspace = true, features = [\"fs\"] }";
    dependency_caught("installer", with_fs, "installer must not depend on rustix");
    caught(
        "installer/src/lib.rs",
        "use rustix::fs::renameat;\n",
        "rustix::fs::renameat (Disk)",
    );
}

#[test]
fn a_feature_too_many() {
    let copy = Copy::make();
    let before = copy.offences();
    let manifest = copy.path("hostfile/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"fs\"", "\"fs\", \"net\"")).unwrap();
    assert!(
        copy.new_since(&before)
            .contains("hostfile must not use the feature net of rustix")
    );
}

#[test]
fn a_renamed_package() {
    let renamed = "tf = { package = \"tempfile\", version = \"3\" }";
    dependency_caught(
        "authority",
        renamed,
        "authority must not depend on tempfile",
    );
    let renamed = "crypt = { package = \"rcgen\", version = \"0.14\" }";
    dependency_caught("pki-core", renamed, "rcgen is renamed to crypt");
}

#[test]
fn a_build_script() {
    let copy = Copy::make();
    let before = copy.offences();
    fs::write(copy.path("doctor/build.rs"), "//! No.\nfn main() {}\n").unwrap();
    assert!(
        copy.new_since(&before)
            .contains("a build script can do anything")
    );
}
