//! The machine that this runs on: its programs, how to get those it lacks, and running something
//! as somebody else than root.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context as _, bail};

use crate::command;

/// Whether the packages' lists have been fetched by this run.
static LISTS_FRESH: Mutex<bool> = Mutex::new(false);

/// Whether this runs as root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// Whether nothing may be skipped.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| v == "true")
}

/// The program's path: in `PATH`, or where administrators' programs lie.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| {
            file.metadata()
                .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
        })
}

/// Makes sure that `program` is there, from Debian's `packages` where it is not.
///
/// # Errors
/// When it is missing and cannot be installed: names the command that would.
pub(crate) fn need(program: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
    if let Some(path) = find(program) {
        return Ok(path);
    }
    install(packages).with_context(|| format!("{program} is missing"))?;
    find(program).with_context(|| {
        format!(
            "{program} is still missing after installing {}",
            packages.join(" ")
        )
    })
}

/// Installs Debian's `packages`.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    let wanted = packages.join(" ");
    if find("apt-get").is_none() {
        bail!("install {wanted} (the names are Debian's)");
    }
    if !is_root() {
        bail!("run: sudo apt-get install {wanted}");
    }
    if let Ok(mut fresh) = LISTS_FRESH.lock()
        && !*fresh
    {
        println!("fetching the package lists");
        command::output(apt_get().args(["-qq", "update"]))?;
        *fresh = true;
    }
    println!("installing {wanted}");
    command::output(
        apt_get()
            .args(["-qq", "-y", "--no-install-recommends", "install"])
            .args(packages),
    )?;
    Ok(())
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-o", "Acquire::Retries=3"]);
    command
}

/// Somebody for whom servers and clients are run: PostgreSQL refuses to be root.
#[derive(Debug, Clone)]
pub(crate) struct Somebody {
    /// The account's name.
    pub(crate) name: String,
    uid: u32,
    gid: u32,
    /// Whether this process is root and has to step down.
    step_down: bool,
}

impl Somebody {
    /// The user who called, or for root the account `postgres` or else `nobody`.
    pub(crate) fn unprivileged() -> anyhow::Result<Self> {
        if !is_root() {
            let me = std::fs::metadata("/proc/self").context("no /proc")?;
            let name = command::output(Command::new("id").arg("-un"))?;
            return Ok(Self {
                name,
                uid: me.uid(),
                gid: me.gid(),
                step_down: false,
            });
        }
        let passwd = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        for wanted in ["postgres", "nobody"] {
            for line in passwd.lines() {
                let fields: Vec<&str> = line.split(':').collect();
                if let [name, _, uid, gid, ..] = fields.as_slice()
                    && *name == wanted
                {
                    return Ok(Self {
                        name: (*name).to_owned(),
                        uid: uid.parse()?,
                        gid: gid.parse()?,
                        step_down: true,
                    });
                }
            }
        }
        bail!("neither postgres nor nobody is an account here");
    }

    /// `program` run as this account, with nothing of the caller's environment but the path.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = if self.step_down {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={}", self.uid))
                .arg(format!("--regid={}", self.gid))
                .arg("--init-groups")
                .arg("--")
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("USER", &self.name)
            .current_dir("/");
        command
    }

    /// Makes this account the owner of `path`.
    pub(crate) fn own(&self, path: &Path) -> anyhow::Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("cannot give {} to {}", path.display(), self.name))
    }

    /// Whether this account can run the program at `path`.
    pub(crate) fn can_run(&self, path: &Path) -> bool {
        command::succeeds(self.command("test").arg("-x").arg(path))
    }
}
