//! `pg_hba.conf` by chance: records of every type, address, method and option, right and wrong, the lists and files
//! that they name, and lines near the limits of each version.

mod address;
mod options;

use super::spelling::{self, filler, line, list, long, token};
use super::{Dice, Made, joined, mutate::mutate};

/// A file. `includes` says whether the reader knows include records: only then may files name each other in a circle.
pub fn file(dice: &mut Dice, includes: bool) -> Made {
    let mut made = Made::default();
    let lines: Vec<_> = (0..dice.weighted(&[(1, 1), (3, 4), (4, 12), (2, 25)]))
        .map(|_| any_line(dice, includes))
        .collect();
    made.main = joined(dice, &lines);
    if dice.once_in(3) {
        mutate(dice, &mut made.main);
    }
    if lines.iter().any(|line| names_files(line)) {
        named(dice, includes, &mut made);
    }
    made
}

/// Whether a line may name one of the files that [`named`] makes.
fn names_files(line: &[u8]) -> bool {
    line.contains(&b'@') || line.windows(7).any(|word| word == b"include")
}

/// The files beside the main one: lists, records to be included, and folders of them.
pub(super) fn named(dice: &mut Dice, includes: bool, made: &mut Made) {
    for at in 0..LISTS.len() {
        // A list names only lists behind it: before 16 a circle takes the server down.
        let lines: Vec<_> = (0..dice.between(0, 3))
            .map(|_| list_line(dice, &LISTS[at + 1..]))
            .collect();
        let mut bytes = joined(dice, &lines);
        if dice.once_in(6) {
            mutate(dice, &mut bytes);
        }
        made.named.insert(LISTS[at].to_owned(), bytes);
    }
    if !includes {
        return;
    }
    for name in RECORDS {
        let lines: Vec<_> = (0..dice.between(0, 3))
            .map(|_| any_line(dice, false))
            .collect();
        made.named.insert((*name).to_owned(), joined(dice, &lines));
    }
    if dice.once_in(10) {
        let name = dice.one_of(RECORDS);
        made.named.insert(
            name.to_owned(),
            format!("include {}\n", name.rsplit('/').next().unwrap_or(name)).into_bytes(),
        );
    }
}

/// Lists of names, for `@`.
pub(super) const LISTS: &[&str] = &["lists/who", "lists/more names", "lists/last"];

/// Files of records.
const RECORDS: &[&str] = &[
    "more.conf",
    "parts/20.conf",
    "parts/9.conf",
    "parts/A.conf",
    "parts/.hidden.conf",
    "parts/notes.txt",
    "parts/deep/never.conf",
];

fn list_line(dice: &mut Dice, further: &[&str]) -> Vec<u8> {
    let names: Vec<_> = (0..dice.between(0, 3))
        .map(|_| {
            if further.is_empty() || !dice.once_in(8) {
                return spelled(dice, USERS);
            }
            let name = dice.one_of(further).trim_start_matches("lists/").as_bytes();
            let sign: &[u8] = if name.contains(&b' ') { b"@\"" } else { b"@" };
            [sign, name, &sign[1..]].concat()
        })
        .collect();
    let field = list(dice, &names);
    line(dice, &[field])
}

fn any_line(dice: &mut Dice, includes: bool) -> Vec<u8> {
    match dice.below(100) {
        0..=2 => Vec::new(),
        3..=5 => dice
            .one_of(&[
                &b"# a comment"[..],
                b"#",
                b"  # indented",
                b"# goes on \\",
                b"\t \t",
                b",",
                b" , , ",
            ])
            .to_vec(),
        6..=9 => include(dice),
        10 => {
            let mut record = record(dice, includes);
            let at = dice.below(record.len() + 1);
            let filler = filler(dice, record.len());
            record.splice(at..at, filler);
            record
        }
        11..=12 => {
            let words: Vec<_> = (0..dice.between(1, 6))
                .map(|_| spelled(dice, USERS))
                .collect();
            line(dice, &words)
        }
        _ => record(dice, includes),
    }
}

fn include(dice: &mut Dice) -> Vec<u8> {
    let words = [
        (4, "include"),
        (3, "include_if_exists"),
        (3, "include_dir"),
        (1, "Include"),
        (1, "include_file"),
    ];
    let word = dice.weighted(&words);
    let named = dice.one_of(&[
        "more.conf",
        "parts/9.conf",
        "parts",
        "parts/",
        "./parts/../more.conf",
        "none.conf",
        "none",
        "",
        " ",
        "more.conf,none.conf",
        "@more.conf",
        "lists/more names",
    ]);
    let mut fields = vec![token(dice, word.as_bytes()), token(dice, named.as_bytes())];
    if dice.once_in(10) {
        fields.push(b"extra".to_vec());
    }
    line(dice, &fields)
}

