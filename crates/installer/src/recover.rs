//! After a crash: what the journal announced is taken back, or, where everything had been proven,
//! finished.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hostfile::{Account, Lock, Trust};
use pg_host::{Admin, Cluster};
use pki_core::{Fingerprint, Time};

use crate::failure::{ApplyError, NotPutBack};
use crate::journal::{Entry, Journal, JournalError};
use crate::running::{drop_role, reload, reset_system, restart_cluster, unmark_role};
use crate::unused::{mark_unused, unmarked};
use crate::workshop::Way;

/// What recovery did.
#[derive(Debug, Default)]
pub struct Recovery {
    /// Whether the crash came after the proof: the work was finished, not taken back.
    pub finished: bool,
    /// What could not be put back. Empty: nothing is left of the crashed run.
    pub left: Vec<NotPutBack>,
}

/// An earlier apply that has not come to its end: it crashed, or is still at work.
#[derive(Debug)]
pub struct Unfinished {
    /// When it began.
    pub begun: Time,
    /// Whether everything had been proven: recovery finishes it, and does not take it back.
    pub proven: bool,
    /// What it had announced, in its order: paths, and what has none as in [`NotPutBack`].
    pub touched: Vec<String>,
}

/// What [`recover()`] would find. Only looks.
///
/// # Errors
/// [`JournalError`] where the journal cannot be read.
pub fn unfinished(state: &Path) -> Result<Option<Unfinished>, JournalError> {
    let Some((_, entries)) = Journal::left_over(state)? else {
        return Ok(None);
    };
    let begun = entries.iter().find_map(|entry| match entry {
        Entry::Begin { at, .. } => Some(*at),
        _ => None,
    });
    Ok(Some(Unfinished {
        begun: Time::from_unix(begun.unwrap_or_default()),
        proven: entries.contains(&Entry::Proven),
        touched: entries.iter().filter_map(touched).collect(),
    }))
}

fn touched(entry: &Entry) -> Option<String> {
    let path = |path: &Path| Some(path.display().to_string());
    match entry {
        Entry::Swap { record, .. } => path(&record.target),
        Entry::Folder { path: folder, .. } => path(folder),
        Entry::Authority { path: dir } => path(dir),
        Entry::Issue { authority, .. } => Some(unmarked(authority)),
        Entry::Role { name, .. } => Some(role(name)),
        Entry::AlterSystem { name, .. } => Some(setting(name)),
        Entry::Begin { .. }
        | Entry::Prepare { .. }
        | Entry::Reload
        | Entry::Restart
        | Entry::Proven => None,
    }
}

fn role(name: &str) -> String {
    format!("role \"{name}\"")
}

fn setting(name: &str) -> String {
    format!("setting {name}")
}

/// Recovers from a crash of an earlier apply. `None`: there was none.
///
/// A file is touched only where it holds exactly the bytes that the journal tells of.
///
/// # Errors
/// [`ApplyError`] where the journal cannot be read, or another process is at work.
pub fn recover(state: &Path, way: &Way, now: Time) -> Result<Option<Recovery>, ApplyError> {
    if Journal::left_over(state)?.is_none() {
        return Ok(None);
    }
    let _lock = Lock::acquire_within(&state.join("lock"), 0o600, Trust::Owner, PATIENCE)?;
    // Read again: whoever had the lock may have ended in good order meanwhile.
    let Some((journal, entries)) = Journal::left_over(state)? else {
        return Ok(None);
    };
    let mut recovery = Recovery {
        finished: entries.contains(&Entry::Proven),
        left: Vec::new(),
    };
    let mut server = Server::of(&entries, way, now);
    let mut remaining = Vec::new();
    let issued = issued(&entries);
    for entry in entries.iter().rev() {
        let done = match entry {
            Entry::Prepare { folder, uid } => {
                let saved: Vec<_> = recovery
                    .left
                    .iter()
                    .filter_map(|l| l.saved.clone())
                    .collect();
                acting(*uid, || tidy(folder, &saved))
                    .map_err(|reason| (folder.display().to_string(), reason))
            }
            entry => take_back(entry, recovery.finished, &issued, now, &mut server),
        };
        if let Err((what, reason)) = done {
            remaining.push(entry.clone());
            recovery.left.push(NotPutBack {
                what,
                saved: saved(entry),
                reason,
            });
        }
    }
    if !recovery.finished
        && entries
            .iter()
            .any(|entry| matches!(entry, Entry::Reload | Entry::Restart | Entry::Swap { .. }))
        && let Err(reason) = server.read_again(entries.contains(&Entry::Restart))
    {
        recovery.left.push(NotPutBack {
            what: "the running server".to_owned(),
            saved: None,
            reason,
        });
    }
    if recovery.left.is_empty() {
        journal.take_away()?;
    } else {
        // What was taken back must not be again: by then it may be somebody else's.
        let begin = entries
            .iter()
            .filter(|entry| matches!(entry, Entry::Begin { .. }));
        let again = entries
            .iter()
            .filter(|entry| matches!(entry, Entry::Proven | Entry::Reload | Entry::Restart));
        let kept: Vec<_> = begin
            .chain(remaining.iter().rev())
            .chain(again)
            .cloned()
            .collect();
        journal.keep_only(&kept)?;
    }
    Ok(Some(recovery))
}

