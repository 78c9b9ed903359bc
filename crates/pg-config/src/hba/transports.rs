//! Sets of transports, by which rules are told apart.

use super::{ConnType, Transport};

/// A set of transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Transports(u8);

impl Transports {
    pub(super) const ALL: Self = Self(0b1111);

    pub(super) const fn only(transport: Transport) -> Self {
        Self(1 << transport as u8)
    }

    /// Those that rules of a type are for.
    pub(super) fn of(kind: ConnType) -> Self {
        let all = Transport::ALL.into_iter();
        all.filter(|transport| kind.covers(*transport)).collect()
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// All sets.
    pub(super) fn every() -> impl Iterator<Item = Self> {
        (0..=Self::ALL.0).map(Self)
    }

    /// Below 16.
    pub(super) const fn number(self) -> u8 {
        self.0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn has(self, transport: Transport) -> bool {
        self.0 & Self::only(transport).0 != 0
    }

    /// In the order in which they are looked at: where there are several, TLS is the one that is shown.
    pub(super) fn each(self) -> impl Iterator<Item = Transport> {
        let order = [
            Transport::Tls,
            Transport::Plain,
            Transport::Gss,
            Transport::Local,
        ];
        order
            .into_iter()
            .filter(move |transport| self.has(*transport))
    }
}

impl FromIterator<Transport> for Transports {
    fn from_iter<I: IntoIterator<Item = Transport>>(transports: I) -> Self {
        let transports = transports.into_iter().map(Self::only);
        transports.fold(Self(0), Self::or)
    }
}
