//! Mistakes that people make with the server's files, and the next step that each is told.

use crate::place::{Place, Said};

/// What is said of a file called `f` with this content.
fn said(content: &str, words: &[&str]) -> Said {
    let place = Place::new();
    place.write("f", content);
    place.run(&[words, &["--file", "f", "--pg-version", "16"]].concat())
}

#[test]
fn the_first_rule_of_an_empty_file_is_made() {
    for empty in ["", "# nothing yet\n"] {
        let said = said(empty, &["hba", "add", "local all all peer", "--dry-run"]);
        assert_eq!(said.code, Some(0), "{said}");
        assert!(said.out.contains("\n+local "), "{said}");
    }
}

#[test]
fn another_file_than_was_meant_is_asked_about() {
    let passwd = "root:x:0:0:root:/root:/bin/bash\n";
    for words in [["hba", "list"], ["hba", "lint"]] {
        let said = said(passwd, &words);
        assert!(said.err.contains("is this the right file?"), "{said}");
    }
    let rules = said("local all all peer\nlocal all\n", &["hba", "list"]);
    assert!(!rules.err.contains("is this the right file?"), "{rules}");
}

#[test]
fn an_address_is_one_address() {
    for from in ["pc.example.org", "10.0.0.0/8", "10.0.0.256"] {
        let words = ["hba", "explain", "--user", "bob", "--from", from];
        let said = said("local all all peer\n", &words);
        assert!(said.err.contains("it takes one address, such as"), "{said}");
        assert_eq!(said.code, Some(2));
    }
}

#[test]
fn a_file_that_the_server_refuses_anyway_is_said_to_be_one() {
    for broken in ["\u{feff}port = 1\n", "prot = 1\n"] {
        let note = "the server refuses this because of another line: f:1:1: ";
        for words in [
            &["conf", "set", "work_mem=8MB"][..],
            &["conf", "unset", "work_mem"],
        ] {
            let said = said(broken, words);
            assert!(said.err.contains(note), "{said}");
        }
    }
    let said = said("port = 1\n", &["conf", "set", "work_mem=8MB"]);
    assert!(!said.err.contains("refuses"), "{said}");
}

#[test]
fn a_name_that_is_no_parameter_is_not_unset_silently() {
    let said = said("port = 1\n", &["conf", "unset", "prot"]);
    assert!(
        said.err.contains("PostgreSQL 16 has no parameter \"prot\""),
        "{said}"
    );
}
