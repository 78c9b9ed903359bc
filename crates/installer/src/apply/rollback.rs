//! The way back: each step that was done, undone in reverse order. What cannot be undone does not
//! keep the rest from being undone.

use std::path::PathBuf;

use authority::{Authority, State};
use hostfile::{Account, Swapped, Trust};
use pki_core::Serial;

use super::Run;
use crate::failure::{ApplyError, Failed, NotPutBack};
use crate::running::{drop_role, reload, restart, set_system};

/// How one step is undone.
pub(super) enum Undo {
    /// The authority was made.
    Authority(PathBuf),
    /// A certificate was issued.
    Issued { authority: PathBuf, serial: Serial },
    /// A folder was made.
    Folder { path: PathBuf, owner: Account },
    /// A file was swapped.
    Swap {
        swapped: Box<Swapped>,
        owner: Account,
    },
    /// A role was created.
    Role(String),
    /// A setting was changed.
    AlterSystem {
        name: String,
        before: Option<String>,
    },
    /// The server has read the new files.
    Reload,
    /// The server was restarted.
    Restart,
}

impl Run<'_, '_> {
    /// Takes everything back. The journal goes only when nothing is left to take back.
    pub(super) fn back(&mut self, cause: ApplyError) -> Failed {
        let mut left = Vec::new();
        let mut again = None;
        for undo in std::mem::take(&mut self.undo).into_iter().rev() {
            match undo {
                // Read again once everything is back.
                Undo::Reload => again = again.or(Some(false)),
                Undo::Restart => again = Some(true),
                undo => left.extend(self.undo(undo)),
            }
        }
        if let Some(restarted) = again
            && let Err(error) = self.read_again(restarted)
        {
            left.push(NotPutBack {
                what: "the running server".to_owned(),
                saved: None,
                reason: error.to_string(),
            });
        }
        if left.is_empty()
            && let Err(error) = self.journal.take_away()
        {
            left.push(NotPutBack {
                what: self.journal.path().display().to_string(),
                saved: None,
                reason: error.to_string(),
            });
        }
        Failed { cause, left }
    }

    fn read_again(&mut self, restarted: bool) -> Result<(), ApplyError> {
        if restarted {
            return restart(self.workshop);
        }
        reload(self.workshop.admin()?)
    }

    fn undo(&mut self, undo: Undo) -> Option<NotPutBack> {
        let not = |what: String, saved: Option<PathBuf>, reason: &dyn std::error::Error| {
            Some(NotPutBack {
                what,
                saved,
                reason: reason.to_string(),
            })
        };
        match undo {
            Undo::Swap { swapped, owner } => {
                let record = swapped.record().clone();
                let (what, saved) = (
                    record.target.display().to_string(),
                    record.old.map(|_| record.staged.clone()),
                );
                match hostfile::acting_as(&owner, || swapped.undo()) {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) | Err(error) => not(what, saved, &error),
                }
            }
            Undo::Folder { path, owner } => {
                match hostfile::acting_as(&owner, || {
                    hostfile::remove_folder_if_empty(&path, Trust::Owner)
                }) {
                    Ok(Ok(_)) => None,
                    Ok(Err(error)) | Err(error) => not(path.display().to_string(), None, &error),
                }
            }
            Undo::Role(role) => {
                let dropped = self
                    .workshop
                    .admin()
                    .and_then(|admin| drop_role(admin, &role));
                dropped
                    .err()
                    .and_then(|error| not(format!("role \"{role}\""), None, &error))
            }
            Undo::AlterSystem { name, before } => {
                let reset = self
                    .workshop
                    .admin()
                    .and_then(|admin| set_system(admin, &name, before.as_deref()));
                reset
                    .err()
                    .and_then(|error| not(format!("setting {name}"), None, &error))
            }
            Undo::Issued { authority, serial } => {
                let marked = Authority::open(&authority).and_then(|found| match found {
                    Some(found) => found.mark(&serial, State::Unused),
                    None => Ok(()),
                });
                marked
                    .err()
                    .and_then(|error| not(format!("certificate {serial}"), None, &error))
            }
            Undo::Authority(dir) => authority::discard(&dir)
                .err()
                .and_then(|error| not(dir.display().to_string(), None, &error)),
            Undo::Reload | Undo::Restart => None,
        }
    }

    /// Takes the old files away. One that stays is only untidy: the new ones are in force.
    pub(super) fn keep(&mut self) -> Vec<NotPutBack> {
        let mut left = Vec::new();
        for undo in std::mem::take(&mut self.undo) {
            if let Undo::Swap { swapped, owner } = undo {
                let saved = swapped.record().staged.clone();
                if let Ok(Err(error)) | Err(error) = hostfile::acting_as(&owner, || swapped.keep())
                {
                    left.push(NotPutBack {
                        what: saved.display().to_string(),
                        saved: None,
                        reason: error.to_string(),
                    });
                }
            }
        }
        left
    }
}
