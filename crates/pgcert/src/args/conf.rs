//! `pgcert conf` as it is typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use pg_config::Version;

use super::files::{Linting, ServerEditing, ServerFile};
use super::help;

/// `pgcert conf`.
#[derive(Debug, Subcommand)]
pub(crate) enum Conf {
    /// Show what settings say, where that stands, and what it overrides
    #[command(after_help = help::CONF_GET)]
    Get(ConfGet),
    /// Change settings where they are in force
    #[command(after_help = help::CONF_SET)]
    Set(ConfSet),
    /// Take settings out of force, by commenting their lines out
    #[command(after_help = help::CONF_UNSET)]
    Unset(ConfUnset),
    /// Compare two files by what they mean
    #[command(after_help = help::CONF_DIFF)]
    Diff(ConfDiff),
    /// Find what the server would refuse, and what probably was not meant
    #[command(after_help = help::CONF_LINT)]
    Lint(ConfLint),
}

/// `pgcert conf get`.
#[derive(Debug, Args)]
pub(crate) struct ConfGet {
    /// The settings [default: all that are set]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) file: ServerFile,
}

/// `pgcert conf set`.
#[derive(Debug, Args)]
pub(crate) struct ConfSet {
    /// The settings with their new values; quoting for the file is done here
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub(crate) settings: Vec<Assignment>,
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert conf unset`.
#[derive(Debug, Args)]
pub(crate) struct ConfUnset {
    /// The settings
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert conf diff`.
#[derive(Debug, Args)]
pub(crate) struct ConfDiff {
    /// The one file; what it includes is read too
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The other file
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// The major version whose rules and defaults apply, 12 to 19 [default: what the place of NEW
    /// says (/etc/postgresql/15/main, PG_VERSION beside it); else 18]
    #[arg(long, value_name = "N")]
    pub(crate) pg_version: Option<Version>,
}

/// `pgcert conf lint`.
#[derive(Debug, Args)]
pub(crate) struct ConfLint {
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) linting: Linting,
}

/// `NAME=VALUE`.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    /// The name.
    pub(crate) name: String,
    /// The value, without the quotes of the file; blanks around it belong to it.
    pub(crate) value: String,
}

impl FromStr for Assignment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text
            .split_once('=')
            .ok_or("a name, = and a value are needed")?;
        let name = name.trim();
        if name.is_empty() {
            return Err("there is no name before the =");
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}
