//! `pgcert setup` on one machine: what is asked for works, what is not asked for is refused, and
//! again changes nothing.

use e2e::{Said, Site};

const SESSION: &str = "select usename, version, client_dn from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()";

/// The name that the server gets: one that it can be found by.
fn server_name(site: &Site) -> &'static str {
    if site.host.is_container() {
        "tolva"
    } else {
        "localhost"
    }
}

/// Setup for the role `slardiere`, with more options.
fn setup(site: &Site, more: &[&str]) -> Said {
    let words = [
        "setup",
        "--data-dir",
        &site.cluster.data,
        "--authority",
        &site.authority,
        "--client-home",
        &site.home,
        "--server-name",
        server_name(site),
        "--service",
        "tolva",
        "--no-passphrase",
        "--yes",
    ];
    site.pgcert(&site.host.root(), &[&words[..], more].concat())
}

/// Everything that setup has to do with.
fn everything(site: &Site) -> e2e::Tree {
    let cluster = &site.cluster;
    let data = format!("{}/", cluster.data);
    let mut roots = vec![data.as_str(), &site.home, &site.authority];
    if cluster.configuration != cluster.data {
        roots.push(&cluster.configuration);
    }
    site.host.tree(&roots)
}

#[test]
fn from_a_bare_server_to_a_proven_login() {
    let site = Site::tolva();
    let wanted = ["--role", "slardiere", "--create-role", "--accept", "tls-on"];
    setup(&site, &wanted).ok().says("proven");

    for mode in ["require", "verify-ca", "verify-full"] {
        let said = site
            .psql(&format!("service=tolva sslmode={mode}"), SESSION)
            .ok();
        assert_eq!(said.answer(), "slardiere|TLSv1.3|/CN=slardiere", "{mode}");
    }
    let address = site
        .psql("service=tolva", "select host(inet_server_addr())")
        .ok();
    let elsewhere = format!("service=tolva host=elsewhere hostaddr={}", address.answer());
    site.psql(&elsewhere, "select 1")
        .fails()
        .says("does not match host name \"elsewhere\"");
    site.psql("service=tolva user=postgres", "select 1").fails();
    site.psql("service=tolva sslcert=/nowhere sslkey=/nowhere", "select 1")
        .fails()
        .says("certificate");
}

#[test]
fn again_changes_nothing() {
    let site = Site::tolva();
    let wanted = ["--role", "slardiere", "--create-role", "--accept", "tls-on"];
    setup(&site, &wanted).ok();
    let before = everything(&site);
    setup(&site, &wanted).ok();
    // SQLite keeps its two files only while the store is open.
    let authority = format!("{}: mtime ctime", site.authority);
    let differences = before.differences(&everything(&site));
    let differences: Vec<_> = differences
        .iter()
        .filter(|d| **d != authority && !d.contains("-wal:") && !d.contains("-shm:"))
        .collect();
    assert!(differences.is_empty(), "changed: {differences:#?}");
}

#[test]
fn a_dry_run_touches_nothing() {
    let site = Site::tolva();
    let before = everything(&site);
    setup(
        &site,
        &[
            "--role",
            "slardiere",
            "--create-role",
            "--accept",
            "tls-on",
            "--dry-run",
        ],
    )
    .ok();
    before.assert_same(&everything(&site));
}
