//! From the format of an older release to this one's.

use rusqlite::{Transaction, TransactionBehavior};

use super::log::{Detail, Happened, Writing};
use super::{Store, record, schema};
use crate::{Entry, Error, Event, Filter, State};

impl Store {
    /// Brings the tables to the newest format.
    pub(crate) fn migrate(&self) -> Result<(), Error> {
        match self.format()? {
            schema::FORMAT => return Ok(()),
            found if found > schema::FORMAT => {
                return Err(Error::NewerStore {
                    path: self.path.clone(),
                    found,
                    known: schema::FORMAT,
                });
            }
            _ => {}
        }
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .map_err(|error| self.refused(&error))?;
        // Asked again: another process may have been faster.
        let from = self.format()?;
        for step in schema::STEPS.iter().skip(from as usize) {
            self.batch(step)?;
        }
        self.pragma("application_id", schema::APPLICATION_ID)?;
        self.pragma("user_version", schema::FORMAT)?;
        let mut writing = Writing::within(self, transaction)?;
        if from > 0 && from < schema::LOGGED {
            self.fill_log(&mut writing, from)?;
        }
        writing.commit()
    }

    /// Writes the log of a store that had none, from its rows, with the times and people that they
    /// name: so an audit finds every row explained, and needs no second set of rules for old ones.
    /// The last event says that what is before it is worth no more than the rows were.
    fn fill_log(&self, writing: &mut Writing<'_>, from: u32) -> Result<(), Error> {
        let entries = self.list(&Filter::default())?;
        for entry in &entries {
            fill(writing, entry)?;
        }
        // Opening a store asks no clock: it was not before the last time that the rows name.
        let times = entries.iter().flat_map(|entry| {
            [
                Some(entry.requested_at),
                entry.issued_at,
                entry.revoked.as_ref().map(|r| r.at),
            ]
        });
        let Some(at) = times.flatten().max() else {
            return Ok(());
        };
        let detail = Detail::new().number("from", from.into());
        writing.log(&Happened {
            event: Event::Migrated.as_str(),
            at,
            by: "pgcert",
            serial: None,
            detail: &detail.number("to", schema::FORMAT.into()).done(),
        })
    }
}

fn fill(writing: &mut Writing<'_>, entry: &Entry) -> Result<(), Error> {
    let serial = entry.serial.to_string();
    let mut log = |event: Event, at, by: &str, detail: &str| {
        writing.log(&Happened {
            event: event.as_str(),
            at,
            by,
            serial: Some(&serial),
            detail,
        })
    };
    let by = &entry.requested_by;
    log(
        Event::Intended,
        entry.requested_at,
        by,
        &record::ordered(entry),
    )?;
    if let (Some(at), Some(fingerprint)) = (entry.issued_at, &entry.fingerprint) {
        log(Event::Issued, at, by, &record::signed(fingerprint))?;
        if entry.state == State::Unused {
            log(Event::Unused, at, by, "{}")?;
        }
    }
    if let Some(revoked) = &entry.revoked {
        log(
            Event::Revoked,
            revoked.at,
            &revoked.by,
            &record::revoked(revoked.reason),
        )?;
    }
    Ok(())
}
