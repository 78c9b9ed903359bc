//! Which value each parameter has in the end and where it comes from, and what libpq refuses before it connects
//! (`fe-connect.c`, `conninfo_add_defaults`, `pqConnectOptions2`).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::{
    ChannelBinding, Conninfo, KEYWORDS, Keyword, SslCertMode, SslMode, SslNegotiation, pairs,
};
use crate::Version;
use crate::service;

/// What libpq knows by itself and this crate does not.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// Whose rules and defaults.
    pub version: Version,
    /// The operating system's name of the user who connects: the default for `user`.
    pub os_user: &'a str,
    /// The default folder of Unix sockets that is compiled in, such as `/var/run/postgresql`.
    pub socket_dir: &'a str,
}

/// Every parameter that has a value, and where it comes from. The values are judged where they are asked for, so that
/// one that libpq refuses can still be shown with its source.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolved {
    values: Vec<Value>,
    version: Version,
    socket_dir: String,
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

    /// The role to log in as.
    pub fn user(&self) -> &str {
        self.get("user").unwrap_or_default()
    }

    /// The database to log in to.
    pub fn dbname(&self) -> &str {
        self.get("dbname").unwrap_or_default()
    }

    /// The hosts to try, in the order given: at least one, with the default socket folder where none is named.
    ///
    /// # Errors
    /// [`ResolveError`] where hosts, addresses and ports differ in number, or a port is none.
    pub fn hosts(&self) -> Result<Vec<Host>, ResolveError> {
        let list = |keyword| match self.get(keyword) {
            None | Some("") => Vec::new(),
            Some(text) => text.split(',').collect::<Vec<_>>(),
        };
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
        let count = if addresses.is_empty() {
            names.len().max(1)
        } else {
            addresses.len()
        };
        if !names.is_empty() && names.len() != count {
            return Err(ResolveError::HostCount {
                hosts: names.len(),
                addresses: count,
            });
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(ResolveError::PortCount {
                ports: ports.len(),
                hosts: count,
            });
        }
        let mut hosts = Vec::with_capacity(count);
        for i in 0..count {
            let address = addresses
                .get(i)
                .copied()
                .filter(|address| !address.is_empty());
            let mut name = names.get(i).copied().filter(|name| !name.is_empty());
            if name.is_none() && address.is_none() {
                name = Some(if self.socket_dir.is_empty() {
                    "localhost"
                } else {
                    &self.socket_dir
                });
            }
            let port = if ports.len() == 1 {
                ports.first()
            } else {
                ports.get(i)
            };
            hosts.push(Host {
                host: name.map(String::from),
                hostaddr: address.map(String::from),
                port: port_number(port.copied().unwrap_or_default())?,
                is_socket: address.is_none()
                    && name.is_some_and(|name| is_socket_path(name, self.version)),
            });
        }
        Ok(hosts)
    }

    /// How much TLS is asked for.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`]; [`ResolveError::WeakSslMode`] for the system's roots (16+) with less than
    /// `verify-full`.
    pub fn sslmode(&self) -> Result<SslMode, ResolveError> {
        let mode = self.word("sslmode")?;
        if wants_system_roots(&self.values, self.version) && mode != SslMode::VerifyFull {
            return Err(ResolveError::WeakSslMode {
                mode,
                with: "sslrootcert=system",
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
            });
        }
        Ok(negotiation)
    }

    /// Whether SCRAM is to be bound to the TLS channel. 12 knows no such thing: never.
    ///
    /// # Errors
    /// [`ResolveError::InvalidValue`].
    pub fn channel_binding(&self) -> Result<ChannelBinding, ResolveError> {
        if self.version < Version::V13 {
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

    /// Everything that libpq checks before it tries to connect, in its order (`pqConnectOptions2`), but for
    /// `require_auth` and the protocol and SCRAM parameters of 18.
    ///
    /// # Errors
    /// The first [`ResolveError`].
    pub fn check(&self) -> Result<(), ResolveError> {
        self.hosts()?;
        self.channel_binding()?;
        self.word::<SslMode>("sslmode")?;
        self.sslnegotiation()?;
        self.sslmode()?;
        self.check_protocol_range()?;
        self.sslcertmode()?;
        self.one_of("gssencmode", &["disable", "prefer", "require"])?;
        self.one_of("target_session_attrs", session_attrs(self.version))?;
        self.one_of("load_balance_hosts", &["disable", "random"])
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

impl fmt::Debug for Resolved {
    /// As pairs, with secrets elided.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pairs::write(
            f,
            self.values
                .iter()
                .map(|v| (v.keyword.name, v.keyword.shown(&v.text))),
        )
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

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}={} ({:?})",
            self.keyword.name,
            self.keyword.shown(&self.text),
            self.source
        )
    }
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
    /// A name, an address as text, or the folder of a Unix socket: what a certificate is checked against. None where
    /// only `hostaddr` is given.
    pub host: Option<String>,
    /// The address to connect to, where given apart from the name.
    pub hostaddr: Option<String>,
    /// 1 to 65535.
    pub port: u16,
    is_socket: bool,
}

