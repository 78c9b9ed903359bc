//! Answers to questions: rows whose columns are taken by name, as the type they must have.

use std::net::IpAddr;
use std::str::FromStr;

use pg_probe::{QueryError, Rows, Session};

use super::array::array;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The server refused it, or the session broke.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The answer is not what every supported version gives.
    #[error("unexpected answer from the server: column \"{column}\" holds {value:?}")]
    Unexpected {
        /// The column.
        column: &'static str,
        /// What it holds; `None` for NULL or no such column.
        value: Option<String>,
    },
    /// There is no row where there has to be one.
    #[error("unexpected answer from the server: no row")]
    NoRow,
}

/// Runs a query and takes each row apart.
pub(super) fn each<T>(
    session: &mut Session,
    sql: &str,
    take: impl Fn(&Record<'_>) -> Result<T, AskError>,
) -> Result<Vec<T>, AskError> {
    let rows = session.query(sql)?;
    (0..rows.rows.len())
        .map(|row| take(&Record { rows: &rows, row }))
        .collect()
}

/// Runs a query that has exactly one row.
pub(super) fn one(session: &mut Session, sql: &str) -> Result<OwnedRecord, AskError> {
    let rows = session.query(sql)?;
    if rows.rows.is_empty() {
        return Err(AskError::NoRow);
    }
    Ok(OwnedRecord(rows))
}

/// The only row of an answer.
pub(super) struct OwnedRecord(Rows);

impl OwnedRecord {
    pub(super) fn text(&self, column: &'static str) -> Result<String, AskError> {
        self.record().text(column)
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool, AskError> {
        self.record().flag(column)
    }

    pub(super) fn number<N: FromStr>(&self, column: &'static str) -> Result<N, AskError> {
        self.record().number(column)
    }

    pub(super) fn record(&self) -> Record<'_> {
        Record {
            rows: &self.0,
            row: 0,
        }
    }
}

/// One row of an answer.
pub(super) struct Record<'a> {
    rows: &'a Rows,
    row: usize,
}

impl Record<'_> {
    /// The text in a column; `None` for NULL.
    pub(super) fn optional(&self, column: &str) -> Option<String> {
        self.rows.get(self.row, column).map(str::to_owned)
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, AskError> {
        self.optional(column).ok_or(AskError::Unexpected {
            column,
            value: None,
        })
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool, AskError> {
        match self.rows.get(self.row, column) {
            Some("t") => Ok(true),
            Some("f") => Ok(false),
            _ => Err(self.unexpected(column)),
        }
    }

    pub(super) fn number<N: FromStr>(&self, column: &'static str) -> Result<N, AskError> {
        self.optional_number(column)?
            .ok_or_else(|| self.unexpected(column))
    }

    pub(super) fn optional_number<N: FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<N>, AskError> {
        match self.rows.get(self.row, column) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| self.unexpected(column)),
        }
    }

    /// The texts of an array; none for NULL.
    pub(super) fn texts(&self, column: &'static str) -> Result<Vec<String>, AskError> {
        match self.rows.get(self.row, column) {
            None => Ok(Vec::new()),
            Some(text) => array(text)
                .map(|elements| elements.into_iter().flatten().collect())
                .ok_or_else(|| self.unexpected(column)),
        }
    }

    /// The address in a column of type inet; `None` for NULL. A zone (`fe80::1%eth0`) is dropped.
    pub(super) fn address(&self, column: &'static str) -> Result<Option<IpAddr>, AskError> {
        let Some(text) = self.rows.get(self.row, column) else {
            return Ok(None);
        };
        let bare = text.split(['/', '%']).next().unwrap_or_default();
        bare.parse().map(Some).map_err(|_| self.unexpected(column))
    }

    pub(super) fn required_address(&self, column: &'static str) -> Result<IpAddr, AskError> {
        self.address(column)?.ok_or_else(|| self.unexpected(column))
    }

    fn unexpected(&self, column: &'static str) -> AskError {
        AskError::Unexpected {
            column,
            value: self.optional(column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: &[&str], values: &[Option<&str>]) -> OwnedRecord {
        OwnedRecord(Rows {
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            rows: vec![values.iter().map(|v| v.map(str::to_owned)).collect()],
        })
    }

    #[test]
    fn columns_are_what_they_have_to_be_or_an_error_names_them() {
        let answer = rows(
            &["a", "b", "c", "d"],
            &[Some("t"), Some("17"), None, Some("fe80::1%eth0")],
        );
        let record = answer.record();
        assert_eq!(record.flag("a"), Ok(true));
        assert_eq!(record.number("b"), Ok(17_u32));
        assert_eq!(record.optional_number::<u32>("c"), Ok(None));
        assert_eq!(record.address("d"), Ok(Some("fe80::1".parse().unwrap())));
        assert_eq!(record.texts("c"), Ok(Vec::new()));
        assert_eq!(
            record.flag("b"),
            Err(AskError::Unexpected {
                column: "b",
                value: Some("17".to_owned())
            })
        );
        assert_eq!(
            record.text("z"),
            Err(AskError::Unexpected {
                column: "z",
                value: None
            })
        );
    }
}
