//! The proof: not what the files say, but what a client gets. The login goes through the service
//! that was written, as the user who owns it, the way libpq would go.

use std::net::IpAddr;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use doctor::{Finding, Observation, diagnose};
use pg_config::conninfo::{Conninfo, SslNegotiation};
use pg_host::client::{self, ClientError, Environment};
use pg_host::{AdminError, AskError, OwnTls, own_tls};
use pg_probe::{Address, Attempt, Failure, Report, Session, Target};
use pki_core::{Certificate, Fingerprint};

use crate::failure::NotPutBack;
use crate::goal::{Expectation, Login, Reach};
use crate::workshop::{ClientSeat, Workshop};

/// What was proven.
#[derive(Debug, Default)]
pub struct Proof {
    /// The fingerprint of the certificate that the server serves, which is the one expected.
    pub served: Option<Fingerprint>,
    /// The file of revocation lists that is in force, where one was brought.
    pub crl: Option<PathBuf>,
    /// The login that worked.
    pub login: Option<ProvenLogin>,
    /// The server's words when the same login was tried without the certificate.
    pub refused_without: Option<String>,
    /// What could not be tried from here, with the reason.
    pub not_tried: Option<String>,
    /// Old files that could not be taken away; the new ones are in force nevertheless.
    pub leftovers: Vec<NotPutBack>,
}

impl Proof {
    pub(crate) fn with_leftovers(self, leftovers: Vec<NotPutBack>) -> Self {
        Proof { leftovers, ..self }
    }
}

/// A login that worked.
#[derive(Debug)]
pub struct ProvenLogin {
    /// Through which service.
    pub service: String,
    /// As which role: what the server says of itself (`current_user`).
    pub role: String,
    /// To which database.
    pub database: String,
    /// The session's row of `pg_stat_ssl`.
    pub tls: OwnTls,
}

/// Why the result does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The server cannot be asked for its certificate.
    #[error("the server does not serve TLS: {0}")]
    NoTls(Box<Failure>),
    /// It serves another certificate.
    #[error("the server serves another certificate than the one expected")]
    OtherCertificate {
        /// The one that it serves, if any.
        served: Option<Box<Certificate>>,
    },
    /// Another file of revocation lists is in force than the one expected.
    #[error("the server goes by another file of revocation lists: {}", found.display())]
    OtherCrl {
        /// What `ssl_crl_file` says.
        found: PathBuf,
    },
    /// libpq would not even connect.
    #[error("psql service={service} would not connect: {source}")]
    Client {
        /// The service.
        service: String,
        /// Why.
        source: Box<ClientError>,
    },
    /// The login does not work.
    #[error("the login through service={service} does not work: {failure}")]
    Login {
        /// The service.
        service: String,
        /// What happened.
        failure: Box<Failure>,
        /// What it means.
        findings: Vec<Finding>,
    },
    /// The login that did the work does not work any more.
    #[error("the login that changed the server does not work any more: {0}")]
    Administrator(Box<AdminError>),
    /// The role gets in over TLS without its certificate, or by a password.
    #[error("role \"{role}\" gets in over TLS without its certificate, or is asked for a password")]
    LetInWithout {
        /// The role.
        role: String,
    },
    /// Somebody else was logged in.
    #[error("the login ended as role \"{0}\"")]
    OtherRole(String),
    /// The session is not what the server was to see.
    #[error("the server does not see a TLS session with the client's certificate")]
    NotSeen,
    /// The session could not be asked.
    #[error(transparent)]
    Ask(Box<AskError>),
    /// The client's rights could not be taken on.
    #[error(transparent)]
    Rights(#[from] hostfile::Error),
    /// Somebody asked us to stop.
    #[error("interrupted")]
    Interrupted,
    /// A service that the plan names is not there: a bug.
    #[error("there is no client to prove the login with")]
    NoClient,
}

impl ProofError {
    /// What the failed login means, the cause first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            ProofError::Login { findings, .. } => findings,
            _ => &[],
        }
    }
}

/// Proves what was expected. `issued` is the server certificate of this apply.
pub(crate) fn prove(
    expectation: &Expectation,
    issued: Option<&Certificate>,
    workshop: &Workshop<'_>,
) -> Result<Proof, ProofError> {
    let mut proof = Proof::default();
    let expected = if expectation.serves_issued {
        issued.map(Certificate::fingerprint)
    } else {
        expectation.served
    };
    if let (Some(expected), Some((address, port))) = (expected, expectation.server) {
        proof.served = Some(served(expected, address, port, workshop.interrupted)?);
    }
    // Whoever administers the server has to get in as before.
    if let Some((cluster, _)) = &workshop.server {
        let again = workshop.way.connect(cluster, workshop.now);
        let mut admin = again.map_err(|error| ProofError::Administrator(Box::new(error)))?;
        if let Some(path) = &expectation.crl {
            let settings = admin
                .settings()
                .map_err(|error| ProofError::Ask(Box::new(error)))?;
            let found = cluster.data_dir.join(settings.value("ssl_crl_file"));
            if found != *path {
                return Err(ProofError::OtherCrl { found });
            }
            proof.crl = Some(found);
        }
    }
    if let Some(login) = &expectation.login {
        let seat = workshop.client.as_ref().ok_or(ProofError::NoClient)?;
        prove_login(login, seat, workshop, &mut proof)?;
    }
    Ok(proof)
}

