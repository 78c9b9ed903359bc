//! The command line as it is typed: nouns that a PostgreSQL administrator knows. Parsing only.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use installer::Consent;
use pg_config::hba::Source;
use pki_core::{AltName, Fingerprint, KeyType, Kind, Purpose, RoleName, Subject, Time};

mod authority;
mod conf;
mod explain;
mod export;
mod files;
mod hba;
mod help;
mod ident;
mod import;
mod issue;
mod listing;
mod revocation;
mod service;

pub(crate) use authority::{CaInit, ScopeOptions};
pub(crate) use conf::{Assignment, Conf, ConfDiff, ConfGet, ConfLint, ConfSet, ConfUnset};
pub(crate) use explain::{Connection, HbaExplain, IdentExplain, database, role};
pub(crate) use export::{Driver, Export, FilePassphrase, Format};
pub(crate) use files::{Editing, Form, Linting, ServerEditing, ServerFile};
pub(crate) use hba::{
    Hba, HbaAdd, HbaDiff, HbaFormat, HbaLint, HbaList, HbaMove, HbaRemove, HbaSimulate, Place, Step,
};
pub(crate) use ident::{Ident, IdentAdd, IdentLint, IdentList, IdentRemove};
pub(crate) use import::{CaImport, Issued};
pub(crate) use issue::{Issue, IssueMany, IssueOne, IssueOptions};
pub(crate) use listing::{List, Show};
pub(crate) use revocation::{CaAudit, CaCrl, Revoke};
pub(crate) use service::{
    Service, ServiceFile, ServiceGet, ServiceLint, ServiceList, ServiceRemove, ServiceSet,
};

/// PostgreSQL certificate login in one command.
#[derive(Debug, Parser)]
#[command(name = "pgcert", version, max_term_width = 100, after_help = help::PGCERT)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The authority's folder [env: PGCERT_AUTHORITY] [default: /var/lib/pgcert/authority for
    /// root, else ~/.local/share/pgcert/authority]
    // The variables are read by `Context`: clap would name the option in the usage of each error.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) authority: Option<PathBuf>,
    /// The folder of the journal, by which the next run takes back what an interrupted one left
    /// [env: PGCERT_STATE] [default: /var/lib/pgcert/state for root, else ~/.local/state/pgcert]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Beside results say only what went wrong
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more: where each parameter of a connection comes from, each rule that was passed over
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// When to use colour; auto is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    // Without help texts of their own, which would spread each help over four pages.
    Auto,
    Always,
    Never,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole way on one machine: certificates, configuration, proof by login
    #[command(after_help = help::SETUP)]
    Setup(Box<Setup>),
    /// The private certificate authority
    #[command(subcommand, disable_help_subcommand = true)]
    Ca(Ca),
    /// Make a key and its certificate at once, on the authority's machine
    #[command(disable_help_subcommand = true, after_help = help::ISSUE)]
    Issue(Box<Issue>),
    /// Make a key and a certificate request where the key is used; the key never leaves
    #[command(subcommand, disable_help_subcommand = true, after_help = help::REQUEST)]
    Request(Request),
    /// Sign certificate requests with the authority
    #[command(after_help = help::SIGN)]
    Sign(Sign),
    /// Write a client's key and certificates in the form that a driver reads
    #[command(after_help = help::EXPORT)]
    Export(Export),
    /// Put a signed certificate to work on this machine
    #[command(subcommand, disable_help_subcommand = true)]
    Install(Install),
    /// Connect as libpq would; say what happened and why
    #[command(after_help = help::CHECK)]
    Check(Check),
    /// Read, change and check postgresql.conf
    #[command(subcommand, disable_help_subcommand = true)]
    Conf(Conf),
    /// Read, change and check pg_hba.conf
    #[command(subcommand, disable_help_subcommand = true)]
    Hba(Hba),
    /// Read, change and check pg_ident.conf
    #[command(subcommand, disable_help_subcommand = true)]
    Ident(Ident),
    /// Read, change and check libpq's pg_service.conf
    #[command(subcommand, disable_help_subcommand = true)]
    Service(Service),
    /// Show certificates, requests, keys, PKCS#12 and revocation lists in words
    #[command(after_help = help::INSPECT)]
    Inspect(Inspect),
    /// List what the authority has issued
    #[command(after_help = help::LIST)]
    List(List),
    /// Show one issued certificate
    Show(Show),
    /// Revoke certificates: a server refuses them once it has the next revocation list
    #[command(after_help = help::REVOKE)]
    Revoke(Revoke),
    /// Print a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    #[command(after_help = help::MAN)]
    Man,
}

