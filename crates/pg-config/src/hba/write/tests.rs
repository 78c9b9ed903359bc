//! New lines as text, and edits that touch no byte but their own.

use super::*;
use crate::Version;
use alloc::collections::BTreeMap;
use alloc::vec;
use proptest::prelude::*;

fn cert(database: &str, role: &str, from: &str) -> NewRule {
    NewRule {
        kind: ConnType::HostSsl,
        databases: vec![Database::name(database)],
        users: vec![User::name(role)],
        address: Some(from.parse().unwrap()),
        method: Method::Cert,
        options: Vec::new(),
    }
}

fn inserted(text: &str, position: Position, version: Version) -> String {
    let mut document = Document::parse(text.as_bytes(), version);
    let change = document
        .insert_rule(position, &cert("app", "bob", "10.0.0.0/8"))
        .unwrap();
    assert_eq!(change.apply(text.as_bytes()), document.to_bytes());
    String::from_utf8(document.to_bytes()).unwrap()
}

#[test]
fn a_rule_takes_the_columns_of_its_neighbours() {
    let stock = "# TYPE  DATABASE        USER            ADDRESS                 METHOD\n\
                 # IPv4 local connections:\n\
                 host    all             all             127.0.0.1/32            scram-sha-256\n\
                 # IPv6 local connections:\n\
                 host    all             all             ::1/128                 scram-sha-256\n";
    insta::assert_snapshot!(inserted(stock, Position::BeforeRecord(0), Version::V15), @r"
    # TYPE  DATABASE        USER            ADDRESS                 METHOD
    # IPv4 local connections:
    hostssl app             bob             10.0.0.0/8              cert
    host    all             all             127.0.0.1/32            scram-sha-256
    # IPv6 local connections:
    host    all             all             ::1/128                 scram-sha-256
    ");
}

#[test]
fn tabs_single_blanks_and_line_ends_are_kept() {
    for (text, line) in [
        (
            "host\tall\tall\t::1/128\tmd5\n",
            "hostssl\tapp\tbob\t10.0.0.0/8\tcert\n",
        ),
        (
            "host all all ::1/128 md5\r\n",
            "hostssl app bob 10.0.0.0/8 cert\r\n",
        ),
        (
            "host\tall\t\tall\t\t::1/128\t\tmd5\n",
            "hostssl\tapp\t\tbob\t\t10.0.0.0/8\tcert\n",
        ),
        (
            "  host  all  all  ::1/128  md5\n",
            "  hostssl app bob 10.0.0.0/8 cert\n",
        ),
        ("", "hostssl app bob 10.0.0.0/8 cert\n"),
        (
            "local   all   all   peer\n",
            "hostssl app   bob 10.0.0.0/8 cert\n",
        ),
    ] {
        let text_after = inserted(text, Position::End, Version::V15);
        assert_eq!(text_after, alloc::format!("{text}{line}"));
    }
}

#[test]
fn lines_that_would_swallow_the_rule_are_closed_first() {
    for (text, between) in [
        ("local all all peer", "\n"),
        ("# x \\\n", "\n"),
        ("# x \\", "\n\n"),
        ("# x", "\n"),
    ] {
        let after = inserted(text, Position::End, Version::V15);
        assert_eq!(
            after,
            alloc::format!("{text}{between}hostssl app bob 10.0.0.0/8 cert\n"),
            "{text:?}"
        );
    }
    assert_eq!(
        inserted("# x \\\n", Position::End, Version::V13),
        "# x \\\nhostssl app bob 10.0.0.0/8 cert\n"
    );
}

#[test]
fn the_same_rule_is_not_added_twice() {
    let text = "host all all all md5\n";
    let mut document = Document::parse(text.as_bytes(), Version::V15);
    let rule = cert("app", "bob", "10.0.0.0/8");
    document
        .insert_rule(Position::BeforeRecord(0), &rule)
        .unwrap();
    let once = document.to_bytes();
    for position in [
        Position::BeforeRecord(0),
        Position::BeforeRecord(1),
        Position::AfterRecord(0),
    ] {
        assert_eq!(document.insert_rule(position, &rule), Ok(Change::none()));
    }
    assert_eq!(document.to_bytes(), once);
    document.remove(0).unwrap();
    assert_eq!(document.to_bytes(), text.as_bytes());
    assert_eq!(document.remove(1), Err(EditError::NoRecord { record: 1 }));
}

#[test]
fn names_are_quoted_where_they_would_mean_something_else() {
    let field = |name: &str, version| {
        let fields = cert("d", name, "all")
            .fields(version)
            .map(|fields| fields[2].clone());
        fields.map(|field| String::from_utf8(field).unwrap())
    };
    for (name, written) in [
        ("bob", "bob"),
        ("Bob", "Bob"),
        ("jürgen", "jürgen"),
        ("all", "\"all\""),
        ("replication", "\"replication\""),
        ("+x", "\"+x\""),
        ("@x", "\"@x\""),
        ("a b", "\"a b\""),
        ("a\"b", "\"a\"\"b\""),
        ("a,b#c", "\"a,b#c\""),
        ("a\\", "\"a\\\""),
    ] {
        assert_eq!(field(name, Version::V18).as_deref(), Ok(written));
    }
    assert_eq!(field("/x.y", Version::V15).as_deref(), Ok("\"/x.y\""));
    assert_eq!(field("/x.y", Version::V16).as_deref(), Ok("\"/^/x\\.y$\""));
    for name in ["", "a\nb", "a\rb", "a\0"] {
        assert_eq!(
            field(name, Version::V15),
            Err(EditError::Unwritable { name: name.into() })
        );
    }
}

#[test]
fn what_postgresql_would_refuse_is_not_written() {
    let rule = NewRule {
        kind: ConnType::Host,
        ..cert("app", "bob", "all")
    };
    let mut document = Document::parse(b"", Version::V15);
    assert_eq!(
        document
            .insert_rule(Position::End, &rule)
            .unwrap_err()
            .to_string(),
        "cert authentication is only supported on hostssl connections"
    );
}

#[test]
fn the_rest_of_a_line_that_is_too_long_goes_without_its_end() {
    // As much as goes into the buffer.
    let long = [&b"local x"[..], &b"x,".repeat(10_236), b"\n"].concat();
    let rest = b"local all all peer";
    let text = [&long[..long.len() - 1], rest, b"\nlocal all all trust\n"].concat();
    let document = Document::parse(text, Version::V13);
    assert_eq!(document.records().len(), 3);
    let without = [&long[..], b"local all all trust\n"].concat();
    let mut removed = document.clone();
    let _ = removed.remove(1).unwrap();
    assert!(removed.to_bytes() == without);
    let mut moved = document;
    let _ = moved.move_record(1, Position::End).unwrap();
    assert!(moved.to_bytes() == [&without[..], rest, b"\n"].concat());
}

#[test]
fn the_beginning_of_a_line_that_is_too_long_does_not_go_without_its_rest() {
    let long = [&b"local x"[..], &b"x,".repeat(10_240), b"\n"].concat();
    let text = [&long[..], b"refused too\n"].concat();
    let mut document = Document::parse(text, Version::V13);
    assert_eq!(document.records().len(), 3);
    let moved = document.move_record(0, Position::End);
    assert_eq!(moved, Err(EditError::Disturbs));
}

/// Whether an edited document is the one that its bytes read as, in itself and as what a server reads.
fn is_as_read(document: &Document) -> bool {
    let files = BTreeMap::new();
    let version = document.version();
    *document == Document::parse(document.as_bytes(), version)
        && RuleSet::of_document(&files, "hba", document)
            == RuleSet::of_bytes(&files, "hba", document.as_bytes(), version)
}

proptest! {
    #[test]
    fn parsing_keeps_every_byte(bytes: Vec<u8>, version in prop::sample::select(&Version::ALL[..])) {
        prop_assert_eq!(Document::parse(bytes.as_slice(), version).to_bytes(), bytes);
    }

    #[test]
    fn any_name_is_read_as_it_was_meant(
        name in "[ -~é\\x01-\\x08]{1,8}",
        version in prop::sample::select(&Version::ALL[..]),
    ) {
        let fields = cert(&name, &name, "all").fields(version).unwrap();
        let line = fields.join(&b' ');
        let document = Document::parse(line, version);
        let rule = document.rules().next().unwrap();
        match &rule.users[..] {
            [User::Regex(pattern)] => {
                prop_assert!(name.starts_with('/') && version >= Version::V16);
                prop_assert_ne!(crate::regex::is_match(pattern, name.as_bytes()), Some(false));
            }
            users => prop_assert_eq!(users, &[User::name(&name)][..]),
        }
    }

    #[test]
    fn an_edit_leaves_every_other_byte(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "host all all 10.0.0.0/8 md5", "local\tall\tall\tpeer", "# note", "#\\", "\n", "\r\n", "\n", " ", "\\\n",
            "bad", "hostssl  \"a b\"  all  all  cert", "include x", "local @x all peer", "b@d",
        ]), 0..12),
        at in 0_usize..6,
        version in prop::sample::select(&Version::ALL[..]),
    ) {
        let text = pieces.concat().into_bytes();
        let mut document = Document::parse(text.as_slice(), version);
        let records = document.records().len();
        let position = if at < records { Position::BeforeRecord(at) } else { Position::End };
        let rule = cert("app", "bob", "10.0.0.0/8");
        // Refused at worst, as where a record begins in the middle of a line.
        if let Ok(change) = document.insert_rule(position, &rule) {
            prop_assert_eq!(change.edits.len(), 1);
            prop_assert!(change.edits[0].span.is_empty());
            prop_assert_eq!(document.records().len(), records + 1);
            prop_assert_eq!(document.insert_rule(position, &rule), Ok(Change::none()));
            prop_assert!(is_as_read(&document));
            document.remove(at.min(records)).unwrap();
            prop_assert_eq!(document.records().len(), records);
            prop_assert!(is_as_read(&document));
        } else {
            prop_assert!(false, "refused");
        }
    }
}

