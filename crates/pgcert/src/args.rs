//! The command line as it is typed: nouns that a PostgreSQL administrator knows. Parsing only.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use installer::Consent;
use pg_config::hba::Source;
use pki_core::{AltName, DnsName, KeyType, Kind, RoleName, Serial, Subject};

/// PostgreSQL certificate login in one command.
#[derive(Debug, Parser)]
#[command(name = "pgcert", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The authority's folder [default: /var/lib/pgcert/authority for root, else the XDG data folder]
    #[arg(
        long,
        global = true,
        env = "PGCERT_AUTHORITY",
        value_name = "DIR",
        hide_env_values = true
    )]
    pub(crate) authority: Option<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say only what went wrong
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole way on one machine: certificates, configuration, proof by login
    Setup(Box<Setup>),
    /// The private certificate authority
    #[command(subcommand)]
    Ca(Ca),
    /// Make a key and a certificate request here; the key never leaves
    #[command(subcommand)]
    Request(Request),
    /// Sign certificate requests with the authority
    Sign(Sign),
    /// Put a signed certificate to work on this machine
    #[command(subcommand)]
    Install(Install),
    /// Connect as libpq would; say what happened and why
    Check(Check),
    /// Show certificates, requests, keys and CRLs in words
    Inspect(Inspect),
    /// List what the authority has issued
    List(List),
    /// Show one issued certificate
    Show(Show),
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// Commands about the authority itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Ca {
    /// Make an authority
    Init(CaInit),
    /// Show the authority
    Show,
    /// Print the authority's certificate: what goes into root.crt
    Export,
}

/// `pgcert ca init`.
#[derive(Debug, Args)]
pub(crate) struct CaInit {
    /// The authority's common name
    #[arg(long, value_name = "NAME")]
    pub(crate) ca_name: Option<String>,
    /// The rest of its subject: 'C=FR,O=Loxodata'
    #[arg(long, value_name = "DN")]
    pub(crate) subject: Option<Subject>,
    /// Its lifetime in days
    #[arg(long, value_name = "N", default_value_t = ROOT_DAYS, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: u32,
    /// Its key: p256, p384, rsa2048, rsa3072, rsa4096, ed25519
    #[arg(long, value_name = "TYPE", default_value = "p256")]
    pub(crate) key_type: KeyType,
    /// Make it even if some logins will not work with it
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

/// Where the passphrase of the authority's key comes from; on a terminal it is asked for.
#[derive(Debug, Args)]
pub(crate) struct Passphrase {
    /// Read the passphrase of the authority's key from the first line of FILE
    #[arg(long, value_name = "FILE", group = "passphrase_source")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read it from this open file descriptor
    #[arg(long, value_name = "N", group = "passphrase_source")]
    pub(crate) passphrase_fd: Option<u32>,
    /// Read it from the output of this command
    #[arg(long, value_name = "COMMAND", group = "passphrase_source")]
    pub(crate) passphrase_command: Option<String>,
    /// Keep the authority's key unencrypted: whoever can read the file can issue certificates
    #[arg(long, group = "passphrase_source")]
    pub(crate) no_passphrase: bool,
}

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// A Debian cluster, such as 15/main
    #[arg(long, value_name = "VERSION/NAME", conflicts_with = "data_dir")]
    pub(crate) cluster: Option<String>,
    /// The server's data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How to reach the server as an administrator [default: its own socket, as the owner of the data folder]
    #[arg(long, value_name = "CONNINFO")]
    pub(crate) admin: Option<String>,
}

/// Whose files the client's are.
#[derive(Debug, Args)]
pub(crate) struct Client {
    /// The user of this machine who connects
    #[arg(long, value_name = "NAME")]
    pub(crate) client_user: Option<String>,
    /// The folder that holds .postgresql and .pg_service.conf; its owner is the user who connects
    #[arg(long, value_name = "DIR")]
    pub(crate) client_home: Option<PathBuf>,
    /// Encrypt the client's key with the passphrase in the first line of FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) client_passphrase_file: Option<PathBuf>,
}

/// What every command that changes something takes.
#[derive(Debug, Args)]
pub(crate) struct Changing {
    /// Show the plan and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agree to the steps without being asked
    #[arg(long)]
    pub(crate) yes: bool,
    /// Agree to consequences for others, by name
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) accept: Vec<Consent>,
}

/// Who shall get in, and from where.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// A database the role may log in to; repeatable [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) database: Vec<String>,
    /// Where from: a network, an address, samehost, samenet or all; repeatable [default: samehost]
    #[arg(long, value_name = "NETWORK")]
    pub(crate) from: Vec<Source>,
    /// The certificate's common name, where it is not the role's name: a pg_ident.conf map is written
    #[arg(long, value_name = "NAME")]
    pub(crate) cert_name: Option<String>,
    /// Refuse the role's plain TCP connections from these addresses
    #[arg(long)]
    pub(crate) certificate_only: bool,
    /// Create the role, with LOGIN and nothing else, where it is missing
    #[arg(long)]
    pub(crate) create_role: bool,
    /// Set listen_addresses (needs --restart)
    #[arg(long, value_name = "ADDRESSES", requires = "restart")]
    pub(crate) listen: Option<String>,
    /// Allow a restart of the server where a reload is not enough
    #[arg(long)]
    pub(crate) restart: bool,
}

