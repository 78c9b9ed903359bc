//! Major versions of PostgreSQL, servers and libpq alike. What each of them knows stands where it is used.

use core::fmt;
use core::str::FromStr;

/// A major version that this crate knows the rules of: 12 to 19.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u16);

impl Version {
    /// PostgreSQL 12.
    pub const V12: Self = Self(12);
    /// PostgreSQL 13.
    pub const V13: Self = Self(13);
    /// PostgreSQL 14.
    pub const V14: Self = Self(14);
    /// PostgreSQL 15.
    pub const V15: Self = Self(15);
    /// PostgreSQL 16.
    pub const V16: Self = Self(16);
    /// PostgreSQL 17.
    pub const V17: Self = Self(17);
    /// PostgreSQL 18.
    pub const V18: Self = Self(18);
    /// PostgreSQL 19, as far as it is known: no server or libpq of it is among those that judge this crate.
    ///
    /// What differs from 18 here was seen on its first release candidate, 19rc1, by hand:
    ///
    /// - `pg_hba.conf`, `pg_ident.conf`: a carriage return within a line is part of a word; there is no `radius`; options
    ///   of `oauth` may begin with `validator.`. Some 120 lines were tried, and the rest was as in 18
    /// - `postgresql.conf`: `ssl_sni` and `hosts_file`. A name that 18 does not know either is
    ///   [`Lookup::Unsure`](crate::conf::Lookup::Unsure), not unknown
    /// - libpq: the keywords `servicefile`, which a service file may not have, and `oauth_ca_file`
    /// - `pg_hosts.conf`, new in 19 ([`hosts`](crate::hosts)): its fields, its errors, and which entry a client is shown
    ///
    /// All else is supposed to be as in 18.
    pub const V19: Self = Self(19);

    /// Every version, oldest first.
    pub const ALL: [Self; 8] = [
        Self::V12,
        Self::V13,
        Self::V14,
        Self::V15,
        Self::V16,
        Self::V17,
        Self::V18,
        Self::V19,
    ];

    /// The version with this major number.
    ///
    /// # Errors
    /// [`UnknownVersion`] outside 12 to 19.
    pub const fn new(major: u16) -> Result<Self, UnknownVersion> {
        if major >= 12 && major <= 19 {
            Ok(Self(major))
        } else {
            Err(UnknownVersion)
        }
    }

    /// The version in a `server_version_num` such as `150018`.
    ///
    /// # Errors
    /// [`UnknownVersion`] outside 12 to 19.
    pub fn from_version_num(number: u32) -> Result<Self, UnknownVersion> {
        Self::new(u16::try_from(number / 10_000).map_err(|_| UnknownVersion)?)
    }

    /// The major number, 12 to 19.
    pub const fn major(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    /// Reads `15`, and `15.18`, `19rc1` or `17devel` by their major number.
    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        Self::new(text[..digits].parse().map_err(|_| UnknownVersion)?)
    }
}

/// Not a major version from 12 to 19.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a PostgreSQL version from 12 to 19")]
pub struct UnknownVersion;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_every_spelling_that_postgresql_prints() {
        for text in ["15", "15.18", "15beta2", "15devel"] {
            assert_eq!(text.parse(), Ok(Version::V15), "{text}");
        }
        assert_eq!(Version::from_version_num(150_018), Ok(Version::V15));
        for text in ["", "v15", "11", "20", "1518"] {
            assert_eq!(text.parse::<Version>(), Err(UnknownVersion), "{text}");
        }
        assert_eq!(Version::from_version_num(90_624), Err(UnknownVersion));
    }

    #[test]
    fn later_is_greater() {
        assert!(Version::ALL.is_sorted());
        assert!(Version::V19 > Version::V12);
    }
}
