//! `pgcert conf`: what settings say and where, edits that change only what they name, meaning compared.

mod lint;

use crate::place::Place;

/// Settings in an including file, an included one and `postgresql.auto.conf`.
fn place() -> Place {
    let place = Place::new();
    place.write(
        "postgresql.conf",
        "# mine\nport = 5433\t\t# (change requires restart)\nPORT = 5434 # here\n#work_mem = 4MB\t\t\t# min 64kB\n\
         include_dir 'conf.d'\nlog_line_prefix = '%m '\n",
    );
    std::fs::create_dir(place.path("conf.d")).unwrap();
    place.write("conf.d/tls.conf", "ssl = on\nssl_ca_file = 'root.crt'\n");
    place.write("postgresql.auto.conf", "log_min_messages = 'error'\n");
    place
}

const FILE: [&str; 4] = ["--file", "postgresql.conf", "--pg-version", "15"];

fn conf(place: &Place, command: &[&str]) -> crate::place::Said {
    place.run(&[&["conf"], command, &FILE].concat())
}

#[test]
fn get_says_value_place_and_what_is_overridden() {
    let place = place();
    let asked = [
        "get",
        "port",
        "SSL",
        "log_min_messages",
        "work_mem",
        "my.own",
    ];
    insta::assert_snapshot!(conf(&place, &asked), @"
    port = 5434
        postgresql.conf:3
        overrides 5433  postgresql.conf:2
    ssl = on
        conf.d/tls.conf:1
    log_min_messages = error
        postgresql.auto.conf:1
    work_mem = 4MB
        default
    my.own is not set
    ");
    insta::assert_snapshot!(conf(&place, &["get", "Port", "--json"]), @r#"
    {
      "file": "postgresql.conf",
      "line": 3,
      "name": "port",
      "overrides": [
        {
          "file": "postgresql.conf",
          "line": 2,
          "value": "5433"
        }
      ],
      "pending_restart": null,
      "schema_version": 1,
      "settings": [
        {
          "file": "postgresql.conf",
          "line": 3,
          "name": "port",
          "overrides": [
            {
              "file": "postgresql.conf",
              "line": 2,
              "value": "5433"
            }
          ],
          "pending_restart": null,
          "source": "configuration file",
          "value": "5434"
        }
      ],
      "source": "configuration file",
      "value": "5434"
    }
    "#);
    insta::assert_snapshot!(conf(&place, &["get"]), @"
    log_line_prefix = '%m '
        postgresql.conf:6
    log_min_messages = error
        postgresql.auto.conf:1
    port = 5434
        postgresql.conf:3
        overrides 5433  postgresql.conf:2
    ssl = on
        conf.d/tls.conf:1
    ssl_ca_file = root.crt
        conf.d/tls.conf:2
    ");
    insta::assert_snapshot!(conf(&place, &["get", "shared_bufers"]), @r#"
    --- on standard error
    error: PostgreSQL 15 has no parameter "shared_bufers"
    hint: shared_buffers is known
    --- exit code 1
    "#);
    insta::assert_snapshot!(conf(&place, &["get", "ssl_groups"]), @r#"
    --- on standard error
    error: PostgreSQL 15 has no parameter "ssl_groups"
    hint: PostgreSQL 18 and later know it
    --- exit code 1
    "#);
    insta::assert_snapshot!(place.run(&["conf", "get", "port", "--file", "none"]), @r#"
    --- on standard error
    error: none cannot be read: No such file or directory
    hint: SHOW config_file says where a server has it
    --- exit code 1
    "#);
}

#[test]
fn set_changes_the_line_in_force_and_nothing_else() {
    let place = place();
    let before = place.read("postgresql.conf");
    let settings = [
        "set",
        "port=5435",
        "work_mem=64MB",
        "ssl=off",
        "log_min_messages=warning",
        "my.own=it's",
    ];
    let dry = conf(&place, &[&settings[..], &["--dry-run"]].concat());
    insta::assert_snapshot!(dry, @r"
    --- [here]/conf.d/tls.conf
    +++ [here]/conf.d/tls.conf
    @@ -1,2 +1,2 @@
    -ssl = on
    +ssl = off
     ssl_ca_file = 'root.crt'
    --- [here]/postgresql.conf
    +++ [here]/postgresql.conf
    @@ -1,6 +1,8 @@
     # mine
     port = 5433\t\t# (change requires restart)
    -PORT = 5434 # here
    -#work_mem = 4MB\t\t\t# min 64kB
    +PORT = 5435 # here
    +work_mem = 64MB\t\t# min 64kB
     include_dir 'conf.d'
     log_line_prefix = '%m '
    +log_min_messages = 'warning'
    +my.own = 'it''s'
    --- on standard error
    note: postgresql.auto.conf, line 1, says log_min_messages = error, and that is read last: ALTER SYSTEM RESET log_min_messages takes it out
    note: port: counts after a restart of the server
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    assert_eq!(place.read("postgresql.conf"), before);
    assert!(!place.path("state").exists());
    let done = conf(&place, &settings);
    assert_eq!(done.to_string(), dry.to_string());
    insta::assert_snapshot!(place.read("postgresql.conf"), @"
    # mine
    port = 5433		# (change requires restart)
    PORT = 5435 # here
    work_mem = 64MB		# min 64kB
    include_dir 'conf.d'
    log_line_prefix = '%m '
    log_min_messages = 'warning'
    my.own = 'it''s'
    ");
    assert_eq!(
        place.read("conf.d/tls.conf"),
        "ssl = off\nssl_ca_file = 'root.crt'\n"
    );
    assert_eq!(
        place.read("postgresql.auto.conf"),
        "log_min_messages = 'error'\n"
    );
    // Once more changes nothing.
    let seen = place.everything("postgresql.conf");
    insta::assert_snapshot!(conf(&place, &settings), @"
    --- on standard error
    nothing to do
    note: postgresql.auto.conf, line 1, says log_min_messages = error, and that is read last: ALTER SYSTEM RESET log_min_messages takes it out
    ");
    assert_eq!(place.everything("postgresql.conf"), seen);
}

#[test]
fn a_change_keeps_the_mode_and_is_told_as_json() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    std::fs::set_permissions(
        place.path("postgresql.conf"),
        std::fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    insta::assert_snapshot!(conf(&place, &["set", "port=1", "--json"]), @r#"
    {
      "changed": true,
      "consequences": [],
      "notes": [
        {
          "code": "needs-restart",
          "text": "port: counts after a restart of the server"
        }
      ],
      "proof": {
        "crl": null,
        "login": null,
        "not_tried": null,
        "refused_without_certificate": null,
        "served": null
      },
      "renewal": null,
      "schema_version": 1,
      "steps": [
        {
          "diff": "--- [here]/postgresql.conf\n+++ [here]/postgresql.conf\n@@ -1,6 +1,6 @@\n # mine\n port = 5433\\t\\t# (change requires restart)\n-PORT = 5434 # here\n+PORT = 1    # here\n #work_mem = 4MB\\t\\t\\t# min 64kB\n include_dir 'conf.d'\n log_line_prefix = '%m '\n",
          "done": true,
          "kind": "write",
          "path": "[here]/postgresql.conf",
          "text": "change settings [here]/postgresql.conf"
        }
      ]
    }
    "#);
    assert_eq!(place.mode("postgresql.conf"), 0o640);
    insta::assert_snapshot!(conf(&place, &["unset", "port", "--json", "--dry-run"]), @r#"
    {
      "changed": false,
      "consequences": [],
      "notes": [
        {
          "code": "default",
          "text": "port is 5432 by default"
        },
        {
          "code": "needs-restart",
          "text": "port: counts after a restart of the server"
        }
      ],
      "proof": null,
      "renewal": null,
      "schema_version": 1,
      "steps": [
        {
          "diff": "--- [here]/postgresql.conf\n+++ [here]/postgresql.conf\n@@ -1,6 +1,6 @@\n # mine\n-port = 5433\\t\\t# (change requires restart)\n-PORT = 1    # here\n+#port = 5433\\t\\t# (change requires restart)\n+#PORT = 1    # here\n #work_mem = 4MB\\t\\t\\t# min 64kB\n include_dir 'conf.d'\n log_line_prefix = '%m '\n",
          "done": false,
          "kind": "write",
          "path": "[here]/postgresql.conf",
          "text": "change settings [here]/postgresql.conf"
        }
      ]
    }
    "#);
}

#[test]
fn what_the_server_would_refuse_is_not_written() {
    let place = place();
    let before = place.everything(".");
    let mut said = Vec::new();
    for wrong in [
        "port=many",
        "shared_bufers=1GB",
        "ssl_groups=x",
        "block_size=1",
        "include=x",
        "a.b.c=1",
        "my.own=a\nb",
        "wal_level=full",
    ] {
        said.push(format!(
            "$ set {wrong:?}\n{}",
            conf(&place, &["set", wrong])
        ));
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    $ set "port=many"
    --- on standard error
    error: nothing was changed: PostgreSQL 15 would say: invalid value for parameter "port": "many"
    hint: it takes a whole number from 1 to 65535
    --- exit code 1
    $ set "shared_bufers=1GB"
    --- on standard error
    error: nothing was changed: PostgreSQL 15 would say: unrecognized configuration parameter "shared_bufers"
    hint: shared_buffers is known
    --- exit code 1
    $ set "ssl_groups=x"
    --- on standard error
    error: nothing was changed: PostgreSQL 15 would say: unrecognized configuration parameter "ssl_groups"
    hint: PostgreSQL 18 and later know it
    --- exit code 1
    $ set "block_size=1"
    --- on standard error
    error: nothing was changed: PostgreSQL 15 would say: parameter "block_size" cannot be changed
    --- exit code 1
    $ set "include=x"
    --- on standard error
    error: nothing was changed: include cannot be written: invalid configuration parameter name "include"
    hint: an include is no setting: add the line with an editor
    --- exit code 1
    $ set "a.b.c=1"
    --- on standard error
    error: nothing was changed: a.b.c cannot be written: invalid configuration parameter name "a.b.c"
    --- exit code 1
    $ set "my.own=a\nb"
    --- on standard error
    error: nothing was changed: my.own cannot be written: parameter value must not contain a line break or NUL
    --- exit code 1
    $ set "wal_level=full"
    --- on standard error
    error: nothing was changed: PostgreSQL 15 would say: invalid value for parameter "wal_level": "full"
    hint: it takes one of minimal, replica, logical
    --- exit code 1
    "#);
    assert_eq!(place.everything("."), before);
    // What is refused already may be mended.
    place.write(
        "postgresql.conf",
        "port = many\nssl_cert_file = server.crt\n",
    );
    insta::assert_snapshot!(conf(&place, &["set", "port=5433"]), @r#"
    --- [here]/postgresql.conf
    +++ [here]/postgresql.conf
    @@ -1,2 +1,2 @@
    -port = many
    +port = 5433
     ssl_cert_file = server.crt
    --- on standard error
    note: the server refuses this because of another line: postgresql.conf:2: syntax error near token "server.crt"
    note: port: counts after a restart of the server
    "#);
}

#[test]
fn unset_comments_out_every_line() {
    let place = place();
    insta::assert_snapshot!(conf(&place, &["unset", "port", "ssl", "log_min_messages"]), @r"
    --- [here]/conf.d/tls.conf
    +++ [here]/conf.d/tls.conf
    @@ -1,2 +1,2 @@
    -ssl = on
    +#ssl = on
     ssl_ca_file = 'root.crt'
    --- [here]/postgresql.conf
    +++ [here]/postgresql.conf
    @@ -1,6 +1,6 @@
     # mine
    -port = 5433\t\t# (change requires restart)
    -PORT = 5434 # here
    +#port = 5433\t\t# (change requires restart)
    +#PORT = 5434 # here
     #work_mem = 4MB\t\t\t# min 64kB
     include_dir 'conf.d'
     log_line_prefix = '%m '
    --- on standard error
    note: port is 5432 by default
    note: ssl is off by default
    note: postgresql.auto.conf, line 1, says log_min_messages = error, and that is read last: ALTER SYSTEM RESET log_min_messages takes it out
    note: port: counts after a restart of the server
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(conf(&place, &["unset", "port"]), @"
    --- on standard error
    nothing to do
    ");
}

#[test]
fn diff_compares_meaning() {
    let place = place();
    place.write(
        "new.conf",
        "ssl = 'true'\nssl_ca_file 'other.crt'\nwork_mem = 4096kB\nport = 5434\nmy.own = 1\nmax_connections = 200\n",
    );
    let files = [
        "conf",
        "diff",
        "postgresql.conf",
        "new.conf",
        "--pg-version",
        "15",
    ];
    insta::assert_snapshot!(place.run(&files), @"
    log_line_prefix
      - '%m '  (postgresql.conf:6)
      + '%m [%p] '  (default)
    max_connections  needs a restart
      - 100  (default)
      + 200  (new.conf:6)
    my.own
      - (not set)
      + 1  (new.conf:5)
    ssl_ca_file
      - root.crt  (conf.d/tls.conf:2)
      + other.crt  (new.conf:2)
    --- on standard error
    error: postgresql.conf and new.conf do not mean the same
    --- exit code 3
    ");
    insta::assert_snapshot!(place.run(&[&files[..], &["--json"]].concat()), @r#"
    {
      "differences": [
        {
          "name": "log_line_prefix",
          "new": {
            "file": null,
            "line": null,
            "value": "%m [%p] "
          },
          "old": {
            "file": "postgresql.conf",
            "line": 6,
            "value": "%m "
          },
          "restart": false
        },
        {
          "name": "max_connections",
          "new": {
            "file": "new.conf",
            "line": 6,
            "value": "200"
          },
          "old": {
            "file": null,
            "line": null,
            "value": "100"
          },
          "restart": true
        },
        {
          "name": "my.own",
          "new": {
            "file": "new.conf",
            "line": 5,
            "value": "1"
          },
          "old": {
            "file": null,
            "line": null,
            "value": null
          },
          "restart": false
        },
        {
          "name": "ssl_ca_file",
          "new": {
            "file": "new.conf",
            "line": 2,
            "value": "other.crt"
          },
          "old": {
            "file": "conf.d/tls.conf",
            "line": 2,
            "value": "root.crt"
          },
          "restart": false
        }
      ],
      "equal": false,
      "schema_version": 1
    }
    --- on standard error
    error: postgresql.conf and new.conf do not mean the same
    --- exit code 3
    "#);
    insta::assert_snapshot!(place.run(&["conf", "diff", "new.conf", "new.conf"]), @"
    --- on standard error
    both mean the same
    ");
}

#[test]
fn diff_compares_only_what_the_server_would_take() {
    let place = Place::new();
    place.write("good.conf", "port = 1\n");
    let refused = [
        ("syntax.conf", "port 5432 x\n"),
        ("unknown.conf", "prot = 1\n"),
        ("older.conf", "stats_temp_directory = '/tmp'\n"),
        ("value.conf", "port = many\n"),
    ];
    let mut said = Vec::new();
    for (name, text) in refused {
        place.write(name, text);
        said.push(place.run(&["conf", "diff", "good.conf", name]).to_string());
        said.push(
            place
                .run(&["conf", "diff", name, name, "--pg-version", "18"])
                .to_string(),
        );
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    --- on standard error
    error: what the server would refuse cannot be compared: syntax.conf:1: syntax error near token "x"
    hint: pgcert conf lint --file says more about it
    --- exit code 1
    --- on standard error
    error: what the server would refuse cannot be compared: syntax.conf:1: syntax error near token "x"
    hint: pgcert conf lint --file says more about it
    --- exit code 1
    --- on standard error
    error: what the server would refuse cannot be compared: unknown.conf:1: unrecognized configuration parameter "prot"
    hint: pgcert conf lint --file says more about it
    hint: --pg-version N says that the files are another version's
    --- exit code 1
    --- on standard error
    error: what the server would refuse cannot be compared: unknown.conf:1: unrecognized configuration parameter "prot"
    hint: pgcert conf lint --file says more about it
    --- exit code 1
    --- on standard error
    error: what the server would refuse cannot be compared: older.conf:1: unrecognized configuration parameter "stats_temp_directory"
    hint: only PostgreSQL 12 to 14 know it
    hint: --pg-version N says that the files are another version's
    --- exit code 1
    --- on standard error
    error: what the server would refuse cannot be compared: older.conf:1: unrecognized configuration parameter "stats_temp_directory"
    hint: only PostgreSQL 12 to 14 know it
    --- exit code 1
    --- on standard error
    error: what the server would refuse cannot be compared: value.conf:1: invalid value for parameter "port": "many"
    hint: it takes a whole number from 1 to 65535
    hint: --pg-version N says that the files are another version's
    --- exit code 1
    --- on standard error
    error: what the server would refuse cannot be compared: value.conf:1: invalid value for parameter "port": "many"
    hint: it takes a whole number from 1 to 65535
    --- exit code 1
    "#);
    // Of two lines of one name the server looks at the last one only.
    place.write("twice.conf", "port = many\nport = 1\n");
    let same = place.run(&["conf", "diff", "good.conf", "twice.conf"]);
    assert_eq!(same.code, Some(0), "{same}");
}

#[test]
fn a_server_s_files_are_found_and_its_command_line_is_told() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    place.write("data/PG_VERSION", "16\n");
    place.write("data/postgresql.conf", "port = 5433\n");
    place.write(
        "data/postmaster.opts",
        "/bin/postgres \"-D\" \"/d\" \"-p\" \"5499\"\n",
    );
    // Nothing runs there, so the command line of the last start does not count.
    insta::assert_snapshot!(place.run(&["conf", "get", "port", "--data-dir", "data"]), @"
    port = 5433
        [here]/data/postgresql.conf:1
    ");
    insta::assert_snapshot!(place.run(&["conf", "set", "port=5434", "--data-dir", "data"]), @"
    --- [here]/data/postgresql.conf
    +++ [here]/data/postgresql.conf
    @@ -1,1 +1,1 @@
    -port = 5433
    +port = 5434
    --- on standard error
    note: port: counts after a restart of the server
    ");
    // The version is the data folder's, also for a file in it.
    insta::assert_snapshot!(place.run(&["conf", "set", "ssl_groups=x", "--file", "data/postgresql.conf"]), @r#"
    --- on standard error
    error: nothing was changed: PostgreSQL 16 would say: unrecognized configuration parameter "ssl_groups"
    hint: PostgreSQL 18 and later know it
    --- exit code 1
    "#);
}

#[test]
fn blanks_around_a_value_belong_to_it() {
    let place = place();
    let settings = ["set", "log_line_prefix=%m [%p] ", " my.own = two "];
    insta::assert_snapshot!(conf(&place, &settings), @r"
    --- [here]/postgresql.conf
    +++ [here]/postgresql.conf
    @@ -3,4 +3,5 @@
     PORT = 5434 # here
     #work_mem = 4MB\t\t\t# min 64kB
     include_dir 'conf.d'
    -log_line_prefix = '%m '
    +log_line_prefix = '%m [%p] '
    +my.own = ' two '
    --- on standard error
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(conf(&place, &["set", "=x"]), @"
    --- on standard error
    error: invalid value '=x' for '<NAME=VALUE>...': there is no name before the =
    
    For more information, try '--help'.
    --- exit code 2
    ");
}

#[test]
fn diff_knows_synonyms_and_defaults() {
    let place = Place::new();
    let initdb = "dynamic_shared_memory_type = posix\ndatestyle = 'iso, mdy'\nlc_monetary = 'C'\nlc_time = 'de_DE'\n\
                  lc_messages = 'C'\nsynchronous_commit = true\nwal_compression = on\n";
    place.write("initdb.conf", initdb);
    place.write("empty.conf", "wal_compression = pglz\n");
    let files = ["initdb.conf", "empty.conf", "--pg-version", "15"];
    insta::assert_snapshot!(place.run(&[&["conf", "diff"], &files[..]].concat()), @"
    lc_messages
      - C  (initdb.conf:5)
      + ''  (default)
    lc_time
      - de_DE  (initdb.conf:4)
      + C  (default)
    --- on standard error
    error: initdb.conf and empty.conf do not mean the same
    --- exit code 3
    ");
}

#[test]
fn a_byte_order_mark_is_told_once() {
    let place = Place::new();
    for text in ["\u{feff}# mine\nport = 5433\n", "\u{feff}port = 5433\n"] {
        place.write("postgresql.conf", text);
        insta::allow_duplicates! {
            let lint = conf(&place, &["lint"]);
            insta::assert_snapshot!(lint, @"
            postgresql.conf:1:1: error: the file begins with a byte order mark [conf-byte-order-mark]
              help: save the file as UTF-8 without a byte order mark
            --- on standard error
            error: postgresql.conf: 1 error
            --- exit code 3
            ");
            let set = conf(&place, &["set", "work_mem=8MB", "--dry-run"]);
            insta::assert_snapshot!(set.err, @"
            note: PostgreSQL 15 would refuse this because of another line: postgresql.conf:1:1: the file begins with a byte order mark; save the file as UTF-8 without a byte order mark
            note: the server takes it with a reload: SELECT pg_reload_conf()
            ");
        }
    }
}

#[test]
fn what_is_hidden_counts_after_no_restart() {
    let place = place();
    place.write("postgresql.auto.conf", "port = 6000\n");
    insta::assert_snapshot!(conf(&place, &["set", "port=6001", "--dry-run"]).err, @"note: postgresql.auto.conf, line 1, says port = 6000, and that is read last: ALTER SYSTEM RESET port takes it out");
    insta::assert_snapshot!(conf(&place, &["set", "port=6001", "ssl=off", "--dry-run"]).err, @"
    note: postgresql.auto.conf, line 1, says port = 6000, and that is read last: ALTER SYSTEM RESET port takes it out
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    insta::assert_snapshot!(conf(&place, &["unset", "port", "--dry-run"]).err, @"note: postgresql.auto.conf, line 1, says port = 6000, and that is read last: ALTER SYSTEM RESET port takes it out");
}

#[test]
fn the_last_of_two_values_is_meant() {
    let place = Place::new();
    place.write("x.conf", "port = 3\n");
    let twice = ["conf", "set", "--file", "x.conf", "port=many", "PORT=2"];
    insta::assert_snapshot!(place.run(&twice), @"
    --- [here]/x.conf
    +++ [here]/x.conf
    @@ -1,1 +1,1 @@
    -port = 3
    +port = 2
    --- on standard error
    note: port=many is passed over: another value for it is given behind
    note: port: counts after a restart of the server
    ");
}

#[test]
fn postgresql_auto_conf_is_the_server_s() {
    let place = Place::new();
    place.write("postgresql.auto.conf", "work_mem = '4MB'\n");
    let set = ["conf", "set", "--file", "postgresql.auto.conf"];
    let data = [&set[..], &["data_directory=/d", "work_mem=8MB"]].concat();
    insta::assert_snapshot!(place.run(&data), @"
    --- [here]/postgresql.auto.conf
    +++ [here]/postgresql.auto.conf
    @@ -1,1 +1,2 @@
    -work_mem = '4MB'
    +work_mem = '8MB'
    +data_directory = '/d'
    --- on standard error
    note: data_directory counts for nothing here: the server reads this file where its data is, and has found that already
    note: ALTER SYSTEM rewrites this file and keeps no comments: on a server that runs, ALTER SYSTEM SET and RESET do the same
    note: the server takes it with a reload: SELECT pg_reload_conf()
    ");
    let again = place.run(&data);
    assert_eq!(again.err, "nothing to do\n");
}

#[test]
fn a_file_with_two_names_is_not_swapped() {
    let place = Place::new();
    place.write("x.conf", "port = 3\n");
    std::fs::hard_link(place.path("x.conf"), place.path("y.conf")).unwrap();
    let set = ["conf", "set", "--file", "x.conf", "port=2"];
    insta::assert_snapshot!(place.run(&set), @"
    --- on standard error
    error: it failed, and everything is as it was: [here]/x.conf has 2 hard links
    hint: the new file takes one name's place, and the old one would stay under the others: find DIR -xdev -samefile [here]/x.conf names them, and where they are not needed cp and mv make it a file of its own
    --- exit code 1
    ");
}

#[test]
fn secrets_are_shown_nowhere() {
    let place = Place::new();
    let says = |name: &str, password: &str| {
        let line = format!("primary_conninfo = 'host=p password={password}'\n");
        place.write(name, &line);
    };
    says("postgresql.conf", "alpha");
    says("other.conf", "beta");
    says("postgresql.auto.conf", "gamma");
    let version = ["--file", "postgresql.conf", "--pg-version", "16"];
    let given = [
        "primary_conninfo=host=a password=delta",
        "primary_conninfo=host=b password=epsilon",
    ];
    let set = [&["conf", "set", "--dry-run"], &given[..], &version].concat();
    let diff = ["conf", "diff", "postgresql.conf", "other.conf"];
    for asked in [&set[..], &diff] {
        for json in [&[][..], &["--json"]] {
            let said = place.run(&[asked, json].concat());
            let text = format!("{}{}", said.out, said.err);
            assert!(text.contains("(not shown)"), "{text}");
            for secret in ["alpha", "beta", "gamma", "delta", "epsilon"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
}
