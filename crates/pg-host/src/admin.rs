//! A session with the running server by somebody who may see everything: opened, checked, and asked. It asks and never changes;
//! whoever wants a change sends it through [`Admin::session`].

mod array;
mod login;
mod records;
mod roles;
mod traffic;
mod views;

use std::path::PathBuf;

use pg_config::Version;
use pg_probe::{Failure, Session};
use pki_core::Time;

use self::login::Opened;
use crate::cluster::{Cluster, same_folder};

pub use login::{How, Tried};
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
        for login in login::logins(cluster, how, now)? {
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
                    address: login.address(),
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
    #[error("no login works: {}", login::in_words(.tried))]
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
    #[error(transparent)]
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

/// Longest time in seconds from a server's beginning to the start time that it reports.
const LONGEST_START: i64 = 600;

#[cfg(test)]
mod tests {
    use super::login::tests::cluster;
    use super::*;

    #[test]
    fn no_server_and_no_socket_are_said() {
        let down = Admin::connect(&cluster(b""), &How::Socket, Time::from_unix(0));
        assert!(matches!(down, Err(AdminError::Down { .. })));
        let no_socket = Admin::connect(
            &cluster(b"7\n/d\n1\n5433\n\n\n1 2\nready   \n"),
            &How::Socket,
            Time::from_unix(0),
        );
        assert!(matches!(no_socket, Err(AdminError::NoSocket { .. })));
    }

    #[test]
    fn a_server_that_began_at_another_time_is_another_server() {
        let answered = |started| Identity {
            data_dir: PathBuf::from("/d"),
            version_num: 150_018,
            started,
        };
        assert!(answered(1000).began_with(1000));
        assert!(answered(1030).began_with(1000), "recovery takes a while");
        assert!(!answered(999).began_with(1000));
        assert!(!answered(1000 + LONGEST_START + 1).began_with(1000));
    }

    #[test]
    fn a_refusal_says_everything_that_was_tried() {
        let refused = |user: &str| Tried {
            os_user: "dba".to_owned(),
            user: user.to_owned(),
            database: "postgres".to_owned(),
            failure: Failure::NoTls,
        };
        let error = AdminError::Refused {
            tried: vec![refused("dba"), refused("postgres")],
        };
        insta::assert_snapshot!(error, @r#"no login works: as role "dba" by user dba to database "postgres": server does not support SSL, but SSL was required; as role "postgres" by user dba to database "postgres": server does not support SSL, but SSL was required"#);
        assert!(!error.wants_password());
        let mut wanting = refused("boss");
        wanting.failure = Failure::PasswordNeeded {
            method: pg_probe::AuthMethod::Md5,
        };
        assert!(
            AdminError::Refused {
                tried: vec![wanting]
            }
            .wants_password()
        );
    }
}
