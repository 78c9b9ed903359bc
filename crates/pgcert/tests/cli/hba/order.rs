//! `pgcert hba add` with no place told: where a rule finds it, and the rules that leave it none.

use super::{RULES, dry, hba, place};

#[test]
fn a_rule_finds_its_place() {
    let place = place(RULES);
    let rule = ["add", "hostssl", "sales", "app", "10.1.0.0/16", "cert"];
    insta::assert_snapshot!(hba(&place, &rule), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,5 +1,6 @@
     # TYPE  DATABASE        USER            ADDRESS                 METHOD
     local   all             all                                     peer
     # those at home
    +hostssl sales           app             10.1.0.0/16             cert
     host    all             all             10.0.0.0/8              scram-sha-256
     host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:4: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:4: hostssl sales app 10.1.0.0/16 cert
        such as app to database sales from 10.1.0.1 with TLS
    --- on standard error
    note: it decides before host all all 10.0.0.0/8 scram-sha-256 (was pg_hba.conf:4), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &rule), @"
    --- on standard error
    nothing to do
    note: pg_hba.conf:4 lets the role in by its certificate already
    ");
    insta::assert_snapshot!(hba(&place, &["add", "host all app 10.0.0.0/16 md5", "--dry-run"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -2,5 +2,6 @@
     local   all             all                                     peer
     # those at home
     hostssl sales           app             10.1.0.0/16             cert
    +host    all             app             10.0.0.0/16             md5
     host    all             all             10.0.0.0/8              scram-sha-256
     host    all             all             0.0.0.0/0               md5 # for now
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:5: host all all 10.0.0.0/8 scram-sha-256
        to pg_hba.conf:5: host all app 10.0.0.0/16 md5
        such as app to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all 10.0.0.0/8 scram-sha-256 (was pg_hba.conf:5), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["add", "host all app 10.0.0.0/16 scram-sha-256"]), @"
    --- on standard error
    nothing to do
    note: pg_hba.conf:5 decides all of it in the same way already
    ");
    place.write(
        "pg_hba.conf",
        "host all all 10.1.2.0/24 md5\nhost all all 10.1.0.0/16 reject\n",
    );
    insta::assert_snapshot!(hba(&place, &rule), @"
    --- on standard error
    error: nothing was changed: no place is both before and behind the rules that decide these connections
    hint: it would have to stand before pg_hba.conf:1 and behind pg_hba.conf:2; --before LINE puts it where you say
    --- exit code 1
    ");
}

#[test]
fn a_rule_with_a_list_finds_the_place_of_what_the_list_holds() {
    let place =
        place("host all carol 11.0.0.0/8 md5\nhost all zoe all reject\nhost all all all md5\n");
    place.write("names", "bob\nzoe\n");
    let add = |rule: &str| hba(&place, &["add", rule]).to_string();
    let spelled = add("host all carol,bob,zoe all trust");
    insta::assert_snapshot!(spelled, @"
    --- on standard error
    error: nothing was changed: no place is both before and behind the rules that decide these connections
    hint: it would have to stand before pg_hba.conf:1 and behind pg_hba.conf:2; --before LINE puts it where you say
    --- exit code 1
    ");
    assert_eq!(add("host all carol,@names all trust"), spelled);
    assert_eq!(add("host all \"carol\",@names all trust"), spelled);

    // Written as it was given.
    place.write(
        "pg_hba.conf",
        "local all all peer\nhost all all 10.0.0.0/8 md5\n",
    );
    insta::assert_snapshot!(add("host all @names all scram-sha-256 # the two"), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,2 +1,3 @@
     local all all peer
    +host all @names all scram-sha-256 # the two
     host all all 10.0.0.0/8 md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:2: host all all 10.0.0.0/8 md5
        to pg_hba.conf:2: host all bob,zoe all scram-sha-256
        such as bob to database otherdb from 10.0.0.1 with TLS
      from no rule: refused
        to pg_hba.conf:2: host all bob,zoe all scram-sha-256
        such as bob to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all 10.0.0.0/8 md5 (was pg_hba.conf:2), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(add("host all @none all md5"), @r#"
    --- on standard error
    error: nothing was changed: of the rule with its lists read in, PostgreSQL 16 would say: could not open file "none": No such file or directory
    hint: a relative name counts from the folder of the file that the rule stands in
    --- exit code 1
    "#);
    place.write("none", "# nobody yet\n");
    insta::assert_snapshot!(add("host all @none all md5"), @"
    --- on standard error
    error: nothing was changed: of the rule with its lists read in, PostgreSQL 16 would say: end-of-line before authentication method
    hint: a relative name counts from the folder of the file that the rule stands in
    --- exit code 1
    ");
}

#[test]
fn a_list_is_looked_for_beside_the_file_that_the_rule_goes_to() {
    let place = place("local all all peer\ninclude more/hba.conf\n");
    std::fs::create_dir(place.path("more")).unwrap();
    place.write("more/hba.conf", "host all all all md5\n");
    let add = |rule: &str| dry(&place, &["add", rule]);
    for names in ["names", "more/names"] {
        place.write(names, "bob zoe\n");
    }
    insta::assert_snapshot!(add("host all @names all scram-sha-256"), @"
    --- [here]/more/hba.conf
    +++ [here]/more/hba.conf
    @@ -1,1 +1,2 @@
    +host all @names all scram-sha-256
     host all all all md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from more/hba.conf:1: host all all all md5
        to more/hba.conf:1: host all bob,zoe all scram-sha-256
        such as bob to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all all md5 (was more/hba.conf:1), by which these connections went until now
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    place.write("more/names", "amy\n");
    insta::assert_snapshot!(add("host all @names all scram-sha-256"), @"
    --- on standard error
    error: nothing was changed: the rule would have to stand in more/hba.conf, beside which its lists hold other names
    hint: give the lists by their whole paths: @/PATH/OF/LIST
    --- exit code 1
    ");
}

#[test]
fn another_map_that_decides_is_no_reason_to_do_nothing() {
    let place = place("local all all peer\nhostssl all all all cert map=x\n");
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=y"]), @"
    --- on standard error
    error: nothing was changed: pg_hba.conf:2 decides by the map x, not by y
    hint: --before LINE puts the rule where you say; or pgcert ident add x NAME ROLE lets the certificate in as it is
    --- exit code 1
    ");
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=x"]), @"
    --- on standard error
    nothing to do
    note: pg_hba.conf:2 decides by the map x: pgcert ident add x NAME ROLE lets the certificate in
    ");
    place.write(
        "pg_hba.conf",
        "hostssl all all all cert map=x clientname=DN\n",
    );
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=x"]), @"
    --- on standard error
    error: nothing was changed: pg_hba.conf:1 decides, and compares the certificate's DN
    hint: --before LINE puts the rule where you say; or pgcert ident add x NAME ROLE lets the certificate in as it is
    --- exit code 1
    ");
    place.write("pg_hba.conf", "hostssl all all all cert\n");
    insta::assert_snapshot!(hba(&place, &["add", "hostssl all bob all cert map=y"]), @"
    --- on standard error
    error: nothing was changed: rules that keep their say decide all of these connections that are not decided so already
    hint: they are pg_hba.conf:1; --before LINE puts it where you say
    --- exit code 1
    ");
}

#[test]
fn a_rule_that_rejects_says_who_still_gets_in() {
    let place = place("hostssl a bob all cert\nhostssl b bob all cert\nhost all all all md5\n");
    let add = |rule: &str| dry(&place, &["add", rule]);
    insta::assert_snapshot!(add("host all bob 10.0.0.0/8 reject"), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,3 +1,4 @@
     hostssl a bob all cert
     hostssl b bob all cert
    +host all bob 10.0.0.0/8 reject
     host all all all md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:3: host all all all md5
        to pg_hba.conf:3: host all bob 10.0.0.0/8 reject
        such as bob to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all all md5 (was pg_hba.conf:3), by which these connections went until now
    note: hostssl a bob all cert (was pg_hba.conf:1), hostssl b bob all cert (was pg_hba.conf:2) still let some of these connections in: --first shuts them out too
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(add("hostssl all bob 10.0.0.0/8 scram-sha-256"), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,3 +1,4 @@
     hostssl a bob all cert
     hostssl b bob all cert
    +hostssl all bob 10.0.0.0/8 scram-sha-256
     host all all all md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from pg_hba.conf:3: host all all all md5
        to pg_hba.conf:3: hostssl all bob 10.0.0.0/8 scram-sha-256
        such as bob to database otherdb from 10.0.0.1 with TLS
    --- on standard error
    note: it decides before host all all all md5 (was pg_hba.conf:3), by which these connections went until now
    note: hostssl a bob all cert (was pg_hba.conf:1), hostssl b bob all cert (was pg_hba.conf:2) go on deciding some of these connections
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
}
