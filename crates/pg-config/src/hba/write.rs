//! New rules as text, and where they go in a document: in the columns of their neighbours, every other byte as it was.

use alloc::collections::btree_map::{BTreeMap, Entry};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{
    Address, ConnType, Database, Document, Insertion, Method, Record, Rule, RuleOption, RuleSet,
    Source, User, columns, grammar,
    quote::{Quote, is_plain, literal, quoted_if, signed, writable},
};
use crate::Version;
use crate::resolve::{Files, ReadError};
use crate::text::{Change, Edit, Span, line_end};
use crate::tokens::Tokenizer;

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
    /// What stands behind the method.
    pub options: Vec<RuleOption>,
}

impl NewRule {
    /// The fields as they have to be written for this version: quoted where needed, and from 16 on a role or database
    /// whose name begins with `/` as a regular expression.
    ///
    /// # Errors
    /// [`EditError::Unwritable`]; [`EditError::Refused`] where PostgreSQL would not read them as this rule.
    pub fn fields(&self, version: Version) -> Result<Vec<Vec<u8>>, EditError> {
        let databases = self.databases.iter().map(|word| match word {
            Database::All
            | Database::SameUser
            | Database::SameRole
            | Database::SameGroup
            | Database::Replication => Ok(word.text().as_bytes().to_vec()),
            Database::Name(name) => literal(name, version),
            Database::Regex(pattern) => signed(b'/', pattern, Quote::Whole),
            Database::File(file) => signed(b'@', file, Quote::Rest),
        });
        let users = self.users.iter().map(|word| match word {
            User::All => Ok(b"all".to_vec()),
            User::Name(name) => literal(name, version),
            User::Group(group) => signed(b'+', group, Quote::Rest),
            User::Regex(pattern) => signed(b'/', pattern, Quote::Whole),
            User::File(file) => signed(b'@', file, Quote::Rest),
        });
        let mut fields = alloc::vec![
            self.kind.as_str().as_bytes().to_vec(),
            databases.collect::<Result<Vec<_>, _>>()?.join(&b','),
            users.collect::<Result<Vec<_>, _>>()?.join(&b','),
        ];
        fields.extend(self.address.map(|source| source.to_string().into_bytes()));
        fields.push(self.method.as_str().as_bytes().to_vec());
        for option in &self.options {
            let (name, value) = (option.name(), option.value());
            writable(name.as_bytes())?;
            writable(value.as_bytes())?;
            let mut field = name.as_bytes().to_vec();
            field.push(b'=');
            field.extend(quoted_if(!value.bytes().all(is_plain), value.as_bytes()));
            fields.push(field);
        }
        self.check(&fields, version)?;
        Ok(fields)
    }

    /// The rule as it will be read.
    pub(super) fn as_rule(&self) -> Rule {
        Rule {
            line: 0,
            span: Span::new(0, 0),
            kind: self.kind,
            databases: self.databases.iter().cloned().collect(),
            users: self.users.iter().cloned().collect(),
            address: self.address.map(Address::from),
            method: self.method,
            options: self.options.iter().cloned().collect(),
        }
    }

    /// Whether the fields read as this rule. A name that has to be written as a regular expression reads as one.
    fn check(&self, fields: &[Vec<u8>], version: Version) -> Result<(), EditError> {
        let line = fields.join(&b' ');
        let mut reader = Tokenizer::new(&line, version);
        let read = match reader.next_line() {
            Some(line) => grammar::Reader::new(version)
                .rule(line)
                .map_err(|refusal| EditError::Refused {
                    message: refusal.message,
                })?,
            None => return Err(EditError::Disturbs),
        };
        let rule = self.as_rule();
        // The names that `literal` writes as regular expressions.
        let databases = read
            .databases
            .iter()
            .zip(&rule.databases)
            .all(|pair| match pair {
                (Database::Regex(_), Database::Name(name)) => name.starts_with(b"/"),
                (read, meant) => read == meant,
            });
        let users = read.users.iter().zip(&rule.users).all(|pair| match pair {
            (User::Regex(_), User::Name(name)) => name.starts_with(b"/"),
            (read, meant) => read == meant,
        });
        let same = (databases && read.databases.len() == rule.databases.len())
            && (users && read.users.len() == rule.users.len())
            && read.kind == rule.kind
            && read.address == rule.address
            && read.method == rule.method
            && read.options == rule.options;
        if same && reader.next_line().is_none() {
            Ok(())
        } else {
            Err(EditError::Disturbs)
        }
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
    /// Other lines would be read differently afterwards, or the rule as something else.
    #[error("the rule cannot stand there without changing what other lines mean")]
    Disturbs,
    /// A file in which a rule has to be written cannot be read.
    #[error("could not open file \"{file}\": {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// In the operating system's words.
        reason: ReadError,
    },
    /// The text is not one rule: it is blank, a comment, an include record, or several lines.
    #[error("it is not one rule")]
    NoRule,
    /// The document has no such record.
    #[error("no record {record}")]
    NoRecord {
        /// The number given, from 0.
        record: usize,
    },
}

