//! What cannot be written: by an attribute that stops root too, on a read-only or a full
//! filesystem, for want of rights, or beyond a limit. Every setup ends with 1 and has taken back
//! what it had done: no key is left, whole or half, and no file with a name of its own.

use e2e::Site;
use e2e::attempt::{Attempt, MAY_FREEZE, MAY_MOUNT, Mounted};
use e2e::given::has_containers;

/// What setup is told beside the role.
const ACCEPT: [&str; 2] = ["--accept", "tls-on"];

/// Sets `letter` of `chattr` on a path while `work` is done.
fn frozen(site: &Site, letter: &str, path: &str, work: impl FnOnce()) {
    let chattr = |sign: &str| {
        let attribute = format!("{sign}{letter}");
        site.host.run("root", &["chattr", &attribute, path]).ok();
    };
    chattr("+");
    work();
    chattr("-");
}

#[test]
fn files_and_folders_that_are_immutable() {
    if !has_containers("immutable files") {
        return;
    }
    let site = Site::with_role(&MAY_FREEZE);
    let server = &site.cluster.configuration;
    let paths = [
        site.cluster.data.clone(),
        server.clone(),
        format!("{server}/pg_hba.conf"),
        format!("{server}/postgresql.conf"),
    ];
    for attempt in Attempt::by_each(&site) {
        for path in &paths {
            frozen(&site, "i", path, || {
                attempt
                    .taken_back(&ACCEPT)
                    .says(&format!("everything is as it was: {path} is immutable"))
                    .says(&format!("chattr -i {path}"));
            });
        }
        frozen(&site, "a", &paths[2], || {
            attempt
                .taken_back(&ACCEPT)
                .says("pg_hba.conf is append-only");
        });

        let (user, home) = match attempt.user {
            "root" => ("slardiere", "/home/slardiere"),
            user => (user, "/var/lib/postgresql"),
        };
        // Where the home cannot be written, neither can what is below be made.
        if attempt.user == "root" {
            frozen(&site, "i", home, || {
                attempt.taken_back(&ACCEPT).says(home);
            });
        }
        let make = format!("cd {home}; mkdir .postgresql; touch .pg_service.conf");
        site.host.sh(user, &make).ok();
        for path in [".postgresql", ".pg_service.conf"].map(|name| format!("{home}/{name}")) {
            frozen(&site, "i", &path, || {
                attempt
                    .taken_back(&ACCEPT)
                    .says(&format!("{path} is immutable"));
            });
        }
    }
    // The authority's place.
    let [root, _] = Attempt::by_each(&site);
    site.host.sh("root", "mkdir -m 700 /srv/authority").ok();
    frozen(&site, "i", "/srv/authority", || {
        let more = [&ACCEPT[..], &["--authority", "/srv/authority"]].concat();
        root.taken_back(&more).says("/srv/authority");
    });
    frozen(&site, "i", "/var/lib/pgcert", || {
        root.taken_back(&ACCEPT).says("/var/lib/pgcert");
    });
}

#[test]
fn folders_that_are_mounted_read_only() {
    if !has_containers("read-only mounts") {
        return;
    }
    let site = Site::with_role(&MAY_MOUNT);
    site.host
        .sh("root", "mkdir -p /var/lib/pgcert /srv/authority; chmod 700 /srv/authority; chown postgres /srv/authority")
        .ok();
    let refused = |attempt: Attempt<'_>, folder: &str, more: &[&str]| {
        let _mounted = Mounted::read_only(&site.host, folder);
        attempt
            .taken_back(&[&ACCEPT[..], more].concat())
            .says(folder)
            .says("Read-only file system")
            .says("it is mounted read-only");
    };
    for attempt in Attempt::by_each(&site) {
        refused(attempt, &site.cluster.configuration, &[]);
        refused(
            attempt,
            "/srv/authority",
            &["--authority", "/srv/authority"],
        );
    }
    let [root, _] = Attempt::by_each(&site);
    refused(root, "/home/slardiere", &[]);
    refused(root, "/var/lib/pgcert", &[]);
    // A single file that is a mount of its own cannot be exchanged.
    let file = format!("{}/pg_hba.conf", site.cluster.configuration);
    for attempt in Attempt::by_each(&site) {
        let _mounted = Mounted::read_only(&site.host, &file);
        attempt
            .taken_back(&ACCEPT)
            .says(&format!("{file} is a mount point"))
            .says("where it is mounted from");
    }
}

