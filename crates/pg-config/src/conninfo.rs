//! Connection strings: what may stand in them, how they are read and written, and which value wins. Service files are
//! read in `service`, passwords looked up in `passfile`.

mod check;
mod host;
pub(crate) mod keyword;
mod login;
mod pairs;
mod resolved;
mod tls;
mod uri;

pub use check::ResolveError;
pub(crate) use check::session_attrs;
pub use host::Host;
pub use keyword::{KEYWORDS, Keyword, variables};
pub use resolved::{Resolved, Site, Source, Value};
pub use tls::{ChannelBinding, SslCertMode, SslMode, SslNegotiation, UnknownWord};

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::Version;
use crate::service;

/// Connection parameters: keywords and values in the order given.
///
/// ```
/// use pg_config::conninfo::Conninfo;
///
/// let conninfo: Conninfo = "host=tolva dbname='my db' sslmode=verify-full".parse()?;
/// assert_eq!(conninfo.get("dbname"), Some("my db"));
/// assert_eq!(conninfo.to_uri(), "postgresql://tolva/my%20db?sslmode=verify-full");
/// # Ok::<(), pg_config::conninfo::ParseError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Conninfo {
    parameters: Vec<(&'static Keyword, String)>,
}

impl Conninfo {
    /// No parameters.
    pub const fn new() -> Self {
        Self {
            parameters: Vec::new(),
        }
    }

    /// Reads `keyword=value ...` or `postgresql://...` as the newest libpq does (`fe-connect.c`,
    /// `parse_connection_string`).
    ///
    /// # Errors
    /// [`ParseError`], in libpq's words.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_as(text, Version::V19)
    }

    /// Reads as [`parse`](Self::parse) does, with the keywords and rules of one version: from 18 on blanks around
    /// the parts of a URI are dropped and blanks in them refused, before that they belong to the value.
    ///
    /// # Errors
    /// [`ParseError`], in libpq's words.
    pub fn parse_as(text: &str, version: Version) -> Result<Self, ParseError> {
        let mut conninfo = Self::new();
        match uri::without_scheme(text) {
            Some(rest) => uri::parse(&mut conninfo, text, rest, version)?,
            None => pairs::parse(&mut conninfo, text, version)?,
        }
        Ok(conninfo)
    }

    /// The value of a keyword.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.name == keyword)
            .map(|(_, value)| value)
    }

    /// Gives a keyword a value, in its old place if it had one. Any keyword that some version knows will do; the
    /// `requiressl` of old becomes `sslmode` (`conninfo_storeval`).
    ///
    /// # Errors
    /// [`ParseError::UnknownKeyword`].
    pub fn set(&mut self, keyword: &str, value: &str) -> Result<(), ParseError> {
        self.store(keyword, value, |_| true)
    }

    /// Gives a keyword a value if this version knows the keyword.
    fn set_as(&mut self, keyword: &str, value: &str, version: Version) -> Result<(), ParseError> {
        self.store(keyword, value, |known| known.known_to(version))
    }

    fn store(
        &mut self,
        keyword: &str,
        value: &str,
        taken: impl Fn(&Keyword) -> bool,
    ) -> Result<(), ParseError> {
        let (keyword, value) = match (keyword, value.starts_with('1')) {
            ("requiressl", true) => ("sslmode", "require"),
            ("requiressl", false) => ("sslmode", "prefer"),
            _ => (keyword, value),
        };
        let Some(known) = Keyword::named(keyword).filter(|known| taken(known)) else {
            return Err(ParseError::UnknownKeyword {
                keyword: keyword.into(),
            });
        };
        match self
            .parameters
            .iter_mut()
            .find(|(given, _)| given.name == known.name)
        {
            Some((_, old)) => *old = value.into(),
            None => self.parameters.push((known, value.into())),
        }
        Ok(())
    }

    /// Keywords and values in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Keyword, &str)> {
        self.parameters
            .iter()
            .map(|(keyword, value)| (*keyword, value.as_str()))
    }

    /// Which service is wanted, here or in the environment (`parseServiceInfo`).
    pub fn service(&self, env: &dyn Fn(&str) -> Option<String>) -> Option<service::Wanted> {
        let given = |keyword: &str, variable| {
            self.get(keyword)
                .map(String::from)
                .or_else(|| env(variable))
        };
        Some(service::Wanted {
            name: given("service", "PGSERVICE")?,
            file: given("servicefile", "PGSERVICEFILE"),
        })
    }

    /// Every parameter's value and where it comes from, as libpq decides: given here, else by the service, else by the
    /// environment, else by default (`fe-connect.c`, `conninfo_add_defaults`, `pqConnectOptions2`). `service` is what
    /// [`service::locate`] found for [`service`](Self::service); `env` gives environment variables, empty ones too, and
    /// is asked for no others than [`variables`].
    ///
    /// # Errors
    /// [`ResolveError`], in libpq's words.
    pub fn resolve(
        &self,
        env: &dyn Fn(&str) -> Option<String>,
        service: Option<&service::Found>,
        site: &Site<'_>,
    ) -> Result<Resolved, ResolveError> {
        resolved::resolve(self, env, service, site)
    }

    /// As a URI that reads back as the same parameters, passwords included.
    pub fn to_uri(&self) -> String {
        uri::write(self)
    }
}

impl fmt::Display for Conninfo {
    /// As `keyword=value` pairs, quoted where needed, passwords included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pairs::write(f, self.iter().map(|(keyword, value)| (keyword.name, value)))
    }
}

impl fmt::Debug for Conninfo {
    /// As [`Display`](fmt::Display), with secrets elided.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pairs::write(
            f,
            self.iter()
                .map(|(keyword, value)| (keyword.name, keyword.shown(value))),
        )
    }
}

