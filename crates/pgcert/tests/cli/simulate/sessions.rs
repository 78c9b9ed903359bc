//! One session at a time: what its messages say of who came, from where and by which rule, and what they leave open. The messages are
//! the server's own, but no server has said them in this order.

use std::fmt::Write as _;

use serde_json::Value;

use super::simulate;
use crate::place::Place;

/// Logs of one session or two, each under a heading with the version.
const SESSIONS: &str = include_str!("../logs/sessions.log");

const RULES: &str = "local all all peer\n\
                     host all kim 127.0.0.1/32 trust\n\
                     hostssl all cindy 127.0.0.1/32 cert\n\
                     hostgssenc all greta 127.0.0.1/32 gss\n\
                     host replication standby 127.0.0.1/32 trust\n\
                     host all \\\n\
                     tom 127.0.0.1/32 md5\n\
                     host app blocked 127.0.0.1/32 reject\n\
                     host \"c application_name=d\" \"a database=b\" 127.0.0.1/32 trust\n\
                     hostssl all cindy 10.0.0.0/8 cert\n\
                     host app gina 127.0.0.1/32 trust\n\
                     include more/pg_hba.conf\n";

/// A copy of a server's rules, under another name.
fn place() -> Place {
    let place = Place::new();
    place.write("rules", RULES);
    std::fs::create_dir(place.path("more")).unwrap();
    place.write("more/pg_hba.conf", "host all zoe 127.0.0.1/32 trust\n");
    place
}

/// In a line: which rules let in and refused how many of whom, and what cannot be told.
fn told(place: &Place, version: &str, log: &str) -> String {
    place.write("l", log);
    let asked = ["hba", "simulate", "--file", "rules", "--log", "l", "--json"];
    let said = place.run(&[&asked[..], &["--pg-version", version]].concat());
    let document: Value = serde_json::from_str(&said.out).unwrap();
    let all = |key: &str| document[key].as_array().unwrap();
    let mut told = Vec::new();
    for rule in all("rules")
        .iter()
        .filter(|rule| rule["by"] != serde_json::json!({}))
    {
        let (logins, refusals) = (&rule["logins"], &rule["refusals"]);
        told.push(format!(
            "{}:{} +{logins} -{refusals} {}",
            rule["file"], rule["line"], rule["by"]
        ));
    }
    for who in document["no_rule"].as_object().unwrap().keys() {
        told.push(format!("no rule for {who}"));
    }
    for named in all("gone") {
        told.push(format!("not there: {}:{}", named["file"], named["line"]));
    }
    for key in ["otherwise", "untold"] {
        if document[key] != 0 {
            told.push(format!("{key} {}", document[key]));
        }
    }
    told.join("; ").replace('"', "")
}

#[test]
fn each_message_is_of_its_session() {
    let place = place();
    let mut all = String::new();
    for section in SESSIONS.split("== ").skip(1) {
        let (heading, log) = section.split_once('\n').unwrap();
        let (version, _) = heading.split_once(' ').unwrap();
        writeln!(all, "{heading}: {}", told(&place, version, log)).unwrap();
    }
    insta::assert_snapshot!(all, @r#"
    15 a process's number again: rules:2 +1 -0 {kim:1}; untold 1
    15 neither session nor detail: untold 2
    17 trust, and nothing else: rules:2 +1 -0 {kim:1}
    15 its end can be read in two ways: rules:2 +1 -0 {?:1}
    18 refused, and proven by another process of the number: rules:8 +0 -1 {blocked:1}
    18 without a certificate, and proven by another process of the number: untold 1
    15 an application's detail: 
    15 no such database: 
    15 a rule in a name, and one of two lines: rules:6 +0 -1 {tom:1}
    16 a rule of another file: not there: /d/other.conf:6
    18 a file that is read from its place: more/pg_hba.conf:1 +1 -0 {zoe:1}
    18 a name of two lines: rules:2 +1 -0 {a\nb:1}
    15 GSS: rules:4 +1 -0 {greta:1}
    15 GSS in clear: rules:11 +1 -0 {gina:1}
    15 GSS under TLS: rules:3 +1 -0 {cindy:1}
    15 refused with GSS: no rule for ada to database app from 127.0.0.1 with GSS encryption
    15 refused at the socket, where there is a rule now: otherwise 1
    15 refused, where there is a rule now: otherwise 1
    15 let in, where there is a reject now: otherwise 1
    16 names that look like two: rules:9 +1 -0 {a database=b:1}
    16 logical replication: otherwise 1
    16 no certificate: rules:3 +0 -1 {cindy:1}
    16 no message of the server's: 
    12 no certificate, as CSV: rules:3 +0 -1 {cindy:1}
    12 rejected, logical replication: rules:8 +0 -1 {blocked:1}
    14 an application:
    "#);
}

#[test]
fn once_a_line_begins_by_the_setting_others_are_not_clear() {
    let place = Place::new();
    place.write("pg_hba.conf", "host all all all trust\n");
    let by_setting = "2026-11-26 01:47:32 UTC [6] kim@app LOG:  x\n";
    let other = "[7] LOG:  connection authorized: user=kim database=app\n";
    let untold = |lines: &[&str]| {
        place.write("l", &lines.concat());
        let said = simulate(
            &place,
            "15",
            &["--log", "l", "--log-line-prefix", "%m [%p] %q%u@%d "],
        );
        said.err.contains("can be read in two ways")
    };
    assert!(untold(&[by_setting, other]));
    assert!(!untold(&[other, by_setting]));
}
