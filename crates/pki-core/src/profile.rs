//! The four kinds of certificate and, in one table, every extension that each of them carries.

use std::{fmt, str::FromStr};

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};

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

/// What a certificate of one kind carries besides names, key, serial and dates. Subject and authority key identifiers
/// are in all of them. Only digitalSignature in leaves: RSA key exchange is gone from TLS 1.3 and not needed in 1.2,
/// and on an EC key keyEncipherment is an error (RFC 5480 section 3). No certificatePolicies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    /// basicConstraints, critical: `None` is cA FALSE; else cA TRUE with this pathLenConstraint.
    pub(crate) authority: Option<u8>,
    /// keyUsage, critical.
    pub(crate) key_usages: &'static [KeyUsagePurpose],
    /// extKeyUsage.
    pub(crate) extended: &'static [ExtendedKeyUsagePurpose],
}

impl Kind {
    /// The table.
    pub(crate) const fn profile(self) -> Profile {
        match self {
            // One level of intermediates, and none below: root, intermediate, leaf. A root's successor under the same
            // name is self-issued and not counted (RFC 5280 6.1.4 (l)), so that a rotation fits as well.
            Self::Root => Profile {
                authority: Some(1),
                key_usages: AUTHORITY,
                extended: &[],
            },
            Self::Intermediate => Profile {
                authority: Some(0),
                key_usages: AUTHORITY,
                extended: &[],
            },
            Self::Server => Profile {
                authority: None,
                key_usages: &[KeyUsagePurpose::DigitalSignature],
                extended: &[ExtendedKeyUsagePurpose::ServerAuth],
            },
            Self::Client => Profile {
                authority: None,
                key_usages: &[KeyUsagePurpose::DigitalSignature],
                extended: &[ExtendedKeyUsagePurpose::ClientAuth],
            },
        }
    }
}

/// Certificates and revocation lists: an authority without cRLSign locks out all of its clients once a list is asked
/// for.
const AUTHORITY: &[KeyUsagePurpose] = &[KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
