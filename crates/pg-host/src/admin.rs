//! A session with the running server by somebody who may see everything: opened, checked, and asked. It asks and never changes;
//! whoever wants a change sends it through [`Admin::session`].

mod array;
mod records;
mod roles;
mod traffic;
mod views;

use std::path::{Path, PathBuf};

use hostfile::Account;
use pg_config::Version;
use pg_probe::{Address, Failure, Session, Target};
use pki_core::Time;

use crate::cluster::{Cluster, Postmaster, same_folder};

pub use records::AskError;
pub use roles::{Database, Role};
pub use traffic::{OwnTls, Standby, TcpSession, own_tls};
pub use views::{FileSetting, HbaRow, IdentRow, Setting, Settings};

/// An open session of a superuser with one cluster's server.
#[derive(Debug)]
pub struct Admin {
    session: Session,
    user: String,
    version: Version,
    version_num: u32,
}

impl Admin {
    /// Opens a session with the server of `cluster`, and makes sure that it is that server.
    ///
    /// # Errors
    /// [`AdminError`]; nothing has been changed anywhere.
    pub fn connect(cluster: &Cluster, how: &How<'_>, now: Time) -> Result<Self, AdminError> {
        let postmaster = cluster
            .postmaster
            .as_ref()
            .ok_or_else(|| AdminError::Down {
                data_dir: cluster.data_dir.clone(),
            })?;
        let mut tried = Vec::new();
        let mut plain_user = None;
        for login in logins(cluster, how, now)? {
            let mut session = match login.open(&mut tried)? {
                Opened::Session(session) => session,
                Opened::Refused => continue,
                Opened::Unreachable => break,
            };
            prepare(&mut session)?;
            if !is_superuser(&mut session)? {
                plain_user.get_or_insert(login.user);
                continue;
            }
            let answered = identify(&mut session)?;
            if !same_folder(&cluster.data_dir, &answered.data_dir)
                || !answered.began_with(postmaster.started)
            {
                return Err(AdminError::OtherServer {
                    address: login
                        .targets
                        .first()
                        .map(|t| describe(&t.address))
                        .unwrap_or_default(),
                    expected: cluster.data_dir.clone(),
                    answered: answered.data_dir,
                });
            }
            let version = Version::from_version_num(answered.version_num).map_err(|_| {
                AdminError::UnknownVersion {
                    version_num: answered.version_num,
                }
            })?;
            return Ok(Self {
                session,
                user: login.user,
                version,
                version_num: answered.version_num,
            });
        }
        Err(match plain_user {
            Some(user) => AdminError::NotSuperuser { user, tried },
            None => AdminError::Refused { tried },
        })
    }

    /// The role of the session.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The server's major version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The server's `server_version_num`, such as 150018.
    #[must_use]
    pub fn version_num(&self) -> u32 {
        self.version_num
    }

    /// The session itself, for statements that change something.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }
}

/// How to get in.
#[derive(Debug, Clone, Copy)]
pub enum How<'a> {
    /// Over the server's own Unix socket, with the rights of the owner of the data folder (method `peer` lets him in on most
    /// servers). The role is tried under the owner's name, then as `postgres`.
    Socket,
    /// As [`How::Socket`], under this role only: a bootstrap superuser may be called anything.
    SocketAs(&'a str),
    /// As somebody else says, with the rights of an account.
    Target(&'a Target, &'a Account),
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// No server runs on the data folder.
    #[error("no server is running on {}", .data_dir.display())]
    Down {
        /// The data folder.
        data_dir: PathBuf,
    },
    /// The server has no Unix socket (`unix_socket_directories` is empty).
    #[error("the server on {} has no Unix socket", .data_dir.display())]
    NoSocket {
        /// The data folder.
        data_dir: PathBuf,
    },
    /// Nobody was let in.
    #[error("the server could not be asked: {}", attempts_in_words(.tried))]
    Refused {
        /// Every login that was tried, in order.
        tried: Vec<Tried>,
    },
    /// Somebody was let in who may not see everything.
    #[error("role \"{user}\" is not a superuser")]
    NotSuperuser {
        /// The role that was let in.
        user: String,
        /// The logins that were refused.
        tried: Vec<Tried>,
    },
    /// Another server answers there.
    #[error("the server at {address} is not that of {} but of {}", .expected.display(), .answered.display())]
    OtherServer {
        /// Where it answered.
        address: String,
        /// The data folder of the cluster that is meant.
        expected: PathBuf,
        /// The data folder that the server says is its own. May be the same path on another machine.
        answered: PathBuf,
    },
    /// A version that this program has no rules for.
    #[error("server version {version_num} is not supported")]
    UnknownVersion {
        /// Its `server_version_num`.
        version_num: u32,
    },
    /// The rights of the account could not be taken on.
    #[error(transparent)]
    Rights(#[from] hostfile::Error),
    /// The session broke while it was being checked.
    #[error("the server could not be asked: {0}")]
    Ask(#[from] AskError),
}

impl AdminError {
    /// Whether the last login failed for want of a password.
    #[must_use]
    pub fn wants_password(&self) -> bool {
        let (Self::Refused { tried } | Self::NotSuperuser { tried, .. }) = self else {
            return false;
        };
        tried
            .last()
            .is_some_and(|login| matches!(login.failure, Failure::PasswordNeeded { .. }))
    }
}

/// One login that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// With whose rights on this machine.
    pub os_user: String,
    /// As which role.
    pub user: String,
    /// To which database.
    pub database: String,
    /// What came of it.
    pub failure: Failure,
}

/// Who a server is.
struct Identity {
    data_dir: PathBuf,
    version_num: u32,
    started: i64,
}

impl Identity {
    /// Whether this is the server whose process began at `started` (seconds since the Unix epoch).
    ///
    /// The path of a data folder is the same on thousands of Debian machines, so it alone proves nothing. The server takes the time
    /// that it reports later than the one in its pid file: after shared memory and libraries are in place.
    fn began_with(&self, started: i64) -> bool {
        (started..=started + LONGEST_START).contains(&self.started)
    }
}

/// A role to log in as, and the databases to try.
struct Login {
    account: Account,
    user: String,
    targets: Vec<Target>,
}

/// What came of a login.
enum Opened {
    Session(Session),
    /// Another role may fare better.
    Refused,
    /// No role will.
    Unreachable,
}

impl Login {
    /// Opens a session with the first database that takes it, and notes what failed until then.
    fn open(&self, tried: &mut Vec<Tried>) -> Result<Opened, AdminError> {
        for target in &self.targets {
            let attempt = hostfile::acting_as(&self.account, || pg_probe::connect(target))?;
            let failure = match attempt.outcome {
                Ok(session) => return Ok(Opened::Session(session)),
                Err(failure) => failure,
            };
            let blame = Blame::of(&failure);
            tried.push(Tried {
                os_user: self.account.name.clone(),
                user: target.user.clone(),
                database: target.database.clone(),
                failure,
            });
            match blame {
                Blame::Database => {}
                Blame::Role => return Ok(Opened::Refused),
                Blame::Server => return Ok(Opened::Unreachable),
            }
        }
        Ok(Opened::Refused)
    }
}

/// What a failed login has to do with.
enum Blame {
    Database,
    Role,
    Server,
}

impl Blame {
    fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Server(error) => match error.code.as_str() {
                // invalid_catalog_name; object_not_in_prerequisite_state: ALLOW_CONNECTIONS is off.
                "3D000" | "55000" => Self::Database,
                // invalid_authorization_specification, invalid_password, insufficient_privilege.
                "28000" | "28P01" | "42501" => Self::Role,
                _ => Self::Server,
            },
            Failure::PasswordNeeded { .. } | Failure::UnsupportedAuthentication { .. } => {
                Self::Role
            }
            _ => Self::Server,
        }
    }
}

