//! By which rules a role gets in without a certificate.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::logins::Logins;
use super::names::Names;
use super::origin::Origin;
use super::place::Deciders;
use super::transports::Transports;
use super::walk::Within;
use super::{Address, Insertion, Place, Rule, RuleSet, Site, Transport, Wanted};

/// A rule by which a role gets in without a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayIn {
    /// The rule.
    pub rule: usize,
    /// The transports, in the order of [`Transport::ALL`].
    pub transports: Vec<Transport>,
    /// Whether that concerns the databases and (but for the socket) the networks that were asked for, or only others.
    pub inside: bool,
    /// Whether that is sure; false where a membership, a host name or a regular expression leaves it open.
    pub certain: bool,
}

/// Every rule by which the role gets in without a certificate, were `added` in force too: to any database, from
/// anywhere, by any transport.
pub fn ways_in(set: &RuleSet, wanted: &Wanted, added: &[Insertion], site: &Site) -> Vec<WayIn> {
    // The rules as they would be, and which of them are there already.
    let new: Vec<(Place, Rule)> = added.iter().map(|i| (i.place, i.rule.as_rule())).collect();
    let mut rules: Vec<(Option<usize>, &Rule)> = Vec::with_capacity(set.rules.len() + new.len());
    for (index, at) in set.rules.iter().enumerate() {
        let before = new
            .iter()
            .filter(|(place, _)| *place == Place::Before(index));
        rules.extend(before.map(|(_, rule)| (None, rule)));
        rules.push((Some(index), &at.rule));
    }
    let last = new.iter().filter(|(place, _)| *place == Place::AtEnd);
    rules.extend(last.map(|(_, rule)| (None, rule)));

    let names = Names::of(&rules.iter().map(|(_, rule)| *rule), &wanted.names());
    let databases = wanted.databases.words();
    let addresses: Vec<Address> = wanted
        .from
        .iter()
        .map(|from| Address::from(*from))
        .collect();
    let mut found: BTreeMap<usize, WayIn> = BTreeMap::new();
    for transport in Transport::ALL {
        let ways = Transports::only(transport);
        let everywhere = Within {
            ways,
            logins: Logins::of_role(wanted.role.as_bytes(), wanted.member_of.as_deref()).to_vec(),
            origins: alloc::vec![Origin::anywhere()],
        };
        let asked = databases.iter().flat_map(|database| {
            let from = |address| wanted.within(ways, database, address, site);
            match transport {
                Transport::Local => alloc::vec![from(&Address::All)],
                _ => addresses.iter().map(from).collect(),
            }
        });
        let asked = asked.map(|within| (within, true));
        for (within, inside) in core::iter::once((everywhere, false)).chain(asked) {
            let all = rules.iter().map(|(_, rule)| *rule);
            for touch in Deciders::of(within, all, wanted.member_of.is_some(), &names, site).touches
            {
                let (Some(rule), by) = rules[touch.rule] else {
                    continue;
                };
                if by.keeps_its_say() {
                    continue;
                }
                let way = found.entry(rule).or_insert(WayIn {
                    rule,
                    transports: Vec::new(),
                    inside: false,
                    certain: false,
                });
                if !way.transports.contains(&transport) {
                    way.transports.push(transport);
                }
                way.inside |= inside;
                way.certain |= touch.certain;
            }
        }
    }
    found.into_values().collect()
}
