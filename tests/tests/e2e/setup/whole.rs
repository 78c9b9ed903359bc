//! `pgcert setup` from a bare server to a login, looked at from outside: real psql as the client's
//! own user, the owners and modes of what was written, what the server says of the session.

use e2e::given::has_containers;
use e2e::{Said, Site};

const SUBJECT: &str = "C=FR,ST=BZH,L=Nantes,O=Loxodata";
const SESSION: &str = "slardiere|t|TLSv1.3|/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=slardiere";

/// The first psql that looks for an address among a certificate's addresses.
const LOOKS_AT_ADDRESSES: u16 = 15;

/// A site where everything was said that can be said.
fn set_up(site: &Site, more: &[&str]) -> Said {
    site.sql("create role slardiere login");
    let words = [
        "--subject",
        SUBJECT,
        "--ca-name",
        "trustly",
        "--san",
        "dns:tolva.example",
        "--san",
        "ip:192.168.1.1",
        "--database",
        "all",
        "--from",
        "samehost",
        "--service",
        "tolva",
        "--days",
        "90",
    ];
    site.setup_tolva(&[&words, more].concat()).ok()
}

#[test]
fn the_service_logs_in_over_tls_with_the_certificate() {
    for site in [Site::tolva(), Site::of_one_user()] {
        let said = set_up(&site, &[]);
        said.says("TLSv1.3")
            .says("/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=slardiere")
            .says("without the certificate it is refused over TLS");
        assert_eq!(site.login("service=tolva").ok().answer(), SESSION);
        for mode in ["require", "verify-ca", "verify-full"] {
            let said = site.login(&format!("service=tolva sslmode={mode}"));
            assert_eq!(said.ok().answer(), SESSION, "{mode}");
        }
        site.login("service=tolva host=tolva.example").ok();
        let by_address = site.login("service=tolva host=192.168.1.1");
        if site.psql_version() >= LOOKS_AT_ADDRESSES {
            by_address.ok();
        } else {
            by_address.fails().says("does not match host name");
        }
        // The name counts in verify-full alone.
        site.login("service=tolva host=other sslmode=verify-ca")
            .ok();
        site.login("service=tolva host=other")
            .fails()
            .says("does not match host name \"other\"");
    }
}

#[test]
fn only_the_role_of_the_certificate_gets_in_and_only_with_it() {
    let site = Site::tolva();
    set_up(&site, &[]);
    site.sql("create role other login");
    // No password would help: the certificate is asked for.
    let without = "service=tolva sslcert=/nonexistent sslkey=/nonexistent";
    for mode in ["require", "verify-full"] {
        site.login(&format!("{without} sslmode={mode} password=x"))
            .fails()
            .says("connection requires a valid client certificate");
    }
    site.login("service=tolva user=other")
        .fails()
        .says("no password supplied");
    // With a rule of its own the other role needs a certificate of its own.
    site.setup("other", &["--yes"]).ok();
    site.login("service=tolva user=other")
        .fails()
        .says("certificate authentication failed for user \"other\"");
    site.login("service=tolva-other").ok().says("other|t|");
    assert_eq!(site.login("service=tolva").ok().answer(), SESSION);
}

#[test]
fn a_key_under_a_passphrase_needs_it() {
    for site in [Site::tolva(), Site::of_one_user()] {
        let passphrase = site.secret("client", "private\n");
        set_up(&site, &["--client-passphrase-file", &passphrase]);
        let key = site
            .host
            .read(&format!("{}/.postgresql/postgresql.key", site.home))
            .unwrap();
        assert!(
            key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
            "{key}"
        );
        assert_eq!(
            site.login("service=tolva sslpassword=private")
                .ok()
                .answer(),
            SESSION
        );
        site.login("service=tolva sslpassword=wrong")
            .fails()
            .says("could not load private key file");
        // The key is not asked for again, nor made again, where its certificate serves.
        site.setup_tolva(&["--client-passphrase-file", &passphrase])
            .ok()
            .says("nothing to do");
    }
}

