//! Taking on the rights of another account, for one piece of work, in a thread of its own.

use std::io;
use std::panic::resume_unwind;
use std::thread::{Builder, scope};

use rustix::process::{Gid, Uid, geteuid, getuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use crate::{Account, AccountError, Error};

/// Runs `work` with the effective ids and the groups of `who`: for files and sockets (a server's peer login too).
///
/// The real and saved ids stay, so that the user can neither signal nor trace this process. No program may be started inside:
/// it could take the old rights back. Without a change where `who` is the acting user already.
///
/// # Errors
/// [`Error::Identity`]: only root can act as somebody else. A panic in `work` goes on in the caller.
pub fn acting_as<T: Send>(who: &Account, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    if geteuid().as_raw() == who.uid {
        return Ok(work());
    }
    in_thread(who, work, || {
        let (uid, gid) = (Uid::from_raw(who.uid), Gid::from_raw(who.gid));
        set_thread_res_gid(None, gid, None)?;
        set_thread_res_uid(None, uid, None)
    })
}

/// Runs `work` with all ids and the groups of `who`: for starting programs as that user.
///
/// Start them with `Command` and without its `uid()` and `gid()`, which would drop groups such as `ssl-cert`. While `work` runs, the
/// user may signal its thread, so keep it short.
///
/// # Errors
/// As [`acting_as`].
pub fn becoming<T: Send>(who: &Account, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    if geteuid().as_raw() == who.uid && getuid().as_raw() == who.uid {
        return Ok(work());
    }
    in_thread(who, work, || {
        let (uid, gid) = (Uid::from_raw(who.uid), Gid::from_raw(who.gid));
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)
    })
}

/// rustix's calls change the calling thread alone; those of libc would change every thread. The thread ends with its rights.
fn in_thread<T: Send>(
    who: &Account,
    work: impl FnOnce() -> T + Send,
    change_ids: impl FnOnce() -> rustix::io::Result<()> + Send,
) -> Result<T, Error> {
    let failed = |source: io::Error| Error::Identity {
        account: who.name.clone(),
        source,
    };
    // Inside `acting_as` the groups are set already, and the right to set them is gone.
    let groups = if geteuid().as_raw() == who.uid {
        None
    } else {
        let groups = who.groups().map_err(|error| match error {
            AccountError::Lookup { source, .. } => failed(source),
            AccountError::Unknown { .. } => failed(io::ErrorKind::NotFound.into()),
        })?;
        Some(groups.into_iter().map(Gid::from_raw).collect::<Vec<_>>())
    };
    scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, || {
            // Groups first: with the user id goes the right to set them.
            groups.map_or(Ok(()), |groups| set_thread_groups(&groups))?;
            change_ids()?;
            Ok(work())
        });
        let finished = thread.map_err(failed)?.join();
        let result: rustix::io::Result<T> = finished.unwrap_or_else(|panic| resume_unwind(panic));
        result.map_err(|errno| failed(errno.into()))
    })
}

#[cfg(test)]
mod tests;