impl Host {
    /// The folder of the Unix socket (or its abstract name, which begins with `@`), where this is one.
    pub fn socket_dir(&self) -> Option<&str> {
        self.host.as_deref().filter(|_| self.is_socket)
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
    #[error("weak sslmode \"{mode}\" may not be used with {with}")]
    WeakSslMode {
        /// The `sslmode`.
        mode: SslMode,
        /// The other parameter, as `keyword=value`.
        with: &'static str,
    },
    /// `ssl_min_protocol_version` is above `ssl_max_protocol_version`.
    #[error("invalid SSL protocol version range")]
    ProtocolRange,
}

pub(super) fn resolve(
    conninfo: &Conninfo,
    env: &dyn Fn(&str) -> Option<String>,
    service: Option<&service::Found>,
    site: &Site<'_>,
) -> Result<Resolved, ResolveError> {
    let version = site.version;
    if let Some((unknown, _)) = conninfo
        .iter()
        .find(|(keyword, _)| !keyword.known_to(version))
    {
        return Err(ResolveError::UnknownKeyword {
            keyword: unknown.name.into(),
        });
    }
    let known = KEYWORDS.iter().filter(|keyword| keyword.known_to(version));
    let mut values: Vec<Value> = known
        .filter_map(|keyword| value_of(keyword, conninfo, env, service, site))
        .collect();

    if wants_system_roots(&values, version) {
        for value in values
            .iter_mut()
            .filter(|v| v.keyword.name == "sslmode" && v.source == Source::Default)
        {
            value.text = "verify-full".into();
        }
    }
    fill(&mut values, "user", site.os_user);
    let user = String::from(text(&values, "user").unwrap_or_default());
    fill(&mut values, "dbname", &user);
    Ok(Resolved {
        values,
        version,
        socket_dir: site.socket_dir.into(),
    })
}

/// One parameter's value (`conninfo_add_defaults`). The `user` of the operating system is a default too.
fn value_of(
    keyword: &'static Keyword,
    conninfo: &Conninfo,
    env: &dyn Fn(&str) -> Option<String>,
    service: Option<&service::Found>,
    site: &Site<'_>,
) -> Option<Value> {
    let with = |text, source| {
        Some(Value {
            keyword,
            text,
            source,
        })
    };
    if let Some(text) = conninfo.get(keyword.name) {
        return with(text.into(), Source::Explicit);
    }
    if let Some((found, parameter)) =
        service.and_then(|found| Some((found, found.section.parameter(keyword.name)?)))
    {
        return with(
            parameter.value.clone(),
            Source::Service {
                file: found.file.clone(),
                line: parameter.line,
            },
        );
    }
    if let Some((variable, text)) = keyword
        .env
        .and_then(|variable| Some((variable, env(variable)?)))
    {
        return with(text, Source::Environment(variable));
    }
    // The variable of old: a value that begins with 1 means require, others mean nothing.
    if keyword.name == "sslmode" && env("PGREQUIRESSL").is_some_and(|value| value.starts_with('1'))
    {
        return with("require".into(), Source::Environment("PGREQUIRESSL"));
    }
    let default = keyword
        .default
        .or((keyword.name == "user").then_some(site.os_user))?;
    with(default.into(), Source::Default)
}

/// `is_unixsock_path`; abstract names with `@` came with 14.
fn is_socket_path(host: &str, version: Version) -> bool {
    host.starts_with('/') || (host.starts_with('@') && version >= Version::V14)
}

/// `pqParseIntParam` and the check of the range; an empty port is the default one.
fn port_number(port: &str) -> Result<u16, ResolveError> {
    let blanks: &[char] = &[' ', '\t', '\n', '\x0b', '\x0c', '\r'];
    if port.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    let number: i32 =
        port.trim_matches(blanks)
            .parse()
            .map_err(|_| ResolveError::InvalidInteger {
                keyword: "port",
                value: port.into(),
            })?;
    match u16::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(ResolveError::InvalidPort { port: port.into() }),
    }
}

