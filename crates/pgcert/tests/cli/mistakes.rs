//! Mistakes that people make with the server's files, and the next step that each is told.

use serde_json::Value;

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
    for rules in ["local all all peer\nlocal all\n", "include rules.conf\n"] {
        let rules = said(rules, &["hba", "list"]);
        assert!(!rules.err.contains("is this the right file?"), "{rules}");
    }
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
fn every_way_to_say_what_is_asked_for_is_named() {
    for (words, ways) in [
        (&["hba", "remove"][..], "<RULE|--line <LINE>>"),
        (
            &["hba", "explain", "--user", "bob"],
            "<--from <ADDRESS>|--local|--connections <FILE>>",
        ),
        (
            &["hba", "simulate"],
            "<--log <FILE>|--host-to-hostssl|--md5-to-scram|--passwords-to-cert>",
        ),
    ] {
        let said = said("local all all peer\n", words);
        let (told, _) = said.err.split_once("Usage:").unwrap();
        assert!(told.contains(ways), "{said}");
        assert_eq!(said.code, Some(2), "{said}");
    }
}

#[test]
fn no_client_has_an_empty_name() {
    for asked in [["--user", ""], ["--database", ""]] {
        let words = ["hba", "explain", "--local", "--user=bob"];
        let words = match asked[0] {
            "--user" => &words[..3],
            _ => &words[..],
        };
        let said = said("local all all peer\n", &[words, &asked].concat());
        assert!(said.err.contains("an empty"), "{said}");
        assert_eq!(said.code, Some(2), "{said}");
    }
    let place = Place::new();
    place.write("h", "local all all peer\n");
    for asked in [
        r#"{"user": "", "local": true}"#,
        r#"{"user": "bob", "database": "", "local": true}"#,
    ] {
        place.write("c", asked);
        let said = place.run(&["hba", "explain", "--connections", "c", "--file", "h"]);
        assert!(
            said.err.contains("c, line 1: ") && said.err.contains("an empty"),
            "{said}"
        );
        assert_eq!(said.code, Some(1), "{said}");
    }
}

#[test]
fn a_file_that_the_server_refuses_anyway_is_said_to_be_one() {
    for broken in ["\u{feff}port = 1\n", "prot = 1\n"] {
        let note = "PostgreSQL 16 would refuse this because of another line: f:1:1: ";
        for words in [
            &["conf", "set", "work_mem=8MB"][..],
            &["conf", "unset", "work_mem"],
        ] {
            let said = said(broken, words);
            assert!(said.err.contains(note), "{said}");
        }
    }
    let place = Place::new();
    place.write("f", "prot = 1\nprat = 1\n");
    let said = place.run(&["conf", "unset", "work_mem", "--file", "f"]);
    for told in ["f:1:1: ", "f:2:1: ", "; --pg-version N says that"] {
        assert!(said.err.contains(told), "{said}");
    }
    let said = self::said("port = 1\n", &["conf", "set", "work_mem=8MB"]);
    assert!(!said.err.contains("refuse"), "{said}");
}

#[test]
fn what_is_to_be_removed_and_is_not_there_is_said_in_json_too() {
    let place = Place::new();
    place.write("h", "include other\nlocal all all peer\n");
    place.write("other", "host all all all md5\n");
    place.write("i", "include mapped\n");
    place.write("mapped", "m bob amy\n");
    place.write("s", "[a]\nport=1\n");
    for (words, told) in [
        (
            &["hba", "remove", "host all bob all md5", "--file", "h"][..],
            ", or of a file that is read with it, says the same: ",
        ),
        (
            &["ident", "remove", "m", "bob", "amy", "--file", "i"],
            " of mapped, which is read with it, does: it is changed with --file ",
        ),
        (
            &["ident", "remove", "m", "bob", "tom", "--file", "i"],
            "pgcert ident list shows the lines",
        ),
        (
            &["service", "remove", "b", "--file", "s"],
            "has no service \"b\"; it has: a",
        ),
    ] {
        let words = [words, &["--pg-version", "16", "--json"]].concat();
        let said = place.run(&words);
        let document: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said}"));
        let note = document["notes"][0]["text"].as_str().unwrap_or_default();
        assert!(note.contains(told), "{said}");
    }
}

#[test]
fn a_name_that_is_no_parameter_is_not_unset_silently() {
    let said = said("port = 1\n", &["conf", "unset", "prot"]);
    assert!(
        said.err.contains("PostgreSQL 16 has no parameter \"prot\""),
        "{said}"
    );
}
