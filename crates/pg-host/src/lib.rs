//! What is there: the PostgreSQL clusters of this machine, the server that runs on one of them with its settings, files and
//! views, and the files that libpq would take for a client. It asks and reads, and never changes anything.
//!
//! - [`Survey`], [`find`]: which clusters there are; [`Cluster`]: what the disk says about one
//! - [`Admin`]: a session with its server by somebody who may see everything, and the views as values
//! - [`ServerFacts`]: all that decides about logins there, gathered at one moment
//! - [`client`]: a connection string with environment, service and password file, keys and certificates, resolved as libpq does
//!
//! Files are read with the rights of the user whose files they are: a link that he made leads nowhere that he could not go
//! himself. The environment and the time come in as arguments.

mod admin;
pub mod client;
mod cluster;
mod files;
#[cfg(test)]
mod sample;
mod server;

pub use admin::{
    Admin, AdminError, AskError, Database, FileSetting, HbaRow, How, IdentRow, OwnTls, Role,
    Setting, Settings, Standby, TcpSession, Tried, own_tls,
};
pub use cluster::{Cluster, FindError, NotACluster, Postmaster, Selector, Survey, clusters, find};
pub use files::{File, HostFiles};
pub use server::{
    CertificateFile, Configuration, CrlFile, DatabaseFacts, FactsError, FileProblem, Hba, Ident,
    KeyFile, KeyRefusal, Manager, Place, ServerFacts, Sign, TlsFiles, server_facts, signs, site,
};
