//! Address fields: numeric in every form that the resolver takes, with masks and without, keywords, names, and what
//! only looks like one of them.

use crate::generated::Dice;
use crate::generated::spelling::token;

/// The address field, and the mask field where there is one.
pub(super) fn fields(dice: &mut Dice) -> Vec<Vec<u8>> {
    match dice.below(10) {
        0 | 1 => {
            let word = dice.one_of(&["all", "samehost", "samenet", "ALL", "all/8", "samehost/24"]);
            vec![token(dice, word.as_bytes())]
        }
        2 => {
            let name = dice.one_of(NAMES);
            let bits: &str = if dice.once_in(5) { "/24" } else { "" };
            vec![token(dice, format!("{name}{bits}").as_bytes())]
        }
        3 => {
            let (address, mask) = (numeric(dice), mask(dice));
            vec![
                token(dice, address.as_bytes()),
                token(dice, mask.as_bytes()),
            ]
        }
        4 if dice.once_in(4) => {
            let address = numeric(dice);
            vec![token(dice, address.as_bytes())]
        }
        4 if dice.once_in(4) => vec![b"10.0.0.0/8,11.0.0.0/8".to_vec()],
        _ => {
            let address = numeric(dice);
            let bits = bits(dice, address.contains(':'));
            vec![token(dice, format!("{address}/{bits}").as_bytes())]
        }
    }
}

const NAMES: &[&str] = &[
    "db.example.org",
    ".example.org",
    "*.example.org",
    "localhost",
    "",
    "a_b",
    "10.0.0.256",
    "1.2.3.4.5",
    "-",
    "_",
    "a b",
    "caf\u{e9}",
    ".",
    "..",
    "127.0.0.1.",
    "x/y",
    "[::1]",
    "0x",
    "08.0.0.1",
    "1e3",
    "+1",
    ":",
    ":::",
    "1::2::3",
    "12345::",
    "::1%",
    "::1.2.3",
    "::1.2.3.256",
    "1:2:3:4:5:6:7",
    "fe80::1%%",
];

fn numeric(dice: &mut Dice) -> String {
    let byte = |dice: &mut Dice| dice.one_of(&[0, 1, 10, 127, 192, 255, 8, 64, 168, 256]);
    match dice.below(12) {
        0 => dice
            .one_of(&[
                "10",
                "127.1",
                "192.168.1",
                "0",
                "0x7f000001",
                "017700000001",
                "4294967295",
                "4294967296",
            ])
            .to_owned(),
        1 => format!(
            "0x{:x}.0{:o}.{}.{}",
            byte(dice),
            byte(dice),
            byte(dice),
            byte(dice)
        ),
        2 | 3 => v6(dice),
        4 => dice
            .one_of(&[
                "::1",
                "::",
                "::ffff:10.0.0.1",
                "fe80::1",
                "fe80::1%lo",
                "fe80::1%1",
                "::1%lo",
                "::1%1",
                "ff02::1%lo",
                "2001:db8::",
                "2001:DB8::1",
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8",
                "::1.2.3.4",
                "0:0:0:0:0:0:0:1",
                "0001::",
                "00001::",
                "64:ff9b::192.0.2.33",
                "::10",
                "fe80::1%0",
                "1::8:0:0",
                "1:0:0:2:0:0:0:3",
                "0:0:1::",
                "::ffff:0:0",
                "::ffff:1",
                "::1:0:0",
                "::a00:1",
                "ff0e::1%lo",
                "ff01::1%lo",
            ])
            .to_owned(),
        _ => format!(
            "{}.{}.{}.{}",
            byte(dice),
            byte(dice),
            byte(dice),
            byte(dice)
        ),
    }
}

fn v6(dice: &mut Dice) -> String {
    let mut groups: Vec<String> = (0..dice.weighted(&[(6, 8), (1, 7), (1, 9)]))
        .map(|_| format!("{:x}", dice.one_of(&[0, 0, 0, 1, 0xdb8, 0xffff, 0x2001])))
        .collect();
    if dice.once_in(2) {
        let from = dice.below(groups.len());
        let until = dice.between(from, groups.len() - 1) + 1;
        let (head, tail) = (groups[..from].join(":"), groups[until..].join(":"));
        return format!("{head}::{tail}");
    }
    if dice.once_in(6) {
        groups.truncate(6);
        groups.push("10.0.0.1".to_owned());
    }
    groups.join(":")
}

fn bits(dice: &mut Dice, v6: bool) -> String {
    match dice.below(12) {
        0 => dice
            .one_of(&[
                "024",
                "+24",
                "-1",
                "-0",
                "24x",
                "",
                "255.255.255.0",
                " 24",
                "24 ",
                "0x18",
                "1e1",
                "99999999999",
                "18446744073709551624",
                "-18446744073709551608",
                "/8",
                "8/8",
            ])
            .to_owned(),
        1 => dice.between(30, 40).to_string(),
        2 if v6 => dice.between(126, 132).to_string(),
        _ if v6 => dice.between(0, 128).to_string(),
        _ => dice.between(0, 32).to_string(),
    }
}

fn mask(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => numeric(dice),
        1 => dice
            .one_of(&[
                "ffff:ffff::",
                "ffff::ffff",
                "md5",
                "trust",
                "",
                "255.0.255.0",
                "0.0.0.255",
                "24",
                "/24",
                "all",
                "x y",
            ])
            .to_owned(),
        _ => dice
            .one_of(&[
                "255.255.255.255",
                "255.255.255.0",
                "255.0.0.0",
                "0.0.0.0",
                "ffff:ffff:ffff:ffff::",
            ])
            .to_owned(),
    }
}
