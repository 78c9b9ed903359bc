//! `pgcert ca import` as it is typed.

use std::path::PathBuf;

use clap::Args;

use super::NewPassphrase;

/// `pgcert ca import`.
#[derive(Debug, Args)]
pub(crate) struct CaImport {
    /// The authority's certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// Its key, in any of the usual formats
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The certificates above it, up to the root, in any order; none for a root
    #[arg(long, value_name = "FILE")]
    pub(crate) chain: Option<PathBuf>,
    /// The key is under the passphrase in the first line of FILE [default: the one of the authority
    /// from now on]
    #[arg(long, value_name = "FILE")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// Take it over even where password logins will not work with it (ed25519)
    #[arg(long)]
    pub(crate) force: bool,
    /// Say what would be taken over and what would not work, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) issued: Issued,
    #[command(flatten)]
    pub(crate) passphrase: NewPassphrase,
}

/// What the authority has issued so far.
#[derive(Debug, Args)]
#[command(next_help_heading = "What it has issued")]
pub(crate) struct Issued {
    /// index.txt of openssl ca or easy-rsa; certificates are looked for where those keep them
    /// beside it
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// Issued certificates in PEM: a file, or a folder of them; repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) certs: Vec<PathBuf>,
    /// Its last revocation list, in PEM: the next one is numbered above it
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Option<PathBuf>,
}
