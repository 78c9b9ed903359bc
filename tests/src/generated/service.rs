//! `pg_service.conf` by chance.

use super::conninfo::{keyword, value};
use super::mutate::mutate;
use super::{Dice, joined};

/// The names that sections have.
pub const NAMES: &[&str] = &["a", "b", "prod db", "none", "A", "a]b"];

/// A file.
pub fn file(dice: &mut Dice) -> Vec<u8> {
    let lines: Vec<_> = (0..dice.weighted(&[(1, 0), (3, 4), (4, 12), (2, 25)]))
        .map(|_| any_line(dice))
        .collect();
    let mut file = joined(dice, &lines);
    if dice.once_in(3) {
        mutate(dice, &mut file);
    }
    file
}

fn any_line(dice: &mut Dice) -> Vec<u8> {
    let mut line = match dice.below(40) {
        0 => String::new(),
        1 | 2 => dice
            .one_of(&["# note", "#", " # in", ";", "junk", "\t"])
            .to_owned(),
        3 => dice
            .one_of(&[
                "[", "[]", "[a", "[ a]", "[a ]", "[a]x", "[a]]", "[a]b", "[[a]", " [a]", "[a] # x",
            ])
            .to_owned(),
        4..=12 => format!("[{}]", dice.one_of(NAMES)),
        13 => dice
            .one_of(&[
                "service=b",
                "servicefile=x",
                "ldap://x/y?z?sub?(a=b)",
                "ldapx=1",
                "=x",
            ])
            .to_owned(),
        14 => long(dice),
        _ => parameter(dice),
    };
    if dice.once_in(20) {
        line += dice.one_of(&[" ", "\t ", "\x0b", "\r", " # no comment"]);
    }
    if dice.once_in(20) {
        line.insert(0, ' ');
    }
    line.into_bytes()
}

fn parameter(dice: &mut Dice) -> String {
    let keyword = if dice.once_in(3) {
        "host"
    } else {
        keyword(dice)
    };
    let equals = dice.weighted(&[
        (40, "="),
        (1, " = "),
        (1, " ="),
        (1, "= "),
        (1, ""),
        (1, "=="),
    ]);
    format!("{keyword}{equals}{}", value(dice, keyword))
}

/// A line about as long as some version reads.
fn long(dice: &mut Dice) -> String {
    let length = dice.one_of(&[252, 253, 254, 255, 256, 1020, 1021, 1022, 1023, 1024, 1100]);
    let begin = dice.one_of(&["#", "host=", "[a]", " "]);
    let mut line = begin.to_owned();
    while line.len() < length {
        line.push('x');
    }
    line
}