#[test]
fn folders_that_a_user_may_not_write() {
    if !has_containers("folders without rights") {
        return;
    }
    let site = Site::with_role(&[]);
    let [root, server] = Attempt::by_each(&site);
    let with_mode = |folder: &str, mode: &str, work: &dyn Fn()| {
        let script = format!("stat -c %a {folder}; chmod {mode} {folder}");
        let before = site.host.sh("root", &script).ok().answer().to_owned();
        work();
        site.host
            .sh("root", &format!("chmod {before} {folder}"))
            .ok();
    };
    // Root may write anywhere, but does it with the rights of whoever the folder belongs to.
    for folder in ["/home/slardiere", &site.cluster.configuration] {
        with_mode(folder, "500", &|| {
            root.taken_back(&ACCEPT)
                .says(folder)
                .says("Permission denied")
                .says("must be allowed to write there");
        });
    }
    with_mode(&site.cluster.configuration, "500", &|| {
        server.taken_back(&ACCEPT).says("Permission denied");
    });
    let configuration = &site.cluster.configuration;
    site.host
        .sh("root", &format!("chown root {configuration}"))
        .ok();
    server.taken_back(&ACCEPT).says("Permission denied");
    server
        .taken_back(&[&ACCEPT[..], &["--authority", "/var/lib/there"]].concat())
        .says("/var/lib/there")
        .says("Permission denied");
    // Root's own passphrase is not the server's user's to read.
    site.host
        .write("/srv/secret", "secret\n", "root:root", "600");
    server
        .refused(1, &["--passphrase-file", "/srv/secret"])
        .says("the passphrase cannot be read: cannot open /srv/secret");
}

#[test]
fn a_full_disk_at_the_authority() {
    if !has_containers("a full disk at the authority") {
        return;
    }
    let site = Site::with_role(&MAY_MOUNT);
    let [root, server] = Attempt::by_each(&site);
    // Journal, store, key, certificate and the store's log: room for a part of them.
    let mut failed = 0;
    for kilobytes in (4..200).step_by(4) {
        let _mounted = Mounted::small(&site.host, "/var/lib/pgcert", kilobytes);
        let said = root.taken_back_unless_done(&[], &ACCEPT);
        if said.code == 0 {
            break;
        }
        said.says_either("No space left on device", "the disk is full")
            .says("/var/lib/pgcert/")
            .says("make room there");
        failed += 1;
    }
    assert!((8..40).contains(&failed), "{failed}");
    // It was done there, and is gone with the mount: the server's user comes from elsewhere.
    site.host
        .sh("root", "mkdir -p /srv/full; chown postgres /srv/full")
        .ok();
    let mounted = Mounted::small(&site.host, "/srv/full", 64);
    mounted.leave(3);
    server
        .taken_back(&["--authority", "/srv/full/authority", "--role", "slardiere"])
        .says("/srv/full/authority");
}