impl FromStr for Conninfo {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// Why a connection string cannot be read. The words are libpq's, but for the whole URI that it repeats in some of
/// them: a password may be in there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// No such parameter.
    #[error("invalid connection option \"{keyword}\"")]
    UnknownKeyword {
        /// As written.
        keyword: String,
    },
    /// A word that is no `keyword=value`.
    #[error("missing \"=\" after \"{keyword}\" in connection info string")]
    MissingEquals {
        /// The word.
        keyword: String,
    },
    /// A single quote that is not closed.
    #[error("unterminated quoted string in connection info string")]
    UnterminatedQuote,
    /// A `[` without its `]`.
    #[error("end of string reached when looking for matching \"]\" in IPv6 host address in URI")]
    UnclosedBracket,
    /// `[]`
    #[error("IPv6 host address may not be empty in URI")]
    EmptyAddress,
    /// Something behind a `]` that cannot be there.
    #[error(
        "unexpected character \"{character}\" at position {position} in URI (expected \":\" or \"/\")"
    )]
    UnexpectedCharacter {
        /// What stands there.
        character: char,
        /// The byte in the URI, from 1.
        position: usize,
    },
    /// A second `=` in a query parameter.
    #[error("extra key/value separator \"=\" in URI query parameter: \"{keyword}\"")]
    ExtraSeparator {
        /// The parameter.
        keyword: String,
    },
    /// A query parameter without `=`.
    #[error("missing key/value separator \"=\" in URI query parameter: \"{keyword}\"")]
    MissingSeparator {
        /// The parameter.
        keyword: String,
    },
    /// No such parameter, in a URI's query.
    #[error("invalid URI query parameter: \"{keyword}\"")]
    UnknownParameter {
        /// As written.
        keyword: String,
    },
    /// A `%` without two hexadecimal digits.
    #[error("invalid percent-encoded token: \"{text}\"")]
    BadPercent {
        /// The part of the URI; a password is elided.
        text: String,
    },
    /// `%00`
    #[error("forbidden value %00 in percent-encoded value: \"{text}\"")]
    Nul {
        /// The part of the URI; a password is elided.
        text: String,
    },
    /// A blank inside a part (18+).
    #[error("unexpected spaces found in \"{text}\", use percent-encoded spaces (%20) instead")]
    Blank {
        /// The part of the URI; a password is elided.
        text: String,
    },
    /// Percent-encoded bytes that are not UTF-8. libpq takes them; nothing here can.
    #[error("percent-encoded value is not UTF-8: \"{text}\"")]
    NotUtf8 {
        /// The part of the URI; a password is elided.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn a_keyword_given_twice_has_its_last_value_in_its_first_place() {
        let conninfo: Conninfo = "host=a port=1 host=b requiressl=1".parse().unwrap();
        assert_eq!(conninfo.to_string(), "host=b port=1 sslmode=require");
    }

    #[test]
    fn secrets_are_not_shown() {
        let conninfo: Conninfo = "user=u password=hush sslpassword=hush".parse().unwrap();
        assert_eq!(
            format!("{conninfo:?}"),
            "user=u password=******** sslpassword=********"
        );
        let broken = "postgres://u:hush%zz@h/".parse::<Conninfo>().unwrap_err();
        assert!(!format!("{broken} {broken:?}").contains("hush"));
    }

    #[test]
    fn the_service_is_named_here_or_in_the_environment() {
        let env = |name: &str| {
            (name == "PGSERVICE" || name == "PGSERVICEFILE").then(|| name.to_lowercase())
        };
        let wanted = Conninfo::new().service(&env).unwrap();
        assert_eq!(
            (wanted.name.as_str(), wanted.file.as_deref()),
            ("pgservice", Some("pgservicefile"))
        );
        let given: Conninfo = "service=s servicefile=f".parse().unwrap();
        let wanted = given.service(&env).unwrap();
        assert_eq!(
            (wanted.name.as_str(), wanted.file.as_deref()),
            ("s", Some("f"))
        );
        assert_eq!(Conninfo::new().service(&|_| None), None);
    }

    fn any_conninfo() -> impl Strategy<Value = Conninfo> {
        let keyword = (0..KEYWORDS.len()).prop_map(|i| &KEYWORDS[i]);
        let value = prop_oneof![
            "[a-z0-9:,]{0,6}",
            "\\PC{0,6}",
            "[ '\\\\%&=@/?\\[\\]\t\n]{0,6}"
        ];
        prop::collection::vec((keyword, value), 0..5).prop_map(|pairs| {
            let mut conninfo = Conninfo::new();
            for (keyword, value) in pairs {
                conninfo.set(keyword.name, &value).unwrap();
            }
            conninfo
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(conninfo in any_conninfo()) {
            let uri = conninfo.to_uri();
            for version in Version::ALL {
                if conninfo.iter().any(|(keyword, _)| !keyword.known_to(version)) {
                    prop_assert!(Conninfo::parse_as(&uri, version).is_err());
                    continue;
                }
                prop_assert_eq!(&Conninfo::parse_as(&conninfo.to_string(), version).unwrap(), &conninfo);
                let mut back = Conninfo::parse_as(&uri, version).unwrap();
                let mut given = conninfo.clone();
                back.parameters.sort_by_key(|(keyword, _)| keyword.name);
                given.parameters.sort_by_key(|(keyword, _)| keyword.name);
                prop_assert_eq!(back, given, "{}", uri);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(postgres://)?\\PC{0,20}") {
            let _ = Conninfo::parse_as(&text, Version::V12);
            let _ = Conninfo::parse(&text);
        }
    }
}
