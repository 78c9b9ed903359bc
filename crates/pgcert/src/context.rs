//! What the commands take from the world around them: the clock, the environment, where things are
//! kept. Read here and handed on as values.

use std::env;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use hostfile::Account;
use pki_core::Time;

use crate::args::Common;
use crate::failure::Failure;

/// The world around a command.
pub(crate) struct Context {
    /// Now.
    pub(crate) now: Time,
    /// The authority's folder.
    pub(crate) authority: PathBuf,
    /// Whether the asker named that folder.
    pub(crate) authority_was_named: bool,
    /// Where the journal and the lock are.
    pub(crate) state: PathBuf,
    /// Whose rights are in use.
    pub(crate) account: Account,
}

impl Context {
    /// As the options and the environment say. From here on no core dump holds a key, and nobody
    /// but root can look into this process.
    pub(crate) fn new(common: &Common) -> Result<Self, Failure> {
        hostfile::forbid_core_dumps()
            .map_err(|error| Failure::because("this process cannot be kept private", &error))?;
        let account = Account::current()
            .map_err(|error| Failure::because("it is not known who this is", &error))?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|error| Failure::because("the clock cannot be right", &error))?;
        let now = Time::from_unix(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        let (default_authority, default_state) = if account.uid == 0 {
            (
                PathBuf::from(SYSTEM).join("authority"),
                PathBuf::from(SYSTEM).join("state"),
            )
        } else {
            (
                xdg("XDG_DATA_HOME", &account, ".local/share").join("pgcert/authority"),
                xdg("XDG_STATE_HOME", &account, ".local/state").join("pgcert"),
            )
        };
        let authority = folder(common.authority.as_ref(), "PGCERT_AUTHORITY");
        Ok(Context {
            now,
            authority_was_named: authority.is_some(),
            authority: absolute(authority.unwrap_or(default_authority))?,
            state: absolute(
                folder(common.state.as_ref(), "PGCERT_STATE").unwrap_or(default_state),
            )?,
            account,
        })
    }

    /// The value of an environment variable, where it is set and text. It may be empty: to libpq most variables count then.
    pub(crate) fn env(&self, name: &str) -> Option<String> {
        env::var(name).ok()
    }
}

/// `path` seen from the folder we were called in, so that it means the same wherever it is used.
/// `.` goes; `..` stays, because a link may stand before it.
pub(crate) fn absolute(path: PathBuf) -> Result<PathBuf, Failure> {
    if path.is_absolute() {
        return Ok(path.components().collect());
    }
    let here = env::current_dir()
        .map_err(|error| Failure::because("the current folder is not known", &error))?;
    Ok(here.join(path).components().collect())
}

/// What the option says, else the variable; set but empty, it says nothing.
fn folder(option: Option<&PathBuf>, variable: &str) -> Option<PathBuf> {
    option.cloned().or_else(|| {
        env::var_os(variable)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    })
}

/// A folder of the XDG Base Directory Specification; a relative value is to be ignored, it says.
fn xdg(variable: &str, account: &Account, default: &str) -> PathBuf {
    match env::var_os(variable).map(PathBuf::from) {
        Some(folder) if folder.is_absolute() => folder,
        _ => env::var_os("HOME")
            .map(PathBuf::from)
            .filter(|home| home.is_absolute())
            .unwrap_or_else(|| account.home.clone())
            .join(default),
    }
}

/// Where root's authority and state are.
const SYSTEM: &str = "/var/lib/pgcert";