/// Lines that stand for themselves wherever they are moved to.
const LINES: [&str; 4] = [
    "local all all peer",
    "host\tall bob 10.0.0.0/8 md5 # c",
    "# only this",
    "nonsense",
];

proptest! {
    #[test]
    fn a_moved_record_stands_there_and_the_others_where_they_were(
        lines in proptest::collection::vec(proptest::sample::select(&LINES[..]), 1..7),
        ends in any::<bool>(), from: usize, to: usize, after: bool,
    ) {
        let text = lines.join("\r\n") + if ends { "\r\n" } else { "" };
        let before = Document::parse(text.as_bytes(), Version::V15);
        let count = before.records().len();
        prop_assume!(count > 0);
        let (from, to) = (from % count, to % count);
        let position = if after { Position::AfterRecord(to) } else { Position::BeforeRecord(to) };
        let mut document = before.clone();
        let change = document.move_record(from, position).unwrap();
        prop_assert_eq!(document.to_bytes(), change.apply(text.as_bytes()));
        prop_assert!(is_as_read(&document));
        let mut expected: Vec<_> = (0..count).collect();
        expected.remove(from);
        let place = expected.iter().position(|&r| r == to).map_or(from, |at| at + usize::from(after));
        expected.insert(place, from);
        for (read, meant) in document.records().iter().zip(expected) {
            prop_assert!(read.says_the_same(&before.records()[meant]));
        }
        let mut kept: Vec<_> = text.split("\r\n").filter(|l| !l.is_empty()).collect();
        let after = String::from_utf8(document.to_bytes()).unwrap();
        let mut stand: Vec<_> = after.split("\r\n").filter(|l| !l.is_empty()).collect();
        kept.sort_unstable();
        stand.sort_unstable();
        prop_assert_eq!(kept, stand);
    }
}

