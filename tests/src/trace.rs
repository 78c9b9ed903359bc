//! A command under strace: which files it changed, in which order it did what.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::{Host, Said};

/// The engine's option without which strace cannot look into a process that keeps itself private.
pub const TRACING: &[&str] = &["--cap-add", "SYS_PTRACE"];

/// The system calls of a command and of all that it started, in their order.
#[derive(Debug)]
pub struct Trace {
    /// Each of them.
    pub calls: Vec<Call>,
}

/// A system call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The process, or the thread, that made it.
    pub process: u32,
    /// Its name.
    pub name: String,
    /// Its arguments as strace shows them, descriptors with their paths.
    pub arguments: String,
    /// What it returned.
    pub result: String,
}

impl Trace {
    /// Runs a command as `user` (whose home is `home`) of a container that was made with
    /// [`TRACING`].
    ///
    /// # Panics
    /// When strace cannot follow.
    pub fn of(host: &Host, user: &str, home: &str, words: &[&str]) -> (Said, Self) {
        let home = format!("HOME={home}");
        let account = format!("USER={user}");
        let strace = [
            "strace",
            "-f",
            "-y",
            "-s",
            "400",
            "-o",
            FILE,
            "-u",
            user,
            "-E",
            &home,
            "-E",
            &account,
            "-e",
            CALLS,
            "-e",
            "abbrev=!execve",
        ];
        let said = host.run("root", &[&strace[..], words].concat());
        let text = host.read(FILE).expect("strace wrote what it saw");
        (said, Self::read(&text))
    }

    /// Runs a command on this machine as `user` under `umask` (octal), with nothing in its environment
    /// but what is given and `PATH`. Strings are whole. Only root can look into a process that keeps
    /// itself private.
    ///
    /// # Panics
    /// When strace cannot follow.
    pub fn here(
        strace: &Path,
        file: &Path,
        user: &str,
        umask: &str,
        environment: &[(&str, &str)],
        words: &[&str],
    ) -> (Said, Self) {
        let mut command = Command::new("sh");
        command
            .args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask])
            .arg(strace)
            .args(["-f", "-y", "-s", "1000000", "-u", user, "-e", CALLS])
            .args(["-e", "abbrev=!execve", "-o"])
            .arg(file)
            .args(words)
            .current_dir("/")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().copied());
        let output = command.output().expect("sh starts");
        let said = Said::new(
            format!("[{user}, umask {umask}] {}", words.join(" ")),
            &output,
        );
        let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{e}\n{said}"));
        (said, Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let mut calls = Vec::new();
        let mut begun: BTreeMap<&str, String> = BTreeMap::new();
        for line in text.lines() {
            let (process, line) = line.split_once(' ').expect("a process and what it did");
            let line = line.trim_start();
            if let Some(start) = line.strip_suffix(" <unfinished ...>") {
                begun.insert(process, start.to_owned());
                continue;
            }
            let whole = match line.split_once(" resumed>") {
                Some((_, rest)) => begun.remove(process).unwrap_or_default() + rest,
                None => line.to_owned(),
            };
            let process = process.parse().expect("a process is a number");
            calls.extend(Call::read(process, &whole));
        }
        assert!(!calls.is_empty(), "strace saw nothing:\n{text}");
        Self { calls }
    }

    /// Calls of that name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |c| c.name == name)
    }

    /// Where in the order the first call is that fits.
    pub fn first(&self, fits: impl Fn(&Call) -> bool) -> Option<usize> {
        self.calls.iter().position(fits)
    }

    /// Every path that was opened for writing, made, renamed, removed, or given other attributes,
    /// once.
    pub fn changed_paths(&self) -> Vec<String> {
        let changing = self.calls.iter().filter(|c| c.changes());
        let mut paths: Vec<String> = changing.flat_map(Call::paths).collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

impl Call {
    /// `None` for signals, ends of processes and calls that failed.
    fn read(process: u32, line: &str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        if result.starts_with("-1 ") || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            return None;
        }
        Some(Self {
            process,
            name: name.to_owned(),
            arguments: arguments.trim_end().trim_end_matches(')').to_owned(),
            result: result.to_owned(),
        })
    }

    /// Its arguments as the bytes that they are, strace's escapes undone.
    pub fn data(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.arguments.len());
        let mut rest = self.arguments.bytes().peekable();
        while let Some(byte) = rest.next() {
            let escaped = if byte == b'\\' { rest.next() } else { None };
            bytes.push(match escaped {
                None => byte,
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(b'v') => 0x0b,
                Some(b'f') => 0x0c,
                Some(first @ b'0'..=b'7') => {
                    let mut value = u32::from(first - b'0');
                    for _ in 0..2 {
                        if let Some(digit) = rest.next_if(|d| (b'0'..=b'7').contains(d)) {
                            value = value * 8 + u32::from(digit - b'0');
                        }
                    }
                    u8::try_from(value).unwrap_or(b'?')
                }
                Some(other) => other,
            });
        }
        bytes
    }

    /// Whether it changes a file or a folder, or makes that possible.
    pub fn changes(&self) -> bool {
        match self.name.as_str() {
            "open" | "openat" | "openat2" | "creat" => {
                let flags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"];
                flags.iter().any(|f| self.arguments.contains(f)) && !self.result.contains("</dev/")
            }
            name => CHANGING.iter().any(|c| name.contains(c)) && !name.starts_with("readlink"),
        }
    }

    /// The absolute paths of the files in its arguments.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let mut folder = None;
        // What follows the file is the name of an attribute, or what is read or written.
        let with_more = ["xattr", "write", "send", "read"];
        let alone = with_more.iter().any(|n| self.name.contains(n));
        let count = if alone { 1 } else { usize::MAX };
        for argument in self.arguments.split(", ").take(count) {
            if let Some(name) = argument.strip_prefix('"').and_then(|a| a.strip_suffix('"')) {
                paths.push(match (&folder, name.starts_with('/')) {
                    (Some(folder), false) => format!("{folder}/{name}"),
                    _ => name.to_owned(),
                });
                folder = None;
            } else if let Some((_, path)) = argument.split_once('<') {
                // A descriptor alone is the file itself, unless a name in it follows.
                paths.extend(folder.replace(path.trim_end_matches('>').to_owned()));
            }
        }
        paths.extend(folder);
        paths
    }
}

