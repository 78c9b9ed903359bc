//! Millions of inputs for every reader of `pg-config`: nothing is lost, and nothing panics.
//!
//! `round_trips COUNT SEED`: COUNT inputs, spread evenly over the formats, each as one version reads it, in turn. They
//! are the generated files that the oracle uses, half of them damaged further, and now and then mere bytes. An input
//! that is not given back is printed, and ends the run.

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use e2e::generated::mutate::mutate;
use e2e::generated::{Dice, conf, conninfo, hba, ident, passfile, service};
use pg_config::conninfo::Conninfo;
use pg_config::passfile::Wanted;
use pg_config::{Version, lint};

/// A format: how an input is made, and whether reading it loses nothing.
struct Format {
    name: &'static str,
    make: fn(&mut Dice, Version) -> Vec<u8>,
    holds: fn(&[u8], Version) -> bool,
}

const FORMATS: &[Format] = &[
    Format {
        name: "pg_hba.conf",
        make: |dice, version| hba::file(dice, version >= Version::V16).main,
        holds: |bytes, version| {
            let document = pg_config::hba::Document::parse(bytes, version);
            let all = document.records().len();
            document.to_bytes() == bytes && document.rules().count() <= all
        },
    },
    Format {
        name: "pg_ident.conf",
        make: |dice, version| ident::file(dice, version >= Version::V16).main,
        holds: |bytes, version| {
            pg_config::ident::Document::parse(bytes, version).to_bytes() == bytes
        },
    },
    Format {
        name: "postgresql.conf",
        make: |dice, _| conf::file(dice).main,
        holds: |bytes, _| pg_config::conf::Document::parse(bytes).to_bytes() == bytes,
    },
    Format {
        name: "pg_service.conf",
        make: |dice, _| service::file(dice),
        holds: |bytes, version| {
            lint::service("f", bytes, version);
            pg_config::service::Document::parse(bytes, version).to_bytes() == bytes
        },
    },
    Format {
        name: ".pgpass",
        make: |dice, _| passfile::file(dice),
        holds: |bytes, version| {
            let document = pg_config::passfile::Document::parse(bytes, version);
            document.find(&Wanted {
                host: "localhost",
                port: "5432",
                database: "db",
                user: "me",
            });
            document.to_bytes() == bytes
        },
    },
    Format {
        name: "pg_hosts.conf",
        // Its lines and tokens are those of pg_ident.conf.
        make: |dice, version| ident::file(dice, version >= Version::V16).main,
        holds: |bytes, _| pg_config::hosts::Document::parse(bytes).to_bytes() == bytes,
    },
    Format {
        name: "connection strings",
        make: |dice, _| {
            let text = if dice.once_in(2) {
                conninfo::pairs(dice)
            } else {
                conninfo::uri(dice)
            };
            text.into_bytes()
        },
        // What is read is written so that it is read again.
        holds: |bytes, version| {
            let text = String::from_utf8_lossy(bytes);
            let Ok(read) = Conninfo::parse_as(&text, version) else {
                return true;
            };
            Conninfo::parse_as(&read.to_string(), version).as_ref() == Ok(&read)
        },
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let mut number = || -> Result<u64, Box<dyn Error>> {
        Ok(words.next().ok_or("round_trips COUNT SEED")?.parse()?)
    };
    let (count, seed) = (number()?, number()?);
    let mut out = std::io::stdout();
    for format in FORMATS {
        let (begun, mut size) = (Instant::now(), 0);
        let share = count.div_ceil(FORMATS.len() as u64);
        for index in 0..share {
            let dice = &mut Dice::of_file(seed, index);
            let version = dice.one_of(&Version::ALL);
            let mut input = if dice.once_in(20) {
                (0..dice.below(300)).map(|_| dice.one_of(BYTES)).collect()
            } else {
                (format.make)(dice, version)
            };
            if dice.once_in(2) {
                mutate(dice, &mut input);
            }
            size += input.len();
            if !(format.holds)(&input, version) {
                let bytes = input.escape_ascii();
                return Err(format!("{} {index} in {version}: {bytes}", format.name).into());
            }
        }
        let seconds = begun.elapsed().as_secs();
        writeln!(
            out,
            "{}: {share} inputs, {size} bytes, {seconds} s",
            format.name
        )?;
    }
    Ok(())
}

/// Those that mean something to one of the readers, and some that mean nothing.
const BYTES: &[u8] = b"\0\t\n\r\x0b\x0c \"#%&'*+,-./0:=?@[\\]a\x7f\x80\xa0\xbb\xbf\xc3\xef\xff";
