//! `pgcert hba simulate`: which rules the logins of a log went by. The logs are excerpts of real servers' (12, 14, 15, 16 and 18),
//! all of the same logins: a password right and wrong, a rejected role, one that no rule matches, certificates that fit and not,
//! none, replication, trust, and a wrong user at the socket.

mod forged;
mod sessions;
mod steps;
mod told;

use std::fmt::Write as _;

use crate::place::{Place, Said};

const RULES: &str = "local all postgres trust\n\
                     local all all peer\n\
                     host all +staff 127.0.0.1/32 scram-sha-256\n\
                     host app blocked 127.0.0.1/32 reject\n\
                     hostssl app cindy 127.0.0.1/32 cert\n\
                     hostssl app dora 127.0.0.1/32 cert map=m\n\
                     host replication standby 127.0.0.1/32 trust\n\
                     host app trusted 127.0.0.1/32 trust\n\
                     host app never 127.0.0.1/32 trust\n";

const LOGS: [(&str, &str, &str); 5] = [
    ("12", "12.log", include_str!("logs/12.log")),
    ("14", "14.csv", include_str!("logs/14.csv")),
    ("15", "15.log", include_str!("logs/15.log")),
    ("16", "16.json", include_str!("logs/16.json")),
    ("18", "18.log", include_str!("logs/18.log")),
];

fn place() -> Place {
    let place = Place::new();
    place.write("pg_hba.conf", RULES);
    for (_, name, text) in LOGS {
        place.write(name, text);
    }
    place
}

fn simulate(place: &Place, version: &str, asked: &[&str]) -> Said {
    let file = ["--file", "pg_hba.conf", "--pg-version", version];
    place.run(&[&["hba", "simulate"], &file[..], asked].concat())
}

