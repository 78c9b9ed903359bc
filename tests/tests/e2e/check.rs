//! `pgcert check` against everything that keeps a client of a real server out: the exit code, the
//! cause by its code, and psql, which fails as well.

use e2e::given::has_containers;
use e2e::{Foreign, Said, Site};
use serde_json::Value;

/// A site where `slardiere` logs in through service `tolva`.
fn site() -> Site {
    let site = Site::of_one_user();
    site.setup_tolva(&["--create-role"]).ok();
    site
}

/// Runs `check`, as the client.
fn check(site: &Site, conninfo: &str) -> Said {
    site.pgcert(&site.client, &["check", conninfo])
}

/// What `check --json` says; the shape that scripts rely on is there in every case.
fn document(site: &Site, conninfo: &str) -> (i32, Value) {
    let said = site.pgcert(&site.client, &["check", "--json", conninfo]);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    let message = format!("{conninfo}: {document:#}");
    assert_eq!(document["schema_version"], 1, "{message}");
    assert_eq!(document["ok"], said.code == 0, "{message}");
    assert!(document["evidence"].is_array(), "{message}");
    for stage in document["stages"].as_array().unwrap() {
        assert!(stage["name"].is_string(), "{message}");
        assert!(stage["ok"].is_boolean(), "{message}");
        assert!(stage["ms"].is_number(), "{message}");
        assert!(stage["detail"].is_string(), "{message}");
    }
    (said.code, document)
}

/// The check finds this cause, in words and in JSON, and says what to do; psql does not get in either.
#[track_caller]
fn fails(site: &Site, conninfo: &str, cause: &str) -> Value {
    let said = check(site, conninfo).exits(3).says(&format!("[{cause}]"));
    said.says("the connection does not work");
    let (code, document) = document(site, conninfo);
    assert_eq!(
        (code, document["cause"].as_str()),
        (3, Some(cause)),
        "{document:#}"
    );
    assert!(document["message"].is_string(), "{document:#}");
    assert!(document["fix"].is_string(), "{document:#}");
    site.login(conninfo).fails();
    document
}

/// The name of the last stage, and whether it went well.
fn last_stage(document: &Value) -> (&str, bool) {
    let last = document["stages"].as_array().unwrap().last().unwrap();
    (
        last["name"].as_str().unwrap(),
        last["ok"].as_bool().unwrap(),
    )
}

#[test]
fn what_works_is_reported_stage_by_stage() {
    let site = site();
    check(&site, "service=tolva")
        .ok()
        .says("TLSv1.3")
        .says("CN=slardiere");
    let (code, document) = document(&site, "service=tolva");
    assert_eq!(
        (code, &document["cause"]),
        (0, &Value::Null),
        "{document:#}"
    );
    let stages = document["stages"].as_array().unwrap().iter();
    let names: Vec<&str> = stages.map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "lookup",
            "connect",
            "tls-request",
            "tls-handshake",
            "host-name",
            "login",
            "ready"
        ]
    );
    // The same from the environment, and as a URI.
    let service = format!("PGSERVICEFILE={}/.pg_service.conf", site.home);
    let home = format!("HOME={}", site.home);
    let binary = match site.host.is_container() {
        true => "pgcert".to_owned(),
        false => e2e::given::given().pgcert.display().to_string(),
    };
    let words = ["env", &home, &service, "PGSERVICE=tolva", &binary, "check"];
    site.host
        .run(&site.client, &words)
        .ok()
        .says("CN=slardiere");
    check(&site, "postgresql:///?service=tolva").ok();
    // What is weak about a connection that works is no failure.
    check(&site, "service=tolva sslmode=require")
        .ok()
        .says("[host-not-verified]");
    // A server that cannot be found is no mistake in typing, an unknown word is one.
    check(&site, "no conninfo").exits(2);
    check(&site, "sslmod=require").exits(2).says("sslmod");
}

