//! Our reading of `pg_hba.conf` against `pg_hba_file_rules`, rules and refusals both.

use std::collections::{BTreeMap, BTreeSet};

use pg_config::Version;
use pg_config::hba::{
    Address, Connection, Decision, HostName, Reach, Rule, RuleSet, Site, Transport, decide, reach,
};

use crate::servers::Server;

/// Lines that stand alone: each is read whatever the others say.
const LINES: &str = r#"# a comment
local all all peer
local   all             postgres                                peer map=admins
host all all 127.0.0.1/32 scram-sha-256
host	all	all	::1/128	md5
host all all 127.0.0.1 255.255.255.255 trust
host all all 192.168.1.0/24 reject
host all all 192.168.1.0/32 cert
hostssl all slardiere 192.168.1.0/24 cert
hostssl all slardiere 192.168.1.0/24 cert clientcert=1
hostssl all slardiere 192.168.1.0/24 cert clientcert=verify-full
hostssl all slardiere 192.168.1.0/24 cert clientcert=verify-ca
hostssl all all 0.0.0.0/0 scram-sha-256 clientcert=verify-ca
hostssl all all 0.0.0.0/0 scram-sha-256 clientcert=maybe
hostssl all all 0.0.0.0/0 cert map=m clientname=DN
hostssl all all 0.0.0.0/0 cert clientname=XX
hostnossl all all all md5
hostnossl all all all cert
hostgssenc all all all trust
hostnogssenc all all all trust
host all all all cert
local all all cert
"local" "all" "all" "peer"
host "all" "All" "samehost" trust
host "a b","c,d" "e f", g samenet trust
host sameuser,samerole,samegroup,replication +staff,"+staff" .example.org trust
host replication all db.example.org trust
host all all 10.0.0.0/8 password # said after
host all all 10.0.0.0/8 password#not after
host all @nowhere all trust
hots all all all trust
host
host all
host all all
host all all all
host all all 10.0.0.0/8
host all all 10.0.0.0/33 trust
host all all 10.0.0.300/8 trust
host all all 10.0.0.1 trust
host all all 10.0.0.1 10 trust
host all all 10.0.0.1 ::1 trust
host all all 10/8 trust
host all,all all,all all trust
host all all all nosuch
host all all all trust nosuch=1
host all all all trust map=x
host all all all peer
local all all ident
host all all all ident map=x
local all all trust clientcert=verify-ca
local all all peer map
host all all fe80::1/64 trust
host all all ::ffff:10.0.0.1/128 trust
local all "" trust
local "" all trust
host all all "" trust
host all all 10.0.0.0/8 "trust"
host all all all,all trust
host all all all trust,md5
host,local all all all trust
host all /^a.*$ all trust
host "/^db[0-9]$" all all trust
"#;

/// A file that brings in others: lists in every version, records from 16 on.
const NAMING: &str = r#"host all @roles all trust
host @databases,other slardiere all trust
host all @nowhere all trust
include more.conf
include_if_exists nowhere.conf
include_dir parts
include nowhere.conf
local all all peer
"#;

/// What it brings in.
const NAMED: [(&str, &str); 6] = [
    ("roles", "slardiere, +staff\n# nobody else\n\"Odd One\"\n"),
    ("databases", "one two\n@more_databases\n"),
    ("more_databases", "three\n"),
    (
        "more.conf",
        "local all more peer\nhost all more 10.0.0.1 trust\n",
    ),
    ("parts/b.conf", "local all b peer\n"),
    ("parts/a.conf", "local all a nosuch\n"),
];

#[test]
fn rules_and_refusals() {
    Server::each(|server| judge(server, LINES.as_bytes(), &[]));
}

#[test]
fn lines_that_go_on() {
    let text = b"host all \\\n all all \\\n trust\nlocal all all \\\r\npeer\n# a comment \\\nlocal all all trust\nlocal all all peer";
    Server::each(|server| judge(server, text, &[]));
}

#[test]
fn files_that_name_files() {
    Server::each(|server| judge(server, NAMING.as_bytes(), &NAMED));
}

