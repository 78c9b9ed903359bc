//! The store: every serial that was ever drawn, with the certificate that came of it. SQLite in WAL
//! mode with full syncs; many processes may use it at once. No keys and no signing here.

mod audit;
mod crl;
mod import;
mod log;
mod migrate;
mod record;
mod schema;
#[cfg(test)]
mod tests;

pub(crate) use crl::Drawing;
pub(crate) use record::{Intent, Revoking};

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use pki_core::{RevocationReason, Serial, Time};
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, ffi};

use crate::{Entry, Error, Filter, Revoked, StoreFault};

/// An open store.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens an existing store. Writes only where the file is of an older format.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let store = Self::connect(path)?;
        if store.format()? == 0 {
            return Err(store.damaged("the file is no store of an authority"));
        }
        store.migrate()?;
        store.log_ahead()?;
        Ok(store)
    }

    /// The bytes of a store in which nothing is recorded yet.
    pub(crate) fn blank() -> Result<Vec<u8>, Error> {
        Self::in_memory()?.bytes()
    }

    /// The whole database as the bytes of its file.
    fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let bytes = self
            .connection
            .serialize("main")
            .map(|bytes| bytes.to_vec());
        bytes.map_err(|error| self.refused(&error))
    }

    /// A store in which nothing is recorded yet, on no disk.
    fn in_memory() -> Result<Self, Error> {
        let path = Path::new("store.db");
        let store = Self {
            connection: Connection::open_in_memory().map_err(|error| refused(path, &error))?,
            path: path.to_owned(),
        };
        store.migrate()?;
        Ok(store)
    }

    /// Opens a blank store, or one that an interrupted run left, for this connection alone: every
    /// other one waits until it is dropped. Once all is done [`log_ahead`](Self::log_ahead) has to
    /// follow; until then there is a rollback journal, under which a commit is as durable (`extra`)
    /// and one connection can shut out the others.
    ///
    /// The file's identity is asked before it is opened and once the lock is held: a run that was
    /// faster and failed takes its store away again, and this one must not fill a deleted file.
    pub(crate) fn alone(path: &Path) -> Result<Self, Error> {
        let before = hostfile::link_metadata(path)?;
        let store = Self::connect(path)?;
        store.pragma("synchronous", "extra")?;
        // In this order: a connection that waits in exclusive mode would keep its shared lock, and
        // two of them would wait for each other.
        store.batch("BEGIN EXCLUSIVE; PRAGMA locking_mode = EXCLUSIVE; COMMIT;")?;
        let after = hostfile::link_metadata(path)?;
        let identity = |metadata: Option<hostfile::Metadata>| metadata.map(|m| (m.dev, m.ino));
        if before.is_none() || identity(before) != identity(after) {
            return Err(Error::Store {
                path: path.to_owned(),
                fault: StoreFault::Busy,
                message: "another process took the file away".to_owned(),
            });
        }
        Ok(store)
    }

    /// Turns to a write-ahead log, if that is not so already: readers do not wait for a writer, and
    /// a commit costs one sync.
    pub(crate) fn log_ahead(&self) -> Result<(), Error> {
        let mode = self
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
        if mode.map_err(|error| self.refused(&error))? == "wal" {
            return Ok(());
        }
        self.pragma("journal_mode", "wal")
    }

    /// The entries that the filter admits, in the order in which they were ordered.
    pub(crate) fn list(&self, filter: &Filter) -> Result<Vec<Entry>, Error> {
        let (clauses, values) = conditions(filter);
        self.select(&clauses, values)
    }

    /// The entry of a serial.
    pub(crate) fn entry(&self, serial: &Serial) -> Result<Option<Entry>, Error> {
        Ok(self
            .select("WHERE serial = ?", vec![serial.to_string().into()])?
            .pop())
    }

    /// The certificate of a serial, DER. None: unknown, or only intended.
    pub(crate) fn der(&self, serial: &Serial) -> Result<Option<Vec<u8>>, Error> {
        self.connection
            .query_row(
                "SELECT der FROM certificate WHERE serial = ?1",
                [serial.to_string()],
                |row| row.get(0),
            )
            .optional()
            .map(Option::flatten)
            .map_err(|error| self.refused(&error))
    }

    /// What this store is to say about a file that makes no sense.
    pub(crate) fn damaged(&self, message: &str) -> Error {
        Error::Store {
            path: self.path.clone(),
            fault: StoreFault::Damaged,
            message: message.to_owned(),
        }
    }

    fn connect(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| refused(path, &error))?;
        let store = Self {
            connection,
            path: path.to_owned(),
        };
        store
            .connection
            .busy_timeout(PATIENCE)
            .map_err(|error| store.refused(&error))?;
        store.pragma("synchronous", "full")?;
        store.pragma("temp_store", "memory")?;
        Ok(store)
    }

    /// The file's format. 0: an empty file. Anything that is no store of ours is an error.
    pub(crate) fn format(&self) -> Result<u32, Error> {
        let (application, format, tables): (i32, u32, u32) = self
            .connection
            .query_row(
                "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
                 FROM pragma_application_id, pragma_user_version",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .map_err(|error| self.refused(&error))?;
        let empty = application == 0 && format == 0 && tables == 0;
        if empty || application == schema::APPLICATION_ID {
            Ok(format)
        } else {
            Err(self.damaged("the file is a database of another program"))
        }
    }

    fn select(&self, clauses: &str, values: Vec<Value>) -> Result<Vec<Entry>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM certificate {clauses} ORDER BY id");
        let read = || -> Result<Vec<Entry>, rusqlite::Error> {
            self.connection
                .prepare(&sql)?
                .query_map(rusqlite::params_from_iter(values), entry)?
                .collect()
        };
        read().map_err(|error| self.refused(&error))
    }

    fn pragma(&self, name: &str, value: impl rusqlite::ToSql) -> Result<(), Error> {
        self.connection
            .pragma_update(None, name, value)
            .map_err(|error| self.refused(&error))
    }

    fn batch(&self, sql: &str) -> Result<(), Error> {
        self.connection
            .execute_batch(sql)
            .map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &rusqlite::Error) -> Error {
        refused(&self.path, error)
    }
}

