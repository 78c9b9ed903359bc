//! `pgcert ident` as it is typed.

use clap::{Args, Subcommand};

use super::explain::IdentExplain;
use super::files::{Linting, ServerEditing, ServerFile};
use super::help;

/// `pgcert ident`.
#[derive(Debug, Subcommand)]
pub(crate) enum Ident {
    /// List the lines of all maps in the order in which the server tries them
    #[command(after_help = help::IDENT_LIST)]
    List(IdentList),
    /// Say which names reach which roles, through which line
    #[command(after_help = help::IDENT_EXPLAIN)]
    Explain(IdentExplain),
    /// Let a system user or certificate log in as a role
    #[command(after_help = help::IDENT_ADD)]
    Add(IdentAdd),
    /// Take lines away
    #[command(after_help = help::IDENT_REMOVE, override_usage = help::IDENT_REMOVE_USAGE)]
    Remove(IdentRemove),
    /// Find what the server would refuse, and what probably was not meant
    #[command(after_help = help::IDENT_LINT)]
    Lint(IdentLint),
}

/// `pgcert ident list`.
#[derive(Debug, Args)]
pub(crate) struct IdentList {
    /// Only this map
    #[arg(value_name = "MAP")]
    pub(crate) map: Option<String>,
    #[command(flatten)]
    pub(crate) file: ServerFile,
}

/// `pgcert ident add`.
#[derive(Debug, Args)]
pub(crate) struct IdentAdd {
    /// The map, as map=MAP names it in pg_hba.conf
    #[arg(value_name = "MAP")]
    pub(crate) map: String,
    /// The system user, or the certificate's name: exactly this
    #[arg(value_name = "SYSTEM-USER")]
    pub(crate) system_user: String,
    /// The role: exactly this
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    /// SYSTEM-USER is a regular expression, and \1 in ROLE what its first group matches
    #[arg(long)]
    pub(crate) regex: bool,
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert ident remove`.
#[derive(Debug, Args)]
pub(crate) struct IdentRemove {
    /// The map
    #[arg(
        value_name = "MAP",
        required_unless_present = "line",
        conflicts_with = "line",
        requires = "system_user"
    )]
    pub(crate) map: Option<String>,
    /// The system user as pgcert ident list shows it
    #[arg(value_name = "SYSTEM-USER", requires = "role")]
    pub(crate) system_user: Option<String>,
    /// The role: exactly this, as pgcert ident add writes it
    #[arg(value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// The line of the file; repeatable
    #[arg(long, value_name = "LINE")]
    pub(crate) line: Vec<u32>,
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert ident lint`.
#[derive(Debug, Args)]
pub(crate) struct IdentLint {
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) linting: Linting,
}
