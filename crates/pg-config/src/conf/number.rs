//! Numbers with units, as the server reads them in values (`guc.c`, `parse_int`, `parse_real`,
//! `convert_to_base_unit`).

use alloc::format;
use alloc::string::String;
use core::fmt;

/// The unit that a parameter is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, in blocks of so many.
    Bytes(u32),
    /// Time, in steps of so many microseconds.
    Time(u32),
}

impl Unit {
    /// The unit that `pg_settings` calls so.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "B" => Self::Bytes(1),
            "kB" => Self::Bytes(1 << 10),
            "8kB" => Self::Bytes(8 << 10),
            "MB" => Self::Bytes(1 << 20),
            "ms" => Self::Time(1_000),
            "s" => Self::Time(1_000_000),
            "min" => Self::Time(60_000_000),
            _ => return None,
        })
    }

    /// The units that a value may have, for advice.
    pub fn family(self) -> &'static str {
        match self {
            Self::Bytes(_) => "B, kB, MB, GB, TB",
            Self::Time(_) => "us, ms, s, min, h, d",
        }
    }

    /// So many of this unit, in the largest unit that they are a whole number of. Zero and less need no unit.
    pub(super) fn shown(self, value: f64) -> String {
        if value <= 0.0 {
            return format!("{value}");
        }
        let bytes = value * self.size();
        let whole = |size: &f64| rounded(bytes / size) * size == bytes;
        match self.table().iter().rev().find(|(_, size)| whole(size)) {
            Some((name, size)) => format!("{}{name}", bytes / size),
            None => format!("{value}"),
        }
    }

    /// The units of its family, the smallest first: name, and how many bytes or microseconds.
    fn table(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Bytes(_) => &[
                ("B", 1.0),
                ("kB", 1_024.0),
                ("MB", 1_048_576.0),
                ("GB", 1_073_741_824.0),
                ("TB", 1_099_511_627_776.0),
            ],
            Self::Time(_) => &[
                ("us", 1.0),
                ("ms", 1e3),
                ("s", 1e6),
                ("min", 60e6),
                ("h", 3_600e6),
                ("d", 86_400e6),
            ],
        }
    }

    fn size(self) -> f64 {
        match self {
            Self::Bytes(size) | Self::Time(size) => f64::from(size),
        }
    }

    /// `value` of the unit called `name`, in this unit. A fraction is rounded to the next smaller unit.
    fn converted(self, value: f64, name: &str) -> Option<f64> {
        let table = self.table();
        let at = table.iter().position(|(known, _)| *known == name)?;
        let in_base = value * table[at].1 / self.size();
        Some(match at.checked_sub(1) {
            Some(smaller) => {
                let step = table[smaller].1 / self.size();
                rounded(in_base / step) * step
            }
            None => in_base,
        })
    }
}

impl fmt::Display for Unit {
    /// As `pg_settings` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes(1) => "B",
            Self::Bytes(0x400) => "kB",
            Self::Bytes(0x10_0000) => "MB",
            Self::Bytes(_) => "8kB",
            Self::Time(1_000) => "ms",
            Self::Time(1_000_000) => "s",
            Self::Time(_) => "min",
        })
    }
}

/// A whole number in `unit`: decimal, octal or hexadecimal, or a fraction, which is rounded; none where the server
/// refuses it.
pub(super) fn integer(text: &str, unit: Option<Unit>) -> Option<f64> {
    let text = text.trim_start_matches(is_space);
    let (value, rest) = match whole(text) {
        Some((_, rest)) if rest.starts_with(['.', 'e', 'E']) => decimal(text)?,
        Some((value, rest)) if value.abs() < 9.2e18 => (value, rest),
        _ => decimal(text)?,
    };
    let value = rounded(in_unit(value, rest, unit)?);
    (value <= f64::from(i32::MAX) && value >= f64::from(i32::MIN)).then_some(value)
}

/// A number in `unit`; none where the server refuses it.
pub(super) fn real(text: &str, unit: Option<Unit>) -> Option<f64> {
    let text = text.trim_start_matches(is_space);
    let hexadecimal = text.trim_start_matches(['+', '-']);
    let (value, rest) = if hexadecimal.starts_with("0x") || hexadecimal.starts_with("0X") {
        whole(text)?
    } else {
        decimal(text)?
    };
    in_unit(value, rest, unit)
}

