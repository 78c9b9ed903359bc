//! Three machines: the authority's, the server's, the client's. Each makes its own key and keeps
//! it; requests go one way, certificates the other.

use e2e::given::has_containers;
use e2e::{Host, Hosts, Said, Tree, carry};

const SUBJECT: &str = "C=FR,ST=BZH,L=Nantes,O=Loxodata";
const SESSION: &str =
    "select current_user, ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()";
const OWN_SESSION: &str = "slardiere|t|TLSv1.3|/C=FR/ST=BZH/L=Nantes/O=Loxodata/CN=slardiere";

/// Where a machine's user keeps what was made and what came back.
const AT_SERVER: &str = "/var/lib/postgresql";
const AT_LAPTOP: &str = "/home/slardiere";

/// The authority on its machine, made by its keeper.
fn authority(hosts: &Hosts) {
    let host = &hosts.authority;
    host.write("/home/alma/passphrase", "secret\n", "alma:alma", "600");
    let words = "ca init --ca-name trustly --passphrase-file /home/alma/passphrase --subject";
    pgcert(host, "alma", words, &[SUBJECT]).ok();
    host.sh("alma", "pgcert ca export > ~/trustly.crt").ok();
}

/// Runs the binary with `words`, split at blanks, and `more`.
fn pgcert(host: &Host, user: &str, words: &str, more: &[&str]) -> Said {
    let words: Vec<&str> = words
        .split_whitespace()
        .chain(more.iter().copied())
        .collect();
    host.pgcert(user, &words)
}

/// Has the request `folder/name.csr` signed, and the certificate and the authority's own brought
/// back beside it, for `owner`.
fn have_signed(hosts: &Hosts, host: &Host, owner: &str, folder: &str, name: &str) {
    let keeper = &hosts.authority;
    let there = |file: &str| format!("/home/alma/{file}");
    let here = |file: &str| format!("{folder}/{file}");
    let (request, certificate) = (format!("{name}.csr"), format!("{name}.crt"));
    carry((host, &here(&request)), (keeper, &there(&request)), "alma");
    let words = "sign --yes --passphrase-file /home/alma/passphrase";
    pgcert(keeper, "alma", words, &[&there(&request)])
        .ok()
        .says(&format!("CN={name}"));
    for file in [certificate.as_str(), "trustly.crt"] {
        carry((keeper, &there(file)), (host, &here(file)), owner);
    }
    // Done, so that another one of that name can come.
    let (request, certificate) = (there(&request), there(&certificate));
    keeper.run("alma", &["rm", &request, &certificate]).ok();
}

/// The server's certificate made, signed and installed; `slardiere` is let in from the network.
fn server(hosts: &Hosts) -> Said {
    let host = &hosts.site.host;
    let request = format!("request server tolva --out {AT_SERVER} --subject");
    pgcert(host, "postgres", &request, &[SUBJECT]).ok();
    have_signed(hosts, host, "postgres", AT_SERVER, "tolva");
    pgcert(
        host,
        "root",
        &install_server("tolva", "trustly"),
        &["--from", &host.network()],
    )
}

fn install_server(name: &str, authority: &str) -> String {
    format!(
        "install server --key {AT_SERVER}/{name}.key --cert {AT_SERVER}/{name}.crt \
         --root {AT_SERVER}/{authority}.crt --role slardiere --create-role --listen * --restart --yes"
    )
}

/// The client's certificate made and signed.
fn client(hosts: &Hosts, options: &str) {
    let host = &hosts.laptop;
    let request = format!("request client slardiere --out {AT_LAPTOP} {options} --subject");
    pgcert(host, "slardiere", &request, &[SUBJECT]).ok();
    have_signed(hosts, host, "slardiere", AT_LAPTOP, "slardiere");
}

fn install_client(hosts: &Hosts, more: &[&str]) -> Said {
    let words = format!(
        "install client --key {AT_LAPTOP}/slardiere.key --cert {AT_LAPTOP}/slardiere.crt \
         --root {AT_LAPTOP}/trustly.crt --yes"
    );
    pgcert(&hosts.laptop, "slardiere", &words, more)
}

