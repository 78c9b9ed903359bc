//! The way back: each step that was done, undone in reverse order. What cannot be undone does not
//! keep the rest from being undone.

use std::path::PathBuf;

use hostfile::{Account, Swapped, Trust};
use pg_host::AdminError;
use pki_core::Fingerprint;

use super::Run;
use crate::failure::{ApplyError, Failed, NotPutBack};
use crate::running::{drop_role, reload, restart, revive, set_system};
use crate::unused::{mark_unused, unmarked};

/// How one step is undone.
pub(super) enum Undo {
    /// The authority was made.
    Authority(PathBuf),
    /// A certificate was issued for a key, or was about to be.
    Issue {
        authority: PathBuf,
        key: Fingerprint,
    },
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
        // With an authority that was made here goes all that it has issued; writing that down before
        // needs room that the disk may not have.
        let issued = self.issued_here();
        // A server that went away in between takes its session with it.
        let down = match revive(self.workshop) {
            Err(ApplyError::Admin(error)) => matches!(*error, AdminError::Down { .. }),
            _ => false,
        };
        for undo in std::mem::take(&mut self.undo).into_iter().rev() {
            match undo {
                // Read again once everything is back.
                Undo::Reload => again = again.or(Some(false)),
                Undo::Restart => again = Some(true),
                Undo::Issue { .. } if issued.is_some() => {}
                Undo::Authority(dir) => {
                    if let Err(error) = authority::discard(&dir, issued.as_deref().unwrap_or(&[])) {
                        left.push(NotPutBack {
                            what: dir.display().to_string(),
                            saved: None,
                            reason: error.to_string(),
                        });
                    }
                }
                undo => left.extend(self.undo(undo)),
            }
        }
        // One that is down reads the old files when it starts.
        if let Some(restarted) = again.filter(|_| !down)
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

    /// The keys that certificates were issued for, where the authority was made by this apply too.
    fn issued_here(&self) -> Option<Vec<Fingerprint>> {
        let made = |undo: &Undo| matches!(undo, Undo::Authority(_));
        let key = |undo: &Undo| match undo {
            Undo::Issue { key, .. } => Some(*key),
            _ => None,
        };
        let made_here = self.undo.iter().any(made);
        made_here.then(|| self.undo.iter().filter_map(key).collect())
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
            Undo::Issue { authority, key } => mark_unused(&authority, &key)
                .err()
                .and_then(|error| not(unmarked(&authority), None, &error)),
            Undo::Authority(_) | Undo::Reload | Undo::Restart => None,
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
