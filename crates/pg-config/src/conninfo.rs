//! Connection strings: what may stand in them, how they are read and written, and which value wins. Service files are
//! read in `service`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::Version;
use crate::service;

/// Connection parameters: keywords and values in the order given.
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

    /// Reads `keyword=value ...` or `postgresql://...` (`fe-connect.c`, `conninfo_parse`, `conninfo_uri_parse`).
    ///
    /// # Errors
    /// [`ParseError`], in libpq's words.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let _ = text;
        todo!()
    }

    /// The value of a keyword.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        let _ = keyword;
        todo!()
    }

    /// Gives a keyword a value.
    ///
    /// # Errors
    /// [`ParseError::UnknownKeyword`].
    pub fn set(&mut self, keyword: &str, value: &str) -> Result<(), ParseError> {
        let _ = (keyword, value);
        todo!()
    }

    /// Keywords and values in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Keyword, &str)> {
        self.parameters
            .iter()
            .map(|(keyword, value)| (*keyword, value.as_str()))
    }

    /// Which service is wanted, here or in the environment.
    pub fn service(&self, env: &dyn Fn(&str) -> Option<String>) -> Option<service::Wanted> {
        let _ = env;
        todo!()
    }

    /// Every parameter's value and where it comes from, as libpq decides: given here, else by the service, else by the
    /// environment, else by default (`fe-connect.c`, `conninfo_add_defaults`).
    ///
    /// # Errors
    /// [`ResolveError`], in libpq's words.
    pub fn resolve(
        &self,
        env: &dyn Fn(&str) -> Option<String>,
        service: Option<&service::Found>,
        site: &Site<'_>,
    ) -> Result<Resolved, ResolveError> {
        let _ = (env, service, site);
        todo!()
    }
}

impl fmt::Display for Conninfo {
    /// As `keyword=value` pairs, quoted where needed, passwords included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl fmt::Debug for Conninfo {
    /// As [`Display`](fmt::Display), with secrets elided.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl FromStr for Conninfo {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// One connection parameter that libpq knows (`PQconninfoOptions`).
#[derive(Debug, PartialEq, Eq)]
pub struct Keyword {
    /// As written in connection strings and service files.
    pub name: &'static str,
    /// The environment variable that is asked where nothing else gives a value.
    pub env: Option<&'static str>,
    /// The compiled default.
    pub default: Option<&'static str>,
    /// The first libpq that knows it.
    pub since: Version,
    /// The last libpq that knows it, where it is gone.
    pub until: Option<Version>,
    /// Not to be shown.
    pub secret: bool,
}

impl Keyword {
    /// The keyword of this name.
    pub fn named(name: &str) -> Option<&'static Keyword> {
        KEYWORDS.iter().find(|keyword| keyword.name == name)
    }

    /// Whether libpq of this version knows it.
    pub fn known_to(&self, version: Version) -> bool {
        self.since <= version && self.until.is_none_or(|until| version <= until)
    }
}

/// Every connection parameter, in libpq's order.
pub const KEYWORDS: &[Keyword] = &[];

/// What libpq knows by itself and this crate does not.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// Whose rules and defaults.
    pub version: Version,
    /// The operating system's name of the user who connects: the default for `user`.
    pub os_user: &'a str,
    /// The compiled default folder of Unix sockets, such as `/var/run/postgresql`.
    pub socket_dir: &'a str,
}

/// Every parameter that has a value, and where it comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolved {
    values: Vec<Value>,
}

impl Resolved {
    /// The value of a keyword; none where nothing gives one.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.value(keyword).map(|value| value.text.as_str())
    }

    /// The value of a keyword with its source.
    pub fn value(&self, keyword: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|value| value.keyword.name == keyword)
    }

    /// Every value, in libpq's order of keywords.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The hosts to try, in order.
    ///
    /// # Errors
    /// [`ResolveError`] where hosts, addresses and ports differ in number, or a port is none.
    pub fn hosts(&self) -> Result<Vec<Host>, ResolveError> {
        todo!()
    }

    /// The `sslmode`.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`].
    pub fn sslmode(&self) -> Result<SslMode, ResolveError> {
        todo!()
    }

    /// The `sslnegotiation`.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`], or where the `sslmode` is too weak for `direct`.
    pub fn sslnegotiation(&self) -> Result<SslNegotiation, ResolveError> {
        todo!()
    }

    /// The `channel_binding`.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`].
    pub fn channel_binding(&self) -> Result<ChannelBinding, ResolveError> {
        todo!()
    }
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

/// A parameter's value.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// Which parameter.
    pub keyword: &'static Keyword,
    /// The value.
    pub text: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from, strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The connection string.
    Explicit,
    /// A line of a service file.
    Service {
        /// The file.
        file: String,
        /// From 1.
        line: u32,
    },
    /// An environment variable.
    Environment(&'static str),
    /// libpq itself.
    Default,
}

/// One place to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A name, an address as text, or the folder of a Unix socket; what a certificate is checked against.
    pub host: Option<String>,
    /// The address to connect to, where given apart from the name.
    pub hostaddr: Option<String>,
    /// 1 to 65535.
    pub port: u16,
}

impl Host {
    /// The folder of the Unix socket, where this is one: no `hostaddr`, and a host that begins with `/` or `@`.
    pub fn socket_dir(&self) -> Option<&str> {
        let host = self.host.as_deref()?;
        (self.hostaddr.is_none() && host.starts_with(['/', '@'])).then_some(host)
    }
}

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

/// Who starts TLS how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SslNegotiation {
    /// `SSLRequest` first.
    #[default]
    Postgres,
    /// TLS from the first byte, with ALPN (17+).
    Direct,
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

/// Not one of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of its values")]
pub struct UnknownWord;

impl FromStr for SslMode {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let _ = text;
        todo!()
    }
}

impl FromStr for SslNegotiation {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let _ = text;
        todo!()
    }
}

impl FromStr for ChannelBinding {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let _ = text;
        todo!()
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl fmt::Display for SslNegotiation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl fmt::Display for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

/// Why a connection string cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// No such parameter.
    #[error("invalid connection option \"{keyword}\"")]
    UnknownKeyword {
        /// As written.
        keyword: String,
    },
}

/// Why the parameters make no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A value that its parameter does not take.
    #[error("invalid {keyword} value: \"{value}\"")]
    InvalidValue {
        /// The parameter.
        keyword: &'static str,
        /// The value.
        value: String,
    },
}
