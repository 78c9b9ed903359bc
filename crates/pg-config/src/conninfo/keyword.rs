//! The connection parameters that libpq knows, and since when.

use crate::Version;

/// One connection parameter (`fe-connect.c`, `PQconninfoOptions`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyword {
    /// As written in connection strings and service files.
    pub name: &'static str,
    /// The environment variable that is asked where nothing else gives a value.
    pub env: Option<&'static str>,
    /// The default that is compiled in: of a libpq built with TLS and GSSAPI, as packages are.
    pub default: Option<&'static str>,
    /// The first libpq that knows it; 12 stands for that and earlier.
    pub since: Version,
    /// The last libpq that knows it, where it is gone.
    pub until: Option<Version>,
    /// Not to be shown.
    pub secret: bool,
}

impl Keyword {
    /// The keyword of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYWORDS.iter().find(|keyword| keyword.name == name)
    }

    /// Whether libpq of this version knows it; one that does not refuses it as an invalid connection option.
    pub fn known_to(&self, version: Version) -> bool {
        self.since <= version && self.until.is_none_or(|until| version <= until)
    }

    /// The value, or what may be shown of it.
    pub(super) fn shown<'a>(&self, value: &'a str) -> &'a str {
        if self.secret && !value.is_empty() {
            ELIDED
        } else {
            value
        }
    }
}

/// Every environment variable that [`Conninfo::service`](super::Conninfo::service) and
/// [`Conninfo::resolve`](super::Conninfo::resolve) ask for: those of the keywords, and `PGREQUIRESSL`, which no keyword
/// names. Where its own files are libpq learns from others too: `PGSYSCONFDIR`, and `HOME` from 15 on.
///
/// A variable that is set counts even where it is empty, as `getenv` has it: `PGSSLMODE=` is refused, not unset.
pub fn variables() -> impl Iterator<Item = &'static str> {
    let of_keywords = KEYWORDS.iter().filter_map(|keyword| keyword.env);
    of_keywords.chain([REQUIRE_SSL])
}

/// The variable of old: a value that begins with 1 means `sslmode=require`, others mean nothing.
pub(super) const REQUIRE_SSL: &str = "PGREQUIRESSL";

/// What stands for a secret.
pub(super) const ELIDED: &str = "********";

/// A parameter without default that every version knows.
const fn keyword(name: &'static str, env: Option<&'static str>) -> Keyword {
    Keyword {
        name,
        env,
        default: None,
        since: Version::V12,
        until: None,
        secret: false,
    }
}

/// A parameter that came with a version.
const fn since(version: Version, name: &'static str, env: Option<&'static str>) -> Keyword {
    Keyword {
        since: version,
        ..keyword(name, env)
    }
}

/// With a default.
const fn defaults(to: &'static str, keyword: Keyword) -> Keyword {
    Keyword {
        default: Some(to),
        ..keyword
    }
}

/// Not to be shown.
const fn secret(keyword: Keyword) -> Keyword {
    Keyword {
        secret: true,
        ..keyword
    }
}

/// Known for the last time to 13, without effect.
const fn until_13(keyword: Keyword) -> Keyword {
    Keyword {
        until: Some(Version::V13),
        ..keyword
    }
}