/// Compares rule by rule; the server reads the files anew whenever the view is asked.
fn judge(server: &Server, bytes: &[u8], named: &[(&str, &str)]) {
    let version = server.cluster.version;
    let path = format!("{}/pg_hba.conf", server.cluster.data);
    let mut files = BTreeMap::new();
    for (name, text) in named {
        server.write(name, text.as_bytes());
        files.insert(
            format!("{}/{name}", server.cluster.data),
            text.as_bytes().to_vec(),
        );
    }
    server.write("pg_hba.conf", bytes);

    let (file, order) = if version >= 16 {
        ("file_name", "file_name, line_number")
    } else {
        ("null", "line_number")
    };
    let columns = [
        file,
        "line_number",
        "type",
        "database",
        "user_name",
        "address",
        "netmask",
        "auth_method",
        "error",
    ];
    let rows = server.rows(&columns, "pg_hba_file_rules", order);
    let theirs = rows.into_iter().map(|row| {
        let field = |n: usize| row[n].clone().unwrap_or_else(|| "-".to_owned());
        let at = format!("{}:{}", row[0].as_ref().unwrap_or(&path), field(1));
        match (&row[2], &row[8]) {
            (Some(_), _) => (at, (2..8).map(field).collect::<Vec<_>>().join(" ")),
            // With TLS off the view says no more about a `hostssl` record that it refuses.
            (None, Some(error)) if error.contains("SSL is disabled") => (at, "refused".to_owned()),
            (None, error) => (at, error.clone().unwrap_or_else(|| "refused".to_owned())),
        }
    });
    let theirs: BTreeMap<String, String> = theirs.collect();

    let set = RuleSet::of_bytes(&files, &path, bytes, Version::new(version).unwrap());
    let mut ours: BTreeMap<String, String> = set
        .rules
        .iter()
        .map(|at| (format!("{}:{}", at.file, at.rule.line), shown(&at.rule)))
        .chain(
            set.errors
                .iter()
                .map(|e| (format!("{}:{}", e.file, e.line), e.message.clone())),
        )
        .collect();
    for (at, said) in &theirs {
        if said == "refused"
            && set
                .errors
                .iter()
                .any(|e| format!("{}:{}", e.file, e.line) == *at)
        {
            ours.insert(at.clone(), said.clone());
        }
    }
    let places: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let different: Vec<String> = places
        .into_iter()
        .filter(|at| ours.get(*at) != theirs.get(*at))
        .map(|at| {
            format!(
                "{at}\n  ours   {:?}\n  theirs {:?}",
                ours.get(at),
                theirs.get(at)
            )
        })
        .collect();
    assert!(
        different.is_empty(),
        "on PostgreSQL {version}:\n{}",
        different.join("\n")
    );
}

/// The names in a startup packet are cut to what the server can hold, those in rules are not.
#[test]
fn longer_names_than_there_can_be_are_cut() {
    let (cut, long) = ("n".repeat(63), "n".repeat(70));
    let rules = format!(
        "local all {long} trust\nlocal {long} all trust\nlocal all {cut} reject\nlocal {cut} all reject\nlocal all all peer\n"
    );
    Server::each(|server| {
        let cluster = &server.cluster;
        let loaded = || cluster.ask(&server.host, "select pg_conf_load_time()");
        let before = loaded();
        server.write("pg_hba.conf", rules.as_bytes());
        cluster.ctl(&server.host, "reload").ok();
        while loaded() == before {
            std::thread::yield_now();
        }
        let port = cluster.port.to_string();
        let version = Version::new(cluster.version).unwrap();
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", rules.as_bytes(), version);
        for (database, role, rule) in [("postgres", &*long, 2), (&*long, &*cluster.owner, 3)] {
            let to = [
                "psql",
                "-h",
                &cluster.socket,
                "-p",
                &port,
                "-U",
                role,
                "-d",
                database,
                "-c",
                "",
            ];
            let said = server.host.run(&cluster.owner, &to);
            said.fails()
                .says("pg_hba.conf rejects connection")
                .says(&cut)
                .says_not(&long);
            let connection = Connection {
                transport: Transport::Local,
                database: database.to_owned(),
                role: role.to_owned(),
                member_of: Some(Vec::new()),
                address: None,
                host_name: HostName::Unknown,
                physical_replication: false,
            };
            let decided = decide(&set, &connection, &Site::default());
            assert_eq!(decided, Decision::Rule(rule), "{version}");
        }
        let never = |found: &Reach| matches!(found, Reach::Never { .. });
        let found: Vec<bool> = reach(&set, &Site::default()).iter().map(never).collect();
        assert_eq!(found, [true, true, false, false, false], "{version}");
    });
}

/// A rule as the view shows it.
fn shown(rule: &Rule) -> String {
    let databases: Vec<_> = rule.databases.iter().map(|d| d.text()).collect();
    let users: Vec<_> = rule.users.iter().map(|u| u.text()).collect();
    let (address, mask) = match &rule.address {
        None => ("-".to_owned(), "-".to_owned()),
        Some(Address::All) => ("all".to_owned(), "-".to_owned()),
        Some(Address::SameHost) => ("samehost".to_owned(), "-".to_owned()),
        Some(Address::SameNet) => ("samenet".to_owned(), "-".to_owned()),
        Some(Address::HostName(name)) => {
            (String::from_utf8_lossy(name).into_owned(), "-".to_owned())
        }
        Some(Address::Masked(masked)) => (masked.address().to_string(), masked.mask().to_string()),
    };
    format!(
        "{} {} {} {address} {mask} {}",
        rule.kind,
        databases.join(","),
        users.join(","),
        rule.method
    )
}
