//! Where clusters, programs and processes are looked for.

use std::path::PathBuf;

/// Folders that a survey starts from. The default is where Debian and Linux have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// Debian's configuration folders: `VERSION/NAME` below it.
    pub(crate) etc: PathBuf,
    /// Debian's programs: `VERSION/bin` below it.
    pub(crate) lib: PathBuf,
    /// The process table.
    pub(crate) proc: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            etc: PathBuf::from("/etc/postgresql"),
            lib: PathBuf::from("/usr/lib/postgresql"),
            proc: PathBuf::from("/proc"),
        }
    }
}
