//! What a server reads: the rules of a file and of all that it includes, in first-match order.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Document, Place, Position, Record, Rule, grammar};
use crate::Version;
use crate::resolve::{FileError, Files, ReadError};
use crate::tokens::expand::expand;

/// Rules in the order in which they are tried; the first that matches decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    /// The version whose rules apply.
    pub version: Version,
    /// The file that was read first.
    pub file: Arc<str>,
    /// The rules.
    pub rules: Vec<RuleInFile>,
    /// The lines that PostgreSQL refuses. One is enough for it to refuse all of it.
    pub errors: Vec<FileError>,
}

/// A rule and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInFile {
    /// The file in which it stands.
    pub file: Arc<str>,
    /// Which record of its file it is, for [`Position`].
    pub record: usize,
    /// The rule, its `@file` lists read in.
    pub rule: Rule,
}

impl RuleSet {
    /// Reads a file and all that it names.
    ///
    /// # Errors
    /// [`ReadError`] of the file itself; what is wrong with files that it names is in [`RuleSet::errors`].
    pub fn read(files: &dyn Files, path: &str, version: Version) -> Result<Self, ReadError> {
        Ok(Self::of_bytes(files, path, &files.read(path)?, version))
    }

    /// The same for a file that need not be on disk (yet): `bytes` stand for `path`.
    pub fn of_bytes(files: &dyn Files, path: &str, bytes: &[u8], version: Version) -> Self {
        let mut set = Self::empty(path, version);
        let mut any = false;
        let mut reader = grammar::Reader::new(version);
        expand(files, path, bytes, version, &mut |found| {
            any = true;
            let rule = match &found.error {
                Some(error) => Err(error.clone()),
                None => reader.rule(found.line).map_err(|refusal| refusal.message),
            };
            match rule {
                Ok(rule) => set.rules.push(RuleInFile {
                    file: found.file.clone(),
                    record: found.record,
                    rule,
                }),
                Err(message) => set.refuse(found.file, found.line.number, message),
            }
        });
        if !any {
            set.refuse_as_empty();
        }
        set
    }

    /// The same for a document. It is not read again, unless it names other files.
    pub fn of_document(files: &dyn Files, path: &str, document: &Document) -> Self {
        if document.names_files() {
            return Self::of_bytes(files, path, document.as_bytes(), document.version());
        }
        let mut set = Self::empty(path, document.version());
        for (record, read) in document.records().iter().enumerate() {
            if let Record::Rule(rule) = read {
                set.rules.push(RuleInFile {
                    file: set.file.clone(),
                    record,
                    rule: rule.clone(),
                });
            }
        }
        for diagnostic in document.diagnostics() {
            set.refuse(path, diagnostic.line, diagnostic.message.clone());
        }
        if document.records().is_empty() {
            set.refuse_as_empty();
        }
        set
    }

    fn empty(path: &str, version: Version) -> Self {
        Self {
            version,
            file: Arc::from(path),
            rules: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn refuse(&mut self, file: &str, line: u32, message: String) {
        self.errors.push(FileError {
            file: String::from(file),
            line,
            message,
        });
    }

    fn refuse_as_empty(&mut self) {
        let file = self.file.clone();
        let message = format!("configuration file \"{file}\" contains no entries");
        self.refuse(&file, 0, message);
    }

    /// The file in which a rule at this place has to be written, and where in it.
    pub fn spot(&self, place: Place) -> (&str, Position) {
        match place {
            Place::Before(index) => match self.rules.get(index) {
                Some(at) => (&*at.file, Position::BeforeRecord(at.record)),
                None => (&*self.file, Position::End),
            },
            Place::AtEnd => (&*self.file, Position::End),
        }
    }

    /// Whether this set would be loaded.
    pub fn is_loadable(&self) -> bool {
        self.errors.is_empty()
    }
}
