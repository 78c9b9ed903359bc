//! What `pgcert setup` refuses before it has spoken to any server. Every run here is a dry run: the
//! machine may have servers.

use crate::place::Place;

const ROLE: &str = "no-such-role-anywhere";

fn setup(place: &Place, arguments: &[&str]) -> crate::place::Said {
    place.run(&[&["setup", "--dry-run", "--client-home", "home"], arguments].concat())
}

#[test]
fn the_role_must_be_said_where_nobody_can_be_asked() {
    let place = Place::new();
    insta::assert_snapshot!(setup(&place, &[]), @"
    --- on standard error
    error: it is not said which role shall log in
    hint: --role NAME says it
    --- exit code 2
    ");
}

#[test]
fn root_has_to_say_who_connects() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["setup", "--dry-run", "--role", ROLE]), @"
    --- on standard error
    error: it is not said which user of this machine connects
    hint: --client-user NAME, or --client-home DIR for the folder that holds .postgresql and .pg_service.conf
    --- exit code 2
    ");
    let mut ansible = place.pgcert(&["setup", "--dry-run", "--role", ROLE]);
    ansible.env("SUDO_USER", "deploy");
    assert_eq!(crate::place::said(ansible).code, Some(2));
}

#[test]
fn users_and_folders_that_are_not_there() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["setup", "--dry-run", "--role", ROLE, "--client-user", "no-such-user"]), @"
    --- on standard error
    error: the client's user is not known: there is no user no-such-user
    --- exit code 1
    ");
    insta::assert_snapshot!(place.run(&["setup", "--dry-run", "--role", ROLE, "--client-home", "nowhere"]), @"
    --- on standard error
    error: the folder [here]/nowhere does not exist
    --- exit code 1
    ");
}

#[test]
fn clusters_that_are_none() {
    let place = Place::new();
    insta::assert_snapshot!(setup(&place, &["--role", ROLE, "--cluster", "nonsense"]), @"
    --- on standard error
    error: --cluster nonsense names no cluster: it is not VERSION/NAME
    hint: as in --cluster 15/main; --data-dir DIR names a server that is no Debian cluster
    --- exit code 2
    ");
    insta::assert_snapshot!(setup(&place, &["--role", ROLE, "--cluster", "9.6/main"]), @"
    --- on standard error
    error: --cluster 9.6/main names no cluster: 9.6 is not a PostgreSQL version from 12 to 19
    hint: as in --cluster 15/main; --data-dir DIR names a server that is no Debian cluster
    --- exit code 2
    ");
    insta::assert_snapshot!(setup(&place, &["--role", ROLE, "--data-dir", "home"]), @"
    --- on standard error
    error: the server was not found: [here]/home is not a PostgreSQL data folder: it has no PG_VERSION
    hint: --data-dir names the folder that holds PG_VERSION
    --- exit code 1
    ");
    insta::assert_snapshot!(setup(&place, &["--role", ROLE, "--data-dir", "nowhere"]), @"
    --- on standard error
    error: the server was not found: [here]/nowhere is not a PostgreSQL data folder: it does not exist
    hint: --data-dir names the folder that holds PG_VERSION
    --- exit code 1
    ");
    std::fs::create_dir(place.path("old")).unwrap();
    place.write("old/PG_VERSION", "9.6\n");
    insta::assert_snapshot!(setup(&place, &["--role", ROLE, "--data-dir", "old"]), @"
    --- on standard error
    error: the server was not found: [here]/old is of PostgreSQL 9.6, which is not supported (12 to 19 are)
    --- exit code 1
    ");
    let unknown = setup(&place, &["--role", ROLE, "--cluster", "15/no-such-cluster"]);
    assert!(
        unknown
            .err
            .starts_with("error: the server was not found: there is no cluster 15/no-such-cluster"),
        "{unknown}"
    );
    assert_eq!(unknown.code, Some(1));
}

/// On a machine without a server there is none, with several one has to be named, with one it is
/// asked and has no such role.
#[test]
fn the_only_server_that_is_not_the_only_one() {
    let place = Place::new();
    let said = setup(&place, &["--role", ROLE]);
    assert_eq!(said.code, Some(1), "{said}");
    assert!(
        said.err.starts_with("error: ") && said.err.contains("\nhint: "),
        "{said}"
    );
}

#[test]
fn a_passphrase_file_that_is_not_there() {
    let place = Place::new();
    insta::assert_snapshot!(setup(&place, &["--role", ROLE, "--client-passphrase-file", "nowhere"]), @"
    --- on standard error
    error: the passphrase cannot be read: cannot open nowhere: No such file or directory
    --- exit code 1
    ");
}

#[test]
fn nothing_is_left_behind() {
    let place = Place::new();
    let before = place.everything("");
    setup(&place, &["--role", ROLE, "--data-dir", "home"]);
    setup(&place, &["--role", ROLE]);
    assert_eq!(place.everything(""), before);
}
