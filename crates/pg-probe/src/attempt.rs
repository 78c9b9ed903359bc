//! The order of tries: which sslmode begins how, what makes `prefer` and `allow` try again the other way, and one try from the
//! socket to the session (fe-connect.c, `PQconnectPoll`).

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use pg_config::conninfo::{SslMode, SslNegotiation};
use pki_core::{Certificate, verify_host};
use postgres_protocol::message::frontend;

use crate::alert::Alert;
use crate::channel::{Broken, Channel, Stream, TlsStream, is_closed};
use crate::login::{self, Ended};
use crate::socket::{Deadline, Socket, look_up};
use crate::tls::{self, Observer, Trust};
use crate::{
    Address, Attempt, Failure, Fallback, Report, Session, Stage, Step, Target, TlsFailure,
    Transport,
};

/// Connects and logs in, as libpq's `PQconnectdb` would with the same settings, the retries of `prefer` and `allow` included.
pub fn connect(target: &Target) -> Attempt {
    let mut report = Report::default();
    let outcome = Tries {
        target,
        report: &mut report,
        addresses: Vec::new(),
    }
    .run();
    Attempt { report, outcome }
}

/// Connects to the first of several hosts that can be reached, as libpq does with a list of them: the next one is tried only where
/// [`Failure::leads_to_next_host`]. What came of each that was tried, in order: the last one decided.
pub fn connect_any<'t>(
    targets: impl IntoIterator<Item = &'t Target>,
) -> Vec<(&'t Target, Attempt)> {
    let mut tried = Vec::new();
    for target in targets {
        let attempt = connect(target);
        let failure = attempt.outcome.as_ref().err();
        let is_last = !failure.is_some_and(Failure::leads_to_next_host);
        tried.push((target, attempt));
        if is_last {
            break;
        }
    }
    tried
}

/// Asks a server for its certificate, without verifying it and without logging in: the report holds the chain as served, whether a
/// client certificate was asked for and from which authorities.
///
/// # Errors
/// The failure, beside the report of what was seen until then.
pub fn served(
    address: &Address,
    negotiation: SslNegotiation,
    timeout: Duration,
) -> (Report, Result<(), Failure>) {
    let mut report = Report::default();
    let outcome = look(address, negotiation, timeout, &mut report);
    (report, outcome)
}

fn look(
    address: &Address,
    negotiation: SslNegotiation,
    timeout: Duration,
    report: &mut Report,
) -> Result<(), Failure> {
    let Address::Tcp { host, ip, port } = address else {
        return Err(Failure::NoTls);
    };
    let clock = Clock::start(timeout);
    let mut addresses = find(report, host, *ip, *port)?;
    let socket = open(report, clock, &mut addresses)?;
    let socket = match negotiation {
        SslNegotiation::Direct => socket,
        SslNegotiation::Postgres => match ask_for_tls(report, clock, socket, true)? {
            Answer::Yes(socket) => socket,
            Answer::No(_) => return Err(Failure::NoTls),
        },
    };
    let observer = Observer::default();
    let mut tls = TlsStream::new(tls::session(host, None, None, &observer)?, socket);
    shake_hands(report, clock, &mut tls, &observer)?;
    Channel::new(Stream::Tls(Box::new(tls))).close();
    Ok(())
}

/// Everything about one connection, over its tries.
struct Tries<'a> {
    target: &'a Target,
    report: &'a mut Report,
    /// Looked up once; after a try only the address that it reached.
    addresses: Vec<SocketAddr>,
}

/// Why a try failed, and whether another one the other way may follow.
struct Setback {
    failure: Failure,
    retry: bool,
}

impl From<Failure> for Setback {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            retry: false,
        }
    }
}