/// The files of a machine that hold this key, whatever stands around it.
fn holders(host: &Host, key: &str) -> Vec<String> {
    let line = key.lines().nth(1).unwrap();
    assert!(line.len() == 64, "{line}");
    let script =
        "grep -rlF -- \"$1\" /etc /home /opt /root /run /srv /tmp /usr/local /var || test $? = 1";
    let said = host.run("root", &["sh", "-c", script, "sh", line]).ok();
    let mut files: Vec<String> = said.stdout.lines().map(str::to_owned).collect();
    files.sort();
    files
}

#[test]
fn from_a_request_to_a_session_without_a_key_leaving_its_machine() {
    if !has_containers("three hosts") {
        return;
    }
    let hosts = Hosts::new();
    authority(&hosts);
    server(&hosts)
        .ok()
        .says("the server serves the expected certificate");
    client(&hosts, "");
    install_client(&hosts, &["--host", "tolva"])
        .ok()
        .says("psql service=tolva logs in as role slardiere")
        .says("without the certificate it is refused over TLS");
    let session = hosts.psql("service=tolva", SESSION).ok();
    assert_eq!(session.answer(), OWN_SESSION);

    // Each key is where it was made and where it was installed, and on no other machine.
    let server_key = hosts
        .site
        .host
        .read(&format!("{AT_SERVER}/tolva.key"))
        .unwrap();
    let client_key = hosts
        .laptop
        .read(&format!("{AT_LAPTOP}/slardiere.key"))
        .unwrap();
    let authority_key = "/home/alma/.local/share/pgcert/authority/ca.key".to_owned();
    let ca_key = hosts.authority.read(&authority_key).unwrap();
    let installed = |folder: &str, file: &str| format!("{folder}/{file}");
    let server_files = [
        installed(&hosts.site.cluster.data, "server.key"),
        installed(AT_SERVER, "tolva.key"),
    ];
    let client_files = [
        installed(AT_LAPTOP, ".postgresql/postgresql.key"),
        installed(AT_LAPTOP, "slardiere.key"),
    ];
    let none: [String; 0] = [];
    for (key, at) in [
        (&ca_key, [&[authority_key][..], &none, &none]),
        (&server_key, [&none, &server_files[..], &none]),
        (&client_key, [&none, &none, &client_files[..]]),
    ] {
        for (host, expected) in hosts.all().into_iter().zip(at) {
            let mut expected = expected.to_vec();
            expected.sort();
            assert_eq!(holders(host, key), expected);
        }
    }

    // Every key is for its owner alone.
    let modes = |host: &Host, paths: &[String], owner: &str| {
        for path in paths {
            let said = host.run("root", &["stat", "-c", "%U %a", path]).ok();
            assert_eq!(said.answer(), format!("{owner} 600"), "{path}");
        }
    };
    modes(&hosts.site.host, &server_files, "postgres");
    modes(&hosts.laptop, &client_files, "slardiere");

    // Once more changes nothing.
    install_client(&hosts, &["--host", "tolva"])
        .ok()
        .says("nothing to do");
    pgcert(
        &hosts.site.host,
        "postgres",
        &install_server("tolva", "trustly"),
        &["--from", &hosts.site.host.network()],
    )
    .ok()
    .says("nothing to do");
}