/// A reload is asked for and not awaited by the server: the new certificate shows after a moment.
fn served(
    expected: Fingerprint,
    address: IpAddr,
    port: u16,
    interrupted: &dyn Fn() -> bool,
) -> Result<Fingerprint, ProofError> {
    let address = Address::Tcp {
        host: String::new(),
        ip: Some(address),
        port,
    };
    let (report, result) = patiently(interrupted, || {
        let (report, result) = pg_probe::served(&address, SslNegotiation::Postgres, TIMEOUT);
        let right = report
            .server_certificate
            .first()
            .is_some_and(|found| found.fingerprint() == expected);
        ((report, result), right)
    })?;
    match report.server_certificate.into_iter().next() {
        Some(found) if found.fingerprint() == expected => Ok(expected),
        Some(other) => Err(ProofError::OtherCertificate {
            served: Some(Box::new(other)),
        }),
        None => Err(result.map_or_else(
            |failure| ProofError::NoTls(Box::new(failure)),
            |()| ProofError::OtherCertificate { served: None },
        )),
    }
}

fn prove_login(
    login: &Login,
    seat: &ClientSeat,
    workshop: &Workshop<'_>,
    proof: &mut Proof,
) -> Result<(), ProofError> {
    if login.reach == Reach::Nowhere {
        proof.not_tried = Some(format!(
            "the login: the server listens on no address of this machine; on a client: psql service={}",
            login.service
        ));
        return Ok(());
    }
    let target = match target(login, seat, workshop) {
        Err(ProofError::Client { source, .. }) if needs_passphrase(&source, seat) => {
            proof.not_tried = Some(
                "the login: the client's key is encrypted; --client-passphrase-file FILE lets it be tried".to_owned(),
            );
            return Ok(());
        }
        target => target?,
    };
    let attempt = patiently(workshop.interrupted, || {
        let attempt = connect(&target, seat);
        let early = attempt
            .as_ref()
            .is_ok_and(|attempt| may_be_early(attempt, login.reach));
        (attempt, !early)
    })?;
    let Attempt { report, outcome } = attempt?;
    if login.reach == Reach::Handshake {
        return prove_handshake(login, &target, &report, outcome, proof);
    }
    match outcome {
        Ok(session) => proof.login = Some(look_around(session, login)?),
        Err(failure) => return Err(failed(login, &target, &report, failure)),
    }
    let without = Target {
        credentials: None,
        ..target
    };
    let Attempt { report, outcome } = connect(&without, seat)?;
    match outcome {
        Ok(_) | Err(Failure::PasswordNeeded { .. }) => Err(ProofError::LetInWithout {
            role: login.role.clone(),
        }),
        Err(failure @ (Failure::Server(_) | Failure::Tls(_))) => {
            proof.refused_without = Some(failure.to_string());
            Ok(())
        }
        // A connection that fails in another way says nothing about the certificate.
        Err(failure) => Err(failed(login, &without, &report, failure)),
    }
}

/// Where the rule covers no address of this machine: the server has taken the certificate, and only
/// then looked at its rules.
fn prove_handshake(
    login: &Login,
    target: &Target,
    report: &Report,
    outcome: Result<Session, Failure>,
    proof: &mut Proof,
) -> Result<(), ProofError> {
    match outcome {
        Err(failure) if !is_beyond_tls(&failure) => Err(failed(login, target, report, failure)),
        Ok(_) | Err(_) => {
            proof.not_tried = Some(format!(
                "the login: the rule covers no address of this machine, so only the handshake with the client certificate is proven; \
                 on a client: psql service={}",
                login.service
            ));
            Ok(())
        }
    }
}

/// Whether TLS stood, the client certificate included, when the login failed.
fn is_beyond_tls(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Server(_)
            | Failure::PasswordNeeded { .. }
            | Failure::UnsupportedAuthentication { .. }
            | Failure::Scram { .. }
    )
}

/// Whether the server may just not have read its files yet: it refuses the login itself, or TLS.
fn may_be_early(attempt: &Attempt, reach: Reach) -> bool {
    match &attempt.outcome {
        Err(Failure::Server(error)) => reach == Reach::Login && error.code.starts_with("28"),
        Err(Failure::Tls(_) | Failure::NoTls | Failure::Verify(_)) => true,
        Ok(_) | Err(_) => false,
    }
}

