//! The audit's way through the tables: one read transaction, row by row, with little in memory. What a
//! certificate's bytes have to be is decided by the caller.

use std::collections::BTreeMap;

use pki_core::{Fingerprint, Time};
use rusqlite::{Row, Statement, Transaction, TransactionBehavior};

use super::log::{Happened, link};
use super::{COLUMNS, Store, entry, import, record};
use crate::{Audit, AuditFinding, Entry, Error, Event, State};

impl Store {
    /// Looks at everything; `flaw` says what is wrong with a certificate's bytes.
    pub(crate) fn audit(
        &self,
        expected_head: Option<&Fingerprint>,
        flaw: impl Fn(&Entry, &[u8]) -> Option<String>,
    ) -> Result<Audit, Error> {
        let refused = |error| self.refused(&error);
        // All of it as of one moment, whoever writes meanwhile.
        let reading = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)
            .map_err(refused)?;
        let mut findings = self.damage().map_err(refused)?;
        findings.extend(self.foreign_schema()?);
        let (events, head) = self.chain(expected_head, &mut findings).map_err(refused)?;
        let serials = self.rows(&flaw, &mut findings)?;
        findings.extend(self.gone().map_err(refused)?);
        findings.extend(self.differing_lists().map_err(refused)?);
        drop(reading);
        Ok(Audit {
            events,
            serials,
            head,
            findings,
        })
    }

    fn damage(&self) -> Result<Vec<AuditFinding>, rusqlite::Error> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check(20)")?;
        let words = statement.query_map([], |row| row.get::<_, String>(0))?;
        let words: Vec<String> = words.collect::<Result<_, _>>()?;
        Ok(words
            .into_iter()
            .filter(|word| word != "ok")
            .map(|message| AuditFinding::Damaged { message })
            .collect())
    }

    /// What differs from the tables, indices and triggers of a new store.
    fn foreign_schema(&self) -> Result<Vec<AuditFinding>, Error> {
        let found = self.schema().map_err(|error| self.refused(&error))?;
        let made = Self::in_memory()?;
        let made = made.schema().map_err(|error| made.refused(&error))?;
        Ok(found
            .keys()
            .chain(made.keys().filter(|name| !found.contains_key(*name)))
            .filter(|name| found.get(*name) != made.get(*name))
            .map(|name| AuditFinding::Schema { name: name.clone() })
            .collect())
    }

    fn schema(&self) -> Result<BTreeMap<String, Option<String>>, rusqlite::Error> {
        self.connection
            .prepare("SELECT name, sql FROM sqlite_schema")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// Walks the log. The number of events, and the last hash.
    fn chain(
        &self,
        expected_head: Option<&Fingerprint>,
        findings: &mut Vec<AuditFinding>,
    ) -> Result<(u64, Option<Fingerprint>), rusqlite::Error> {
        let expected_text = expected_head.map(ToString::to_string);
        let mut met = expected_text.is_none();
        let mut statement = self
            .connection
            .prepare("SELECT id, at, actor, event, serial, detail, hash FROM log ORDER BY id")?;
        let mut rows = statement.query([])?;
        let (mut last, mut events, mut previous) = (0, 0, String::new());
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let (by, event): (String, String) = (row.get(2)?, row.get(3)?);
            let (serial, detail): (Option<String>, String) = (row.get(4)?, row.get(5)?);
            let hash: String = row.get(6)?;
            if id != last + 1 {
                findings.push(AuditFinding::Gap {
                    from: last + 1,
                    to: id,
                });
            }
            let happened = Happened {
                event: &event,
                at: Time::from_unix(row.get(1)?),
                by: &by,
                serial: serial.as_deref(),
                detail: &detail,
            };
            // After a gap the hash before it is not known; the gap has been told of.
            if id == last + 1 && link(&previous, id, &happened).to_string() != hash {
                findings.push(AuditFinding::Chain { id });
            }
            met |= expected_text.as_ref() == Some(&hash);
            (last, previous) = (id, hash);
            events += 1;
        }
        if let (false, Some(expected)) = (met, expected_head) {
            findings.push(AuditFinding::Head {
                expected: *expected,
            });
        }
        Ok((events, previous.parse().ok()))
    }

    /// Every row beside its events, and its bytes.
    fn rows(
        &self,
        flaw: &impl Fn(&Entry, &[u8]) -> Option<String>,
        findings: &mut Vec<AuditFinding>,
    ) -> Result<u64, Error> {
        let refused = |error| self.refused(&error);
        let mut events = self.prepare(
            "SELECT id, event, at, actor, detail FROM log WHERE serial = ?1 ORDER BY id",
        )?;
        let mut statement = self.prepare(&format!(
            "SELECT {COLUMNS}, id, der FROM certificate ORDER BY id"
        ))?;
        let mut rows = statement.query([]).map_err(refused)?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(refused)? {
            count += 1;
            let entry = match entry(row) {
                Ok(entry) => entry,
                Err(error) => {
                    let id = row.get("id").map_err(refused)?;
                    let reason = error.to_string();
                    findings.push(AuditFinding::Row { id, reason });
                    continue;
                }
            };
            let told = told(&mut events, &entry).map_err(refused)?;
            findings.extend(compare(&entry, &told));
            let der: Option<Vec<u8>> = row.get("der").map_err(refused)?;
            if let Some(what) = der.and_then(|der| flaw(&entry, &der)) {
                findings.push(AuditFinding::Certificate {
                    serial: entry.serial,
                    what,
                });
            }
        }
        Ok(count)
    }

    /// Serials that are in the log alone.
    fn gone(&self) -> Result<Vec<AuditFinding>, rusqlite::Error> {
        self.connection
            .prepare(
                "SELECT DISTINCT serial FROM log
                 WHERE serial IS NOT NULL AND serial NOT IN (SELECT serial FROM certificate)",
            )?
            .query_map([], |row| {
                Ok(AuditFinding::Gone {
                    serial: row.get(0)?,
                })
            })?
            .collect()
    }
}

