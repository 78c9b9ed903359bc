//! Doing what an approved plan says, and taking all of it back when anything fails.
//!
//! Everything that can fail for lack of room or rights is done first and beside the files in use:
//! certificates are issued, new files written under other names. Then the files are swapped one by
//! one, each announced in the journal before, the server is told, and the result proven. Until the
//! proof holds, every step knows how to be undone.

mod files;
mod issue;
mod rollback;
mod server;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;

use hostfile::{Account, Lock, Trust};
use pg_host::client::Libpq;
use pg_host::{Admin, AdminError, AskError, Cluster};
use pki_core::{Secret, Time};

use self::files::Prepared;
use self::issue::Issued;
use self::rollback::Undo;
use crate::journal::{self, Entry, Journal, JournalError};
use crate::plan::{Approved, Plan, Step};
use crate::proof::{self, Proof, ProofError};

pub use self::rollback::NotPutBack;
pub(crate) use self::server::{drop_role, reload, set_system};

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
    /// The client whose login is proven.
    pub client: Option<ClientSeat>,
    /// Whether somebody asked us to stop.
    pub interrupted: &'a dyn Fn() -> bool,
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

/// Applies the plan. With nothing to do it still proves that what is there works.
///
/// # Errors
/// [`Failed`]: what failed, and what could not be put back, if anything.
pub fn apply(approved: &Approved, workshop: &mut Workshop<'_>) -> Result<Proof, Failed> {
    let plan = &approved.0;
    if plan.is_empty() {
        return proof::prove(&plan.expectation, None, workshop)
            .map_err(|error| Failed::cleanly(error.into()));
    }
    journal::make_folders(&workshop.state).map_err(|error| Failed::cleanly(error.into()))?;
    let _lock = Lock::acquire(&workshop.state.join("lock"), 0o600, Trust::Owner)
        .map_err(|error| Failed::cleanly(error.into()))?;
    let begin = Entry::Begin {
        at: workshop.now.unix(),
        data_dir: workshop
            .server
            .as_ref()
            .map(|(cluster, _)| cluster.data_dir.clone()),
    };
    let journal =
        Journal::begin(&workshop.state, &begin).map_err(|error| Failed::cleanly(error.into()))?;

    let mut run = Run {
        workshop,
        journal,
        undo: Vec::new(),
        issued: Issued::default(),
    };
    // A bug must not leave a server half-configured: what was done is taken back on unwinding too.
    match catch_unwind(AssertUnwindSafe(|| run.forward(plan))) {
        Ok(Ok(proof)) => run.settle(proof),
        Ok(Err(cause)) => Err(run.back(cause)),
        Err(panic) => {
            run.back(ApplyError::Interrupted);
            resume_unwind(panic)
        }
    }
}

/// One apply under way.
struct Run<'r, 'w> {
    workshop: &'r mut Workshop<'w>,
    journal: Journal,
    undo: Vec<Undo>,
    issued: Issued,
}

impl Run<'_, '_> {
    fn forward(&mut self, plan: &Plan) -> Result<Proof, ApplyError> {
        // The plan's order has all that only adds something first; then everything is prepared.
        let mut prepared = None;
        for step in &plan.steps {
            if (self.workshop.interrupted)() {
                return Err(ApplyError::Interrupted);
            }
            match step {
                Step::InitAuthority(init) => self.init_authority(init)?,
                Step::Issue(issue) => self.issue(issue)?,
                Step::MakeFolder(folder) => self.make_folder(folder)?,
                changing => {
                    let prepared = match &mut prepared {
                        Some(prepared) => prepared,
                        None => prepared.insert(self.prepare(plan)?),
                    };
                    self.change(changing, prepared)?;
                }
            }
        }
        Ok(proof::prove(
            &plan.expectation,
            self.issued.server(),
            self.workshop,
        )?)
    }

    /// A step that changes what is in use.
    fn change(&mut self, step: &Step, prepared: &mut Prepared) -> Result<(), ApplyError> {
        match step {
            Step::CreateRole(role) => self.create_role(role),
            Step::AlterSystem(change) => self.alter_system(change),
            Step::Write(write) => self.swap(write, prepared),
            Step::Reload => self.check_files().and_then(|()| self.reload()),
            Step::Restart => self.check_files().and_then(|()| self.restart()),
            Step::InitAuthority(_) | Step::Issue(_) | Step::MakeFolder(_) => Ok(()),
        }
    }

    /// It is proven: the old files go, and with them the way back.
    fn settle(mut self, proof: Proof) -> Result<Proof, Failed> {
        if let Err(error) = self.journal.add(&Entry::Proven) {
            return Err(self.back(error.into()));
        }
        let left = self.keep();
        match self.journal.take_away() {
            Ok(()) if left.is_empty() => Ok(proof),
            Ok(()) => Ok(proof.with_leftovers(left)),
            Err(error) => Err(Failed {
                cause: error.into(),
                left,
            }),
        }
    }
}

/// An apply that failed.
#[derive(Debug)]
pub struct Failed {
    /// What failed.
    pub cause: ApplyError,
    /// What could not be put back; empty: everything is as it was.
    pub left: Vec<NotPutBack>,
}

impl Failed {
    fn cleanly(cause: ApplyError) -> Self {
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
    Proof: ProofError,
}
