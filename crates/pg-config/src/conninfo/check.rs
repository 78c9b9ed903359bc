//! What libpq refuses before it connects (`fe-connect.c`, `pqConnectOptions2`): words, bounds and what does not go
//! together.

use alloc::string::String;
use core::str::FromStr;

use super::{ChannelBinding, Resolved, SslCertMode, SslMode, SslNegotiation};
use crate::Version;

impl Resolved {
    /// How much TLS is asked for.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`]; [`ResolveError::WeakSslMode`] for the system's roots (16+) with less than
    /// `verify-full`.
    pub fn sslmode(&self) -> Result<SslMode, ResolveError> {
        let mode = self.word("sslmode")?;
        if self.wants_system_roots() && mode != SslMode::VerifyFull {
            return Err(ResolveError::WeakSslMode {
                mode,
                with: "sslrootcert=system",
                instead: "\"verify-full\"",
            });
        }
        Ok(mode)
    }

    /// Who starts TLS how.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`]; [`ResolveError::WeakSslMode`] for `direct` with less than `require`.
    pub fn sslnegotiation(&self) -> Result<SslNegotiation, ResolveError> {
        let negotiation = self.word("sslnegotiation")?;
        let mode: SslMode = self.word("sslmode")?;
        if negotiation == SslNegotiation::Direct && mode < SslMode::Require {
            return Err(ResolveError::WeakSslMode {
                mode,
                with: "sslnegotiation=direct",
                instead: "\"require\", \"verify-ca\", or \"verify-full\"",
            });
        }
        Ok(negotiation)
    }

    /// Whether SCRAM is to be bound to the TLS channel. 12 knows no such thing: never.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`].
    pub fn channel_binding(&self) -> Result<ChannelBinding, ResolveError> {
        if self.version() < Version::V13 {
            Ok(ChannelBinding::Disable)
        } else {
            self.word("channel_binding")
        }
    }

    /// Whether the client's certificate is sent.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`].
    pub fn sslcertmode(&self) -> Result<SslCertMode, ResolveError> {
        self.word("sslcertmode")
    }

    /// Everything that libpq checks before it tries to connect, in its order (`pqConnectOptions2`), and that the ports
    /// are numbers, which it sees when it gets to their hosts.
    ///
    /// # Errors
    /// The first [`ResolveError`].
    pub fn check(&self) -> Result<(), ResolveError> {
        self.check_host_counts()?;
        self.check_require_auth()?;
        self.channel_binding()?;
        self.word::<SslMode>("sslmode")?;
        self.sslnegotiation()?;
        self.sslmode()?;
        self.check_protocol_range()?;
        self.sslcertmode()?;
        self.one_of("gssencmode", &["disable", "prefer", "require"])?;
        self.one_of("target_session_attrs", session_attrs(self.version()))?;
        self.check_scram_keys()?;
        self.one_of("load_balance_hosts", &["disable", "random"])?;
        self.check_protocol_versions()?;
        self.hosts().map(|_| ())
    }

    /// A parameter's word; its default where it has no value.
    fn word<T: FromStr + Default>(&self, keyword: &'static str) -> Result<T, ResolveError> {
        self.get(keyword).map_or(Ok(T::default()), |value| {
            value.parse().map_err(|_| ResolveError::InvalidValue {
                keyword,
                value: value.into(),
            })
        })
    }

    fn one_of(&self, keyword: &'static str, words: &[&str]) -> Result<(), ResolveError> {
        match self.get(keyword) {
            Some(value) if !words.contains(&value) => Err(ResolveError::InvalidValue {
                keyword,
                value: value.into(),
            }),
            _ => Ok(()),
        }
    }

    /// `sslVerifyProtocolVersion` and `sslVerifyProtocolRange`: compared without regard to case, empty is no bound.
    fn check_protocol_range(&self) -> Result<(), ResolveError> {
        let bound = |keyword: &'static str| match self.get(keyword) {
            None | Some("") => Ok(None),
            Some(value) => match PROTOCOLS
                .iter()
                .position(|known| known.eq_ignore_ascii_case(value))
            {
                Some(rank) => Ok(Some(rank)),
                None if self.version() >= Version::V17 => Err(ResolveError::InvalidBound {
                    keyword,
                    value: value.into(),
                }),
                None => Err(ResolveError::InvalidValue {
                    keyword,
                    value: value.into(),
                }),
            },
        };
        match (
            bound("ssl_min_protocol_version")?,
            bound("ssl_max_protocol_version")?,
        ) {
            (Some(min), Some(max)) if min > max => Err(ResolveError::ProtocolRange),
            _ => Ok(()),
        }
    }
}