/// Undoes, or with `finish` completes, what one entry announced. It may not have happened.
fn take_back(
    entry: &Entry,
    finish: bool,
    issued: &[Fingerprint],
    now: Time,
    server: &mut Server<'_>,
) -> Result<(), (String, String)> {
    match entry {
        Entry::Swap { record, uid } => {
            let work = || {
                if finish {
                    hostfile::recover_keep(record)
                } else {
                    hostfile::recover_undo(record)
                }
            };
            acting(*uid, work).map_err(|reason| (record.target.display().to_string(), reason))
        }
        Entry::Role { name, mark } if finish => server
            .ask(|admin| unmark_role(admin, name, mark))
            .map_err(|reason| (format!("the comment of {}", role(name)), reason)),
        _ if finish => Ok(()),
        Entry::Folder { path, uid } => {
            let gone = acting(*uid, || match hostfile::metadata(path)? {
                Some(_) => hostfile::remove_folder_if_empty(path, Trust::Owner),
                None => Ok(false),
            });
            gone.map_err(|reason| (path.display().to_string(), reason))
        }
        Entry::Issue { authority, key } => key
            .parse()
            .map_err(|_| format!("{key} is no fingerprint"))
            .and_then(|key| mark_unused(authority, &key, now).map_err(|error| error.to_string()))
            .map_err(|reason| (unmarked(authority), reason)),
        Entry::Authority { path } => match authority::discard(path, issued) {
            // Somebody has used it since: it is not ours to take away any more.
            Ok(()) | Err(authority::Error::InUse { .. }) => Ok(()),
            Err(error) => Err((path.display().to_string(), error.to_string())),
        },
        Entry::Role { name, mark } => server
            .ask(|admin| drop_role(admin, name, mark))
            .map_err(|reason| (role(name), reason)),
        Entry::AlterSystem {
            name,
            value,
            before,
        } => server
            .ask(|admin| reset_system(admin, name, value, before.as_deref()))
            .map_err(|reason| (setting(name), reason)),
        Entry::Prepare { .. }
        | Entry::Begin { .. }
        | Entry::Reload
        | Entry::Restart
        | Entry::Proven => Ok(()),
    }
}

/// Takes away what was written beside its place and never swapped in. `saved` are copies of files
/// that could not be put back: they may be the only ones.
fn tidy(folder: &Path, saved: &[PathBuf]) -> Result<(), hostfile::Error> {
    if hostfile::metadata(folder)?.is_none() {
        return Ok(());
    }
    for path in hostfile::leftovers(folder)? {
        if !saved.contains(&path) {
            hostfile::remove(&path, Trust::Owner)?;
        }
    }
    Ok(())
}

/// The keys that the crashed run was to have certificates for.
fn issued(entries: &[Entry]) -> Vec<Fingerprint> {
    let key = |entry: &Entry| match entry {
        Entry::Issue { key, .. } => key.parse().ok(),
        _ => None,
    };
    entries.iter().filter_map(key).collect()
}

fn acting<T: Send>(
    uid: u32,
    work: impl FnOnce() -> Result<T, hostfile::Error> + Send,
) -> Result<(), String> {
    let account = Account::by_uid(uid).map_err(|error| error.to_string())?;
    match hostfile::acting_as(&account, work) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) | Err(error) => Err(error.to_string()),
    }
}

fn saved(entry: &Entry) -> Option<PathBuf> {
    match entry {
        Entry::Swap { record, .. } => record.old.map(|_| record.staged.clone()),
        _ => None,
    }
}

/// The server of the crashed run, reached when it is first needed.
struct Server<'a> {
    way: &'a Way,
    data_dir: Option<PathBuf>,
    now: Time,
    admin: Option<Admin>,
}

impl<'a> Server<'a> {
    fn of(entries: &[Entry], way: &'a Way, now: Time) -> Self {
        let data_dir = entries.iter().find_map(|entry| match entry {
            Entry::Begin { data_dir, .. } => data_dir.clone(),
            _ => None,
        });
        Server {
            way,
            data_dir,
            now,
            admin: None,
        }
    }

    fn ask(
        &mut self,
        question: impl FnOnce(&mut Admin) -> Result<(), ApplyError>,
    ) -> Result<(), String> {
        let admin = match &mut self.admin {
            Some(admin) => admin,
            None => {
                let data_dir = self
                    .data_dir
                    .as_ref()
                    .ok_or("the journal names no server")?;
                let cluster = Cluster::at(data_dir).map_err(|error| error.to_string())?;
                let admin = self
                    .way
                    .connect(&cluster, self.now)
                    .map_err(|error| error.to_string())?;
                self.admin.insert(admin)
            }
        };
        question(admin).map_err(|error| error.to_string())
    }

    /// A server that is down reads the old files when it starts.
    fn read_again(&mut self, restarted: bool) -> Result<(), String> {
        let Some(data_dir) = &self.data_dir else {
            return Ok(());
        };
        let Some(cluster) = Cluster::at(data_dir)
            .ok()
            .filter(|cluster| cluster.postmaster.is_some())
        else {
            return Ok(());
        };
        if !restarted {
            return self.ask(reload);
        }
        let restarted = restart_cluster(&cluster, self.way, self.now);
        restarted.map(|_| ()).map_err(|error| error.to_string())
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
