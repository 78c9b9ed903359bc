//! Taking on the rights of another account, for one piece of work, in a thread of its own.

use crate::{Account, Error};

/// Runs `work` with the effective ids and the groups of `who`: for files and sockets (a server's peer login too).
///
/// The real and saved ids stay, so that the user can neither signal nor trace this process. No program may be started inside:
/// it could take the old rights back. Without a change where `who` is the acting user already.
///
/// # Errors
/// [`Error::Identity`]: only root can act as somebody else. A panic in `work` goes on in the caller.
pub fn acting_as<T: Send>(who: &Account, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let _ = (who, work);
    todo!()
}

/// Runs `work` with all ids and the groups of `who`: for starting programs as that user.
///
/// Start them with `Command` and without its `uid()` and `gid()`, which would drop groups such as `ssl-cert`. While `work` runs, the
/// user may signal its thread, so keep it short.
///
/// # Errors
/// As [`acting_as`].
pub fn becoming<T: Send>(who: &Account, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let _ = (who, work);
    todo!()
}