/// Why the parameters make no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A parameter that libpq of this version does not know.
    #[error("invalid connection option \"{keyword}\"")]
    UnknownKeyword {
        /// The parameter.
        keyword: String,
    },
    /// A value that its parameter does not take.
    #[error("invalid {keyword} value: \"{value}\"")]
    InvalidValue {
        /// The parameter.
        keyword: &'static str,
        /// The value.
        value: String,
    },
    /// A version of TLS that is none, as 17 and newer say it.
    #[error("invalid \"{keyword}\" value: \"{value}\"")]
    InvalidBound {
        /// The parameter.
        keyword: &'static str,
        /// The value.
        value: String,
    },
    /// A value that must be a whole number.
    #[error("invalid integer value \"{value}\" for connection option \"{keyword}\"")]
    InvalidInteger {
        /// The parameter.
        keyword: &'static str,
        /// The value.
        value: String,
    },
    /// Not 1 to 65535.
    #[error("invalid port number: \"{port}\"")]
    InvalidPort {
        /// As given.
        port: String,
    },
    /// As many names as addresses are needed.
    #[error("could not match {hosts} host names to {addresses} hostaddr values")]
    HostCount {
        /// In `host`.
        hosts: usize,
        /// In `hostaddr`.
        addresses: usize,
    },
    /// One port, or as many as hosts are needed.
    #[error("could not match {ports} port numbers to {hosts} hosts")]
    PortCount {
        /// In `port`.
        ports: usize,
        /// In `host` or `hostaddr`.
        hosts: usize,
    },
    /// An `sslmode` that would make another parameter pointless.
    #[error("weak sslmode \"{mode}\" may not be used with {with} (use {instead})")]
    WeakSslMode {
        /// The `sslmode`.
        mode: SslMode,
        /// The other parameter, as `keyword=value`.
        with: &'static str,
        /// Those that may be used, in quotes.
        instead: &'static str,
    },
    /// `ssl_min_protocol_version` is above `ssl_max_protocol_version`.
    #[error("invalid SSL protocol version range")]
    ProtocolRange,
    /// In `require_auth` a method with `!` behind one without.
    #[error("negative require_auth method \"{method}\" cannot be mixed with non-negative methods")]
    NegativeMethod {
        /// As written.
        method: String,
    },
    /// In `require_auth` a method without `!` behind one with it.
    #[error("require_auth method \"{method}\" cannot be mixed with negative methods")]
    PositiveMethod {
        /// As written.
        method: String,
    },
    /// The same method twice in `require_auth`.
    #[error("require_auth method \"{method}\" is specified more than once")]
    MethodTwice {
        /// As written.
        method: String,
    },
    /// `min_protocol_version` is above `max_protocol_version`.
    #[error("\"min_protocol_version\" is greater than \"max_protocol_version\"")]
    ProtocolVersionRange,
    /// `scram_client_key` or `scram_server_key` is not base64.
    #[error("invalid SCRAM {whose} key")]
    ScramKey {
        /// `client` or `server`.
        whose: &'static str,
    },
    /// Or not of 32 bytes.
    #[error("invalid SCRAM {whose} key length: {length}")]
    ScramKeyLength {
        /// `client` or `server`.
        whose: &'static str,
        /// In bytes.
        length: usize,
    },
}

/// The words of `target_session_attrs`.
pub(crate) fn session_attrs(version: Version) -> &'static [&'static str] {
    const WORDS: [&str; 6] = [
        "any",
        "read-write",
        "read-only",
        "primary",
        "standby",
        "prefer-standby",
    ];
    if version >= Version::V14 {
        &WORDS
    } else {
        &WORDS[..2]
    }
}

/// The TLS versions by name, oldest first.
const PROTOCOLS: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

#[cfg(test)]
mod tests {
    use super::super::{Conninfo, Site};
    use super::*;
    use alloc::string::ToString;

    const SITE: Site<'_> = Site {
        version: Version::V17,
        os_user: "me",
        socket_dir: "/run/pg",
    };

    fn resolve(text: &str) -> Resolved {
        text.parse::<Conninfo>()
            .unwrap()
            .resolve(&|_| None, None, &SITE)
            .unwrap()
    }

    fn refused(text: &str) -> String {
        resolve(text).check().unwrap_err().to_string()
    }

    #[test]
    fn words_are_checked_before_anything_is_tried() {
        assert_eq!(refused("sslmode=full"), "invalid sslmode value: \"full\"");
        assert_eq!(refused("sslmode=''"), "invalid sslmode value: \"\"");
        assert_eq!(
            refused("channel_binding=x"),
            "invalid channel_binding value: \"x\""
        );
        assert_eq!(refused("sslcertmode=x"), "invalid sslcertmode value: \"x\"");
        assert_eq!(refused("gssencmode=x"), "invalid gssencmode value: \"x\"");
        assert_eq!(
            refused("target_session_attrs=x"),
            "invalid target_session_attrs value: \"x\""
        );
        assert_eq!(
            refused("ssl_min_protocol_version=x"),
            "invalid \"ssl_min_protocol_version\" value: \"x\""
        );
        assert_eq!(
            refused("ssl_max_protocol_version=tlsv1.1"),
            "invalid SSL protocol version range"
        );
        assert_eq!(resolve("ssl_max_protocol_version=TLSv1.2").check(), Ok(()));
        assert_eq!(
            refused("sslnegotiation=direct"),
            "weak sslmode \"prefer\" may not be used with sslnegotiation=direct (use \"require\", \"verify-ca\", or \"verify-full\")"
        );
        assert_eq!(
            resolve("sslnegotiation=direct sslmode=require").check(),
            Ok(())
        );
    }
}
