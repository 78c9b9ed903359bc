//! Every kind of finding, by file and severity. `docs/reference/lints.md` is written from this table.

mod conf;
mod hba;
mod hosts;
mod ident;
mod passfile;
mod service;

use super::{Format, Lint};
use crate::Severity;

/// Every kind of finding.
pub static LINTS: &[Lint] = &joined::<{ count() }>();

/// The table of each format.
const TABLES: [&[Lint]; 6] = [
    conf::LINTS,
    hba::LINTS,
    ident::LINTS,
    service::LINTS,
    hosts::LINTS,
    passfile::LINTS,
];

/// How many kinds there are.
const fn count() -> usize {
    let (mut count, mut table) = (0, 0);
    while table < TABLES.len() {
        count += TABLES[table].len();
        table += 1;
    }
    count
}

/// The tables as one.
const fn joined<const N: usize>() -> [Lint; N] {
    let mut all = [TABLES[0][0]; N];
    let (mut at, mut table, mut row) = (0, 0, 0);
    while at < N {
        while row == TABLES[table].len() {
            (table, row) = (table + 1, 0);
        }
        all[at] = TABLES[table][row];
        (at, row) = (at + 1, row + 1);
    }
    all
}

/// A code begins with the file that it is about.
const fn lint(
    code: &'static str,
    severity: Severity,
    what: &'static str,
    help: &'static str,
) -> Lint {
    let format = match code.as_bytes() {
        [b'c', b'o', b'n', b'f', ..] => Format::Conf,
        [b'h', b'b', b'a', ..] => Format::Hba,
        [b'h', b'o', b's', b't', ..] => Format::Hosts,
        [b'i', b'd', b'e', b'n', b't', ..] => Format::Ident,
        [b'p', b'a', b's', b's', ..] => Format::Passfile,
        _ => Format::Service,
    };
    Lint {
        code,
        format,
        severity,
        what,
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_begin_with_their_file() {
        for (i, lint) in LINTS.iter().enumerate() {
            assert!(
                LINTS[..i].iter().all(|other| other.code != lint.code),
                "{}",
                lint.code
            );
            let begins = match lint.format {
                Format::Conf => "conf-",
                Format::Hba => "hba-",
                Format::Ident => "ident-",
                Format::Service => "service-",
                Format::Hosts => "hosts-",
                Format::Passfile => "passfile-",
            };
            assert!(lint.code.starts_with(begins), "{}", lint.code);
            assert!(
                lint.what.ends_with('.') && !lint.help.ends_with('.'),
                "{}",
                lint.code
            );
        }
        assert!(LINTS.is_sorted_by_key(|lint| (lint.format, core::cmp::Reverse(lint.severity))));
    }
}
