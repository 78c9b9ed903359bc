//! What is recorded of a certificate in the course of its life, each change with its event in the log.

use pki_core::{
    Certificate, Fingerprint, Kind, PublicKey, RevocationReason, Serial, Subject, Time, Validity,
};
use rusqlite::{OptionalExtension as _, Statement, ffi};

use super::Store;
use super::log::{Detail, Happened, Writing};
use crate::{Entry, Error, Event, State};

/// What is recorded before a signature is made.
pub(crate) struct Intent<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
    pub(crate) subject: &'a Subject,
    pub(crate) validity: Validity,
    pub(crate) public_key: &'a PublicKey,
    pub(crate) request: Option<&'a Fingerprint>,
    pub(crate) by: &'a str,
    pub(crate) at: Time,
}

/// What is recorded of a revocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Revoking<'a> {
    pub(crate) reason: RevocationReason,
    pub(crate) by: &'a str,
    pub(crate) at: Time,
}

impl Store {
    /// Draws a serial and records what it is for. Returns once that is on the disk.
    pub(crate) fn intend(&self, intent: &Intent<'_>) -> Result<Serial, Error> {
        let serials = self.intend_many([intent])?;
        // One intent, one serial.
        serials
            .into_iter()
            .next()
            .ok_or_else(|| self.damaged("no serial was drawn"))
    }

    /// The same for many, in one transaction: the serials in the order of the intents.
    pub(crate) fn intend_many<'i>(
        &self,
        intents: impl IntoIterator<Item = &'i Intent<'i>>,
    ) -> Result<Vec<Serial>, Error> {
        let mut writing = Writing::begin(self)?;
        let mut insert = self.prepare(INTEND)?;
        let mut serials = Vec::new();
        for intent in intents {
            // The constraint is the judge of whether a serial is new; with 127 random bits it never
            // says no, but where it does, another one is drawn.
            serials.push(loop {
                let serial = Serial::random()?;
                if self.record(&mut writing, &mut insert, &serial, intent)? {
                    break serial;
                }
            });
        }
        drop(insert);
        writing.commit()?;
        Ok(serials)
    }

    /// Records an intent under this serial. False: the serial is taken, and nothing is recorded.
    pub(super) fn record(
        &self,
        writing: &mut Writing<'_>,
        insert: &mut Statement<'_>,
        serial: &Serial,
        intent: &Intent<'_>,
    ) -> Result<bool, Error> {
        let serial = serial.to_string();
        let public_key = intent.public_key.fingerprint().to_string();
        let subject = intent.subject.to_string();
        let request = intent.request.map(ToString::to_string);
        let order = Order {
            kind: intent.kind,
            name: intent.name,
            subject: &subject,
            not_before: intent.validity.not_before,
            not_after: intent.validity.not_after,
            public_key: &public_key,
            request: request.as_deref(),
        };
        let inserted = insert.execute(rusqlite::params![
            serial,
            order.kind.name(),
            order.name,
            order.subject,
            order.not_before.unix(),
            order.not_after.unix(),
            order.public_key,
            order.request,
            intent.by,
            intent.at.unix(),
        ]);
        match inserted {
            Ok(_) => {}
            Err(error)
                if error.sqlite_error().map(|e| e.extended_code)
                    == Some(ffi::SQLITE_CONSTRAINT_UNIQUE) =>
            {
                return Ok(false);
            }
            Err(error) => return Err(self.refused(&error)),
        }
        writing.log(&Happened {
            event: Event::Intended.as_str(),
            at: intent.at,
            by: intent.by,
            serial: Some(&serial),
            detail: &order.detail(),
        })?;
        Ok(true)
    }

    /// Records the certificate that came of an intent. Two processes may do so at once, for an
    /// authority whose making was interrupted.
    pub(crate) fn issued(&self, certificate: &Certificate, at: Time) -> Result<(), Error> {
        self.issued_many([certificate], at)
    }

    /// The same for many, in one transaction.
    pub(crate) fn issued_many<'c>(
        &self,
        certificates: impl IntoIterator<Item = &'c Certificate>,
        at: Time,
    ) -> Result<(), Error> {
        let mut writing = Writing::begin(self)?;
        let mut update = self.prepare(ISSUED)?;
        for certificate in certificates {
            let serial = certificate.serial();
            let text = serial.to_string();
            let fingerprint = certificate.fingerprint();
            let by: Option<String> = update
                .query_row(
                    rusqlite::params![text, certificate.der(), fingerprint.to_string(), at.unix()],
                    |row| row.get(0),
                )
                .optional()
                .map_err(|error| self.refused(&error))?;
            match by {
                Some(by) => writing.log(&Happened {
                    event: Event::Issued.as_str(),
                    at,
                    by: &by,
                    serial: Some(&text),
                    detail: &signed(&fingerprint),
                })?,
                None => {
                    let known = self.entry(&serial)?.is_some_and(|entry| {
                        entry.state == State::Issued && entry.fingerprint == Some(fingerprint)
                    });
                    if !known {
                        return Err(Error::UnknownSerial { serial });
                    }
                }
            }
        }
        drop(update);
        writing.commit()
    }

    /// Changes a state. Writes nothing where the certificate is in that state already.
    pub(crate) fn mark(&self, serial: &Serial, to: State, by: &str, at: Time) -> Result<(), Error> {
        let mut writing = Writing::begin(self)?;
        let from = self.known(serial)?.state;
        let event = match (from, to) {
            _ if from == to => return Ok(()),
            (State::Issued, State::Unused) => Event::Unused,
            (State::Unused, State::Issued) => Event::Used,
            _ => {
                return Err(Error::Transition {
                    serial: serial.clone(),
                    from,
                    to,
                });
            }
        };
        let text = serial.to_string();
        self.connection
            .execute(
                "UPDATE certificate SET state = ?2 WHERE serial = ?1",
                [text.as_str(), to.as_str()],
            )
            .map_err(|error| self.refused(&error))?;
        writing.log(&Happened {
            event: event.as_str(),
            at,
            by,
            serial: Some(&text),
            detail: "{}",
        })?;
        writing.commit()
    }

    /// Revokes all of these, or none. How many of them were not revoked before; those are left as they
    /// are.
    pub(crate) fn revoke<'s>(
        &self,
        serials: impl IntoIterator<Item = &'s Serial>,
        revoking: &Revoking<'_>,
    ) -> Result<usize, Error> {
        let mut writing = Writing::begin(self)?;
        let mut changed = 0;
        for serial in serials {
            if self.known(serial)?.state == State::Revoked {
                continue;
            }
            changed += 1;
            let text = serial.to_string();
            self.connection
                .execute(
                    "UPDATE certificate SET state = 'revoked', revoked_at = ?2, revoked_by = ?3,
                            revocation_reason = ?4
                     WHERE serial = ?1",
                    rusqlite::params![
                        text,
                        revoking.at.unix(),
                        revoking.by,
                        revoking.reason.code()
                    ],
                )
                .map_err(|error| self.refused(&error))?;
            writing.log(&Happened {
                event: Event::Revoked.as_str(),
                at: revoking.at,
                by: revoking.by,
                serial: Some(&text),
                detail: &revoked(revoking.reason),
            })?;
        }
        if changed > 0 {
            writing.commit()?;
        }
        Ok(changed)
    }

    fn known(&self, serial: &Serial) -> Result<Entry, Error> {
        self.entry(serial)?.ok_or_else(|| Error::UnknownSerial {
            serial: serial.clone(),
        })
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<Statement<'_>, Error> {
        self.connection
            .prepare(sql)
            .map_err(|error| self.refused(&error))
    }
}