/// Commands about the authority itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Ca {
    /// Make an authority
    #[command(after_help = help::CA_INIT)]
    Init(Box<CaInit>),
    /// Take over an authority that openssl, easy-rsa, mkcert, step, cfssl or cockroach made
    #[command(after_help = help::CA_IMPORT)]
    Import(Box<CaImport>),
    /// Show the authority: its folder, its certificate, whether its key is encrypted
    Show,
    /// Print the authority's certificate: what goes into root.crt
    #[command(after_help = help::CA_EXPORT)]
    Export,
    /// Make a revocation list: what goes into root.crl
    #[command(after_help = help::CA_CRL)]
    Crl(CaCrl),
    /// Verify the log, and every certificate on record against it
    #[command(after_help = help::CA_AUDIT)]
    Audit(CaAudit),
}

/// Where the passphrase of the authority's key comes from; on a terminal it is asked for.
#[derive(Debug, Args)]
#[command(next_help_heading = PASSPHRASE)]
pub(crate) struct Passphrase {
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

/// The same for commands that may make the key.
#[derive(Debug, Args)]
#[command(next_help_heading = PASSPHRASE)]
pub(crate) struct NewPassphrase {
    #[command(flatten)]
    pub(crate) from: Passphrase,
    /// Keep the key unencrypted: whoever can read its file can issue certificates
    #[arg(long, group = "passphrase_source")]
    pub(crate) no_passphrase: bool,
}

/// Which server.
#[derive(Debug, Args)]
#[command(next_help_heading = SERVER)]
pub(crate) struct Server {
    /// A Debian cluster, such as 15/main [default: the only server there is]
    #[arg(long, value_name = "VERSION/NAME", conflicts_with = "data_dir")]
    pub(crate) cluster: Option<String>,
    /// The server's data folder, where it is no Debian cluster
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How to log in to the server as a superuser [default: by its own socket, as the owner of
    /// the data folder]
    #[arg(long, value_name = "CONNINFO")]
    pub(crate) admin: Option<String>,
}

/// Whose files the client's are.
#[derive(Debug, Args)]
#[command(next_help_heading = CLIENT)]
pub(crate) struct Client {
    /// The user of this machine who connects [default: who runs this; for root it must be said]
    #[arg(long, value_name = "NAME")]
    pub(crate) client_user: Option<String>,
    /// The folder that holds .postgresql and .pg_service.conf [default: that user's home]; given
    /// alone, its owner is the user who connects
    #[arg(long, value_name = "DIR")]
    pub(crate) client_home: Option<PathBuf>,
    /// The client's key has, or gets, the passphrase in the first line of FILE [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) client_passphrase_file: Option<PathBuf>,
}

/// What every command that changes something takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Agreeing")]
pub(crate) struct Changing {
    /// Show the plan with its diffs, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agree to the steps of the plan without being asked
    #[arg(long)]
    pub(crate) yes: bool,
    /// Agree to what the plan changes for others, each by its name
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = consent())]
    pub(crate) accept: Vec<Consent>,
}