impl<'a> Tries<'a> {
    fn run(&mut self) -> Result<Session, Failure> {
        let Address::Tcp { host, ip, port } = &self.target.address else {
            return self
                .attempt(Transport::Local)
                .map_err(|setback| setback.failure);
        };
        let mode = self.target.sslmode;
        if self.target.negotiation == SslNegotiation::Direct && mode < SslMode::Require {
            return Err(Failure::WeakDirect);
        }
        self.addresses = find(self.report, host, *ip, *port)?;
        let (first, second) = match mode {
            SslMode::Disable => (Transport::Plain, None),
            SslMode::Allow => (Transport::Plain, Some(Transport::Tls)),
            SslMode::Prefer => (Transport::Tls, Some(Transport::Plain)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Transport::Tls, None),
        };
        match (self.attempt(first), second) {
            (Ok(session), _) => Ok(session),
            (
                Err(Setback {
                    failure,
                    retry: true,
                }),
                Some(second),
            ) => {
                let tls = self.report.tls.take();
                self.report.fallbacks.push(Fallback {
                    transport: first,
                    failure,
                    tls,
                });
                self.attempt(second).map_err(|setback| setback.failure)
            }
            (Err(setback), _) => Err(setback.failure),
        }
    }

    fn attempt(&mut self, transport: Transport) -> Result<Session, Setback> {
        let clock = Clock::start(self.target.timeout);
        self.report.tls = None;
        self.report.auth_method = None;
        let socket = match &self.target.address {
            Address::Unix { socket } => staged(self.report, Step::Connect, |_| {
                let address = socket.display().to_string();
                let open = Socket::unix(socket, clock.deadline)
                    .map_err(|error| connect_failure(&error, &address, clock))?;
                Ok((open, address))
            })?,
            Address::Tcp { .. } => open(self.report, clock, &mut self.addresses)?,
        };
        match transport {
            Transport::Tls => self.with_tls(clock, socket),
            Transport::Plain | Transport::Local => self.log_in(clock, Stream::Plain(socket), None),
        }
    }

    fn with_tls(&mut self, clock: Clock, socket: Socket) -> Result<Session, Setback> {
        let socket = match self.target.negotiation {
            SslNegotiation::Direct => socket,
            SslNegotiation::Postgres => {
                let needed = self.target.sslmode >= SslMode::Require;
                match ask_for_tls(self.report, clock, socket, needed)? {
                    Answer::Yes(socket) => socket,
                    // `prefer` and `allow` go on in clear on the same connection.
                    Answer::No(socket) => {
                        return self
                            .log_in(clock, Stream::Plain(socket), None)
                            .map_err(|setback| setback.failure.into());
                    }
                }
            }
        };
        if self.target.sslmode >= SslMode::VerifyCa && self.target.roots.is_none() {
            return Err(Failure::NoRoots.into());
        }
        let again = |failure| Setback {
            failure,
            retry: true,
        };
        let trust = self.target.roots.clone().map(|roots| Trust {
            roots,
            crls: self.target.crls.clone(),
            now: self.target.now,
        });
        let observer = Observer::default();
        let host = self.host();
        let session = tls::session(host, self.target.credentials.as_ref(), trust, &observer)
            .map_err(again)?;
        let mut tls = TlsStream::new(session, socket);
        shake_hands(self.report, clock, &mut tls, &observer).map_err(again)?;
        if self.target.negotiation == SslNegotiation::Direct
            && self.report.tls.as_ref().is_none_or(|facts| !facts.alpn)
        {
            return Err(Failure::NoAlpn.into());
        }
        if self.target.sslmode == SslMode::VerifyFull {
            self.check_host()?;
        }
        let certificate = self.report.server_certificate.first().cloned();
        self.log_in(clock, Stream::Tls(Box::new(tls)), certificate.as_ref())
    }

    /// verify-full's comparison, after the handshake as in libpq (fe-secure-common.c, `pq_verify_peer_name_matches_certificate`).
    fn check_host(&mut self) -> Result<(), Failure> {
        let (target, host) = (self.target, self.host());
        staged(self.report, Step::HostName, |report| {
            if host.is_empty() {
                return Err(Failure::NoHostName);
            }
            let Some(certificate) = report.server_certificate.first() else {
                return Err(Failure::Protocol {
                    reason: "no server certificate".to_owned(),
                });
            };
            verify_host(certificate, host, target.host_rules).map_err(Failure::Host)?;
            Ok(((), format!("certificate is for {host}")))
        })
    }

