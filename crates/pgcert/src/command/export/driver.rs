//! Which driver reads which form of a key: the table, as measured (`docs/how-to/drivers.md`), and what follows from it.

use clap::ValueEnum as _;
use pki_core::{KeyType, PublicKey};

use crate::args::{Driver, Format};
use crate::failure::Failure;

/// What is wanted.
pub(super) struct Choice {
    pub(super) driver: Driver,
    pub(super) format: Format,
    /// Whether the key is to be encrypted by a passphrase that was given.
    pub(super) encrypted: bool,
}

/// What is written where no form was asked for.
pub(super) fn usual_format(driver: Driver, encrypted: bool) -> Format {
    match driver {
        // It reads no encrypted key but in PKCS#12.
        Driver::Jdbc if encrypted => Format::Pkcs12,
        driver => formats(driver)[0],
    }
}

/// Refuses what the driver cannot read.
pub(super) fn check(choice: &Choice) -> Result<(), Failure> {
    let (driver, format) = (name(choice.driver), choice.format);
    let readable = formats(choice.driver);
    if !readable.contains(&format) {
        let others: Vec<_> = readable
            .iter()
            .map(|f| format!("--format {}", word(*f)))
            .collect();
        return Err(
            Failure::new(format!("{driver} reads no {}", form(format))).hint(others.join(" or "))
        );
    }
    if !choice.encrypted || format == Format::Pkcs12 {
        return Ok(());
    }
    let failure = |what: &str| Failure::new(format!("{driver} {what}"));
    let plain = "without --encrypt-key and --key-passphrase-file it lies in a file that its owner alone can read";
    match choice.driver {
        Driver::Pgx | Driver::Rustls => Err(failure("reads no encrypted key").hint(plain)),
        Driver::Kubernetes => {
            Err(failure("keeps keys in the clear in a secret of its kind").hint(plain))
        }
        Driver::Jdbc => {
            Err(failure("reads no encrypted key but in PKCS#12").hint("--format pkcs12"))
        }
        Driver::Libpq | Driver::Psycopg if format == Format::Der => {
            Err(failure("reads no encrypted key in DER").hint("--format pem"))
        }
        Driver::Libpq | Driver::Psycopg | Driver::Npgsql | Driver::Node => Ok(()),
    }
}

/// Refuses a kind of key that the driver cannot use.
pub(super) fn check_key(choice: &Choice, key: &PublicKey) -> Result<(), Failure> {
    if choice.driver == Driver::Npgsql && key.key_type() == Some(KeyType::Ed25519) {
        return Err(
            Failure::new(".NET knows no Ed25519 keys, so Npgsql cannot use this one")
                .hint("have a certificate issued for a key of another type: p256"),
        );
    }
    Ok(())
}

/// What is good to know about the choice: code and words.
pub(super) fn notes(choice: &Choice, key: &PublicKey) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    let mut note = |code, text: &str| notes.push((code, text.to_owned()));
    match choice.driver {
        Driver::Libpq | Driver::Psycopg if choice.encrypted || choice.format == Format::Der => {
            note("libpq-13", "libpq reads this form from version 13 on");
        }
        Driver::Jdbc if key.key_type() == Some(KeyType::Ed25519) => {
            note("java-15", "Java knows Ed25519 keys from version 15 on");
        }
        _ => {}
    }
    notes
}

/// What the driver reads; the first is the usual one.
fn formats(driver: Driver) -> &'static [Format] {
    match driver {
        Driver::Libpq | Driver::Psycopg => &[Format::Pem, Format::Der],
        Driver::Jdbc => &[Format::Der, Format::Pkcs12],
        Driver::Npgsql | Driver::Node => &[Format::Pem, Format::Pkcs12],
        Driver::Pgx | Driver::Rustls | Driver::Kubernetes => &[Format::Pem],
    }
}

/// As its makers write it.
fn name(driver: Driver) -> &'static str {
    match driver {
        Driver::Libpq => "libpq",
        Driver::Jdbc => "pgjdbc",
        Driver::Npgsql => "Npgsql",
        Driver::Pgx => "pgx",
        Driver::Node => "node-postgres",
        Driver::Psycopg => "psycopg",
        Driver::Rustls => "rustls",
        Driver::Kubernetes => "Kubernetes",
    }
}

fn form(format: Format) -> &'static str {
    match format {
        Format::Pem => "key in PEM",
        Format::Der => "key in DER",
        Format::Pkcs12 => "PKCS#12",
    }
}

fn word(format: Format) -> String {
    let value = format.to_possible_value();
    value
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}
