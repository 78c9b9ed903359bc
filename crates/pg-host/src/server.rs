//! Everything that decides about logins on one server, gathered at one moment: settings and files in force, rules, certificates, the
//! role and the databases in question. Facts only; what they mean together is judged elsewhere.

mod configuration;
mod managed;
mod tls;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hostfile::Interface;
use pg_config::{Version, hba};

use crate::admin::{Admin, AskError, Database, Role, Settings, Standby, TcpSession};
use crate::cluster::Cluster;

pub use configuration::{Configuration, Hba, Ident};
pub use managed::{Manager, Sign, signs};
pub use tls::{CertificateFile, CrlFile, FileProblem, KeyFile, KeyRefusal, Place, TlsFiles};

/// One server as it is.
#[derive(Debug)]
pub struct ServerFacts {
    /// Where it is on this machine.
    pub cluster: Cluster,
    /// Its major version.
    pub version: Version,
    /// Its `server_version_num`, such as 150018.
    pub version_num: u32,
    /// The settings in force.
    pub settings: Settings,
    /// `postgresql.conf` and what goes with it.
    pub configuration: Configuration,
    /// `pg_hba.conf`.
    pub hba: Hba,
    /// `pg_ident.conf`.
    pub ident: Ident,
    /// The files that TLS is made of.
    pub tls: TlsFiles,
    /// The role asked about; `None` where there is none of that name.
    pub role: Option<Role>,
    /// The databases asked about, in the order asked.
    pub databases: Vec<DatabaseFacts>,
    /// The sessions that the role has open over TCP.
    pub sessions: Vec<TcpSession>,
    /// Whether the server is a standby.
    pub in_recovery: bool,
    /// Who receives its write-ahead log.
    pub standbys: Vec<Standby>,
    /// This machine's own addresses.
    pub interfaces: Vec<Interface>,
    /// The same as `samehost` and `samenet` need it.
    pub site: hba::Site,
    /// This machine's own name.
    pub host_name: String,
    /// Signs that somebody else writes the configuration files.
    pub signs: Vec<Sign>,
}

/// What a role may do with a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// The name asked about.
    pub name: String,
    /// `None` where there is none of that name.
    pub database: Option<Database>,
    /// Whether the role has CONNECT; for a role that does not exist yet: whether everybody has.
    pub may_connect: bool,
}

/// Why the facts cannot be gathered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactsError {
    /// The server did not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A file in force cannot be read.
    #[error(transparent)]
    File(#[from] hostfile::Error),
    /// The server runs with a file that is no longer there.
    #[error("the server's {setting} is \"{path}\", and there is no such file")]
    Missing {
        /// The setting that names it.
        setting: &'static str,
        /// Its value.
        path: String,
    },
}

/// Gathers the facts about one server, one role and the databases that it shall use. Files are read with the rights of the cluster's owner.
///
/// # Errors
/// [`FactsError`]. A certificate or key that cannot be read is a fact, not an error.
pub fn server_facts(
    cluster: &Cluster,
    admin: &mut Admin,
    role: &str,
    databases: &[&str],
) -> Result<ServerFacts, FactsError> {
    let settings = admin.settings()?;
    let configuration = Configuration::read(cluster, admin, &settings)?;
    let hba = Hba::read(cluster, admin, &settings)?;
    let ident = Ident::read(cluster, admin, &settings)?;
    let tls = TlsFiles::read(cluster, &settings)?;
    let mut files = vec![&configuration.file, &hba.file];
    files.extend(&ident.file);
    let signs = signs(cluster, &files)?;
    let mut database_facts = Vec::new();
    for name in databases {
        database_facts.push(DatabaseFacts {
            name: (*name).to_owned(),
            database: admin.database(name)?,
            may_connect: admin.can_connect(role, name)?.unwrap_or(false),
        });
    }
    let interfaces = hostfile::interfaces()?;
    Ok(ServerFacts {
        version: admin.version(),
        version_num: admin.version_num(),
        role: admin.role(role)?,
        databases: database_facts,
        sessions: admin.sessions(role)?,
        in_recovery: admin.in_recovery()?,
        standbys: admin.standbys()?,
        site: site_of(&interfaces),
        interfaces,
        host_name: hostfile::host_name(),
        cluster: cluster.clone(),
        settings,
        configuration,
        hba,
        ident,
        tls,
        signs,
    })
}

/// What the rules of a server on this machine depend on besides their text.
///
/// # Errors
/// [`hostfile::Error`] where the kernel does not tell the interfaces.
pub fn site() -> Result<hba::Site, hostfile::Error> {
    Ok(site_of(&hostfile::interfaces()?))
}

/// The addresses with a netmask of their family (`pg_foreach_ifaddr`; one without a netmask counts as a network of its own).
fn site_of(interfaces: &[Interface]) -> hba::Site {
    let with_mask = |interface: &Interface| hba::Interface {
        address: interface.address,
        netmask: interface.netmask.unwrap_or(match interface.address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::BROADCAST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from([0xff; 16])),
        }),
    };
    hba::Site {
        interfaces: Some(interfaces.iter().map(with_mask).collect()),
    }
}
