//! The procedure that pgcert replaces, typed as administrators are told to type it. Two of its
//! steps fail; they are shown failing, then done right, and the login works.
//!
//! Only the passphrases are given as options where a person would be asked, and the client's
//! network is the test's own.

use e2e::Site;
use e2e::given::has_containers;
use e2e::setup::SESSION;

const AUTHORITY: &str = "
    openssl genrsa -des3 -passout pass:secret -out /etc/ssl/private/trustly-ca.key
    chown root /etc/ssl/private/trustly-ca.key
    chmod 400 /etc/ssl/private/trustly-ca.key
    mkdir -p /usr/local/share/ca-certificates
    openssl req -new -x509 -days 3650 -subj '/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=trustly' \
        -key /etc/ssl/private/trustly-ca.key -passin pass:secret \
        -out /usr/local/share/ca-certificates/trustly-ca.crt
";

const SERVER_REQUEST: &str = "
    cd ~
    mkdir ssl
    cd ssl
    openssl genrsa -des3 -passout pass:secret -out server.key
    openssl rsa -in server.key -passin pass:secret -out server.key
    openssl req -new -nodes -key server.key -out server.csr -subj '/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=tolva'
    openssl req -noout -text -in server.csr
";

/// Step 5 as it is told.
const SERVER_CERTIFICATE_AS_TOLD: &str = "
    cd ~postgres/ssl
    openssl req -x509 -key /etc/ssl/private/trustly-ca.key -passin pass:secret -days 360 -in server.csr -out server.crt
    chown postgres server.crt
";

/// Step 5 as it is meant.
const SERVER_CERTIFICATE: &str = "
    cd ~postgres/ssl
    openssl x509 -req -in server.csr -CA /usr/local/share/ca-certificates/trustly-ca.crt \
        -CAkey /etc/ssl/private/trustly-ca.key -passin pass:secret -days 360 -out server.crt -CAcreateserial
    chown postgres server.crt
";

const SERVER_ROOTS: &str = "
    cd ~postgres/ssl
    cat /usr/local/share/ca-certificates/trustly-ca.crt >> root.crt
    chown postgres root.crt
    cat server.crt >> root.crt
";

const CLIENT_REQUEST: &str = "
    mkdir -p ~/.postgresql
    cd ~/.postgresql
    openssl genrsa -des3 -passout pass:private -out postgresql.key
    chmod 600 postgresql.key
    openssl req -new -key postgresql.key -passin pass:private -out postgresql.csr \
        -subj '/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=slardiere'
";

const CLIENT_CERTIFICATE: &str = "
    cd ~slardiere/.postgresql
    openssl x509 -req -in postgresql.csr -CA /usr/local/share/ca-certificates/trustly-ca.crt \
        -CAkey /etc/ssl/private/trustly-ca.key -passin pass:secret -days 360 -out postgresql.crt -CAcreateserial
    cat /usr/local/share/ca-certificates/trustly-ca.crt >> root.crt
    chown slardiere postgresql.crt root.crt
";

/// Typed on the server, up to the client's files, with one of the two fifth steps.
fn typed(step_five: &str) -> Site {
    let site = Site::in_container(&[]);
    let host = &site.host;
    host.sh("root", AUTHORITY).ok();
    host.sh("postgres", SERVER_REQUEST)
        .ok()
        .says("tolva")
        .says_not("Alternative Name");
    host.sh("root", step_five).ok();
    host.sh("root", SERVER_ROOTS).ok();
    let settings = "\n\
        ssl = true\n\
        ssl_cert_file = '/var/lib/postgresql/ssl/server.crt'\n\
        ssl_key_file = '/var/lib/postgresql/ssl/server.key'\n\
        ssl_ca_file = '/var/lib/postgresql/ssl/root.crt'\n\
        listen_addresses = '*'\n";
    site.settings(settings);
    site.cluster.ask(host, "create role slardiere login");
    site.cluster
        .ask(host, "create database slardiere owner slardiere");
    host.sh("slardiere", CLIENT_REQUEST).ok();
    host.sh("root", CLIENT_CERTIFICATE).ok();
    site
}

