//! The client's side: which host, role, certificate, key, roots and password libpq would end up with for a connection string, and the
//! files of a user that are there.

mod credentials;
mod environment;
mod error;
mod facts;
mod password;
mod trust;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hostfile::Account;
use pg_config::Version;
use pg_config::conninfo::{Conninfo, Host, Resolved, Site, SslMode};
use pg_config::service;
use pg_probe::{Address, Target};
use pki_core::{Certificate, HostRules, Secret, Time};

use crate::files::HostFiles;

pub use environment::{Environment, variables};
pub use error::{ClientError, ClientNote};
pub use facts::{ClientFacts, client_facts};

/// The libpq whose rules and compiled defaults apply. The default is Debian's, of version 15: rules that hold up to 19.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Libpq {
    /// Its version. Those before 15 ignore `HOME` and the addresses in certificates.
    pub version: Version,
    /// `DEFAULT_PGSOCKET_DIR`: where Unix sockets are.
    pub socket_dir: String,
    /// `SYSCONFDIR`: where the system's `pg_service.conf` is.
    pub system_dir: String,
    /// The system's own bundle of public authorities (`sslrootcert=system`, 16 and newer).
    pub system_roots: PathBuf,
}

impl Default for Libpq {
    fn default() -> Self {
        Self {
            version: Version::V15,
            socket_dir: "/var/run/postgresql".to_owned(),
            system_dir: "/etc/postgresql-common".to_owned(),
            system_roots: PathBuf::from("/etc/ssl/certs/ca-certificates.crt"),
        }
    }
}

/// A connection as libpq would make it.
#[derive(Debug)]
pub struct ClientTarget {
    /// The first host to try.
    pub target: Target,
    /// The other hosts, in order; [`pg_probe::connect_any`] tries them as libpq does.
    pub others: Vec<Target>,
    /// Every parameter with its source.
    pub resolved: Resolved,
    /// The files that were looked for, and what came of it.
    pub files: ClientFiles,
    /// What libpq would have warned of, or does differently from what is done here.
    pub notes: Vec<ClientNote>,
}

/// The files of one connection. A path without its file is what was looked for in vain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFiles {
    /// The service file that was used.
    pub service: Option<PathBuf>,
    /// The client's certificate.
    pub certificate: Option<Sought>,
    /// Its key; looked for only where there is a certificate.
    pub key: Option<Sought>,
    /// The trusted roots.
    pub roots: Option<Sought>,
    /// The revocation lists; looked for only where there are roots.
    pub crls: Option<Sought>,
    /// The password file; looked for only where no password is given.
    pub passfile: Option<Sought>,
}

/// A file that libpq looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Where.
    pub path: PathBuf,
    /// Whether it is there and was used.
    pub found: bool,
}

/// Resolves a connection as libpq would for the user `account`, reading his files with his rights.
///
/// `environment` is what libpq would see: where somebody else's connection is resolved, the caller's own `HOME` and `PG*` variables do not
/// belong in it.
///
/// # Errors
/// [`ClientError`].
pub fn resolve(
    conninfo: &Conninfo,
    environment: &Environment,
    account: &Account,
    libpq: &Libpq,
    now: Time,
) -> Result<ClientTarget, ClientError> {
    let view = View {
        conninfo,
        environment,
        account,
        libpq,
        now,
    };
    let work = || view.resolve();
    hostfile::acting_as(account, work).map_err(ClientError::Rights)?
}

/// What libpq sees when it starts.
struct View<'a> {
    conninfo: &'a Conninfo,
    environment: &'a Environment,
    account: &'a Account,
    libpq: &'a Libpq,
    now: Time,
}