/// Gives a parameter that is empty or not there its late default.
fn fill(values: &mut Vec<Value>, keyword: &str, text: &str) {
    match values
        .iter_mut()
        .find(|value| value.keyword.name == keyword)
    {
        Some(value) if !value.text.is_empty() => {}
        Some(value) => {
            value.text = text.into();
            value.source = Source::Default;
        }
        None => values.extend(Keyword::named(keyword).map(|keyword| Value {
            keyword,
            text: text.into(),
            source: Source::Default,
        })),
    }
}

fn text<'a>(values: &'a [Value], keyword: &str) -> Option<&'a str> {
    values
        .iter()
        .find(|value| value.keyword.name == keyword)
        .map(|value| value.text.as_str())
}

/// `sslrootcert=system`; a file of that name to 15 and before.
fn wants_system_roots(values: &[Value], version: Version) -> bool {
    version >= Version::V16 && text(values, "sslrootcert") == Some("system")
}

fn session_attrs(version: Version) -> &'static [&'static str] {
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

/// `DEF_PGPORT`
const DEFAULT_PORT: u16 = 5432;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::Files;
    use crate::service::{Found, Wanted, locate};
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::ToString;

    const SITE: Site<'_> = Site {
        version: Version::V17,
        os_user: "me",
        socket_dir: "/run/pg",
    };

    fn resolve(
        text: &str,
        env: &[(&str, &str)],
        site: &Site<'_>,
    ) -> Result<Resolved, ResolveError> {
        let env = |name: &str| {
            env.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_string())
        };
        text.parse::<Conninfo>().unwrap().resolve(&env, None, site)
    }

    fn refused(text: &str) -> String {
        resolve(text, &[], &SITE)
            .unwrap()
            .check()
            .unwrap_err()
            .to_string()
    }

    fn service(text: &str) -> Found {
        let files = BTreeMap::from([("/s".to_string(), text.as_bytes().to_vec())]);
        let wanted = Wanted {
            name: "s".into(),
            file: Some("/s".into()),
        };
        let files: &dyn Files = &files;
        locate(&wanted, None, "/etc", files, SITE.version).unwrap()
    }

    #[test]
    fn explicit_beats_service_beats_environment_beats_default() {
        let found = service("[s]\nhost=from-service\nuser=from-service\n");
        let env = |name: &str| {
            ["PGHOST", "PGUSER", "PGDATABASE"]
                .contains(&name)
                .then(|| "from-env".into())
        };
        let conninfo: Conninfo = "service=s host=explicit".parse().unwrap();
        let resolved = conninfo.resolve(&env, Some(&found), &SITE).unwrap();
        let source = |keyword| resolved.value(keyword).unwrap().source.clone();
        assert_eq!(
            (resolved.get("host"), source("host")),
            (Some("explicit"), Source::Explicit)
        );
        let line = Source::Service {
            file: "/s".into(),
            line: 3,
        };
        assert_eq!((resolved.user(), source("user")), ("from-service", line));
        assert_eq!(
            (resolved.dbname(), source("dbname")),
            ("from-env", Source::Environment("PGDATABASE"))
        );
        assert_eq!(
            (resolved.get("port"), source("port")),
            (Some("5432"), Source::Default)
        );
        assert_eq!(resolved.get("sslcert"), None);
    }

    #[test]
    fn nothing_given_is_the_own_user_over_the_default_socket() {
        let resolved = resolve("", &[], &SITE).unwrap();
        assert_eq!((resolved.user(), resolved.dbname()), ("me", "me"));
        assert_eq!(
            resolved.hosts().unwrap(),
            [Host {
                host: Some("/run/pg".into()),
                hostaddr: None,
                port: 5432,
                is_socket: true
            }]
        );
        assert_eq!(resolved.sslmode(), Ok(SslMode::Prefer));
        assert_eq!(resolved.check(), Ok(()));
        assert_eq!(
            resolve("user=a dbname=''", &[], &SITE).unwrap().dbname(),
            "a"
        );
        assert_eq!(resolve("user=''", &[], &SITE).unwrap().user(), "me");
    }

    #[test]
    fn lists_of_hosts_go_with_lists_of_ports() {
        let shown = |text: &str| -> Vec<String> {
            let part = |part: &Option<String>| part.clone().unwrap_or("-".into());
            let hosts = resolve(text, &[], &SITE).unwrap().hosts().unwrap();
            hosts
                .iter()
                .map(|h| format!("{}/{}/{}", part(&h.host), part(&h.hostaddr), h.port))
                .collect()
        };
        assert_eq!(shown("host=a,b port=1"), ["a/-/1", "b/-/1"]);
        assert_eq!(
            shown("host=a,,/s port=1,,3"),
            ["a/-/1", "/run/pg/-/5432", "/s/-/3"]
        );
        assert_eq!(
            shown("hostaddr=::1,10.0.0.1 host=a,"),
            ["a/::1/5432", "-/10.0.0.1/5432"]
        );
        assert_eq!(
            refused("host=a,b hostaddr=::1"),
            "could not match 2 host names to 1 hostaddr values"
        );
        assert_eq!(
            refused("host=a,b,c port=1,2"),
            "could not match 2 port numbers to 3 hosts"
        );
        assert_eq!(refused("port=0"), "invalid port number: \"0\"");
        assert_eq!(refused("port=65536"), "invalid port number: \"65536\"");
        assert_eq!(
            refused("port=x"),
            "invalid integer value \"x\" for connection option \"port\""
        );
    }

    #[test]
    fn abstract_sockets_came_with_14() {
        let is_socket = |version| {
            resolve("host=@x", &[], &Site { version, ..SITE })
                .unwrap()
                .hosts()
                .unwrap()[0]
                .is_socket
        };
        assert!(is_socket(Version::V14));
        assert!(!is_socket(Version::V13));
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
            "invalid ssl_min_protocol_version value: \"x\""
        );
        assert_eq!(
            refused("ssl_max_protocol_version=tlsv1.1"),
            "invalid SSL protocol version range"
        );
        assert_eq!(
            refused("sslnegotiation=direct"),
            "weak sslmode \"prefer\" may not be used with sslnegotiation=direct"
        );
        assert!(resolve("sslnegotiation=direct sslmode=require", &[], &SITE).is_ok());
    }

    #[test]
    fn the_system_s_roots_strengthen_the_default_from_16_on() {
        let mode = |text: &str, version| {
            resolve(text, &[], &Site { version, ..SITE })
                .unwrap()
                .sslmode()
        };
        assert_eq!(
            mode("sslrootcert=system", Version::V16),
            Ok(SslMode::VerifyFull)
        );
        assert_eq!(
            mode("sslrootcert=system", Version::V15),
            Ok(SslMode::Prefer)
        );
        assert_eq!(
            refused("sslrootcert=system sslmode=require"),
            "weak sslmode \"require\" may not be used with sslrootcert=system"
        );
    }

    #[test]
    fn the_old_variable_requires_tls_where_no_newer_one_speaks() {
        let mode = |env: &[(&str, &str)]| resolve("", env, &SITE).unwrap().sslmode().unwrap();
        assert_eq!(mode(&[("PGREQUIRESSL", "1")]), SslMode::Require);
        assert_eq!(mode(&[("PGREQUIRESSL", "0")]), SslMode::Prefer);
        assert_eq!(
            mode(&[("PGREQUIRESSL", "1"), ("PGSSLMODE", "disable")]),
            SslMode::Disable
        );
    }

    #[test]
    fn an_older_libpq_refuses_newer_words_and_ignores_newer_variables() {
        let site = Site {
            version: Version::V12,
            ..SITE
        };
        assert_eq!(
            resolve("channel_binding=disable", &[], &site)
                .unwrap_err()
                .to_string(),
            "invalid connection option \"channel_binding\""
        );
        let resolved = resolve("", &[("PGCHANNELBINDING", "nonsense")], &site).unwrap();
        assert_eq!(resolved.get("channel_binding"), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let resolved = resolve("password=hush", &[], &SITE).unwrap();
        assert!(!format!("{resolved:?} {:?}", resolved.values()).contains("hush"));
    }
}
