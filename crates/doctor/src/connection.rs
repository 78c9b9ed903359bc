//! Why a connection failed, or what is weak about one that succeeded, from what the client saw of it.

use pg_host::ServerFacts;
use pg_host::client::ClientNote;
use pg_probe::{Failure, Report, Target, Transport};

use crate::scene::Scene;
use crate::server::View;
use crate::{Finding, Severity, alert, client, refusal, server_certificate, success, transport};

/// What is known about one connection.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    target: &'a Target,
    report: &'a Report,
    failure: Option<&'a Failure>,
    notes: &'a [ClientNote],
    server: Option<&'a ServerFacts>,
}

impl<'a> Observation<'a> {
    /// A connection that was made to a target: what was seen, and why it failed if it did.
    pub fn new(target: &'a Target, report: &'a Report, failure: Option<&'a Failure>) -> Self {
        Self {
            target,
            report,
            failure,
            notes: &[],
            server: None,
        }
    }

    /// With what was noticed when the client's files were read.
    #[must_use]
    pub fn with_notes(self, notes: &'a [ClientNote]) -> Self {
        Self { notes, ..self }
    }

    /// With what is known of the server that was to be reached, where this is its machine.
    #[must_use]
    pub fn with_server(self, facts: &'a ServerFacts) -> Self {
        Self {
            server: Some(facts),
            ..self
        }
    }
}

/// The findings, the most important first: where the connection failed, that is the cause. Empty when all is well.
///
/// Where `prefer` or `allow` tried twice, what went wrong with TLS comes first: `prefer`'s second failure is mostly a consequence of the
/// first, and that `allow` is refused in plain text is only what it hopes to find out.
pub fn diagnose(seen: &Observation<'_>) -> Vec<Finding> {
    let Observation {
        target,
        report,
        failure,
        notes,
        server,
    } = *seen;
    let server = server.map(|facts| View::of(facts, &target.user));
    let mut findings = Vec::new();
    let mut after = Vec::new();
    for fallback in &report.fallbacks {
        let scene = Scene {
            target,
            report,
            tls: fallback.tls.as_ref(),
            after_tls: false,
        };
        let finding = cause(&scene, &fallback.failure, server.as_ref());
        match (fallback.transport, failure) {
            (Transport::Tls, Some(_)) => findings.push(finding.seen(AGAIN_PLAIN)),
            (Transport::Tls, None) => findings.push(Finding {
                severity: Severity::Warning,
                ..finding.seen(AGAIN_PLAIN)
            }),
            (Transport::Plain | Transport::Local, Some(_)) => after.push(finding.seen(AGAIN_TLS)),
            (Transport::Plain | Transport::Local, None) => {}
        }
    }
    let scene = Scene {
        target,
        report,
        tls: report.tls.as_ref(),
        after_tls: !findings.is_empty(),
    };
    match failure {
        Some(failure) => findings.push(cause(&scene, failure, server.as_ref())),
        None => findings.extend(success::weaknesses(&scene)),
    }
    findings.extend(after);
    findings.extend(server.iter().flat_map(View::not_loadable));
    findings.extend(notes.iter().map(client::note));
    findings
}

/// The one finding that a failure amounts to.
fn cause(scene: &Scene<'_>, failure: &Failure, server: Option<&View<'_>>) -> Finding {
    let decided = server.and_then(|server| server.decided(scene, failure));
    let finding = match failure {
        Failure::Server(error) => refusal::finding(scene, error),
        Failure::Tls(tls) => alert::finding(scene, tls),
        Failure::Verify(error) => server_certificate::chain(scene, error),
        Failure::Host(mismatch) => server_certificate::host(scene, mismatch),
        other => transport::finding(scene, other),
    };
    finding.all_seen(decided)
}

const AGAIN_PLAIN: &str = "sslmode=prefer then tried again in plain text";
const AGAIN_TLS: &str = "sslmode=allow had begun in plain text";
