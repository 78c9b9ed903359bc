//! The steps of a command, as the kernel counts them: each system call by which it changes a file or
//! looks for one, and how to make that one go wrong.

use std::collections::BTreeMap;

/// A system call of a command: its name, and the how-manieth of that name it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) call: String,
    pub(crate) nth: usize,
    /// Whether a file is another one afterwards, or can be.
    pub(crate) changes: bool,
    /// Whether it is the program's talk, on standard output or standard error.
    pub(crate) talks: bool,
    /// As strace shows it.
    shown: String,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process is killed as it enters the call, which does not happen any more.
    Kill,
    /// The call fails with an error, `EIO` or `ENOSPC`.
    Error(&'static str),
}

impl Step {
    /// Every step of a command from the moment on that it keeps itself private: what comes before is the
    /// loading of the program. `trace` is what strace wrote with `-f -y` and [`CALLS`].
    pub(crate) fn all(trace: &str) -> Vec<Self> {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut begun = false;
        let mut steps: Vec<Self> = Vec::new();
        for line in trace.lines() {
            let (process, shown) = line.split_once(' ').unwrap();
            let shown = shown.trim_start();
            let Some((name, arguments)) = shown.split_once('(') else {
                continue;
            };
            // Signals, ends, and second halves of calls.
            if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                continue;
            }
            if name == "prctl" {
                begun |= arguments.starts_with("PR_SET_DUMPABLE");
                continue;
            }
            // strace counts for each thread by itself.
            let nth = counts.entry((process, name)).or_default();
            *nth += 1;
            let step = Self {
                call: name.to_owned(),
                nth: *nth,
                changes: !name.starts_with("open")
                    || ["O_CREAT", "O_WRONLY", "O_RDWR"]
                        .iter()
                        .any(|flag| arguments.contains(flag)),
                talks: arguments.starts_with("1<") || arguments.starts_with("2<"),
                shown: shown.chars().take(160).collect(),
            };
            if begun
                && !steps
                    .iter()
                    .any(|s| (&s.call, s.nth) == (&step.call, step.nth))
            {
                steps.push(step);
            }
        }
        steps
    }

    /// What may go wrong here.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let takes_room = [
            "write",
            "open",
            "mkdir",
            "truncate",
            "rename",
            "link",
            "fallocate",
        ];
        let mut faults = Vec::new();
        if self.changes {
            faults.push(Fault::Kill);
        }
        faults.push(Fault::Error("EIO"));
        if self.changes && takes_room.iter().any(|name| self.call.contains(name)) {
            faults.push(Fault::Error("ENOSPC"));
        }
        faults
    }

    /// What strace is told, so that it happens.
    pub(crate) fn injected(&self, fault: Fault) -> [String; 4] {
        let (call, nth) = (&self.call, self.nth);
        let how = match fault {
            Fault::Kill => "signal=KILL".to_owned(),
            Fault::Error(error) => format!("error={error}"),
        };
        [
            "-e".to_owned(),
            format!("trace={call}"),
            "-e".to_owned(),
            format!("inject={call}:{how}:when={nth}"),
        ]
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} no. {}: {}", self.call, self.nth, self.shown)
    }
}

/// The calls that are steps, and the one with which they begin.
pub(crate) const CALLS: &str = "trace=prctl,open,openat,openat2,creat,write,writev,pwrite64,pwritev,fsync,fdatasync,syncfs,\
     ftruncate,truncate,fallocate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,\
     unlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,chown,fchown,fchownat,fsetxattr,fremovexattr,\
     copy_file_range,sendfile,msync";
