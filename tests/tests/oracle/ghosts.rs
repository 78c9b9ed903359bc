//! Roles that the server does not have: what is said of them says so, and nothing is made up.

use e2e::{Said, given};

use crate::servers::Server;

#[test]
fn roles_that_the_server_does_not_have_are_not_judged_silently() {
    let server = Server::newest();
    let Server { host, cluster, .. } = &server;
    let pgcert = |words: &[&str]| -> Said {
        let program = given::pgcert().display().to_string();
        let server = ["--data-dir", cluster.data.as_str()];
        host.run(
            &cluster.owner,
            &[&[program.as_str()], words, &server].concat(),
        )
    };
    let rules = "local all all trust\n\
                 host all +staff 127.0.0.1/32 trust\n\
                 host all all 127.0.0.1/32 trust\n";
    server.write("pg_hba.conf", rules.as_bytes());
    cluster.ask(host, "create role there login");
    let log = |role: &str| {
        let line = format!(
            "2026-11-26 01:47:32 UTC [7] {role}@app LOG:  connection received: host=127.0.0.1 port=5\n\
             2026-11-26 01:47:32 UTC [7] {role}@app LOG:  connection authorized: user={role} database=app\n"
        );
        server.write("seen.log", line.as_bytes());
        let path = format!("{}/seen.log", cluster.data);
        pgcert(&["hba", "simulate", "--log", &path])
    };
    let open = "1 more may have gone by one of several rules";
    log("there").ok().says_not(open);
    log("dropped").ok().says(open);

    let explain = |role: &str| {
        let from = ["--from", "127.0.0.1", "--no-tls"];
        pgcert(&[&["hba", "explain", "--user", role], &from[..]].concat())
    };
    let note = "the answer is for a role of this name that is made and is a member of nothing";
    explain("there").ok().says("decided by").says_not(note);
    explain("ghost").ok().says(note);
    let missing = |words: &[&str]| -> serde_json::Value {
        let said = pgcert(&[words, &["--json"]].concat()).ok();
        serde_json::from_str::<serde_json::Value>(&said.stdout).unwrap()["missing_roles"].take()
    };
    let from = ["hba", "explain", "--from", "127.0.0.1", "--no-tls"];
    for (words, roles) in [
        (&["--user", "there"][..], "[]"),
        (&["--user", "ghost"], "[\"ghost\"]"),
        (&["--user", "ghost", "--member-of", "there"], "[\"ghost\"]"),
        (
            &["--user", "there", "--member-of", "ghosts"],
            "[\"ghosts\"]",
        ),
    ] {
        assert_eq!(missing(&[&from[..], words].concat()).to_string(), roles);
    }
    let by_map = [
        "ident",
        "explain",
        "--role",
        "there",
        "--member-of",
        "ghosts",
    ];
    assert_eq!(missing(&by_map).to_string(), "[\"ghosts\"]");
    let ident = |role: &str| pgcert(&["ident", "explain", "--role", role]);
    ident("there").ok().says_not(note);
    ident("ghost").ok().says(note);
}
