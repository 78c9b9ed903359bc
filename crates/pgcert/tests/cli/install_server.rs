//! What `pgcert install server` refuses before it has spoken to any server.

use crate::place::Place;

fn install(place: &Place, arguments: &[&str]) -> crate::place::Said {
    place.run(
        &[
            &["install", "server", "--dry-run", "--data-dir", "home"],
            arguments,
        ]
        .concat(),
    )
}

#[test]
fn material_is_looked_at_first() {
    let place = Place::with_certificates();
    insta::assert_snapshot!(install(&place, &["--key", "nowhere", "--cert", "localhost.crt", "--root", "root.crt"]), @"
    --- on standard error
    error: what is to be installed cannot be read: cannot open nowhere: No such file or directory
    --- exit code 1
    ");
    insta::assert_snapshot!(install(&place, &["--key", "localhost.key", "--cert", "localhost.csr", "--root", "root.crt"]), @"
    --- on standard error
    error: localhost.csr holds no certificate
    hint: pgcert inspect shows what is in a file
    --- exit code 1
    ");
    place.write("empty", "");
    insta::assert_snapshot!(install(&place, &["--key", "localhost.key", "--cert", "localhost.crt", "--root", "empty"]), @"
    --- on standard error
    error: empty holds no certificate
    hint: pgcert inspect shows what is in a file
    --- exit code 1
    ");
    insta::assert_snapshot!(install(&place, &["--key", "localhost.key", "--cert", "localhost.crt", "--root", "root.crt"]), @"
    --- on standard error
    error: the server was not found: [here]/home is not a PostgreSQL data folder: it has no PG_VERSION
    hint: --data-dir names the folder that holds PG_VERSION
    --- exit code 1
    ");
}

#[test]
fn how_a_role_logs_in_needs_a_role() {
    let place = Place::new();
    insta::assert_snapshot!(install(&place, &["--key", "k", "--cert", "c", "--root", "r", "--from", "samenet"]), @"
    --- on standard error
    error: it is said how a role shall log in, and not which role
    hint: --role NAME says it; without it only the server's own files and settings are changed
    --- exit code 2
    ");
}
