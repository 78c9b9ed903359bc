//! What turning TLS on changes: clients that prefer TLS move to it, `hostssl` rules wake up, `hostnossl` rules lose
//! their clients.

use alloc::vec::Vec;

use super::{Connection, RuleSet, Site};

/// Logins that another rule decides once TLS is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidingChange {
    /// The rule that decides them in clear; none where they are refused.
    pub before: Option<usize>,
    /// The rule that decides them under TLS; none where they are refused.
    pub after: Option<usize>,
    /// One such login, as it comes in under TLS.
    pub example: Connection,
    /// Whether that is sure; false where a membership, a host name or a regular expression leaves it open.
    pub certain: bool,
}

/// The logins whose deciding rule changes when TLS goes on and their clients move to it (`sslmode=prefer` does).
/// Empty where nobody notices.
pub fn changes_with_tls(set: &RuleSet, site: &Site) -> Vec<DecidingChange> {
    let _ = (set, site);
    todo!()
}
