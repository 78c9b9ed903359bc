//! Names of PostgreSQL roles.

use std::{fmt, str::FromStr};

use super::NameError;

/// The name of a role: 1 to 63 bytes of UTF-8 without NUL (`NAMEDATALEN` - 1). Case counts, as it does in the server
/// once a name is quoted: a certificate's CN is compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// The most bytes a name can have.
    pub const MAX_BYTES: usize = 63;

    /// Reads a name as it is, without quotes or escapes.
    ///
    /// # Errors
    /// [`NameError`], if it is empty, too long (the server would cut it) or holds a NUL.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        const WHAT: &str = "role name";
        if text.is_empty() {
            return Err(NameError::Empty { what: WHAT });
        }
        if text.contains('\0') {
            return Err(NameError::Character {
                what: WHAT,
                text: text.to_owned(),
                character: '\0',
            });
        }
        if text.len() > Self::MAX_BYTES {
            return Err(NameError::TooLong {
                what: WHAT,
                text: text.to_owned(),
                len: text.len(),
                max: Self::MAX_BYTES,
                unit: "bytes",
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for RoleName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for RoleName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::RoleName;

    #[test]
    fn what_a_role_can_be_called() {
        for name in [
            "slardiere",
            "Slardiere",
            "app user",
            "café",
            "a,b=c/d",
            "\"",
            &"x".repeat(63),
            &"é".repeat(31),
        ] {
            assert_eq!(RoleName::parse(name).unwrap().as_str(), name);
        }
        insta::assert_snapshot!(RoleName::parse("").unwrap_err(), @"a role name cannot be empty");
        insta::assert_snapshot!(RoleName::parse("a\0b").unwrap_err(), @r"`a\0b` is no role name: '\0' cannot stand in it");
        insta::assert_snapshot!(RoleName::parse(&"é".repeat(32)).unwrap_err(), @"`éééééééééééééééééééééééééééééééé` is too long for a role name: 64 bytes, at most 63");
    }
}
