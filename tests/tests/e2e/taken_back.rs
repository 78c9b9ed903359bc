//! A setup that has begun and does not get to its end: the proof fails, somebody interrupts it, or it
//! is killed. What was done is taken back, by itself or by the next run: every file byte for byte,
//! the role, what the server has loaded. What somebody else changed meanwhile is left to them.

use e2e::attempt::{Attempt, MAY_TRACE, foreign_crl};
use e2e::given::has_containers;
use e2e::{Said, Site};

/// What setup is told beside the role.
const ACCEPT: [&str; 2] = ["--accept", "tls-on"];

fn accepting(more: &[&'static str]) -> Vec<&'static str> {
    [&ACCEPT[..], more].concat()
}

/// The places of the client's files.
fn home_of(attempt: Attempt<'_>) -> (String, String) {
    match attempt.user {
        "root" => ("slardiere".to_owned(), "/home/slardiere".to_owned()),
        user => (user.to_owned(), "/var/lib/postgresql".to_owned()),
    }
}

#[test]
fn a_proof_that_fails() {
    if !has_containers("a proof that fails") {
        return;
    }
    let site = Site::with_role(&[]);
    site.sql("create role shut login connection limit 0");
    site.sql("create database full_up connection limit 0");
    for attempt in Attempt::by_each(&site) {
        // The server has no room for the role.
        let words = "too many connections for role \"shut\"";
        let said = attempt
            .taken_back(&accepting(&["--role", "shut"]))
            .says("it failed, and everything is as it was")
            .says("the login through service=tolva does not work")
            .says(words);
        assert_eq!(said.stderr.matches(words).count(), 1, "{said}");
        // Nor for the database; the role was made for this, and goes again.
        attempt
            .taken_back(&accepting(&[
                "--role",
                "new",
                "--create-role",
                "--database",
                "full_up",
            ]))
            .says("too many connections for database \"full_up\"");
        // What libpq reads by itself beside our files keeps the client from trusting anybody.
        let (user, home) = home_of(attempt);
        let folder = format!("{home}/.postgresql");
        site.host.sh(&user, &format!("mkdir {folder}")).ok();
        foreign_crl(&site.host, &format!("{folder}/root.crl"), &user);
        attempt
            .taken_back(&accepting(&["--service", "other"]))
            .says("service=other")
            .says("CRL");
        site.host
            .sh("root", &format!("rm -r {home}/.postgresql"))
            .ok();
    }
    // Nothing of this is in anybody's way later.
    let [root, _] = Attempt::by_each(&site);
    root.setup(&accepting(&[])).ok().says("proven");
}

/// Has `work` done by the command that gives the passphrase: after the plan was agreed to, before
/// anything is changed.
fn meanwhile(site: &Site, work: &str) -> Vec<&'static str> {
    let script = format!("#!/bin/sh\n{work}\necho secret\n");
    site.host
        .write("/srv/meanwhile", &script, "root:root", "755");
    vec!["--passphrase-command", "/srv/meanwhile"]
}

#[test]
fn a_file_that_somebody_changes_meanwhile() {
    if !has_containers("a file that changes meanwhile") {
        return;
    }
    let site = Site::with_role(&[]);
    let rules = format!("{}/pg_hba.conf", site.cluster.configuration);
    let settings = format!("{}/postgresql.conf", site.cluster.configuration);
    site.host
        .sh("root", &format!("chmod 666 {rules} {settings}"))
        .ok();
    for attempt in Attempt::by_each(&site) {
        for file in [&rules, &settings] {
            let before = attempt.everything();
            let command = meanwhile(&site, &format!("echo '# theirs' >> {file}"));
            attempt
                .setup(&accepting(&command))
                .exits(1)
                .says(&format!("{file} has changed since the plan was made"))
                .says("run pgcert again");
            let changed = before.changed_paths(&attempt.everything(), &[]);
            let changed: Vec<_> = changed
                .iter()
                .filter(|path| !before.is_folder(path))
                .collect();
            assert_eq!(changed, [file]);
            assert!(site.host.read(file).unwrap().ends_with("# theirs\n"));
            site.cluster.ctl(&site.host, "reload").ok();
        }
        // A file that was not there is, now.
        let key = format!("{}/server.key", site.cluster.data);
        let command = meanwhile(
            &site,
            &format!("test -w {} && echo theirs > {key}", site.cluster.data),
        );
        attempt.setup(&accepting(&command)).exits(1).says(&key);
        assert_eq!(site.host.read(&key).as_deref(), Some("theirs\n"));
        site.host.sh("root", &format!("rm {key}")).ok();
    }
}

#[test]
fn a_server_that_goes_away_meanwhile() {
    if !has_containers("a server that goes away") {
        return;
    }
    let site = Site::with_role(&[]);
    let [root, _] = Attempt::by_each(&site);
    let before = root.everything();
    let stop = format!(
        "pg_ctlcluster --skip-systemctl-redirect {} main stop -m fast >&2",
        site.cluster.version
    );
    let command = meanwhile(&site, &stop);
    root.setup(&accepting(&command)).exits(1);
    let running = format!("{}/postmaster", site.cluster.data);
    let changed = before.put_back_but_for(&root.everything());
    assert!(
        changed.iter().all(|line| line.starts_with(&running)),
        "{changed:?}"
    );
    assert!(!root.has_journal());
    site.cluster.start(&site.host);
    root.setup(&accepting(&[])).ok();
}

/// A setup that gets a signal when it is about to put a file of that name in its place.
fn signalled(attempt: Attempt<'_>, signal: &str, file: &str, more: &[&str]) -> Said {
    let inject = format!("inject=renameat2:signal={signal}:when=1");
    let tracing = ["-P", file, "-e", "trace=renameat2", "-e", &inject];
    attempt.traced(&tracing, &[&ACCEPT[..], more].concat())
}

#[test]
fn somebody_who_interrupts() {
    if !has_containers("an interrupted setup") {
        return;
    }
    let site = Site::with_role(&MAY_TRACE);
    for attempt in Attempt::by_each(&site) {
        for (signal, file) in [
            ("TERM", "server.key"),
            ("INT", "pg_hba.conf"),
            ("TERM", ".pg_service.conf"),
        ] {
            let before = (attempt.everything(), attempt.in_force());
            signalled(attempt, signal, file, &["--create-role", "--role", "new"])
                .exits(1)
                .says("it failed, and everything is as it was: interrupted");
            before.0.assert_put_back(&attempt.everything());
            assert_eq!(before.1, attempt.in_force());
            assert!(!attempt.has_journal());
        }
        // Before anything is done a signal ends it at once.
        let sleeper = meanwhile(&site, "sleep 60");
        let script = "\"$0\" \"$@\" & sleep 2; kill -TERM $!; wait $!";
        let before = site.everything();
        attempt
            .setup_under(&["bash", "-c", script], &accepting(&sleeper))
            .fails();
        before.assert_same(&site.everything());
    }
}

/// The next run, which fails for a reason of its own and changes nothing itself.
fn next_run(attempt: Attempt<'_>) -> Said {
    attempt
        .setup(&["--role", "nobody"])
        .exits(1)
        .says("role \"nobody\" does not exist")
}

/// Names of files that were written beside their places and forgotten.
fn forgotten(site: &Site) -> String {
    let find = "find / -xdev -name '.pgcert-*'";
    site.host.sh("root", find).ok().stdout
}

/// Starts the server again from its files.
fn restart(site: &Site) {
    let said = site.cluster.ctl(&site.host, "restart");
    assert!(said.code == 0, "{said}{}", site.cluster.log(&site.host));
}

#[test]
fn killed_at_each_file() {
    if !has_containers("a setup that is killed") {
        return;
    }
    let site = Site::with_role(&MAY_TRACE);
    let new = ["--create-role", "--role", "new"];
    for attempt in Attempt::by_each(&site) {
        for file in [
            "journal",
            "store.db",
            "ca.key",
            "ca.crt",
            "server.key",
            "server.crt",
            "root.crt",
            "postgresql.conf",
            "pg_hba.conf",
            "postgresql.key",
            "postgresql.crt",
            ".pg_service.conf",
        ] {
            let before = (attempt.everything(), attempt.in_force());
            signalled(attempt, "KILL", file, &new).exits(137);
            assert_eq!(attempt.has_journal(), file != "journal", "{file}");
            if file == "pg_hba.conf" {
                let crashed = attempt.everything();
                attempt
                    .setup(&["--dry-run"])
                    .exits(1)
                    .says("is not over: it has touched")
                    .says("the next run without --dry-run takes that back first")
                    .says("role \"new\"")
                    .says("server.key");
                crashed.assert_same(&attempt.everything());
            }
            let said = next_run(attempt);
            if file != "journal" {
                said.says("an earlier run was interrupted: took back what it had done");
            }
            before.0.assert_put_back(&attempt.everything());
            assert_eq!(before.1, attempt.in_force(), "{file}");
            assert!(!attempt.has_journal(), "{file}");
        }
        restart(&site);
    }
    let [root, _] = Attempt::by_each(&site);
    root.setup(&accepting(&new)).ok().says("proven");
    assert_eq!(forgotten(&site), "");
}

/// A renewal puts a key and its certificate in the place of a pair that is in use.
#[test]
fn killed_between_a_key_and_its_certificate() {
    if !has_containers("a renewal that is killed") {
        return;
    }
    let site = Site::with_role(&MAY_TRACE);
    let [root, _] = Attempt::by_each(&site);
    root.setup(&accepting(&[])).ok().says("proven");
    let pair = || {
        let read = |name| site.host.read(&format!("{}/{name}", site.cluster.data));
        ["server.key", "server.crt"].map(|name| read(name).unwrap())
    };
    let before = pair();
    let renewal = ["--san", "dns:other"];
    signalled(root, "KILL", "server.crt", &renewal).exits(137);
    assert_ne!(pair()[0], before[0]);
    assert_eq!(pair()[1], before[1]);
    // A power cut at this very moment.
    site.cluster.ctl(&site.host, "stop").ok();
    assert_ne!(site.cluster.ctl(&site.host, "start").code, 0);
    assert!(site.cluster.log(&site.host).contains("key values mismatch"));
    // The next run mends the files, whatever else it may say of a server that is down.
    root.setup(&accepting(&renewal))
        .says("an earlier run was interrupted: took back what it had done");
    assert_eq!(pair(), before);
    site.cluster.start(&site.host);
    root.setup(&accepting(&renewal)).ok().says("proven");
    assert_ne!(pair()[0], before[0]);
}

#[test]
fn killed_at_any_moment() {
    if !has_containers("a setup that is killed") {
        return;
    }
    // What is written, and what is taken away.
    for (call, step) in [("fsync", 3), ("unlinkat", 1)] {
        let site = Site::with_role(&MAY_TRACE);
        // Alone with its own rights the server's user does all of it in one thread, and strace counts
        // the calls of each thread for itself.
        let [_, server] = Attempt::by_each(&site);
        let before = (server.everything(), server.in_force());
        let trace = format!("trace={call}");
        let mut ended = "";
        for nth in (1..).step_by(step) {
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let new = accepting(&["--create-role", "--role", "new"]);
            let said = server.traced(&["-e", &trace, "-e", &inject], &new);
            if said.code == 0 {
                ended = "by itself";
                break;
            }
            said.exits(137);
            let said = next_run(server);
            assert!(!server.has_journal(), "{call} {nth}");
            if said.stderr.contains("finished it") {
                ended = "by the next run";
                break;
            }
            before.0.assert_put_back(&server.everything());
            assert_eq!(before.1, server.in_force(), "{call} {nth}");
        }
        assert_ne!(ended, "");
        server
            .setup(&["--role", "new"])
            .ok()
            .says("nothing to do")
            .says("proven");
        assert_eq!(forgotten(&site), "");
        restart(&site);
    }
}

#[test]
fn killed_and_then_changed_by_somebody_else() {
    if !has_containers("a setup that is killed") {
        return;
    }
    let site = Site::with_role(&MAY_TRACE);
    let rules = format!("{}/pg_hba.conf", site.cluster.configuration);
    for attempt in Attempt::by_each(&site) {
        let before = (attempt.everything(), attempt.in_force());
        let text = site.host.read(&rules);
        signalled(attempt, "KILL", ".pg_service.conf", &[]).exits(137);
        site.append("pg_hba.conf", "# theirs\n");
        // It holds neither what was there nor what was to be there: it is not touched.
        let said = attempt
            .setup(&accepting(&[]))
            .exits(4)
            .says("a part of it could not be taken back")
            .says(&rules)
            .says("its former content is in");
        assert!(site.host.read(&rules).unwrap().ends_with("# theirs\n"));
        let saved = said
            .stderr
            .split("its former content is in ")
            .nth(1)
            .and_then(|rest| rest.split(')').next())
            .unwrap();
        assert_eq!(site.host.read(saved), text, "{said}");
        // All the rest is back.
        let changed = before.0.put_back_but_for(&attempt.everything());
        assert!(
            changed
                .iter()
                .all(|line| line.starts_with(&rules) || line.starts_with(saved)),
            "{changed:?}"
        );
        // The same again until it is mended.
        attempt.setup(&accepting(&[])).exits(4).says(&rules);
        site.host.sh("root", &format!("mv {saved} {rules}")).ok();
        next_run(attempt).says("took back what it had done");
        before.0.assert_put_back(&attempt.everything());
        assert_eq!(before.1, attempt.in_force());
    }
    assert_eq!(forgotten(&site), "");
}

#[test]
fn a_file_that_somebody_changes_while_it_is_proven() {
    if !has_containers("a file that changes meanwhile") {
        return;
    }
    let site = Site::with_role(&[]);
    site.sql("create role shut login connection limit 0");
    let rules = format!("{}/pg_hba.conf", site.cluster.configuration);
    let [root, _] = Attempt::by_each(&site);
    let before = (root.everything(), root.in_force());
    // As soon as the rule is there, another line is: without a pause, for the proof is quick.
    let watch = format!(
        "(until grep -q shut {rules}; do :; done; echo '# theirs' >> {rules}) >/dev/null 2>&1 &"
    );
    let command = meanwhile(&site, &watch);
    root.setup(&[&accepting(&command)[..], &["--role", "shut"]].concat())
        .exits(4)
        .says("too many connections for role \"shut\"")
        .says("not put back")
        .says(&format!("{rules}: "))
        .says("its former content is in");
    let changed = before.0.put_back_but_for(&root.everything());
    let folder = &site.cluster.configuration;
    assert!(
        changed.len() == 2 && changed.iter().all(|line| line.starts_with(folder)),
        "{changed:?}"
    );
    // They put the saved copy back.
    let mend = format!("mv {folder}/.pgcert-* {rules}");
    site.host.sh("root", &mend).ok();
    next_run(root).says("took back what it had done");
    before.0.assert_put_back(&root.everything());
    assert_eq!(before.1, root.in_force());
}

#[test]
fn a_role_that_somebody_creates_after_a_crash() {
    if !has_containers("a setup that is killed") {
        return;
    }
    let site = Site::with_role(&MAY_TRACE);
    let [root, _] = Attempt::by_each(&site);
    signalled(
        root,
        "KILL",
        "server.key",
        &["--create-role", "--role", "new"],
    )
    .exits(137);
    site.sql("drop role new");
    site.sql("create role new login password 'theirs'");
    next_run(root).says("took back what it had done");
    assert_eq!(
        site.sql("select count(*) from pg_roles where rolname = 'new'"),
        "1"
    );
}
