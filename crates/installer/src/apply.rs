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

use hostfile::{Lock, Trust};
use pg_host::Cluster;

use self::files::Prepared;
use self::issue::Issued;
use self::rollback::Undo;
use crate::failure::{ApplyError, Failed, NotPutBack};
use crate::journal::{self, Entry, Journal};
use crate::plan::{Approved, Plan, Step};
use crate::proof::{self, Proof};
use crate::workshop::Workshop;

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
    // Whoever else works on this cluster has a journal of another folder: the cluster is locked too.
    let _cluster = match &workshop.server {
        Some((cluster, _)) => Some(lock(cluster).map_err(|error| Failed::cleanly(error.into()))?),
        None => None,
    };
    // Of a run that was killed before there was a journal to tell of it.
    hostfile::clear_abandoned(&workshop.state);
    for leftover in hostfile::leftovers(&workshop.state).map_err(|e| Failed::cleanly(e.into()))? {
        hostfile::remove(&leftover, Trust::Owner).map_err(|e| Failed::cleanly(e.into()))?;
    }
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
        begin,
        journal,
        undo: Vec::new(),
        issued: Issued::default(),
        swapped_ahead: false,
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

fn lock(cluster: &Cluster) -> Result<Lock, hostfile::Error> {
    cluster.as_owner(|| Lock::on_folder(&cluster.data_dir))?
}

/// One apply under way.
struct Run<'r, 'w> {
    workshop: &'r mut Workshop<'w>,
    /// The journal's first entry.
    begin: Entry,
    journal: Journal,
    undo: Vec<Undo>,
    issued: Issued,
    /// Whether the next file to be written has been, together with the one before it.
    swapped_ahead: bool,
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
        if (self.workshop.interrupted)() {
            return Err(ApplyError::Interrupted);
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
            Step::Reload => self.reload(),
            Step::Restart => self.restart(),
            Step::InitAuthority(_) | Step::Issue(_) | Step::MakeFolder(_) => Ok(()),
        }
    }

    /// It is proven: the old files go, and with them the way back.
    fn settle(mut self, proof: Proof) -> Result<Proof, Failed> {
        if let Err(error) = self.journal.add(&Entry::Proven) {
            return Err(self.back(error.into()));
        }
        let mut left = self.keep();
        if let Err(error) = self.journal.take_away() {
            left.push(NotPutBack {
                what: self.journal.path().display().to_string(),
                saved: None,
                reason: error.to_string(),
            });
        }
        Ok(proof.with_leftovers(left))
    }
}
