//! The steps that change the running server, each with its way back.

use super::Run;
use super::rollback::Undo;
use crate::failure::ApplyError;
use crate::journal::Entry;
use crate::plan::AlterSystem;
use crate::running;

impl Run<'_, '_> {
    pub(super) fn create_role(&mut self, role: &str) -> Result<(), ApplyError> {
        let (name, mark) = (role.to_owned(), mark()?);
        self.journal.add(&Entry::Role {
            name: name.clone(),
            mark: mark.clone(),
        })?;
        // An answer that is lost says nothing about what was done: the way back is there before.
        self.undo.push(Undo::Role {
            name,
            mark: mark.clone(),
        });
        running::create_role(self.workshop.admin()?, role, &mark)
    }

    pub(super) fn alter_system(&mut self, change: &AlterSystem) -> Result<(), ApplyError> {
        self.journal.add(&Entry::AlterSystem {
            name: change.name.clone(),
            value: change.value.clone(),
            before: change.before.clone(),
        })?;
        self.undo.push(Undo::AlterSystem(change.clone()));
        running::set_system(self.workshop.admin()?, &change.name, Some(&change.value))
    }

    pub(super) fn reload(&mut self) -> Result<(), ApplyError> {
        running::check_files(self.workshop.admin()?)?;
        self.journal.add(&Entry::Reload)?;
        self.undo.push(Undo::Reload);
        let interrupted = self.workshop.interrupted;
        running::reload_unless(self.workshop.admin()?, interrupted)
    }

    pub(super) fn restart(&mut self) -> Result<(), ApplyError> {
        running::check_files(self.workshop.admin()?)?;
        self.journal.add(&Entry::Restart)?;
        self.undo.push(Undo::Restart);
        running::restart(self.workshop)
    }
}

/// A comment that nobody else gives a role.
fn mark() -> Result<String, ApplyError> {
    let serial = pki_core::Serial::random().map_err(authority::Error::from)?;
    Ok(format!("pgcert {serial}"))
}
