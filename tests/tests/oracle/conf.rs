//! Our reading of `postgresql.conf` against `pg_file_settings`, and our edits against what the
//! server then reads.

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
