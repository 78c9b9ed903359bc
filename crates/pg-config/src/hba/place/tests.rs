//! Placing tried by hand.

mod universe;

use super::*;
use crate::Version;
use crate::hba::{Connection, Decision, HostName, changes, decide, ways_in};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use proptest::prelude::*;

fn set(text: &str) -> RuleSet {
    RuleSet::of_bytes(&BTreeMap::new(), "/d/hba", text.as_bytes(), Version::V15)
}

fn wanted(databases: &[&str], from: &[&str]) -> Wanted {
    Wanted {
        role: "bob".to_string(),
        member_of: Some(Vec::new()),
        databases: match databases {
            ["all"] => Databases::All,
            ["replication"] => Databases::Replication,
            names => Databases::Named(names.iter().map(ToString::to_string).collect()),
        },
        from: from.iter().map(|source| source.parse().unwrap()).collect(),
        map: None,
    }
}

fn placed(text: &str, wanted: &Wanted) -> Result<Placement, Conflict> {
    place(&set(text), wanted, &Site::default())
}

/// The places and the fields of what is added.
fn added(text: &str, wanted: &Wanted) -> Vec<(Place, String)> {
    let insertions = placed(text, wanted).unwrap().insertions;
    let line = |i: Insertion| {
        let fields = i.rule.fields(Version::V15).unwrap();
        (i.place, String::from_utf8(fields.join(&b' ')).unwrap())
    };
    insertions.into_iter().map(line).collect()
}

#[test]
fn a_rule_goes_before_the_first_that_decides_otherwise() {
    let text = "local all all peer\nhost other all all md5\nhost all amy 10.0.0.0/8 md5\nhost all all 10.0.0.0/8 md5\n";
    assert_eq!(
        added(text, &wanted(&["app"], &["10.1.0.0/16"])),
        [(Place::Before(3), "hostssl app bob 10.1.0.0/16 cert".into())]
    );
    assert_eq!(
        added(text, &wanted(&["app"], &["192.168.0.0/16"])),
        [(Place::AtEnd, "hostssl app bob 192.168.0.0/16 cert".into())]
    );
    assert_eq!(
        added(text, &wanted(&["all"], &["10.1.0.0/16"])),
        [(Place::Before(1), "hostssl all bob 10.1.0.0/16 cert".into())]
    );
    assert_eq!(
        added(text, &wanted(&["replication"], &["10.1.0.0/16"])),
        [(
            Place::AtEnd,
            "hostssl replication bob 10.1.0.0/16 cert".into()
        )]
    );
}

#[test]
fn rules_without_tls_are_no_obstacle_but_ways_in() {
    let text = "hostnossl all all all md5\nhostgssenc all all all trust\nlocal all all trust\nhost all all all reject\n";
    let conflict = placed(text, &wanted(&["app"], &["10.0.0.0/8"])).unwrap_err();
    assert!(matches!(conflict, Conflict::Decided { rules, .. } if rules == [3]));
    let text = text.replace("host all all all reject\n", "");
    let found = placed(&text, &wanted(&["app"], &["10.0.0.0/8"])).unwrap();
    assert_eq!(found.insertions[0].place, Place::AtEnd);
    let (set, wish) = (set(&text), wanted(&["app"], &["10.0.0.0/8"]));
    let ways: Vec<_> = ways_in(&set, &wish, &found.insertions, &Site::default())
        .iter()
        .map(|w| (w.rule, w.transports.clone(), w.inside, w.certain))
        .collect();
    assert_eq!(
        ways,
        [
            (0, vec![Transport::Plain, Transport::Gss], true, true),
            (2, vec![Transport::Local], true, true),
        ]
    );
}

#[test]
fn what_demands_a_certificate_or_rejects_keeps_its_say() {
    let text = "hostssl all bob 10.0.5.0/24 reject\n\
                hostssl app all 10.0.6.0/24 md5 clientcert=verify-ca\n\
                host all all all md5\n";
    let found = placed(text, &wanted(&["app"], &["10.0.0.0/16"])).unwrap();
    assert_eq!(found.insertions[0].place, Place::Before(2));
    assert_eq!(found.keeps_say, [0, 1]);
    assert_eq!(found.overrides, [2]);
}

