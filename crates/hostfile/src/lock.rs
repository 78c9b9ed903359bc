//! One process at a time: flock(2) on a file of its own, or on a folder as it is.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, ftruncate, open};
use rustix::io::{Errno, pread, pwrite};
use rustix::process::getpid;

use crate::create::open_or_make;
use crate::walk::{Last, Spot, walk};
use crate::{Error, Trust};

/// A lock that is held until it is dropped, or the process ends. Programs started meanwhile do not inherit it.
#[derive(Debug)]
pub struct Lock {
    file: OwnedFd,
}

impl Lock {
    /// Takes the lock at once; the file is made with `mode` where it does not exist, and stays.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process holds it.
    pub fn acquire(path: &Path, mode: u32, trust: Trust) -> Result<Lock, Error> {
        Lock::acquire_within(path, mode, trust, Duration::ZERO)
    }

    /// As [`Lock::acquire`], but tries again for about `patience`.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process still holds it then.
    pub fn acquire_within(
        path: &Path,
        mode: u32,
        trust: Trust,
        patience: Duration,
    ) -> Result<Lock, Error> {
        let spot = walk(path, trust, Last::Stay)?;
        let path = spot.path();
        let failed = |errno| Error::io("lock", &path, errno);
        let mut waited = Duration::ZERO;
        loop {
            let (file, _) = open_or_make(&spot, OFlags::RDWR, mode)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    let lock = Lock { file };
                    if lock.has_name(&spot)? {
                        leave_number(&lock.file).map_err(failed)?;
                        return Ok(lock);
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) if waited < patience => {
                    let pause = PAUSE.min(patience - waited);
                    sleep(pause);
                    waited += pause;
                }
                Err(Errno::WOULDBLOCK) => {
                    let holder = holder(&file);
                    return Err(Error::Locked { path, holder });
                }
                Err(errno) => return Err(failed(errno)),
            }
        }
    }
}

impl Lock {
    /// Locks a folder itself, at once: nothing is made or written in it.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process holds it; [`Error::Io`] where it cannot be opened.
    pub fn on_folder(path: &Path) -> Result<Lock, Error> {
        let failed = |errno| Error::io("lock", path, errno);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = open(path, flags, Mode::empty()).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock { file }),
            Err(Errno::WOULDBLOCK) => Err(Error::Locked {
                path: path.to_owned(),
                holder: None,
            }),
            Err(errno) => Err(failed(errno)),
        }
    }
}

impl Lock {
    /// Somebody may have taken the file away between opening and locking it: the next one would lock another, beside us.
    fn has_name(&self, spot: &Spot) -> Result<bool, Error> {
        let locked = fstat(&self.file).map_err(|errno| Error::io("lock", &spot.path(), errno))?;
        let named = spot.stat()?;
        Ok(named.is_some_and(|named| named.st_ino == locked.st_ino))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone is not enough: a program that another thread is just starting has the descriptor until it execs.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// Leaves this process's number in the file, for the message that the next one gives.
fn leave_number(file: &OwnedFd) -> rustix::io::Result<()> {
    let number = format!("{}\n", getpid().as_raw_pid());
    ftruncate(file, 0)?;
    pwrite(file, number.as_bytes(), 0)?;
    Ok(())
}

fn holder(file: &OwnedFd) -> Option<u32> {
    let mut bytes = [0; 16];
    let len = pread(file, &mut bytes, 0).ok()?;
    let text = std::str::from_utf8(bytes.get(..len)?).ok()?;
    text.trim_end().parse().ok()
}

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
