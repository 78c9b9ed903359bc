//! Who is connected: open sessions, standbys, and how a session's own connection is protected.

use std::net::IpAddr;

use pg_probe::{Session, literal};

use super::Admin;
use super::records::{AskError, each, one};

impl Admin {
    /// Whether the server is a standby (`pg_is_in_recovery`): no role can be made on it.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn in_recovery(&mut self) -> Result<bool, AskError> {
        one(&mut self.session, "SELECT pg_is_in_recovery() AS yes")?.flag("yes")
    }

    /// The sessions that a role has open over TCP, walsenders among them.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn sessions(&mut self, role: &str) -> Result<Vec<TcpSession>, AskError> {
        let sql = format!(
            "SELECT a.pid, a.datname, a.application_name, host(a.client_addr) AS client, COALESCE(s.ssl, false) AS ssl \
             FROM pg_stat_activity a LEFT JOIN pg_stat_ssl s ON s.pid = a.pid \
             WHERE a.usename = {} AND a.client_addr IS NOT NULL ORDER BY a.pid",
            literal(role)
        );
        each(&mut self.session, &sql, |row| {
            Ok(TcpSession {
                pid: row.number("pid")?,
                database: row.optional("datname"),
                application: row.optional("application_name").unwrap_or_default(),
                client: row.required_address("client")?,
                tls: row.flag("ssl")?,
            })
        })
    }

    /// The standbys and other receivers of the write-ahead log (`pg_stat_replication`), `pg_basebackup` among them while it runs.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn standbys(&mut self) -> Result<Vec<Standby>, AskError> {
        let sql = "SELECT r.usename, r.application_name, host(r.client_addr) AS client, r.state, COALESCE(s.ssl, false) AS ssl \
                   FROM pg_stat_replication r LEFT JOIN pg_stat_ssl s ON s.pid = r.pid ORDER BY r.pid";
        each(&mut self.session, sql, |row| {
            Ok(Standby {
                role: row.optional("usename").unwrap_or_default(),
                application: row.optional("application_name").unwrap_or_default(),
                client: row.address("client")?,
                state: row.optional("state").unwrap_or_default(),
                tls: row.flag("ssl")?,
            })
        })
    }
}

/// How the server sees the connection of this session (`pg_stat_ssl`); any role may ask it about itself.
///
/// # Errors
/// [`AskError`].
pub fn own_tls(session: &mut Session) -> Result<OwnTls, AskError> {
    let sql = "SELECT ssl, version, cipher, client_dn, client_serial, issuer_dn FROM pg_catalog.pg_stat_ssl \
               WHERE pid = pg_catalog.pg_backend_pid()";
    let answer = one(session, sql)?;
    let row = answer.record();
    Ok(OwnTls {
        tls: row.flag("ssl")?,
        version: row.optional("version"),
        cipher: row.optional("cipher"),
        client_dn: row.optional("client_dn"),
        client_serial: row.optional("client_serial"),
        issuer_dn: row.optional("issuer_dn"),
    })
}

/// A session over TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpSession {
    /// The process that serves it.
    pub pid: u32,
    /// The database; `None` for a walsender.
    pub database: Option<String>,
    /// What it calls itself.
    pub application: String,
    /// Where it comes from.
    pub client: IpAddr,
    /// Whether over TLS.
    pub tls: bool,
}

/// A receiver of the write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standby {
    /// The role that it logged in as.
    pub role: String,
    /// What it calls itself.
    pub application: String,
    /// Where it comes from; `None` over a Unix socket.
    pub client: Option<IpAddr>,
    /// `streaming`, `catchup`, `startup`, `backup`, `stopping`.
    pub state: String,
    /// Whether over TLS.
    pub tls: bool,
}

/// A session's own row of `pg_stat_ssl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTls {
    /// Whether over TLS.
    pub tls: bool,
    /// Such as `TLSv1.3`.
    pub version: Option<String>,
    /// OpenSSL's name of it.
    pub cipher: Option<String>,
    /// The subject of the client certificate, in OpenSSL's form with slashes, cut at 63 bytes; `None` where none was sent.
    pub client_dn: Option<String>,
    /// Its serial number, in decimal.
    pub client_serial: Option<String>,
    /// Its issuer, as `client_dn`.
    pub issuer_dn: Option<String>,
}
