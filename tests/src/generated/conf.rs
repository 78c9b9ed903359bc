//! `postgresql.conf` by chance: settings in every spelling of the lexer and just outside of it, and includes.

use super::mutate::mutate;
use super::{Dice, Made, joined};

/// A file.
pub fn file(dice: &mut Dice) -> Made {
    let mut made = Made::default();
    let lines: Vec<_> = match dice.below(60) {
        0 => (0..dice.between(98, 104))
            .flat_map(|_| [b"=".to_vec(), line(dice)])
            .collect(),
        _ => (0..dice.weighted(&[(1, 1), (3, 4), (4, 12), (2, 25)]))
            .map(|_| line(dice))
            .collect(),
    };
    made.main = joined(dice, &lines);
    if dice.once_in(3) {
        mutate(dice, &mut made.main);
    }
    if lines.iter().any(|line| line.starts_with(b"include")) {
        for name in NAMED {
            let lines: Vec<_> = (0..dice.between(0, 3)).map(|_| line(dice)).collect();
            made.named.insert((*name).to_owned(), joined(dice, &lines));
        }
    }
    made
}

const NAMED: &[&str] = &[
    "more.conf",
    "parts/20.conf",
    "parts/9.conf",
    "parts/A.conf",
    "parts/.x.conf",
    "parts/x.txt",
];

fn line(dice: &mut Dice) -> Vec<u8> {
    match dice.below(30) {
        0 => Vec::new(),
        1 => dice
            .one_of(&[
                &b"# a comment"[..],
                b"#port = 1",
                b"  #",
                b"\t \t",
                b"#\0",
                b"\r",
            ])
            .to_vec(),
        2 => include(dice),
        3 => (0..dice.between(1, 6))
            .flat_map(|_| dice.one_of(PIECES).as_bytes().to_vec())
            .collect(),
        _ => setting(dice),
    }
}

const PIECES: &[&str] = &[
    "a", "=", "'", "''", "\\", " ", "\t", "1", ".", "-", "+", "e5", "0x", "#", "_", "\"", "/", ":",
    "kB", "\u{e9}", "\x0b", ",",
];

fn include(dice: &mut Dice) -> Vec<u8> {
    let word = dice.one_of(&[
        "include",
        "include_if_exists",
        "include_dir",
        "INCLUDE",
        "Include_Dir",
    ]);
    let equals = dice.one_of(&[" ", " = ", "", "="]);
    let named = dice.one_of(&[
        "'more.conf'",
        "more",
        "'parts'",
        "'parts/'",
        "'none.conf'",
        "'none'",
        "''",
        "' '",
        "'./parts/../more.conf'",
        "'postgresql.conf'",
        "parts/A.conf",
        "'parts/9.conf'",
        "'.'",
        "'a\\057b'",
        "'caf\\351'",
    ]);
    format!("{word}{equals}{named}").into_bytes()
}

fn setting(dice: &mut Dice) -> Vec<u8> {
    let name = dice.one_of(NAMES);
    let equals = dice.weighted(&[
        (12, " = "),
        (3, "="),
        (3, " "),
        (1, ""),
        (1, " == "),
        (1, "\t=\t"),
        (1, "= "),
        (1, " ="),
    ]);
    let value = value(dice);
    let behind = dice.weighted(&[
        (12, ""),
        (2, " # why"),
        (1, "#why"),
        (1, "  "),
        (1, " more"),
        (1, "\t# it's"),
        (1, ";"),
        (1, " 'x'"),
    ]);
    [
        name.as_bytes(),
        equals.as_bytes(),
        &value,
        behind.as_bytes(),
    ]
    .concat()
}

const NAMES: &[&str] = &[
    "port",
    "work_mem",
    "Work_Mem",
    "log_line_prefix",
    "search_path",
    "ssl_ca_file",
    "my.own",
    "_x",
    "a.b.c",
    "work-mem",
    "1a",
    "nosuch",
    "caf\u{e9}",
    "a.",
    ".a",
    "a..b",
    "DateStyle",
    "shared_buffers",
    "a1.b2",
    "x.include",
    "my.own",
    "fsync",
    "enable_seqscan",
    "log_statement",
    "wal_level",
    "ssl_min_protocol_version",
    "seq_page_cost",
    "autovacuum_vacuum_cost_delay",
    "statement_timeout",
    "checkpoint_timeout",
    "max_wal_size",
    "log_connections",
    "max_connections",
    "block_size",
    "Server_Version",
    "sort_mem",
    "ssl_ecdh_curve",
    "ssl_groups",
    "wal_keep_segments",
    "wal_keep_size",
    "db_user_namespace",
    "vacuum_cost_delay",
    "TimeZone",
    "log_temp_files",
    "role",
    "\u{e9}.\u{e9}",
];

fn value(dice: &mut Dice) -> Vec<u8> {
    if dice.once_in(3) {
        let inside: Vec<u8> = (0..dice.between(0, 5))
            .flat_map(|_| dice.one_of(INSIDE).as_bytes().to_vec())
            .collect();
        return [b"'", &inside[..], b"'"].concat();
    }
    dice.one_of(VALUES).as_bytes().to_vec()
}

const INSIDE: &[&str] = &[
    "a", " ", "''", "\\'", "\\\\", "\\n", "\\b", "\\f", "\\r", "\\t", "\\1", "\\12", "\\101",
    "\\1012", "\\8", "\\400", "\\000", "\\q", "#", "\"", "\u{e9}", "\t", "=", "%m", "\\\"",
    "$user", ",", "\0",
];

const VALUES: &[&str] = &[
    "on",
    "off",
    "true",
    "5432",
    "4MB",
    "-1",
    "+1",
    "1.5",
    "1.5MB",
    ".5",
    "5.",
    "1e5",
    "1.e5",
    "1.5e-3",
    "0x10",
    "0x",
    "0xG",
    "010",
    "10min",
    "TLSv1.2",
    "server.crt",
    "a/b.crt",
    "/etc/x",
    "a.b",
    "a.b.c",
    "a-b",
    "a:b",
    "a,b",
    "\"a\"",
    "",
    "'",
    "'open",
    "*",
    "Europe/Paris",
    "a_b",
    "\u{e9}",
    "-",
    "+",
    "--1",
    "1 2",
    "4 MB",
    "1,5",
    "1_000",
    "1kB2",
    "0x1fkB",
    "md5",
    "C",
    "a=b",
    "=",
    "''''",
    "'a'b",
    "a'b'",
    "0b1",
    "no",
    "tru",
    "t",
    "ON",
    "1",
    "0",
    "100",
    "8MB",
    "1GB",
    "128kB",
    "30s",
    "2h",
    "250us",
    "1.5h",
    "-1ms",
    "70000",
    "2147483648",
    "all",
    "ddl",
    "replica",
    "TLSv1",
    "'16 MB'",
    "' 5'",
    "'5 '",
    "'1e2'",
    "'UTC'",
    "0o7",
];
