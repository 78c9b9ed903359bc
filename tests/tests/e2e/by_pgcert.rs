//! The procedure that `by_hand` shows, step by step with pgcert instead: the same three accounts, the
//! same names, the same order. The numbers are those of its twelve steps.

use e2e::given::has_containers;
use e2e::{Said, Site};

const SUBJECT: &str = "C=FR,ST=BZH,L=Nantes,O=Loxodata";
const AUTHORITY: &str = "/var/lib/pgcert/authority";

/// Runs pgcert with `words`, split at blanks.
fn pgcert(site: &Site, user: &str, words: &str) -> Said {
    let words: Vec<&str> = words.split_whitespace().collect();
    site.pgcert(user, &words)
}

/// Owner and mode of a file.
fn owner_and_mode(site: &Site, path: &str) -> String {
    let said = site.host.run("root", &["stat", "-c", "%U %a", path]);
    said.ok().answer().to_owned()
}

/// What openssl says of a certificate's subject and issuer, in their order.
fn names(site: &Site, path: &str) -> String {
    let words = [
        "openssl", "x509", "-in", path, "-noout", "-subject", "-issuer", "-nameopt", "compat",
    ];
    site.host.run("root", &words).ok().answer().to_owned()
}

#[test]
fn each_of_the_twelve_steps() {
    if !has_containers("the procedure by pgcert") {
        return;
    }
    let site = Site::in_container(&[]);
    let host = &site.host;
    let network = host.network();
    host.write("/root/secret", "secret\n", "root", "400");

    // 1 and 2, root: the authority's key under its passphrase, and its certificate.
    let init = "ca init --ca-name trustly --days 3650 --passphrase-file /root/secret --subject";
    pgcert(&site, "root", &format!("{init} {SUBJECT}")).ok();
    let key = host.read(&format!("{AUTHORITY}/ca.key")).unwrap();
    assert!(
        key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
        "{key}"
    );
    assert_eq!(
        owner_and_mode(&site, &format!("{AUTHORITY}/ca.key")),
        "root 600"
    );
    let algorithm = host.sh("root", &format!("openssl asn1parse -in {AUTHORITY}/ca.key"));
    algorithm
        .ok()
        .says("aes-256-cbc")
        .says("hmacWithSHA256")
        .says_not("des");
    let trustly = "/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=trustly";
    assert_eq!(
        names(&site, &format!("{AUTHORITY}/ca.crt")),
        format!("subject={trustly}\nissuer={trustly}")
    );
    // The system does not come to trust it.
    host.sh(
        "root",
        "ls -A /usr/local/share/ca-certificates 2>/dev/null; true",
    )
    .says_not("trustly");

    // 3 and 4, postgres: the server's key without a passphrase, its request, a look at it.
    host.sh("postgres", "mkdir ~/ssl").ok();
    let request = "request server tolva --out /var/lib/postgresql/ssl --subject";
    pgcert(&site, "postgres", &format!("{request} {SUBJECT}")).ok();
    let ssl = |file: &str| format!("/var/lib/postgresql/ssl/{file}");
    assert_eq!(owner_and_mode(&site, &ssl("tolva.key")), "postgres 600");
    pgcert(&site, "postgres", &format!("inspect {}", ssl("tolva.csr")))
        .ok()
        .says("CN=tolva")
        .says("dns:tolva");

    // 5, root: the server's certificate, signed by the authority, and a look at it.
    let sign = "sign --yes --days 360 --passphrase-file /root/secret";
    pgcert(&site, "root", &format!("{sign} {}", ssl("tolva.csr"))).ok();
    pgcert(&site, "postgres", &format!("inspect {}", ssl("tolva.crt")))
        .ok()
        .says("CN=trustly");
    assert_eq!(
        names(&site, &ssl("tolva.crt")),
        format!("subject=/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=tolva\nissuer={trustly}")
    );
    let verify = format!(
        "openssl verify -x509_strict -purpose sslserver -CAfile {AUTHORITY}/ca.crt {}",
        ssl("tolva.crt")
    );
    host.sh("root", &verify).ok();

    // 6, 7 and 8, postgres: what the server trusts, its settings, the rule. No restart.
    host.sh(
        "root",
        &format!("pgcert ca export > {}", ssl("trustly.crt")),
    )
    .ok();
    let started = site.sql("select pg_postmaster_start_time()");
    site.settings("listen_addresses = '*'\n");
    site.restart();
    let restarted = site.sql("select pg_postmaster_start_time()");
    assert_ne!(started, restarted);
    let install = format!(
        "install server --key {} --cert {} --root {} --role slardiere --create-role --from {network} --yes",
        ssl("tolva.key"),
        ssl("tolva.crt"),
        ssl("trustly.crt")
    );
    pgcert(&site, "postgres", &install).ok();
    assert_eq!(site.sql("select pg_postmaster_start_time()"), restarted);
    let roots = format!("{}/root.crt", site.cluster.data);
    let one_authority = || {
        let text = host.read(&roots).unwrap();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 1, "{text}");
        assert_eq!(
            names(&site, &roots),
            format!("subject={trustly}\nissuer={trustly}")
        );
    };
    one_authority();
    for (setting, value) in [
        ("ssl", "on"),
        (
            "ssl_cert_file",
            &format!("{}/server.crt", site.cluster.data),
        ),
        ("ssl_key_file", &format!("{}/server.key", site.cluster.data)),
        ("ssl_ca_file", &roots),
    ] {
        assert_eq!(site.sql(&format!("show {setting}")), value);
    }
    let rules = site.configuration("pg_hba.conf");
    let rule: Vec<&str> = rules
        .lines()
        .find(|l| l.contains("slardiere"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(rule, ["hostssl", "all", "slardiere", &network, "cert"]);
    let broken = "select count(*) from pg_hba_file_rules where error is not null";
    assert_eq!(site.sql(broken), "0");
    // Done twice, nothing is there twice.
    pgcert(&site, "postgres", &install)
        .ok()
        .says("nothing to do");
    one_authority();

    // 9, the user: a key under a passphrase, the request; root: its certificate.
    let home = |file: &str| format!("{}/{file}", site.home);
    host.write(&home("private"), "private\n", "slardiere", "400");
    let request = format!(
        "request client slardiere --key-passphrase-file {} --out {} --subject",
        home("private"),
        site.home
    );
    pgcert(&site, "slardiere", &format!("{request} {SUBJECT}")).ok();
    assert_eq!(
        owner_and_mode(&site, &home("slardiere.key")),
        "slardiere 600"
    );
    pgcert(&site, "root", &format!("{sign} {}", home("slardiere.csr"))).ok();
    assert_eq!(
        names(&site, &home("slardiere.crt")),
        format!("subject=/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=slardiere\nissuer={trustly}")
    );

    // 10 and 12, the user: what the client trusts, its files, the service; the login is tried.
    let install = format!(
        "install client --key {} --cert {} --root {} --host tolva --service tolva --client-passphrase-file {} --yes",
        home("slardiere.key"),
        home("slardiere.crt"),
        ssl("trustly.crt"),
        home("private")
    );
    pgcert(&site, "slardiere", &install)
        .ok()
        .says("psql service=tolva logs in as role slardiere");
    let text = host.read(&home(".postgresql/root.crt")).unwrap();
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 1, "{text}");
    assert_eq!(
        owner_and_mode(&site, &home(".postgresql/postgresql.key")),
        "slardiere 600"
    );

    // 11, the user: psql, the passphrase asked for; here it is given.
    let session = "slardiere|t|TLSv1.3|/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=slardiere";
    for mode in ["require", "verify-ca", "verify-full"] {
        let said = site.login(&format!(
            "host=tolva dbname=postgres sslmode={mode} sslpassword=private"
        ));
        assert_eq!(said.ok().answer(), session, "{mode}");
    }
    let check = ["check", "service=tolva sslpassword=private"];
    site.pgcert("slardiere", &check)
        .ok()
        .says("certificate is for tolva");

    // 12, the user: the service, and another one beside it with other files.
    assert_eq!(
        site.login("service=tolva sslpassword=private")
            .ok()
            .answer(),
        session
    );
    pgcert(
        &site,
        "slardiere",
        &format!("request client chef --out {}", site.home),
    )
    .ok();
    pgcert(&site, "root", &format!("{sign} {}", home("chef.csr"))).ok();
    site.sql("create role chef login");
    site.rule_first(&format!("hostssl postgres chef {network} cert"));
    site.cluster.ctl(host, "reload").ok();
    let install = install
        .replace("slardiere.", "chef.")
        .replace("--service tolva", "--service kitchen");
    pgcert(&site, "slardiere", &install).ok();
    let said = site.login("service=kitchen").ok();
    assert_eq!(said.answer(), "chef|t|TLSv1.3|/CN=chef");
    assert_eq!(
        site.login("service=tolva sslpassword=private")
            .ok()
            .answer(),
        session
    );
    let services = host.read(&home(".pg_service.conf")).unwrap();
    let sections: Vec<&str> = services.lines().filter(|l| l.starts_with('[')).collect();
    assert_eq!(sections, ["[tolva]", "[kitchen]"]);
}
