//! How an apply fails: what failed, and what could not be put back.

use std::path::PathBuf;

use pg_host::{AdminError, AskError};

use crate::journal::JournalError;
use crate::proof::ProofError;

/// An apply that failed.
#[derive(Debug)]
pub struct Failed {
    /// What failed.
    pub cause: ApplyError,
    /// What could not be put back; empty: everything is as it was.
    pub left: Vec<NotPutBack>,
}

impl Failed {
    pub(crate) fn cleanly(cause: ApplyError) -> Self {
        Failed {
            cause,
            left: Vec::new(),
        }
    }
}

/// What can fail while a plan is applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A file.
    #[error(transparent)]
    File(#[from] hostfile::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The authority.
    #[error(transparent)]
    Authority(Box<authority::Error>),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] pki_core::KeyError),
    /// The server did not answer as expected.
    #[error(transparent)]
    Ask(Box<AskError>),
    /// The server refused a statement.
    #[error("the server refused: {0}")]
    Statement(Box<pg_probe::QueryError>),
    /// The server could not be reached again.
    #[error(transparent)]
    Admin(Box<AdminError>),
    /// The cluster could not be looked at again.
    #[error(transparent)]
    Cluster(Box<pg_host::FindError>),
    /// A file is no longer what it was when the plan was made.
    #[error("{} has changed since the plan was made", .0.display())]
    Changed(PathBuf),
    /// The server would not load the new files.
    #[error("the server would not load the new files: {}", .0.join("; "))]
    Unloadable(Vec<String>),
    /// The server has not read its files.
    #[error("the server has not read its files within {0} seconds")]
    NotReloaded(u64),
    /// The server could not be restarted.
    #[error("the server could not be restarted: {0}")]
    NotRestarted(String),
    /// The plan names something that nobody brought: a bug.
    #[error("the plan needs {0}, which is not at hand")]
    Missing(&'static str),
    /// Somebody asked us to stop.
    #[error("interrupted")]
    Interrupted,
    /// The result does not hold.
    #[error(transparent)]
    Proof(Box<ProofError>),
}

/// An error of a crate below, behind a box: `ApplyError` is returned everywhere here and stays small.
macro_rules! boxed {
    ($($variant:ident: $error:ty),+ $(,)?) => {
        $(impl From<$error> for ApplyError {
            fn from(error: $error) -> Self {
                ApplyError::$variant(Box::new(error))
            }
        })+
    };
}

boxed! {
    Authority: authority::Error,
    Ask: AskError,
    Statement: pg_probe::QueryError,
    Admin: AdminError,
    Cluster: pg_host::FindError,
}

impl From<ProofError> for ApplyError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Interrupted => ApplyError::Interrupted,
            error => ApplyError::Proof(Box::new(error)),
        }
    }
}

/// Something that could not be put back.
#[derive(Debug, Clone)]
pub struct NotPutBack {
    /// What: a path, or `role "x"`.
    pub what: String,
    /// Where its former content lies, where there is any.
    pub saved: Option<PathBuf>,
    /// Why.
    pub reason: String,
}