/// An event of a serial.
struct Told {
    id: i64,
    event: String,
    at: Time,
    by: String,
    detail: String,
}

fn told(events: &mut Statement<'_>, entry: &Entry) -> Result<Vec<Told>, rusqlite::Error> {
    let told = |row: &Row<'_>| {
        Ok(Told {
            id: row.get(0)?,
            event: row.get(1)?,
            at: Time::from_unix(row.get(2)?),
            by: row.get(3)?,
            detail: row.get(4)?,
        })
    };
    events
        .query_map([entry.serial.to_string()], told)?
        .collect()
}

/// Lives through the events of a serial, and compares what comes of it with its row.
fn compare(entry: &Entry, events: &[Told]) -> Option<AuditFinding> {
    let differs = |what| {
        Some(AuditFinding::Differs {
            serial: entry.serial.clone(),
            what,
        })
    };
    let mut state = None;
    let (mut issued, mut revoked) = (false, false);
    for told in events {
        let next = match (state, Event::from_word(&told.event)) {
            (None, Some(Event::Intended)) => {
                if told.detail != record::ordered(entry) {
                    return differs("what was ordered");
                }
                if (told.at, &told.by) != (entry.requested_at, &entry.requested_by) {
                    return differs("who ordered it when");
                }
                State::Intended
            }
            (None, Some(Event::Imported)) => {
                if (told.at, &told.by) != (entry.requested_at, &entry.requested_by) {
                    return differs("who imported it when");
                }
                issued = entry.fingerprint.is_some();
                // What was revoked since has an event of its own.
                let with = import::imported(entry, entry.revoked.as_ref());
                revoked = entry.revoked.is_some() && told.detail == with;
                match (revoked, issued) {
                    (true, _) => State::Revoked,
                    (false, _) if told.detail != import::imported(entry, None) => {
                        return differs("what was imported");
                    }
                    (false, true) => State::Issued,
                    (false, false) => State::Intended,
                }
            }
            (Some(State::Intended), Some(Event::Issued)) => {
                issued = true;
                if Some(told.detail.as_str())
                    != entry.fingerprint.as_ref().map(record::signed).as_deref()
                {
                    return differs("the fingerprint");
                }
                if Some(told.at) != entry.issued_at {
                    return differs("when it was issued");
                }
                State::Issued
            }
            (Some(State::Issued), Some(Event::Unused)) => State::Unused,
            (Some(State::Unused), Some(Event::Used)) => State::Issued,
            (Some(State::Intended | State::Issued | State::Unused), Some(Event::Revoked)) => {
                revoked = true;
                let same = entry.revoked.as_ref().is_some_and(|row| {
                    (told.at, &told.by) == (row.at, &row.by)
                        && told.detail == record::revoked(row.reason)
                });
                if !same {
                    return differs("its revocation");
                }
                State::Revoked
            }
            _ => {
                return Some(AuditFinding::Order {
                    serial: entry.serial.clone(),
                    id: told.id,
                });
            }
        };
        state = Some(next);
    }
    match state {
        None => Some(AuditFinding::Unlogged {
            serial: entry.serial.clone(),
        }),
        Some(state) if state != entry.state => differs("its state"),
        _ if issued != entry.fingerprint.is_some() => differs("the certificate"),
        _ if revoked != entry.revoked.is_some() => differs("its revocation"),
        _ => None,
    }
}