#[test]
fn psql_on_the_client_in_every_sslmode_by_the_right_name_and_as_the_right_role_only() {
    if !has_containers("three hosts, every sslmode") {
        return;
    }
    let hosts = Hosts::new();
    authority(&hosts);
    server(&hosts).ok();
    client(&hosts, "");
    install_client(&hosts, &["--host", "tolva"]).ok();
    let login = |host: &str, user: &str, mode: &str| {
        hosts.psql(
            &format!("host={host} user={user} dbname=postgres sslmode={mode}"),
            SESSION,
        )
    };

    login("tolva", "slardiere", "disable")
        .fails()
        .says("no pg_hba.conf entry");
    for mode in ["allow", "prefer", "require", "verify-ca", "verify-full"] {
        assert_eq!(
            login("tolva", "slardiere", mode).ok().answer(),
            OWN_SESSION,
            "{mode}"
        );
    }

    // The same server by a name that is not in its certificate.
    let address = hosts
        .site
        .host
        .sh("root", "hostname -i")
        .ok()
        .answer()
        .to_owned();
    let script = format!("echo '{address} other' >> /etc/hosts");
    hosts.laptop.sh("root", &script).ok();
    for mode in ["require", "verify-ca"] {
        assert_eq!(
            login("other", "slardiere", mode).ok().answer(),
            OWN_SESSION,
            "{mode}"
        );
    }
    let refusal = "server certificate for \"tolva\" does not match host name \"other\"";
    login("other", "slardiere", "verify-full")
        .fails()
        .says(refusal);
    let target = ["host=other user=slardiere dbname=postgres sslmode=verify-full"];
    pgcert(&hosts.laptop, "slardiere", "check", &target)
        .exits(3)
        .says("[host-name-mismatch]")
        .says("not for \"other\"");

    // Another role, by the same certificate: no rule lets it in; with one, its name is not in it.
    hosts
        .site
        .cluster
        .ask(&hosts.site.host, "create role chef login superuser");
    login("tolva", "chef", "verify-full")
        .fails()
        .says("no pg_hba.conf entry");
    let rule = format!("hostssl all chef {} cert", hosts.site.host.network());
    let hba = format!("{}/pg_hba.conf", hosts.site.cluster.configuration);
    let script = "printf '%s\\n' \"$1\" >> \"$2\"";
    hosts
        .site
        .host
        .run("postgres", &["sh", "-ec", script, "sh", &rule, &hba])
        .ok();
    hosts.site.cluster.ctl(&hosts.site.host, "reload").ok();
    login("tolva", "chef", "verify-full")
        .fails()
        .says("certificate authentication failed for user \"chef\"");
    let target = ["host=tolva user=chef dbname=postgres sslmode=verify-full"];
    pgcert(&hosts.laptop, "slardiere", "check", &target)
        .exits(3)
        .says("[certificate-name]");

    // The right role without a certificate, from a machine in the same network.
    carry(
        (&hosts.authority, "/home/alma/trustly.crt"),
        (&hosts.authority, "/home/alma/root.crt"),
        "alma",
    );
    let conninfo = "host=tolva user=slardiere dbname=postgres sslmode=verify-full sslrootcert=/home/alma/root.crt";
    hosts
        .authority
        .run(
            "alma",
            &["psql", "-XAtq", "-w", "-d", conninfo, "-c", "select 1"],
        )
        .fails()
        .says("connection requires a valid client certificate");
}

#[test]
fn a_client_key_under_a_passphrase() {
    if !has_containers("three hosts, a passphrase") {
        return;
    }
    let hosts = Hosts::new();
    authority(&hosts);
    server(&hosts).ok();
    let file = format!("{AT_LAPTOP}/passphrase");
    hosts.laptop.write(
        &file,
        "private\nsecond line\n",
        "slardiere:slardiere",
        "600",
    );
    client(&hosts, &format!("--key-passphrase-file {file}"));
    let key = hosts
        .laptop
        .read(&format!("{AT_LAPTOP}/slardiere.key"))
        .unwrap();
    assert!(
        key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
        "{key}"
    );

    install_client(&hosts, &["--host", "tolva"])
        .exits(2)
        .says("--client-passphrase-file");
    let with = ["--host", "tolva", "--client-passphrase-file", &file];
    install_client(&hosts, &with)
        .ok()
        .says("psql service=tolva logs in as role slardiere");
    let installed = format!("{AT_LAPTOP}/.postgresql/postgresql.key");
    assert_eq!(hosts.laptop.read(&installed).unwrap(), key);

    let session = hosts
        .psql("service=tolva sslpassword=private", SESSION)
        .ok();
    assert_eq!(session.answer(), OWN_SESSION);
    hosts.psql("service=tolva", SESSION).fails();
    hosts
        .psql("service=tolva sslpassword=wrong", SESSION)
        .fails();
    pgcert(
        &hosts.laptop,
        "slardiere",
        "check",
        &["service=tolva sslpassword=private"],
    )
    .ok();
    pgcert(&hosts.laptop, "slardiere", "check", &["service=tolva"])
        .exits(3)
        .says("[client-key-encrypted]");
    let target = ["service=tolva sslpassword=wrong"];
    pgcert(&hosts.laptop, "slardiere", "check", &target)
        .exits(3)
        .says("[client-key-unreadable]");
    install_client(&hosts, &with).ok().says("nothing to do");
}

