//! `pgcert service` as it is typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use pg_config::Version;

use super::conf::Assignment;
use super::files::{Editing, Linting};
use super::help;

/// `pgcert service`.
#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// List the services
    #[command(after_help = help::SERVICE_LIST)]
    List(ServiceList),
    /// Show what a service says
    #[command(after_help = help::SERVICE_GET)]
    Get(ServiceGet),
    /// Give a service parameters; one that is missing is made
    #[command(after_help = help::SERVICE_SET)]
    Set(ServiceSet),
    /// Take a service away, or some of its parameters
    #[command(after_help = help::SERVICE_REMOVE)]
    Remove(ServiceRemove),
    /// Find what libpq would refuse, and what probably was not meant
    #[command(after_help = help::SERVICE_LINT)]
    Lint(ServiceLint),
}

/// `pgcert service list`.
#[derive(Debug, Args)]
pub(crate) struct ServiceList {
    #[command(flatten)]
    pub(crate) file: ServiceFile,
}

/// `pgcert service get`.
#[derive(Debug, Args)]
pub(crate) struct ServiceGet {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// Only these parameters, without their names [default: all]
    #[arg(value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    #[command(flatten)]
    pub(crate) file: ServiceFile,
}

/// `pgcert service set`.
#[derive(Debug, Args)]
pub(crate) struct ServiceSet {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// The parameters; there are no quotes in service files
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub(crate) parameters: Vec<Assignment>,
    #[command(flatten)]
    pub(crate) file: ServiceFile,
    #[command(flatten)]
    pub(crate) editing: Editing,
}

/// `pgcert service remove`.
#[derive(Debug, Args)]
pub(crate) struct ServiceRemove {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// Only these parameters [default: the service itself]
    #[arg(value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    #[command(flatten)]
    pub(crate) file: ServiceFile,
    #[command(flatten)]
    pub(crate) editing: Editing,
}

/// `pgcert service lint`.
#[derive(Debug, Args)]
pub(crate) struct ServiceLint {
    #[command(flatten)]
    pub(crate) file: ServiceFile,
    #[command(flatten)]
    pub(crate) linting: Linting,
}

/// Which service file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which file")]
pub(crate) struct ServiceFile {
    /// The file [default: PGSERVICEFILE, else ~/.pg_service.conf]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The major version of the libpq whose rules apply, 12 to 19 [default: 18]
    #[arg(long, value_name = "N")]
    pub(crate) pg_version: Option<Version>,
}