#[test]
fn a_rule_given_as_a_line_takes_the_columns_of_its_neighbours() {
    let mut document = Document::parse(b"local   all   all         peer\n", Version::V15);
    document
        .insert_line(
            Position::End,
            b"host all,\"b c\" all 10.0.0.0 255.0.0.0 md5",
        )
        .unwrap();
    assert_eq!(
        document.to_bytes(),
        b"local   all   all         peer\nhost    all,\"b c\" all 10.0.0.0 255.0.0.0 md5\n"
    );
    assert!(
        document
            .insert_line(
                Position::End,
                b"host all,\"b c\"  all 10.0.0.0 255.0.0.0 md5 # x"
            )
            .unwrap()
            .is_empty()
    );
    for text in [
        "",
        "# x",
        "local all all peer\nlocal all all trust",
        "include x",
    ] {
        let refused = document.insert_line(Position::End, text.as_bytes());
        assert!(refused.is_err(), "{text}: {refused:?}");
    }
    assert_eq!(
        document.insert_line(Position::End, b"local all all"),
        Err(EditError::Refused {
            message: "end-of-line before authentication method".into()
        })
    );
}

#[test]
fn a_comment_behind_a_rule_comes_along() {
    let text = "host    all  all  ::1/128  md5\n";
    for (line, written) in [
        (
            "host d ud 10.1.0.0/16 md5 # mine",
            "host    d    ud   10.1.0.0/16 md5 # mine\n",
        ),
        (
            "host d ud all ident map=\"#\"  ## a  #b",
            "host    d    ud   all      ident map=\"#\" ## a  #b\n",
        ),
        ("host d ud all md5#", "host    d    ud   all      md5 #\n"),
    ] {
        let mut document = Document::parse(text.as_bytes(), Version::V15);
        document
            .insert_line(Position::BeforeRecord(0), line.as_bytes())
            .unwrap();
        let after = String::from_utf8(document.to_bytes()).unwrap();
        assert_eq!(after, alloc::format!("{written}{text}"));
    }
    // It would go on in the next line.
    let mut document = Document::parse(text.as_bytes(), Version::V15);
    let line = b"host d ud all md5 # mine \\";
    let refused = document.insert_line(Position::BeforeRecord(0), line);
    assert_eq!(refused, Err(EditError::Disturbs));
}
