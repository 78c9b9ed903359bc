//! Those who were there before: they log in as they did, and what is theirs stays.

use e2e::given::has_containers;
use e2e::{Foreign, Site};

fn over_tcp(site: &Site, role: &str) -> String {
    format!(
        "host=127.0.0.1 port={} user={role} dbname=postgres password=private",
        site.cluster.port
    )
}

#[test]
fn a_password_user_logs_in_before_and_after() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.sql("create role paul login password 'private'");
        let paul = over_tcp(&site, "paul");
        for more in [&[][..], &["--create-role"], &["--certificate-only"]] {
            if !more.is_empty() {
                site.setup_tolva(more).ok();
            }
            for mode in ["disable", "prefer"] {
                site.login(&format!("{paul} sslmode={mode}"))
                    .ok()
                    .says("paul|");
            }
            site.login(&paul.replace("private", "wrong"))
                .fails()
                .says("password authentication failed");
        }
        // Nor does the certificate of the role let anybody else in.
        site.login("service=tolva user=paul").fails();
    }
}

#[test]
fn certificate_only_refuses_the_role_in_plain_text_too() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.sql("create role slardiere login password 'private'");
        let slardiere = over_tcp(&site, "slardiere");
        site.login(&slardiere).ok();
        site.setup_tolva(&["--accept", "role-logins"])
            .ok()
            .says("still gets in without a certificate over plain TCP");
        site.login(&format!("{slardiere} sslmode=disable"))
            .ok()
            .says("slardiere|f|");
        // What is left is no way in from here: the lines for replication, for one.
        let said = site.setup_tolva(&["--certificate-only"]).ok();
        let left = said.stderr.lines().filter(|l| l.contains("plain TCP"));
        let left: Vec<_> = left
            .filter(|l| !l.contains("for other databases or from elsewhere"))
            .collect();
        assert!(left.is_empty(), "{left:#?}");
        for mode in ["disable", "prefer sslcert=/nowhere"] {
            site.login(&format!("{slardiere} sslmode={mode}"))
                .fails()
                .says("pg_hba.conf rejects connection");
        }
        site.login("service=tolva").ok().says("slardiere|t|");
        site.setup_tolva(&["--certificate-only"])
            .ok()
            .says("nothing to do");
    }
}

#[test]
fn a_client_of_a_foreign_authority_logs_in_before_and_after() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.sql("create role paul login");
        let old = Foreign::new(&site, "oldca");
        site.rule_first("hostssl all paul samehost cert");
        let trusted = old.serve("db.example");
        let paul = old.conninfo("db.example", "paul");
        let session = "paul|t|TLSv1.3|/CN=paul";
        assert_eq!(site.login(&paul).ok().answer(), session);
        let folder = format!("{}/oldca", site.scratch);
        let theirs = site.host.tree(&[&folder]);
        let roots = site.host.read(&trusted).unwrap();

        // The name is taken from the certificate that is kept.
        let words = ["--create-role", "--yes", "--accept", "other-authorities"];
        site.setup("slardiere", &words)
            .ok()
            .says("the server keeps its certificate, issued by CN=oldca");
        assert_eq!(site.login(&paul).ok().answer(), session);
        site.login("service=db.example").ok().says("slardiere|t|");
        theirs.assert_same(&site.host.tree(&[&folder]));
        // Theirs first, byte for byte, then ours; a client trusts the server's issuer alone.
        let now = site.host.read(&trusted).unwrap();
        assert!(now.starts_with(&roots), "{now}");
        assert_eq!(now.matches("BEGIN CERTIFICATE").count(), 2, "{now}");
        let root = site
            .host
            .read(&format!("{}/.postgresql/root.crt", site.home));
        assert_eq!(root.unwrap(), roots);
        site.setup("slardiere", &["--yes"])
            .ok()
            .says("nothing to do");
    }
}

#[test]
fn authorities_that_others_use_too_are_never_added_to() {
    for site in [Site::tolva(), Site::of_one_user()] {
        let old = Foreign::new(&site, "oldca");
        old.serve("tolva");
        site.settings(&format!("ssl_ca_file = '{}'\n", old.root()));
        site.restart();
        let before = site.everything();
        let folder = site.host.tree(&[&site.scratch]);
        site.setup_tolva(&["--create-role", "--accept", "other-authorities"])
            .exits(1)
            .says("ssl_ca_file is")
            .says("which others use too");
        before.assert_same(&site.everything());
        let after = site.host.tree(&[&site.scratch]);
        let changed = folder.changed_paths(&after, &[]);
        assert!(changed.iter().all(|p| !p.contains("oldca")), "{changed:?}");
    }
}

#[test]
fn what_the_client_has_already_is_never_overwritten() {
    for site in [Site::tolva(), Site::of_one_user()] {
        let folder = format!("{}/.postgresql", site.home);
        let owner = format!("{}:", site.client);
        site.host.sh(&site.client, &format!("mkdir {folder}")).ok();
        site.host
            .write(&format!("{folder}/root.crt"), "theirs\n", &owner, "644");
        let service = format!("{}/.pg_service.conf", site.home);
        let theirs = "[tolva]\nhost=old.example\nuser=somebody\n";
        site.host.write(&service, theirs, &owner, "644");
        site.setup_tolva(&["--create-role"]).ok();
        let read = |path: &str| site.host.read(path).unwrap();
        assert_eq!(read(&format!("{folder}/root.crt")), "theirs\n");
        assert!(read(&service).starts_with(theirs));
        site.login("service=tolva-slardiere")
            .ok()
            .says("slardiere|t|");
        let tree = site.host.tree(&[&folder]);
        let mut names: Vec<_> = tree
            .paths()
            .filter_map(|p| p.strip_prefix(&folder))
            .collect();
        names.retain(|n| !n.is_empty());
        assert_eq!(
            names,
            [
                "/root.crt",
                "/slardiere.crt",
                "/slardiere.key",
                "/tolva-slardiere-root.crt"
            ]
        );
        site.setup_tolva(&["--service", "tolva"])
            .exits(1)
            .says("service [tolva]")
            .says("is somebody else's");
    }
}

#[test]
fn a_service_file_of_a_group_that_the_client_is_not_in_is_left_alone() {
    if !has_containers("a client's file that somebody else owns in part") {
        return;
    }
    let site = Site::tolva();
    let service = format!("{}/.pg_service.conf", site.home);
    let theirs = "[old]\nhost=old.example\n";
    site.host.write(&service, theirs, "slardiere:root", "640");
    let files = ["pg_hba.conf", "postgresql.conf"].map(|f| site.configuration(f));
    site.setup_tolva(&["--create-role"])
        .exits(1)
        .says("everything is as it was")
        .says("belongs to user id 1000, group id 0")
        .says("hint: it is written with the rights of the user whose folder that is");
    assert_eq!(site.host.read(&service).unwrap(), theirs);
    assert_eq!(
        ["pg_hba.conf", "postgresql.conf"].map(|f| site.configuration(f)),
        files
    );
    site.host
        .sh("root", &format!("chown slardiere: {service}"))
        .ok();
    site.setup_tolva(&["--create-role"]).ok();
    assert!(site.host.read(&service).unwrap().starts_with(theirs));
}
