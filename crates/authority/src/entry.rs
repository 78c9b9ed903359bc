//! What the store tells about a certificate, and how to ask for some of them. No SQL: that is
//! `store`.

use std::fmt;
use std::str::FromStr;

use pki_core::{Fingerprint, Kind, RevocationReason, Serial, Time};

/// One certificate, or the intent to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Unique in the store, whatever became of the certificate.
    pub serial: Serial,
    /// What the certificate is for.
    pub kind: Kind,
    /// The name that was ordered: a server's, a role's, an authority's. The certificate's CN.
    pub name: String,
    /// The whole subject, in the order in which it is encoded: `C=FR,O=Loxodata,CN=slardiere`.
    pub subject: String,
    /// First second of validity.
    pub not_before: Time,
    /// Last second of validity.
    pub not_after: Time,
    /// What became of it.
    pub state: State,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub public_key: Fingerprint,
    /// SHA-256 of the signing request, where there was one.
    pub request: Option<Fingerprint>,
    /// Who ordered it, as the caller named them.
    pub requested_by: String,
    /// When the intent was recorded.
    pub requested_at: Time,
    /// When the signature was recorded. None while [`State::Intended`].
    pub issued_at: Option<Time>,
    /// SHA-256 of the certificate. None while [`State::Intended`].
    pub fingerprint: Option<Fingerprint>,
    /// How it was revoked. Some exactly while [`State::Revoked`].
    pub revoked: Option<Revoked>,
}

impl Entry {
    /// Whether it was taken over from another program by its serial alone: signed there, and never seen
    /// here.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        self.state == State::Intended && self.public_key == Fingerprint::of(b"")
    }

    /// What became of it, in a word: that of its state, or `unseen`.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        if self.is_unseen() {
            "unseen"
        } else {
            self.state.as_str()
        }
    }
}

/// How a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: Time,
    /// Who did it, as the caller named them.
    pub by: String,
    /// Why.
    pub reason: RevocationReason,
}

/// What became of a serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Recorded before the signature, and nothing was heard since: signing goes on right now, was
    /// refused, or a crash came between. The serial is never used again.
    Intended,
    /// Signed and handed out.
    Issued,
    /// Signed, but what it was made for was rolled back: free for the next taker whom it fits.
    Unused,
    /// Revoked.
    Revoked,
}

impl State {
    /// Every state, in the order of a certificate's life.
    pub const ALL: [Self; 4] = [Self::Intended, Self::Issued, Self::Unused, Self::Revoked];

    /// The word for it: `intended`, `issued`, `unused`, `revoked`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Issued => "issued",
            Self::Unused => "unused",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| UnknownState(word.to_owned()))
    }
}

/// A word that names no [`State`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state of a certificate")]
pub struct UnknownState(pub String);

/// Which entries to list. The default asks for all of them; each field that is set narrows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only this name, exact.
    pub name: Option<String>,
    /// Only these states. Empty: any.
    pub states: Vec<State>,
    /// Only what is within its validity at this time (both ends included).
    pub valid_at: Option<Time>,
    /// Only what ends before this time.
    pub ends_before: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_words_read_back() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!(
            "Issued".parse::<State>(),
            Err(UnknownState("Issued".to_owned()))
        );
    }
}