/// One record; now and then with a field too few or too many.
fn record(dice: &mut Dice, includes: bool) -> Vec<u8> {
    let kind = dice.weighted(&[
        (5, "local"),
        (8, "host"),
        (8, "hostssl"),
        (2, "hostnossl"),
        (1, "hostgssenc"),
        (2, "hostnogssenc"),
    ]);
    let spelled_kind = match dice.below(40) {
        0 => b"HOST".to_vec(),
        1 => b"host,local".to_vec(),
        2 => b"hots".to_vec(),
        3 => b"\"host \"".to_vec(),
        _ => token(dice, kind.as_bytes()),
    };
    let mut fields = vec![spelled_kind, names(dice, DATABASES), names(dice, USERS)];
    if kind != "local" {
        fields.extend(address::fields(dice));
    }
    let method = options::method(dice, kind);
    fields.push(match dice.below(40) {
        0 => [method.as_bytes(), b",trust"].concat(),
        1 => method.to_ascii_uppercase().into_bytes(),
        _ => token(dice, method.as_bytes()),
    });
    fields.extend(options::fields(dice, kind, method));
    match dice.below(30) {
        0 => fields.truncate(dice.between(1, 5)),
        1 => {
            let at = dice.below(fields.len());
            fields.remove(at);
        }
        2 => {
            let at = dice.below(fields.len());
            fields.insert(at, b"all".to_vec());
        }
        3 if includes => fields.truncate(2),
        _ => {}
    }
    line(dice, &fields)
}

fn names(dice: &mut Dice, of: &[&str]) -> Vec<u8> {
    if dice.once_in(150) {
        return long(dice);
    }
    let names: Vec<_> = (0..dice.weighted(&[(12, 1), (3, 2), (1, 4)]))
        .map(|_| spelled(dice, of))
        .collect();
    list(dice, &names)
}

pub(super) fn spelled(dice: &mut Dice, of: &[&str]) -> Vec<u8> {
    match dice.below(60) {
        0 => b"@lists/who".to_vec(),
        1 => dice
            .one_of(&[
                &b"@\"lists/more names\""[..],
                b"@lists/none",
                b"@",
                b"\"@lists/who\"",
                b"@lists",
                b"@./lists//last",
            ])
            .to_vec(),
        2..=5 => {
            let regex = regex(dice);
            spelling::token(dice, regex.as_bytes())
        }
        _ => {
            let name = dice.one_of(of);
            token(dice, name.as_bytes())
        }
    }
}

/// A token that is a regular expression from 16 on, good or bad.
pub(super) fn regex(dice: &mut Dice) -> String {
    if dice.once_in(2) {
        return format!("/{}", dice.one_of(REGEXES));
    }
    let pieces = [
        "a",
        "b",
        ".",
        "*",
        "+",
        "?",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "|",
        "^",
        "$",
        "\\",
        "1",
        ",",
        "-",
        ":",
        "=",
        "!",
        "{2}",
        "{1,3}",
        "[a-z]",
        "[^x]",
        "[[:alpha:]]",
        "\\d",
        "\\1",
        "(?:",
        "(a)",
        "\\m",
        "*?",
    ];
    let mut regex = String::from("/");
    for _ in 0..dice.between(1, 7) {
        regex.push_str(dice.one_of(&pieces));
    }
    regex
}

const REGEXES: &[&str] = &[
    "",
    "^db[0-9]+$",
    "^(a|b)$",
    "^.*$",
    "a{2,1}",
    "a{256}",
    "(",
    ")",
    "[",
    "[a",
    "[]",
    "[]a]",
    "[^]a]",
    "[b-a]",
    "*a",
    "a**",
    "a\\",
    "\\1",
    "(a)\\1",
    "(?i)x",
    "(?=x)",
    "***=x*",
    "***:x",
    "***x",
    "[[:foo:]]",
    "[[.a.]]",
    "[[=a=]]",
    "|a",
    "a|",
    "()",
    "^*",
    "x{",
    "x{,2}",
    "{1}",
    "\\q",
    "\\x41",
    "a{1}{2}",
    "(?:a)",
    "(?<=a)b",
    "(?<!a)b",
    "(?!a)",
    "(?#c)a",
    "\\y",
    "[\\d]",
    "[a-\\d]",
    "[a-c-e]",
    "\\u00e9",
    "\\A\\Z",
    "((a)",
    "(?x) a b",
    "[[:<:]]a",
    "a+?",
    "(?z)a",
];

const DATABASES: &[&str] = &[
    "all",
    "all",
    "all",
    "sameuser",
    "samerole",
    "samegroup",
    "replication",
    "app",
    "app",
    "db1",
    "template1",
    "ALL",
    "with space",
    "a,b",
    "a#b",
    "a\"b",
    "",
    "caf\u{e9}",
    "+app",
    "@",
    "'app'",
    "a\\b",
    "a=b",
    "-",
    "*",
];

const USERS: &[&str] = &[
    "all",
    "all",
    "all",
    "alice",
    "bob",
    "+staff",
    "+staff",
    "+",
    "postgres",
    "with space",
    "a,b",
    "a#b",
    "a\"b",
    "",
    "All",
    "caf\u{e9}",
    "sameuser",
    "replication",
    "alice@example.com",
    "@",
    "a\\b",
    "\\1",
    "-",
    "*",
    "'x'",
];