/// Who shall get in, and from where.
#[derive(Debug, Args)]
#[command(next_help_heading = ACCESS)]
pub(crate) struct Access {
    /// A database that the role may log in to; repeatable [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) database: Vec<String>,
    /// Where from: a network such as 192.168.1.0/24, an address, samehost, samenet or all;
    /// repeatable [default: samehost]
    #[arg(long, value_name = "NETWORK")]
    pub(crate) from: Vec<Source>,
    /// The certificate's common name, where it is not the role's name; a line of pg_ident.conf
    /// maps it
    #[arg(long, value_name = "NAME")]
    pub(crate) cert_name: Option<String>,
    /// Refuse the role's connections without TLS from these addresses too
    #[arg(long)]
    pub(crate) certificate_only: bool,
    /// Create the role, with LOGIN and nothing else, where it is missing
    #[arg(long)]
    pub(crate) create_role: bool,
    /// Set listen_addresses; needs --restart
    #[arg(long, value_name = "ADDRESSES", requires = "restart", help_heading = SERVER)]
    pub(crate) listen: Option<String>,
    /// Allow a restart of the server where a reload is not enough
    #[arg(long, help_heading = SERVER)]
    pub(crate) restart: bool,
}

impl Access {
    /// Whether anything is said that needs a role.
    pub(crate) fn names_anything(&self) -> bool {
        !self.database.is_empty()
            || !self.from.is_empty()
            || self.cert_name.is_some()
            || self.certificate_only
            || self.create_role
    }
}

/// `pgcert setup`.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The role that shall log in by certificate; asked for on a terminal
    #[arg(long, value_name = "NAME", help_heading = ACCESS)]
    pub(crate) role: Option<RoleName>,
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) access: Access,
    /// The name that clients use for the server [default: the machine's own, and localhost]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    pub(crate) server_name: Option<AltName>,
    /// A further name of the server, dns:NAME or ip:ADDRESS; repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = SERVER)]
    pub(crate) san: Vec<AltName>,
    #[command(flatten)]
    pub(crate) client: Client,
    /// The service to write into pg_service.conf [default: the server's name]
    #[arg(long, value_name = "NAME", help_heading = CLIENT)]
    pub(crate) service: Option<String>,
    /// Subject of what is issued, without the common name, such as
    /// 'C=FR,ST=BZH,L=Nantes,O=Loxodata' [default: none]
    #[arg(long, value_name = "DN", help_heading = CERTIFICATES)]
    pub(crate) subject: Option<Subject>,
    /// Lifetime of the certificates in days
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = days, help_heading = CERTIFICATES)]
    pub(crate) days: u32,
    /// Their keys
    #[arg(long, value_name = "TYPE", default_value = "p256", value_parser = key_type(), help_heading = CERTIFICATES)]
    pub(crate) key_type: KeyType,
    /// Common name of the authority, where it has to be made [default: "HOST PostgreSQL CA",
    /// after this machine]
    #[arg(long, value_name = "NAME", help_heading = CERTIFICATES)]
    pub(crate) ca_name: Option<String>,
    #[command(flatten)]
    pub(crate) passphrase: NewPassphrase,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// `pgcert request`.
#[derive(Debug, Subcommand)]
pub(crate) enum Request {
    /// For a server: makes NAME.key and NAME.csr
    Server {
        /// The name that clients use for the server
        name: AltName,
        /// A further name, dns:NAME or ip:ADDRESS; repeatable
        #[arg(long, value_name = "NAME", value_delimiter = ',')]
        san: Vec<AltName>,
        #[command(flatten)]
        request: RequestOptions,
    },
    /// For a client: makes ROLE.key and ROLE.csr
    Client {
        /// The role that the client logs in as
        role: RoleName,
        /// Encrypt the key with the passphrase in the first line of FILE [default: not encrypted]
        #[arg(long, value_name = "FILE")]
        key_passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        request: RequestOptions,
    },
    /// For an authority under another one: makes NAME.key and NAME.csr
    Intermediate {
        /// The authority's common name
        name: String,
        #[command(flatten)]
        passphrase: NewPassphrase,
        #[command(flatten)]
        request: RequestOptions,
    },
}

/// What all kinds of request take.
#[derive(Debug, Args)]
pub(crate) struct RequestOptions {
    /// The rest of the subject, such as 'C=FR,O=Loxodata' [default: none]
    #[arg(long, value_name = "DN")]
    pub(crate) subject: Option<Subject>,
    /// The key
    #[arg(long, value_name = "TYPE", default_value = "p256", value_parser = key_type())]
    pub(crate) key_type: KeyType,
    /// The folder to write both files to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
}

