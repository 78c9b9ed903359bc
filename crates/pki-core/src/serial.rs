//! Serial numbers of certificates. That they are unique is seen to by the authority's store.

use std::{cmp::Ordering, fmt, str::FromStr};

use aws_lc_rs::rand;

/// A certificate's serial number: a positive integer of at most 20 octets (RFC 5280 4.1.2.2), kept without leading
/// zeros. Certificates of others may carry longer ones or zero; they are kept. A negative one is read as unsigned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// 127 random bits. Never derived from the key: a renewed certificate with the same key would share it.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn random() -> Result<Self, SerialError> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| SerialError::NoRandomness)?;
        bytes[0] &= 0x7f;
        match Self::from_der_content(&bytes) {
            serial if serial.0 == [0] => Err(SerialError::NoRandomness),
            serial => Ok(serial),
        }
    }

    /// The number's bytes, big-endian, without leading zeros.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether these content octets of a DER INTEGER are this number.
    pub(crate) fn is_der_content(&self, mut bytes: &[u8]) -> bool {
        while let [0, rest @ ..] = bytes
            && !rest.is_empty()
        {
            bytes = rest;
        }
        self.0 == bytes
    }

    /// The content octets of a DER INTEGER.
    pub(crate) fn from_der_content(mut bytes: &[u8]) -> Self {
        while let [0, rest @ ..] = bytes {
            if rest.is_empty() {
                break;
            }
            bytes = rest;
        }
        Self(bytes.to_vec())
    }
}

/// By value: shorter ones first.
impl Ord for Serial {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Serial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Lower-case hex, two digits an octet, as `openssl x509 -serial` prints it but for the case.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// Hex in either case, with or without colons.
impl FromStr for Serial {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, SerialError> {
        let bad = || SerialError::Malformed {
            text: text.to_owned(),
        };
        let mut digits = [0; 40];
        let mut count = 0;
        for digit in text.bytes().filter(|c| *c != b':') {
            *digits.get_mut(count).ok_or_else(bad)? = digit;
            count += 1;
        }
        // From the end: of an odd number of digits the first one is an octet of its own.
        let (first, pairs) = digits[..count].as_rchunks::<2>();
        let pairs = first
            .iter()
            .map(|digit| [b'0', *digit])
            .chain(pairs.iter().copied());
        let mut octets = [0; 20];
        let mut length = 0;
        for (octet, [high, low]) in octets.iter_mut().zip(pairs) {
            let digit = |c| char::from(c).to_digit(16).ok_or_else(bad);
            *octet = (digit(high)? << 4 | digit(low)?) as u8;
            length += 1;
        }
        if length == 0 {
            return Err(bad());
        }
        Ok(Self::from_der_content(&octets[..length]))
    }
}

/// Why there is no serial number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerialError {
    /// The random number generator failed.
    #[error("no randomness for a serial number")]
    NoRandomness,
    /// Not 1 to 40 hex digits.
    #[error("`{text}` is not a serial number: 1 to 40 hex digits are needed")]
    Malformed {
        /// What was given.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::Serial;

    #[test]
    fn random_serials_are_positive_short_and_differ() {
        let all: HashSet<Serial> = (0..1000).map(|_| Serial::random().unwrap()).collect();
        assert_eq!(all.len(), 1000);
        assert!(
            all.iter()
                .all(|s| s.as_bytes().len() <= 16 && s.as_bytes()[0] != 0)
        );
        assert!(
            all.iter()
                .filter(|s| s.as_bytes().len() == 16)
                .all(|s| s.as_bytes()[0] < 0x80)
        );
    }

    #[test]
    fn spellings_of_one_serial() {
        for text in ["0a1b", "A1B", "0A:1B", "00:0a:1b"] {
            assert_eq!(text.parse::<Serial>().unwrap().to_string(), "0a1b");
        }
        for text in ["", "xyz", "+1", &"1".repeat(41)] {
            assert!(text.parse::<Serial>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_prints(bytes in proptest::collection::vec(any::<u8>(), 1..=20)) {
            let serial = Serial::from_der_content(&bytes);
            prop_assert_eq!(serial.to_string().parse::<Serial>().unwrap(), serial);
        }
    }
}
