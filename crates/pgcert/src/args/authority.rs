//! `pgcert ca init` as it is typed, and what limits an authority.

use std::path::PathBuf;

use clap::Args;
use pki_core::{DnsName, KeyType, Kind, Network, Scope, Subject};

use super::{NewPassphrase, ROOT_DAYS, days, key_type, one_of};

/// `pgcert ca init`.
#[derive(Debug, Args)]
pub(crate) struct CaInit {
    /// The authority's common name [default: "HOST PostgreSQL CA", after this machine]
    #[arg(long, value_name = "NAME")]
    pub(crate) ca_name: Option<String>,
    /// The rest of its subject, such as 'C=FR,O=Loxodata' [default: none]
    #[arg(long, value_name = "DN")]
    pub(crate) subject: Option<Subject>,
    /// Its lifetime in days
    #[arg(long, value_name = "N", default_value_t = ROOT_DAYS, value_parser = days)]
    pub(crate) days: u32,
    /// Its key
    #[arg(long, value_name = "TYPE", default_value = "p256", value_parser = key_type())]
    pub(crate) key_type: KeyType,
    /// Make it even where password logins will not work with it (ed25519)
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) scope: ScopeOptions,
    #[command(flatten)]
    pub(crate) above: Above,
    #[command(flatten)]
    pub(crate) passphrase: NewPassphrase,
}

/// What an authority may sign; its certificate says so, and everybody who verifies holds it to that.
#[derive(Debug, Args)]
#[command(next_help_heading = "What it may sign")]
pub(crate) struct ScopeOptions {
    /// Only certificates of servers, or only of clients [default: both]
    #[arg(long = "for", value_name = "KIND", value_parser = one_of::<Kind>(["server", "client"]))]
    pub(crate) only: Option<Kind>,
    /// Only host names that are one of these or below it; without --permit-ip, no addresses
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) permit_dns: Vec<DnsName>,
    /// Only addresses in these networks; without --permit-dns, no host names
    #[arg(long, value_name = "NETWORK,...", value_delimiter = ',')]
    pub(crate) permit_ip: Vec<Network>,
}

impl ScopeOptions {
    /// The limits.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            only: self.only,
            dns: self.permit_dns.clone(),
            networks: self.permit_ip.clone(),
        }
    }
}

/// The root above an authority.
#[derive(Debug, Args)]
#[command(next_help_heading = "Under a root that can be carried away")]
pub(crate) struct Above {
    /// Make it under a root, which alone is trusted by servers and clients
    #[arg(long, requires = "root_authority")]
    pub(crate) intermediate: bool,
    /// The folder of the root; made where it is not there
    #[arg(long, value_name = "DIR", requires = "intermediate")]
    pub(crate) root_authority: Option<PathBuf>,
    /// Common name of a root that has to be made [default: the authority's with "root" behind it]
    #[arg(long, value_name = "NAME", requires = "intermediate")]
    pub(crate) root_name: Option<String>,
    /// The root's key has, or gets, the passphrase in the first line of FILE [default: asked for,
    /// or none with --no-passphrase]
    #[arg(long, value_name = "FILE", requires = "intermediate")]
    pub(crate) root_passphrase_file: Option<PathBuf>,
}