#[test]
fn no_place_is_a_conflict_that_names_the_rules() {
    let text =
        "host app all 10.0.0.0/24 md5\nhostssl all all 10.0.1.0/24 reject\nhost all all all md5\n";
    assert_eq!(
        placed(text, &wanted(&["app"], &["10.0.0.0/16"])),
        Err(Conflict::Order {
            from: "10.0.0.0/16".parse().ok(),
            before: 0,
            behind: vec![1]
        })
    );
    assert_eq!(
        added(text, &wanted(&["app"], &["10.0.0.0/24"]))[0].0,
        Place::Before(0)
    );
    assert_eq!(
        placed(text, &wanted(&["app"], &["10.0.1.0/25"])),
        Err(Conflict::Decided {
            from: "10.0.1.0/25".parse().ok(),
            rules: vec![1]
        })
    );
    assert_eq!(
        placed("local all\n", &wanted(&["app"], &["all"])),
        Err(Conflict::Broken)
    );
}

#[test]
fn what_is_allowed_already_is_left_alone() {
    for line in [
        "hostssl app bob 10.0.0.0/8 cert",
        "hostssl all all all cert",
        "hostssl all bob 10.0.0.0/8 trust clientcert=verify-full",
        "hostssl app,other +bob 10.0.0.0 255.0.0.0 cert clientcert=verify-full",
        "hostssl app bob 10.0.0.0/9 cert\nhostssl app bob 10.128.0.0/9 cert",
    ] {
        let text = format!("{line}\nhost all all all md5\n");
        let found = placed(&text, &wanted(&["app"], &["10.0.0.0/8"])).unwrap();
        assert_eq!(found.insertions, [], "{line}");
        assert_eq!(found.already[0], 0, "{line}");
    }
    // Each database by itself.
    let text = "hostssl app bob 10.0.0.0/8 cert\nhost all all all md5\n";
    assert_eq!(
        added(text, &wanted(&["app", "new"], &["10.0.0.0/8"])),
        [(Place::Before(1), "hostssl new bob 10.0.0.0/8 cert".into())]
    );
    // Each network by itself.
    assert_eq!(
        added(text, &wanted(&["app"], &["10.1.0.0/16", "::1"])),
        [(Place::Before(1), "hostssl app bob ::1/128 cert".into())]
    );
}

#[test]
fn certificates_of_other_demands_do_not_count_as_allowed() {
    for line in [
        "hostssl app bob all md5 clientcert=verify-full",
        "hostssl app bob all trust clientcert=verify-ca",
        "hostssl app bob all cert clientname=DN",
        "hostssl app bob all trust clientcert=verify-full clientname=DN",
    ] {
        let conflict =
            placed(&format!("{line}\n"), &wanted(&["app"], &["10.0.0.0/8"])).unwrap_err();
        assert!(matches!(conflict, Conflict::Decided { .. }), "{line}");
    }
}

#[test]
fn a_map_in_use_gets_the_line() {
    let text = "hostssl app bob all cert map=people\n";
    let mut wish = wanted(&["app"], &["10.0.0.0/8"]);
    for map in [None, Some("mine".to_string())] {
        wish.map = map;
        let found = placed(text, &wish).unwrap();
        assert_eq!(found.insertions, []);
        assert_eq!(
            found.maps,
            [MapUse {
                rule: 0,
                map: "people".into(),
                by_dn: false
            }]
        );
    }
    // Without a map there, another name cannot get in.
    let conflict = placed("hostssl app bob all cert\n", &wish).unwrap_err();
    assert!(matches!(conflict, Conflict::Decided { .. }));
    assert_eq!(
        added("host all all all md5\n", &wish)[0].1,
        "hostssl app bob 10.0.0.0/8 cert map=mine"
    );
}

#[test]
fn unknown_memberships_count_as_possible() {
    let text =
        "host all +staff all md5\nhostssl all bob 10.0.1.0/24 reject\nhost all all all md5\n";
    let mut wish = wanted(&["app"], &["10.0.0.0/16"]);
    assert_eq!(added(text, &wish)[0].0, Place::Before(2));
    wish.member_of = None;
    assert!(matches!(
        placed(text, &wish),
        Err(Conflict::Order { before: 0, .. })
    ));
    wish.member_of = Some(vec!["staff".into()]);
    let found = placed("host all +staff all md5\nhost all all all md5\n", &wish).unwrap();
    assert_eq!(
        (found.insertions[0].place, found.overrides),
        (Place::Before(0), vec![0])
    );
}

