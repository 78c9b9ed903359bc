//! What is wanted, in the words of the person who asks: values only, nothing found out yet.

use std::net::IpAddr;
use std::path::PathBuf;

use pg_config::hba::Source;
use pki_core::{AltName, Certificate, Crl, Fingerprint, KeyType, RoleName, Secret, Subject};

/// What is wanted of one machine. `setup` wants all three parts, `install` one of the last two.
#[derive(Debug, Clone)]
pub struct Goal {
    /// The authority that issues what has to be issued; `None`: everything was issued elsewhere.
    pub authority: Option<AuthorityGoal>,
    /// What the server shall present and whom it shall let in.
    pub server: Option<ServerGoal>,
    /// What the client shall present, and the service that names it.
    pub client: Option<ClientGoal>,
    /// Revocation lists to be in force on the server; what is in force of other authorities stays.
    pub crls: Vec<Crl>,
}

/// The authority to use, or to make where there is none.
#[derive(Debug, Clone)]
pub struct AuthorityGoal {
    /// Its folder.
    pub dir: PathBuf,
    /// Whether the folder was named by the asker and not taken by default.
    pub dir_was_named: bool,
    /// The common name of one that has to be made.
    pub name: String,
    /// The subject of one that has to be made, without its common name.
    pub subject: Subject,
    /// The lifetime in days of one that has to be made.
    pub days: u32,
    /// The key of one that has to be made.
    pub key_type: KeyType,
    /// Whether the key of one that has to be made is encrypted.
    pub encrypted: bool,
}

/// Where a certificate comes from.
#[derive(Debug, Clone)]
pub enum Identity {
    /// From the authority here; one that is there and still fits is kept.
    Issued(Wish),
    /// It was issued elsewhere and brought here; the key was made here.
    Brought(Material),
}

/// How a certificate shall be that has to be issued.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Lifetime in days.
    pub days: u32,
    /// Key type.
    pub key_type: KeyType,
    /// Subject without its common name.
    pub subject: Subject,
    /// The passphrase for the key file, if it is to be encrypted.
    pub key_passphrase: Option<Secret>,
}

/// What was made here and what came back from the authority.
#[derive(Debug, Clone)]
pub struct Material {
    /// The private key, in PEM, as it will be installed.
    pub key: Secret,
    /// The certificate, then its intermediates.
    pub chain: Vec<Certificate>,
    /// The authorities to trust.
    pub roots: Vec<Certificate>,
    /// Whether they are pgcert's own, and are to be marked as such where they are written.
    pub roots_are_marked: bool,
}

/// What the server shall present and whom it shall let in.
#[derive(Debug, Clone)]
pub struct ServerGoal {
    /// The server's names; the first is the one that clients use. Empty: those of the certificate
    /// in use, else the machine's own.
    pub names: Vec<AltName>,
    /// Its certificate.
    pub identity: Identity,
    /// Whether a certificate that was issued elsewhere may be replaced.
    pub may_replace: bool,
    /// Who shall be let in.
    pub access: Option<AccessGoal>,
    /// A new value for `listen_addresses`.
    pub listen: Option<String>,
    /// Whether the server may be restarted.
    pub may_restart: bool,
}

/// A role that shall get in with a certificate over TLS.
#[derive(Debug, Clone)]
pub struct AccessGoal {
    /// The role.
    pub role: RoleName,
    /// The databases; empty: all.
    pub databases: Vec<String>,
    /// Where from. Never empty.
    pub from: Vec<Source>,
    /// The certificate's common name, where it is not the role's: goes through a user name map.
    pub cert_name: Option<String>,
    /// Whether plain TCP is refused for the role from these addresses.
    pub certificate_only: bool,
    /// Whether the role is created when it is missing.
    pub create_role: bool,
}

/// What the client shall present, and the service that names it.
#[derive(Debug, Clone)]
pub struct ClientGoal {
    /// The role that it logs in as.
    pub role: RoleName,
    /// The certificate's common name, where it is not the role's.
    pub cert_name: Option<String>,
    /// The database that the service names.
    pub database: String,
    /// The server, where it is on another machine; `None`: the one of this goal.
    pub remote: Option<Remote>,
    /// The service's name; `None`: the server's, or `SERVER-ROLE` where that one is taken.
    pub service: Option<String>,
    /// Its certificate.
    pub identity: Identity,
    /// Whether the login is to be proven.
    pub prove: bool,
}

/// A server on another machine, as the client reaches it.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its name, as the client verifies it.
    pub host: String,
    /// The address to connect to, where the name does not lead there.
    pub hostaddr: Option<IpAddr>,
    /// Its port.
    pub port: u16,
}

/// What has to hold when the steps are done.
#[derive(Debug, Clone, Default)]
pub struct Expectation {
    /// The certificate that the server shall serve, where it is known before it is issued.
    pub served: Option<Fingerprint>,
    /// Whether the server shall serve the certificate that this plan issues.
    pub serves_issued: bool,
    /// Where the server can be asked which certificate it serves.
    pub server: Option<(IpAddr, u16)>,
    /// The file of revocation lists that has to be in force, where one was brought.
    pub crl: Option<PathBuf>,
    /// The login to prove.
    pub login: Option<Login>,
}

/// A login to prove, through the service that was written.
#[derive(Debug, Clone)]
pub struct Login {
    /// The role.
    pub role: String,
    /// The service.
    pub service: String,
    /// How much of it can be tried on this machine.
    pub reach: Reach,
}

/// How far a login can be proven from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All the way.
    Login,
    /// Only the handshake: the rule covers no address of this machine.
    Handshake,
    /// Not at all: the server listens on no address of this machine.
    Nowhere,
}