/// Where strace writes to.
const FILE: &str = "/root/trace";

/// Everything about files by name, and what changes them by descriptor.
const CALLS: &str = "trace=%file,%process,prctl,fchmod,fchown,ftruncate,fsetxattr,fremovexattr,read,pread64,write,pwrite64,sendto,writev,pwritev,sendmsg,recvfrom,fcntl,dup,dup2,dup3";

/// Parts of the names of calls that change something, whatever their arguments are.
const CHANGING: &[&str] = &[
    "rename",
    "unlink",
    "mkdir",
    "rmdir",
    "link",
    "mknod",
    "chmod",
    "chown",
    "utime",
    "truncate",
    "setxattr",
    "removexattr",
];

#[cfg(test)]
mod tests {
    use super::Trace;

    #[test]
    fn a_trace_is_read_as_strace_writes_it() {
        let trace = Trace::read(concat!(
            "7 openat(3</srv>, \".a\", O_RDWR|O_CREAT|O_EXCL, 0600) = 4</srv/.a>\n",
            "7 write(4</srv/.a>, \"0\\0017\\377\\n\\\"\\\\\\0\", 8 <unfinished ...>\n",
            "8 +++ exited with 0 +++\n",
            "8 openat(3</srv>, \"b\", O_RDONLY) = -1 ENOENT (No such file or directory)\n",
            "7 <... write resumed>) = 8\n",
        ));
        let [made, written] = trace.calls.as_slice() else {
            panic!("{trace:?}")
        };
        assert!(made.changes());
        assert_eq!(made.paths(), ["/srv/.a"]);
        assert_eq!(
            (written.process, written.paths()),
            (7, vec!["/srv/.a".to_owned()])
        );
        let bytes = b"0\x017\xff\n\"\\\0";
        let data = written.data();
        assert!(data.windows(bytes.len()).any(|w| w == bytes), "{data:?}");
    }
}
