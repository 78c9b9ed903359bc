//! `pgcert hba explain` and `pgcert ident explain` as they are typed: a connection, or a name, in options.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::files::{FILE, ServerFile};

/// `pgcert hba explain`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("asked").args(["from", "local", "connections"]).required(true))]
pub(crate) struct HbaExplain {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Answer for each connection in FILE, one a line, in order, with --json in a document a line: JSON lines with the keys user,
    /// database, from or local, tls, gss, replication, member_of, host_name and no_host_name
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "origin", "database", "tls", "no_tls", "gss", "replication", "member_of", "no_groups", "host_name", "no_host_name"])]
    pub(crate) connections: Option<PathBuf>,
    /// The user name maps [default: those of the server; with --file, pg_ident.conf beside it, if
    /// there is one]
    #[arg(long, value_name = "FILE", help_heading = FILE)]
    pub(crate) ident_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) file: ServerFile,
}

/// A connection.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which connection")]
pub(crate) struct Connection {
    /// The role
    #[arg(long, value_name = "ROLE", required_unless_present = "connections", value_parser = role)]
    pub(crate) user: Option<String>,
    /// The database [default: the one that is called like the role, as libpq has it]
    #[arg(long, value_name = "NAME", value_parser = database)]
    pub(crate) database: Option<String>,
    /// The client's address, as the server sees it
    #[arg(
        long,
        value_name = "ADDRESS",
        group = "origin",
        value_parser = address
    )]
    pub(crate) from: Option<IpAddr>,
    /// Over the Unix socket; this or --from is needed
    #[arg(long, group = "origin", conflicts_with = "way")]
    pub(crate) local: bool,
    /// With TLS [default for --from]
    #[arg(long, group = "way")]
    pub(crate) tls: bool,
    /// In clear
    #[arg(long, group = "way")]
    pub(crate) no_tls: bool,
    /// With GSS encryption
    #[arg(long, group = "way")]
    pub(crate) gss: bool,
    /// Physical replication, as a standby does it; a logical one is an ordinary connection [default:
    /// an ordinary connection]
    #[arg(long, conflicts_with = "database")]
    pub(crate) replication: bool,
    /// A role that it is a member of, directly or not; repeatable; then it is a member of no others
    /// [default: what the server says, where one can be asked; else not known]
    #[arg(long, value_name = "ROLE")]
    pub(crate) member_of: Vec<String>,
    /// It is a member of no role
    #[arg(long, conflicts_with = "member_of")]
    pub(crate) no_groups: bool,
    /// The name that the server finds for the client's address, and that leads back to it [default:
    /// not known]
    #[arg(long, value_name = "NAME", conflicts_with = "local")]
    pub(crate) host_name: Option<String>,
    /// The server finds no name for the client's address, or none that leads back to it
    #[arg(long, conflicts_with_all = ["local", "host_name"])]
    pub(crate) no_host_name: bool,
}

/// `pgcert ident explain`.
#[derive(Debug, Args)]
pub(crate) struct IdentExplain {
    /// The map, as map=MAP names it in pg_hba.conf [default: all]
    #[arg(long, value_name = "MAP")]
    pub(crate) map: Option<String>,
    /// The certificate's name (CN, or DN with clientname=DN), or the system user [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The role that is asked for [default: all]
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// A role that ROLE is a member of, directly or not; repeatable; then it is a member of no
    /// others [default: what the server says, where one can be asked; else not known]
    #[arg(long, value_name = "ROLE", requires = "role")]
    pub(crate) member_of: Vec<String>,
    /// ROLE is a member of no role
    #[arg(long, conflicts_with = "member_of", requires = "role")]
    pub(crate) no_groups: bool,
    #[command(flatten)]
    pub(crate) file: ServerFile,
}

/// A role as a startup packet may name it (`ProcessStartupPacket`).
pub(crate) fn role(text: &str) -> Result<String, String> {
    match text {
        "" => Err("the server refuses an empty user name".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// A database that a startup packet asks for; an empty one is none (`ProcessStartupPacket`).
pub(crate) fn database(text: &str) -> Result<String, String> {
    match text {
        "" => {
            Err("for an empty database name the server takes the role's, as without one".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

/// One address: a name has none for itself, and a network has many.
fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| {
        "it takes one address, such as 10.0.0.1 or ::1 (--host-name says what name it has)"
            .to_owned()
    })
}
