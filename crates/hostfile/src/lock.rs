//! One process at a time: flock(2) on a file of its own.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use crate::{Error, Trust};

/// A lock that is held until it is dropped, or the process ends. Programs started meanwhile do not inherit it.
#[derive(Debug)]
pub struct Lock {
    #[expect(dead_code, reason = "holding it open is its use")]
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
        let _ = (path, mode, trust, patience);
        todo!()
    }
}