#[test]
fn refusing_without_tls_stands_beside_the_rule_or_earlier() {
    let wish = wanted(&["app"], &["10.0.0.0/8"]);
    for (text, place_of_reject) in [
        ("host all all all md5\n", Some(Place::Before(0))),
        (
            "hostnossl all all 10.0.0.0/8 md5\nhost all all all md5\n",
            Some(Place::Before(0)),
        ),
        (
            "hostssl all all all md5\nhostnossl all all all md5\n",
            Some(Place::Before(0)),
        ),
        ("hostnossl all all all reject\nhost all all all md5\n", None),
        ("hostssl all all all md5\n", None),
    ] {
        let set = set(text);
        let placement = place(&set, &wish, &Site::default()).unwrap();
        let found = refuse_without_tls(&set, &wish, &placement, &Site::default()).unwrap();
        assert_eq!(found.first().map(|i| i.place), place_of_reject, "{text}");
        let all: Vec<_> = placement.insertions.into_iter().chain(found).collect();
        let ways = ways_in(&set, &wish, &all, &Site::default());
        let inside = |t: Transport| ways.iter().any(|w| w.inside && w.transports.contains(&t));
        assert!(!inside(Transport::Tls), "{text}");
    }
}

#[test]
fn a_file_read_twice_takes_no_rule() {
    let files: BTreeMap<String, Vec<u8>> = [
        ("/d/hba".to_string(), b"include a\ninclude a\n".to_vec()),
        ("/d/a".to_string(), b"host all all all md5\n".to_vec()),
    ]
    .into();
    let set = RuleSet::read(&files, "/d/hba", Version::V16).unwrap();
    assert_eq!(
        place(&set, &wanted(&["app"], &["all"]), &Site::default()),
        Err(Conflict::Repeated {
            file: "/d/a".into()
        })
    );
}

