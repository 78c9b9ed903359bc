//! The environment as a value: what libpq would find in it.

use std::collections::BTreeMap;
use std::fmt;

/// Environment variables that matter to libpq ([`variables`]). One that is set and empty is a value like any other: most
/// of them count then, as libpq asks no more than whether they are there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// An empty environment: what a service manager or cron would give.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// What `value` says of each of the [`variables`].
    pub fn gather(value: impl Fn(&str) -> Option<String>) -> Self {
        variables()
            .filter_map(|name| Some((name, value(name)?)))
            .collect()
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(variables().any(|known| known == name), "{name}");
        self.0.get(name).map(String::as_str)
    }

    /// Settings of the session that libpq takes out of the environment, in its order (`fe-connect.c`,
    /// `EnvironmentOptions`). The word `default` leaves the setting to the server.
    pub(super) fn session(&self) -> impl Iterator<Item = (String, String)> {
        SESSION.iter().filter_map(|(variable, setting)| {
            let value = self.get(variable)?;
            (!value.eq_ignore_ascii_case("default"))
                .then(|| ((*setting).to_owned(), value.to_owned()))
        })
    }
}

/// Every variable that [`resolve`](super::resolve) asks for.
pub fn variables() -> impl Iterator<Item = &'static str> {
    let of_conninfo = pg_config::conninfo::variables();
    let of_files = ["HOME", "PGSYSCONFDIR", "SSL_CERT_FILE"];
    let of_session = SESSION.iter().map(|(variable, _)| *variable);
    of_conninfo.chain(of_files).chain(of_session)
}

/// A variable, and the setting that it gives.
const SESSION: [(&str, &str); 3] = [
    ("PGDATESTYLE", "datestyle"),
    ("PGTZ", "timezone"),
    ("PGGEQO", "geqo"),
];

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Environment {
    /// Names only: `PGPASSWORD` and others hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
