//! A store that begins with what another program issued: one event for each serial, `imported`, with
//! all that is known of it, and the last revocation list with its number. Made in memory, so that it is
//! on the disk whole or not at all.

use pki_core::{Certificate, Crl, Kind, Time};

use super::log::{Detail, Happened, Writing};
use super::{Store, crl, record};
use crate::import::{History, Past};
use crate::{Entry, Error, Event, Filter, Revoked, State};

impl Store {
    /// The bytes of such a store. The authority's own certificate is an intent: it is completed once
    /// its file is in place.
    pub(crate) fn with_history(
        own: &Past,
        history: &History,
        by: &str,
        at: Time,
    ) -> Result<Vec<u8>, Error> {
        let store = Self::in_memory()?;
        let mut writing = Writing::begin(&store)?;
        let own_entry = store.insert(own, true, by, at)?;
        let serial = own_entry.serial.to_string();
        writing.log(&Happened {
            event: Event::Intended.as_str(),
            at,
            by,
            serial: Some(&serial),
            detail: &record::ordered(&own_entry),
        })?;
        for past in &history.records {
            let entry = store.insert(past, false, by, at)?;
            writing.log(&Happened {
                event: Event::Imported.as_str(),
                at,
                by,
                serial: Some(&entry.serial.to_string()),
                detail: &imported(&entry, entry.revoked.as_ref()),
            })?;
        }
        if let Some((number, crl)) = &history.list {
            store.record_list(&mut writing, *number, crl, by, at)?;
        }
        writing.commit()?;
        store.bytes()
    }

    /// Whether nothing was ever completed here but an import that was interrupted: the authority itself
    /// is still an intent, so nothing was issued, and there are at least so many imported serials beside it.
    pub(crate) fn is_interrupted_import(&self, least: usize) -> Result<bool, Error> {
        if self.format()? == 0 {
            return Ok(false);
        }
        self.migrate()?;
        let entries = self.list(&Filter::default())?;
        let pending = |entry: &&Entry| {
            matches!(entry.kind, Kind::Root | Kind::Intermediate) && entry.state == State::Intended
        };
        let mut others = entries.iter().filter(|entry| !pending(entry));
        if others.clone().count() < least {
            return Ok(false);
        }
        let all_imported = others.all(|entry| {
            self.events(&entry.serial)
                .is_ok_and(|events| matches!(events.as_slice(), [only] if only.event == Event::Imported.as_str()))
        });
        Ok(all_imported && entries.first().is_some_and(|first| pending(&first)))
    }

    /// Records the last list of the other program: the next one is numbered above it.
    fn record_list(
        &self,
        writing: &mut Writing<'_>,
        number: i64,
        list: &Crl,
        by: &str,
        at: Time,
    ) -> Result<(), Error> {
        let this_update = list.this_update();
        let next_update = list.next_update().unwrap_or(this_update);
        let fingerprint = list.fingerprint();
        self.connection
            .execute(
                "INSERT INTO crl (number, at, this_update, next_update, fingerprint)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                rusqlite::params![
                    number,
                    at.unix(),
                    this_update.unix(),
                    next_update.unix(),
                    fingerprint.to_string()
                ],
            )
            .map_err(|error| self.refused(&error))?;
        let mut log = |event: Event, detail: &str| {
            writing.log(&Happened {
                event: event.as_str(),
                at,
                by,
                serial: None,
                detail,
            })
        };
        log(Event::Crl, &crl::drawn(number, this_update, next_update))?;
        let entries = list.revoked().count();
        log(
            Event::CrlSigned,
            &crl::signed(number, &fingerprint, entries),
        )
    }

    /// Inserts a row, and returns it.
    fn insert(&self, past: &Past, intent: bool, by: &str, at: Time) -> Result<Entry, Error> {
        let certificate = past.certificate.as_ref().filter(|_| !intent);
        let state = match (&past.revoked, certificate) {
            (Some(_), _) => State::Revoked,
            (None, Some(_)) => State::Issued,
            (None, None) => State::Intended,
        };
        let fingerprint = certificate.map(Certificate::fingerprint);
        let entry = Entry {
            serial: past.serial.clone(),
            kind: past.kind,
            name: past.name.clone(),
            subject: past.subject.clone(),
            not_before: past.not_before,
            not_after: past.not_after,
            state,
            public_key: past.public_key(),
            request: None,
            requested_by: by.to_owned(),
            requested_at: at,
            issued_at: certificate.map(|_| at),
            fingerprint,
            revoked: past.revoked.map(|(since, reason)| Revoked {
                at: since,
                by: by.to_owned(),
                reason,
            }),
        };
        let revoked = entry.revoked.as_ref();
        self.connection
            .execute(
                "INSERT INTO certificate (serial, kind, name, subject, not_before, not_after, public_key,
                     requested_by, requested_at, state, der, fingerprint, issued_at,
                     revoked_at, revoked_by, revocation_reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
                rusqlite::params![
                    entry.serial.to_string(),
                    entry.kind.name(),
                    entry.name,
                    entry.subject,
                    entry.not_before.unix(),
                    entry.not_after.unix(),
                    entry.public_key.to_string(),
                    by,
                    at.unix(),
                    state.as_str(),
                    certificate.map(Certificate::der),
                    fingerprint.map(|f| f.to_string()),
                    entry.issued_at.map(Time::unix),
                    revoked.map(|r| r.at.unix()),
                    revoked.map(|r| r.by.as_str()),
                    revoked.map(|r| r.reason.code()),
                ],
            )
            .map_err(|error| self.refused(&error))?;
        Ok(entry)
    }
}

/// The details of [`Event::Imported`]: what is known of the order, the certificate, and its revocation
/// as it was known then.
pub(super) fn imported(entry: &Entry, revoked: Option<&Revoked>) -> String {
    let mut detail = Detail::new().text("order", &record::ordered(entry));
    if let Some(fingerprint) = &entry.fingerprint {
        detail = detail.text("fingerprint", &fingerprint.to_string());
    }
    if let Some(revoked) = revoked {
        detail = detail
            .number("revoked_at", revoked.at.unix())
            .text("reason", revoked.reason.name());
    }
    detail.done()
}