#[test]
fn root_checks_with_the_files_and_rights_of_the_user() {
    if !has_containers("check for another user") {
        return;
    }
    let site = Site::tolva();
    site.setup_tolva(&["--create-role"]).ok();
    let as_root = |conninfo: &str| {
        let words = ["check", "--client-user", "slardiere", conninfo];
        site.pgcert("root", &words)
    };
    as_root("service=tolva").ok().says("CN=slardiere");
    // Root could read it, the user could not.
    site.host
        .sh("root", "chown root ~slardiere/.postgresql/postgresql.key")
        .ok();
    as_root("service=tolva")
        .exits(3)
        .says("[client-key-unreadable]");
    check(&site, "service=tolva")
        .exits(3)
        .says("[client-key-unreadable]");
    site.login("service=tolva").fails();
    let files = "chown slardiere ~slardiere/.postgresql/postgresql.key; rm ~slardiere/.pg_service.conf; \
        ln -s /etc/shadow ~slardiere/.pg_service.conf";
    site.host.sh("root", files).ok();
    as_root("service=tolva").exits(3).says_not("root:");
    site.pgcert(
        "root",
        &["check", "--client-user", "nobody-here", "service=tolva"],
    )
    .exits(1)
    .says("nobody-here");
}

#[test]
fn what_the_client_lacks() {
    let site = site();
    fails(&site, "service=nowhere", "service-missing");
    let home = &site.home;
    let service = "service=tolva";
    let missing = format!("{home}/nothing");
    fails(
        &site,
        &format!("{service} sslkey={missing}"),
        "client-key-missing",
    );
    fails(
        &site,
        &format!("{service} sslrootcert={missing}"),
        "roots-missing",
    );
    fails(
        &site,
        &format!("{service} sslcert={missing}"),
        "client-certificate-missing",
    );

    let key = format!("{home}/.postgresql/postgresql.key");
    for mode in ["640", "604", "644"] {
        site.host
            .sh(&site.client, &format!("chmod {mode} {key}"))
            .ok();
        let found = fails(&site, service, "client-key-too-open");
        let fix = found["fix"].as_str().unwrap();
        assert_eq!(fix, format!("chmod 0600 {key}"));
    }
    site.host.sh(&site.client, &format!("chmod 600 {key}")).ok();
    check(&site, service).ok();

    // Another pair's key, one that is none, and one under a passphrase.
    let other = format!("{home}/other.key");
    let script = format!(
        "umask 077; openssl genpkey -algorithm rsa -out {other}; echo none > {home}/none.key; \
        openssl pkey -in {key} -aes256 -passout pass:private -out {home}/locked.key"
    );
    site.host.sh(&site.client, &script).ok();
    fails(
        &site,
        &format!("{service} sslkey={other}"),
        "client-key-mismatch",
    );
    fails(
        &site,
        &format!("{service} sslkey={home}/none.key"),
        "client-key-unreadable",
    );
    fails(
        &site,
        &format!("{service} sslkey={home}/locked.key"),
        "client-key-encrypted",
    );
    fails(
        &site,
        &format!("{service} sslkey={home}/locked.key sslpassword=wrong"),
        "client-key-unreadable",
    );
    check(
        &site,
        &format!("{service} sslkey={home}/locked.key sslpassword=private"),
    )
    .ok();
}

#[test]
fn what_the_server_presents() {
    let site = site();
    let service = "service=tolva";
    let found = fails(&site, "service=tolva host=other", "host-name-mismatch");
    assert_eq!(last_stage(&found), ("host-name", false));
    check(&site, "service=tolva host=other sslmode=verify-ca").ok();

    // Clients that trust another authority.
    let foreign = Foreign::new(&site, "foreign");
    let found = fails(
        &site,
        &format!("{service} sslrootcert={}", foreign.root()),
        "server-certificate-untrusted",
    );
    assert_eq!(last_stage(&found), ("tls-handshake", false));

    // Expired, not valid yet, for clients, self-signed: put in the place of the server's own.
    let data = &site.cluster.data;
    let own = site.host.read(&format!("{data}/server.crt")).unwrap();
    let serve = |certificate: &str| {
        let script = format!("cat > {data}/server.crt");
        let words = ["sh", "-ec", &script];
        site.host
            .run_with(&site.cluster.owner, &words, Some(certificate.as_bytes()))
            .ok();
        site.sql("select pg_reload_conf(); select pg_sleep(0.3)");
    };
    let key = format!("{data}/server.key");
    for (from, until, usage, cause) in [
        ("2020", "2021", "serverAuth", "server-certificate-expired"),
        (
            "2090",
            "2091",
            "serverAuth",
            "server-certificate-not-yet-valid",
        ),
        ("2020", "2091", "clientAuth", "server-certificate-purpose"),
    ] {
        let extensions = format!("extendedKeyUsage={usage}\\nsubjectAltName=DNS:tolva");
        serve(&signed_again(
            &site,
            &key,
            "tolva",
            &extensions,
            (from, until),
        ));
        fails(&site, service, cause);
    }
    serve(&own);
    check(&site, service).ok();
}

