//! What was seen on the way: stages with their times, the certificates served, the facts of the TLS session. Evidence only;
//! what it means and what to do about it is decided elsewhere.

use std::fmt;
use std::time::Duration;

use pki_core::Certificate;

use crate::Failure;

/// Everything that was seen while connecting, whether or not it succeeded.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The steps in the order in which they were taken, over all tries of `prefer` and `allow`.
    pub stages: Vec<Stage>,
    /// What the server presented in the last TLS handshake: its own certificate first, then the rest of the chain as sent.
    /// Empty where there was none. Kept when verification fails.
    pub server_certificate: Vec<Certificate>,
    /// The TLS session of the last try; `None` where that was plain text or ended before the handshake showed anything.
    pub tls: Option<TlsFacts>,
    /// What the server demanded in the last try that came so far.
    pub auth_method: Option<AuthMethod>,
    /// Tries that `prefer` or `allow` gave up before the last one, in order. The first one is usually the real cause of what
    /// follows.
    pub fallbacks: Vec<Fallback>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Which.
    pub step: Step,
    /// Whether it succeeded.
    pub ok: bool,
    /// How long it took.
    pub elapsed: Duration,
    /// What was found, or why it failed, in a few words.
    pub detail: String,
}

/// The steps of a connection, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Looking the host name up.
    Lookup,
    /// Opening the socket.
    Connect,
    /// Asking for TLS (SSLRequest) and the server's one-byte answer.
    TlsRequest,
    /// The TLS handshake, with the verification of the server's chain. With TLS 1.3 the server's verdict on the client
    /// certificate is not part of it: that arrives in [`Step::Login`].
    Handshake,
    /// Comparing the host name with the certificate (verify-full).
    HostName,
    /// The startup message up to AuthenticationOk.
    Login,
    /// From AuthenticationOk to the first ReadyForQuery: here the server finds out that a role or database does not exist.
    Ready,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lookup => "lookup",
            Self::Connect => "connect",
            Self::TlsRequest => "tls-request",
            Self::Handshake => "tls-handshake",
            Self::HostName => "host-name",
            Self::Login => "login",
            Self::Ready => "ready",
        })
    }
}

/// A try that was given up for another.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// What it had been.
    pub transport: Transport,
    /// Why it was given up.
    pub failure: Failure,
    /// Its TLS session, as far as it came.
    pub tls: Option<TlsFacts>,
}

/// What a try ran on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A Unix-domain socket.
    Local,
    /// TCP in plain text.
    Plain,
    /// TCP with TLS.
    Tls,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local socket",
            Self::Plain => "plain text",
            Self::Tls => "TLS",
        })
    }
}

/// A TLS session as far as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// As in `pg_stat_ssl.version`: `TLSv1.3`. `None` where the handshake ended before it was agreed.
    pub version: Option<&'static str>,
    /// The cipher suite by its IANA name (`TLS_AES_256_GCM_SHA384`).
    pub cipher: Option<String>,
    /// Whether `postgresql` was agreed by ALPN (17 and newer).
    pub alpn: bool,
    /// Whether the server asked for a client certificate: it does if and only if its `ssl_ca_file` is set.
    pub client_certificate_requested: bool,
    /// The subjects (DER) of the authorities that the server named when asking, `ssl_ca_file`'s certificates. Compare with
    /// [`Certificate::issuer_der`].
    pub acceptable_authorities: Vec<Vec<u8>>,
    /// Whether a client certificate was sent.
    pub client_certificate_sent: bool,
}

/// What the server demanded of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMethod {
    /// AuthenticationOk at once: `trust`, `cert`, `peer` or `ident`.
    NoChallenge,
    /// The password in clear text: `password`, `ldap`, `pam`, `radius`, `bsd`.
    Cleartext,
    /// A password hashed with MD5.
    Md5,
    /// SCRAM, with the mechanism that was chosen.
    Scram {
        /// Whether the exchange is bound to the server's certificate (SCRAM-SHA-256-PLUS).
        channel_binding: bool,
    },
    /// Something that this client does not speak (GSSAPI, SSPI, OAuth), by name.
    Other(String),
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoChallenge => "no challenge",
            Self::Cleartext => "password",
            Self::Md5 => "md5",
            Self::Scram {
                channel_binding: false,
            } => "SCRAM-SHA-256",
            Self::Scram {
                channel_binding: true,
            } => "SCRAM-SHA-256-PLUS",
            Self::Other(name) => name,
        })
    }
}
