//! The four kinds of certificate and, in one table, every extension that each of them carries.

use std::{fmt, str::FromStr};

/// A kind of certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A self-signed authority.
    Root,
    /// An authority under another one.
    Intermediate,
    /// What a PostgreSQL server shows to its clients.
    Server,
    /// What a role shows to the server.
    Client,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Root, Self::Intermediate, Self::Server, Self::Client];

    /// The kind in one word: `root`, `intermediate`, `server`, `client`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Intermediate => "intermediate",
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|k| k.name() == text)
            .ok_or_else(|| UnknownKind {
                text: text.to_owned(),
            })
    }
}

/// A word that names no kind of certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such kind of certificate: `{text}` (known: root, intermediate, server, client)")]
pub struct UnknownKind {
    /// What was given.
    pub text: String,
}
