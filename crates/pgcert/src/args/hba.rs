//! `pgcert hba` as it is typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use pg_config::Version;

use super::explain::HbaExplain;
use super::files::{FILE, Linting, ServerEditing, ServerFile};
use super::help;

/// `pgcert hba`.
#[derive(Debug, Subcommand)]
pub(crate) enum Hba {
    /// List the rules in the order in which the server tries them, and what it refuses
    #[command(after_help = help::HBA_LIST)]
    List(HbaList),
    /// Say which rule decides a connection, why no earlier one does, and what comes next
    #[command(after_help = help::HBA_EXPLAIN)]
    Explain(Box<HbaExplain>),
    /// Add a rule
    #[command(after_help = help::HBA_ADD)]
    Add(HbaAdd),
    /// Take rules away
    #[command(after_help = help::HBA_REMOVE)]
    Remove(HbaRemove),
    /// Move a rule to another place
    #[command(after_help = help::HBA_MOVE)]
    Move(HbaMove),
    /// Put the rules in columns; what they mean stays
    #[command(after_help = help::HBA_FORMAT)]
    Format(HbaFormat),
    /// Find what the server would refuse, and what probably was not meant
    #[command(after_help = help::HBA_LINT)]
    Lint(HbaLint),
    /// Compare two files by what they mean: whose outcome differs
    #[command(after_help = help::HBA_DIFF)]
    Diff(HbaDiff),
    /// Say which rules the logins in a log used, or who is refused if the rules change
    #[command(after_help = help::HBA_SIMULATE)]
    Simulate(HbaSimulate),
}

/// `pgcert hba list`.
#[derive(Debug, Args)]
pub(crate) struct HbaList {
    #[command(flatten)]
    pub(crate) file: ServerFile,
}

/// `pgcert hba add`.
#[derive(Debug, Args)]
pub(crate) struct HbaAdd {
    /// The rule as a line of pg_hba.conf, in one argument or several
    #[arg(required = true, value_name = "RULE")]
    pub(crate) rule: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert hba remove`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["rule", "line"]).required(true))]
pub(crate) struct HbaRemove {
    /// The rule as a line of pg_hba.conf: every line that says the same goes, included or not
    #[arg(value_name = "RULE")]
    pub(crate) rule: Vec<String>,
    /// The rule in this line of the file; repeatable
    #[arg(long, value_name = "LINE")]
    pub(crate) line: Vec<u32>,
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert hba move`.
#[derive(Debug, Args)]
pub(crate) struct HbaMove {
    /// The line of the file in which the rule stands
    #[arg(value_name = "LINE")]
    pub(crate) line: u32,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert hba format`.
#[derive(Debug, Args)]
pub(crate) struct HbaFormat {
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) editing: ServerEditing,
}

/// `pgcert hba lint`.
#[derive(Debug, Args)]
pub(crate) struct HbaLint {
    #[command(flatten)]
    pub(crate) file: ServerFile,
    #[command(flatten)]
    pub(crate) linting: Linting,
}

/// `pgcert hba diff`.
#[derive(Debug, Args)]
pub(crate) struct HbaDiff {
    /// The old file, with all that it includes
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The new file, with all that it includes
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// The major version whose rules apply, 12 to 19 [default: what the files' places say
    /// (/etc/postgresql/15/main, PG_VERSION beside it); else 18]
    #[arg(long, value_name = "N", help_heading = FILE)]
    pub(crate) pg_version: Option<Version>,
}

/// `pgcert hba simulate`.
#[derive(Debug, Args)]
#[command(override_usage = "pgcert hba simulate [OPTIONS] <--log <FILE>|--host-to-hostssl|...>")]
#[command(group = ArgGroup::new("what")
    .args(["log", "host_to_hostssl", "md5_to_scram", "passwords_to_cert"])
    .required(true)
    .multiple(true))]
pub(crate) struct HbaSimulate {
    /// A log of the server, in any of its formats (stderr, csvlog, jsonlog); repeatable, in their
    /// order
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Vec<PathBuf>,
    /// What its lines begin with [default: the server's log_line_prefix; with --file, the number in
    /// brackets is the process]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_line_prefix: Option<String>,
    #[command(flatten)]
    pub(crate) steps: Steps,
    #[command(flatten)]
    pub(crate) file: ServerFile,
}

/// What is supposed to have been done to the rules.
#[derive(Debug, Args)]
#[command(next_help_heading = "What if")]
pub(crate) struct Steps {
    /// Each host became hostssl
    #[arg(long)]
    pub(crate) host_to_hostssl: bool,
    /// Each md5 became scram-sha-256
    #[arg(long)]
    pub(crate) md5_to_scram: bool,
    /// Each md5, scram-sha-256 and password became cert, on hostssl; where no TLS comes, reject; on
    /// the Unix socket they stay
    #[arg(long)]
    pub(crate) passwords_to_cert: bool,
}

impl Steps {
    /// Those that were asked for, in this order.
    pub(crate) fn all(&self) -> Vec<Step> {
        let steps = [
            (self.host_to_hostssl, Step::HostToHostssl),
            (self.md5_to_scram, Step::Md5ToScram),
            (self.passwords_to_cert, Step::PasswordsToCert),
        ];
        let asked = steps.into_iter().filter(|(asked, _)| *asked);
        asked.map(|(_, step)| step).collect()
    }
}

/// Something that is done to all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    HostToHostssl,
    Md5ToScram,
    PasswordsToCert,
}

/// Where in the file; the first rule that matches a connection decides.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct Place {
    /// Before the rule in this line of the file
    #[arg(long, value_name = "LINE", group = "place")]
    pub(crate) before: Option<u32>,
    /// Behind the rule in this line of the file
    #[arg(long, value_name = "LINE", group = "place")]
    pub(crate) after: Option<u32>,
    /// Before all rules of the file
    #[arg(long, group = "place")]
    pub(crate) first: bool,
    /// Behind everything in the file
    #[arg(long, group = "place")]
    pub(crate) last: bool,
}