#[test]
fn a_full_disk_at_an_authority_that_has_issued_before() {
    if !has_containers("a full disk at the authority") {
        return;
    }
    let site = Site::with_role(&MAY_MOUNT);
    site.sql("create role second login");
    let [root, _] = Attempt::by_each(&site);
    let mounted = Mounted::small(&site.host, "/srv", 400);
    let authority = ["--authority", "/srv/authority"];
    root.setup(&[&ACCEPT[..], &authority].concat()).ok();
    let second = [&authority[..], &["--role", "second"]].concat();
    let before = root.everything();
    let key = site.host.read("/srv/authority/ca.key");
    for pages in 0..30 {
        mounted.leave(pages);
        let said = root.setup(&second);
        mounted.clear();
        if said.code == 0 {
            assert!(pages > 0, "{said}");
            break;
        }
        said.exits(1).says("the disk is full").says("store.db");
        before.assert_put_back(&root.everything());
        assert_eq!(key, site.host.read("/srv/authority/ca.key"));
        // Nothing counts as handed out that was not.
        let list = site.pgcert("root", &["list", "--authority", "/srv/authority", "--json"]);
        assert_eq!(list.ok().stdout.matches("\"issued\"").count(), 3);
    }
    root.setup(&second).ok();
}

/// Tries with no room but for one page.
fn full(attempt: Attempt<'_>, mounted: &Mounted<'_>, folder: &str) {
    mounted.leave(1);
    attempt
        .taken_back(&[&ACCEPT[..], &["--create-role"]].concat())
        .says("No space left on device")
        .says(folder);
    mounted.clear();
}

/// Tries with room for no page, one, two, and so on, until it is done; returns how often it failed.
fn with_more_and_more_room(attempt: Attempt<'_>, mounted: &Mounted<'_>, folder: &str) -> u32 {
    let done = |pages: &u32| {
        mounted.leave(*pages);
        let said = attempt.taken_back_unless_done(
            &[],
            &[&ACCEPT[..], &["--create-role", "--role", "new"]].concat(),
        );
        mounted.clear();
        if said.code != 0 {
            said.says("No space left on device")
                .says(folder)
                .says("make room there");
            return false;
        }
        true
    };
    (0..40).find(done).unwrap()
}

#[test]
fn a_full_disk_at_the_servers_configuration() {
    if !has_containers("a full disk at the server") {
        return;
    }
    let site = Site::in_container(&MAY_MOUNT);
    let folder = site.cluster.configuration.clone();
    let [root, server] = Attempt::by_each(&site);
    let mounted = Mounted::small(&site.host, &folder, 400);
    full(server, &mounted, &folder);
    // Both files are written whole, beside those that are there.
    assert!(with_more_and_more_room(root, &mounted, &folder) > 5);
}

#[test]
fn a_full_disk_at_the_servers_data() {
    if !has_containers("a full disk at the server") {
        return;
    }
    let site = Site::in_container(&MAY_MOUNT);
    let folder = site.cluster.data.clone();
    let [root, server] = Attempt::by_each(&site);
    site.cluster.ctl(&site.host, "stop").ok();
    let mounted = Mounted::small(&site.host, &folder, 150_000);
    site.cluster.start(&site.host);
    // A server's first session in a database writes a file of its own.
    site.sql("select 1");
    full(server, &mounted, &folder);
    assert!(with_more_and_more_room(root, &mounted, &folder) > 1);
    site.cluster.ctl(&site.host, "stop").ok();
}

#[test]
fn a_full_disk_at_the_client() {
    if !has_containers("a full disk at the client") {
        return;
    }
    let site = Site::in_container(&MAY_MOUNT);
    let [root, _] = Attempt::by_each(&site);
    let mounted = Mounted::small(&site.host, "/home/slardiere", 64);
    assert!(with_more_and_more_room(root, &mounted, "/home/slardiere") > 2);
}

#[test]
fn a_limit_for_the_size_of_files() {
    if !has_containers("a limit for the size of files") {
        return;
    }
    let site = Site::with_role(&[]);
    for attempt in Attempt::by_each(&site) {
        // In blocks of 512 bytes; postgresql.conf alone has more than the last.
        for blocks in ["0", "1", "8", "31", "33", "40"] {
            let limited = ["sh", "-c", "ulimit -f \"$0\"; exec \"$@\"", blocks];
            attempt
                .taken_back_under(&limited, &ACCEPT)
                .says_either("File too large", "store.db");
        }
    }
}
