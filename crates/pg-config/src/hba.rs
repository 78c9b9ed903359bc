//! `pg_hba.conf`: the document, its rules, and what they mean together: which rule decides a connection, where a new
//! rule has to stand, what changes when TLS is turned on.
//!
//! One file is a [`Document`]. What a server reads, includes and `@file` lists followed, is a [`RuleSet`]: rules in
//! first-match order. Questions are asked of the set, edits are made in documents, and [`RuleSet::spot`] leads from
//! one to the other.
//!
//! ```
//! use std::collections::BTreeMap;
//! use pg_config::Version;
//! use pg_config::hba::{Databases, RuleSet, Site, Wanted, place, ways_in};
//!
//! let text = b"local  all  all                peer\nhost   all  all  10.0.0.0/8  scram-sha-256\n";
//! let files = BTreeMap::from([("/d/pg_hba.conf".to_string(), text.to_vec())]);
//! let rules = RuleSet::read(&files, "/d/pg_hba.conf", Version::V15)?;
//! let wanted = Wanted {
//!     role: "bob".into(),
//!     member_of: Some(vec![]),
//!     databases: Databases::Named(vec!["app".into()]),
//!     from: vec!["10.1.0.0/16".parse()?],
//!     map: None,
//! };
//! let site = Site::default();
//! let placement = place(&rules, &wanted, &site)?;
//! let written = rules.written(&files, &placement.insertions)?;
//! assert_eq!(
//!     String::from_utf8(written["/d/pg_hba.conf"].to_bytes())?,
//!     "local  all  all                peer\n\
//!      hostssl app bob  10.1.0.0/16 cert\n\
//!      host   all  all  10.0.0.0/8  scram-sha-256\n",
//! );
//! // In clear and by the socket he gets in as before.
//! assert_eq!(ways_in(&rules, &wanted, &placement.insertions, &site).len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod change;
mod columns;
mod commit;
pub(crate) mod connection;
mod cube;
mod decide;
pub(crate) mod effect;
mod format;
pub(crate) mod grammar;
mod kept;
mod logins;
pub(crate) mod names;
pub(crate) mod neighbours;
mod options;
mod origin;
mod place;
mod quote;
pub(crate) mod reach;
mod rule;
mod set;
mod taken;
pub(crate) mod takers;
mod transports;
mod walk;
mod ways;
mod write;

use alloc::vec::Vec;

use memchr::memchr;

pub use crate::compact::{List, Word};
pub use address::{Address, InvalidNetwork, Masked, Network, Source, prefix_length};
pub use change::{Change, Changes, changes, changes_with_tls, changes_within};
pub use connection::{Connection, HostName, Interface, Site, Transport};
pub use decide::{Decision, Match, Mismatch, decide, is_pattern_open, matches, open_fields, tried};
pub use effect::{Superfluous, WithoutEffect, without_effect};
pub use place::{Conflict, Databases, Insertion, MapUse, Place, Placement, RulePlace, Wanted};
pub use place::{matches_nobody, place, place_rule, refuse_without_tls};
pub use reach::{Reach, reach};
pub use rule::{ClientCert, ConnType, Database, Method, Rule, RuleOption, User};
pub use set::{RuleInFile, RuleSet};
pub use ways::{WayIn, ways_in};
pub use write::{EditError, NewRule, Position};

use crate::text::Span;
use crate::tokens::Tokenizer;
use crate::{Diagnostic, Version};

/// One `pg_hba.conf`, or a file that it includes: its bytes, and the records that PostgreSQL reads in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    version: Version,
    records: Vec<Record>,
    diagnostics: Vec<Diagnostic>,
}

/// A line that is not blank and not only a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A rule. Its `@file` lists are not read here: [`Database::File`], [`User::File`].
    Rule(Rule),
    /// An include record (16 and later).
    Include(Include),
    /// The type, address, method or options come from an `@file`: what it says shows in a [`RuleSet`] only.
    Indirect {
        /// From 1: the first physical line.
        line: u32,
        /// The record without its line end.
        span: Span,
    },
    /// PostgreSQL refuses it; a diagnostic says why.
    Bad {
        /// From 1: the first physical line.
        line: u32,
        /// The record without its line end.
        span: Span,
    },
}

impl Record {
    /// The first physical line, from 1.
    pub fn line(&self) -> u32 {
        match self {
            Self::Rule(rule) => rule.line,
            Self::Include(include) => include.line,
            Self::Indirect { line, .. } | Self::Bad { line, .. } => *line,
        }
    }

    /// Both, to be changed where the record comes to stand elsewhere.
    fn line_and_span(&mut self) -> (&mut u32, &mut Span) {
        match self {
            Self::Rule(rule) => (&mut rule.line, &mut rule.span),
            Self::Include(include) => (&mut include.line, &mut include.span),
            Self::Indirect { line, span } | Self::Bad { line, span } => (line, span),
        }
    }

    /// From the first byte of its first physical line to the end of its last one, without the line end.
    pub fn span(&self) -> Span {
        match self {
            Self::Rule(rule) => rule.span,
            Self::Include(include) => include.span,
            Self::Indirect { span, .. } | Self::Bad { span, .. } => *span,
        }
    }
}

/// `include FILE`, `include_if_exists FILE` or `include_dir DIR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// From 1: the first physical line.
    pub line: u32,
    /// The record without its line end.
    pub span: Span,
    /// Which of the three.
    pub kind: IncludeKind,
    /// The file or folder as it is spelled.
    pub name: Word,
}

/// The three include records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludeKind {
    /// `include`
    File,
    /// `include_if_exists`
    IfExists,
    /// `include_dir`
    Folder,
}

impl Document {
    /// Reads a file as this version of PostgreSQL does (`hba.c`, `parse_hba_line`).
    pub fn parse(bytes: impl Into<Vec<u8>>, version: Version) -> Self {
        let bytes = bytes.into();
        let mut records = Vec::new();
        let mut diagnostics = Vec::new();
        let mut lines = Tokenizer::new(&bytes, version);
        let mut reader = grammar::Reader::new(version);
        while let Some(line) = lines.next_line() {
            records.push(reader.read(line, &mut diagnostics));
        }
        Self {
            bytes,
            version,
            records,
            diagnostics,
        }
    }

    /// The bytes of the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the file: those that were parsed, and the edits since.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Whose rules of reading apply.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The records in file order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The rules in file order, without those of included files.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.records.iter().filter_map(|record| match record {
            Record::Rule(rule) => Some(rule),
            _ => None,
        })
    }

    /// Whether other files have a say in what a server reads here: include records and `@file` lists.
    fn names_files(&self) -> bool {
        let names = |record: &Record| match record {
            Record::Rule(rule) => rule.names_files(),
            Record::Include(_) | Record::Indirect { .. } => true,
            // What is wrong with a list that it names may be said instead.
            Record::Bad { span, .. } => memchr(b'@', span.of(&self.bytes)).is_some(),
        };
        self.records.iter().any(names)
    }

    /// The lines that PostgreSQL refuses, in its words where it has any. One of them is enough for it to refuse the
    /// file.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}
