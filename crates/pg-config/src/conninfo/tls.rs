//! The words that say how a connection is to be secured.

use core::fmt;
use core::str::FromStr;

/// How much TLS is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// Plain text first, TLS where that is refused.
    Allow,
    /// TLS first, plain text where that fails.
    #[default]
    Prefer,
    /// TLS; verified as `verify-ca` does where a root file exists.
    Require,
    /// TLS, and the server's chain leads to a trusted root.
    VerifyCa,
    /// And the certificate names the host.
    VerifyFull,
}

impl SslMode {
    const WORDS: &[(&str, Self)] = &[
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];
}

/// Who starts TLS how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SslNegotiation {
    /// `SSLRequest` first.
    #[default]
    Postgres,
    /// TLS from the first byte, with ALPN (17+).
    Direct,
}

impl SslNegotiation {
    const WORDS: &[(&str, Self)] = &[("postgres", Self::Postgres), ("direct", Self::Direct)];
}

/// Whether SCRAM is to be bound to the TLS channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where the server offers it.
    #[default]
    Prefer,
    /// Or fail.
    Require,
}

impl ChannelBinding {
    const WORDS: &[(&str, Self)] = &[
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
    ];
}

/// Whether the client's certificate is sent (16+).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SslCertMode {
    /// Never.
    Disable,
    /// Where there is one and the server asks.
    #[default]
    Allow,
    /// Or fail.
    Require,
}

impl SslCertMode {
    const WORDS: &[(&str, Self)] = &[
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("require", Self::Require),
    ];
}

/// Not one of the words; they are compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of its values")]
pub struct UnknownWord;

impl FromStr for SslMode {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        meaning(Self::WORDS, text)
    }
}

impl FromStr for SslNegotiation {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        meaning(Self::WORDS, text)
    }
}

impl FromStr for ChannelBinding {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        meaning(Self::WORDS, text)
    }
}

impl FromStr for SslCertMode {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        meaning(Self::WORDS, text)
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(word(Self::WORDS, *self))
    }
}

impl fmt::Display for SslNegotiation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(word(Self::WORDS, *self))
    }
}

impl fmt::Display for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(word(Self::WORDS, *self))
    }
}

impl fmt::Display for SslCertMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(word(Self::WORDS, *self))
    }
}

fn meaning<T: Copy>(words: &[(&str, T)], text: &str) -> Result<T, UnknownWord> {
    words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|&(_, meaning)| meaning)
        .ok_or(UnknownWord)
}

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], meaning: T) -> &'static str {
    words
        .iter()
        .find(|(_, known)| *known == meaning)
        .map_or("", |&(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_word_reads_back() {
        for (word, mode) in SslMode::WORDS {
            assert_eq!(
                (word.parse(), mode.to_string().as_str()),
                (Ok(*mode), *word)
            );
        }
        for (word, mode) in SslNegotiation::WORDS {
            assert_eq!(
                (word.parse(), mode.to_string().as_str()),
                (Ok(*mode), *word)
            );
        }
        for (word, mode) in ChannelBinding::WORDS {
            assert_eq!(
                (word.parse(), mode.to_string().as_str()),
                (Ok(*mode), *word)
            );
        }
        for (word, mode) in SslCertMode::WORDS {
            assert_eq!(
                (word.parse(), mode.to_string().as_str()),
                (Ok(*mode), *word)
            );
        }
        assert_eq!("Require".parse::<SslMode>(), Err(UnknownWord));
        assert_eq!("".parse::<SslMode>(), Err(UnknownWord));
    }

    #[test]
    fn stronger_is_greater() {
        assert!(SslMode::WORDS.is_sorted_by_key(|&(_, mode)| mode));
    }
}
