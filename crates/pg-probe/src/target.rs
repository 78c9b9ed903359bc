//! What to connect to and with what: everything libpq would have gathered from the connection string, the environment and the
//! files by the time it opens the socket. Values only: reading those files, and libpq's defaults for them, is not done here.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use pg_config::conf::boolean;
use pg_config::conninfo::{ChannelBinding, SslMode, SslNegotiation};
use pki_core::{Certificate, Crl, HostRules, PrivateKey, Secret, Time};

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Tcp {
        /// libpq's `host`: the name sent as SNI and checked by verify-full. May be empty where only `hostaddr` was given;
        /// verify-full then fails with [`Failure::NoHostName`](crate::Failure::NoHostName), as in libpq.
        host: String,
        /// libpq's `hostaddr`: connect here, without looking `host` up. Never compared with the certificate.
        ip: Option<IpAddr>,
        /// The port, 1 to 65535.
        port: u16,
    },
    /// A Unix-domain socket, by the full path of the socket itself (`/run/postgresql/.s.PGSQL.5432`). TLS is never negotiated
    /// there, whatever the sslmode says (libpq does the same).
    Unix {
        /// Path of the socket.
        socket: PathBuf,
    },
}

/// A client certificate with its key.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The client's certificate first, then the intermediates that are sent with it.
    pub chain: Vec<Certificate>,
    /// The key of the first certificate. Whether the two belong together is checked when connecting
    /// ([`Failure::KeyMismatch`](crate::Failure::KeyMismatch)).
    pub key: PrivateKey,
}

/// One connection to be made. [`Target::new`] gives libpq's defaults; the fields are then set as needed.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where the server listens.
    pub address: Address,
    /// How much TLS is wanted (libpq's default: prefer).
    pub sslmode: SslMode,
    /// Ask for TLS first, or start with it (PostgreSQL 17 and newer).
    pub negotiation: SslNegotiation,
    /// Whether SCRAM is bound to the server's certificate (libpq's default: prefer).
    pub channel_binding: ChannelBinding,
    /// The client certificate, sent if the server asks for one.
    pub credentials: Option<Credentials>,
    /// The certificates of the root file; `None` where there is no such file. With `Some`, the server's chain is verified from
    /// sslmode `prefer` upwards, as libpq does (`require` then means verify-ca). Only self-signed ones count as anchors.
    pub roots: Option<Vec<Certificate>>,
    /// The CRLs of the CRL file, empty for none. Used only with `roots`; then every authority in the chain needs one.
    pub crls: Vec<Crl>,
    /// The role to log in as.
    pub user: String,
    /// The database. For a physical replication login the server ignores it.
    pub database: String,
    /// The password, if one is known.
    pub password: Option<Secret>,
    /// How host names are compared with certificates: libpq changed its rules in 15.
    pub host_rules: HostRules,
    /// Bound for everything up to the finished login, each try of `prefer` and `allow` on its own, and afterwards for each query.
    /// The name lookup is not interrupted. Zero means no bound.
    pub timeout: Duration,
    /// The wall clock by which certificates are judged.
    pub now: Time,
    /// Shown in `pg_stat_activity` and the server's log; empty for none.
    pub application_name: String,
    /// libpq's `replication`, sent as it is; empty for none. See
    /// [`is_physical_replication`](Self::is_physical_replication).
    pub replication: String,
    /// Command-line options for the session (`-c search_path=x`), libpq's `options`; empty for none.
    pub options: String,
    /// The encoding in which the server shall answer; answers are read as UTF-8, so that another one than the default
    /// UTF8 loses what is not ASCII.
    pub client_encoding: String,
    /// Further settings of the session, by name, as libpq takes them from `PGTZ` and others.
    pub settings: Vec<(String, String)>,
}

impl Target {
    /// A target with libpq's defaults: sslmode prefer, no certificate, no roots, no password, 10 seconds (libpq itself: no bound).
    pub fn new(
        address: Address,
        user: impl Into<String>,
        database: impl Into<String>,
        now: Time,
    ) -> Self {
        Self {
            address,
            sslmode: SslMode::Prefer,
            negotiation: SslNegotiation::Postgres,
            channel_binding: ChannelBinding::Prefer,
            credentials: None,
            roots: None,
            crls: Vec::new(),
            user: user.into(),
            database: database.into(),
            password: None,
            host_rules: HostRules::Libpq15,
            timeout: Duration::from_secs(10),
            now,
            application_name: String::new(),
            replication: String::new(),
            options: String::new(),
            client_encoding: "UTF8".to_owned(),
            settings: Vec::new(),
        }
    }

    /// Whether this is a physical replication connection: decided by `replication` rules of pg_hba.conf, understands
    /// replication commands such as `IDENTIFY_SYSTEM` and no SQL. The server takes `database` for a logical one, which
    /// is like any other to its rules, and else a Boolean (`ProcessStartupPacket`).
    pub fn is_physical_replication(&self) -> bool {
        boolean(self.replication.as_bytes()) == Some(true)
    }
}