impl Insertion {
    /// The rule as a line for this version, with the comment that stands behind the rule in `line`.
    ///
    /// # Errors
    /// As [`NewRule::fields`]; [`EditError::NoRule`] where `line` is something else than a rule.
    pub fn line_like(&self, line: &[u8], version: Version) -> Result<Vec<u8>, EditError> {
        let (_, comment) = rule_parts(line, version)?;
        let mut written = self.rule.fields(version)?.join(&b' ');
        if !comment.is_empty() {
            written.push(b' ');
            written.extend_from_slice(comment);
        }
        Ok(written)
    }
}

impl Document {
    /// Adds a rule at this place, in the columns of the rules beside it. Where the record before or behind the place
    /// already says the same, nothing changes.
    ///
    /// # Errors
    /// [`EditError`]
    pub fn insert_rule(&mut self, position: Position, rule: &NewRule) -> Result<Change, EditError> {
        self.insert_fields(position, &rule.fields(self.version)?, b"")
    }

    /// Adds a rule that is given as a line of `pg_hba.conf`, as [`insert_rule`](Self::insert_rule) does. Its fields and the
    /// comment behind them stay as they are spelled; its blanks become those of the neighbourhood.
    ///
    /// # Errors
    /// [`EditError::Refused`] where PostgreSQL refuses the line; [`EditError::NoRule`] where it is something else.
    pub fn insert_line(&mut self, position: Position, line: &[u8]) -> Result<Change, EditError> {
        let (fields, comment) = rule_parts(line, self.version)?;
        self.insert_fields(position, &fields, comment)
    }

    fn insert_fields(
        &mut self,
        position: Position,
        fields: &[Vec<u8>],
        comment: &[u8],
    ) -> Result<Change, EditError> {
        let next = self.next_of(position)?;
        let mut written = columns::line(self, next, fields);
        if !comment.is_empty() {
            written.push(b' ');
            written.extend_from_slice(comment);
        }
        // Compared as read, for a name may have to be written as a regular expression.
        let read = Self::parse(written.as_slice(), self.version);
        let [record] = &read.records[..] else {
            return Err(EditError::Disturbs);
        };
        let beside = [next.checked_sub(1), Some(next)].into_iter().flatten();
        if beside
            .filter_map(|i| self.records.get(i))
            .any(|beside| beside.says_the_same(record))
        {
            return Ok(Change::none());
        }

        let end = self.line_end_near(next);
        let offset = self.offset_of(position);
        let mut text = self.closing(offset, end);
        text.extend_from_slice(&written);
        text.extend_from_slice(end);
        self.commit(Change::insert(offset, text), next..next, &read.records)
    }

    /// Moves a record, with its line end, to another place; where it stands there already, nothing changes. Comments
    /// stay where they are.
    ///
    /// # Errors
    /// [`EditError::NoRecord`], [`EditError::Disturbs`]
    pub fn move_record(&mut self, record: usize, to: Position) -> Result<Change, EditError> {
        let from = self.existing(record)?;
        let next = self.next_of(to)?;
        if next == from || next == from + 1 {
            return Ok(Change::none());
        }
        let end = self.line_end_near(from);
        let whole = self.whole(from);
        // 12 and 13 read the rest of a line that is too long as a line of its own, and it would go along.
        let rest = self.records.get(from + 1);
        if rest.is_some_and(|rest| rest.span().start < whole.end) {
            return Err(EditError::Disturbs);
        }
        let offset = self.offset_of(to);
        let mut text = self.closing(offset, end);
        text.extend_from_slice(whole.of(&self.bytes));
        if !text.ends_with(b"\n") {
            text.extend_from_slice(end);
        }
        let mut edits = alloc::vec![
            Edit {
                span: Span::new(offset, offset),
                bytes: text
            },
            Edit {
                span: whole,
                bytes: Vec::new()
            },
        ];
        edits.sort_by_key(|edit| edit.span.start);
        let passed = from.min(next)..next.max(from + 1);
        let mut records = self.records[passed.clone()].to_vec();
        match next > from {
            true => records.rotate_left(1),
            false => records.rotate_right(1),
        }
        self.commit(Change { edits }, passed, &records)
    }

    /// The record that a place is before.
    fn next_of(&self, position: Position) -> Result<usize, EditError> {
        Ok(match position {
            Position::BeforeRecord(record) => self.existing(record)?,
            Position::AfterRecord(record) => self.existing(record)? + 1,
            Position::End => self.records.len(),
        })
    }

    /// Where a line at this place begins.
    fn offset_of(&self, position: Position) -> usize {
        match position {
            Position::BeforeRecord(record) => self.records[record].span().start,
            Position::AfterRecord(record) => self.behind(record),
            Position::End => self.bytes.len(),
        }
    }

