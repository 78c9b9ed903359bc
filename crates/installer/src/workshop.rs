//! What an apply and its proof work with: the clock's time, the rights in use, a session with the
//! server, the client's seat.

use std::path::PathBuf;

use hostfile::Account;
use pg_host::client::Libpq;
use pg_host::{Admin, AdminError, Cluster, How};
use pg_probe::Target;
use pki_core::{Secret, Time};

use crate::failure::ApplyError;

/// What an apply works with.
pub struct Workshop<'a> {
    /// Now.
    pub now: Time,
    /// Whose rights are in use.
    pub account: Account,
    /// The folder of journal and lock.
    pub state: PathBuf,
    /// The authority's folder and the passphrase of its key, where something has to be issued.
    pub authority: Option<(PathBuf, Option<Secret>)>,
    /// The server, and a session with it.
    pub server: Option<(Cluster, Admin)>,
    /// How that session was opened, for the next one.
    pub way: Way,
    /// The client whose login is proven.
    pub client: Option<ClientSeat>,
    /// Whether somebody asked us to stop.
    pub interrupted: &'a dyn Fn() -> bool,
}

/// How to reach a server as somebody who may see and do everything.
#[derive(Debug, Clone)]
pub enum Way {
    /// Over its own socket, as the owner of the data folder.
    Socket,
    /// As somebody else says, with the rights of an account.
    Target(Box<Target>, Account),
}

impl Way {
    /// Opens a session.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn connect(&self, cluster: &Cluster, now: Time) -> Result<Admin, AdminError> {
        match self {
            Way::Socket => Admin::connect(cluster, &How::Socket, now),
            Way::Target(target, account) => {
                Admin::connect(cluster, &How::Target(target, account), now)
            }
        }
    }
}

/// The client whose login is proven.
pub struct ClientSeat {
    /// With whose rights.
    pub account: Account,
    /// The folder of its files.
    pub home: PathBuf,
    /// The passphrase of its key.
    pub key_passphrase: Option<Secret>,
    /// The libpq whose rules apply.
    pub libpq: Libpq,
}

impl Workshop<'_> {
    /// The server and the session with it.
    pub(crate) fn server(&mut self) -> Result<&mut (Cluster, Admin), ApplyError> {
        let missing = ApplyError::Missing("a session with the server");
        self.server.as_mut().ok_or(missing)
    }

    /// The session alone.
    pub(crate) fn admin(&mut self) -> Result<&mut Admin, ApplyError> {
        self.server().map(|(_, admin)| admin)
    }
}
