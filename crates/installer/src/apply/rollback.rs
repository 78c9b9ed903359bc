//! The way back: each step that was done, undone in reverse order. What cannot be undone does not
//! keep the rest from being undone.

use std::path::PathBuf;

use hostfile::{Account, FileId, SwapRecord, Swapped, Trust};
use pg_host::AdminError;
use pki_core::Fingerprint;

use super::Run;
use crate::failure::{ApplyError, Failed, NotPutBack};
use crate::journal::{Entry, JournalError};
use crate::plan::AlterSystem;
use crate::running::{drop_role, reload, reset_system, restart, revive, unmark_role};
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
    /// A swap failed, at whatever point.
    FailedSwap {
        record: Box<SwapRecord>,
        owner: Account,
    },
    /// A role was created, with this mark, or was about to be.
    Role { name: String, mark: String },
    /// A setting was changed, or was about to be.
    AlterSystem(AlterSystem),
    /// The server has read the new files.
    Reload,
    /// The server was restarted.
    Restart,
}

impl Undo {
    /// Whether the running server has to be asked.
    fn needs_server(&self) -> bool {
        matches!(self, Undo::Role { .. } | Undo::AlterSystem(_))
    }

    /// What the journal has to go on telling of, where it could not be undone.
    fn entry(&self) -> Entry {
        match self {
            Undo::Authority(path) => Entry::Authority { path: path.clone() },
            Undo::Issue { authority, key } => Entry::Issue {
                authority: authority.clone(),
                key: key.to_string(),
            },
            Undo::Folder { path, owner } => Entry::Folder {
                path: path.clone(),
                uid: owner.uid,
            },
            Undo::Swap { swapped, owner } => Entry::Swap {
                record: swapped.record().clone(),
                uid: owner.uid,
            },
            Undo::FailedSwap { record, owner } => Entry::Swap {
                record: (**record).clone(),
                uid: owner.uid,
            },
            Undo::Role { name, mark } => Entry::Role {
                name: name.clone(),
                mark: mark.clone(),
            },
            Undo::AlterSystem(change) => Entry::AlterSystem {
                name: change.name.clone(),
                value: change.value.clone(),
                before: change.before.clone(),
            },
            Undo::Reload => Entry::Reload,
            Undo::Restart => Entry::Restart,
        }
    }
}

