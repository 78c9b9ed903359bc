//! Auditing: whether the log is whole, whether the rows are what the log tells, and whether the
//! certificates are what the rows say. The way through the tables is in `store/audit.rs`.

use pki_core::{Certificate, Fingerprint, Serial};

use crate::{Authority, Entry, Error};

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// How many events the log has.
    pub events: u64,
    /// How many serials are on record.
    pub serials: u64,
    /// The hash of the last event, which stands for the whole log. None: it is empty, or unreadable.
    pub head: Option<Fingerprint>,
    /// Everything that is not as it should be. Empty: nothing was tampered with, as far as a whole new
    /// log is ruled out by a head that was kept elsewhere.
    pub findings: Vec<AuditFinding>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFinding {
    /// SQLite finds the file damaged.
    #[error("the file is damaged: {message}")]
    Damaged {
        /// Its words.
        message: String,
    },
    /// A table, index or trigger is not the one that this release makes: a guard was taken off.
    #[error("{name} is missing, changed or not of this program")]
    Schema {
        /// The table, index or trigger.
        name: String,
    },
    /// Events are missing.
    #[error(
        "event {from} is missing from the log, and what may have followed it, up to event {to}"
    )]
    Gap {
        /// The first one that is missing.
        from: i64,
        /// The next one that is there.
        to: i64,
    },
    /// An event's hash does not follow from it and the event before.
    #[error("event {id} of the log was changed, or the one before it")]
    Chain {
        /// Its place in the log.
        id: i64,
    },
    /// The head that was expected is not in the log: its end was cut off, or all of it is another one.
    #[error(
        "no event has the hash {expected}: the end of the log was cut off, or it is another log"
    )]
    Head {
        /// What was expected.
        expected: Fingerprint,
    },
    /// A row that makes no sense.
    #[error("row {id} of the certificates cannot be read: {reason}")]
    Row {
        /// The row's id.
        id: i64,
        /// Why not.
        reason: String,
    },
    /// A serial of which the log knows nothing.
    #[error("the log knows nothing of certificate {serial}")]
    Unlogged {
        /// The serial.
        serial: Serial,
    },
    /// A serial of the log that has no row any more.
    #[error("certificate {serial} is in the log, and no longer on record")]
    Gone {
        /// The serial, as the log has it.
        serial: String,
    },
    /// A row is not what the log tells.
    #[error("certificate {serial}: {what} is not what the log tells")]
    Differs {
        /// The serial.
        serial: Serial,
        /// Which part of it.
        what: &'static str,
    },
    /// An event that cannot have followed those before it.
    #[error("certificate {serial}: event {id} cannot have followed those before it")]
    Order {
        /// The serial.
        serial: Serial,
        /// The event's place in the log.
        id: i64,
    },
    /// The bytes are not those of the certificate that the row describes.
    #[error("certificate {serial}: {what}")]
    Certificate {
        /// The serial.
        serial: Serial,
        /// What is wrong with them.
        what: String,
    },
    /// A revocation list is not what the log tells.
    #[error("revocation list {number} is not what the log tells")]
    Crl {
        /// Its number.
        number: i64,
    },
}

impl AuditFinding {
    /// A name for scripts.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "damaged",
            Self::Schema { .. } => "schema",
            Self::Gap { .. } => "gap",
            Self::Chain { .. } => "chain",
            Self::Head { .. } => "head",
            Self::Row { .. } => "row",
            Self::Unlogged { .. } => "unlogged",
            Self::Gone { .. } => "gone",
            Self::Differs { .. } => "differs",
            Self::Order { .. } => "order",
            Self::Certificate { .. } => "certificate",
            Self::Crl { .. } => "crl",
        }
    }
}

impl Authority {
    /// Looks at everything there is: the database, the chain of the log, every row beside its events,
    /// and every certificate (its bytes parse, they are those that were recorded, the authority signed
    /// them). Changes nothing. Where a head is expected, it has to be the hash of some event: then
    /// everything up to there is as it was when that head was noted.
    ///
    /// # Errors
    /// [`Error::Store`] where the database cannot be read. What was tampered with is no error.
    pub fn audit(&self, expected_head: Option<&Fingerprint>) -> Result<Audit, Error> {
        self.store
            .audit(expected_head, |entry, der| self.flaw(entry, der))
    }

    /// What is wrong with the bytes of an entry.
    fn flaw(&self, entry: &Entry, der: &[u8]) -> Option<String> {
        let certificate = match Certificate::from_der(der) {
            Ok(certificate) => certificate,
            Err(error) => return Some(error.to_string()),
        };
        let own = &self.certificate;
        let validity = certificate.validity();
        let flaw = if Some(certificate.fingerprint()) != entry.fingerprint {
            "its bytes have another fingerprint"
        } else if certificate.serial() != entry.serial {
            "its bytes have another serial"
        } else if certificate.public_key().fingerprint() != entry.public_key {
            "its bytes have another key"
        } else if (validity.not_before, validity.not_after) != (entry.not_before, entry.not_after) {
            "its bytes have another lifetime"
        } else if entry.serial == own.serial() {
            if certificate == *own {
                return None;
            }
            "it is another one than in ca.crt"
        } else if !certificate.is_issued_by(own) {
            "this authority has not signed it"
        } else {
            return None;
        };
        Some(flaw.to_owned())
    }
}