/// `pgcert sign`.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Certificate requests in PEM; the certificate of x.csr is x.crt beside it
    #[arg(required = true, value_name = "CSR")]
    pub(crate) requests: Vec<PathBuf>,
    /// What the certificates are for [default: what each request asks for]
    #[arg(long, value_name = "KIND", value_parser = one_of::<Kind>(["server", "client", "intermediate"]))]
    pub(crate) kind: Option<Kind>,
    /// Lifetime of the certificates in days, at most to the authority's own end [default: 360; 1825
    /// for an intermediate]
    #[arg(long, value_name = "N", value_parser = days)]
    pub(crate) days: Option<u32>,
    #[command(flatten)]
    pub(crate) scope: ScopeOptions,
    /// The folder to write the certificates to, as NAME.crt [default: beside each request]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Sign only for this role, to the letter; repeatable: each request has to be for one of them.
    /// Somebody still has to agree, or --yes
    #[arg(long, value_name = "ROLE")]
    pub(crate) expect_role: Vec<RoleName>,
    /// Sign only the request with this fingerprint, which pgcert request printed; repeatable: each
    /// request has to have one of them. That agrees to it
    #[arg(long, value_name = "SHA256")]
    pub(crate) expect_fingerprint: Vec<Fingerprint>,
    /// Agree to the names in the requests without being asked
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

/// `pgcert install`.
#[derive(Debug, Subcommand)]
pub(crate) enum Install {
    /// On the server: key, certificate, root.crt, the settings and, with --role, the rule
    #[command(after_help = help::INSTALL_SERVER)]
    Server(Box<InstallServer>),
    /// On a client: key, certificate, root certificate and the service that names them
    #[command(after_help = help::INSTALL_CLIENT)]
    Client(Box<InstallClient>),
}

/// What was made here and what came from the authority.
#[derive(Debug, Args)]
#[command(next_help_heading = MATERIAL)]
pub(crate) struct Material {
    /// The private key that was made here, by pgcert request
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The certificate that the authority signed, by pgcert sign
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// The authority's certificate, as pgcert ca export prints it; of two, the other side's
    #[arg(long, value_name = "FILE")]
    pub(crate) root: PathBuf,
}

/// `pgcert install server`.
#[derive(Debug, Args)]
pub(crate) struct InstallServer {
    /// The private key that was made here, by pgcert request
    #[arg(long, value_name = "FILE", help_heading = MATERIAL, required_unless_present = "crl", requires_all = ["cert", "root"])]
    pub(crate) key: Option<PathBuf>,
    /// The certificate that the authority signed, by pgcert sign
    #[arg(long, value_name = "FILE", help_heading = MATERIAL, required_unless_present = "crl", requires_all = ["key", "root"])]
    pub(crate) cert: Option<PathBuf>,
    /// The authority's certificate, as pgcert ca export prints it; of two, the other side's
    #[arg(long, value_name = "FILE", help_heading = MATERIAL, required_unless_present = "crl", requires_all = ["key", "cert"])]
    pub(crate) root: Option<PathBuf>,
    /// Revocation lists, by pgcert ca crl; without the three above nothing else is changed
    #[arg(long, value_name = "FILE", help_heading = MATERIAL)]
    pub(crate) crl: Option<PathBuf>,
    /// A role that shall log in by certificate [default: no rule is written]
    #[arg(long, value_name = "NAME", help_heading = ACCESS)]
    pub(crate) role: Option<RoleName>,
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// `pgcert install client`.
#[derive(Debug, Args)]
pub(crate) struct InstallClient {
    #[command(flatten)]
    pub(crate) material: Material,
    /// The server's name, as its certificate has it
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    pub(crate) host: String,
    /// The server's address, where its name does not lead there
    #[arg(long, value_name = "ADDRESS", help_heading = SERVER)]
    pub(crate) hostaddr: Option<IpAddr>,
    /// The server's port
    #[arg(long, value_name = "PORT", default_value_t = 5432, value_parser = clap::value_parser!(u16).range(1..), help_heading = SERVER)]
    pub(crate) port: u16,
    /// The role [default: the certificate's common name]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    pub(crate) role: Option<RoleName>,
    /// The database that the service names
    #[arg(long, value_name = "NAME", default_value = "postgres", help_heading = SERVER)]
    pub(crate) database: String,
    #[command(flatten)]
    pub(crate) client: Client,
    /// The service to write into pg_service.conf [default: the server's name]
    #[arg(long, value_name = "NAME", help_heading = CLIENT)]
    pub(crate) service: Option<String>,
    /// Do not connect: the server is not ready for this client yet
    #[arg(long, help_heading = CLIENT)]
    pub(crate) no_proof: bool,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// `pgcert check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A connection string or URI, as for psql [default: what the PG* variables say]
    pub(crate) conninfo: Option<String>,
    /// Check as this user of the machine, with this user's files [default: who runs this]
    #[arg(long, value_name = "NAME")]
    pub(crate) client_user: Option<String>,
}

/// `pgcert inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Files in PEM or DER; /dev/stdin reads what comes in
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// As of this day or moment, such as 2027-01-31 or 2027-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Time>,
    #[command(flatten)]
    pub(crate) verifying: Verifying,
    #[command(flatten)]
    pub(crate) passphrase: FilePassphrase,
}

