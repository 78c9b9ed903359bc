//! Settings that wait for a restart, on a server whose messages are German: nothing to mend, and
//! nothing that keeps a reload from being done. What does is named.

use e2e::Site;
use e2e::attempt::Attempt;
use e2e::given::has_containers;

#[test]
fn settings_that_wait_for_a_restart() {
    if !has_containers("a server that speaks German") {
        return;
    }
    let site = Site::with_role(&[]);
    let folder = &site.cluster.configuration;
    site.append("postgresql.conf", "lc_messages = 'de_DE.UTF-8'\n");
    site.restart();
    let wrong = site.host.run("postgres", &["psql", "-Xc", "select 1/0"]);
    wrong.says("Division durch Null");

    let without = |line: &str| {
        let script = format!("sed -i '/^{line}/d' {folder}/postgresql.conf");
        site.host.sh("postgres", &script).ok();
        site.reload();
    };
    // One is taken out, the other changed.
    without("max_connections = 100");
    site.append("postgresql.conf", "max_wal_senders = 9\n");
    let waiting = site.sql("select count(*) from pg_file_settings where error is not null");
    assert_eq!(waiting, "2");

    let [root, _] = Attempt::by_each(&site);
    let accept = ["--accept", "tls-on"];
    site.append("postgresql.conf", "not_a_setting = 1\n");
    root.setup(&accept)
        .exits(1)
        .says("nothing was touched: the server would refuse postgresql.conf")
        .says("not_a_setting: unrecognized configuration parameter");
    without("not_a_setting");
    root.setup(&accept).ok().says("proven");
}
