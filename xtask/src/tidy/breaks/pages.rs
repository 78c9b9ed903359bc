//! Pages that name what is not there.

use std::fs;
use std::path::Path;

use super::copy::{Copy, new_in};
use crate::tidy::{Offence, pages};

/// Appends a text to a page of a fresh copy; what is found there has to contain `expected`.
#[track_caller]
fn caught(text: &str, expected: &str) {
    let copy = Copy::of(&["crates", "docs", "README.md", "CHANGELOG.md"]);
    let before = found(&copy.path(".."));
    let page = copy.path("pg-config/README.md");
    let old = fs::read_to_string(&page).unwrap();
    fs::write(&page, format!("{old}\n{text}\n")).unwrap();
    let new = new_in(&found(&copy.path("..")), &before);
    assert!(new.contains(expected), "wanted: {expected}\nfound: {new}");
}

fn found(root: &Path) -> Vec<Offence> {
    let mut offences = Vec::new();
    pages::check(root, &mut offences).unwrap();
    offences
}

#[test]
fn a_source_that_went() {
    caught("Begin at `hba/gone.rs`.", "names `hba/gone.rs`");
    caught("Begin at `ba.rs`.", "names `ba.rs`");
}

#[test]
fn a_link_to_nowhere() {
    caught("See [it](../gone.md).", "links to `../gone.md`");
    caught(
        "See [it](../../README.md#no-such-heading).",
        "links to `../../README.md#no-such-heading`",
    );
    caught(
        "```sh\n# fenced\n```\nSee [it](#fenced).",
        "links to `#fenced`",
    );
}
