//! What `pgcert setup` refuses before it touches anything: the message says what is in the way and
//! what to do, and not a byte, owner or time is different afterwards. Each as root and as the
//! server's own user.

use e2e::attempt::{Attempt, another_cluster, foreign_crl};
use e2e::given::has_containers;
use e2e::{Said, Site};

/// The configuration file of a container's cluster.
fn configuration(site: &Site, file: &str) -> String {
    format!("{}/{file}", site.cluster.configuration)
}

/// What `text` holds, kept while `broken` is tried, then put back.
fn with_lines(site: &Site, file: &str, lines: &str, broken: impl Fn(Attempt<'_>)) {
    let path = configuration(site, file);
    site.host
        .sh("root", &format!("cp -p {path} /tmp/kept"))
        .ok();
    site.append(file, lines);
    for attempt in Attempt::by_each(site) {
        broken(attempt);
    }
    site.host.sh("root", &format!("mv /tmp/kept {path}")).ok();
}

#[test]
fn a_role_that_cannot_be_let_in() {
    if !has_containers("a role that cannot be let in") {
        return;
    }
    let site = Site::with_role(&[]);
    site.sql("create role \"no login\"");
    site.sql("create database closed");
    site.sql("revoke connect on database closed from public");
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &["--role", "nobody"])
            .says("nothing was touched: role \"nobody\" does not exist")
            .says("--create-role");
        attempt
            .refused(1, &["--role", "no login"])
            .says("role \"no login\" has no LOGIN")
            .says("ALTER ROLE \"no login\" LOGIN");
        attempt
            .refused(1, &["--database", "closed"])
            .says("role \"slardiere\" has no CONNECT on database \"closed\"")
            .says("GRANT CONNECT ON DATABASE \"closed\" TO \"slardiere\"");
        attempt
            .refused(1, &["--database", "missing"])
            .says("database \"missing\" does not exist")
            .says("CREATE DATABASE");
        // One that is still to be made gets no further than everybody does.
        attempt
            .refused(
                1,
                &["--role", "new", "--create-role", "--database", "closed"],
            )
            .says("role \"new\" has no CONNECT on database \"closed\"");
    }
}

#[test]
fn a_role_that_is_missing_on_a_standby() {
    if !has_containers("a standby") {
        return;
    }
    let site = Site::with_role(&[]);
    let version = site.cluster.version;
    let script = format!(
        "pg_createcluster --port 5433 {version} standby >/dev/null
         rm -r /var/lib/postgresql/{version}/standby
         setpriv --reuid=postgres --regid=postgres --init-groups \
             pg_basebackup -h /var/run/postgresql -D /var/lib/postgresql/{version}/standby -R -c fast
         pg_ctlcluster --skip-systemctl-redirect {version} standby start"
    );
    site.host.sh("root", &script).ok();
    let standby = format!("{version}/standby");
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(
                1,
                &["--cluster", &standby, "--role", "new", "--create-role"],
            )
            .says("the server is a standby: it cannot be created here")
            .says("on the primary");
    }
    assert_eq!(
        site.sql("select count(*) from pg_roles where rolname = 'new'"),
        "0"
    );
}

#[test]
fn what_cannot_be_a_name_an_address_or_a_user() {
    if !has_containers("odd names") {
        return;
    }
    let site = Site::with_role(&[]);
    for attempt in Attempt::by_each(&site) {
        let label = "a".repeat(64);
        for name in [
            "tol va", "", "-tolva", "tolva-", "tol..va", "dns:", "ip:tolva", &label,
        ] {
            let option = format!("--server-name={name}");
            attempt
                .refused(2, &[&option])
                .says("--server-name")
                .says_either("is no address", "host name");
        }
        attempt.refused(2, &["--san=ip:300.1.1.1"]).says("--san");
        for network in ["192.168.1.0/33", "nowhere", "10.0.0.0/255.255.0.0", ""] {
            let option = format!("--from={network}");
            attempt.refused(2, &[&option]).says("--from");
        }
        attempt.refused(2, &["--role", ""]).says("--role");
        attempt.refused(2, &["--subject", "CN"]).says("--subject");
        attempt.refused(2, &["--days", "0"]).says("--days");
        attempt
            .refused(2, &["--accept", "everything"])
            .says("--accept");
        attempt
            .refused(2, &["--key-type", "dsa"])
            .says("--key-type");
        attempt
            .refused(1, &["--client-user", "nobody-here"])
            .says("there is no user nobody-here");
        attempt
            .refused(1, &["--client-home", "/nowhere"])
            .says("the folder /nowhere does not exist");
    }
}

