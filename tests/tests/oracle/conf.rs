//! Our reading of `postgresql.conf` against `pg_file_settings`, and our edits against what the
//! server then reads.

use e2e::given;
use pg_config::conf::Document;

use crate::servers::Server;

/// Settings in every spelling that there is.
const SETTINGS: &[u8] = b"# a comment\n\
    port = 5433\n\
    work_mem = '8MB'\t# said after\n\
    work_mem '16MB'\n\
    Work_Mem=32MB\n\
    log_line_prefix = '%m ''quoted'' \\'too\\' \\n \\101 # no comment'\n\
    #ssl = on\n\
    application_name=''\n\
    search_path = '\"$user\", public'\n\
    my.own = 'value'\n\
    seq_page_cost = 1.5e0\n\
    random_page_cost = 0x10\n\
    vacuum_cost_delay = -1\n\
    nosuch = 1\n\
    port = many\n\
    \tbonjour   =   off   \r\n\
    log_timezone = Europe/Paris";

#[test]
fn names_values_and_lines() {
    Server::each(|server| {
        let original = server
            .host
            .read(&format!("{}/postgresql.conf", server.cluster.data))
            .unwrap();
        server.write("postgresql.conf", SETTINGS);
        let rows = server.rows(
            &["sourceline", "name", "setting"],
            "pg_file_settings where sourcefile like '%/postgresql.conf'",
            "seqno",
        );
        let field = |row: &[Option<String>], n: usize| row[n].clone().unwrap_or_default();
        let theirs: Vec<_> = rows
            .iter()
            .map(|r| (field(r, 0), field(r, 1), field(r, 2)))
            .collect();
        let document = Document::parse(SETTINGS);
        let ours: Vec<_> = document
            .settings()
            .map(|s| {
                (
                    s.line.to_string(),
                    s.name.clone(),
                    String::from_utf8_lossy(&s.value).into_owned(),
                )
            })
            .collect();
        assert_eq!(ours, theirs, "on PostgreSQL {}", server.cluster.version);
        server.write("postgresql.conf", original.as_bytes());
    });
}

#[test]
fn an_edit_is_read_as_it_was_meant() {
    let values = [
        "",
        "plain",
        "with space",
        "it's",
        "back\\slash",
        "#no comment",
        "new\\nline",
        "%m \u{e9}",
    ];
    Server::each(|server| {
        let path = format!("{}/postgresql.conf", server.cluster.data);
        let mut document = Document::parse(server.host.read(&path).unwrap().as_bytes());
        for value in values {
            document.set("log_line_prefix", value).unwrap();
            document.set("ssl_ca_file", value).unwrap();
            server.write("postgresql.conf", &document.to_bytes());
            for name in ["log_line_prefix", "ssl_ca_file"] {
                let view = format!(
                    "pg_file_settings where name = '{name}' and error is null or name = '{name}'"
                );
                let rows = server.rows(&["setting"], &view, "seqno");
                assert_eq!(
                    rows,
                    [[Some(value.to_owned())]],
                    "{name} on PostgreSQL {}",
                    server.cluster.version
                );
            }
        }
    });
}

/// Our commands on a server that runs: what they find without asking it is what it says itself.
#[test]
fn a_running_server_s_files_are_found_and_changed() {
    let server = Server::newest();
    let data = &server.cluster.data;
    let pgcert = given::pgcert().display().to_string();
    let state = format!("{data}/pgcert-state");
    let conf = |words: &[&str]| {
        let common = ["--data-dir", data, "--state", &state, "--json"];
        let words = [&[&*pgcert, "conf"], words, &common].concat();
        let out = server.host.run(&server.cluster.owner, &words).ok();
        serde_json::from_str::<serde_json::Value>(&out.stdout).unwrap()
    };
    let says = |sql: &str| server.cluster.ask(&server.host, sql);
    let port = conf(&["get", "port"]);
    assert_eq!(port["value"], says("show port").trim());

    let done = conf(&["set", "work_mem=5MB", "max_connections=55"]);
    let codes: Vec<_> = done["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| &note["code"])
        .collect();
    assert_eq!(codes, ["needs-restart", "needs-reload"]);
    says("select pg_reload_conf(), pg_sleep(1)");
    assert_eq!(says("show work_mem").trim(), "5MB");
    let asked = conf(&["get", "work_mem", "max_connections"]);
    let pending: Vec<_> = asked["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["pending_restart"])
        .collect();
    assert_eq!(pending, [false, true]);
    let view = "select count(*) from pg_file_settings where error is not null and error not like '%could not be applied%'";
    assert_eq!(says(view).trim(), "0");

    server
        .cluster
        .restart_with(&server.host, "-c work_mem=6MB")
        .ok();
    assert_eq!(says("show max_connections").trim(), "55");
    let hidden = conf(&["get", "work_mem"]);
    assert_eq!(
        (&hidden["value"], &hidden["source"]),
        (&"6MB".into(), &"command line".into())
    );
    assert_eq!(says("show work_mem").trim(), "6MB");
    let done = conf(&["set", "work_mem=7MB"]);
    assert_eq!(done["notes"][0]["code"], "hidden-by-command-line");
}
