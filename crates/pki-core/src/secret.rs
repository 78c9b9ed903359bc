//! Bytes that must not outlive their use: keys and passphrases. Where they come from is not known here.

use std::fmt;

use zeroize::Zeroizing;

use crate::pem;

/// Secret bytes: wiped when dropped, never shown by `Debug`.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over. The vector's memory is wiped in the end; copies made of it before are the caller's.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as a PEM block.
    pub(crate) fn to_pem(&self, label: &str) -> Self {
        Self::new(std::mem::take(&mut *pem::encode(label, &self.0)).into_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_does_not_tell() {
        insta::assert_snapshot!(format!("{:?}", Some(Secret::new(b"hunter2".to_vec()))), @"Some(Secret(..))");
    }
}
