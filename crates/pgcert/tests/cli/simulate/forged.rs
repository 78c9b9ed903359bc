//! Names and texts that look like messages of the log. The logs are real servers' (12, 16 and 18), with `log_statement = all`: an
//! application that selects, fails with and raises what looks like a login of tom, an application and two users who are called so,
//! and the same with `log_error_verbosity = verbose` at the end. Tom never logs in.

use super::simulate;
use crate::place::Place;

const RULES: &str = "local all all trust\n\
                     # kim, blocked and pw came\n\
                     host app kim 127.0.0.1/32 trust\n\
                     host app blocked 127.0.0.1/32 reject\n\
                     host app pw 127.0.0.1/32 password\n\
                     host all tom 127.0.0.1/32 trust\n";

const LOGS: [(&str, &str); 3] = [
    ("12", include_str!("../logs/12-forged.log")),
    ("16", include_str!("../logs/16-forged.json")),
    ("18", include_str!("../logs/18-forged.log")),
];

const PREFIX: [&str; 2] = ["--log-line-prefix", "%m [%p] %q%u@%d "];

/// What is said of the log of this version.
fn said(version: &str, prefix: &[&str]) -> String {
    let place = Place::new();
    place.write("pg_hba.conf", RULES);
    let (_, log) = LOGS.iter().find(|(of, _)| *of == version).unwrap();
    place.write("l", log);
    simulate(&place, version, &[&["--log", "l"], prefix].concat()).to_string()
}

