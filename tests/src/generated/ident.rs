//! `pg_ident.conf` by chance: maps with names, distinguished names, regular expressions and references into them.

use super::hba::{LISTS, named, regex, spelled};
use super::mutate::mutate;
use super::spelling::{filler, line, list, long, token};
use super::{Dice, Made, joined};

/// A file. `includes` says whether the reader knows include records.
pub fn file(dice: &mut Dice, includes: bool) -> Made {
    let mut made = Made::default();
    let lines: Vec<_> = (0..dice.weighted(&[(1, 1), (3, 4), (4, 12), (2, 25)]))
        .map(|_| any_line(dice))
        .collect();
    made.main = joined(dice, &lines);
    if dice.once_in(3) {
        mutate(dice, &mut made.main);
    }
    if lines
        .iter()
        .any(|line| line.contains(&b'@') || line.starts_with(b"include"))
    {
        named(dice, includes, &mut made);
        if includes {
            let further: Vec<_> = (0..3).map(|_| entry(dice)).collect();
            made.named
                .insert("more.conf".to_owned(), joined(dice, &further));
        }
    }
    made
}

fn any_line(dice: &mut Dice) -> Vec<u8> {
    match dice.below(60) {
        0 => Vec::new(),
        1 | 2 => dice
            .one_of(&[
                &b"# MAPNAME  SYSTEM-USERNAME  PG-USERNAME"[..],
                b"#",
                b"# on \\",
                b" \t",
                b",",
            ])
            .to_vec(),
        3 => {
            let named = dice.one_of(&[
                "more.conf",
                "parts",
                "none",
                "\"more.conf\"",
                "more.conf extra",
            ]);
            let word = dice.one_of(&["include", "include_if_exists", "include_dir", "\"include\""]);
            format!("{word} {named}").into_bytes()
        }
        4 => {
            let mut line = entry(dice);
            let at = dice.below(line.len() + 1);
            let filler = filler(dice, line.len());
            line.splice(at..at, filler);
            line
        }
        _ => entry(dice),
    }
}

/// One line; now and then with a field too few or too many.
fn entry(dice: &mut Dice) -> Vec<u8> {
    let map = field(dice, MAPS);
    let system = if dice.once_in(3) {
        let pattern = regex(dice);
        token(dice, pattern.as_bytes())
    } else {
        field(dice, SYSTEM_USERS)
    };
    let role = if dice.once_in(6) {
        let pattern = regex(dice);
        token(dice, pattern.as_bytes())
    } else {
        field(dice, ROLES)
    };
    let mut fields = vec![map, system, role];
    match dice.below(20) {
        0 => fields.truncate(dice.between(1, 2)),
        1 => fields.push(b"more".to_vec()),
        2 => {
            let at = dice.below(3);
            let names = [fields[at].clone(), spelled(dice, ROLES)];
            fields[at] = list(dice, &names);
        }
        3 => {
            let at = dice.below(3);
            let name = LISTS[0];
            fields[at] = format!("@{name}").into_bytes();
        }
        _ => {}
    }
    line(dice, &fields)
}

fn field(dice: &mut Dice, of: &[&str]) -> Vec<u8> {
    if dice.once_in(200) {
        return long(dice);
    }
    let name = dice.one_of(of);
    token(dice, name.as_bytes())
}

const MAPS: &[&str] = &[
    "m",
    "m",
    "certs",
    "with space",
    "",
    "a,b",
    "#m",
    "M",
    "caf\u{e9}",
];

const SYSTEM_USERS: &[&str] = &[
    "alice",
    "CN=alice,O=Example",
    "CN=Alice A.\\, Inc,OU=\\C3\\A9",
    "alice@EXAMPLE.ORG",
    "/^(.*)@example\\.org$",
    "/^(.*)$",
    "/^\"?(.*)$",
    "/a,b",
    "/",
    "a\"b",
    "",
    "with space",
    "all",
];

const ROLES: &[&str] = &[
    "alice",
    "\\1",
    "x\\1y\\1",
    "all",
    "+staff",
    "ALL",
    "",
    "a,b",
    "with space",
    "/^a",
    "+",
    "\\2",
];
