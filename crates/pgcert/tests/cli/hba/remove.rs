//! `pgcert hba remove` and `pgcert hba move`: which lines they name, and what they leave as it was.

use super::{RULES, hba, place};

#[test]
fn rules_are_removed_by_line_or_by_what_they_say() {
    let place = place(RULES);
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "2", "--line", "4", "--dry-run"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,5 +1,3 @@
     # TYPE  DATABASE        USER            ADDRESS                 METHOD
    -local   all             all                                     peer
     # those at home
    -host    all             all             10.0.0.0/8              scram-sha-256
     host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:2: local all all peer
        to no rule: refused
        such as other to database otherdb over the Unix socket
      from pg_hba.conf:4: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:3: host all all 0.0.0.0/0 md5
        such as other to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["remove", "host", "all", "all", "0.0.0.0/0", "md5"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -2,4 +2,3 @@
     local   all             all                                     peer
     # those at home
     host    all             all             10.0.0.0/8              scram-sha-256
    -host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:5: host all all 0.0.0.0/0 md5
        to no rule: refused
        such as other to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["remove", "host", "all", "all", "0.0.0.0/0", "md5"]), @r#"
    --- on standard error
    nothing to do
    note: no line of pg_hba.conf says the same: pgcert hba list shows the lines, --line LINE names one
    "#);
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "3"]), @"
    --- on standard error
    error: nothing was changed: no rule begins in line 3 of pg_hba.conf
    hint: pgcert hba list shows the lines; a rule of an included file is changed with --file
    --- exit code 1
    ");
    place.write("pg_hba.conf", "local all all peer\n");
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "1"]), @r#"
    --- on standard error
    error: nothing was changed: the server would refuse the result: pg_hba.conf: configuration file "pg_hba.conf" contains no entries
    --- exit code 1
    "#);
    assert_eq!(place.read("pg_hba.conf"), "local all all peer\n");
}

#[test]
fn a_rule_is_moved() {
    let place = place(RULES);
    insta::assert_snapshot!(hba(&place, &["move", "5", "--before", "4"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,5 +1,5 @@
     # TYPE  DATABASE        USER            ADDRESS                 METHOD
     local   all             all                                     peer
     # those at home
    +host    all             all             0.0.0.0/0               md5 # for now
     host    all             all             10.0.0.0/8              scram-sha-256
    -host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:4: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:4: host all all 0.0.0.0/0 md5
        such as other to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["move", "4", "--before", "5"]), @"
    --- on standard error
    nothing to do
    ");
    insta::assert_snapshot!(hba(&place, &["move", "4"]), @"
    --- on standard error
    error: it is not said where the rule shall stand
    hint: --before LINE, --after LINE, --first or --last says so
    --- exit code 2
    ");
    insta::assert_snapshot!(hba(&place, &["move", "4", "--after", "1"]), @"
    --- on standard error
    error: nothing was changed: no rule begins in line 1 of pg_hba.conf
    hint: pgcert hba list shows the lines; a rule of an included file is changed with --file
    --- exit code 1
    ");
}

#[test]
fn the_mode_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place(RULES);
    std::fs::set_permissions(
        place.path("pg_hba.conf"),
        std::fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    assert_eq!(hba(&place, &["move", "5", "--first"]).code, Some(0));
    assert_eq!(place.mode("pg_hba.conf"), 0o640);
}