    fn log_in(
        &mut self,
        clock: Clock,
        stream: Stream,
        certificate: Option<&Certificate>,
    ) -> Result<Session, Setback> {
        let target = self.target;
        let mut channel = Channel::new(stream);
        let mut refused = false;
        staged(self.report, Step::Login, |report| {
            let mut method = None;
            let done = login::authenticate(&mut channel, target, certificate, &mut method);
            report.auth_method = method.clone();
            done.map_err(|ended| {
                refused = matches!(ended, Ended::Refused(_));
                clock.failure(ended, Step::Login, report)
            })?;
            Ok((
                (),
                method.map(|method| method.to_string()).unwrap_or_default(),
            ))
        })
        .map_err(|failure| Setback {
            failure,
            retry: refused,
        })?;
        let greeting = staged(self.report, Step::Ready, |report| {
            let greeting = login::greet(&mut channel)
                .map_err(|ended| clock.failure(ended, Step::Ready, report))?;
            let version = greeting
                .parameters
                .get("server_version")
                .cloned()
                .unwrap_or_default();
            Ok((greeting, format!("PostgreSQL {version}")))
        })?;
        Ok(Session::new(channel, greeting, target.timeout))
    }

    /// The name to compare and to send as SNI; empty where there is none.
    fn host(&self) -> &'a str {
        match &self.target.address {
            Address::Tcp { host, .. } => host,
            Address::Unix { .. } => "",
        }
    }
}

/// When a try began, by when it has to be done.
#[derive(Clone, Copy)]
struct Clock {
    deadline: Deadline,
    bound: Duration,
}

impl Clock {
    fn start(bound: Duration) -> Self {
        Self {
            deadline: Deadline::after(bound),
            bound,
        }
    }

    fn failure(self, ended: Ended, step: Step, report: &Report) -> Failure {
        match ended {
            Ended::Broken(broken) => self.broken(broken, step, report),
            Ended::Refused(error) => Failure::Server(error),
            Ended::Failed(failure) => failure,
        }
    }

    fn broken(self, broken: Broken, step: Step, report: &Report) -> Failure {
        match broken {
            Broken::Io(error) if error.kind() == io::ErrorKind::TimedOut => Failure::Timeout {
                step,
                after: self.bound,
            },
            Broken::Io(error) => Failure::Protocol {
                reason: words(&error),
            },
            Broken::Closed => Failure::Closed { step },
            Broken::Protocol(reason) => Failure::Protocol { reason },
            Broken::Tls(error) => Failure::Tls(TlsFailure {
                alert: match &error {
                    rustls::Error::AlertReceived(alert) => Some(Alert(u8::from(*alert))),
                    _ => None,
                },
                reason: error.to_string(),
                after_handshake: step > Step::Handshake,
                client_certificate_requested: report
                    .tls
                    .as_ref()
                    .is_some_and(|facts| facts.client_certificate_requested),
                client_certificate_sent: report
                    .tls
                    .as_ref()
                    .is_some_and(|facts| facts.client_certificate_sent),
            }),
        }
    }
}

/// Runs one step and notes how it went.
fn staged<T>(
    report: &mut Report,
    step: Step,
    work: impl FnOnce(&mut Report) -> Result<(T, String), Failure>,
) -> Result<T, Failure> {
    let began = Instant::now();
    let done = work(report);
    let detail = match &done {
        Ok((_, detail)) => detail.clone(),
        Err(failure) => failure.to_string(),
    };
    report.stages.push(Stage {
        step,
        ok: done.is_ok(),
        elapsed: began.elapsed(),
        detail,
    });
    done.map(|(value, _)| value)
}

fn find(
    report: &mut Report,
    host: &str,
    ip: Option<IpAddr>,
    port: u16,
) -> Result<Vec<SocketAddr>, Failure> {
    staged(report, Step::Lookup, |_| {
        let found = look_up(host, ip, port).map_err(|error| Failure::Lookup {
            host: host.to_owned(),
            reason: words(&error),
        })?;
        let detail = found
            .iter()
            .map(|address| address.ip().to_string())
            .collect::<Vec<_>>()
            .join(", ");
        Ok((found, detail))
    })
}

