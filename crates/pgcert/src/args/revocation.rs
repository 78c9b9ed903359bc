//! `pgcert revoke`, `pgcert ca crl` and `pgcert ca audit` as they are typed.

use std::path::PathBuf;

use clap::Args;

use super::{Passphrase, days, one_of};
use pki_core::{Fingerprint, Kind, RevocationReason};

/// `pgcert revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// A serial number in hexadecimal, or the exact name of a role or server
    #[arg(value_name = "SERIAL|NAME")]
    pub(crate) target: String,
    /// Why
    #[arg(long, value_name = "REASON", default_value = "unspecified", value_parser = one_of::<RevocationReason>(RevocationReason::ALL.map(RevocationReason::name)))]
    pub(crate) reason: RevocationReason,
    /// Only certificates of this kind
    #[arg(long, value_name = "KIND", value_parser = one_of::<Kind>(["server", "client", "intermediate"]))]
    pub(crate) kind: Option<Kind>,
    /// All certificates of that name, where there are several
    #[arg(long)]
    pub(crate) all: bool,
    /// Show what would be revoked, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agree without being asked
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `pgcert ca crl`.
#[derive(Debug, Args)]
pub(crate) struct CaCrl {
    /// The list ends after so many days [default: when the authority ends]
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub(crate) next_update: Option<u32>,
    /// The file to write it to, in place of what is there [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

/// `pgcert ca audit`.
#[derive(Debug, Args)]
pub(crate) struct CaAudit {
    /// The head that an earlier audit printed: everything up to there has to be as it was
    #[arg(long, value_name = "HASH")]
    pub(crate) expect_head: Option<Fingerprint>,
}
