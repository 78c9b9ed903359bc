//! Why a connection failed, or what is weak about one that succeeded, from what the client saw of it.

#![expect(clippy::todo, reason = "the surface comes first")]

use pg_probe::{Failure, Report, Target};

use crate::Finding;

/// What is known about one connection.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    target: &'a Target,
    report: &'a Report,
    failure: Option<&'a Failure>,
}

impl<'a> Observation<'a> {
    /// A connection that was made to a target: what was seen, and why it failed if it did.
    pub fn new(target: &'a Target, report: &'a Report, failure: Option<&'a Failure>) -> Self {
        Self {
            target,
            report,
            failure,
        }
    }
}

/// The findings, the most important first: where the connection failed, that is the cause.
pub fn diagnose(seen: &Observation<'_>) -> Vec<Finding> {
    let _ = (seen.target, seen.report, seen.failure);
    todo!()
}