/// The number with the unit behind it, where there is one.
fn in_unit(value: f64, rest: &str, unit: Option<Unit>) -> Option<f64> {
    match rest.trim_matches(is_space) {
        "" => Some(value),
        name => unit?.converted(value, name),
    }
}

/// C's `strtol` with base 0: the number, and what follows it.
fn whole(text: &str) -> Option<(f64, &str)> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let hexadecimal = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
        .filter(|digits| digits.starts_with(|c: char| c.is_ascii_hexdigit()));
    let (radix, digits) = match hexadecimal {
        Some(digits) => (16, digits),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let mut value = 0.0;
    let mut length = 0;
    for digit in digits.chars().map_while(|c| c.to_digit(radix)) {
        value = value * f64::from(radix) + f64::from(digit);
        length += 1;
    }
    (length > 0).then(|| (if negative { -value } else { value }, &digits[length..]))
}

/// C's `strtod`, but for hexadecimal numbers, `inf` and `nan`: the number, and what follows it. None where it is too
/// large or too small (`ERANGE`).
fn decimal(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let before = digits(start);
    let mut end = start + before;
    let mut after = 0;
    if bytes.get(end) == Some(&b'.') {
        after = digits(end + 1);
        end += 1 + after;
    }
    if before + after == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = if end + 1 + sign <= bytes.len() {
            digits(end + 1 + sign)
        } else {
            0
        };
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let value: f64 = text[..end].parse().ok()?;
    let mantissa = text[..end].split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let representable = value.is_finite() && (is_zero || value.abs() >= f64::MIN_POSITIVE);
    representable.then(|| (value, &text[end..]))
}

/// C's `rint`: to the nearest whole number, halves to the even one.
fn rounded(value: f64) -> f64 {
    // Beyond 2^52 every number is whole; below it, adding that leaves no room for a fraction.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    if value.abs() >= WHOLE || value.is_nan() {
        value
    } else if value < 0.0 {
        value - WHOLE + WHOLE
    } else {
        value + WHOLE - WHOLE
    }
}

/// C's `isspace`.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_the_server_reads_them() {
        // Each was put to servers of 12 to 18 with ALTER SYSTEM.
        let (kb, ms) = (Unit::named("kB"), Unit::named("ms"));
        for (text, unit, value) in [
            ("0x1000", kb, Some(4096.0)),
            ("010000", kb, Some(4096.0)),
            ("0o10000", kb, None),
            ("0b10000000", kb, None),
            ("1.5s", ms, Some(1500.0)),
            ("1e2", None, Some(100.0)),
            ("64 kB ", kb, Some(64.0)),
            (" 64kB", kb, Some(64.0)),
            ("64KB", kb, None),
            ("64.5", kb, Some(64.0)),
            ("63.6kB", kb, Some(64.0)),
            ("1GB1", kb, None),
            ("", kb, None),
            ("+64", kb, Some(64.0)),
            ("-0.4", ms, Some(0.0)),
            ("9999999999", ms, None),
            ("1e-400", kb, None),
            ("inf", ms, None),
            ("1 w", ms, None),
            ("1_000", kb, None),
            ("1TB", kb, Some(1_073_741_824.0)),
            ("09", None, None),
        ] {
            assert_eq!(integer(text, unit), value, "{text}");
        }
        assert_eq!(real("0x10", None), Some(16.0));
        assert_eq!(real("1us", ms), Some(0.001));
        for text in ["nan", "1ms", "1e400", "."] {
            assert_eq!(real(text, None), None, "{text}");
        }
        assert_eq!(integer("100B", Unit::named("8kB")), Some(0.0));
    }

    proptest! {
        #[test]
        fn whole_numbers_are_themselves(number: i32, text: String) {
            prop_assert_eq!(integer(&number.to_string(), None), Some(f64::from(number)));
            let _ = integer(&text, Unit::named("ms"));
            let _ = real(&text, None);
        }

        #[test]
        fn rounding_is_to_the_nearest(value in -1e9..1e9_f64) {
            prop_assert!((rounded(value) - value).abs() <= 0.5);
        }
    }

    use alloc::string::ToString;
}