#[test]
fn what_looks_like_a_login_is_none() {
    insta::assert_snapshot!(said("12", &PREFIX), @r#"
    LOGINS  REFUSED  RULE                                                 BY
         2        0  pg_hba.conf:3: host app kim 127.0.0.1/32 trust       kim 2
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject  blocked 2
         1        2  pg_hba.conf:5: host app pw 127.0.0.1/32 password     pw 3
    never used
      pg_hba.conf:1: local all all trust
      pg_hba.conf:6: host all tom 127.0.0.1/32 trust
    --- on standard error
    note: the log names no rule for 5 of these: worked out from the rules as they are now
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    note: 2 more are not counted: their lines can be read in two ways
    "#);
    assert_eq!(
        said("18", &PREFIX),
        said("12", &PREFIX).replace("no rule for 5", "no rule for 2")
    );
    insta::assert_snapshot!(said("16", &[]), @r#"
    LOGINS  REFUSED  RULE                                                 BY
         1        0  pg_hba.conf:1: local all all trust                   postgres 1
         2        0  pg_hba.conf:3: host app kim 127.0.0.1/32 trust       kim 2
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject  blocked 2
         1        2  pg_hba.conf:5: host app pw 127.0.0.1/32 password     pw 3
    never used
      pg_hba.conf:6: host all tom 127.0.0.1/32 trust
    no rule matched
      1 x x\n2026-11-26 01:47:32 [9] LOG:  connection authorized: user=tom to database app from 127.0.0.1 in clear
      1 x x LOG:  connection authorized: user=tom database=app to database app from 127.0.0.1 in clear
    --- on standard error
    note: the log names no rule for 5 of these: worked out from the rules as they are now
    "#);
}

#[test]
fn without_the_setting_more_can_be_read_in_two_ways() {
    insta::assert_snapshot!(said("12", &[]), @r#"
    LOGINS  REFUSED  RULE                                                 BY
         2        0  pg_hba.conf:3: host app kim 127.0.0.1/32 trust       kim 2
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject  blocked 2
         0        2  pg_hba.conf:5: host app pw 127.0.0.1/32 password     pw 2
    never used
      pg_hba.conf:1: local all all trust
      pg_hba.conf:6: host all tom 127.0.0.1/32 trust
    --- on standard error
    note: the log names no rule for 4 of these: worked out from the rules as they are now
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    note: 3 more are not counted: their lines can be read in two ways; --log-line-prefix FORMAT says where the session stands
    "#);
    insta::assert_snapshot!(said("18", &[]), @r#"
    LOGINS  REFUSED  RULE                                                 BY
         2        0  pg_hba.conf:3: host app kim 127.0.0.1/32 trust       kim 2
         0        2  pg_hba.conf:4: host app blocked 127.0.0.1/32 reject  blocked 2
         1        2  pg_hba.conf:5: host app pw 127.0.0.1/32 password     pw 2, ? 1
    never used
      pg_hba.conf:1: local all all trust
      pg_hba.conf:6: host all tom 127.0.0.1/32 trust
    --- on standard error
    note: the log names no rule for 2 of these: worked out from the rules as they are now
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    note: 2 more are not counted: their lines can be read in two ways; --log-line-prefix FORMAT says where the session stands
    "#);
}

#[test]
fn servers_without_tls_do_not_speak_of_it() {
    let place = Place::new();
    place.write(
        "pg_hba.conf",
        "host app bob 127.0.0.1/32 reject\nhost app bob all trust\n",
    );
    let lines = [
        "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"bob\", database \"app\"",
        "no pg_hba.conf entry for host \"127.0.0.1\", user \"a, b\", database \"app\"",
        "no pg_hba.conf entry for replication connection from host \"127.0.0.1\", user \"standby\"",
    ];
    let log: String = (1..)
        .zip(lines)
        .map(|(n, line)| format!("2026-11-26 01:47:32 UTC [{n}] FATAL:  {line}\n"))
        .collect();
    place.write("l", &log);
    insta::assert_snapshot!(simulate(&place, "13", &["--log", "l"]), @r#"
    LOGINS  REFUSED  RULE                                             BY
         0        1  pg_hba.conf:1: host app bob 127.0.0.1/32 reject  bob 1
    never used
      pg_hba.conf:2: host app bob all trust
    no rule matched
      1 x a, b to database app from 127.0.0.1 in clear
    --- on standard error
    note: the log names no rule for 1 of these: worked out from the rules as they are now
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    "#);
}

#[test]
fn a_session_logs_in_once() {
    let line =
        |process: u32, text: &str| format!("2026-11-26 01:47:32 UTC [{process}] LOG:  {text}\n");
    let received = "connection received: host=127.0.0.1 port=5";
    let authorized = "connection authorized: user=bob database=app";
    let logins = |lines: &[String]| counted(&[], &lines.concat());
    let [begun, told] = [line(7, received), line(7, authorized)];
    assert_eq!(logins(&[begun.clone(), told.clone(), told.clone()]), (1, 1));
    assert_eq!(
        logins(&[begun.clone(), told.clone(), begun.clone(), told.clone()]),
        (2, 0)
    );
    // One that came before the log, and sessions that do not announce themselves (log_connections = authorization).
    assert_eq!(logins(&[begun, told.clone(), line(8, authorized)]), (1, 1));
    let alone = logins(&[line(7, authorized), line(7, authorized)]);
    assert_eq!(alone, (2, 0));
}

/// How many logins the one rule has of this log, and of how many it cannot be told.
fn counted(prefix: &[&str], log: &str) -> (u64, u64) {
    let place = Place::new();
    place.write("pg_hba.conf", "host all all 127.0.0.1/32 trust\n");
    place.write("l", log);
    let said = simulate(&place, "15", &[&["--log", "l", "--json"], prefix].concat());
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let of = |value: &serde_json::Value| value.as_u64().unwrap();
    (of(&document["rules"][0]["logins"]), of(&document["untold"]))
}

#[test]
fn a_login_that_can_be_read_in_two_ways_is_over() {
    let line = |who: &str, text: &str| format!("2026-11-26 01:47:32 UTC [7] {who} LOG:  {text}\n");
    let received = line("@", "connection received: host=127.0.0.1 port=5");
    let kim = "connection authorized: user=kim database=app application_name=x LOG:  y";
    let raised = "connection authorized: user=tom database=app";
    let log = [received, line("kim@app", kim), line("kim@app", raised)].concat();
    assert_eq!(counted(&PREFIX, &log), (0, 2));
}

#[test]
fn names_that_look_like_a_session_are_none() {
    let received = |process: u32| {
        format!("[unknown] [{process}] LOG:  connection received: host=127.0.0.1 port=5\n")
    };
    let line = |who: &str, user: &str| {
        format!("{who} LOG:  connection authorized: user={user} database=app\n")
    };
    let name = line("a [7] x [924]", "a [7] x");
    let log = [received(7), received(924), name, line("bob [7]", "bob")].concat();
    assert_eq!(counted(&["--log-line-prefix", "%u [%p] "], &log), (2, 0));
    // Of the user a in session 7, or of the user `a [7] x` in session 924: neither logs in by what comes then.
    let either = line("a [7] x [924] y", "a [7] x");
    let later = |process: u32| line(&format!("a [{process}] y"), "tom");
    let log = [received(7), received(924), either, later(7), later(924)].concat();
    assert_eq!(counted(&["--log-line-prefix", "%u [%p] %a "], &log), (0, 3));
    // A setting without %p has none: this is the line's number.
    let numbered =
        "2026-11-26 01:47:32 UTC [1] LOG:  connection authorized: user=bob database=app\n";
    assert_eq!(
        counted(&["--log-line-prefix", "%m [%l] "], numbered),
        (0, 1)
    );
}

/// Asking anew for each of what looks like the beginning of a message would take minutes.
#[test]
fn long_statements_are_read_once() {
    let line = |text: &str| format!("2026-11-26 01:47:32 UTC [7] kim@app LOG:  {text}\n");
    let statement = format!("statement: select '{}'", "xLOG:  ".repeat(150_000));
    let login = line("connection authorized: user=kim database=app");
    assert_eq!(
        counted(&PREFIX, &[line(&statement), login].concat()),
        (1, 0)
    );
}