impl Run<'_, '_> {
    /// Takes everything back: the files first, then, once it has read them again, what the running
    /// server has to be asked for. The journal goes when nothing is left to take back; else it keeps
    /// what is.
    pub(super) fn back(&mut self, cause: ApplyError) -> Failed {
        let mut left = Vec::new();
        let mut entries = Vec::new();
        // With an authority that was made here goes all that it has issued; writing that down before
        // needs room that the disk may not have.
        let issued = self.issued_here();
        // A server that went away in between takes its session with it.
        let down = match revive(self.workshop) {
            Err(ApplyError::Admin(error)) => matches!(*error, AdminError::Down { .. }),
            _ => false,
        };
        let undo = std::mem::take(&mut self.undo);
        let restarted = undo.iter().any(|undo| matches!(undo, Undo::Restart));
        let reloaded = undo.iter().any(|undo| matches!(undo, Undo::Reload));
        let (asked, done): (Vec<_>, Vec<_>) = undo.into_iter().partition(Undo::needs_server);
        let mut attempt = |run: &mut Self, undo: Undo| {
            let entry = undo.entry();
            if let Some(not) = run.undo(undo, issued.as_deref()) {
                left.push(not);
                entries.push(entry);
            }
        };
        for undo in done.into_iter().rev() {
            attempt(self, undo);
        }
        if restarted {
            attempt(self, Undo::Restart);
        }
        let altered = asked
            .iter()
            .any(|undo| matches!(undo, Undo::AlterSystem(_)));
        for undo in asked.into_iter().rev() {
            attempt(self, undo);
        }
        // One that is down reads the old files when it starts.
        if (reloaded || altered) && !down {
            attempt(self, Undo::Reload);
        }
        let settled = match left.is_empty() {
            true => self.journal.take_away().map_err(JournalError::from),
            false => {
                entries.reverse();
                entries.insert(0, self.begin.clone());
                self.journal.keep_only(&entries)
            }
        };
        if let Err(error) = settled {
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

    /// `issued`: the keys of an authority that was made here, which goes with them.
    fn undo(&mut self, undo: Undo, issued: Option<&[Fingerprint]>) -> Option<NotPutBack> {
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
                let undone = hostfile::acting_as(&owner, || swapped.undo());
                not_swapped_back(&record, undone)
            }
            Undo::FailedSwap { record, owner } => {
                let recover = || hostfile::recover_undo(&record).map(|_| ());
                not_swapped_back(&record, hostfile::acting_as(&owner, recover))
            }
            Undo::Folder { path, owner } => {
                match hostfile::acting_as(&owner, || {
                    hostfile::remove_folder_if_empty(&path, Trust::Owner)
                }) {
                    Ok(Ok(_)) => None,
                    Ok(Err(error)) | Err(error) => not(path.display().to_string(), None, &error),
                }
            }
            Undo::Role { name, mark } => {
                let admin = self.workshop.admin();
                let dropped = admin.and_then(|admin| drop_role(admin, &name, &mark));
                let what = || format!("role \"{name}\"");
                dropped.err().and_then(|error| not(what(), None, &error))
            }
            Undo::AlterSystem(AlterSystem {
                name,
                value,
                before,
            }) => {
                let admin = self.workshop.admin();
                let reset = admin.and_then(|a| reset_system(a, &name, &value, before.as_deref()));
                let what = || format!("setting {name}");
                reset.err().and_then(|error| not(what(), None, &error))
            }
            Undo::Issue { .. } if issued.is_some() => None,
            Undo::Issue { authority, key } => mark_unused(&authority, &key, self.workshop.now)
                .err()
                .and_then(|error| not(unmarked(&authority), None, &error)),
            Undo::Authority(dir) => authority::discard(&dir, issued.unwrap_or(&[]))
                .err()
                .and_then(|error| not(dir.display().to_string(), None, &error)),
            Undo::Reload => {
                let read = self.workshop.admin().and_then(reload);
                read.err()
                    .and_then(|error| not(SERVER.to_owned(), None, &error))
            }
            Undo::Restart => {
                let restarted = restart(self.workshop);
                restarted
                    .err()
                    .and_then(|error| not(SERVER.to_owned(), None, &error))
            }
        }
    }

    /// Takes the old files away, and the marks off what stays. What fails is only untidy: the new
    /// files are in force.
    pub(super) fn keep(&mut self) -> Vec<NotPutBack> {
        let mut left = Vec::new();
        let mut note = |what: String, error: &dyn std::error::Error| {
            left.push(NotPutBack {
                what,
                saved: None,
                reason: error.to_string(),
            });
        };
        for undo in std::mem::take(&mut self.undo) {
            match undo {
                Undo::Swap { swapped, owner } => {
                    let saved = swapped.record().staged.display().to_string();
                    let kept = hostfile::acting_as(&owner, || swapped.keep());
                    if let Ok(Err(error)) | Err(error) = kept {
                        note(saved, &error);
                    }
                }
                Undo::Role { name, mark } => {
                    let admin = self.workshop.admin();
                    if let Err(error) = admin.and_then(|admin| unmark_role(admin, &name, &mark)) {
                        note(format!("the comment of role \"{name}\""), &error);
                    }
                }
                _ => {}
            }
        }
        left
    }
}

fn not_swapped_back(
    record: &SwapRecord,
    undone: Result<Result<(), hostfile::Error>, hostfile::Error>,
) -> Option<NotPutBack> {
    let error = undone.and_then(|undone| undone).err()?;
    let there = hostfile::read_if_exists(&record.target).ok().flatten();
    let in_place = |old: FileId| there.is_some_and(|bytes| old.holds(&bytes));
    let away = record.old.is_some_and(|old| !in_place(old));
    Some(NotPutBack {
        what: record.target.display().to_string(),
        saved: away.then(|| record.staged.clone()),
        reason: error.to_string(),
    })
}

/// What is not put back when the server cannot be told.
const SERVER: &str = "the running server";