#[test]
fn the_whole_way_from_the_wish_to_the_files() {
    let files: BTreeMap<String, Vec<u8>> = [
        ("/d/hba", "local   all  all               peer\ninclude more\nhost    all  all  all          md5\n"),
        ("/d/more", "# rules\nhost    app  all  10.0.0.0/8   md5\n"),
    ]
    .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
    .into();
    let before = RuleSet::read(&files, "/d/hba", Version::V16).unwrap();
    let wish = wanted(&["app"], &["10.1.0.0/16", "fd00::/8"]);
    let placement = place(&before, &wish, &Site::default()).unwrap();
    let refusing = refuse_without_tls(&before, &wish, &placement, &Site::default()).unwrap();
    let all: Vec<_> = placement
        .insertions
        .iter()
        .cloned()
        .chain(refusing)
        .collect();

    let mut after = files.clone();
    for (file, document) in before.written(&files, &all).unwrap() {
        after.insert(file, document.to_bytes());
    }
    let text = |file: &str| String::from_utf8(after[file].clone()).unwrap();
    insta::assert_snapshot!(text("/d/hba"), @r"
    local   all  all               peer
    include more
    hostssl app  bob  fd00::/8     cert
    hostnossl app bob fd00::/8     reject
    host    all  all  all          md5
    ");
    insta::assert_snapshot!(text("/d/more"), @r"
    # rules
    hostssl app  bob  10.1.0.0/16  cert
    hostnossl app bob 10.1.0.0/16  reject
    host    app  all  10.0.0.0/8   md5
    ");
    let set = RuleSet::read(&after, "/d/hba", Version::V16).unwrap();
    assert_eq!(place(&set, &wish, &Site::default()).unwrap().insertions, []);
    for change in changes(&before, &set, &Site::default()) {
        assert_eq!(change.example.unwrap().role, "bob");
    }
}

#[test]
fn any_rule_has_its_place() {
    let text = "local all all peer\nhostssl app amy 10.0.0.0/24 cert\nhost all all 10.0.0.0/8 md5\nhost all bob all trust\n";
    let rules = set(text);
    let placed = |line: &str| {
        let one = set(&format!("{line}\n"));
        place_rule(&rules, &one.rules[0].rule, &Site::default())
    };
    let found = placed("host app all 10.0.0.0/16 scram-sha-256").unwrap();
    assert_eq!(found.place, Some(Place::Before(2)));
    assert_eq!((found.keeps_say, found.overrides), (vec![1], vec![2]));
    // Nothing to do with any of them.
    let found = placed("host all amy 192.168.0.0/16 md5").unwrap();
    assert_eq!(found.place, Some(Place::AtEnd));
    // The network that it is for is asked for a password already.
    let found = placed("host app bob 10.2.0.0/16 md5").unwrap();
    assert_eq!((found.place, found.instead), (None, vec![2]));
    assert_eq!(
        placed("hostssl app amy 10.0.0.0/25 md5"),
        Err(Conflict::Decided {
            from: None,
            rules: vec![1]
        })
    );
    let late = set("host all all 10.0.0.0/9 md5\nhost all bob 10.0.0.0/8 reject\n");
    let rule = &set("host all bob 10.0.0.0/8 scram-sha-256\n").rules[0].rule;
    assert_eq!(
        place_rule(&late, rule, &Site::default()),
        Err(Conflict::Order {
            from: None,
            before: 0,
            behind: vec![1]
        })
    );
}

#[test]
fn what_is_decided_alike_forces_no_order() {
    let placed =
        |text: &str, line: &str| place_rule(&set(text), &set(line).rules[0].rule, &Site::default());
    // Refused is refused, by whichever of them.
    let text = "host all all 10.0.0.0/8 md5\nhost all all all reject\n";
    let found = placed(text, "host all amy all reject\n").unwrap();
    assert_eq!(found.place, Some(Place::Before(0)));
    assert_eq!((found.keeps_say, found.overrides), (vec![], vec![0]));
    // The first one asks for what the new one asks for.
    let text = "host all all 10.0.0.0/8 md5\nhost all all 11.0.0.0/8 reject\n";
    let found = placed(text, "host all amy all md5\n").unwrap();
    assert_eq!(found.place, Some(Place::AtEnd));
    assert_eq!((found.keeps_say, found.overrides), (vec![1], vec![]));
    // And what it leaves, the second one refuses.
    let text = "host all all 10.0.0.0/8 md5\nhost all all all reject\n";
    assert_eq!(
        placed(text, "host all amy all md5\n"),
        Err(Conflict::Decided {
            from: None,
            rules: vec![1]
        })
    );
}

#[test]
fn a_rule_for_nobody_or_whose_lists_are_not_read_in_has_no_place() {
    let long = "x".repeat(64);
    let site = Site::default();
    let files: BTreeMap<String, Vec<u8>> = [("/d/names".to_string(), b"bob zoe\n".to_vec())].into();
    let read = |text: &str| {
        let set = RuleSet::of_bytes(&files, "/d/hba", text.as_bytes(), Version::V16);
        assert_eq!(set.errors, []);
        set
    };
    let rules =
        read("host all carol 11.0.0.0/8 md5\nhost all zoe all reject\nhost all all all md5\n");
    for line in [
        "host all /^$ all trust",
        &format!("host all {long} all md5"),
    ] {
        let rule = &read(line).rules[0].rule;
        assert!(matches_nobody(rule, &site), "{line}");
        assert_eq!(
            place_rule(&rules, rule, &site),
            Err(Conflict::Nobody),
            "{line}"
        );
    }
    // A list counts as what it holds, and as nothing known before it is read in.
    let order = Err(Conflict::Order {
        from: None,
        before: 0,
        behind: vec![1],
    });
    for line in [
        "host all carol,bob,zoe all trust",
        "host all carol,@names all trust",
    ] {
        let rule = &read(line).rules[0].rule;
        assert!(!matches_nobody(rule, &site));
        assert_eq!(place_rule(&rules, rule, &site), order, "{line}");
    }
    for line in ["host all carol,@names all trust", "host @names all all md5"] {
        let document = crate::hba::Document::parse(line.as_bytes(), Version::V16);
        let rule = document.rules().next().unwrap();
        assert!(!matches_nobody(rule, &site));
        assert_eq!(
            place_rule(&rules, rule, &site),
            Err(Conflict::Unread),
            "{line}"
        );
    }
}