#[test]
fn nobody_says_yes_or_a_passphrase() {
    if !has_containers("a passphrase that is not there") {
        return;
    }
    let site = Site::with_role(&[]);
    site.host.write("/tmp/empty", "", "root:root", "644");
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &["--passphrase-file", "/tmp/nothing"])
            .says("the passphrase cannot be read: cannot open /tmp/nothing");
        attempt
            .refused(1, &["--passphrase-file", "/tmp/empty"])
            .says("the passphrase from /tmp/empty is empty");
        attempt
            .refused(1, &["--passphrase-command", "exit 7"])
            .says("the passphrase command failed: exit status: 7");
        attempt
            .refused(1, &["--passphrase-fd", "17"])
            .says("--passphrase-fd 17");
        let without = |words: &[&str]| {
            let before = site.everything();
            let mut all = vec!["setup", "--role", "slardiere", "--server-name", "tolva"];
            all.extend(["--client-user", "slardiere"]);
            all.extend(words);
            let said = site.pgcert("root", &all).exits(2);
            before.assert_same(&site.everything());
            said
        };
        without(&["--yes"])
            .says("there is no terminal")
            .says("--passphrase-file");
        without(&[]).says("--yes agrees to the steps");
    }
}

#[test]
fn a_server_that_is_down() {
    if !has_containers("a server that is down") {
        return;
    }
    let site = Site::with_role(&[]);
    site.cluster.ctl(&site.host, "stop").ok();
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &[])
            .says(&format!("no server is running on {}", site.cluster.data))
            .says("start it first");
    }
    // It was killed, and another one has taken its port and its socket.
    site.cluster.start(&site.host);
    let kill = format!("kill -9 $(head -1 {}/postmaster.pid)", site.cluster.data);
    site.host.sh("root", &kill).ok();
    site.host
        .sh("root", "while pgrep -x postgres >/dev/null; do sleep 0.1; done; rm -f /var/run/postgresql/.s.*")
        .ok();
    another_cluster(&site.host, "other", site.cluster.port);
    let cluster = format!("{}/main", site.cluster.version);
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &["--cluster", &cluster])
            .says(&format!("no server is running on {}", site.cluster.data));
    }
}

#[test]
fn another_server_than_the_one_that_is_meant() {
    if !has_containers("two servers") {
        return;
    }
    let site = Site::with_role(&[]);
    another_cluster(&site.host, "other", 5433);
    let version = site.cluster.version;
    let meant = format!("{version}/main");
    for attempt in Attempt::by_each(&site) {
        // Which one is not guessed.
        attempt
            .refused(1, &[])
            .says(&format!("{version}/main"))
            .says(&format!("{version}/other"))
            .says("--cluster");
        attempt
            .refused(
                1,
                &[
                    "--cluster",
                    &meant,
                    "--admin",
                    "host=/var/run/postgresql port=5433 user=postgres dbname=postgres",
                ],
            )
            .says_either(
                &format!("is not that of {}", site.cluster.data),
                "no login works",
            );
        attempt
            .refused(1, &["--cluster", &format!("{version}/nothing")])
            .says(&format!("there is no cluster {version}/nothing"))
            .says(&meant);
        attempt
            .refused(2, &["--cluster", "main"])
            .says("names no cluster");
        attempt
            .refused(1, &["--data-dir", "/etc"])
            .says("/etc is not a PostgreSQL data folder");
        attempt
            .refused(1, &["--data-dir", "/nowhere"])
            .says("/nowhere is not a PostgreSQL data folder");
        attempt
            .refused(2, &["--cluster", &meant, "--admin", "nonsense"])
            .says("--admin is no connection string");
        attempt
            .refused(1, &["--cluster", &meant, "--admin", "user=slardiere"])
            .says("no login works")
            .says("role \"slardiere\"");
    }
}

