//! Names of hosts.

use std::{fmt, str::FromStr};

use super::NameError;

/// A host name as a certificate can carry it (dNSName, RFC 5280 4.2.1.6): labels of letters, digits, `-` and `_`, of
/// 1 to 63 characters, 253 in all, no trailing dot (libpq would compare it). One label is enough; `*.` may stand
/// in front. Names in other scripts are given in their `xn--` form: libpq converts nothing.
///
/// An IPv4 address has this form too, and libpq before 15 compares addresses with exactly such names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

impl DnsName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        const WHAT: &str = "host name";
        let form = |reason| NameError::Form {
            what: WHAT,
            text: text.to_owned(),
            reason,
        };
        if text.is_empty() {
            return Err(NameError::Empty { what: WHAT });
        }
        if text.len() > 253 {
            return Err(NameError::TooLong {
                what: WHAT,
                text: text.to_owned(),
                len: text.len(),
                max: 253,
                unit: "bytes",
            });
        }
        if text.ends_with('.') {
            return Err(form("it ends with a dot, which libpq would compare"));
        }
        for label in text.strip_prefix("*.").unwrap_or(text).split('.') {
            if let Some(character) = label
                .chars()
                .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
            {
                return Err(match character {
                    '*' => form("`*` stands only for the whole first label, as in `*.example.org`"),
                    _ => NameError::Character {
                        what: WHAT,
                        text: text.to_owned(),
                        character,
                    },
                });
            }
            match label.len() {
                0 => return Err(form("a label is empty")),
                64.. => return Err(form("a label has more than 63 characters")),
                _ if label.starts_with('-') || label.ends_with('-') => {
                    return Err(form("a label begins or ends with `-`"));
                }
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The name, in the case in which it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for DnsName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for DnsName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DnsName;

    #[test]
    fn what_a_host_can_be_called() {
        let long = [
            "a".repeat(63),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(61),
        ]
        .join(".");
        for name in [
            "tolva",
            "db.example.org",
            "*.example.org",
            "_pg.local",
            "192.168.1.1",
            "xn--caf-dma.fr",
            &long,
        ] {
            assert_eq!(DnsName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_it_cannot() {
        let errors: Vec<String> = [
            "",
            "a.",
            ".",
            "a..b",
            "-a",
            "a-",
            "*",
            "a*.b",
            "a.*.b",
            "*.",
            "café",
            "a b",
            "::1",
            "a\n",
            &"x".repeat(64),
            &"x.".repeat(127),
        ]
        .iter()
        .map(|name| DnsName::parse(name).unwrap_err().to_string())
        .collect();
        insta::assert_snapshot!(errors.join("\n"));
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_the_text(text in ".{0,300}") {
            if let Ok(name) = DnsName::parse(&text) {
                prop_assert_eq!(name.as_str(), text);
            }
        }
    }
}
