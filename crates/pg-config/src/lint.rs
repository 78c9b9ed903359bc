//! What is worth saying about PostgreSQL's files: what the server or libpq refuses, in their words, and what they accept
//! and probably was not meant. One table names every kind of finding ([`LINTS`]).
//!
//! ```
//! use pg_config::{Version, lint};
//! use pg_config::resolve::Settings;
//! use std::collections::BTreeMap;
//!
//! let files = BTreeMap::from([("/d/postgresql.conf".to_string(), b"port = 1\nshared_bufers = 1GB\n".to_vec())]);
//! let settings = Settings::read(&files, "/d/postgresql.conf", None, Version::V15);
//! let found = lint::conf(&files, &settings, Version::V15);
//! assert_eq!(found[0].to_string(), "/d/postgresql.conf:2:1: unrecognized configuration parameter \"shared_bufers\"");
//! assert_eq!(found[0].lint.code, "conf-unknown-parameter");
//! assert_eq!(found[0].help(), "shared_buffers is known");
//! ```

mod conf;
mod hba;
mod hosts;
mod ident;
mod lines;
mod passfile;
mod reach;
mod report;
mod service;
mod table;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use conf::{Refusal, conf, setting};
pub use hba::hba;
pub use hosts::hosts;
pub use ident::ident;
pub use passfile::passfile;
pub use reach::rules;
pub use service::service;
pub use table::LINTS;

use crate::Severity;

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lint {
    /// Its name: stable, for scripts.
    pub code: &'static str,
    /// The files that it is about.
    pub format: Format,
    /// How much it matters.
    pub severity: Severity,
    /// What is found, in a sentence.
    pub what: &'static str,
    /// What to do about it, in a sentence.
    pub help: &'static str,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `postgresql.conf` and `postgresql.auto.conf`.
    Conf,
    /// `pg_hba.conf`.
    Hba,
    /// `pg_ident.conf`.
    Ident,
    /// `pg_service.conf`.
    Service,
    /// `pg_hosts.conf`.
    Hosts,
    /// `.pgpass`.
    Passfile,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Conf,
        Self::Hba,
        Self::Ident,
        Self::Service,
        Self::Hosts,
        Self::Passfile,
    ];

    /// The file's usual name.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Conf => "postgresql.conf",
            Self::Hba => "pg_hba.conf",
            Self::Ident => "pg_ident.conf",
            Self::Service => "pg_service.conf",
            Self::Hosts => "pg_hosts.conf",
            Self::Passfile => ".pgpass",
        }
    }
}

/// Something found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding it is.
    pub lint: &'static Lint,
    /// The file.
    pub file: String,
    /// From 1; 0 where it is about the file as a whole.
    pub line: u32,
    /// The character (Unicode scalar value) in the line, from 1, as editors show it; a byte that is not UTF-8 is one. 0 with line 0.
    pub column: u32,
    /// The same in UTF-16 code units, as SARIF and language servers count.
    pub column_utf16: u32,
    /// What exactly is found here: PostgreSQL's own words where it has any.
    pub message: String,
    /// For a rule that can never match: the rules that take all that it is for.
    pub hidden_by: Vec<Place>,
    advice: Option<String>,
}

/// Where a rule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u32,
}

impl Finding {
    /// What to do about it here; else what to do about its kind.
    pub fn help(&self) -> &str {
        self.advice.as_deref().unwrap_or(self.lint.help)
    }
}

impl fmt::Display for Finding {
    /// As compilers write it: `file:line:column: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
            ..
        } = self;
        match line {
            0 => write!(f, "{file}: {message}"),
            _ => write!(f, "{file}:{line}:{column}: {message}"),
        }
    }
}
