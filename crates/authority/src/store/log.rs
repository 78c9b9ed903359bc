//! The log: what was done in this store, in order, each event chained to the one before it. Only the
//! form of it and how it grows; who reads it is `audit`.
//!
//! `hash` is SHA-256, in hexadecimal, over these seven values, each written as a netstring (its length
//! in bytes in decimal, `:`, its bytes, `,`), so that no two events have the same bytes:
//!
//! ```text
//! hash of the event before it (empty for the first) | id | at | actor | event | serial (empty where
//! it is about none) | detail
//! ```
//!
//! `docs/reference/store.md` shows how to verify it with sqlite3 and sha256sum.

use std::fmt::Write as _;

use pki_core::{Fingerprint, Serial, Time};
use rusqlite::{OptionalExtension as _, Statement, Transaction, TransactionBehavior};

use super::Store;
use crate::{Error, LogEntry};

/// A transaction that changes something. Rows and log grow in the same one; the last hash is kept, so
/// that thousands of events cost one look at the log's end.
pub(super) struct Writing<'a> {
    store: &'a Store,
    transaction: Transaction<'a>,
    insert: Statement<'a>,
    head: Head,
}

/// The end of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: i64,
    /// Hexadecimal; empty while there is no event.
    pub(super) hash: String,
}

/// An event before it has its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Happened<'a> {
    pub(super) event: &'a str,
    pub(super) at: Time,
    pub(super) by: &'a str,
    pub(super) serial: Option<&'a str>,
    pub(super) detail: &'a str,
}

impl<'a> Writing<'a> {
    /// Begins to write: what is read from now on stays true until the commit.
    pub(super) fn begin(store: &'a Store) -> Result<Self, Error> {
        let refused = |error| store.refused(&error);
        let transaction =
            Transaction::new_unchecked(&store.connection, TransactionBehavior::Immediate)
                .map_err(refused)?;
        Self::within(store, transaction)
    }

    /// The same in a transaction that has begun.
    pub(super) fn within(store: &'a Store, transaction: Transaction<'a>) -> Result<Self, Error> {
        let refused = |error| store.refused(&error);
        let insert = store
            .connection
            .prepare(
                "INSERT INTO log (id, at, actor, event, serial, detail, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .map_err(refused)?;
        let head = head(store)?;
        Ok(Self {
            store,
            transaction,
            insert,
            head,
        })
    }

    /// Appends an event.
    pub(super) fn log(&mut self, happened: &Happened<'_>) -> Result<(), Error> {
        let id = self.head.id + 1;
        let hash = link(&self.head.hash, id, happened).to_string();
        self.insert
            .execute(rusqlite::params![
                id,
                happened.at.unix(),
                happened.by,
                happened.event,
                happened.serial,
                happened.detail,
                hash
            ])
            .map_err(|error| self.store.refused(&error))?;
        self.head = Head { id, hash };
        Ok(())
    }

    /// The end of the chain, with what was appended.
    #[cfg(test)]
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// Returns once all of it is on the disk.
    pub(super) fn commit(self) -> Result<(), Error> {
        let Self {
            store,
            transaction,
            insert,
            ..
        } = self;
        drop(insert);
        transaction.commit().map_err(|error| store.refused(&error))
    }
}

/// The end of the log as it is now.
fn head(store: &Store) -> Result<Head, Error> {
    store
        .connection
        .query_row(
            "SELECT id, hash FROM log ORDER BY id DESC LIMIT 1",
            [],
            |row| {
                Ok(Head {
                    id: row.get(0)?,
                    hash: row.get(1)?,
                })
            },
        )
        .optional()
        .map(Option::unwrap_or_default)
        .map_err(|error| store.refused(&error))
}

/// The hash of an event that follows `previous`.
pub(super) fn link(previous: &str, id: i64, happened: &Happened<'_>) -> Fingerprint {
    let mut frame = String::with_capacity(256 + happened.detail.len());
    let mut field = |text: &str| {
        // Writing to a string cannot fail.
        let _ = write!(frame, "{}:{text},", text.len());
    };
    field(previous);
    field(&id.to_string());
    field(&happened.at.unix().to_string());
    field(happened.by);
    field(happened.event);
    field(happened.serial.unwrap_or_default());
    field(happened.detail);
    Fingerprint::of(frame.as_bytes())
}

/// The details of an event: a JSON object, always written the same way, so that two can be compared
/// as text.
pub(super) struct Detail(String);

impl Detail {
    pub(super) fn new() -> Self {
        Self(String::from("{"))
    }

    pub(super) fn text(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        self.0.push('"');
        for c in value.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                c if c.is_control() && c.len_utf8() == 1 => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(c));
                }
                c => self.0.push(c),
            }
        }
        self.0.push('"');
        self
    }

    pub(super) fn number(mut self, key: &str, value: i64) -> Self {
        self.key(key);
        let _ = write!(self.0, "{value}");
        self
    }

    pub(super) fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        let _ = write!(self.0, "\"{key}\":");
    }
}

impl Store {
    /// The events that are about a serial, oldest first.
    pub(crate) fn events(&self, serial: &Serial) -> Result<Vec<LogEntry>, Error> {
        let read = || -> Result<Vec<LogEntry>, rusqlite::Error> {
            self.connection
                .prepare(
                    "SELECT id, at, actor, event, detail FROM log WHERE serial = ?1 ORDER BY id",
                )?
                .query_map([serial.to_string()], |row| {
                    Ok(LogEntry {
                        id: row.get(0)?,
                        at: Time::from_unix(row.get(1)?),
                        by: row.get(2)?,
                        event: row.get(3)?,
                        detail: row.get(4)?,
                    })
                })?
                .collect()
        };
        read().map_err(|error| self.refused(&error))
    }
}
