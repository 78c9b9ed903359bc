//! `pgcert hba explain --connections`: a file of connections, an answer a line.

use std::fmt::Write as _;

use super::{hba, place};

#[test]
fn a_file_of_connections_gets_an_answer_a_line() {
    let place = place();
    place.write(
        "seen.jsonl",
        "{\"user\":\"bob\",\"database\":\"app\",\"from\":\"10.0.0.1\",\"tls\":false}\n\
         \n\
         {\"user\":\"zoe\",\"local\":true}\n\
         {\"user\":\"zoe\",\"database\":\"app\",\"from\":\"192.168.0.1\",\"member_of\":[\"staff\"]}\n\
         {\"user\":\"zoe\",\"database\":\"app\",\"from\":\"192.168.0.1\",\"member_of\":[],\"tls\":true}\n\
         {\"user\":\"s\",\"from\":\"::1\",\"replication\":true,\"gss\":true}\n",
    );
    insta::assert_snapshot!(hba(&place, &["--connections", "seen.jsonl"]), @r#"
    RULE                            METHOD            CONNECTION
    pg_hba.conf:2                   md5               bob to database app from 10.0.0.1 in clear
    pg_hba.conf:1                   peer              zoe to database zoe over the Unix socket
    pg_hba.conf:6                   scram-sha-256     zoe to database app from 192.168.0.1 with TLS
    pg_hba.conf:7 or pg_hba.conf:9  cert              zoe to database app from 192.168.0.1 with TLS
    pg_hba.conf:8 or none           trust or refused  s, physical replication, from ::1 with GSS encryption
    "#);
    let said = hba(&place, &["--connections", "seen.jsonl", "--json"]);
    let answers: Vec<serde_json::Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let outcomes: Vec<_> = answers
        .iter()
        .map(|a| a["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["rule", "rule", "rule", "may", "may"]);
    assert_eq!(answers[2]["rule"]["line"], 6);
    assert_eq!(
        answers[2]["passed_over"][0],
        serde_json::json!({"file": "pg_hba.conf", "line": 1, "field": "type"})
    );
    assert_eq!(answers[4]["connection"]["replication"], true);
    assert_eq!(answers[4]["schema_version"], 1);
}

#[test]
fn a_wrong_line_is_named() {
    let place = place();
    let mut said = String::new();
    for line in [
        "{\"user\":\"a\"}",
        "{\"user\":\"a\",\"local\":true,\"from\":\"::1\"}",
        "{\"user\":\"a\",\"local\":true,\"gss\":true}",
        "{\"user\":\"a\",\"from\":\"::1\",\"tls\":true,\"gss\":true}",
        "{\"user\":\"a\",\"from\":\"host\"}",
        "{\"users\":\"a\"}",
        "x",
    ] {
        place.write("f", &format!("\n{line}\n"));
        write!(said, "{}\n\n", hba(&place, &["--connections", "f"])).unwrap();
    }
    insta::assert_snapshot!(said, @r#"
    --- on standard error
    error: f, line 2: one of from and local has to be there
    hint: as in {"user": "app", "database": "sales", "from": "10.0.0.1", "tls": true}
    --- exit code 1

    --- on standard error
    error: f, line 2: one of from and local has to be there
    hint: as in {"user": "app", "database": "sales", "from": "10.0.0.1", "tls": true}
    --- exit code 1

    --- on standard error
    error: f, line 2: a local connection has neither tls nor gss
    hint: as in {"user": "app", "database": "sales", "from": "10.0.0.1", "tls": true}
    --- exit code 1

    --- on standard error
    error: f, line 2: tls and gss exclude each other
    hint: as in {"user": "app", "database": "sales", "from": "10.0.0.1", "tls": true}
    --- exit code 1

    --- on standard error
    error: f, line 2: invalid IP address syntax
    hint: as in {"user": "app", "database": "sales", "from": "10.0.0.1", "tls": true}
    --- exit code 1

    --- on standard error
    error: f, line 2: unknown field `users`, expected one of `user`, `database`, `from`, `local`, `tls`, `gss`, `replication`, `member_of`, `host_name`, `no_host_name`
    hint: as in {"user": "app", "database": "sales", "from": "10.0.0.1", "tls": true}
    --- exit code 1

    --- on standard error
    error: f, line 2: expected value
    hint: as in {"user": "app", "database": "sales", "from": "10.0.0.1", "tls": true}
    --- exit code 1
    "#);
    let said = hba(&place, &["--connections", "none"]);
    insta::assert_snapshot!(said, @r#"
    --- on standard error
    error: none cannot be read: cannot open none: No such file or directory
    --- exit code 1
    "#);
}

#[test]
fn nothing_is_said_twice() {
    let place = place();
    place.write(
        "pg_hba.conf",
        "host app +a all md5\n\
         host app +b all trust\n\
         host all all samenet scram-sha-256\n\
         host app +d all md5\n",
    );
    place.write(
        "connections",
        "{\"user\":\"bob\",\"database\":\"app\",\"from\":\"10.0.0.1\"}\n",
    );
    insta::assert_snapshot!(hba(&place, &["--connections", "connections"]), @r#"
    RULE                                                                      METHOD                                    CONNECTION
    pg_hba.conf:1 or pg_hba.conf:2 or pg_hba.conf:3 or pg_hba.conf:4 or none  md5 or trust or scram-sha-256 or refused  bob to database app from 10.0.0.1 with TLS
    "#);
}
