//! Who takes those whom a rule is for, however they come.

use alloc::vec::Vec;

use super::names::Names;
use super::transports::Transports;
use super::walk::{Share, Walk, Within};
use super::{Connection, Match, Rule, RuleSet, Site, Transport, matches};

/// The first of the `near` rules that is `wanted` and takes somebody whom `asked` is for, by one of these transports, and a
/// connection that it takes. That is somebody who meets the first role and database word that leave anything, and no other
/// rule that he need not meet: a rule that takes him takes everybody who meets those words, be it from some addresses only.
pub(crate) fn first_taker(
    set: &RuleSet,
    asked: &Rule,
    transports: &[Transport],
    near: Vec<usize>,
    names: &Names,
    site: &Site,
    wanted: impl Fn(usize) -> bool,
) -> Option<(usize, Connection)> {
    let ways: Transports = transports.iter().copied().collect();
    let within = Within::rule(asked, ways.and(Transports::of(asked.kind)), site);
    let mut walk = Walk::new(within, names, site);
    for index in near {
        let rule = &set.rules[index].rule;
        let ways = Transports::of(rule.kind);
        if wanted(index)
            && let Share::Some(connection) = walk.rest_from(rule, ways)
            && matches(rule, &connection, site) == Match::Yes
        {
            return Some((index, connection));
        }
        walk.meet(index, rule, ways);
    }
    None
}
