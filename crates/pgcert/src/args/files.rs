//! Which of PostgreSQL's files a command is about, and whose rules apply: what `conf`, `hba`, `ident` and `service` have in
//! common.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use pg_config::Version;

/// A file of a server: named, or found as the server finds it.
#[derive(Debug, Args)]
#[command(next_help_heading = FILE)]
pub(crate) struct ServerFile {
    /// The file [default: that of the server, with all that it includes]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cluster", "data_dir"])]
    pub(crate) file: Option<PathBuf>,
    /// The server is this Debian cluster, such as 15/main [default: the only server there is]
    #[arg(long, value_name = "VERSION/NAME", conflicts_with = "data_dir")]
    pub(crate) cluster: Option<String>,
    /// The server is the one with this data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The major version whose rules apply, 12 to 19 [default: the server's; what the file's place
    /// says (/etc/postgresql/15/main, PG_VERSION beside it); else 18]
    #[arg(long, value_name = "N")]
    pub(crate) pg_version: Option<Version>,
}

/// What every command takes that edits a file.
#[derive(Debug, Args)]
pub(crate) struct Editing {
    /// Show the change as a diff, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What every command takes that edits a file of a server.
#[derive(Debug, Args)]
pub(crate) struct ServerEditing {
    #[command(flatten)]
    pub(crate) editing: Editing,
    /// Have the server read its files afterwards; if it does not take them, put the old ones back
    #[arg(long, conflicts_with_all = ["dry_run", "file"])]
    pub(crate) reload: bool,
}

/// What every lint takes.
#[derive(Debug, Args)]
pub(crate) struct Linting {
    /// The form of the findings: text, json, SARIF 2.1.0, or annotations for GitHub Actions
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        conflicts_with = "json"
    )]
    pub(crate) format: Form,
}

/// The form of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    // Without help texts of their own, which would spread each help over four pages.
    Text,
    Json,
    Sarif,
    Github,
}

/// The heading of the options that name a file.
pub(super) const FILE: &str = "Which file";
