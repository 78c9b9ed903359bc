//! New rules as text, and where they go in a document: in the columns of their neighbours, every other byte as it was.

use alloc::string::String;
use alloc::vec::Vec;

use super::{ConnType, Database, Document, Method, Source, User};
use crate::Version;
use crate::text::Change;

/// A rule to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    /// Which connections it is for.
    pub kind: ConnType,
    /// The databases; at least one.
    pub databases: Vec<Database>,
    /// The roles; at least one.
    pub users: Vec<User>,
    /// Where from; none for [`ConnType::Local`] and only for it.
    pub address: Option<Source>,
    /// How the role has to prove itself.
    pub method: Method,
    /// `name=value`.
    pub options: Vec<(String, String)>,
}

impl NewRule {
    /// The fields as they have to be written for this version: quoted where needed, a role or database whose name
    /// begins with `/` as a regular expression from 16 on.
    ///
    /// # Errors
    /// [`EditError`] where something cannot be written.
    pub fn fields(&self, version: Version) -> Result<Vec<String>, EditError> {
        let _ = version;
        todo!()
    }
}

/// Where in a document. Records are counted from 0, as in [`Document::records`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Before this record.
    BeforeRecord(usize),
    /// Behind this record.
    AfterRecord(usize),
    /// Behind everything.
    End,
}

/// Why a document cannot be edited so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no way to write this name: it is empty, or holds a line break or NUL.
    #[error("{name:?} cannot be written in pg_hba.conf")]
    Unwritable {
        /// The name.
        name: String,
    },
    /// PostgreSQL would refuse the rule.
    #[error("{message}")]
    Refused {
        /// In its words.
        message: String,
    },
    /// The document has no such record.
    #[error("no record {record}")]
    NoRecord {
        /// The number given, from 0.
        record: usize,
    },
}

impl Document {
    /// Adds a rule at this place, in the columns of the rules beside it. Where the record before or behind the place
    /// already says the same, nothing changes.
    ///
    /// # Errors
    /// [`EditError`]
    pub fn insert_rule(&mut self, position: Position, rule: &NewRule) -> Result<Change, EditError> {
        let _ = (position, rule);
        todo!()
    }

    /// Takes a record away, with its line end.
    ///
    /// # Errors
    /// [`EditError::NoRecord`]
    pub fn remove(&mut self, record: usize) -> Result<Change, EditError> {
        let _ = record;
        todo!()
    }
}
