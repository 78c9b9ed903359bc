//! A moment in time, to the second, in UTC: what certificates carry. Reading the clock is not done here.

use std::{fmt, str::FromStr};

use ::time::{Date, Month, OffsetDateTime};

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

    /// Year, month, day, hour, minute, second, UTC.
    pub(crate) fn parts(self) -> [u16; 6] {
        let t = self.calendar();
        let (year, month, day) = t.to_calendar_date();
        let (hour, minute, second) = t.to_hms();
        // Not negative: the first moment is the beginning of year 0.
        let year = u16::try_from(year).unwrap_or(0);
        let [month, day, hour, minute, second] =
            [month.into(), day, hour, minute, second].map(u16::from);
        [year, month, day, hour, minute, second]
    }

    /// From the same; `None` for a day or an hour that there is not.
    pub(crate) fn from_parts(
        year: u16,
        month: u16,
        day: u16,
        hour: u16,
        minute: u16,
        second: u16,
    ) -> Option<Self> {
        let small = |n: u16| u8::try_from(n).ok();
        let month = ::time::Month::try_from(small(month)?).ok()?;
        let date = ::time::Date::from_calendar_date(year.into(), month, small(day)?).ok()?;
        let time = date
            .with_hms(small(hour)?, small(minute)?, small(second)?)
            .ok()?;
        Some(Self::from_unix(time.assume_utc().unix_timestamp()))
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

/// A day, its first second meant, or a moment in UTC: `2026-11-24`, `2026-11-24T22:13:52Z`, `2026-11-24 22:13:52`.
impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let (day, clock) = match text.split_once(['T', ' ']) {
            Some((day, clock)) => (day, clock.strip_suffix(['Z', 'z']).unwrap_or(clock)),
            None => (text, "00:00:00"),
        };
        let [year, month, day] = numbers(day, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let small = |n: u32| u8::try_from(n).map_err(|_| BadTime);
        let year = i32::try_from(year).map_err(|_| BadTime)?;
        let month = Month::try_from(small(month)?).map_err(|_| BadTime)?;
        let (hour, minute, second) = (small(hour)?, small(minute)?, small(second)?);
        let moment = Date::from_calendar_date(year, month, small(day)?)
            .and_then(|date| date.with_hms(hour, minute, second))
            .map_err(|_| BadTime)?;
        Ok(Self(moment.assume_utc().unix_timestamp()))
    }
}

/// Three numbers of so many digits each.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Result<[u32; 3], BadTime> {
    let mut values = [0; 3];
    let mut parts = text.split(separator);
    for (value, digits) in values.iter_mut().zip(digits) {
        let part = parts
            .next()
            .filter(|p| p.len() == digits && p.bytes().all(|b| b.is_ascii_digit()));
        *value = part.and_then(|p| p.parse().ok()).ok_or(BadTime)?;
    }
    if parts.next().is_some() {
        return Err(BadTime);
    }
    Ok(values)
}

/// Neither a day nor a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a day such as 2026-11-24 nor a moment such as 2026-11-24T22:13:52Z")]
pub struct BadTime;

#[cfg(test)]
mod tests {
    use super::{BadTime, Time};

    #[test]
    fn one_moment_in_three_spellings() {
        let t = Time::from_unix(1_795_558_432);
        assert_eq!(t.to_string(), "2026-11-24 22:13:52 UTC");
        assert_eq!(t.date(), "2026-11-24");
        assert_eq!(t.rfc3339(), "2026-11-24T22:13:52Z");
        assert_eq!(t.plus_days(37).date(), "2026-12-31");
    }

    #[test]
    fn reads_what_it_writes() {
        let t = Time::from_unix(1_795_558_432);
        for text in [t.rfc3339(), "2026-11-24 22:13:52".to_owned()] {
            assert_eq!(text.parse(), Ok(t), "{text}");
        }
        assert_eq!(
            "2026-11-24".parse::<Time>().unwrap().rfc3339(),
            "2026-11-24T00:00:00Z"
        );
        assert_eq!("9999-12-31T23:59:59Z".parse(), Ok(Time::MAX));
        for bad in [
            "",
            "now",
            "2026-02-30",
            "2026-11-24T24:00:00Z",
            "26-11-24",
            "2026-11-24T22:13",
            "2026-+1-24",
            "2026-11-24-01",
        ] {
            assert_eq!(bad.parse::<Time>(), Err(BadTime), "{bad}");
        }
    }

    #[test]
    fn the_ends_of_time_hold() {
        assert_eq!(Time::MAX.to_string(), "9999-12-31 23:59:59 UTC");
        assert_eq!(Time::MIN.to_string(), "0000-01-01 00:00:00 UTC");
        assert_eq!(Time::from_unix(i64::MAX).plus_days(i64::MAX), Time::MAX);
        assert_eq!(Time::from_unix(i64::MIN).plus_days(i64::MIN), Time::MIN);
    }
}
