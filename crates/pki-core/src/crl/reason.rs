//! Why a certificate is revoked (RFC 5280 5.3.1).

use std::{fmt, str::FromStr};

/// A reason that an authority of this program can give. What is revoked stays revoked, so there is neither
/// `certificateHold` nor `removeFromCRL`; `aACompromise` is about attribute certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// None in particular.
    #[default]
    Unspecified,
    /// Somebody else has the key, or may have it.
    KeyCompromise,
    /// The same of an authority's key.
    CaCompromise,
    /// The holder's name or belonging changed.
    AffiliationChanged,
    /// There is a newer certificate.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// The holder may not do any more what the certificate allows.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The `CRLReason` of RFC 5280.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// The reason with this code, where it is one of these.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The name that RFC 5280 gives it, in words: `key-compromise`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads `key-compromise`, and `keyCompromise` as RFC 5280 and OpenSSL spell it.
impl FromStr for RevocationReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let plain = |text: &str| text.replace('-', "").to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|reason| plain(reason.name()) == plain(text))
            .ok_or_else(|| UnknownReason {
                text: text.to_owned(),
            })
    }
}

/// A word that names no [`RevocationReason`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such reason: `{text}` (known: {})", RevocationReason::ALL.map(RevocationReason::name).join(", "))]
pub struct UnknownReason {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::RevocationReason;

    #[test]
    fn names_and_codes_lead_back() {
        for reason in RevocationReason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
            assert_eq!(RevocationReason::from_code(reason.code()), Some(reason));
        }
        // As openssl.cnf(5) spells them.
        for (text, code) in [
            ("keyCompromise", 1),
            ("CACompromise", 2),
            ("cessationOfOperation", 5),
        ] {
            assert_eq!(
                text.parse::<RevocationReason>().map(RevocationReason::code),
                Ok(code)
            );
        }
        assert_eq!(RevocationReason::from_code(6), None);
        insta::assert_snapshot!("lost".parse::<RevocationReason>().unwrap_err(), @"no such reason: `lost` (known: unspecified, key-compromise, ca-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn)");
    }
}
