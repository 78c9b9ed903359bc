//! Witnesses: for each rule a connection that it decides, and the comparison of two sets by them.

use alloc::vec::Vec;

use super::{Connection, RuleSet, Site};

/// A connection that a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The rule, an index into [`RuleSet::rules`].
    pub rule: usize,
    /// The connection.
    pub connection: Connection,
    /// Whether the rule surely decides it; false where it only may.
    pub certain: bool,
}

/// A witness for each rule that has one, in their order.
pub fn witnesses(set: &RuleSet, site: &Site) -> Vec<Witness> {
    let _ = (set, site);
    todo!()
}

/// Whether the same rule, by what it says, decides this connection in both sets.
pub fn unchanged(before: &RuleSet, after: &RuleSet, connection: &Connection, site: &Site) -> bool {
    let _ = (before, after, connection, site);
    todo!()
}
