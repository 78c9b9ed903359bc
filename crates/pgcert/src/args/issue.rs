//! `pgcert issue` as it is typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use pki_core::{AltName, KeyType, RoleName, Subject};

use super::{CERTIFICATES, LEAF_DAYS, Passphrase, days, key_type};

/// `pgcert issue`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Issue {
    #[command(subcommand)]
    pub(crate) one: Option<IssueOne>,
    #[command(flatten)]
    pub(crate) many: IssueMany,
}

/// One certificate.
#[derive(Debug, Subcommand)]
pub(crate) enum IssueOne {
    /// For a server: makes NAME.key and NAME.crt
    Server {
        /// The name that clients use for the server
        name: AltName,
        /// A further name, dns:NAME or ip:ADDRESS; repeatable
        #[arg(long, value_name = "NAME", value_delimiter = ',')]
        san: Vec<AltName>,
        #[command(flatten)]
        options: IssueOptions,
    },
    /// For a client: makes ROLE.key and ROLE.crt
    Client {
        /// The role that the client logs in as, exactly as the server has it
        role: RoleName,
        #[command(flatten)]
        options: IssueOptions,
    },
}

/// What both kinds take.
#[derive(Debug, Args)]
#[command(next_help_heading = CERTIFICATES)]
pub(crate) struct IssueOptions {
    /// The rest of the subject, such as 'C=FR,O=Loxodata' [default: none]
    #[arg(long, value_name = "DN")]
    pub(crate) subject: Option<Subject>,
    /// Lifetime in days, at most to the authority's own end
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = days)]
    pub(crate) days: u32,
    /// The key
    #[arg(long, value_name = "TYPE", default_value = "p256", value_parser = key_type())]
    pub(crate) key_type: KeyType,
    /// The folder to write both files to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Encrypt the key with a passphrase of its own, asked for on a terminal
    #[arg(long)]
    pub(crate) encrypt_key: bool,
    /// Encrypt the key with the passphrase in the first line of FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

/// Many certificates.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many at once")]
pub(crate) struct IssueMany {
    /// Issue what the lines of FILE say: CSV with a header, or JSON lines, of kind, name, sans,
    /// days and key_type
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) batch: Option<PathBuf>,
    /// Go on after an interruption: what is there and was issued here is left out
    #[arg(long)]
    pub(crate) resume: bool,
    /// The rest of the subject of all of them, such as 'C=FR,O=Loxodata' [default: none]
    #[arg(long, value_name = "DN")]
    pub(crate) subject: Option<Subject>,
    /// Lifetime in days, where a line has none
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = days)]
    pub(crate) days: u32,
    /// The key, where a line has none
    #[arg(long, value_name = "TYPE", default_value = "p256", value_parser = key_type())]
    pub(crate) key_type: KeyType,
    /// The folder to write keys and certificates to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}