fn login(site: &Site, host: &str, mode: &str) -> e2e::Said {
    site.psql(
        &format!("host={host} sslmode={mode} sslpassword=private"),
        SESSION,
    )
}

#[test]
fn step_five_as_told_makes_a_certificate_that_nobody_trusts() {
    if !has_containers("the fifth step by hand") {
        return;
    }
    let site = typed(SERVER_CERTIFICATE_AS_TOLD);
    let verify = "openssl verify -CAfile /usr/local/share/ca-certificates/trustly-ca.crt ~postgres/ssl/server.crt";
    site.host.sh("root", verify).fails().says("error");
    site.rule_first(&format!(
        "hostssl all slardiere {} cert",
        site.host.network()
    ));
    site.cluster.ctl(&site.host, "restart").ok();
    login(&site, "tolva", "verify-full")
        .fails()
        .says("certificate verify failed");
    // Not even with the server's certificate in the client's list of authorities; OpenSSL before 3
    // took whatever names itself as its issuer for an authority there, whoever signed it.
    site.host
        .sh(
            "root",
            "cat ~postgres/ssl/server.crt >> ~slardiere/.postgresql/root.crt",
        )
        .ok();
    let listed = login(&site, "tolva", "verify-full");
    if site
        .host
        .sh("root", "openssl version")
        .ok()
        .answer()
        .starts_with("OpenSSL 1.")
    {
        listed.ok();
    } else {
        listed.fails().says("certificate verify failed");
    }
}

#[test]
fn step_eight_as_told_keeps_the_server_from_starting() {
    if !has_containers("the eighth step by hand") {
        return;
    }
    let site = typed(SERVER_CERTIFICATE);
    site.rule_first("hostssl all slardiere 192.168.1.0/32 cert clientcert=1");
    let restart = site.cluster.ctl(&site.host, "restart");
    if site.cluster.version >= 14 {
        restart.fails();
        let log = site.cluster.log(&site.host);
        assert!(log.contains("invalid value for clientcert: \"1\""), "{log}");
        assert!(log.contains("could not load"), "{log}");
    } else {
        // Up to 13 the option is taken, and the rule lets one address in that no client has.
        restart.ok();
        login(&site, "tolva", "verify-full")
            .fails()
            .says("no pg_hba.conf entry");
    }
}

#[test]
fn all_twelve_steps_as_meant() {
    if !has_containers("the procedure by hand") {
        return;
    }
    let site = typed(SERVER_CERTIFICATE);
    site.rule_first(&format!(
        "hostssl all slardiere {} cert",
        site.host.network()
    ));
    site.cluster.ctl(&site.host, "restart").ok();

    let session = "slardiere|t|TLSv1.3|/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=slardiere";
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_eq!(login(&site, "tolva", mode).ok().answer(), session, "{mode}");
    }
    // The name counts in verify-full alone.
    site.host
        .sh("root", "echo \"$(hostname -i) other\" >> /etc/hosts")
        .ok();
    login(&site, "other", "verify-ca").ok();
    login(&site, "other", "verify-full")
        .fails()
        .says("does not match host name \"other\"");

    let home = &site.home;
    let service = format!(
        "[tolva]\nhost=tolva\nuser=slardiere\nsslmode=verify-full\nsslcert={home}/.postgresql/postgresql.crt\n\
         sslkey={home}/.postgresql/postgresql.key\nsslrootcert={home}/.postgresql/root.crt\n"
    );
    site.host.write(
        &format!("{home}/.pg_service.conf"),
        &service,
        "slardiere:slardiere",
        "644",
    );
    assert_eq!(
        site.psql("service=tolva sslpassword=private", SESSION)
            .ok()
            .answer(),
        session
    );
    // Typed twice, `>>` gives everything twice.
    site.host.sh("root", SERVER_ROOTS).ok();
    let roots = site.host.read("/var/lib/postgresql/ssl/root.crt").unwrap();
    assert_eq!(roots.matches("BEGIN CERTIFICATE").count(), 4);
}