#[test]
fn each_version_and_format_is_understood() {
    let place = place();
    let mut all = String::new();
    for (version, name, _) in LOGS {
        let said = simulate(&place, version, &["--log", name]);
        writeln!(all, "===== {name}\n{said}").unwrap();
    }
    insta::assert_snapshot!(all, @r#"
    ===== 12.log
    LOGINS  REFUSED  RULE                                                       BY
         2        0  pg_hba.conf:1: local all postgres trust                    postgres 2
         0        1  pg_hba.conf:2: local all all peer                          kim 1
         1        2  pg_hba.conf:3: host all +staff 127.0.0.1/32 scram-sha-256  kim 3
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject        blocked 2
         0        1  pg_hba.conf:5: hostssl app cindy 127.0.0.1/32 cert         cindy 1
    never used
      pg_hba.conf:9: host app never 127.0.0.1/32 trust
    perhaps used: it cannot be told from the log which of these decided
      pg_hba.conf:6: hostssl app dora 127.0.0.1/32 cert map=m
      pg_hba.conf:7: host replication standby 127.0.0.1/32 trust
      pg_hba.conf:8: host app trusted 127.0.0.1/32 trust
    no rule matched
      1 x nobody to database app from 127.0.0.1 in clear
      1 x nobody to database app from 127.0.0.1 with TLS
    --- on standard error
    note: the log names no rule for 5 of these: worked out from the rules as they are now
    note: 3 more may have gone by one of several rules: memberships, networks or names are not known
    note: 2 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs

    ===== 14.csv
    LOGINS  REFUSED  RULE                                                        BY
         2        0  pg_hba.conf:1: local all postgres trust                     postgres 2
         0        1  pg_hba.conf:2: local all all peer                           kim 1
         1        2  pg_hba.conf:3: host all +staff 127.0.0.1/32 scram-sha-256   kim 3
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject         blocked 2
         1        2  pg_hba.conf:5: hostssl app cindy 127.0.0.1/32 cert          cindy 3
         1        0  pg_hba.conf:6: hostssl app dora 127.0.0.1/32 cert map=m     dora 1
         1        0  pg_hba.conf:7: host replication standby 127.0.0.1/32 trust  standby 1
    never used
      pg_hba.conf:9: host app never 127.0.0.1/32 trust
    perhaps used: it cannot be told from the log which of these decided
      pg_hba.conf:8: host app trusted 127.0.0.1/32 trust
    no rule matched
      1 x nobody to database app from 127.0.0.1 in clear
      1 x nobody to database app from 127.0.0.1 with TLS
    --- on standard error
    note: the log names no rule for 6 of these: worked out from the rules as they are now
    note: 1 more may have gone by one of several rules: memberships, networks or names are not known

    ===== 15.log
    LOGINS  REFUSED  RULE                                                       BY
         2        0  pg_hba.conf:1: local all postgres trust                    postgres 2
         0        1  pg_hba.conf:2: local all all peer                          kim 1
         1        2  pg_hba.conf:3: host all +staff 127.0.0.1/32 scram-sha-256  kim 3
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject        blocked 2
         1        1  pg_hba.conf:5: hostssl app cindy 127.0.0.1/32 cert         cindy 2
         1        0  pg_hba.conf:6: hostssl app dora 127.0.0.1/32 cert map=m    dora 1
    never used
      pg_hba.conf:9: host app never 127.0.0.1/32 trust
    perhaps used: it cannot be told from the log which of these decided
      pg_hba.conf:7: host replication standby 127.0.0.1/32 trust
      pg_hba.conf:8: host app trusted 127.0.0.1/32 trust
    no rule matched
      1 x nobody to database app from 127.0.0.1 in clear
      1 x nobody to database app from 127.0.0.1 with TLS
    --- on standard error
    note: the log names no rule for 4 of these: worked out from the rules as they are now
    note: 1 more may have gone by one of several rules: memberships, networks or names are not known
    note: 2 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs

    ===== 16.json
    LOGINS  REFUSED  RULE                                                        BY
         2        0  pg_hba.conf:1: local all postgres trust                     postgres 2
         0        1  pg_hba.conf:2: local all all peer                           kim 1
         1        2  pg_hba.conf:3: host all +staff 127.0.0.1/32 scram-sha-256   kim 3
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject         blocked 2
         1        2  pg_hba.conf:5: hostssl app cindy 127.0.0.1/32 cert          cindy 3
         1        0  pg_hba.conf:6: hostssl app dora 127.0.0.1/32 cert map=m     dora 1
         1        0  pg_hba.conf:7: host replication standby 127.0.0.1/32 trust  standby 1
    never used
      pg_hba.conf:9: host app never 127.0.0.1/32 trust
    perhaps used: it cannot be told from the log which of these decided
      pg_hba.conf:8: host app trusted 127.0.0.1/32 trust
    no rule matched
      1 x nobody to database app from 127.0.0.1 in clear
      1 x nobody to database app from 127.0.0.1 with TLS
    --- on standard error
    note: the log names no rule for 6 of these: worked out from the rules as they are now
    note: 1 more may have gone by one of several rules: memberships, networks or names are not known

    ===== 18.log
    LOGINS  REFUSED  RULE                                                        BY
         2        0  pg_hba.conf:1: local all postgres trust                     postgres 2
         0        1  pg_hba.conf:2: local all all peer                           kim 1
         1        2  pg_hba.conf:3: host all +staff 127.0.0.1/32 scram-sha-256   kim 3
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject         blocked 2
         1        1  pg_hba.conf:5: hostssl app cindy 127.0.0.1/32 cert          cindy 2
         1        0  pg_hba.conf:6: hostssl app dora 127.0.0.1/32 cert map=m     dora 1
         1        0  pg_hba.conf:7: host replication standby 127.0.0.1/32 trust  standby 1
         1        0  pg_hba.conf:8: host app trusted 127.0.0.1/32 trust          trusted 1
    never used
      pg_hba.conf:9: host app never 127.0.0.1/32 trust
    no rule matched
      1 x nobody to database app from 127.0.0.1 in clear
      1 x nobody to database app from 127.0.0.1 with TLS
    --- on standard error
    note: the log names no rule for 2 of these: worked out from the rules as they are now
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    "#);
}

#[test]
fn rules_that_changed_since_are_not_miscounted() {
    let place = place();
    let rules = RULES
        .replace("local all all peer", "local all all md5")
        .replace("app cindy 127.0.0.1/32 cert", "app other 127.0.0.1/32 cert")
        .replace("reject", "trust");
    place.write("pg_hba.conf", &rules);
    insta::assert_snapshot!(simulate(&place, "15", &["--log", "15.log"]), @r#"
    LOGINS  REFUSED  RULE                                                       BY
         2        0  pg_hba.conf:1: local all postgres trust                    postgres 2
         1        2  pg_hba.conf:3: host all +staff 127.0.0.1/32 scram-sha-256  kim 3
         1        0  pg_hba.conf:6: hostssl app dora 127.0.0.1/32 cert map=m    dora 1
    never used
      pg_hba.conf:2: local all all md5
      pg_hba.conf:4: host app blocked 127.0.0.1/32 trust
      pg_hba.conf:5: hostssl app other 127.0.0.1/32 cert
      pg_hba.conf:9: host app never 127.0.0.1/32 trust
    perhaps used: it cannot be told from the log which of these decided
      pg_hba.conf:7: host replication standby 127.0.0.1/32 trust
      pg_hba.conf:8: host app trusted 127.0.0.1/32 trust
    no rule matched
      1 x nobody to database app from 127.0.0.1 in clear
      1 x nobody to database app from 127.0.0.1 with TLS
    by rules that are not there any more, and not counted above
      1 x pg_hba.conf:2: it said "local all all peer"
      1 x pg_hba.conf:5: it said "hostssl app cindy 127.0.0.1/32 cert"
      1 x /var/lib/postgresql/15/main/pg_hba.conf:5: its method was cert
    --- on standard error
    note: the log names no rule for 2 of these: worked out from the rules as they are now
    note: 1 more may have gone by one of several rules: memberships, networks or names are not known
    note: 2 more are not counted: what became of them is not what the rules say now
    note: 2 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    "#);
}

#[test]
fn json_has_it_all() {
    let place = place();
    let said = simulate(&place, "18", &["--log", "18.log", "--json"]);
    insta::assert_snapshot!(said, @r#"
    {
      "gone": [],
      "no_rule": {
        "nobody to database app from 127.0.0.1 in clear": 1,
        "nobody to database app from 127.0.0.1 with TLS": 1
      },
      "open": 0,
      "otherwise": 0,
      "rules": [
        {
          "by": {
            "postgres": 2
          },
          "file": "pg_hba.conf",
          "line": 1,
          "logins": 2,
          "method": "trust",
          "perhaps": false,
          "refusals": 0,
          "text": "local all postgres trust",
          "worked_out": 0
        },
        {
          "by": {
            "kim": 1
          },
          "file": "pg_hba.conf",
          "line": 2,
          "logins": 0,
          "method": "peer",
          "perhaps": false,
          "refusals": 1,
          "text": "local all all peer",
          "worked_out": 0
        },
        {
          "by": {
            "kim": 3
          },
          "file": "pg_hba.conf",
          "line": 3,
          "logins": 1,
          "method": "scram-sha-256",
          "perhaps": false,
          "refusals": 2,
          "text": "host all +staff 127.0.0.1/32 scram-sha-256",
          "worked_out": 0
        },
        {
          "by": {
            "blocked": 2
          },
          "file": "pg_hba.conf",
          "line": 4,
          "logins": 0,
          "method": "reject",
          "perhaps": false,
          "refusals": 2,
          "text": "host app blocked 127.0.0.1/32 reject",
          "worked_out": 2
        },
        {
          "by": {
            "cindy": 2
          },
          "file": "pg_hba.conf",
          "line": 5,
          "logins": 1,
          "method": "cert",
          "perhaps": false,
          "refusals": 1,
          "text": "hostssl app cindy 127.0.0.1/32 cert",
          "worked_out": 0
        },
        {
          "by": {
            "dora": 1
          },
          "file": "pg_hba.conf",
          "line": 6,
          "logins": 1,
          "method": "cert",
          "perhaps": false,
          "refusals": 0,
          "text": "hostssl app dora 127.0.0.1/32 cert map=m",
          "worked_out": 0
        },
        {
          "by": {
            "standby": 1
          },
          "file": "pg_hba.conf",
          "line": 7,
          "logins": 1,
          "method": "trust",
          "perhaps": false,
          "refusals": 0,
          "text": "host replication standby 127.0.0.1/32 trust",
          "worked_out": 0
        },
        {
          "by": {
            "trusted": 1
          },
          "file": "pg_hba.conf",
          "line": 8,
          "logins": 1,
          "method": "trust",
          "perhaps": false,
          "refusals": 0,
          "text": "host app trusted 127.0.0.1/32 trust",
          "worked_out": 0
        },
        {
          "by": {},
          "file": "pg_hba.conf",
          "line": 9,
          "logins": 0,
          "method": "trust",
          "perhaps": false,
          "refusals": 0,
          "text": "host app never 127.0.0.1/32 trust",
          "worked_out": 0
        }
      ],
      "schema_version": 1,
      "untold": 1
    }
    "#);
}

#[test]
fn lines_of_any_prefix_are_told_apart_by_their_session() {
    let place = place();
    let whole = simulate(&place, "15", &["--log", "15.log"]).out;
    let (_, _, log) = LOGS[2];
    let with = |begin: &dyn Fn(&str) -> String| {
        let lines = log.lines().map(|line| {
            let process = line.split(['[', ']']).nth(1).unwrap();
            let at = ["LOG:  ", "FATAL:  ", "DETAIL:  "]
                .iter()
                .find_map(|m| line.find(m));
            let number: u32 = process.parse().unwrap();
            (
                number,
                format!("{}{}\n", begin(process), &line[at.unwrap()..]),
            )
        });
        // Sessions in another order: every second one is told at the end.
        let (now, later): (Vec<_>, Vec<_>) = lines.partition(|(process, _)| process % 2 == 0);
        let told = now.into_iter().chain(later);
        told.map(|(_, line)| line).collect::<String>()
    };
    place.write("l", &with(&|process| format!("app|{process}|LOG: ")));
    let said = simulate(
        &place,
        "15",
        &["--log", "l", "--log-line-prefix", "%a|%p|LOG: "],
    );
    assert_eq!(said.out, whole);
    place.write("l", &with(&|process| format!("6b077abb.{process} ")));
    assert_eq!(simulate(&place, "15", &["--log", "l"]).out, whole);

    place.write("l", &with(&|_| "app ".to_owned()));
    insta::assert_snapshot!(simulate(&place, "15", &["--log", "l"]), @r#"
    LOGINS  REFUSED  RULE                                                       BY
         1        1  pg_hba.conf:2: local all all peer                          ? 1, kim 1
         1        2  pg_hba.conf:3: host all +staff 127.0.0.1/32 scram-sha-256  kim 2, ? 1
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject        blocked 2
         2        1  pg_hba.conf:5: hostssl app cindy 127.0.0.1/32 cert         ? 2, cindy 1
         1        0  pg_hba.conf:6: hostssl app dora 127.0.0.1/32 cert map=m    ? 1
    never used
      pg_hba.conf:1: local all postgres trust
      pg_hba.conf:7: host replication standby 127.0.0.1/32 trust
      pg_hba.conf:8: host app trusted 127.0.0.1/32 trust
      pg_hba.conf:9: host app never 127.0.0.1/32 trust
    no rule matched
      1 x nobody to database app from 127.0.0.1 in clear
      1 x nobody to database app from 127.0.0.1 with TLS
    --- on standard error
    note: the log names no rule for 2 of these: worked out from the rules as they are now
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    note: 7 more are not counted: their lines do not tell the session, and refusals may be counted as logins too; --log-line-prefix FORMAT says where the session stands
    "#);
}

#[test]
fn a_log_without_logins_is_said_to_be_one() {
    let place = place();
    place.write(
        "l",
        "2026-11-26 00:16:50 UTC [1] LOG:  database system is ready\n",
    );
    insta::assert_snapshot!(simulate(&place, "15", &["--log", "l"]), @r#"
    --- on standard error
    warning: there is no login in it: log_connections has to be on, and messages in English (lc_messages)
    "#);
    insta::assert_snapshot!(simulate(&place, "15", &["--log", "none"]), @r#"
    --- on standard error
    error: none cannot be read: cannot open none: No such file or directory
    --- exit code 1
    "#);
}
