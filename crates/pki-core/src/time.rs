//! A moment in time, to the second, in UTC: what certificates carry. Reading the clock is not done here.

use std::fmt;

use ::time::OffsetDateTime;

/// Seconds since the Unix epoch, UTC. X.509 knows no fractions (RFC 5280 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The last moment that a certificate can name: 9999-12-31 23:59:59 (RFC 5280 4.1.2.5, "no well-defined end").
    pub const MAX: Self = Self(253_402_300_799);
    /// The first moment that a certificate can name: 0000-01-01 00:00:00.
    pub const MIN: Self = Self(-62_167_219_200);

    /// From seconds since the Unix epoch, held between [`Time::MIN`] and [`Time::MAX`].
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// So many days of 86 400 seconds later (earlier, if negative); stops at [`Time::MIN`] and [`Time::MAX`].
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }

    /// So many seconds later (earlier, if negative); stops at [`Time::MIN`] and [`Time::MAX`].
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; negative if `earlier` is the later one.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The day: `2026-11-24`.
    #[must_use]
    pub fn date(self) -> String {
        let t = self.calendar();
        format!("{:04}-{:02}-{:02}", t.year(), u8::from(t.month()), t.day())
    }

    /// As RFC 3339 writes it: `2026-11-24T22:13:52Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{}T{}Z", self.date(), self.clock())
    }

    /// For the libraries that make certificates.
    pub(crate) fn calendar(self) -> OffsetDateTime {
        // Cannot fail: the bounds above are narrower than those of the time crate.
        OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    fn clock(self) -> String {
        let t = self.calendar();
        format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())
    }
}

/// `2026-11-24 22:13:52 UTC`
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} UTC", self.date(), self.clock())
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn one_moment_in_three_spellings() {
        let t = Time::from_unix(1_795_558_432);
        assert_eq!(t.to_string(), "2026-11-24 22:13:52 UTC");
        assert_eq!(t.date(), "2026-11-24");
        assert_eq!(t.rfc3339(), "2026-11-24T22:13:52Z");
        assert_eq!(t.plus_days(37).date(), "2026-12-31");
    }

    #[test]
    fn the_ends_of_time_hold() {
        assert_eq!(Time::MAX.to_string(), "9999-12-31 23:59:59 UTC");
        assert_eq!(Time::MIN.to_string(), "0000-01-01 00:00:00 UTC");
        assert_eq!(Time::from_unix(i64::MAX).plus_days(i64::MAX), Time::MAX);
        assert_eq!(Time::from_unix(i64::MIN).plus_days(i64::MIN), Time::MIN);
    }
}