/// What certificates are held against.
#[derive(Debug, Args)]
#[command(next_help_heading = "Verifying")]
pub(crate) struct Verifying {
    /// Say whether the first certificate of each FILE would be accepted, and why not; the others in
    /// the FILE are what its holder sends along
    #[arg(long, requires = "root")]
    pub(crate) verify: bool,
    /// The trusted authorities: root.crt of a client, ssl_ca_file of a server
    #[arg(long, value_name = "FILE", requires = "verify")]
    pub(crate) root: Option<PathBuf>,
    /// What it is shown as [default: what its extended key usage allows, server first]
    #[arg(long, value_name = "KIND", requires = "verify", value_parser = purpose())]
    pub(crate) purpose: Option<Purpose>,
    /// The host that clients dial, or the role that logs in
    #[arg(long, value_name = "NAME", requires = "verify")]
    pub(crate) name: Option<String>,
    /// Revocation lists, as ssl_crl_file names them: every authority of the chain needs one
    #[arg(long, value_name = "FILE", requires = "verify")]
    pub(crate) crl: Option<PathBuf>,
    /// Further certificates that the holder sends along
    #[arg(long, value_name = "FILE", requires = "verify")]
    pub(crate) intermediates: Option<PathBuf>,
}

/// Lifetime of an authority, unless said otherwise.
pub(crate) const ROOT_DAYS: u32 = 3650;
/// Lifetime of an authority that is signed from a request, unless said otherwise.
pub(crate) const INTERMEDIATE_DAYS: u32 = 1825;
/// Lifetime of a server's or client's certificate, unless said otherwise.
pub(crate) const LEAF_DAYS: u32 = 360;

const ACCESS: &str = "Who may log in";
const CERTIFICATES: &str = "What is issued";
const CLIENT: &str = "The client";
const MATERIAL: &str = "What to install";
const PASSPHRASE: &str = "Passphrase of the authority's key";
const SERVER: &str = "The server";

/// A value out of a closed list: the help, the completions and the errors name all of it.
fn one_of<T>(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

/// A lifetime: 1 day to 100 years.
pub(crate) fn days(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(days @ 1..=36_500) => Ok(days),
        _ => Err("a number of days from 1 to 36500 is needed".to_owned()),
    }
}

fn key_type() -> impl TypedValueParser<Value = KeyType> {
    one_of(KeyType::ALL.map(KeyType::name))
}

fn purpose() -> impl TypedValueParser<Value = Purpose> {
    PossibleValuesParser::new(["server", "client"]).map(|word| match word.as_str() {
        "client" => Purpose::Client,
        _ => Purpose::Server,
    })
}

fn consent() -> impl TypedValueParser<Value = Consent> {
    one_of(Consent::ALL.map(Consent::name))
}