impl View<'_> {
    fn resolve(&self) -> Result<ClientTarget, ClientError> {
        let env = |name: &str| self.environment.get(name).map(str::to_owned);
        let home = self.home();
        let service = self
            .conninfo
            .service(&env)
            .map(|wanted| {
                let system_dir =
                    env("PGSYSCONFDIR").unwrap_or_else(|| self.libpq.system_dir.clone());
                let home = home.to_str();
                service::locate(&wanted, home, &system_dir, &HostFiles, self.libpq.version)
            })
            .transpose()?;
        let site = Site {
            version: self.libpq.version,
            os_user: &self.account.name,
            socket_dir: &self.libpq.socket_dir,
        };
        let resolved = self.conninfo.resolve(&env, service.as_ref(), &site)?;

        resolved.check()?;
        let mut notes = not_considered(&resolved);
        let mut files = ClientFiles {
            service: service.map(|found| PathBuf::from(found.file)),
            ..ClientFiles::default()
        };
        let folder = home.join(".postgresql");
        let hosts = resolved.hosts()?;
        let mode = resolved.sslmode()?;
        let mut shared = Shared {
            sslmode: mode,
            ..Shared::default()
        };
        // TLS, and all that belongs to it, is for TCP only.
        if mode != SslMode::Disable && hosts.iter().any(|host| host.socket_dir().is_none()) {
            match self.read_tls(&resolved, mode, &folder, &mut files, &mut notes) {
                Ok(tls) => shared = tls,
                // libpq would ask on the terminal, whatever the mode.
                Err(error @ ClientError::KeyEncrypted(_)) => return Err(error),
                // With these modes a TLS connection that cannot even begin is one that failed: on with plain text.
                Err(error) if matches!(mode, SslMode::Allow | SslMode::Prefer) => {
                    notes.push(ClientNote::TlsGivenUp(Box::new(error)));
                    shared.sslmode = SslMode::Disable;
                }
                Err(error) => return Err(error),
            }
        }
        let passwords =
            password::Passwords::read(&resolved, &home, self.libpq, &mut files, &mut notes);
        let mut targets = Vec::new();
        for host in &hosts {
            targets.push(self.target(host, &resolved, &shared, &passwords)?);
        }
        let mut targets = targets.into_iter();
        // libpq has one host at least: the default socket folder.
        let Some(target) = targets.next() else {
            return Err(ClientError::HostAddress(String::new()));
        };
        Ok(ClientTarget {
            target,
            others: targets.collect(),
            resolved,
            files,
            notes,
        })
    }

    /// The files of TLS (`initialize_SSL`).
    fn read_tls(
        &self,
        resolved: &Resolved,
        sslmode: SslMode,
        folder: &Path,
        files: &mut ClientFiles,
        notes: &mut Vec<ClientNote>,
    ) -> Result<Shared, ClientError> {
        let trust = trust::read(resolved, sslmode, folder, self, files, notes)?;
        let roots = trust.roots.as_deref();
        Ok(Shared {
            sslmode,
            credentials: credentials::read(resolved, folder, self.libpq, roots, files, notes)?,
            roots: trust.roots,
            crls: trust.crls,
        })
    }

    /// `pqGetHomeDirectory`: from 15 on `HOME` comes first.
    fn home(&self) -> PathBuf {
        match self.environment.get("HOME") {
            Some(home) if !home.is_empty() && self.libpq.version >= Version::V15 => {
                PathBuf::from(home)
            }
            _ => self.account.home.clone(),
        }
    }

    fn target(
        &self,
        host: &Host,
        resolved: &Resolved,
        shared: &Shared,
        passwords: &password::Passwords,
    ) -> Result<Target, ClientError> {
        let text = |keyword| resolved.get(keyword).unwrap_or_default();
        let address = address(host)?;
        let (user, database) = (resolved.user(), resolved.dbname());
        let mut target = Target::new(address, user, database, self.now);
        target.password = passwords.of(host, database, user, self.libpq);
        target.sslmode = shared.sslmode;
        target.negotiation = resolved.sslnegotiation()?;
        target.channel_binding = resolved.channel_binding()?;
        target.credentials.clone_from(&shared.credentials);
        target.roots.clone_from(&shared.roots);
        target.crls.clone_from(&shared.crls);
        target.host_rules = if self.libpq.version >= Version::V15 {
            HostRules::Libpq15
        } else {
            HostRules::Libpq12
        };
        if let Some(text) = resolved.get("connect_timeout") {
            target.timeout = timeout(text, self.libpq.version)?;
        }
        // An empty name is one, and nothing is sent.
        target.application_name = resolved
            .get("application_name")
            .unwrap_or_else(|| text("fallback_application_name"))
            .to_owned();
        text("replication").clone_into(&mut target.replication);
        text("options").clone_into(&mut target.options);
        // `auto` is the locale's, which is not looked at: nothing is shown here but what is UTF-8.
        match text("client_encoding") {
            "" | "auto" => {}
            encoding => encoding.clone_into(&mut target.client_encoding),
        }
        target.settings = self.environment.session().collect();
        Ok(target)
    }
}

/// What all hosts of a connection have in common.
#[derive(Default)]
struct Shared {
    sslmode: SslMode,
    credentials: Option<pg_probe::Credentials>,
    roots: Option<Vec<Certificate>>,
    crls: Vec<pki_core::Crl>,
}

fn address(host: &Host) -> Result<Address, ClientError> {
    if let Some(folder) = host.socket_dir() {
        if folder.starts_with('@') {
            return Err(ClientError::AbstractSocket(folder.to_owned()));
        }
        return Ok(Address::Unix {
            socket: Path::new(folder).join(format!(".s.PGSQL.{}", host.port)),
        });
    }
    let ip = host.hostaddr.as_deref().map(|text| {
        text.parse::<IpAddr>()
            .map_err(|_| ClientError::HostAddress(text.to_owned()))
    });
    Ok(Address::Tcp {
        host: host.host.clone().unwrap_or_default(),
        ip: ip.transpose()?,
        port: host.port,
    })
}

/// `connect_timeout`: seconds, zero or less for no bound; before 17 libpq takes 1 for 2.
fn timeout(text: &str, version: Version) -> Result<Duration, ClientError> {
    let seconds = text
        .trim()
        .parse::<i32>()
        .map_err(|_| ClientError::NotAnInteger {
            keyword: "connect_timeout",
            value: text.to_owned(),
        })?;
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let least = if version < Version::V17 { 2 } else { 1 };
    Ok(Duration::from_secs(if seconds == 0 {
        0
    } else {
        seconds.max(least)
    }))
}

/// Parameters that are set to something else than their default and mean nothing here.
fn not_considered(resolved: &Resolved) -> Vec<ClientNote> {
    NOT_CONSIDERED
        .iter()
        .filter(|(keyword, harmless)| {
            resolved
                .get(keyword)
                .is_some_and(|value| !value.is_empty() && !harmless.contains(&value))
        })
        .map(|(keyword, _)| ClientNote::NotConsidered(keyword))
        .collect()
}

/// Keywords that libpq obeys and this program does not, with the values that make no difference.
const NOT_CONSIDERED: [(&str, &[&str]); 8] = [
    ("require_auth", &[]),
    ("requirepeer", &[]),
    ("gssencmode", &["disable", "prefer"]),
    ("target_session_attrs", &["any"]),
    ("load_balance_hosts", &["disable"]),
    ("ssl_min_protocol_version", &["TLSv1.2", "TLSv1.1", "TLSv1"]),
    ("ssl_max_protocol_version", &["TLSv1.3"]),
    ("sslsni", &["1"]),
];

/// A value that must not be shown.
fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests;
