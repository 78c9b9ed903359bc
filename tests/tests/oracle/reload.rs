//! Edits of a running server's files: without `--reload` it does not have them, with it it has them or nothing was
//! changed.

use e2e::{Said, given};

use crate::servers::Server;

struct Ground(Server);

impl Ground {
    fn pgcert(&self, words: &[&str]) -> Said {
        let Server { host, cluster, .. } = &self.0;
        let program = given::pgcert().display().to_string();
        let state = format!("{}/pgcert-state", cluster.data);
        let server = ["--data-dir", cluster.data.as_str(), "--state", &state];
        let words = [&[program.as_str()], words, &server].concat();
        host.run(&cluster.owner, &words)
    }

    fn ask(&self, sql: &str) -> String {
        self.0.cluster.ask(&self.0.host, sql)
    }

    fn file(&self, name: &str) -> String {
        let path = format!("{}/{name}", self.0.cluster.data);
        self.0.host.read(&path).unwrap()
    }
}

#[test]
fn an_edit_is_in_force_with_reload_and_not_without() {
    let ground = Ground(Server::newest());
    let loaded = ground.ask("select pg_conf_load_time()");
    // Times of files are seconds.
    ground.ask("select pg_sleep(1.1)");
    let rule = ["hba", "add", "--first", "local", "all", "nobody", "reject"];
    ground
        .pgcert(&rule)
        .ok()
        .says("the server takes it with a reload");
    assert_eq!(ground.ask("select pg_conf_load_time()"), loaded);

    ground.0.write("pg_ident.conf", b"m a b\n");
    let set = |value: &str, words: &[&str]| {
        let setting = format!("work_mem={value}");
        ground.pgcert(&[&["conf", "set", setting.as_str()], words].concat())
    };
    let before = set("5MB", &[])
        .ok()
        .says("a reload takes along what was changed before");
    let files =
        ["pg_hba.conf", "pg_ident.conf"].map(|name| format!("{}/{name}", ground.0.cluster.data));
    let before = files.iter().fold(before, |said, file| said.says(file));
    before.says_not("postgresql.conf, ");
    assert_eq!(ground.ask("show work_mem"), "4MB");

    let said = set("6MB", &["--reload"])
        .ok()
        .says("the server has read its files")
        .says("the reload took along what was changed before")
        .says_not("with a reload");
    files.iter().fold(said, |said, file| said.says(file));
    assert_eq!(ground.ask("show work_mem"), "6MB");
    assert_ne!(ground.ask("select pg_conf_load_time()"), loaded);
    let rules = "select count(*) from pg_hba_file_rules where 'nobody' = any(user_name)";
    assert_eq!(ground.ask(rules), "1");
    ground.ask("select pg_sleep(1.1)");
    set("6MB", &["--reload"]).ok().says("nothing to do");

    // What the server would not load is not left there.
    let good = ground.file("pg_hba.conf");
    ground
        .0
        .write("pg_hba.conf", format!("{good}nonsense\n").as_bytes());
    let conf = ground.file("postgresql.conf");
    let loaded = ground.ask("select pg_conf_load_time()");
    set("7MB", &["--reload"])
        .exits(1)
        .says("invalid connection type \"nonsense\"");
    assert_eq!(ground.file("postgresql.conf"), conf);
    let rule = [
        "hba", "add", "--first", "--reload", "local", "all", "all", "peer",
    ];
    ground
        .pgcert(&rule)
        .exits(1)
        .says("nothing was changed: the server would not load its files")
        .says("without --reload");
    assert_eq!(ground.ask("select pg_conf_load_time()"), loaded);
    assert_eq!(ground.ask("show work_mem"), "6MB");

    ground.0.write("pg_hba.conf", good.as_bytes());
    let map = ["ident", "add", "--reload", "m", "carol", "slardiere"];
    ground
        .pgcert(&map)
        .ok()
        .says("the server has read its files");
    assert_ne!(ground.ask("select pg_conf_load_time()"), loaded);
}
