//! `pgcert hba list`, `remove` and `move` on rules of included files and with `@file` lists: all three mean the same rules.

use crate::place::{Place, Said};

fn place() -> Place {
    let place = Place::new();
    let rules = "local all all peer\n\
                 include team/rules\n\
                 host all @names all md5\n\
                 host app bob all trust\n";
    place.write("pg_hba.conf", rules);
    std::fs::create_dir(place.path("team")).unwrap();
    let team = "host app @names 10.0.0.0/8 md5\nhost app bob all trust\n";
    place.write("team/rules", team);
    place.write("team/names", "amy\n");
    place.write("names", "bob\n");
    place
}

fn hba(place: &Place, words: &[&str]) -> Said {
    let file = ["--file", "pg_hba.conf", "--pg-version", "17"];
    place.run(&[&["hba"], words, &file].concat())
}

#[test]
fn every_rule_of_the_list_can_be_removed_as_it_is_shown() {
    let listed = hba(&place(), &["list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    for rule in listed["rules"].as_array().unwrap() {
        let word = |key: &str| rule[key].as_str().unwrap_or_default();
        let [database, user] = ["database", "user"].map(|key| rule[key][0].as_str().unwrap());
        let address = [word("address"), word("netmask")].join(" ");
        let shown = [word("type"), database, user, address.trim(), word("method")].join(" ");
        let place = place();
        let said = hba(&place, &["remove", &shown]);
        assert_eq!(said.code, Some(0), "{said}");
        let line = usize::try_from(rule["line"].as_u64().unwrap()).unwrap();
        let file = word("file");
        let before = self::place().read(file);
        let line = before.lines().nth(line - 1).unwrap();
        assert!(!place.read(file).contains(line), "{shown}: {said}");
    }
}

#[test]
fn a_rule_is_removed_from_each_file_that_says_it() {
    let place = place();
    insta::assert_snapshot!(hba(&place, &["remove", "host app bob all trust"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,4 +1,3 @@
     local all all peer
     include team/rules
     host all @names all md5
    -host app bob all trust
    --- [here]/team/rules
    +++ [here]/team/rules
    @@ -1,2 +1,1 @@
     host app @names 10.0.0.0/8 md5
    -host app bob all trust
    whose outcome changes (from: line numbers before the edit, to: after it)
      from team/rules:2: host app bob all trust
        to pg_hba.conf:3: host all bob all md5
        such as bob to database app from 0.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(hba(&place, &["remove", "host app bob all trust"]), @"
    --- on standard error
    nothing to do
    note: no line of pg_hba.conf, or of a file that is read with it, says the same: pgcert hba list shows the lines, --line LINE names one
    ");
}

#[test]
fn a_rule_with_a_list_is_found_where_it_stands() {
    let place = place();
    insta::assert_snapshot!(hba(&place, &["remove", "host app @names 10.0.0.0/8 md5", "--dry-run"]), @"
    --- [here]/team/rules
    +++ [here]/team/rules
    @@ -1,2 +1,1 @@
    -host app @names 10.0.0.0/8 md5
     host app bob all trust
    whose outcome changes (from: line numbers before the edit, to: after it)
      from team/rules:1: host app amy 10.0.0.0/8 md5
        to no rule: refused
        such as amy to database app from 10.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    place.write("team/rules", "host all @names all md5\n");
    insta::assert_snapshot!(hba(&place, &["remove", "host all @names all md5"]), @"
    --- on standard error
    error: nothing was changed: pg_hba.conf:3 and team/rules:1 are written so, and their lists hold different names
    hint: --line LINE names the one that is meant; one of an included file is changed with --file
    --- exit code 1
    ");
    place.write("team/names", "bob\n");
    insta::assert_snapshot!(hba(&place, &["remove", "host all @names all md5", "--dry-run"]), @"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,4 +1,3 @@
     local all all peer
     include team/rules
    -host all @names all md5
     host app bob all trust
    --- [here]/team/rules
    +++ [here]/team/rules
    @@ -1,1 +0,0 @@
    -host all @names all md5
    whose outcome changes (from: line numbers before the edit, to: after it)
      from team/rules:1: host all bob all md5
        to pg_hba.conf:3: host app bob all trust
        such as bob to database app from 0.0.0.1 with TLS
      from team/rules:1: host all bob all md5
        to no rule: refused
        such as bob to database otherdb from 0.0.0.1 with TLS
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
}

#[test]
fn a_line_of_an_included_file_is_named_with_its_file() {
    let place = place();
    place.write(
        "pg_hba.conf",
        "local all all peer\n# the team\n\ninclude team/rules\n",
    );
    insta::assert_snapshot!(hba(&place, &["remove", "--line", "2"]), @"
    --- on standard error
    error: nothing was changed: no rule begins in line 2 of pg_hba.conf
    hint: a rule of an included file begins in its line 2: --file team/rules says that it is meant
    --- exit code 1
    ");
    insta::assert_snapshot!(hba(&place, &["move", "2", "--first"]), @"
    --- on standard error
    error: nothing was changed: no rule begins in line 2 of pg_hba.conf
    hint: a rule of an included file begins in its line 2: --file team/rules says that it is meant
    --- exit code 1
    ");
    insta::assert_snapshot!(hba(&place, &["move", "3", "--first"]), @"
    --- on standard error
    error: nothing was changed: no rule begins in line 3 of pg_hba.conf
    hint: pgcert hba list shows the lines; a rule of an included file is changed with --file
    --- exit code 1
    ");
}
