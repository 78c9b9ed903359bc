//! Files and folders: written beside their places first, swapped in later.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use hostfile::{Ground, Staged, SwapRecord, Trust};

use super::Run;
use super::rollback::Undo;
use crate::failure::ApplyError;
use crate::journal::Entry;
use crate::plan::{Before, MakeFolder, Plan, Step, Write};

/// The new files in the order of the plan, complete and synced, each beside its place.
pub(super) type Prepared = VecDeque<Staged>;

impl Run<'_, '_> {
    pub(super) fn make_folder(&mut self, folder: &MakeFolder) -> Result<(), ApplyError> {
        let MakeFolder { path, owner, mode } = folder;
        self.journal.add(&Entry::Folder {
            path: path.clone(),
            uid: owner.uid,
        })?;
        let ground = Ground {
            owner: None,
            mode: *mode,
        };
        if hostfile::acting_as(owner, || hostfile::make_folder(path, &ground, Trust::Owner))?? {
            self.undo.push(Undo::Folder {
                path: path.clone(),
                owner: owner.clone(),
            });
        }
        Ok(())
    }

    /// Makes the folders that are missing above a path, each with its way back.
    pub(super) fn make_folders_above(&mut self, path: &Path) -> Result<(), ApplyError> {
        let mut missing = Vec::new();
        for folder in path.ancestors().skip(1) {
            if hostfile::metadata(folder)?.is_some() {
                break;
            }
            missing.push(folder.to_owned());
        }
        for path in missing.into_iter().rev() {
            self.make_folder(&MakeFolder {
                path,
                owner: self.workshop.account.clone(),
                mode: 0o755,
            })?;
        }
        Ok(())
    }

    /// Writes every new file beside its place. What is in use is not touched; dropping what was
    /// prepared takes it away again.
    pub(super) fn prepare(&mut self, plan: &Plan) -> Result<Prepared, ApplyError> {
        let mut prepared = Prepared::new();
        let mut folders = BTreeSet::new();
        for step in &plan.steps {
            let Step::Write(write) = step else { continue };
            if let Some(folder) = write
                .path
                .parent()
                .filter(|folder| folders.insert(folder.to_path_buf()))
            {
                self.journal.add(&Entry::Prepare {
                    folder: folder.to_owned(),
                    uid: write.owner.uid,
                })?;
            }
            let content = self.content(&write.content)?;
            let ground = Ground {
                owner: None,
                mode: write.mode,
            };
            let path = &write.path;
            let stage = || hostfile::stage(path, content.as_bytes(), &ground, Trust::Owner);
            let staged = hostfile::acting_as(&write.owner, stage)??;
            as_planned(write, staged.record())?;
            prepared.push_back(staged);
        }
        Ok(prepared)
    }

    /// Puts the next prepared file in its place, with the journal telling of it first; two of them where
    /// they belong together.
    pub(super) fn swap(
        &mut self,
        write: &Write,
        prepared: &mut Prepared,
    ) -> Result<(), ApplyError> {
        if std::mem::take(&mut self.swapped_ahead) {
            return Ok(());
        }
        let staged = self.announce(write, prepared)?;
        let mut records = vec![staged.record().clone()];
        let owner = write.owner.clone();
        let swapped = if write.with_next {
            let next = self.announce(write, prepared)?;
            records.push(next.record().clone());
            self.swapped_ahead = true;
            let swap = || staged.swap_with(next).map(|(one, two)| vec![one, two]);
            hostfile::acting_as(&owner, swap)
        } else {
            hostfile::acting_as(&owner, || staged.swap().map(|swapped| vec![swapped]))
        };
        let error = match swapped {
            Ok(Ok(swapped)) => {
                self.undo
                    .extend(swapped.into_iter().map(|swapped| Undo::Swap {
                        swapped: Box::new(swapped),
                        owner: owner.clone(),
                    }));
                return Ok(());
            }
            Ok(Err(error)) | Err(error) => error,
        };
        // One that somebody else changed is left alone; after any other error the disk may have kept
        // the swap from being taken back at once.
        if !matches!(error, hostfile::Error::Changed { .. }) {
            let failed = records.into_iter().map(|record| Undo::FailedSwap {
                record: Box::new(record),
                owner: owner.clone(),
            });
            self.undo.extend(failed);
        }
        Err(error.into())
    }

    /// Takes the next prepared file, and writes down that it is about to be swapped.
    fn announce(&self, write: &Write, prepared: &mut Prepared) -> Result<Staged, ApplyError> {
        let staged = prepared
            .pop_front()
            .ok_or(ApplyError::Missing("a prepared file"))?;
        self.journal.add(&Entry::Swap {
            record: staged.record().clone(),
            uid: write.owner.uid,
        })?;
        Ok(staged)
    }
}

/// Whether the file that was staged against is what it was when the plan was made, and shown, and
/// agreed to.
fn as_planned(write: &Write, record: &SwapRecord) -> Result<(), ApplyError> {
    let same = match (&write.before, &record.old) {
        (Before::Nothing, None) | (Before::File, Some(_)) => true,
        (Before::Bytes(before), Some(old)) => old.holds(before),
        _ => false,
    };
    if same {
        Ok(())
    } else {
        Err(ApplyError::Changed(write.path.clone()))
    }
}

#[cfg(test)]
mod tests;
