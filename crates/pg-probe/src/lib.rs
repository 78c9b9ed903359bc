//! Speaks to a PostgreSQL server as libpq would: TLS negotiation in every sslmode, verification, client certificate, login, and then
//! plain queries. It reports stages and raw evidence. Advice is not given here, files and the environment are not read here:
//! a [`Target`] brings keys, roots and CRLs as values.
//!
//! ```no_run
//! use pg_probe::{Address, Target, connect};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (root, now) = (pki_core::Certificate::from_pem(b"")?, pki_core::Time::from_unix(0));
//! let address = Address::Tcp { host: "tolva".to_owned(), ip: None, port: 5432 };
//! let mut target = Target::new(address, "slardiere", "postgres", now);
//! target.sslmode = "verify-full".parse()?;
//! target.roots = Some(vec![root]);
//! let mut session = connect(&target).outcome?;
//! let rows = session.query("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")?;
//! assert_eq!(rows.scalar(), Some("TLSv1.3"));
//! # Ok(())
//! # }
//! ```

use std::net::IpAddr;

mod alert;
mod attempt;
mod binding;
mod channel;
mod der;
mod failure;
mod login;
mod report;
mod session;
mod socket;
mod target;
mod tls;

pub use alert::Alert;
pub use attempt::{connect, connect_any, served};
pub use failure::{Failure, ServerError, TlsFailure};
pub use report::{AuthMethod, Fallback, Report, Stage, Step, TlsFacts, Transport};
pub use session::{QueryError, Rows, Session, identifier, literal};
pub use target::{Address, Credentials, Target};

/// The addresses that a host name leads to, in the order in which they would be tried; none where it leads nowhere.
#[must_use]
pub fn addresses(host: &str) -> Vec<IpAddr> {
    let found = socket::look_up(host, None, 0).unwrap_or_default();
    found.into_iter().map(|address| address.ip()).collect()
}

/// What came of a connection: what was seen, and the session or the reason why there is none.
#[derive(Debug)]
pub struct Attempt {
    /// What was seen.
    pub report: Report,
    /// The session, or why the last try failed.
    pub outcome: Result<Session, Failure>,
}
