//! The user database. Taking on an account's rights is in `acting`.

use std::ffi::CString;
use std::io;
use std::path::PathBuf;

use nix::unistd::{Gid, Uid, User, getgrouplist};

/// An entry of the user database (passwd(5), or whatever nsswitch.conf names).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// Numeric user id.
    pub uid: u32,
    /// Numeric id of the primary group.
    pub gid: u32,
    /// Home folder; it need not exist.
    pub home: PathBuf,
}

impl Account {
    /// The account with this login name.
    ///
    /// # Errors
    /// [`AccountError::Unknown`] where there is none, [`AccountError::Lookup`] where the database does not answer.
    pub fn by_name(name: &str) -> Result<Account, AccountError> {
        found(name.to_owned(), User::from_name(name))
    }

    /// The account with this numeric id.
    ///
    /// # Errors
    /// As [`Account::by_name`]. Containers run under numbers that have no account.
    pub fn by_uid(uid: u32) -> Result<Account, AccountError> {
        found(uid.to_string(), User::from_uid(Uid::from_raw(uid)))
    }

    /// The account whose rights are in use: that of the effective user id.
    ///
    /// # Errors
    /// As [`Account::by_uid`].
    pub fn current() -> Result<Account, AccountError> {
        Account::by_uid(rustix::process::geteuid().as_raw())
    }

    /// The primary and the supplementary groups, as initgroups(3) would set them.
    ///
    /// # Errors
    /// [`AccountError::Lookup`] where the database does not answer.
    pub fn groups(&self) -> Result<Vec<u32>, AccountError> {
        let lookup = |source| AccountError::Lookup {
            account: self.name.clone(),
            source,
        };
        let name = CString::new(self.name.as_str()).map_err(|error| lookup(error.into()))?;
        let groups = getgrouplist(&name, Gid::from_raw(self.gid)).map_err(|e| lookup(e.into()))?;
        Ok(groups.into_iter().map(Gid::as_raw).collect())
    }
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The user database has no such entry.
    #[error("there is no user {account}")]
    Unknown {
        /// The name or number asked for.
        account: String,
    },
    /// The user database did not answer.
    #[error("cannot look up user {account}: {source}")]
    Lookup {
        /// The name or number asked for.
        account: String,
        /// The system's answer.
        source: io::Error,
    },
}

fn found(asked: String, answer: nix::Result<Option<User>>) -> Result<Account, AccountError> {
    match answer {
        Ok(Some(user)) => Ok(Account {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            home: user.dir,
        }),
        Ok(None) => Err(AccountError::Unknown { account: asked }),
        Err(errno) => Err(AccountError::Lookup {
            account: asked,
            source: errno.into(),
        }),
    }
}
