//! A session after login: the simple query protocol with results as text. No prepared statements, no binary values: what is asked
//! here are a server's views and settings.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::{backend::Message, frontend};

use crate::ServerError;
use crate::channel::{Broken, Channel};
use crate::login::{self, Greeting};
use crate::socket::Deadline;

/// An open session. Dropping it says goodbye to the server (Terminate) and closes the socket.
#[derive(Debug)]
pub struct Session {
    channel: Channel,
    greeting: Greeting,
    timeout: Duration,
    /// Set when an answer is missing or wrong: what comes next could not be told apart from it.
    lost: bool,
}

impl Session {
    pub(crate) fn new(channel: Channel, greeting: Greeting, timeout: Duration) -> Self {
        Self {
            channel,
            greeting,
            timeout,
            lost: false,
        }
    }

    /// Runs one SQL string (or replication command) and returns its rows; of several statements in it, the rows of the last one
    /// that has any. Values are in PostgreSQL's text form; bytes that are not UTF-8 (databases in SQL_ASCII) are shown as U+FFFD.
    /// COPY is not carried out.
    ///
    /// # Errors
    /// The server's error (the session stays usable), or the end of the session.
    pub fn query(&mut self, sql: &str) -> Result<Rows, QueryError> {
        if self.lost {
            return Err(QueryError::Lost {
                reason: "an earlier query was not answered".to_owned(),
            });
        }
        let mut request = BytesMut::new();
        // Nothing else can go wrong in it.
        frontend::query(sql, &mut request).map_err(|_| QueryError::Nul)?;
        self.channel.set_deadline(Deadline::after(self.timeout));
        self.lost = true;
        let answer = self.ask(&request).map_err(|broken| match broken {
            Broken::Io(error) if error.kind() == io::ErrorKind::TimedOut => QueryError::Timeout {
                after: self.timeout,
            },
            Broken::Io(error) => QueryError::Lost {
                reason: error.to_string(),
            },
            Broken::Tls(error) => QueryError::Lost {
                reason: error.to_string(),
            },
            Broken::Closed => QueryError::Lost {
                reason: "server closed the connection unexpectedly".to_owned(),
            },
            Broken::Protocol(reason) => QueryError::Lost { reason },
        })?;
        answer.map_err(|error| QueryError::Server(Box::new(error)))
    }

    /// What the server reported of itself at login or later: `server_version`, `server_encoding`, `in_hot_standby` …
    pub fn parameter_status(&self, name: &str) -> Option<&str> {
        self.greeting.parameters.get(name).map(String::as_str)
    }

    /// The process that serves this session, as `pg_backend_pid()`.
    pub fn process_id(&self) -> i32 {
        self.greeting.process_id
    }

    /// Bounds each query from now on; zero means no bound.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Ends the session, as dropping it does.
    pub fn close(self) {}

    /// One exchange, up to ReadyForQuery. The inner error is the server's.
    fn ask(&mut self, request: &[u8]) -> Result<Result<Rows, ServerError>, Broken> {
        self.channel.send(request)?;
        let mut answer = Ok(Rows::default());
        loop {
            match self.channel.receive(LONGEST)? {
                Message::RowDescription(body) => {
                    let names = body.fields().map(|field| Ok(field.name().to_owned()));
                    let columns = names
                        .collect()
                        .map_err(|error| Broken::Protocol(error.to_string()))?;
                    if answer.is_ok() {
                        answer = Ok(Rows {
                            columns,
                            rows: Vec::new(),
                        });
                    }
                }
                Message::DataRow(body) => {
                    let values = body.ranges().map(|range| {
                        Ok(range.map(|range| {
                            String::from_utf8_lossy(&body.buffer()[range]).into_owned()
                        }))
                    });
                    let values = values
                        .collect()
                        .map_err(|error| Broken::Protocol(error.to_string()))?;
                    if let Ok(rows) = &mut answer {
                        rows.rows.push(values);
                    }
                }
                Message::ErrorResponse(body) => {
                    let error = login::server_error(body.fields());
                    // After these the server hangs up instead of getting ready.
                    if matches!(error.severity.as_str(), "FATAL" | "PANIC") {
                        return Ok(Err(error));
                    }
                    answer = Err(error);
                }
                Message::ParameterStatus(body) => {
                    if let (Ok(name), Ok(value)) = (body.name(), body.value()) {
                        self.greeting
                            .parameters
                            .insert(name.to_owned(), value.to_owned());
                    }
                }
                Message::CopyInResponse(_) => {
                    let mut refusal = BytesMut::new();
                    if frontend::copy_fail("COPY is not carried out here", &mut refusal).is_ok() {
                        self.channel.send(&refusal)?;
                    }
                }
                Message::ReadyForQuery(_) => {
                    self.lost = false;
                    return Ok(answer);
                }
                Message::CommandComplete(_)
                | Message::EmptyQueryResponse
                | Message::NoticeResponse(_)
                | Message::NotificationResponse(_)
                | Message::CopyOutResponse(_)
                | Message::CopyData(_)
                | Message::CopyDone => {}
                _ => return Err(Broken::Protocol("a message out of order".to_owned())),
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.channel.set_deadline(Deadline::after(FAREWELL));
        let mut buffer = BytesMut::new();
        frontend::terminate(&mut buffer);
        // Best effort: the server finds out by the closed socket otherwise.
        if !self.lost && self.channel.send(&buffer).is_ok() {
            self.channel.close();
        }
    }
}

/// What a query returned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, one value a column; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// The value in a row (from 0) under a column's name; `None` for NULL and where there is no such row or column.
    pub fn get(&self, row: usize, column: &str) -> Option<&str> {
        let column = self.columns.iter().position(|name| name == column)?;
        self.rows.get(row)?.get(column)?.as_deref()
    }

    /// The first value of the first row.
    pub fn scalar(&self) -> Option<&str> {
        self.rows.first()?.first()?.as_deref()
    }
}

/// Why a query failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The server's error. The session stays usable unless its severity is FATAL or PANIC.
    #[error("{0}")]
    Server(Box<ServerError>),
    /// The text holds a NUL, which the protocol cannot carry. Nothing was sent.
    #[error("the query holds a NUL byte")]
    Nul,
    /// The time was over; the session cannot be used any more.
    #[error("no answer within {} s", .after.as_secs_f32())]
    Timeout {
        /// The bound that was set.
        after: Duration,
    },
    /// The connection broke, or the server sent something that the protocol does not allow; the session cannot be used any more.
    #[error("connection to the server lost: {reason}")]
    Lost {
        /// Why.
        reason: String,
    },
}

/// A string as an SQL literal, quotes included (libpq's `PQescapeLiteral`).
pub fn literal(text: &str) -> String {
    postgres_protocol::escape::escape_literal(text)
}

/// A string as an SQL identifier, quotes included (libpq's `PQescapeIdentifier`).
pub fn identifier(text: &str) -> String {
    postgres_protocol::escape::escape_identifier(text)
}

/// No answer of a server's views comes near this (and no server sends a longer message).
const LONGEST: usize = 0x3fff_ffff;

/// How long a goodbye may take.
const FAREWELL: Duration = Duration::from_secs(1);
