//! The way in parts (`request`, `ca init`, `sign`, `install`) where something cannot be written or
//! is not there: nothing is left of it, above all no key.

use e2e::attempt::{Attempt, MAY_FREEZE, MAY_MOUNT, Mounted};
use e2e::given::has_containers;
use e2e::{Said, Site};

/// Both kinds of permission that the engine has to give.
fn permissions() -> Vec<&'static str> {
    [&MAY_FREEZE[..], &MAY_MOUNT[..]].concat()
}

/// Runs pgcert; the words are parted by blanks.
fn pgcert(site: &Site, user: &str, words: &str) -> Said {
    let words: Vec<&str> = words.split(' ').collect();
    site.pgcert(user, &words)
}

/// What is in a folder.
fn list(site: &Site, folder: &str) -> String {
    let said = site.host.run("root", &["ls", "-A", folder]).ok();
    said.answer().to_owned()
}

#[test]
fn a_request_whose_files_cannot_be_written() {
    if !has_containers("a request on a full disk") {
        return;
    }
    let site = Site::in_container(&permissions());
    site.host
        .sh("root", "mkdir /srv/out; chmod 777 /srv/out")
        .ok();
    for user in ["root", "postgres"] {
        for (words, name) in [
            ("request server tolva", "tolva"),
            ("request client slardiere", "slardiere"),
        ] {
            let words = format!("{words} --out /srv/out");
            {
                let mounted = Mounted::small(&site.host, "/srv/out", 64);
                for (pages, file) in [(0, "key"), (1, "csr")] {
                    mounted.leave(pages);
                    pgcert(&site, user, &words)
                        .exits(1)
                        .says(&format!("/srv/out/{name}.{file}: No space left on device"))
                        .says("make room there");
                    assert_eq!(list(&site, "/srv/out"), "filled");
                    mounted.clear();
                }
            }
            {
                let _mounted = Mounted::read_only(&site.host, "/srv/out");
                pgcert(&site, user, &words)
                    .exits(1)
                    .says("Read-only file system")
                    .says("it is mounted read-only");
            }
            site.host.run("root", &["chattr", "+i", "/srv/out"]).ok();
            pgcert(&site, user, &words)
                .exits(1)
                .says("/srv/out is immutable")
                .says("chattr -i /srv/out");
            site.host.run("root", &["chattr", "-i", "/srv/out"]).ok();
            // What is there is never overwritten, and the other file is not made beside it.
            for file in ["key", "csr"] {
                let taken = format!("/srv/out/{name}.{file}");
                site.host.write(&taken, "precious", "root:root", "644");
                pgcert(&site, user, &words)
                    .exits(1)
                    .says(&format!("{taken} exists already"));
                assert_eq!(list(&site, "/srv/out"), format!("{name}.{file}"));
                assert_eq!(site.host.read(&taken).as_deref(), Some("precious"));
                site.host.run("root", &["rm", &taken]).ok();
            }
        }
        pgcert(&site, user, "request server tolva --out /srv/nowhere")
            .exits(1)
            .says("/srv/nowhere");
        pgcert(&site, user, "request server tol_-va- --out /srv/out").exits(2);
    }
    assert_eq!(list(&site, "/srv/out"), "");
}

#[test]
fn an_authority_that_cannot_be_made() {
    if !has_containers("an authority on a full disk") {
        return;
    }
    let site = Site::in_container(&permissions());
    let [root, server] = Attempt::by_each(&site);
    let init = "ca init --authority /srv/small/ca --ca-name x --passphrase-file /tmp/passphrase";
    for user in [root.user, server.user] {
        let mut failed = 0;
        site.host
            .sh("root", "mkdir -p /srv/small; chmod 777 /srv/small")
            .ok();
        for kilobytes in (4..200).step_by(4) {
            let _mounted = Mounted::small(&site.host, "/srv/small", kilobytes);
            let said = pgcert(&site, user, init);
            if said.code == 0 {
                break;
            }
            said.exits(1)
                .says_either("No space left on device", "the disk is full")
                .says("make room there");
            assert_eq!(list(&site, "/srv/small"), "");
            failed += 1;
        }
        assert!((5..30).contains(&failed), "{failed}");
        let _mounted = Mounted::read_only(&site.host, "/srv/small");
        pgcert(&site, user, init)
            .exits(1)
            .says("Read-only file system");
    }
}