/// The name of a file that SQLite keeps beside a database.
pub(crate) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The filter as SQL, and the values for its question marks.
fn conditions(filter: &Filter) -> (String, Vec<Value>) {
    let mut clauses = Vec::new();
    let mut values = Vec::<Value>::new();
    if let Some(kind) = filter.kind {
        clauses.push("kind = ?".to_owned());
        values.push(kind.to_string().into());
    }
    if let Some(name) = &filter.name {
        clauses.push("name = ?".to_owned());
        values.push(name.clone().into());
    }
    if !filter.states.is_empty() {
        clauses.push(format!(
            "state IN ({})",
            vec!["?"; filter.states.len()].join(", ")
        ));
        values.extend(
            filter
                .states
                .iter()
                .map(|state| Value::from(state.to_string())),
        );
    }
    if let Some(at) = filter.valid_at {
        clauses.push("not_before <= ? AND not_after >= ?".to_owned());
        values.extend([at.unix().into(), at.unix().into()]);
    }
    if let Some(end) = filter.ends_before {
        clauses.push("not_after < ?".to_owned());
        values.push(end.unix().into());
    }
    if clauses.is_empty() {
        return (String::new(), values);
    }
    (format!("WHERE {}", clauses.join(" AND ")), values)
}

fn entry(row: &Row<'_>) -> Result<Entry, rusqlite::Error> {
    Ok(Entry {
        serial: word(row, 0)?,
        kind: word(row, 1)?,
        name: row.get(2)?,
        subject: row.get(3)?,
        not_before: Time::from_unix(row.get(4)?),
        not_after: Time::from_unix(row.get(5)?),
        state: word(row, 6)?,
        public_key: word(row, 7)?,
        request: optional_word(row, 8)?,
        requested_by: row.get(9)?,
        requested_at: Time::from_unix(row.get(10)?),
        issued_at: row.get::<_, Option<i64>>(11)?.map(Time::from_unix),
        fingerprint: optional_word(row, 12)?,
        revoked: match row.get::<_, Option<i64>>(13)? {
            None => None,
            Some(at) => Some(Revoked {
                at: Time::from_unix(at),
                by: row.get::<_, Option<String>>(14)?.unwrap_or_default(),
                reason: row
                    .get::<_, Option<u8>>(15)?
                    .and_then(RevocationReason::from_code)
                    .unwrap_or_default(),
            }),
        },
    })
}

/// The columns of an [`Entry`], in its order.
const COLUMNS: &str =
    "serial, kind, name, subject, not_before, not_after, state, public_key, request,
    requested_by, requested_at, issued_at, fingerprint, revoked_at, revoked_by, revocation_reason";

/// A column that holds a value of ours in its written form.
fn word<T: FromStr>(row: &Row<'_>, column: usize) -> Result<T, rusqlite::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

fn optional_word<T: FromStr>(row: &Row<'_>, column: usize) -> Result<Option<T>, rusqlite::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.get::<_, Option<String>>(column)? {
        Some(_) => word(row, column).map(Some),
        None => Ok(None),
    }
}

fn refused(path: &Path, error: &rusqlite::Error) -> Error {
    let fault = match error.sqlite_error() {
        // The shared memory beside the store cannot be laid out: that is how a full disk shows first.
        Some(e) if e.extended_code == ffi::SQLITE_IOERR_SHMSIZE => StoreFault::Full,
        Some(e) => match e.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreFault::Busy,
            ErrorCode::DiskFull => StoreFault::Full,
            ErrorCode::ReadOnly => StoreFault::ReadOnly,
            ErrorCode::CannotOpen => StoreFault::CannotOpen,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreFault::Damaged,
            _ => StoreFault::Other,
        },
        None => match error {
            rusqlite::Error::FromSqlConversionFailure(..) => StoreFault::Damaged,
            _ => StoreFault::Other,
        },
    };
    let message = match fault {
        StoreFault::Full => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    Error::Store {
        path: path.to_owned(),
        fault,
        message,
    }
}

/// How long a connection waits for others, each of which holds the lock for one commit.
const PATIENCE: Duration = Duration::from_secs(30);
