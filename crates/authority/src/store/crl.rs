//! Revocation lists on record: which numbers were drawn, what became of them, and who is on the list.

use pki_core::{Fingerprint, RevocationReason, Serial, Time};
use rusqlite::{OptionalExtension as _, Row};

use super::log::{Detail, Happened, Writing};
use super::{Store, word};
use crate::{AuditFinding, CrlRecord, Error, Event};

/// A list that is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing<'a> {
    pub(crate) this_update: Time,
    pub(crate) next_update: Time,
    pub(crate) by: &'a str,
    pub(crate) at: Time,
}

/// A certificate that belongs on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) serial: Serial,
    pub(crate) since: Time,
    pub(crate) reason: RevocationReason,
}

impl Store {
    /// Draws a number, records what for, and hands each certificate that belongs on that list to
    /// `each`: a list with a higher number never knows less than one with a lower one. Returns once the
    /// number is on the disk; it is not given again, whatever becomes of the list.
    pub(crate) fn draw_crl(
        &self,
        drawing: &Drawing<'_>,
        mut each: impl FnMut(&Listed),
    ) -> Result<i64, Error> {
        let refused = |error| self.refused(&error);
        let mut writing = Writing::begin(self)?;
        let number: i64 = self
            .connection
            .query_row("SELECT coalesce(max(number), 0) + 1 FROM crl", [], |row| {
                row.get(0)
            })
            .map_err(refused)?;
        let last = self.last_crl()?;
        self.connection
            .execute(
                "INSERT INTO crl (number, at, this_update, next_update) VALUES (?1, ?2, ?3, ?4)",
                [
                    number,
                    drawing.at.unix(),
                    drawing.this_update.unix(),
                    drawing.next_update.unix(),
                ],
            )
            .map_err(refused)?;
        writing.log(&Happened {
            event: Event::Crl.as_str(),
            at: drawing.at,
            by: drawing.by,
            serial: None,
            detail: &drawn(number, drawing.this_update, drawing.next_update),
        })?;
        self.listed(last.as_ref(), &mut each)?;
        writing.commit()?;
        Ok(number)
    }

    /// Who belongs on the list that follows `last`. What has expired may leave it once a list was made
    /// after its end that still had it (RFC 5280 section 3.3).
    fn listed(
        &self,
        last: Option<&CrlRecord>,
        each: &mut impl FnMut(&Listed),
    ) -> Result<(), Error> {
        let refused = |error| self.refused(&error);
        let mut statement = self.prepare(
            "SELECT serial, revoked_at, revocation_reason FROM certificate
             WHERE state = 'revoked' AND (not_after >= ?1 OR revoked_at >= ?2)
             ORDER BY revoked_at, serial",
        )?;
        let earliest = i64::MIN;
        let mut rows = statement
            .query([
                last.map_or(earliest, |last| last.this_update.unix()),
                last.map_or(earliest, |last| last.at.unix()),
            ])
            .map_err(refused)?;
        while let Some(row) = rows.next().map_err(refused)? {
            each(&listed(row).map_err(refused)?);
        }
        Ok(())
    }

    /// Records that a list was signed.
    pub(crate) fn crl_signed(
        &self,
        number: i64,
        fingerprint: &Fingerprint,
        entries: usize,
        by: &str,
        at: Time,
    ) -> Result<(), Error> {
        let mut writing = Writing::begin(self)?;
        self.connection
            .execute(
                "UPDATE crl SET fingerprint = ?2 WHERE number = ?1",
                rusqlite::params![number, fingerprint.to_string()],
            )
            .map_err(|error| self.refused(&error))?;
        writing.log(&Happened {
            event: Event::CrlSigned.as_str(),
            at,
            by,
            serial: None,
            detail: &signed(number, fingerprint, entries),
        })?;
        writing.commit()
    }

    /// The newest list that was signed.
    pub(crate) fn last_crl(&self) -> Result<Option<CrlRecord>, Error> {
        self.connection
            .query_row(
                "SELECT number, at, this_update, next_update, fingerprint FROM crl
                 WHERE fingerprint IS NOT NULL ORDER BY number DESC LIMIT 1",
                [],
                |row| {
                    Ok(CrlRecord {
                        number: row.get(0)?,
                        at: Time::from_unix(row.get(1)?),
                        this_update: Time::from_unix(row.get(2)?),
                        next_update: Time::from_unix(row.get(3)?),
                        fingerprint: word(row, 4)?,
                    })
                },
            )
            .optional()
            .map_err(|error| self.refused(&error))
    }

    /// The lists whose rows and events do not agree.
    pub(super) fn differing_lists(&self) -> Result<Vec<AuditFinding>, rusqlite::Error> {
        // What a number was drawn for, and what was signed under it, each side as text.
        let mut statement = self.connection.prepare(
            "WITH told AS (
                 SELECT json_extract(detail, '$.number') AS number,
                        max(iif(event = 'crl', at || ' ' || detail, NULL)) AS drawn,
                        max(iif(event = 'crl-signed', json_extract(detail, '$.fingerprint'), NULL)) AS signed,
                        sum(event = 'crl') AS draws, sum(event = 'crl-signed') AS signatures
                 FROM log WHERE event IN ('crl', 'crl-signed') GROUP BY 1)
             SELECT coalesce(crl.number, told.number), told.drawn, told.signed, told.draws, told.signatures,
                    crl.at, crl.this_update, crl.next_update, crl.fingerprint
             FROM told FULL JOIN crl ON crl.number = told.number",
        )?;
        let mut rows = statement.query([])?;
        let mut findings = Vec::new();
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            if !same_list(row, number)? {
                findings.push(AuditFinding::Crl { number });
            }
        }
        Ok(findings)
    }
}

fn same_list(row: &Row<'_>, number: i64) -> Result<bool, rusqlite::Error> {
    let (drawn_told, signed): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
    let once: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
    let Some(at) = row.get::<_, Option<i64>>(5)? else {
        return Ok(false);
    };
    let times = [row.get(6)?, row.get(7)?].map(Time::from_unix);
    let row_says = format!("{at} {}", drawn(number, times[0], times[1]));
    let fingerprint: Option<String> = row.get(8)?;
    Ok(once.0 == Some(1)
        && once.1 <= Some(1)
        && drawn_told == Some(row_says)
        && signed == fingerprint)
}

/// The details of [`Event::CrlSigned`].
pub(super) fn signed(number: i64, fingerprint: &Fingerprint, entries: usize) -> String {
    Detail::new()
        .number("number", number)
        .text("fingerprint", &fingerprint.to_string())
        .number("entries", i64::try_from(entries).unwrap_or(i64::MAX))
        .done()
}

/// The details of [`Event::Crl`].
pub(super) fn drawn(number: i64, this_update: Time, next_update: Time) -> String {
    Detail::new()
        .number("number", number)
        .number("this_update", this_update.unix())
        .number("next_update", next_update.unix())
        .done()
}

fn listed(row: &Row<'_>) -> Result<Listed, rusqlite::Error> {
    Ok(Listed {
        serial: word(row, 0)?,
        since: Time::from_unix(row.get(1)?),
        reason: row
            .get::<_, Option<u8>>(2)?
            .and_then(RevocationReason::from_code)
            .unwrap_or_default(),
    })
}
