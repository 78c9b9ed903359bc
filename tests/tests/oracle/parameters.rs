//! Our table of parameters and our reading of their values, against `pg_settings` and `pg_file_settings` of every version.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pg_config::Version;
use pg_config::conf::{Context, Kind, Lookup, Parameter};

use crate::servers::Server;

/// Parameters that the server takes and does not show, and one that Debian's builds alone have.
const HIDDEN: [&str; 7] = [
    "default_with_oids",
    "extension_destdir",
    "is_superuser",
    "role",
    "seed",
    "session_authorization",
    "ssl_renegotiation_limit",
];

/// Values of parameters of every kind: good ones, odd ones, wrong ones.
const VALUES: &[(&str, &str)] = &[
    ("work_mem", "0x1000"),
    ("maintenance_work_mem", "0200000"),
    ("temp_buffers", "0o10000"),
    ("autovacuum_work_mem", "64KB"),
    ("logical_decoding_work_mem", "64.4 MB "),
    ("effective_cache_size", "1_000"),
    ("min_parallel_table_scan_size", "1e3"),
    ("statement_timeout", "1.5s"),
    ("lock_timeout", "-0.4"),
    ("idle_in_transaction_session_timeout", "9999999999"),
    ("deadlock_timeout", "1 w"),
    ("log_min_duration_statement", "-2"),
    ("checkpoint_timeout", "29s"),
    ("vacuum_cost_delay", "1us"),
    ("seq_page_cost", "nan"),
    ("random_page_cost", "1ms"),
    ("cpu_tuple_cost", "0x10"),
    ("cpu_index_tuple_cost", "1e400"),
    ("cpu_operator_cost", ".5"),
    ("checkpoint_completion_target", "1.1"),
    ("enable_seqscan", "tru"),
    ("enable_sort", "o"),
    ("enable_hashjoin", ""),
    ("enable_material", "2"),
    ("constraint_exclusion", "PARTITION"),
    ("synchronous_commit", "no"),
    ("backslash_quote", "safe"),
    ("client_min_messages", "debug"),
    ("log_min_messages", "verbose"),
    ("bytea_output", "Hex"),
    ("track_functions", "on"),
    ("log_statement", ""),
    ("geqo_threshold", "12.4"),
    ("geqo_effort", "11"),
    ("from_collapse_limit", "0"),
    ("join_collapse_limit", "0b1"),
];

#[test]
fn parameters_and_their_values_are_read_as_the_server_reads_them() {
    Server::each(|server| {
        every_parameter_is_in_the_table_as_the_server_has_it(server);
        synonyms_are_shown_as_what_they_stand_for(server);
        values_are_taken_and_refused_as_the_server_does(server);
    });
}

fn every_parameter_is_in_the_table_as_the_server_has_it(server: &Server) {
    let version = Version::new(server.cluster.version).unwrap();
    let columns = [
        "name", "context", "vartype", "unit", "min_val", "max_val", "enumvals", "boot_val",
    ];
    let rows = server.rows(&columns, "pg_settings where name !~ '\\.'", "name");
    let mut ours: BTreeMap<&str, Parameter> =
        Parameter::all(version).map(|p| (p.name, p)).collect();
    for row in rows {
        let field = |n: usize| row.get(n).cloned().flatten().unwrap_or_default();
        let name = field(0);
        let parameter = ours
            .remove(name.as_str())
            .unwrap_or_else(|| panic!("{version} has {name}, and the table has not"));
        let context = match parameter.context {
            Context::Internal => &["internal"][..],
            Context::Restart => &["postmaster"],
            Context::Reload => &["sighup"],
            Context::NewConnections => &["backend", "superuser-backend"],
            Context::Sessions => &["user", "superuser"],
        };
        assert!(
            context.contains(&&*field(1)),
            "{version} {name}: {}",
            field(1)
        );
        if parameter.context == Context::Internal {
            continue;
        }
        let number = |n: usize| field(n).parse::<f64>().unwrap_or(f64::NAN);
        match &parameter.kind {
            Kind::Bool => assert_eq!(field(2), "bool", "{version} {name}"),
            Kind::Text => assert_eq!(field(2), "string", "{version} {name}"),
            Kind::Integer { unit, min, max } | Kind::Real { unit, min, max } => {
                let kind = if matches!(parameter.kind, Kind::Real { .. }) {
                    "real"
                } else {
                    "integer"
                };
                assert_eq!(field(2), kind, "{version} {name}");
                let unit = unit.map(|unit| unit.to_string()).unwrap_or_default();
                assert_eq!(field(3), unit, "{version} {name}");
                assert_eq!((number(4), number(5)), (*min, *max), "{version} {name}");
            }
            Kind::Enum { words, .. } => {
                assert_eq!(field(2), "enum", "{version} {name}");
                assert!(
                    words.is_empty() || field(6) == words.join(","),
                    "{version} {name}: {}",
                    field(6)
                );
            }
        }
        if let Some(default) = parameter.default {
            assert_eq!(field(7), default, "{version} {name}");
        }
    }
    let left: Vec<_> = ours
        .into_keys()
        .filter(|name| !HIDDEN.contains(name))
        .collect();
    assert!(left.is_empty(), "{version} has not: {left:?}");
}

/// Of the parameters that a session may set.
fn synonyms_are_shown_as_what_they_stand_for(server: &Server) {
    let version = Version::new(server.cluster.version).unwrap();
    let mut words = Vec::new();
    for parameter in Parameter::all(version) {
        if let (Kind::Enum { synonyms, .. }, Context::Sessions) =
            (&parameter.kind, parameter.context)
            && !HIDDEN.contains(&parameter.name)
        {
            let name = parameter.name;
            let of_it = synonyms.iter();
            words.extend(of_it.map(|(word, shown)| format!("('{name}', '{word}', '{shown}')")));
        }
    }
    let view = format!("(values {}) v(name, word, shown)", words.join(", "));
    let columns = ["name", "word", "shown", "set_config(name, word, false)"];
    for row in server.rows(&columns, &view, "name") {
        assert_eq!(row[2], row[3], "{version}: {row:?}");
    }
}

fn values_are_taken_and_refused_as_the_server_does(server: &Server) {
    let version = Version::new(server.cluster.version).unwrap();
    let original = server
        .host
        .read(&format!("{}/postgresql.conf", server.cluster.data))
        .unwrap();
    let mut text = String::new();
    // A name that it does not know keeps the server from looking at any value.
    let known = |name: &str| match Parameter::named(name, version) {
        Lookup::Known(parameter) => Some(parameter),
        _ => None,
    };
    for (name, value) in VALUES.iter().filter(|(name, _)| known(name).is_some()) {
        let _ = writeln!(text, "{name} = '{value}'");
    }
    server.write("postgresql.conf", text.as_bytes());
    let view = "pg_file_settings where sourcefile like '%/postgresql.conf'";
    let rows = server.rows(&["name", "error"], view, "seqno");
    server.write("postgresql.conf", original.as_bytes());
    let mut judged = 0;
    for row in rows {
        let name = row[0].clone().unwrap_or_default();
        let value = VALUES.iter().find(|(known, _)| *known == name).unwrap().1;
        let parameter = known(&name).unwrap();
        let ours = parameter.check(value.as_bytes());
        assert_eq!(
            ours.is_err(),
            row[1].is_some(),
            "{version} {name} = '{value}': {ours:?} {:?}",
            row[1]
        );
        judged += 1;
    }
    assert!(judged > VALUES.len() - 3, "{version}: {judged}");
}
