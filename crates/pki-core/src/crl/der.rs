//! As much of DER (X.690) as a long list needs: reading one element after the other without a copy, writing lengths
//! and integers. What a name or an extension says is read by x509-parser.

use crate::time::Time;

/// Elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Tag, length and content.
    pub(super) whole: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element.
    pub(super) fn next(&mut self) -> Result<Element<'a>, &'static str> {
        let [tag, first, ..] = *self.rest else {
            return Err("it ends too early");
        };
        let (length, head) = match first {
            0..=0x7f => (usize::from(first), 2),
            0x81..=0x84 => {
                let octets = usize::from(first & 0x7f);
                let digits = self.rest.get(2..2 + octets).ok_or("it ends too early")?;
                let length = digits.iter().fold(0, |n, d| n << 8 | usize::from(*d));
                (length, 2 + octets)
            }
            _ => return Err("a length that DER does not have"),
        };
        let whole = self.rest.get(..head + length).ok_or("it ends too early")?;
        self.rest = &self.rest[whole.len()..];
        Ok(Element {
            tag,
            content: &whole[head..],
            whole,
        })
    }

    /// The next element, which has to have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<Element<'a>, &'static str> {
        let element = self.next()?;
        if element.tag == tag {
            Ok(element)
        } else {
            Err("another element was expected")
        }
    }

    /// The next element, if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, &'static str> {
        if self.rest.first() == Some(&tag) {
            self.next().map(Some)
        } else {
            Ok(None)
        }
    }
}

/// A UTCTime or GeneralizedTime in the one form that RFC 5280 allows (4.1.2.5.1, 4.1.2.5.2).
pub(super) fn time(element: Element<'_>) -> Result<Time, &'static str> {
    let bad = "a time that RFC 5280 does not have";
    let (year, rest) = match (element.tag, element.content.len()) {
        (UTC_TIME, 13) => {
            let year = number(&element.content[..2]).ok_or(bad)?;
            (
                if year < 50 { 2000 + year } else { 1900 + year },
                &element.content[2..],
            )
        }
        (GENERALIZED_TIME, 15) => (
            number(&element.content[..4]).ok_or(bad)?,
            &element.content[4..],
        ),
        _ => return Err(bad),
    };
    let part = |at: usize| number(&rest[at..at + 2]).ok_or(bad);
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    if rest[10] != b'Z' {
        return Err(bad);
    }
    Time::from_parts(year, month, day, hour, minute, second).ok_or(bad)
}

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0, |n, d| {
        d.is_ascii_digit().then(|| n * 10 + u16::from(d - b'0'))
    })
}

/// Appends tag, length and content.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    put_head(out, tag, content.len());
    out.extend_from_slice(content);
}

/// Appends tag and length.
pub(super) fn put_head(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    let octets = length.to_be_bytes();
    let digits = &octets[octets
        .iter()
        .position(|o| *o != 0)
        .unwrap_or(octets.len() - 1)..];
    if length >= 0x80 {
        // At most eight: they fit beside the flag.
        out.push(0x80 | digits.len() as u8);
    }
    out.extend_from_slice(digits);
}

/// Appends a positive INTEGER, big-endian without leading zeros.
pub(super) fn put_positive(out: &mut Vec<u8>, number: &[u8]) {
    // A set first bit would make it negative (X.690 8.3.3).
    let sign = number.first().is_none_or(|first| *first >= 0x80);
    put_head(out, INTEGER, number.len() + usize::from(sign));
    if sign {
        out.push(0);
    }
    out.extend_from_slice(number);
}

/// Appends a time: UTCTime through 2049, GeneralizedTime from then on (RFC 5280 5.1.2.4 to 5.1.2.6).
pub(super) fn put_time(out: &mut Vec<u8>, time: Time) {
    let [year, month, day, hour, minute, second] = time.parts();
    let parts = [year / 100, year % 100, month, day, hour, minute, second];
    let mut text = [b'Z'; 15];
    for (two, part) in text.chunks_exact_mut(2).zip(parts) {
        // Two decimal digits.
        two.copy_from_slice(&[b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
    }
    if (1950..2050).contains(&year) {
        put(out, UTC_TIME, &text[2..]);
    } else {
        put(out, GENERALIZED_TIME, &text);
    }
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Reader, put, put_positive, put_time, time};
    use crate::time::Time;

    fn written(at: Time) -> Vec<u8> {
        let mut out = Vec::new();
        put_time(&mut out, at);
        out
    }

    #[test]
    fn the_year_decides_the_form_of_a_time() {
        // 2049-12-31 23:59:59 and the second after it.
        let last = Time::from_unix(2_524_607_999);
        assert_eq!(written(last), b"\x17\x0d491231235959Z");
        assert_eq!(written(last.plus_seconds(1)), b"\x18\x0f20500101000000Z");
        assert_eq!(written(Time::MAX), b"\x18\x0f99991231235959Z");
    }

    #[test]
    fn what_is_no_time() {
        for bytes in [
            b"\x17\x0d491331235959Z".as_slice(),
            b"\x17\x0d490230000000Z",
            b"\x17\x0d49123123595+Z",
            b"\x17\x0d491231235959X",
            b"\x18\x0d491231235959Z",
        ] {
            let element = Reader::new(bytes).next().unwrap();
            assert!(time(element).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(seconds in -62_167_219_200_i64..253_402_300_800, length in 0_usize..70_000) {
            let at = Time::from_unix(seconds);
            let bytes = written(at);
            prop_assert_eq!(time(Reader::new(&bytes).next().unwrap()), Ok(at));
            let mut out = Vec::new();
            put(&mut out, 4, &vec![7; length]);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.next().unwrap().content.len(), length);
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn integers_are_positive(n in 1_u64..) {
            let bytes = n.to_be_bytes();
            let digits = &bytes[n.leading_zeros() as usize / 8..];
            let mut out = Vec::new();
            put_positive(&mut out, digits);
            prop_assert!(out[2] < 0x80);
            prop_assert_eq!(&out[out.len() - digits.len()..], digits);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while let Ok(element) = reader.next() {
                let _ = time(element);
            }
        }
    }
}
