//! `pgcert hba`: the rules, and the command on them, that its tests share; and where the file is found.

mod add;
mod diff;
mod lint;
mod list;
mod order;
mod outcome;
mod remove;

use crate::place::{Place, Said};

const RULES: &str = "# TYPE  DATABASE        USER            ADDRESS                 METHOD\n\
                     local   all             all                                     peer\n\
                     # those at home\n\
                     host    all             all             10.0.0.0/8              scram-sha-256\n\
                     host    all             all             0.0.0.0/0               md5 # for now\n";

/// Rules with a group, a network and a name of which the files do not say whom they hold.
const OPEN: &str = "host all amy 10.0.0.0/8 md5\n\
                    host app +staff samenet scram-sha-256\n\
                    host all all .example.org md5\n\
                    host all all 192.168.0.0/16 reject\n";

fn place(rules: &str) -> Place {
    let place = Place::new();
    place.write("pg_hba.conf", rules);
    place
}

fn hba(place: &Place, command: &[&str]) -> Said {
    let file = ["--file", "pg_hba.conf", "--pg-version", "16"];
    place.run(&[&["hba"], command, &file].concat())
}

/// What an edit would do.
fn dry(place: &Place, command: &[&str]) -> Said {
    hba(place, &[command, &["--dry-run"]].concat())
}

#[test]
fn a_server_s_settings_say_where_the_file_is_and_count() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    place.write("data/PG_VERSION", "15\n");
    place.write(
        "data/postgresql.conf",
        "hba_file = 'rules.conf'\nssl = off\n",
    );
    place.write("data/rules.conf", "hostssl all all samehost cert\n");
    insta::assert_snapshot!(place.run(&["hba", "lint", "--data-dir", "data"]), @"
    [here]/data/rules.conf:1:1: warning: ssl is off: a hostssl rule matches nobody [hba-ssl-off]
      help: pgcert setup turns TLS on, or set ssl = on
    --- on standard error
    error: [here]/data/rules.conf: 1 warning
    --- exit code 3
    ");
    insta::assert_snapshot!(place.run(&["hba", "add", "local all all peer", "--first", "--data-dir", "data"]), @"
    --- [here]/data/rules.conf
    +++ [here]/data/rules.conf
    @@ -1,1 +1,2 @@
    +local all all peer
     hostssl all all samehost cert
    whose outcome changes (from: line numbers before the edit, to: after it)
      from no rule: refused
        to [here]/data/rules.conf:1: local all all peer
        such as other to database otherdb over the Unix socket
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
}