/// What was ordered, as the log has it.
struct Order<'a> {
    kind: Kind,
    name: &'a str,
    subject: &'a str,
    not_before: Time,
    not_after: Time,
    public_key: &'a str,
    request: Option<&'a str>,
}

impl Order<'_> {
    fn detail(&self) -> String {
        let detail = Detail::new()
            .text("kind", self.kind.name())
            .text("name", self.name)
            .text("subject", self.subject)
            .number("not_before", self.not_before.unix())
            .number("not_after", self.not_after.unix())
            .text("public_key", self.public_key);
        match self.request {
            Some(request) => detail.text("request", request),
            None => detail,
        }
        .done()
    }
}

/// The details of [`Event::Intended`] that a row stands for.
pub(super) fn ordered(entry: &Entry) -> String {
    let request = entry.request.as_ref().map(ToString::to_string);
    Order {
        kind: entry.kind,
        name: &entry.name,
        subject: &entry.subject,
        not_before: entry.not_before,
        not_after: entry.not_after,
        public_key: &entry.public_key.to_string(),
        request: request.as_deref(),
    }
    .detail()
}

/// The details of [`Event::Issued`].
pub(super) fn signed(fingerprint: &Fingerprint) -> String {
    Detail::new()
        .text("fingerprint", &fingerprint.to_string())
        .done()
}

/// The details of [`Event::Revoked`].
pub(super) fn revoked(reason: RevocationReason) -> String {
    Detail::new().text("reason", reason.name()).done()
}

pub(super) const INTEND: &str =
    "INSERT INTO certificate (serial, kind, name, subject, not_before, not_after, public_key,
                              request, requested_by, requested_at, state)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'intended')";

const ISSUED: &str =
    "UPDATE certificate SET state = 'issued', der = ?2, fingerprint = ?3, issued_at = ?4
     WHERE serial = ?1 AND state = 'intended' RETURNING requested_by";
