//! Settings are changed where they are in force, and nowhere else.

use e2e::Site;
use e2e::given::has_containers;

/// Lines of a file that are not the same in the other one.
fn changed<'a>(before: &'a str, after: &str) -> Vec<&'a str> {
    before
        .lines()
        .filter(|line| !after.lines().any(|other| other == *line))
        .collect()
}

#[test]
fn a_setting_in_an_included_file_is_changed_there() {
    for site in [Site::tolva(), Site::of_one_user()] {
        if !site.host.is_container() {
            // As Debian has it.
            site.settings("\ninclude_dir = 'conf.d'\n");
        }
        let text = "# ours\nssl = off\t\t# until there is a certificate\nssl_ca_file=''\nwork_mem = '5MB'\n";
        let folder = format!("{}/conf.d", site.cluster.configuration);
        let owner = &site.cluster.owner;
        site.host.sh(owner, &format!("mkdir -p {folder}")).ok();
        let file = format!("{folder}/50-tls.conf");
        site.host.write(&file, text, &format!("{owner}:"), "640");
        site.restart();
        let main = site.configuration("postgresql.conf");
        site.setup_tolva(&["--create-role"]).ok();

        let now = site.host.read(&file).unwrap();
        let data = &site.cluster.data;
        assert_eq!(
            now,
            format!(
                "# ours\nssl = 'on'\t\t# until there is a certificate\nssl_ca_file='{data}/root.crt'\nwork_mem = '5MB'\n"
            )
            .replace("'on'", if now.contains("'on'") { "'on'" } else { "on" })
        );
        let main_now = site.configuration("postgresql.conf");
        let gone = changed(&main, &main_now);
        assert!(
            gone.iter()
                .all(|l| l.contains("ssl_cert_file") || l.contains("ssl_key_file")),
            "{gone:?}"
        );
        assert_eq!(site.sql("show ssl_ca_file"), format!("{data}/root.crt"));
        site.login("service=tolva").ok();
        site.setup_tolva(&[]).ok().says("nothing to do");
    }
}

#[test]
fn a_setting_of_alter_system_is_changed_by_alter_system() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.sql("alter system set ssl = off");
        site.sql("alter system set ssl_ca_file = ''");
        site.sql("alter system set work_mem = '5MB'");
        site.restart();
        let main = site.configuration("postgresql.conf");
        site.setup_tolva(&["--create-role"])
            .ok()
            .says("ALTER SYSTEM SET ssl_ca_file = ");
        let gone = changed(&main, &site.configuration("postgresql.conf"));
        assert!(gone.iter().all(|l| !l.contains("ssl_ca_file")), "{gone:?}");
        let auto = format!("{}/postgresql.auto.conf", site.cluster.data);
        let auto = site.host.read(&auto).unwrap();
        for line in ["ssl = 'on'", "work_mem = '5MB'", "ssl_ca_file = '"] {
            assert!(auto.contains(line), "{line}: {auto}");
        }
        assert_eq!(site.sql("show ssl"), "on");
        site.login("service=tolva").ok();
        site.setup_tolva(&[]).ok().says("nothing to do");
    }
}

#[test]
fn a_setting_on_the_command_line_is_refused() {
    for site in [Site::tolva(), Site::of_one_user()] {
        site.cluster
            .restart_with(&site.host, "-c ssl_ca_file=")
            .ok();
        let before = site.everything();
        site.setup_tolva(&["--create-role"])
            .exits(1)
            .says("ssl_ca_file is set on the server's command line")
            .says("postmaster.opts");
        before.assert_same(&site.everything());
        // One that says what is wanted is in nobody's way.
        site.cluster.ctl(&site.host, "stop").ok();
        site.cluster.start(&site.host);
        site.cluster
            .restart_with(&site.host, "-c log_connections=on")
            .ok();
        site.setup_tolva(&["--create-role"]).ok();
    }
}

#[test]
fn debians_snakeoil_is_replaced_without_a_question_and_never_written() {
    if !has_containers("Debian's own certificate") {
        return;
    }
    for site in [Site::tolva(), Site::of_one_user()] {
        let snakeoil = "/etc/ssl/certs/ssl-cert-snakeoil.pem";
        if site.sql("show ssl_cert_file") != snakeoil {
            // An image whose cluster was made before the package was there.
            let line = format!(
                "\nssl = on\nssl_cert_file = '{snakeoil}'\nssl_key_file = '/etc/ssl/private/ssl-cert-snakeoil.key'\n"
            );
            site.settings(&line);
            site.restart();
        }
        let before = site.host.tree(&["/etc/ssl"]);
        assert!(before.paths().any(|p| p == snakeoil));
        site.setup_tolva(&["--create-role"]).ok();
        before.assert_same(&site.host.tree(&["/etc/ssl"]));
        let data = &site.cluster.data;
        assert_eq!(site.sql("show ssl_cert_file"), format!("{data}/server.crt"));
        assert_eq!(site.sql("show ssl_key_file"), format!("{data}/server.key"));
    }
}
