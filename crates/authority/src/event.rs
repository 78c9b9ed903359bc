//! What can happen in an authority, in the words of its log.

use pki_core::Time;

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A serial was drawn, and it was recorded what for. Nothing is signed yet.
    Intended,
    /// The certificate was signed, and recorded.
    Issued,
    /// What it was made for was rolled back: it is free for the next taker.
    Unused,
    /// A taker was found.
    Used,
    /// It was revoked.
    Revoked,
    /// A number was drawn for a revocation list. Nothing is signed yet.
    Crl,
    /// The revocation list was signed, and recorded.
    CrlSigned,
    /// A store without a log got one. Events before this one were filled in from the rows.
    Migrated,
    /// Another program issued it, from which the authority was taken over. What was known of it then,
    /// its revocation too, is in the details.
    Imported,
}

impl Event {
    /// Every kind of event.
    pub const ALL: [Self; 9] = [
        Self::Intended,
        Self::Issued,
        Self::Unused,
        Self::Used,
        Self::Revoked,
        Self::Crl,
        Self::CrlSigned,
        Self::Migrated,
        Self::Imported,
    ];

    /// The word that stands in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Issued => "issued",
            Self::Unused => "unused",
            Self::Used => "used",
            Self::Revoked => "revoked",
            Self::Crl => "crl",
            Self::CrlSigned => "crl-signed",
            Self::Migrated => "migrated",
            Self::Imported => "imported",
        }
    }

    /// The kind of event that a word of the log names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its place, from 1.
    pub id: i64,
    /// When, as the one who did it saw the clock.
    pub at: Time,
    /// Who did it, as the caller named them.
    pub by: String,
    /// What: the word of an [`Event`], or of one that a newer release knows.
    pub event: String,
    /// More about it: a JSON object.
    pub detail: String,
}
