//! Why a connection failed, as facts. The words are libpq's and OpenSSL's where those have some; advice is given elsewhere.

use std::fmt;
use std::time::Duration;

use pki_core::{HostMismatch, VerifyError};

use crate::alert::Alert;
use crate::report::{AuthMethod, Step};

/// Why a connection failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The host name could not be looked up.
    #[error("could not translate host name \"{host}\" to address: {reason}")]
    Lookup {
        /// The name.
        host: String,
        /// The resolver's words.
        reason: String,
    },
    /// Nothing listens there.
    #[error("connection to {address} failed: Connection refused")]
    Refused {
        /// The last address tried.
        address: String,
    },
    /// The socket could not be opened for another reason (no such socket file, no route, no permission).
    #[error("connection to {address} failed: {reason}")]
    Unreachable {
        /// The last address tried.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// The time was over.
    #[error("timeout of {} s expired at {step}", .after.as_secs_f32())]
    Timeout {
        /// Where it was over.
        step: Step,
        /// The bound that was set.
        after: Duration,
    },
    /// The server answered SSLRequest with `N`: TLS is off, or its configuration was not loaded.
    #[error("server does not support SSL, but SSL was required")]
    NoTls,
    /// The server answered SSLRequest with an error message. Its text is not authenticated and not shown (libpq, CVE-2024-10977).
    #[error("server sent an error response during SSL exchange")]
    ErrorBeforeTls,
    /// The server's answer to SSLRequest is neither yes nor no: no PostgreSQL.
    #[error("received invalid response to SSL negotiation: 0x{0:02x}")]
    NoPostgres(u8),
    /// Plain bytes followed the server's yes: somebody in between is injecting data (CVE-2021-23222).
    #[error("received unencrypted data after SSL response")]
    Stuffed,
    /// The TLS handshake failed, or the server ended the TLS session with an alert after it.
    #[error("{0}")]
    Tls(TlsFailure),
    /// The server's certificate chain is refused.
    #[error("SSL error: certificate verify failed: {0}")]
    Verify(VerifyError),
    /// The server's certificate is for another host.
    #[error("{0}")]
    Host(HostMismatch),
    /// verify-ca and verify-full need roots, and there is no root file.
    #[error("root certificate file does not exist")]
    NoRoots,
    /// verify-full needs a host name, and only an address was given.
    #[error("host name must be specified for a verified SSL connection")]
    NoHostName,
    /// `sslnegotiation=direct` with an sslmode below `require`.
    #[error("weak sslmode may not be used with sslnegotiation=direct")]
    WeakDirect,
    /// `sslnegotiation=direct`, and the server did not answer with ALPN.
    #[error("direct SSL connection was established without ALPN protocol negotiation extension")]
    NoAlpn,
    /// The client's key is not the key of its certificate.
    #[error("could not load private key: key values mismatch")]
    KeyMismatch,
    /// The client's key cannot be used for TLS.
    #[error("could not load private key: {reason}")]
    UnusableKey {
        /// Why.
        reason: String,
    },
    /// The server refused with an error message.
    #[error("{0}")]
    Server(Box<ServerError>),
    /// The server wants a password and there is none.
    #[error("no password supplied")]
    PasswordNeeded {
        /// What it demanded.
        method: AuthMethod,
    },
    /// The server wants a kind of login that this client does not speak.
    #[error("authentication method {method} is not supported")]
    UnsupportedAuthentication {
        /// What it demanded.
        method: AuthMethod,
    },
    /// The server did not prove in the SCRAM exchange that it knows the password, or its messages are wrong.
    #[error("SCRAM exchange failed: {reason}")]
    Scram {
        /// Why.
        reason: String,
    },
    /// `channel_binding=require`, and the server let the client in, or wants to, without it.
    #[error("channel binding required, but {reason}")]
    NoChannelBinding {
        /// libpq's words.
        reason: &'static str,
    },
    /// The server's certificate is signed with an algorithm that has no digest (Ed25519): SCRAM's channel binding is impossible.
    #[error("could not find digest for NID UNDEF")]
    ChannelBindingDigest,
    /// The server closed the connection without a word.
    #[error("server closed the connection unexpectedly at {step}")]
    Closed {
        /// Where.
        step: Step,
    },
    /// The server sent something that the protocol does not allow.
    #[error("unexpected answer from the server: {reason}")]
    Protocol {
        /// What.
        reason: String,
    },
}

impl Failure {
    /// Whether libpq goes on to the next host of a list: where this one is not known, cannot be reached or does not answer in
    /// time, and, from 14 on, where it cannot be connected to now because it starts or recovers (`PQconnectPoll`,
    /// `ERRCODE_CANNOT_CONNECT_NOW`). All else that a server says is final, a refused login too.
    #[must_use]
    pub fn leads_to_next_host(&self) -> bool {
        match self {
            Self::Lookup { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. } => true,
            Self::Server(error) => error.code == "57P03",
            _ => false,
        }
    }
}

/// A TLS failure, apart from the client's own judgement of the server's certificate ([`Failure::Verify`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFailure {
    /// The alert that the server sent; `None` where this side gave up.
    pub alert: Option<Alert>,
    /// What happened, in words.
    pub reason: String,
    /// Whether the handshake was over: a TLS 1.3 server's verdict on the client certificate comes only then.
    pub after_handshake: bool,
    /// Whether the server had asked for a client certificate.
    pub client_certificate_requested: bool,
    /// Whether one was sent.
    pub client_certificate_sent: bool,
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.alert {
            Some(alert) => write!(f, "SSL error: alert {alert}"),
            None => write!(f, "SSL error: {}", self.reason),
        }
    }
}

/// An error as the server reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerError {
    /// `ERROR`, `FATAL` or `PANIC`, never translated (before PostgreSQL 9.6: translated).
    pub severity: String,
    /// The SQLSTATE, five characters.
    pub code: String,
    /// The message, in the server's language (`lc_messages`).
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// What the server suggests.
    pub hint: Option<String>,
    /// Where it happened, for example in which file line.
    pub context: Option<String>,
    /// The source function that reports it (`ClientAuthentication`): the same in every language.
    pub routine: Option<String>,
    /// Every other field, by its letter in the protocol.
    pub others: Vec<(char, String)>,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        for (name, text) in [
            ("DETAIL", &self.detail),
            ("HINT", &self.hint),
            ("CONTEXT", &self.context),
        ] {
            if let Some(text) = text {
                write!(f, "\n{name}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_starts_is_passed_over_and_one_that_refuses_is_not() {
        let said = |code: &str| {
            Failure::Server(Box::new(ServerError {
                code: code.to_owned(),
                ..ServerError::default()
            }))
        };
        assert!(said("57P03").leads_to_next_host());
        for code in ["28000", "3D000", "53300"] {
            assert!(!said(code).leads_to_next_host(), "{code}");
        }
        assert!(!Failure::NoTls.leads_to_next_host());
    }
}