#[test]
fn a_certificate_that_cannot_be_handed_out() {
    if !has_containers("a certificate on a full disk") {
        return;
    }
    let site = Site::in_container(&permissions());
    for attempt in Attempt::by_each(&site) {
        let user = attempt.user;
        let run = |words: &str| {
            pgcert(
                &site,
                user,
                &words.replace("AT", "--authority /srv/desk/ca"),
            )
        };
        site.host
            .sh("root", "rm -rf /srv/desk /srv/out; mkdir -m 777 /srv/desk /srv/out; echo wrong > /tmp/wrong")
            .ok();
        run("ca init AT --ca-name x --passphrase-file /tmp/passphrase").ok();
        run("request client slardiere --out /srv/desk").ok();
        let sign = "sign /srv/desk/slardiere.csr AT --yes --out /srv/out --passphrase-file";
        let issued = || {
            run("list AT --json")
                .ok()
                .stdout
                .matches("\"issued\"")
                .count()
        };
        run(&format!("{sign} /tmp/wrong"))
            .exits(1)
            .says("wrong passphrase");
        {
            let mounted = Mounted::small(&site.host, "/srv/out", 64);
            mounted.leave(0);
            run(&format!("{sign} /tmp/passphrase"))
                .exits(1)
                .says("/srv/out/slardiere.crt: No space left on device");
            assert_eq!(list(&site, "/srv/out"), "filled");
        }
        site.host.run("root", &["chattr", "+i", "/srv/out"]).ok();
        run(&format!("{sign} /tmp/passphrase"))
            .exits(1)
            .says("/srv/out is immutable");
        site.host.run("root", &["chattr", "-i", "/srv/out"]).ok();
        // Nobody has them, so they do not count as handed out: only the authority's own does.
        assert_eq!(issued(), 1);
        assert_eq!(list(&site, "/srv/out"), "");
        run(&format!("{sign} /tmp/passphrase")).ok();
        assert_eq!(issued(), 2);
        run("sign /etc/passwd AT --yes --passphrase-file /tmp/passphrase")
            .exits(1)
            .says("/etc/passwd cannot be signed");
        run("sign /srv/desk/slardiere.csr --authority /srv/nowhere --yes --passphrase-file /tmp/passphrase")
            .exits(1)
            .says("there is no authority in /srv/nowhere");
    }
}

#[test]
fn an_installation_that_cannot_be_written() {
    if !has_containers("an installation on a full disk") {
        return;
    }
    let site = Site::with_role(&permissions());
    let configuration = site.cluster.configuration.clone();
    for attempt in Attempt::by_each(&site) {
        let user = attempt.user;
        let run = |words: &str| {
            pgcert(
                &site,
                user,
                &words.replace("AT", "--authority /srv/desk/ca"),
            )
        };
        site.host
            .sh("root", "rm -rf /srv/desk; mkdir -m 777 /srv/desk")
            .ok();
        run("ca init AT --ca-name x --passphrase-file /tmp/passphrase").ok();
        run("request server tolva --out /srv/desk").ok();
        run("request client slardiere --out /srv/desk").ok();
        run("sign /srv/desk/tolva.csr /srv/desk/slardiere.csr AT --yes --passphrase-file /tmp/passphrase").ok();
        let put_back = |words: &str| {
            let before = (attempt.everything(), attempt.in_force());
            let said = run(words).exits(1);
            before.0.assert_put_back(&attempt.everything());
            assert_eq!(before.1, attempt.in_force());
            said
        };
        let material = |name: &str| {
            format!(
                "--key /srv/desk/{name}.key --cert /srv/desk/{name}.crt --root /srv/desk/ca/ca.crt"
            )
        };
        let server = format!(
            "install server {} --role slardiere --yes --accept tls-on,replace-server-certificate",
            material("tolva")
        );
        put_back(&server.replace("slardiere", "nobody")).says("role \"nobody\" does not exist");
        {
            let mounted = Mounted::small(&site.host, &configuration, 200);
            mounted.leave(1);
            put_back(&server)
                .says(&configuration)
                .says("No space left on device");
        }
        {
            let _mounted = Mounted::read_only(&site.host, &configuration);
            put_back(&server).says("Read-only file system");
        }
        let client = match user {
            "root" => "--client-user slardiere",
            _ => "--client-home /var/lib/postgresql",
        };
        let client = format!(
            "install client {} --host tolva {client} --yes --no-proof",
            material("slardiere")
        );
        if user == "root" {
            let mounted = Mounted::small(&site.host, "/home/slardiere", 64);
            for pages in 0..3 {
                mounted.leave(pages);
                put_back(&client).says("No space left on device");
                mounted.clear();
            }
        }
        // A server that does not let the client in yet: the proof fails, and nothing stays.
        put_back(&client.replace(" --no-proof", "")).says("service=tolva");
    }
}