#[test]
fn every_file_has_the_owner_and_mode_that_it_needs() {
    for site in [Site::tolva(), Site::of_one_user()] {
        set_up(&site, &[]);
        let (data, home) = (&site.cluster.data, &site.home);
        let server = site.numbers(&site.cluster.owner);
        let client = site.numbers(&site.client);
        let runner = site.numbers(&site.runner);
        let tree = site.everything();
        let wanted = [
            (format!("{data}/server.key"), &server, "600"),
            (format!("{data}/server.crt"), &server, "644"),
            (format!("{data}/root.crt"), &server, "644"),
            (format!("{home}/.postgresql"), &client, "700"),
            (format!("{home}/.postgresql/postgresql.key"), &client, "600"),
            (format!("{home}/.postgresql/postgresql.crt"), &client, "644"),
            (format!("{home}/.postgresql/root.crt"), &client, "644"),
            (format!("{home}/.pg_service.conf"), &client, "600"),
            (site.authority.clone(), &runner, "700"),
            (format!("{}/ca.key", site.authority), &runner, "600"),
            (format!("{}/ca.crt", site.authority), &runner, "600"),
            (format!("{}/store.db", site.authority), &runner, "600"),
        ];
        for (path, owner, mode) in wanted {
            assert_eq!(tree.owner_and_mode(&path), (owner.as_str(), mode), "{path}");
        }
        let authority_key = site.host.read(&format!("{}/ca.key", site.authority));
        assert!(authority_key.unwrap().contains("ENCRYPTED"));
        // Nothing staged or saved is left.
        let names = tree.paths().map(|p| p.rsplit('/').next().unwrap_or(p));
        let left: Vec<&str> = names.filter(|n| n.contains("pgcert-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn what_was_issued_is_what_was_asked_for() {
    let site = Site::tolva();
    set_up(&site, &[]);
    let shown = |path: &str| {
        site.pgcert(&site.host.root(), &["inspect", path])
            .ok()
            .stdout
    };
    let server = shown(&format!("{}/server.crt", site.cluster.data));
    for words in ["tolva.example", "192.168.1.1", "Loxodata", "trustly"] {
        assert!(server.contains(words), "{words}: {server}");
    }
    let listed = site.pgcert(&site.runner, &["list", "--json"]).ok().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let kinds: Vec<_> = listed["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["kind"].as_str().unwrap(), c["name"].as_str().unwrap()))
        .collect();
    assert!(kinds.contains(&("server", "tolva")), "{listed}");
    assert!(kinds.contains(&("client", "slardiere")), "{listed}");
}

#[test]
fn the_role_alone_is_enough() {
    if !has_containers("setup with nothing but a role") {
        return;
    }
    for site in [Site::tolva(), Site::of_one_user()] {
        let passphrase = site.secret("authority", "authority secret");
        let mut words = vec!["setup", "--role", "slardiere", "--create-role", "--yes"];
        words.extend(["--passphrase-file", &passphrase]);
        if site.runner == "root" {
            // Nobody is there to be asked whose the client is.
            site.pgcert("root", &words)
                .exits(2)
                .says("--client-user NAME");
            words.extend(["--client-user", "slardiere"]);
        }
        site.pgcert(&site.runner, &words).ok();
        let session = "slardiere|t|TLSv1.3|/CN=slardiere";
        let mut names = vec!["tolva", "localhost"];
        if site.psql_version() >= LOOKS_AT_ADDRESSES {
            names.extend(["127.0.0.1", "::1"]);
        }
        for name in names {
            let said = site.login(&format!("service=tolva host={name}"));
            assert_eq!(said.ok().answer(), session, "{name}");
        }
        let rules = site.configuration("pg_hba.conf");
        let rule: Vec<Vec<&str>> = rules
            .lines()
            .filter(|l| l.starts_with("hostssl"))
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(rule, [["hostssl", "all", "slardiere", "samehost", "cert"]]);
    }
}

#[test]
fn a_role_that_is_not_there_is_named_first_and_created_on_demand() {
    for site in [Site::tolva(), Site::of_one_user()] {
        let before = site.everything();
        site.setup_tolva(&[])
            .exits(1)
            .says("role \"slardiere\" does not exist")
            .says("--create-role");
        before.assert_same(&site.everything());
        site.setup_tolva(&["--create-role"]).ok();
        let role = site.sql(
            "select rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolpassword is null \
             from pg_authid where rolname = 'slardiere'",
        );
        assert_eq!(role, "t|f|f|f|f|f|t");
        site.login("service=tolva").ok();
    }
}
