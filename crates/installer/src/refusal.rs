//! Why there is no plan: what stands in the way, as facts. What to do about it is said at the
//! command line.

use std::net::IpAddr;
use std::path::PathBuf;

use pg_host::Sign;
use pki_core::{IssueError, VerifyError};

/// Why there is no plan. Nothing was touched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Somebody else writes the configuration files.
    #[error("the configuration belongs to somebody else: {} says so", signs.first().map_or_else(String::new, |s| s.path.display().to_string()))]
    Managed {
        /// What says so.
        signs: Vec<Sign>,
    },
    /// The server would not load a file as it is now.
    #[error("the server would refuse {what} as it is now: {}", errors.join("; "))]
    Broken {
        /// Which file.
        what: &'static str,
        /// The server's words, with file and line.
        errors: Vec<String>,
    },
    /// There is no such role.
    #[error("role \"{role}\" does not exist")]
    NoRole {
        /// The role.
        role: String,
    },
    /// The role cannot be created: the server is a standby.
    #[error(
        "role \"{role}\" does not exist, and the server is a standby: it cannot be created here"
    )]
    Standby {
        /// The role.
        role: String,
    },
    /// The role may not log in.
    #[error("role \"{role}\" has no LOGIN")]
    NoLogin {
        /// The role.
        role: String,
    },
    /// There is no such database.
    #[error("database \"{database}\" does not exist")]
    NoDatabase {
        /// The database.
        database: String,
    },
    /// The role may not connect to the database.
    #[error("role \"{role}\" has no CONNECT on database \"{database}\"")]
    NoConnect {
        /// The role.
        role: String,
        /// The database.
        database: String,
    },
    /// No place for the rule satisfies everybody.
    #[error("{text}")]
    NoPlace {
        /// Why, with the lines that are in the way.
        text: String,
        /// Those lines, as `file:line`.
        lines: Vec<String>,
    },
    /// A rule would change who else gets in: this is a bug, and so nothing is done.
    #[error("the new rule would change what {rule} decides for others")]
    TouchesOthers {
        /// The rule, as `file:line`.
        rule: String,
    },
    /// A map that would have to name the role is used by rules outside of what was asked for.
    #[error("map {map} is used by other rules too, which would let the role in as well: {}", lines.join(", "))]
    MapElsewhere {
        /// The map.
        map: String,
        /// Those rules, as `file:line`.
        lines: Vec<String>,
    },
    /// Somebody has changed files that the server has not read yet: a reload would bring that into
    /// force too.
    #[error("the server has not read {} since it was changed, and a reload would bring that into force too", files.iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", "))]
    Unloaded {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// The server cannot listen on an address that is not this machine's: it would not start.
    #[error("{address} is no address of this machine")]
    NotOwnAddress {
        /// The address.
        address: IpAddr,
    },
    /// A setting is given on the server's command line, which no file overrides.
    #[error("{name} is set on the server's command line")]
    CommandLine {
        /// The setting.
        name: String,
    },
    /// A setting has to change that only a restart brings into force.
    #[error("{name} has to change, and only a restart brings that into force")]
    NeedsRestart {
        /// The setting.
        name: String,
    },
    /// A file does not allow what was asked for.
    #[error("{} cannot be changed: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file of trusted authorities is not the cluster's own.
    #[error("ssl_ca_file is {}, which others use too", path.display())]
    SystemBundle {
        /// The file.
        path: PathBuf,
    },
    /// A certificate file that is in force cannot be read.
    #[error("{} cannot be used: {reason}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// CRLs are in force, and there is none of this authority: its clients would all be refused.
    #[error("revocation lists are in force ({}), and none of them is of this authority", path.display())]
    CrlInForce {
        /// The file or folder.
        path: PathBuf,
    },
    /// An authority in `ssl_ca_file` would have no current list: its clients would all be refused.
    #[error(
        "{authority} would have no current revocation list: clients with a certificate under it would all be refused"
    )]
    NoCrl {
        /// Its subject.
        authority: String,
    },
    /// A newer list of the same authority is in force.
    #[error("the list of {issuer} has number {number}, and number {in_force} is in force already")]
    OlderCrl {
        /// The authority.
        issuer: String,
        /// The number of the list that was brought.
        number: String,
        /// The number of the list in force.
        in_force: String,
    },
    /// A list that would not be used, or would have everybody refused.
    #[error("the list of {issuer} is of no use: {reason}")]
    UselessCrl {
        /// The authority that it names.
        issuer: String,
        /// Why.
        reason: String,
    },
    /// The server asks no client for a certificate: a revocation list would change nothing.
    #[error("the server asks no client for a certificate: ssl is off, or ssl_ca_file is empty")]
    NobodyTrusted,
    /// The server already uses a pgcert authority, and it is not the one here.
    #[error("the server already trusts another pgcert authority ({authority}, named in {})", path.display())]
    OtherAuthority {
        /// Its subject.
        authority: String,
        /// The file that names it.
        path: PathBuf,
    },
    /// SQL superusers could read the authority's unencrypted key.
    #[error("the server's own user could read the unencrypted key of an authority in {}", dir.display())]
    ExposedAuthority {
        /// The authority's folder.
        dir: PathBuf,
    },
    /// The authority may not issue what would have to be issued: it is limited to one kind, or to other
    /// names.
    #[error("no certificate for {name} can be issued: {source}")]
    NotIssued {
        /// The server's name, or the role.
        name: String,
        /// Why.
        source: IssueError,
    },
    /// What was brought does not go together.
    #[error("the {what} does not fit: {reason}")]
    Mismatch {
        /// What.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// The certificate that was brought does not chain to the root that was brought.
    #[error("the certificate does not verify under that root: {0}")]
    Chain(VerifyError),
    /// The server's key that was brought is under a passphrase, and the server has no command that gives it.
    #[error(
        "the server's key is under a passphrase: nobody is there to type it when the server starts"
    )]
    EncryptedServerKey,
    /// The service's name is taken.
    #[error("service [{service}] in {} is somebody else's", path.display())]
    ServiceTaken {
        /// The service.
        service: String,
        /// The service file.
        path: PathBuf,
    },
    /// A client file's name is taken.
    #[error("{} is there already, and pgcert did not write it", path.display())]
    FileTaken {
        /// The file.
        path: PathBuf,
    },
    /// The client's home folder does not exist.
    #[error("the home folder {} does not exist", path.display())]
    NoHome {
        /// The folder.
        path: PathBuf,
    },
    /// The service cannot be written as libpq would read it.
    #[error("the service cannot be written: {reason}")]
    BadService {
        /// Why.
        reason: String,
    },
}
