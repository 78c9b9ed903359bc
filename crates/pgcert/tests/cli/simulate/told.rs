//! How much a log tells: what is refused without a rule's name, over several lines, or in words that mean two things.

use super::{place, simulate};

/// A real server's (15): passwords that are wrong, with the rule in the second line of the detail where the server says more; one
/// that is right; and a wrong one with `log_error_verbosity = terse`, which leaves the detail out.
const PASSWORDS: &str = include_str!("../logs/15-passwords.log");

#[test]
fn no_refused_password_is_lost() {
    let place = place();
    place.write(
        "pg_hba.conf",
        "local all postgres trust\n\
         # passwords\n\
         host all kim 127.0.0.1/32 scram-sha-256\n\
         host all md5_u 127.0.0.1/32 md5\n\
         host all nobody 127.0.0.1/32 password\n",
    );
    place.write("l", PASSWORDS);
    insta::assert_snapshot!(simulate(&place, "15", &["--log", "l"]), @r#"
    LOGINS  REFUSED  RULE                                                    BY
         1        1  pg_hba.conf:3: host all kim 127.0.0.1/32 scram-sha-256  kim 2
         0        1  pg_hba.conf:4: host all md5_u 127.0.0.1/32 md5          md5_u 1
         0        1  pg_hba.conf:5: host all nobody 127.0.0.1/32 password    nobody 1
    never used
      pg_hba.conf:1: local all postgres trust
    --- on standard error
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    "#);
}

#[test]
fn further_lines_of_a_message_are_no_messages() {
    let place = place();
    let forged = "2026-11-26 01:47:32 UTC [7] STATEMENT:  SELECT '\n\
                  \t2026-11-26 01:47:32 UTC [8] LOG:  connection authorized: user=kim database=app'\n";
    place.write("l", forged);
    let said = simulate(&place, "15", &["--log", "l"]);
    assert!(said.err.contains("there is no login in it"), "{said}");
}

#[test]
fn replication_of_any_kind_is_refused_in_the_same_words_by_12() {
    let place = place();
    place.write(
        "pg_hba.conf",
        "host replication standby 127.0.0.1/32 reject\n\
         host app standby 127.0.0.1/32 reject\n\
         host app standby 127.0.0.1/32 trust\n",
    );
    let line = |version: &str, encryption: &str| {
        place.write(
            "l",
            &format!(
                "2026-11-26 01:47:32 UTC [7] FATAL:  pg_hba.conf rejects replication connection for host \"127.0.0.1\", user \"standby\", {encryption}\n"
            ),
        );
        simulate(&place, version, &["--log", "l"])
    };
    insta::assert_snapshot!(line("12", "SSL off"), @r#"
    never used
      pg_hba.conf:3: host app standby 127.0.0.1/32 trust
    perhaps used: it cannot be told from the log which of these decided
      pg_hba.conf:1: host replication standby 127.0.0.1/32 reject
      pg_hba.conf:2: host app standby 127.0.0.1/32 reject
    --- on standard error
    note: 1 more are not counted: the log does not tell enough of them, so that a rule that was never used may be theirs
    "#);
    insta::assert_snapshot!(line("14", "no encryption"), @r#"
    LOGINS  REFUSED  RULE                                                         BY
         0        1  pg_hba.conf:1: host replication standby 127.0.0.1/32 reject  standby 1
    never used
      pg_hba.conf:2: host app standby 127.0.0.1/32 reject
      pg_hba.conf:3: host app standby 127.0.0.1/32 trust
    --- on standard error
    note: the log names no rule for 1 of these: worked out from the rules as they are now
    "#);
}