/// The logins worth trying, in order.
fn logins(cluster: &Cluster, how: &How<'_>, now: Time) -> Result<Vec<Login>, AdminError> {
    let owner = &cluster.owner;
    let mut users = match how {
        How::Target(target, account) => {
            return Ok(vec![Login {
                account: (*account).clone(),
                user: target.user.clone(),
                targets: vec![(*target).clone()],
            }]);
        }
        How::SocketAs(user) => vec![*user],
        How::Socket => vec![&*owner.name, DEFAULT_SUPERUSER],
    };
    users.dedup();
    let socket = cluster.postmaster.as_ref().and_then(Postmaster::socket);
    let socket = socket.ok_or_else(|| AdminError::NoSocket {
        data_dir: cluster.data_dir.clone(),
    })?;
    let target = |user: &str, database: &str| {
        let address = Address::Unix {
            socket: socket.clone(),
        };
        let mut target = Target::new(address, user, database, now);
        target.application_name = APPLICATION_NAME.to_owned();
        target
    };
    Ok(users
        .into_iter()
        .map(|user| Login {
            account: owner.clone(),
            user: user.to_owned(),
            targets: DATABASES
                .iter()
                .map(|database| target(user, database))
                .collect(),
        })
        .collect())
}

/// Fixes what the text of answers and the meaning of names depend on.
fn prepare(session: &mut Session) -> Result<(), AskError> {
    for statement in [
        "SET client_encoding = 'UTF8'",
        "SET search_path = pg_catalog",
        "SET DateStyle = 'ISO'",
        "SET statement_timeout = '30s'",
    ] {
        session.query(statement)?;
    }
    Ok(())
}

fn is_superuser(session: &mut Session) -> Result<bool, AskError> {
    let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    records::one(session, sql)?.flag("rolsuper")
}

fn identify(session: &mut Session) -> Result<Identity, AskError> {
    let answer = records::one(
        session,
        "SELECT current_setting('data_directory') AS data_directory, \
                current_setting('server_version_num') AS version_num, \
                floor(extract(epoch FROM pg_postmaster_start_time()))::bigint AS started",
    )?;
    Ok(Identity {
        data_dir: PathBuf::from(answer.text("data_directory")?),
        version_num: answer.number("version_num")?,
        started: answer.number("started")?,
    })
}

fn describe(address: &Address) -> String {
    match address {
        Address::Unix { socket } => Path::display(socket).to_string(),
        Address::Tcp {
            host,
            ip: Some(ip),
            port,
        } if host.is_empty() => format!("{ip} port {port}"),
        Address::Tcp { host, port, .. } => format!("{host} port {port}"),
    }
}

fn attempts_in_words(tried: &[Tried]) -> String {
    let words: Vec<String> = tried
        .iter()
        .map(|t| {
            format!(
                "as role \"{}\" by user {} to database \"{}\": {}",
                t.user, t.os_user, t.database, t.failure
            )
        })
        .collect();
    words.join("; ")
}

/// The name that packages and initdb's documentation give the bootstrap superuser.
const DEFAULT_SUPERUSER: &str = "postgres";

/// Databases that are there unless somebody dropped them.
const DATABASES: [&str; 2] = ["postgres", "template1"];

/// How the session shows itself in `pg_stat_activity`.
const APPLICATION_NAME: &str = "pgcert";

/// Longest time in seconds from a server's beginning to the start time that it reports.
const LONGEST_START: i64 = 600;