    /// Takes a record away, with its line end.
    ///
    /// # Errors
    /// [`EditError::NoRecord`], [`EditError::Disturbs`]
    pub fn remove(&mut self, record: usize) -> Result<Change, EditError> {
        let change = Change::replace(self.whole(self.existing(record)?), []);
        self.commit(change, record..record + 1, &[])
    }

    fn existing(&self, record: usize) -> Result<usize, EditError> {
        if record < self.records.len() {
            Ok(record)
        } else {
            Err(EditError::NoRecord { record })
        }
    }

    /// A record with its line end, unless another record begins the line: 12 and 13 cut lines that are too long, and
    /// the next line is to stay one of its own.
    fn whole(&self, record: usize) -> Span {
        let span = self.records[record].span();
        match self.bytes[..span.start].last() {
            None | Some(b'\n') => Span::new(span.start, self.behind(record)),
            Some(_) => span,
        }
    }

    /// The offset behind the line end of a record.
    fn behind(&self, record: usize) -> usize {
        let end = self.records[record].span().end;
        let newline = self.bytes[end..].iter().position(|&b| b == b'\n');
        newline.map_or(self.bytes.len(), |at| end + at + 1)
    }

    /// The line end of the record at `next`, else of the one before it, else of the file.
    fn line_end_near(&self, next: usize) -> &'static [u8] {
        for record in [Some(next), next.checked_sub(1)].into_iter().flatten() {
            let Some(record) = self.records.get(record) else {
                continue;
            };
            match &self.bytes[record.span().end..] {
                [b'\n', ..] => return b"\n",
                [b'\r', b'\n', ..] => return b"\r\n",
                _ => {}
            }
        }
        line_end(&self.bytes)
    }

    /// What has to be put at `offset` so that a line of its own begins there: an end for a line that has none, and an
    /// empty line where the line before would go on (a backslash at its end, a NUL in it).
    fn closing(&self, offset: usize, end: &[u8]) -> Vec<u8> {
        let before = &self.bytes[..offset];
        let mut text = Vec::new();
        if !before.is_empty() && !before.ends_with(b"\n") {
            text.extend_from_slice(end);
        }
        let last = before.strip_suffix(b"\n").unwrap_or(before);
        let last = &last[last
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |at| at + 1)..];
        let stripped = last
            .iter()
            .rposition(|&b| b != b'\r')
            .map_or(&last[..0], |at| &last[..=at]);
        let goes_on = stripped.ends_with(b"\\") || last.contains(&0);
        if goes_on && self.version >= Version::V14 {
            text.extend_from_slice(end);
        }
        text
    }
}

/// The fields of a line that is one rule, as they are spelled, and the comment behind them.
fn rule_parts(line: &[u8], version: Version) -> Result<(Vec<Vec<u8>>, &[u8]), EditError> {
    writable(line)?;
    let mut reader = Tokenizer::new(line, version);
    let read = reader.next_line().ok_or(EditError::NoRule)?;
    match grammar::Reader::new(version).record(read) {
        Ok(Record::Rule(_)) => {}
        Ok(_) => return Err(EditError::NoRule),
        Err(refusal) => {
            return Err(EditError::Refused {
                message: refusal.message,
            });
        }
    }
    Ok((columns::spelled(read, line), columns::comment(read, line)))
}

impl RuleSet {
    /// The files of this set with these rules written in: each file that changes, once. Rules for the same place
    /// stand there in the order given.
    ///
    /// # Errors
    /// [`EditError`]
    pub fn written(
        &self,
        files: &dyn Files,
        insertions: &[Insertion],
    ) -> Result<BTreeMap<String, Document>, EditError> {
        let mut ordered: Vec<&Insertion> = insertions.iter().collect();
        ordered.sort_by_key(|insertion| insertion.place);
        let mut documents: BTreeMap<String, Document> = BTreeMap::new();
        // Place by place from behind, so that the numbers of the records before keep their meaning.
        for group in ordered.chunk_by(|a, b| a.place == b.place).rev() {
            let Some(first) = group.first() else { continue };
            let (file, position) = self.spot(first.place);
            let document = match documents.entry(file.to_string()) {
                Entry::Occupied(found) => found.into_mut(),
                Entry::Vacant(new) => {
                    let bytes = files.read(file).map_err(|reason| EditError::Unreadable {
                        file: file.to_string(),
                        reason,
                    })?;
                    new.insert(Document::parse(bytes, self.version))
                }
            };
            let old = document.records.len();
            for insertion in group {
                let added = document.records.len() - old;
                let position = match position {
                    Position::BeforeRecord(record) => Position::BeforeRecord(record + added),
                    position => position,
                };
                document.insert_rule(position, &insertion.rule)?;
            }
        }
        Ok(documents)
    }
}

impl Record {
    /// Whether both say the same, wherever they stand. What cannot be read here counts as the same.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rule(a), Self::Rule(b)) => a.says_the_same(b),
            (Self::Include(a), Self::Include(b)) => a.kind == b.kind && a.name == b.name,
            (Self::Indirect { .. }, Self::Indirect { .. })
            | (Self::Bad { .. }, Self::Bad { .. }) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
