//! `pgcert export` as it is typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Passphrase;

/// `pgcert export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Who shall read it
    #[arg(long = "for", value_name = "DRIVER")]
    pub(crate) driver: Driver,
    /// The form of the key [default: pem; for jdbc der, or pkcs12 with a passphrase]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// The private key, in any form [default: ~/.postgresql/postgresql.key]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// The certificate, with what lies between it and the root [default:
    /// ~/.postgresql/postgresql.crt]
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The certificate of the authority that the server's comes from [default:
    /// ~/.postgresql/root.crt, or none beside --key and --cert]
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Encrypt the key that is written; its passphrase is asked for, as it always is for pkcs12
    #[arg(long)]
    pub(crate) encrypt_key: bool,
    /// Encrypt the key that is written, with the passphrase in the first line of FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: FilePassphrase,
}

/// Where the passphrase of a file that is read comes from; on a terminal it is asked for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Passphrase of an encrypted file that is read")]
pub(crate) struct FilePassphrase {
    /// Read it from the first line of FILE
    #[arg(long, value_name = "FILE", group = "passphrase_source")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read it from the first line of this open file descriptor
    #[arg(long, value_name = "N", group = "passphrase_source")]
    pub(crate) passphrase_fd: Option<u32>,
    /// Read it from the first line that this shell command prints
    #[arg(long, value_name = "COMMAND", group = "passphrase_source")]
    pub(crate) passphrase_command: Option<String>,
}

impl From<&FilePassphrase> for Passphrase {
    fn from(options: &FilePassphrase) -> Self {
        Self {
            passphrase_file: options.passphrase_file.clone(),
            passphrase_fd: options.passphrase_fd,
            passphrase_command: options.passphrase_command.clone(),
        }
    }
}

/// Who connects. Without help texts of their own, which would spread over pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Driver {
    Libpq,
    Jdbc,
    Npgsql,
    Pgx,
    Node,
    Psycopg,
    Rustls,
    Kubernetes,
}

/// The form of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Pem,
    Der,
    Pkcs12,
}
