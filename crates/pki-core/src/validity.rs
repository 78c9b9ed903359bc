//! From when until when a certificate holds.

use crate::time::Time;

/// First and last second in which a certificate holds, both inclusive (RFC 5280 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Validity {
    /// The first second.
    pub not_before: Time,
    /// The last second.
    pub not_after: Time,
}

impl Validity {
    /// Holds for so many days from now, but not beyond `end_at_most` (the issuer's end). It begins a little in the
    /// past, for clocks that lag: one hour, or a twentieth of the lifetime where that is less.
    ///
    /// # Errors
    /// If no time is left: zero days, or `end_at_most` has passed.
    pub fn new(now: Time, days: u32, end_at_most: Option<Time>) -> Result<Self, ValidityError> {
        let wanted = now.plus_days(i64::from(days));
        let not_after = end_at_most.map_or(wanted, |end| wanted.min(end));
        let lifetime = not_after.seconds_since(now);
        if lifetime <= 0 {
            return Err(ValidityError {
                now,
                end: not_after,
            });
        }
        let not_before = now.plus_seconds(-(lifetime / 20).min(3600));
        Ok(Self {
            not_before,
            not_after,
        })
    }

    /// Whether `now` lies within.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    pub(crate) const fn of(not_before: Time, not_after: Time) -> Self {
        Self {
            not_before,
            not_after,
        }
    }
}

/// A lifetime without a second in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time is left: it is {now}, and the certificate would end {end}")]
pub struct ValidityError {
    /// The moment of issue.
    pub now: Time,
    /// Where the certificate would end.
    pub end: Time,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Validity;
    use crate::time::Time;

    const NOW: i64 = 1_795_558_432;

    #[test]
    fn backdated_by_an_hour_or_a_twentieth() {
        let now = Time::from_unix(NOW);
        let v = Validity::new(now, 360, None).unwrap();
        assert_eq!(
            (v.not_before, v.not_after),
            (now.plus_seconds(-3600), now.plus_days(360))
        );
        let v = Validity::new(now, 360, Some(now.plus_seconds(60))).unwrap();
        assert_eq!(
            (v.not_before, v.not_after),
            (now.plus_seconds(-3), now.plus_seconds(60))
        );
    }

    #[test]
    fn nothing_left_is_an_error() {
        let now = Time::from_unix(NOW);
        assert!(Validity::new(now, 0, None).is_err());
        insta::assert_snapshot!(
            Validity::new(now, 360, Some(now.plus_days(-1))).unwrap_err(),
            @"no time is left: it is 2026-11-24 22:13:52 UTC, and the certificate would end 2026-11-23 22:13:52 UTC"
        );
    }

    proptest! {
        #[test]
        fn holds_now_and_never_outlives_the_issuer(now in any::<i64>(), days in any::<u32>(), end in any::<Option<i64>>()) {
            let (now, end) = (Time::from_unix(now), end.map(Time::from_unix));
            if let Ok(v) = Validity::new(now, days, end) {
                prop_assert!(v.holds(now));
                prop_assert!(end.is_none_or(|end| v.not_after <= end));
                prop_assert!(v.not_after <= now.plus_days(i64::from(days)));
            }
        }
    }
}
