//! `.pgpass` by chance, and connections that it may have a password for.

use super::mutate::mutate;
use super::{Dice, joined};

/// A file.
pub fn file(dice: &mut Dice) -> Vec<u8> {
    let lines: Vec<_> = (0..dice.weighted(&[(1, 0), (4, 3), (4, 8), (1, 20)]))
        .map(|_| any_line(dice).into_bytes())
        .collect();
    let mut file = joined(dice, &lines);
    if dice.once_in(4) {
        mutate(dice, &mut file);
    }
    file
}

fn any_line(dice: &mut Dice) -> String {
    let mut line = match dice.below(24) {
        0 => return String::new(),
        1 => dice
            .one_of(&[
                "# note",
                "#h:*:*:*:p",
                " #",
                ":",
                "::::",
                "*:*:*:*",
                "*:*:*:*:",
            ])
            .to_owned(),
        2 => {
            // About as long as 12 reads.
            let mut line = entry(dice);
            let length = dice.between(316, 323);
            while line.len() < length {
                line.push('x');
            }
            line
        }
        _ => entry(dice),
    };
    match dice.below(24) {
        0 => line += "\r",
        1 => line += ":more",
        2 => line += "\\",
        3 => line.insert(0, ' '),
        4 => line += " ",
        5 => line = format!("#{line}"),
        _ => {}
    }
    line
}

fn entry(dice: &mut Dice) -> String {
    let fields = [HOSTS, &["5432", "5433"], DATABASES, USERS].map(|of| {
        if dice.once_in(2) {
            return "*".to_owned();
        }
        escaped(dice, of)
    });
    format!("{}:{}", fields.join(":"), escaped(dice, PASSWORDS))
}

/// With backslashes before what needs them, mostly.
fn escaped(dice: &mut Dice, of: &[&str]) -> String {
    let text = dice.one_of(of);
    match dice.below(10) {
        0 => text.to_owned(),
        1 => text.chars().flat_map(|c| ['\\', c]).collect(),
        _ => text.replace('\\', "\\\\").replace(':', "\\:"),
    }
}

/// Hosts that are reached without asking for a name, as they stand in the connection string.
pub const HOSTS: &[&str] = &[
    "localhost",
    "127.0.0.1",
    "::1",
    "/tmp",
    "/var/run",
    "*",
    "h\\x",
];
/// Databases.
pub const DATABASES: &[&str] = &["db", "d:x", "d\\x", "*", "replication", "d x"];
/// Roles.
pub const USERS: &[&str] = &["me", "u:x", "u\\x", "*", "caf\u{e9}", "#u"];

const PASSWORDS: &[&str] = &["secret", "p:q", "p\\q", "", "*", " p ", "p\u{e9}", "#"];