/// A certificate once more for the same key, signed by the authority's own key with openssl, valid
/// from one year to another.
fn signed_again(
    site: &Site,
    key: &str,
    name: &str,
    extensions: &str,
    years: (&str, &str),
) -> String {
    let (folder, authority) = (&site.scratch, &site.authority);
    let passphrase = site.secret("authority", "authority secret");
    let (from, until) = years;
    let script = format!(
        "cd {folder}; rm -rf again; mkdir again; cd again; umask 077; : > index; echo 01 > serial; \
         printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\npolicy=p\\n\
         x509_extensions=e\\n[p]\\ncommonName=optional\\n[e]\\n{extensions}\\n' > conf; \
         openssl req -new -key {key} -subj /CN={name} -out csr; \
         openssl ca -batch -config conf -in csr -out crt -notext -cert {authority}/ca.crt -keyfile {authority}/ca.key \
         -passin file:{passphrase} -startdate {from}0101000000Z -enddate {until}0101000000Z; cat crt"
    );
    site.host.sh(&site.runner, &script).ok().stdout
}

#[test]
fn what_the_server_thinks_of_the_client() {
    let site = site();
    let service = "service=tolva";
    // Nobody of that name; the rule stands for slardiere alone, so a rule for all says it.
    fails(&site, "service=tolva user=nobody", "password-needed");
    site.rule_first("hostssl all all samehost cert");
    site.sql("select pg_reload_conf(); select pg_sleep(0.3)");
    fails(&site, "service=tolva user=nobody", "certificate-name");
    site.sql("create role chef login");
    let found = fails(&site, "service=tolva user=chef", "certificate-name");
    assert_eq!(last_stage(&found), ("login", false));
    fails(&site, "service=tolva dbname=nowhere", "database-missing");
    site.sql("alter role slardiere nologin");
    fails(&site, service, "role-without-login");
    site.sql("alter role slardiere login");
    site.sql("create database closed");
    site.sql("revoke connect on database closed from public");
    fails(&site, "service=tolva dbname=closed", "no-connect-privilege");

    // A certificate that has expired, one for servers, and one of another authority.
    let key = format!("{}/.postgresql/postgresql.key", site.home);
    for (from, until, usage, cause) in [
        ("2020", "2021", "clientAuth", "client-certificate-expired"),
        (
            "2090",
            "2091",
            "clientAuth",
            "client-certificate-not-yet-valid",
        ),
        ("2020", "2091", "serverAuth", "client-certificate-purpose"),
    ] {
        let extensions = format!("extendedKeyUsage={usage}");
        let text = signed_again(&site, &key, "slardiere", &extensions, (from, until));
        let path = format!("{}/odd.crt", site.scratch);
        site.host.write(&path, &text, &site.client, "644");
        fails(&site, &format!("{service} sslcert={path}"), cause);
    }
    let foreign = Foreign::new(&site, "foreign");
    let (certificate, key) = foreign.client("slardiere");
    fails(
        &site,
        &format!("{service} sslcert={certificate} sslkey={key}"),
        "client-certificate-untrusted",
    );

    // A role that is gone, and a rule that rejects.
    site.sql("drop role slardiere");
    fails(&site, service, "role-missing");
    site.rule_first("host all slardiere samehost reject");
    site.sql("create role slardiere login; select pg_reload_conf(); select pg_sleep(0.3)");
    fails(&site, service, "hba-rejects");
}

#[test]
fn what_answers() {
    let site = site();
    let service = "service=tolva";
    fails(&site, "service=tolva port=1", "connection-refused");
    // A name that is too long to be asked for: no name server keeps the test waiting.
    let name = "x".repeat(64);
    let unknown = format!("service=tolva host={name} hostaddr=''");
    fails(&site, &unknown, "host-unknown");
    site.settings("\nssl = off\n");
    site.sql("select pg_reload_conf(); select pg_sleep(0.3)");
    let found = fails(&site, service, "tls-off");
    assert_eq!(last_stage(&found), ("tls-request", false));
    site.cluster.ctl(&site.host, "stop").ok();
    fails(&site, service, "connection-refused");
    site.cluster.start(&site.host);
}
