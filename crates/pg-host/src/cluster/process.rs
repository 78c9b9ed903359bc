//! The process table, as far as it tells which PostgreSQL servers run. Linux's `/proc` (proc(5)).

use std::path::{Path, PathBuf};

use hostfile::Metadata;

use super::postmaster::Postmaster;
use super::{Places, same_file};

/// Whether the process is a server that runs in this data folder.
///
/// A `postmaster.pid` outlives a crash, and its process id may be somebody else's by then. A server's working folder is its data
/// folder from beginning to end (`ChangeToDataDir`); where that may not be looked at, the process's owner and name have to do.
pub(super) fn serves(places: &Places, pid: u32, data_dir: &Metadata) -> bool {
    let process = places.proc.join(pid.to_string());
    match hostfile::metadata(&process.join("cwd")) {
        Ok(Some(cwd)) => same_file(&cwd, data_dir),
        Ok(None) => false,
        Err(_) => {
            let owner = hostfile::metadata(&process).ok().flatten();
            owner.is_some_and(|process| process.uid == data_dir.uid) && is_postgres(&process)
        }
    }
}

/// The folder of the program that the process runs.
pub(super) fn program_folder(places: &Places, pid: u32) -> Option<PathBuf> {
    let link = hostfile::read_link(&places.proc.join(pid.to_string()).join("exe")).ok()?;
    let folder = link.parent()?.to_owned();
    // After an upgrade the link ends in ` (deleted)`; the folder may hold the new program, or nothing.
    hostfile::metadata(&folder.join("postgres"))
        .ok()
        .flatten()?;
    Some(folder)
}

/// The data folders of running servers whose processes can be seen, in order.
///
/// Servers in containers are not among them: their paths do not lead to their folders from here.
pub(super) fn data_dirs(places: &Places) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = hostfile::list(&places.proc)
        .unwrap_or_default()
        .iter()
        .filter_map(|name| name.to_str()?.parse::<u32>().ok())
        .filter_map(|pid| data_dir_of(places, pid))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The working folder of a process that is the postmaster of that folder.
fn data_dir_of(places: &Places, pid: u32) -> Option<PathBuf> {
    let process = places.proc.join(pid.to_string());
    if !is_postgres(&process) {
        return None;
    }
    let path = hostfile::read_link(&process.join("cwd")).ok()?;
    let seen_by_it = hostfile::metadata(&process.join("cwd")).ok()??;
    let seen_by_us = hostfile::metadata(&path).ok()??;
    if !same_file(&seen_by_it, &seen_by_us) {
        return None;
    }
    let owner = hostfile::Account::by_uid(seen_by_us.uid).ok()?;
    let pid_file = super::as_owner(&owner, || {
        hostfile::read_if_exists(&path.join("postmaster.pid"))
    });
    let postmaster = Postmaster::parse(&pid_file.ok()?.ok()??, &path)?;
    // Its children share the folder.
    (postmaster.pid == pid).then_some(path)
}

fn is_postgres(process: &Path) -> bool {
    let name = hostfile::read(&process.join("comm")).unwrap_or_default();
    matches!(name.trim_ascii_end(), b"postgres" | b"postmaster")
}