#[test]
fn what_does_not_belong_together_is_not_installed() {
    if !has_containers("three hosts, wrong files") {
        return;
    }
    let hosts = Hosts::new();
    authority(&hosts);
    let host = &hosts.site.host;
    let before = server_files(&hosts);
    let from = host.network();
    for name in ["tolva", "other"] {
        let request = format!("request server {name} --out {AT_SERVER}");
        pgcert(host, "postgres", &request, &[]).ok();
        have_signed(&hosts, host, "postgres", AT_SERVER, name);
    }
    let request = format!("request client slardiere --out {AT_SERVER}");
    pgcert(host, "postgres", &request, &[]).ok();
    have_signed(&hosts, host, "postgres", AT_SERVER, "slardiere");
    let foreign = "pgcert ca init --authority ~/foreign --no-passphrase; pgcert ca export --authority ~/foreign > ~/foreign.crt";
    host.sh("postgres", foreign).ok();
    let passphrase = format!("{AT_SERVER}/passphrase");
    host.write(&passphrase, "private\n", "postgres:postgres", "600");
    let script = "openssl pkey -in tolva.key -aes256 -passout file:passphrase -out locked.key; cp tolva.crt locked.crt";
    host.sh("postgres", &format!("cd {AT_SERVER}; umask 077; {script}"))
        .ok();
    let install = |words: &str| pgcert(host, "root", words, &["--from", &from]);

    let good = install_server("tolva", "trustly");
    let with = |old: &str, new: &str| good.replace(old, new);
    for (words, message) in [
        (
            with("tolva.key", "other.key"),
            "the key is not the certificate's",
        ),
        (
            install_server("slardiere", "trustly"),
            "unsuitable certificate purpose",
        ),
        (
            install_server("tolva", "foreign"),
            "unable to get local issuer certificate",
        ),
        (with("tolva.crt", "tolva.csr"), "holds no certificate"),
        (with("tolva.key", "tolva.csr"), "no private key found"),
        (
            with("tolva.crt", "nothing.crt"),
            "No such file or directory",
        ),
        (install_server("locked", "trustly"), "is under a passphrase"),
    ] {
        install(&words).exits(1).says(message);
        before.assert_same(&server_files(&hosts));
    }
    let roles = "select count(*) from pg_roles where rolname = 'slardiere'";
    assert_eq!(hosts.site.sql(roles), "0");
    install(&good).ok();

    // At the client what is wrong shows by the login, and all is taken back.
    client(&hosts, "");
    let home = || hosts.laptop.tree(&[AT_LAPTOP]);
    let before = home();
    for (options, message) in [
        (&["--host", "trustly"][..], "no server listens on"),
        (&["--host", "tolva", "--port", "5433"], "5433"),
        (&["--host", "tolva", "--role", "chef"], "chef"),
    ] {
        install_client(&hosts, options).exits(1).says(message);
        // Only pgcert's own state is new.
        let changed = before.changed_paths(&home(), &[&format!("{AT_LAPTOP}/.local")]);
        assert_eq!(changed, [AT_LAPTOP]);
    }
    install_client(&hosts, &["--host", "tolva"]).ok();
}

/// The files that `install server` could change.
fn server_files(hosts: &Hosts) -> Tree {
    let data = format!("{}/", hosts.site.cluster.data);
    hosts
        .site
        .host
        .tree(&[&data, &hosts.site.cluster.configuration])
}