#[test]
fn a_broken_pg_hba_conf() {
    if !has_containers("a broken pg_hba.conf") {
        return;
    }
    let site = Site::with_role(&[]);
    let lines = [
        ("nonsense", "invalid connection type \"nonsense\""),
        (
            "hostssl all all 10.0.0.0/33 cert",
            "invalid CIDR mask in address \"10.0.0.0/33\"",
        ),
        (
            "host all all samehost cert",
            "cert authentication is only supported on hostssl connections",
        ),
        (
            "host all all 127.0.0.1/32 nomethod",
            "invalid authentication method \"nomethod\"",
        ),
        ("local @missing all peer", "missing"),
        ("host all \"unclosed samehost md5", "end-of-line before"),
    ];
    let file = configuration(&site, "pg_hba.conf");
    for (line, reason) in lines {
        with_lines(&site, "pg_hba.conf", &format!("{line}\n"), |attempt| {
            attempt
                .refused(1, &[])
                .says("nothing was touched: the server would refuse pg_hba.conf as it is now")
                .says(&format!("{file}:"))
                .says(reason)
                .says("mend that first");
        });
    }
    // Of an option's invalid value the server's own view tells nothing but a row of nulls.
    let clientcert = "hostssl all all samehost cert clientcert=1\n";
    if site.cluster.version >= 14 {
        with_lines(&site, "pg_hba.conf", clientcert, |attempt| {
            attempt
                .refused(1, &[])
                .says(&file)
                .says("invalid value for clientcert: \"1\"");
        });
    }
    with_lines(
        &site,
        "pg_hba.conf",
        "host all all samehost ldap ldapserver=x ldapport=none ldapprefix=y\n",
        |attempt| {
            attempt.refused(1, &[]).says("LDAP port number");
        },
    );
}

#[test]
fn a_broken_postgresql_conf() {
    if !has_containers("a broken postgresql.conf") {
        return;
    }
    let site = Site::with_role(&[]);
    let lines = [
        ("nonsense", "syntax error near end of line"),
        ("unknown_thing = 1", "unrecognized configuration parameter"),
        (
            "work_mem = '7 apples'",
            "work_mem: setting could not be applied",
        ),
        ("include 'missing.conf'", "missing.conf"),
        ("ssl_ca_file = 'unclosed", "syntax error near"),
    ];
    let file = configuration(&site, "postgresql.conf");
    for (line, reason) in lines {
        with_lines(&site, "postgresql.conf", &format!("{line}\n"), |attempt| {
            attempt
                .refused(1, &[])
                .says("nothing was touched: the server would refuse postgresql.conf as it is now")
                .says(&format!("{file}:"))
                .says(reason)
                .says("mend that first");
        });
    }
}

#[test]
fn a_setting_that_waits_for_a_restart_is_in_nobodys_way() {
    if !has_containers("a setting that waits for a restart") {
        return;
    }
    let site = Site::with_role(&[]);
    site.settings("max_connections = 77\n");
    let [root, _] = Attempt::by_each(&site);
    root.setup(&["--accept", "tls-on"]).ok().says("proven");
    assert_ne!(site.sql("show max_connections"), "77");
}

#[test]
fn a_configuration_that_somebody_else_owns() {
    if !has_containers("a configuration that somebody else owns") {
        return;
    }
    let site = Site::with_role(&[]);
    let signs = [
        (
            "postgresql.conf",
            "# This file is managed by Puppet. DO NOT EDIT",
            "Puppet",
        ),
        (
            "pg_hba.conf",
            "# Do not edit this file manually!\\n# It will be overwritten by Patroni!",
            "Patroni",
        ),
        ("pg_hba.conf", "# Ansible managed", "Ansible"),
        ("pg_ident.conf", "# Generated by Chef", "Chef"),
        (
            "postgresql.conf",
            "# DO NOT EDIT: changes are lost",
            "another program",
        ),
    ];
    let refused = |attempt: Attempt<'_>, file: &str, manager: &str| {
        attempt
            .refused(1, &[])
            .says("nothing was touched: the configuration belongs to somebody else")
            .says(file)
            .says(&format!(
                "give the settings and the rule to {manager} instead"
            ));
    };
    for (file, header, manager) in signs {
        let path = configuration(&site, file);
        let mark = format!("cp -p {path} /tmp/kept; sed -i '1i {header}' {path}");
        site.host.sh("root", &mark).ok();
        for attempt in Attempt::by_each(&site) {
            refused(attempt, &path, manager);
        }
        site.host.sh("root", &format!("mv /tmp/kept {path}")).ok();
    }
    let left_behind = format!("{}/patroni.dynamic.json", site.cluster.data);
    site.host
        .write(&left_behind, "{}", "postgres:postgres", "600");
    for attempt in Attempt::by_each(&site) {
        refused(attempt, &left_behind, "Patroni");
    }
}

