//! The samples that `pgcert hba diff` prints, given back to `pgcert hba explain`: the announced rule decides each.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::place::Place;

/// Pairs of files.
const PAIRS: [(&str, &str); 4] = [
    // Names, groups, host names, a database called like a role or a group.
    (
        "host all amy 10.0.0.0/8 md5\n\
         host sameuser +staff all scram-sha-256\n\
         host samerole all .example.org md5\n\
         host app,\"a b\" all pc.example.net ldap ldapserver=x ldapbasedn=dc=a\n\
         host all all 192.168.0.0/16 reject\n",
        "host all amy 10.128.0.0/9 md5\n\
         hostssl sameuser +admins,+staff 10.0.0.0/8 cert\n\
         hostssl samerole all pc.example.org md5\n\
         host \"a b\" all .example.net md5\n",
    ),
    // Each way in, and standbys.
    (
        "local all all peer\n\
         hostssl all all ::/0 cert\n\
         hostnossl all all 0.0.0.0/0 md5\n\
         hostgssenc all all all gss\n\
         host replication +standbys 10.0.0.0/8 md5\n",
        "local all postgres peer\n\
         hostnogssenc all all ::/0 md5\n\
         host replication standby 10.0.0.2/32 scram-sha-256\n\
         local replication all peer\n",
    ),
    // Expressions: as far as they are known.
    (
        "host all /^app_[0-9]+$ all md5\n\
         host /^t.*s$ all 10.0.0.0/8 md5\n",
        "host all /^app_1 all scram-sha-256\n\
         host all /^app_[0-9]+$ 10.0.0.0/8 md5\n",
    ),
    // The server's networks, which nobody knows here.
    (
        "host all all samenet md5\nhost all bob .example.org trust\n",
        "host all bob samehost scram-sha-256\nhost all bob all md5\n",
    ),
];

#[test]
fn every_sample_is_decided_as_announced() {
    let (mut sure, mut perhaps) = (0, 0);
    for (old, new) in PAIRS {
        let place = Place::new();
        place.write("old", old);
        place.write("new", new);
        let said = place.run(&["hba", "diff", "old", "new", "--pg-version", "16", "--json"]);
        let document: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said}"));
        let outcomes = document["outcomes"].as_array().unwrap();
        let shown = || {
            outcomes
                .iter()
                .filter(|change| !change["example"].is_null())
        };
        let lines: String = shown()
            .map(|change| format!("{}\n", change["example"]))
            .collect();
        place.write("samples", &lines);
        for (file, side) in [("old", "before"), ("new", "after")] {
            let answers = answers(&place, file);
            assert_eq!(answers.len(), shown().count());
            for (change, answer) in shown().zip(answers) {
                let announced = &change[side];
                if change["certain"] == true {
                    sure += 1;
                    assert_eq!(answer["rule"], *announced, "{change:#}\n{answer:#}");
                    let outcome = if announced.is_null() {
                        "no-rule"
                    } else {
                        "rule"
                    };
                    assert_eq!(answer["outcome"], outcome, "{change:#}\n{answer:#}");
                    assert_eq!(answer["connection"], change["example"]);
                } else {
                    perhaps += 1;
                    assert!(
                        possible(&answer).contains(&announced["line"].to_string()),
                        "{change:#}\n{answer:#}"
                    );
                }
            }
        }
    }
    assert!(
        sure >= 40 && perhaps >= 4,
        "{sure} and {perhaps}: little was tried"
    );
}

/// What `explain` says to each of the samples.
fn answers(place: &Place, file: &str) -> Vec<Value> {
    let words = ["hba", "explain", "--connections", "samples", "--file", file];
    let said = place.must(&[&words[..], &["--pg-version", "16", "--json"]].concat());
    let lines = said.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The lines of all rules that may decide; `null` for none.
fn possible(answer: &Value) -> BTreeSet<String> {
    let candidates = answer["candidates"].as_array().unwrap().iter();
    let lines = candidates.map(|rule| rule["line"].to_string());
    let mut lines: BTreeSet<_> = lines.chain([answer["rule"]["line"].to_string()]).collect();
    if answer["no_rule_possible"] == false && answer["rule"].is_null() {
        lines.remove("null");
    }
    lines
}