/// Opens a socket to the first address that answers, as libpq does; only that one is left in the list.
fn open(
    report: &mut Report,
    clock: Clock,
    addresses: &mut Vec<SocketAddr>,
) -> Result<Socket, Failure> {
    let mut last = Failure::Protocol {
        reason: "no address".to_owned(),
    };
    for &address in addresses.iter() {
        let opened = staged(report, Step::Connect, |_| {
            let text = address.to_string();
            let socket = Socket::tcp(address, clock.deadline)
                .map_err(|error| connect_failure(&error, &text, clock))?;
            Ok((socket, text))
        });
        match opened {
            Ok(socket) => {
                *addresses = vec![address];
                return Ok(socket);
            }
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

fn connect_failure(error: &io::Error, address: &str, clock: Clock) -> Failure {
    let address = address.to_owned();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused { address },
        io::ErrorKind::TimedOut if !clock.bound.is_zero() => Failure::Timeout {
            step: Step::Connect,
            after: clock.bound,
        },
        _ => Failure::Unreachable {
            address,
            reason: words(error),
        },
    }
}

/// The system's words without what Rust adds: "(os error 2)", and what was done.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text
        .strip_prefix("failed to lookup address information: ")
        .unwrap_or(&text);
    text.split_once(" (os error ")
        .map_or(text, |(words, _)| words)
        .to_owned()
}

/// The server's answer to SSLRequest.
enum Answer {
    Yes(Socket),
    No(Socket),
}

/// Where TLS is `needed`, a server without it is a step that failed.
fn ask_for_tls(
    report: &mut Report,
    clock: Clock,
    mut socket: Socket,
    needed: bool,
) -> Result<Answer, Failure> {
    staged(report, Step::TlsRequest, |report| {
        let mut request = BytesMut::new();
        frontend::ssl_request(&mut request);
        let fails = |error: io::Error| {
            let broken = if is_closed(&error) {
                Broken::Closed
            } else {
                Broken::Io(error)
            };
            clock.broken(broken, Step::TlsRequest, report)
        };
        socket.write_all(&request).map_err(fails)?;
        // Room for more than the one byte that may come: whatever follows it in clear must not be taken for TLS (CVE-2021-23222).
        let mut answer = [0; 64];
        let read = socket.read(&mut answer).map_err(fails)?;
        match &answer[..read] {
            [] => Err(Failure::Closed {
                step: Step::TlsRequest,
            }),
            [b'S'] => Ok((Answer::Yes(socket), "server offers TLS".to_owned())),
            [b'N'] if needed => Err(Failure::NoTls),
            [b'N'] => Ok((Answer::No(socket), "server offers no TLS".to_owned())),
            [b'S' | b'N', ..] => Err(Failure::Stuffed),
            [b'E', ..] => Err(Failure::ErrorBeforeTls),
            [other, ..] => Err(Failure::NoPostgres(*other)),
        }
    })
}

/// The handshake; whatever happens, what was seen goes into the report.
fn shake_hands(
    report: &mut Report,
    clock: Clock,
    tls: &mut TlsStream,
    observer: &Observer,
) -> Result<(), Failure> {
    staged(report, Step::Handshake, |report| {
        let done = tls.shake_hands();
        let facts = observer.facts(&tls.connection);
        let detail = [
            facts.version.unwrap_or_default(),
            facts.cipher.as_deref().unwrap_or_default(),
        ]
        .join(" ");
        report.tls = Some(facts);
        let mut seen = observer.seen();
        report.server_certificate = std::mem::take(&mut seen.chain);
        match (done, seen.refused.take()) {
            (Ok(()), _) => Ok(((), detail)),
            (Err(_), Some(refused)) => Err(Failure::Verify(refused)),
            (Err(broken), None) => Err(clock.broken(broken, Step::Handshake, report)),
        }
    })
}
