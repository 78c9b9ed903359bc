//! The steps that change the running server, each with its way back.

use super::Run;
use super::rollback::Undo;
use crate::failure::ApplyError;
use crate::journal::Entry;
use crate::plan::AlterSystem;
use crate::running;

impl Run<'_, '_> {
    pub(super) fn create_role(&mut self, role: &str) -> Result<(), ApplyError> {
        let name = role.to_owned();
        self.journal.add(&Entry::Role { name: name.clone() })?;
        running::create_role(self.workshop.admin()?, role)?;
        self.undo.push(Undo::Role(name));
        Ok(())
    }

    pub(super) fn alter_system(&mut self, change: &AlterSystem) -> Result<(), ApplyError> {
        let (name, before) = (change.name.clone(), change.before.clone());
        self.journal.add(&Entry::AlterSystem {
            name: name.clone(),
            before: before.clone(),
        })?;
        running::set_system(self.workshop.admin()?, &name, Some(&change.value))?;
        self.undo.push(Undo::AlterSystem { name, before });
        Ok(())
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
