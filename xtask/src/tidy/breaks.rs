//! Each wall broken on purpose, in a copy of the workspace: tidy has to see it, and has to find
//! nothing new in a copy that nobody broke.

mod copy;
mod doors;
mod imports;
mod names;
mod pages;

use std::fs;

use copy::{Copy, caught, free};

#[test]
fn the_untouched_copy_passes() {
    let offences: Vec<String> = Copy::make()
        .offences()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(offences, Vec::<String>::new());
}

// Tests may do what they like.

#[test]
fn code_for_tests_is_free() {
    let code = "#[cfg(test)]\nmod more { use std::fs; #[test] fn t() { fs::write(\"a\", \"b\").unwrap(); println!(); } }\n\
                #[cfg(all(test, unix))] fn g() { let _ = std::env::args(); }\n";
    free("pki-core/src/lib.rs", code);
    caught(
        "pki-core/src/lib.rs",
        "#[cfg(any(test, unix))] fn g() { let _ = std::env::args(); }\n",
        "(Environment)",
    );
    caught(
        "pki-core/src/lib.rs",
        "#[cfg(not(test))] fn g() { let _ = std::env::args(); }\n",
        "(Environment)",
    );
}

// Files.

#[test]
fn a_file_without_a_head() {
    let copy = Copy::make();
    let before = copy.offences();
    let main = copy.path("pki-core/src/lib.rs");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(&main, format!("\n{text}")).unwrap();
    assert!(
        copy.new_since(&before)
            .contains("does not begin with `//!`")
    );
}

#[test]
fn an_edited_clippy_file() {
    let copy = Copy::make();
    let before = copy.offences();
    let file = copy.path("doctor/clippy.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("std::env::var\"", "std::env::vax\"")).unwrap();
    assert!(
        copy.new_since(&before)
            .contains("differs from the table of doors")
    );
}

#[test]
fn a_crate_without_its_licence() {
    let copy = Copy::of(&["LICENSE-APACHE", "LICENSE-MIT", "crates"]);
    fs::remove_file(copy.path("pg-config/LICENSE-MIT")).unwrap();
    assert_eq!(
        copy.licences(),
        "crates/pg-config/LICENSE-MIT: is not the licence that the crate is under: ln -s ../../LICENSE-MIT"
    );
}