/// `pgcert setup`.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The role that shall log in by certificate
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<RoleName>,
    #[command(flatten)]
    pub(crate) server: Server,
    /// The name that clients use for the server [default: the machine's own, and localhost]
    #[arg(long, value_name = "NAME")]
    pub(crate) server_name: Option<DnsName>,
    /// A further name of the server: dns:NAME or ip:ADDRESS; repeatable
    #[arg(long, value_name = "dns:NAME|ip:ADDRESS", num_args = 1..)]
    pub(crate) san: Vec<AltName>,
    #[command(flatten)]
    pub(crate) access: Access,
    /// The service to write into pg_service.conf [default: the server's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    #[command(flatten)]
    pub(crate) client: Client,
    /// Subject of what is issued, without common names: 'C=FR,ST=BZH,L=Nantes,O=Loxodata'
    #[arg(long, value_name = "DN")]
    pub(crate) subject: Option<Subject>,
    /// Common name of an authority that has to be made
    #[arg(long, value_name = "NAME")]
    pub(crate) ca_name: Option<String>,
    /// Lifetime of the certificates in days
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: u32,
    /// Their keys: p256, p384, rsa2048, rsa3072, rsa4096, ed25519
    #[arg(long, value_name = "TYPE", default_value = "p256")]
    pub(crate) key_type: KeyType,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// `pgcert request`.
#[derive(Debug, Subcommand)]
pub(crate) enum Request {
    /// For a server: NAME.key and NAME.csr
    Server {
        /// The name that clients use for the server
        name: DnsName,
        /// A further name: dns:NAME or ip:ADDRESS; repeatable
        #[arg(long, value_name = "dns:NAME|ip:ADDRESS", num_args = 1..)]
        san: Vec<AltName>,
        #[command(flatten)]
        request: RequestOptions,
    },
    /// For a client: ROLE.key and ROLE.csr
    Client {
        /// The role that it logs in as
        role: RoleName,
        /// Encrypt the key with the passphrase in the first line of FILE
        #[arg(long, value_name = "FILE")]
        key_passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        request: RequestOptions,
    },
}

/// What both kinds of request take.
#[derive(Debug, Args)]
pub(crate) struct RequestOptions {
    /// The rest of the subject: 'C=FR,O=Loxodata'
    #[arg(long, value_name = "DN")]
    pub(crate) subject: Option<Subject>,
    /// The key: p256, p384, rsa2048, rsa3072, rsa4096, ed25519
    #[arg(long, value_name = "TYPE", default_value = "p256")]
    pub(crate) key_type: KeyType,
    /// The folder to write both files to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
}

/// `pgcert sign`.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Certificate requests in PEM; the certificate is written beside each, or to --out
    #[arg(required = true, value_name = "CSR")]
    pub(crate) requests: Vec<PathBuf>,
    /// What for: server or client [default: what the request asks for]
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    /// Lifetime in days
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: u32,
    /// The folder to write the certificates to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// Agree to the names without being asked
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `pgcert install`.
#[derive(Debug, Subcommand)]
pub(crate) enum Install {
    /// Key, certificate and root.crt of the server, its settings and, with --role, the rule
    Server(Box<InstallServer>),
    /// Key, certificate and root certificate of the client, and the service
    Client(Box<InstallClient>),
}

/// What was made here and what came from the authority.
#[derive(Debug, Args)]
pub(crate) struct Material {
    /// The private key that was made here
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The certificate that the authority signed
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// The authority's certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) root: PathBuf,
}

/// `pgcert install server`.
#[derive(Debug, Args)]
pub(crate) struct InstallServer {
    #[command(flatten)]
    pub(crate) material: Material,
    #[command(flatten)]
    pub(crate) server: Server,
    /// A role that shall log in by certificate
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<RoleName>,
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
    #[arg(long, value_name = "NAME")]
    pub(crate) host: String,
    /// The server's address, where the name does not lead to it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) hostaddr: Option<IpAddr>,
    /// The server's port
    #[arg(long, value_name = "PORT", default_value_t = 5432)]
    pub(crate) port: u16,
    /// The role [default: the certificate's common name]
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<RoleName>,
    /// The database that the service names
    #[arg(long, value_name = "NAME", default_value = "postgres")]
    pub(crate) database: String,
    /// The service to write into pg_service.conf [default: the server's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    #[command(flatten)]
    pub(crate) client: Client,
    /// Do not connect: the server is not ready for this client yet
    #[arg(long)]
    pub(crate) no_proof: bool,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// `pgcert check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A connection string or URI, as for psql [default: what the environment says]
    pub(crate) conninfo: Option<String>,
    /// Check as this user of the machine, with this user's files
    #[arg(long, value_name = "NAME")]
    pub(crate) client_user: Option<String>,
}

/// `pgcert inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Files in PEM or DER
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Passphrase of an encrypted key, in the first line of FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// `pgcert list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only certificates of this kind
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    /// Only certificates of this name or role
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// `pgcert show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The serial number, in hexadecimal
    pub(crate) serial: Serial,
}

/// Lifetime of an authority, unless said otherwise.
pub(crate) const ROOT_DAYS: u32 = 3650;
/// Lifetime of a server's or client's certificate, unless said otherwise.
pub(crate) const LEAF_DAYS: u32 = 360;

const EXAMPLES: &str = "\
Examples:
  pgcert setup --role slardiere                  everything on one machine, proven by a login
  pgcert setup --role slardiere --dry-run        what that would do
  pgcert check service=tolva                     connect as psql would; say what is wrong
  pgcert inspect ~/.postgresql/postgresql.crt    a certificate in words
  pgcert list                                    what was issued, and until when it is good";
