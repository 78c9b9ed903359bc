//! `pgcert hba lint` and `pgcert hba format`: what is odd in a file, and its columns. What lint says of rules that can never
//! match is in `reach`.

use super::{hba, place};

#[test]
fn lint_says_what_is_odd() {
    let place = place("host all all 10/8 trust\nlocal ALL all peer\nhost all all\n");
    insta::assert_snapshot!(hba(&place, &["lint"]), @"
    pg_hba.conf:1:14: warning: 10 is the address 0.0.0.10 [hba-short-address]
      help: write all four parts
    pg_hba.conf:1:19: warning: whoever reaches the server from there is let in as whoever they say [hba-trust]
      help: use cert or scram-sha-256
    pg_hba.conf:2:7: warning: ALL is a name; the keyword is all [hba-keyword-case]
      help: write keywords in small letters; in quotes, a name is meant for certain
    pg_hba.conf:3:1: note: the rules are not compared with each other while a line is refused [hba-not-compared]
      help: mend what is refused, and ask again
    pg_hba.conf:3:13: error: end-of-line before IP address specification [hba-missing-field]
      help: TYPE DATABASE USER ADDRESS METHOD, and no ADDRESS on local
    --- on standard error
    error: pg_hba.conf: 1 error and 3 warnings
    --- exit code 3
    ");
    insta::assert_snapshot!(hba(&place, &["lint", "--format", "github"]), @"
    ::warning file=pg_hba.conf,line=1,col=14,title=hba-short-address::10 is the address 0.0.0.10%0Awrite all four parts
    ::warning file=pg_hba.conf,line=1,col=19,title=hba-trust::whoever reaches the server from there is let in as whoever they say%0Ause cert or scram-sha-256
    ::warning file=pg_hba.conf,line=2,col=7,title=hba-keyword-case::ALL is a name; the keyword is all%0Awrite keywords in small letters; in quotes, a name is meant for certain
    ::notice file=pg_hba.conf,line=3,col=1,title=hba-not-compared::the rules are not compared with each other while a line is refused%0Amend what is refused, and ask again
    ::error file=pg_hba.conf,line=3,col=13,title=hba-missing-field::end-of-line before IP address specification%0ATYPE DATABASE USER ADDRESS METHOD, and no ADDRESS on local
    --- on standard error
    error: pg_hba.conf: 1 error and 3 warnings
    --- exit code 3
    ");
    place.write("pg_hba.conf", "local all \"all\" peer\n");
    insta::assert_snapshot!(hba(&place, &["lint"]), @r#"
    pg_hba.conf:1:11: note: "all" in quotes is a name and not the keyword all [hba-quoted-keyword]
      help: without quotes it is the keyword
    "#);
}

#[test]
fn format_puts_rules_in_columns_once() {
    let place =
        place("local all all peer\nhost\tall all  127.0.0.1/32 trust # why\n# a  comment\n");
    insta::assert_snapshot!(hba(&place, &["format"]), @r"
    --- [here]/pg_hba.conf
    +++ [here]/pg_hba.conf
    @@ -1,3 +1,3 @@
    -local all all peer
    -host\tall all  127.0.0.1/32 trust # why
    +local   all             all                                     peer
    +host    all             all             127.0.0.1/32            trust  # why
     # a  comment
    ");
    insta::assert_snapshot!(hba(&place, &["format"]), @"
    --- on standard error
    nothing to do
    ");
    insta::assert_snapshot!(place.read("pg_hba.conf"), @"
    local   all             all                                     peer
    host    all             all             127.0.0.1/32            trust  # why
    # a  comment
    ");
}
