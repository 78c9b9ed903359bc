//! The six consequences that each need a consent of their own: without it nothing is touched and
//! the message says how to give it; with it the thing is done.

use e2e::{Foreign, Site};

/// Asserts that `consent` is missing: refused, named, and not a byte changed. Another one is no
/// substitute. Then it is given.
fn asked(site: &Site, consent: &str, words: &[&str]) {
    let before = site.everything();
    let hint = format!("--accept {consent} accepts");
    let another = if consent == "unreachable" {
        "tls-on"
    } else {
        "unreachable"
    };
    for more in [&[][..], &["--accept", another]] {
        site.setup_tolva(&[words, more].concat())
            .exits(1)
            .says("nothing was touched")
            .says(&format!("  {consent}: "))
            .says(&hint);
        before.assert_same(&site.everything());
    }
    let plan = site
        .setup_tolva(&[words, &["--dry-run", "--json"]].concat())
        .ok()
        .stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let found = plan["consequences"].as_array().unwrap();
    let found: Vec<_> = found.iter().map(|c| (&c["name"], &c["accepted"])).collect();
    assert_eq!(found, [(&consent.into(), &false.into())], "{plan}");
    site.setup_tolva(&[words, &["--accept", consent]].concat())
        .ok();
    // What was agreed to is not asked again.
    site.setup_tolva(words).ok().says("nothing to do");
}

fn sites() -> [Site; 2] {
    let sites = [Site::tolva(), Site::of_one_user()];
    for site in &sites {
        site.sql("create role slardiere login");
        site.sql("create role paul login password 'private'");
    }
    sites
}

#[test]
fn tls_on() {
    for site in sites() {
        site.settings("\nssl = off\n");
        site.rule_first("hostssl all paul samehost trust");
        site.restart();
        let paul = format!(
            "host=127.0.0.1 port={} user=paul dbname=postgres",
            site.cluster.port
        );
        site.login(&paul).fails().says("no password supplied");
        site.setup_tolva(&[])
            .exits(1)
            .says("pg_hba.conf:1 (trust)")
            .says("such as paul to database");
        asked(&site, "tls-on", &[]);
        // It was no empty warning.
        site.login(&paul).ok().says("paul|t|");
        site.login("service=tolva").ok();
    }
}

#[test]
fn tls_goes_on_without_a_question_where_no_login_changes() {
    for site in sites() {
        site.settings("\nssl = off\n");
        site.restart();
        site.setup_tolva(&[]).ok();
        site.login("service=tolva").ok();
    }
}

#[test]
fn role_logins_of_a_role_with_a_password() {
    for site in sites() {
        site.sql("alter role slardiere password 'private'");
        asked(&site, "role-logins", &[]);
        site.login("service=tolva sslcert=/nowhere password=private")
            .fails()
            .says("requires a valid client certificate");
    }
}

#[test]
fn role_logins_of_a_role_that_is_there_over_tcp() {
    for site in sites() {
        site.rule_first("host all slardiere 127.0.0.1/32 trust");
        site.restart();
        let conninfo = format!(
            "host=127.0.0.1 port={} user=slardiere dbname=postgres",
            site.cluster.port
        );
        let script = format!("psql -X '{conninfo}' -c 'select pg_sleep(300)' >/dev/null 2>&1 &");
        site.host.sh(&site.client, &script).ok();
        let open = "select count(*) from pg_stat_activity where usename = 'slardiere'";
        while site.sql(open) == "0" {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        site.setup_tolva(&[]).exits(1).says("127.0.0.1");
        asked(&site, "role-logins", &[]);
        assert_eq!(site.sql(open), "1", "the open session stays");
        site.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'slardiere'",
        );
    }
}

#[test]
fn other_authorities() {
    for site in sites() {
        let old = Foreign::new(&site, "oldca");
        old.serve("tolva");
        site.setup_tolva(&[]).exits(1).says("CN=oldca can issue");
        asked(&site, "other-authorities", &[]);
        site.login("service=tolva").ok();
        // It was no empty warning.
        let (certificate, key) = old.client("slardiere");
        site.login(&format!("service=tolva sslcert={certificate} sslkey={key}"))
            .ok()
            .says("slardiere|t|");
    }
}

#[test]
fn replace_server_certificate() {
    for site in sites() {
        let old = Foreign::new(&site, "oldca");
        let trusted = old.serve("elsewhere");
        site.settings("ssl_ca_file = ''\n");
        site.restart();
        let files = [trusted.as_str(), &format!("{}/oldca", site.scratch)];
        let theirs = site.host.tree(&files);
        let roots = old.root();
        let verify = format!("service=tolva sslrootcert={roots}");
        site.setup_tolva(&[])
            .exits(1)
            .says("CN=oldca")
            .says("does not name tolva");
        asked(&site, "replace-server-certificate", &[]);
        site.login("service=tolva").ok();
        site.login(&verify)
            .fails()
            .says("certificate verify failed");
        theirs.assert_same(&site.host.tree(&files));
    }
}

#[test]
fn privileged_role() {
    for site in sites() {
        let rights = ["superuser", "replication", "bypassrls"];
        for right in rights {
            site.sql(&format!("alter role slardiere {right}"));
            site.setup_tolva(&[])
                .exits(1)
                .says("  privileged-role: ")
                .says("--accept privileged-role accepts");
            site.sql(&format!("alter role slardiere no{right}"));
        }
        site.sql("alter role slardiere superuser replication");
        site.setup_tolva(&[])
            .exits(1)
            .says("role \"slardiere\" is a superuser and has REPLICATION:");
        asked(&site, "privileged-role", &[]);
        site.login("service=tolva").ok();
    }
}

#[test]
fn unreachable() {
    for site in sites() {
        let from = ["--from", "192.168.77.0/24"];
        site.setup_tolva(&from)
            .exits(1)
            .says("listen_addresses is 'localhost'")
            .says("--listen ADDRESSES --restart");
        asked(&site, "unreachable", &from);
        let rules = site.configuration("pg_hba.conf");
        assert!(rules.contains("192.168.77.0/24"), "{rules}");
    }
}

#[test]
fn a_network_that_can_be_reached_after_a_restart_needs_no_consent() {
    for site in sites() {
        let words = ["--from", "192.168.77.0/24", "--listen", "*"];
        site.setup_tolva(&words).exits(2).says("--restart");
        let said = site.setup_tolva(&[&words[..], &["--restart"]].concat());
        said.ok().says("not tried");
        assert_eq!(site.sql("show listen_addresses"), "*");
    }
}

#[test]
fn all_that_are_missing_are_named_at_once() {
    let site = Site::tolva();
    site.sql("create role slardiere login superuser password 'private'");
    let words = ["--from", "samehost", "--from", "192.168.77.0/24"];
    let before = site.everything();
    site.setup_tolva(&words)
        .exits(1)
        .says("--accept privileged-role,role-logins,unreachable accepts");
    let some = [&words[..], &["--accept", "role-logins,unreachable"]].concat();
    site.setup_tolva(&some)
        .exits(1)
        .says("hint: --accept privileged-role accepts");
    // Agreeing to the steps is no consent, and a name that there is not is a mistake.
    site.setup_tolva(&[&words[..], &["--accept", "everything"]].concat())
        .exits(2);
    before.assert_same(&site.everything());
    let all = "role-logins,privileged-role,unreachable";
    site.setup_tolva(&[&words[..], &["--accept", all]].concat())
        .ok();
}
