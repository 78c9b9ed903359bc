//! Where clusters, programs and processes are looked for.

use std::path::PathBuf;

/// Folders that a survey starts from. The default is where Debian and Linux have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Debian's configuration folders: `VERSION/NAME` below it.
    pub etc: PathBuf,
    /// Debian's programs: `VERSION/bin` below it.
    pub lib: PathBuf,
    /// The process table.
    pub proc: PathBuf,
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