/// Every connection parameter, in libpq's order.
pub const KEYWORDS: &[Keyword] = &[
    until_13(defaults("", keyword("authtype", Some("PGAUTHTYPE")))),
    keyword("service", Some("PGSERVICE")),
    since(Version::V19, "servicefile", Some("PGSERVICEFILE")),
    keyword("user", Some("PGUSER")),
    secret(keyword("password", Some("PGPASSWORD"))),
    keyword("passfile", Some("PGPASSFILE")),
    defaults(
        "prefer",
        since(Version::V13, "channel_binding", Some("PGCHANNELBINDING")),
    ),
    keyword("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    keyword("dbname", Some("PGDATABASE")),
    keyword("host", Some("PGHOST")),
    keyword("hostaddr", Some("PGHOSTADDR")),
    defaults("5432", keyword("port", Some("PGPORT"))),
    keyword("client_encoding", Some("PGCLIENTENCODING")),
    until_13(defaults("", keyword("tty", Some("PGTTY")))),
    defaults("", keyword("options", Some("PGOPTIONS"))),
    keyword("application_name", Some("PGAPPNAME")),
    keyword("fallback_application_name", None),
    keyword("keepalives", None),
    keyword("keepalives_idle", None),
    keyword("keepalives_interval", None),
    keyword("keepalives_count", None),
    keyword("tcp_user_timeout", None),
    defaults("prefer", keyword("sslmode", Some("PGSSLMODE"))),
    defaults(
        "postgres",
        since(Version::V17, "sslnegotiation", Some("PGSSLNEGOTIATION")),
    ),
    defaults("0", keyword("sslcompression", Some("PGSSLCOMPRESSION"))),
    keyword("sslcert", Some("PGSSLCERT")),
    keyword("sslkey", Some("PGSSLKEY")),
    since(Version::V16, "sslcertmode", Some("PGSSLCERTMODE")),
    secret(since(Version::V13, "sslpassword", None)),
    keyword("sslrootcert", Some("PGSSLROOTCERT")),
    keyword("sslcrl", Some("PGSSLCRL")),
    since(Version::V14, "sslcrldir", Some("PGSSLCRLDIR")),
    defaults("1", since(Version::V14, "sslsni", Some("PGSSLSNI"))),
    keyword("requirepeer", Some("PGREQUIREPEER")),
    since(Version::V16, "require_auth", Some("PGREQUIREAUTH")),
    since(
        Version::V18,
        "min_protocol_version",
        Some("PGMINPROTOCOLVERSION"),
    ),
    since(
        Version::V18,
        "max_protocol_version",
        Some("PGMAXPROTOCOLVERSION"),
    ),
    defaults(
        "TLSv1.2",
        since(
            Version::V13,
            "ssl_min_protocol_version",
            Some("PGSSLMINPROTOCOLVERSION"),
        ),
    ),
    since(
        Version::V13,
        "ssl_max_protocol_version",
        Some("PGSSLMAXPROTOCOLVERSION"),
    ),
    defaults("prefer", keyword("gssencmode", Some("PGGSSENCMODE"))),
    defaults("postgres", keyword("krbsrvname", Some("PGKRBSRVNAME"))),
    keyword("gsslib", Some("PGGSSLIB")),
    defaults(
        "0",
        since(Version::V16, "gssdelegation", Some("PGGSSDELEGATION")),
    ),
    keyword("replication", None),
    defaults(
        "any",
        keyword("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ),
    defaults(
        "disable",
        since(
            Version::V16,
            "load_balance_hosts",
            Some("PGLOADBALANCEHOSTS"),
        ),
    ),
    secret(since(Version::V18, "scram_client_key", None)),
    secret(since(Version::V18, "scram_server_key", None)),
    since(Version::V18, "oauth_issuer", None),
    since(Version::V18, "oauth_client_id", None),
    secret(since(Version::V18, "oauth_client_secret", None)),
    since(Version::V18, "oauth_scope", None),
    since(Version::V19, "oauth_ca_file", Some("PGOAUTHCAFILE")),
    since(Version::V18, "sslkeylogfile", None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_keyword_stands_here_once() {
        for (i, keyword) in KEYWORDS.iter().enumerate() {
            assert!(
                !KEYWORDS[..i].iter().any(|k| k.name == keyword.name),
                "{}",
                keyword.name
            );
        }
    }

    #[test]
    fn a_keyword_is_known_from_its_version_on() {
        let known = |name: &str, version| Keyword::named(name).unwrap().known_to(version);
        assert!(known("sslmode", Version::V12));
        assert!(!known("sslcertmode", Version::V15) && known("sslcertmode", Version::V16));
        assert!(known("tty", Version::V13) && !known("tty", Version::V14));
        assert_eq!(Keyword::named("SSLMODE"), None);
    }

    #[test]
    fn the_keywords_of_15_are_those_of_its_pqconndefaults() {
        let known: alloc::vec::Vec<_> = KEYWORDS
            .iter()
            .filter(|k| k.known_to(Version::V15))
            .map(|k| k.name)
            .collect();
        insta::assert_snapshot!(known.join(" "), @"service user password passfile channel_binding connect_timeout dbname host hostaddr port client_encoding options application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout sslmode sslcompression sslcert sslkey sslpassword sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version gssencmode krbsrvname gsslib replication target_session_attrs");
    }
}