#[test]
fn files_of_somebody_elses_under_our_names() {
    if !has_containers("files of somebody else's") {
        return;
    }
    let site = Site::with_role(&[]);
    let data = &site.cluster.data;
    let theirs = |path: &str, owner: &str| {
        let owner = format!("{owner}:{owner}");
        site.host.write(path, "precious\n", &owner, "600");
    };
    // In the data folder a second name is taken; there is no third.
    theirs(&format!("{data}/server.key"), "postgres");
    theirs(&format!("{data}/pgcert-server.key"), "postgres");
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &[])
            .says(&format!("{data}/pgcert-server.key is there already"))
            .says("move it away");
    }
    site.host
        .sh(
            "root",
            &format!("rm {data}/server.key {data}/pgcert-server.key"),
        )
        .ok();
    theirs(&format!("{data}/root.crt"), "postgres");
    theirs(&format!("{data}/pgcert-root.crt"), "postgres");
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &[])
            .says(&format!("{data}/pgcert-root.crt is there already"));
    }
    site.host
        .sh(
            "root",
            &format!("rm {data}/root.crt {data}/pgcert-root.crt"),
        )
        .ok();

    for attempt in Attempt::by_each(&site) {
        let (user, home) = match attempt.user {
            "root" => ("slardiere", "/home/slardiere"),
            user => (user, "/var/lib/postgresql"),
        };
        let folder = format!("{home}/.postgresql");
        site.host.sh(user, &format!("mkdir {folder}")).ok();
        for name in ["postgresql.key", "slardiere.key"] {
            theirs(&format!("{folder}/{name}"), user);
        }
        attempt
            .refused(1, &[])
            .says(&format!("{folder}/slardiere.key is there already"))
            .says("move it away");
        site.host.sh(user, &format!("rm -r {folder}")).ok();
        // A section of another one's; by default another name is taken, unless it was asked for.
        let services = format!("{home}/.pg_service.conf");
        let text = "[tolva]\nhost=elsewhere\nuser=somebody\n[tolva-slardiere]\nhost=elsewhere\n";
        site.host
            .write(&services, text, &format!("{user}:{user}"), "600");
        for more in [&[][..], &["--service", "tolva"]] {
            attempt
                .refused(1, more)
                .says(&format!("in {services} is somebody else's"))
                .says("--service NAME");
        }
        site.host.sh("root", &format!("rm {services}")).ok();
    }
}

/// Loads the files, and says what the server thinks of it.
fn reload(site: &Site) -> Said {
    site.cluster.ctl(&site.host, "reload").ok()
}

#[test]
fn a_bundle_that_others_use_as_ssl_ca_file() {
    if !has_containers("a system bundle as ssl_ca_file") {
        return;
    }
    let site = Site::with_role(&[]);
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    site.host.sh("root", "mkdir -p /etc/ssl/certs").ok();
    let make = format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=public \
             -days 30 -keyout /tmp/public.key -out {bundle}; chmod 644 {bundle}"
    );
    site.host.sh("root", &make).ok();
    site.settings(&format!("ssl_ca_file = '{bundle}'\n"));
    reload(&site);
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &["--accept", "tls-on,other-authorities"])
            .says(&format!("ssl_ca_file is {bundle}, which others use too"))
            .says("point ssl_ca_file to a file of this cluster alone");
    }
}

#[test]
fn revocation_lists_in_force_without_ours() {
    if !has_containers("revocation lists in force") {
        return;
    }
    let site = Site::with_role(&[]);
    let data = &site.cluster.data;
    let list = format!("{data}/their.crl");
    foreign_crl(&site.host, &list, "postgres");
    site.settings(&format!("ssl_crl_file = '{list}'\n"));
    reload(&site);
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &["--accept", "tls-on"])
            .says(&format!("revocation lists are in force ({list})"))
            .says("--crl of pgcert install server brings it");
    }
    if site.cluster.version < 14 {
        return;
    }
    let folder = format!("{data}/lists");
    site.host.sh("postgres", &format!("mkdir {folder}")).ok();
    site.settings(&format!("ssl_crl_file = ''\nssl_crl_dir = '{folder}'\n"));
    reload(&site);
    for attempt in Attempt::by_each(&site) {
        attempt
            .refused(1, &["--accept", "tls-on"])
            .says(&format!("revocation lists are in force ({folder})"));
    }
}
