//! Which value each parameter has in the end and where it comes from (`fe-connect.c`, `conninfo_add_defaults`). What
//! libpq makes of the values is `check`'s and `host`'s business.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::keyword::REQUIRE_SSL;
use super::{Conninfo, KEYWORDS, Keyword, ResolveError, pairs};
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

    /// Whose rules.
    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// The default folder of Unix sockets.
    pub(super) fn socket_dir(&self) -> &str {
        &self.socket_dir
    }

    /// `sslrootcert=system`.
    pub(super) fn wants_system_roots(&self) -> bool {
        wants_system_roots(&self.values, self.version)
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
    // It has no default among the others, and gets it where it is checked (`pqConnectOptions2`).
    if version >= Version::V16 && text(&values, "sslcertmode").is_none() {
        fill(&mut values, "sslcertmode", "allow");
    }
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
    if keyword.name == "sslmode" && env(REQUIRE_SSL).is_some_and(|value| value.starts_with('1')) {
        return with("require".into(), Source::Environment(REQUIRE_SSL));
    }
    let default = keyword
        .default
        .or((keyword.name == "user").then_some(site.os_user))?;
    with(default.into(), Source::Default)
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

#[cfg(test)]
mod tests {
    use super::super::SslMode;
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
        let hosts = resolved.hosts().unwrap();
        assert_eq!(
            (hosts.len(), hosts[0].port, hosts[0].socket_dir()),
            (1, 5432, Some("/run/pg"))
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
            "weak sslmode \"require\" may not be used with sslrootcert=system (use \"verify-full\")"
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
    fn no_variable_is_asked_for_that_is_not_listed() {
        let asked = core::cell::RefCell::new(alloc::collections::BTreeSet::new());
        let env = |name: &str| {
            asked.borrow_mut().insert(name.to_string());
            None
        };
        for version in Version::ALL {
            let site = Site { version, ..SITE };
            assert_eq!(Conninfo::new().service(&env), None);
            Conninfo::new().resolve(&env, None, &site).unwrap();
        }
        // Which file holds the services is asked only where one is wanted.
        let wanted: Conninfo = "service=s".parse().unwrap();
        wanted.service(&env);
        let listed = super::super::variables().map(String::from);
        assert_eq!(asked.into_inner(), listed.collect());
    }

    #[test]
    fn a_variable_that_is_set_counts_where_it_is_empty() {
        let resolved = resolve("", &[("PGSSLMODE", ""), ("PGPORT", "")], &SITE).unwrap();
        assert_eq!(
            resolved.check().unwrap_err().to_string(),
            "invalid sslmode value: \"\""
        );
        assert_eq!(resolved.hosts().unwrap()[0].port, 5432);
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
