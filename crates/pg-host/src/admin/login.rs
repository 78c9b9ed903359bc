//! Getting into a server: as whom, to which database, over which door, and what a refusal means for the next try.

use std::path::Path;

use hostfile::Account;
use pg_probe::{Address, Failure, Session, Target};
use pki_core::Time;

use super::AdminError;
use crate::cluster::{Cluster, Postmaster};

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

/// A role to log in as, and the databases to try.
pub(super) struct Login {
    account: Account,
    pub(super) user: String,
    targets: Vec<Target>,
}

/// What came of a login.
pub(super) enum Opened {
    Session(Session),
    /// Another role may fare better.
    Refused,
    /// No role will.
    Unreachable,
}

impl Login {
    /// Where it goes, in words.
    pub(super) fn address(&self) -> String {
        self.targets
            .first()
            .map(|target| describe(&target.address))
            .unwrap_or_default()
    }

    /// Opens a session with the first database that takes it, and notes what failed until then.
    pub(super) fn open(&self, tried: &mut Vec<Tried>) -> Result<Opened, AdminError> {
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
pub(super) fn logins(
    cluster: &Cluster,
    how: &How<'_>,
    now: Time,
) -> Result<Vec<Login>, AdminError> {
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

/// The logins that were refused, each with what it was told.
pub(super) fn in_words(tried: &[Tried]) -> String {
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

/// The name that packages and initdb's documentation give the bootstrap superuser.
const DEFAULT_SUPERUSER: &str = "postgres";

/// Databases that are there unless somebody dropped them.
const DATABASES: [&str; 2] = ["postgres", "template1"];

/// How the session shows itself in `pg_stat_activity`.
const APPLICATION_NAME: &str = "pgcert";

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use pg_config::Version;
    use pg_probe::ServerError;

    use super::*;

    pub(in crate::admin) fn cluster(pid_file: &[u8]) -> Cluster {
        Cluster {
            version: Version::V15,
            name: None,
            data_dir: PathBuf::from("/d"),
            config_file: None,
            owner: Account {
                name: "dba".to_owned(),
                ..Account::current().unwrap()
            },
            postmaster: Postmaster::parse(pid_file, Path::new("/d")),
            bin_dir: None,
            debian: false,
        }
    }

    fn tried(cluster: &Cluster, how: &How<'_>) -> Vec<String> {
        let logins = logins(cluster, how, Time::from_unix(0)).unwrap();
        let targets = logins.iter().flat_map(|login| &login.targets);
        targets
            .map(|t| format!("{}@{} {}", t.user, t.database, describe(&t.address)))
            .collect()
    }

    #[test]
    fn the_owner_is_tried_first_and_the_usual_name_after_him() {
        let running = b"7\n/d\n1\n5433\n/run/pg\n\n1 2\nready   \n";
        assert_eq!(
            tried(&cluster(running), &How::Socket),
            [
                "dba@postgres /run/pg/.s.PGSQL.5433",
                "dba@template1 /run/pg/.s.PGSQL.5433",
                "postgres@postgres /run/pg/.s.PGSQL.5433",
                "postgres@template1 /run/pg/.s.PGSQL.5433",
            ]
        );
        assert_eq!(tried(&cluster(running), &How::SocketAs("boss")).len(), 2);
        let mut debian = cluster(running);
        debian.owner.name = "postgres".to_owned();
        assert_eq!(tried(&debian, &How::Socket).len(), 2);
    }

    #[test]
    fn only_what_another_login_could_mend_is_tried_again() {
        let server = |code: &str| {
            let mut error = ServerError::default();
            code.clone_into(&mut error.code);
            Blame::of(&Failure::Server(Box::new(error)))
        };
        assert!(matches!(server("3D000"), Blame::Database));
        assert!(matches!(server("28000"), Blame::Role));
        assert!(matches!(server("28P01"), Blame::Role));
        assert!(matches!(server("53300"), Blame::Server));
        assert!(matches!(server("57P03"), Blame::Server));
        assert!(matches!(Blame::of(&Failure::NoTls), Blame::Server));
    }
}