/// Whether all that is missing is the passphrase of the client's key.
fn needs_passphrase(error: &ClientError, seat: &ClientSeat) -> bool {
    seat.key_passphrase.is_none() && matches!(error, ClientError::KeyEncrypted(_))
}

/// What libpq would make of the service.
fn target(login: &Login, seat: &ClientSeat, workshop: &Workshop<'_>) -> Result<Target, ProofError> {
    let wrong = |source: ClientError| ProofError::Client {
        service: login.service.clone(),
        source: Box::new(source),
    };
    let mut conninfo = Conninfo::new();
    let _ = conninfo.set("service", &login.service);
    let _ = conninfo.set("connect_timeout", &TIMEOUT.as_secs().to_string());
    if let Some(passphrase) = &seat.key_passphrase {
        let _ = conninfo.set(
            "sslpassword",
            &String::from_utf8_lossy(passphrase.as_bytes()),
        );
    }
    let home = seat.home.to_string_lossy().into_owned();
    let environment: Environment = [("HOME", home)].into_iter().collect();
    let found = client::resolve(
        &conninfo,
        &environment,
        &seat.account,
        &seat.libpq,
        workshop.now,
    )
    .map_err(wrong)?;
    Ok(Target {
        application_name: "pgcert".to_owned(),
        ..found.target
    })
}

fn connect(target: &Target, seat: &ClientSeat) -> Result<Attempt, ProofError> {
    Ok(hostfile::acting_as(&seat.account, || {
        pg_probe::connect(target)
    })?)
}

/// From inside the session: who we are, and what the server sees of the connection.
fn look_around(mut session: Session, login: &Login) -> Result<ProvenLogin, ProofError> {
    let who = session
        .query("SELECT current_user, current_database()")
        .map_err(AskError::from)?;
    let role = who.get(0, "current_user").unwrap_or_default().to_owned();
    let database = who
        .get(0, "current_database")
        .unwrap_or_default()
        .to_owned();
    if role != login.role {
        return Err(ProofError::OtherRole(role));
    }
    let tls = own_tls(&mut session)?;
    if !tls.tls || tls.client_dn.is_none() {
        return Err(ProofError::NotSeen);
    }
    Ok(ProvenLogin {
        service: login.service.clone(),
        role,
        database,
        tls,
    })
}

fn failed(login: &Login, target: &Target, report: &Report, failure: Failure) -> ProofError {
    let findings = diagnose(&Observation::new(target, report, Some(&failure)));
    ProofError::Login {
        service: login.service.clone(),
        failure: Box::new(failure),
        findings,
    }
}

/// Tries until it is done, for about two seconds in all: a server that was told to read its files
/// does so in its own time. Gives up at once when somebody asks to stop.
fn patiently<T>(
    interrupted: &dyn Fn() -> bool,
    mut attempt: impl FnMut() -> (T, bool),
) -> Result<T, ProofError> {
    for pause in PAUSES {
        let (result, done) = attempt();
        if done {
            return Ok(result);
        }
        let begun = Instant::now();
        while begun.elapsed() < pause {
            if interrupted() {
                return Err(ProofError::Interrupted);
            }
            sleep(GLANCE.min(pause));
        }
    }
    Ok(attempt().0)
}

const TIMEOUT: Duration = Duration::from_secs(10);
/// How often somebody's wish to stop is looked for.
const GLANCE: Duration = Duration::from_millis(25);
const PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(150),
    Duration::from_millis(300),
    Duration::from_millis(600),
    Duration::from_millis(1000),
];

impl From<AskError> for ProofError {
    fn from(error: AskError) -> Self {
        ProofError::Ask(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{PAUSES, ProofError, patiently};

    #[test]
    fn whoever_asks_to_stop_does_not_wait_for_the_server() {
        let attempts = Cell::new(0);
        let early = || {
            attempts.set(attempts.get() + 1);
            ((), false)
        };
        let stopped = patiently(&|| attempts.get() == 2, early);
        assert!(matches!(stopped, Err(ProofError::Interrupted)));
        assert_eq!(attempts.get(), 2);
    }

    #[test]
    fn a_server_gets_its_time_and_not_more() {
        let attempts = Cell::new(0);
        let early = |enough| {
            attempts.set(attempts.get() + 1);
            (attempts.get(), attempts.get() == enough)
        };
        assert_eq!(patiently(&|| false, || early(3)).unwrap(), 3);
        attempts.set(0);
        let all = PAUSES.len() + 1;
        assert_eq!(patiently(&|| false, || early(99)).unwrap(), all);
    }
}
