//! Where a rule that lets a role in by certificate has to stand, and what that changes.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::logins::{Logins, Strangers};
use super::origin::Origin;
use super::walk::{Share, Walk, Ways, Within};
use super::{
    Address, ConnType, Database, Method, NewRule, Rule, RuleOption, RuleSet, Site, Source,
    Transport, User,
};

/// What shall be allowed: TLS connections of a role, to these databases, from these networks, by certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The role.
    pub role: String,
    /// The roles that it is a member of, directly or not; none where that is not known.
    pub member_of: Option<Vec<String>>,
    /// The databases.
    pub databases: Databases,
    /// The networks; one rule for each.
    pub from: Vec<Source>,
    /// The map of `pg_ident.conf` that the new rule shall use, where the certificate's CN is not the role's name.
    pub map: Option<String>,
}

/// Which databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Databases {
    /// Every one (`all`).
    All,
    /// Those of these names.
    Named(Vec<String>),
    /// Physical replication (the keyword `replication`).
    Replication,
}

/// A place in a [`RuleSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Before the rule of this index.
    Before(usize),
    /// Behind the last one.
    AtEnd,
}

/// Where the new rules stand. Numbers are indexes into [`RuleSet::rules`] as it is now, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// What is added, in this order. Empty: all of it is allowed already, by `already` or `maps`.
    pub insertions: Vec<Insertion>,
    /// Rules that let the role in by its certificate already.
    pub already: Vec<usize>,
    /// Rules of method `cert` with a map that decide: a line of that map has to name the certificate and the role.
    pub maps: Vec<MapUse>,
    /// Rules that decide some of these connections and keep doing so: `reject`, and other demands for a certificate.
    pub keeps_say: Vec<usize>,
    /// Rules that decided some of these connections and no longer will.
    pub overrides: Vec<usize>,
}

/// A rule to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// Where.
    pub place: Place,
    /// What.
    pub rule: NewRule,
}

/// A rule with a map that decides already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapUse {
    /// The rule.
    pub rule: usize,
    /// Its map.
    pub map: String,
    /// Whether the map is asked about the certificate's DN, not its CN.
    pub by_dn: bool,
}

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

/// Why there is no place for the rule. Numbers are indexes into [`RuleSet::rules`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// PostgreSQL refuses the rules as they are: nothing can be said about them ([`RuleSet::errors`]).
    #[error("the rules as they are would not be loaded")]
    Broken,
    /// The rule would have to stand before `before`, which decides some of the connections otherwise, and behind
    /// `behind`, which keep their say about others of them.
    #[error("no place is both before and behind the rules that decide these connections")]
    Order {
        /// From where.
        from: Source,
        /// The rule that it has to precede.
        before: usize,
        /// The rules that it has to follow.
        behind: Vec<usize>,
    },
    /// All of these connections are decided by rules that keep their say and do not let the certificate in.
    #[error("rules that keep their say decide all of these connections")]
    Decided {
        /// From where.
        from: Source,
        /// The rules.
        rules: Vec<usize>,
    },
    /// The rule would have to stand in a file that is read more than once, where it would stand in other places too.
    #[error("\"{file}\" is included more than once")]
    Repeated {
        /// The file.
        file: String,
    },
}

/// Where the rules for what is wanted have to stand: before the first rule that would otherwise decide the role's TLS
/// connections, behind those that keep their say about some of them.
///
/// Each network is looked at by itself. Databases that the role reaches by its certificate already are left out of the
/// new rule. A rule of which it is open whether it decides some of these connections counts as one that does.
///
/// # Errors
/// [`Conflict`] where no place satisfies both.
pub fn place(set: &RuleSet, wanted: &Wanted, site: &Site) -> Result<Placement, Conflict> {
    if !set.is_loadable() {
        return Err(Conflict::Broken);
    }
    let strangers = Strangers::to(&set.rules.iter().map(|at| &at.rule));
    let databases = wanted.databases.words();
    let mut insertions = Vec::new();
    let mut already = BTreeSet::new();
    let mut maps = BTreeSet::new();
    let mut keeps_say = BTreeSet::new();
    let mut overrides = BTreeSet::new();
    for &from in &wanted.from {
        let address = Address::from(from);
        let of_database = |database: &Database| {
            let within = wanted.within(Ways::only(Transport::Tls), database, &address, site);
            let rules = set.rules.iter().map(|at| &at.rule);
            Deciders::of(within, rules, wanted, &strangers, site)
        };
        let found: Vec<Deciders> = databases.iter().map(of_database).collect();
        let rule = |index: usize| &set.rules[index].rule;
        for index in found.iter().flat_map(Deciders::rules) {
            match wanted.lets_in(rule(index)) {
                Some(None) => already.insert(index),
                Some(Some(_)) => maps.insert(index),
                None => rule(index).keeps_its_say() && keeps_say.insert(index),
            };
        }

        // The databases that the role does not reach by its certificate already.
        let mut wanting = Vec::new();
        let mut refused = BTreeSet::new();
        for (at, deciders) in found.iter().enumerate() {
            let decided =
                !deciders.leave_some && deciders.rules().all(|index| rule(index).keeps_its_say());
            if !decided {
                wanting.push(at);
            } else if !deciders
                .rules()
                .any(|index| wanted.lets_in(rule(index)).is_some())
            {
                refused.extend(deciders.rules());
            }
        }
        if !refused.is_empty() {
            return Err(Conflict::Decided {
                from,
                rules: refused.into_iter().collect(),
            });
        }
        if wanting.is_empty() {
            continue;
        }

        let deciding: BTreeSet<usize> = wanting.iter().flat_map(|at| found[*at].rules()).collect();
        let (keepers, others): (BTreeSet<usize>, BTreeSet<usize>) = deciding
            .iter()
            .partition(|index| rule(**index).keeps_its_say());
        let place = others
            .first()
            .map_or(Place::AtEnd, |&index| Place::Before(index));
        if let Place::Before(before) = place {
            let behind: Vec<usize> = keepers
                .into_iter()
                .filter(|index| *index > before)
                .collect();
            if !behind.is_empty() {
                return Err(Conflict::Order {
                    from,
                    before,
                    behind,
                });
            }
        }
        set.can_be_written(place)?;
        insertions.push(Insertion {
            place,
            rule: NewRule {
                kind: ConnType::HostSsl,
                databases: wanting.iter().map(|at| databases[*at].clone()).collect(),
                users: alloc::vec![User::name(&wanted.role)],
                address: Some(from),
                method: Method::Cert,
                options: wanted
                    .map
                    .iter()
                    .map(|map| RuleOption::new("map", map))
                    .collect(),
            },
        });
        overrides.extend(others);
    }
    let maps = maps.into_iter().filter_map(|rule| {
        let at = &set.rules[rule].rule;
        Some(MapUse {
            rule,
            map: at.map()?.to_string(),
            by_dn: at.compares_dn(),
        })
    });
    Ok(Placement {
        already: already.into_iter().collect(),
        maps: maps.collect(),
        keeps_say: keeps_say.into_iter().collect(),
        overrides: overrides.into_iter().collect(),
        insertions,
    })
}

/// The rules that refuse the role's TCP connections without TLS (`hostnossl ... reject`), beside those of `placement`
/// where that is early enough. Empty where they are refused already.
///
/// # Errors
/// [`Conflict::Broken`] and [`Conflict::Repeated`].
pub fn refuse_without_tls(
    set: &RuleSet,
    wanted: &Wanted,
    placement: &Placement,
    site: &Site,
) -> Result<Vec<Insertion>, Conflict> {
    if !set.is_loadable() {
        return Err(Conflict::Broken);
    }
    let strangers = Strangers::to(&set.rules.iter().map(|at| &at.rule));
    let databases = wanted.databases.words();
    let ways = Ways::only(Transport::Plain).or(Ways::only(Transport::Gss));
    let mut insertions = Vec::new();
    for &from in &wanted.from {
        let address = Address::from(from);
        let first = databases
            .iter()
            .flat_map(|database| {
                let within = wanted.within(ways, database, &address, site);
                let rules = set.rules.iter().map(|at| &at.rule);
                Deciders::of(within, rules, wanted, &strangers, site).touches
            })
            .map(|touch| touch.rule)
            .filter(|&rule| set.rules[rule].rule.method != Method::Reject)
            .min();
        let Some(first) = first else { continue };
        let beside = placement
            .insertions
            .iter()
            .find(|i| i.rule.address == Some(from));
        let place = beside.map_or(Place::Before(first), |i| i.place.min(Place::Before(first)));
        set.can_be_written(place)?;
        insertions.push(Insertion {
            place,
            rule: NewRule {
                kind: ConnType::HostNoSsl,
                databases: databases.clone(),
                users: alloc::vec![User::name(&wanted.role)],
                address: Some(from),
                method: Method::Reject,
                options: Vec::new(),
            },
        });
    }
    Ok(insertions)
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

    let strangers = Strangers::to(&rules.iter().map(|(_, rule)| *rule));
    let databases = wanted.databases.words();
    let addresses: Vec<Address> = wanted
        .from
        .iter()
        .map(|from| Address::from(*from))
        .collect();
    let mut found: BTreeMap<usize, WayIn> = BTreeMap::new();
    for transport in Transport::ALL {
        let ways = Ways::only(transport);
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
            for touch in Deciders::of(within, all, wanted, &strangers, site).touches {
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

/// Which rules decide some of the connections asked for.
struct Deciders {
    touches: Vec<Touch>,
    /// Whether there are some that no rule surely decides.
    leave_some: bool,
}

/// A rule decides some of them.
struct Touch {
    rule: usize,
    certain: bool,
}

impl Deciders {
    fn of<'r>(
        within: Within<'r>,
        rules: impl Iterator<Item = &'r Rule>,
        wanted: &Wanted,
        strangers: &'r Strangers,
        site: &'r Site,
    ) -> Self {
        let mut walk = Walk::new(within, strangers, site);
        let mut touches = Vec::new();
        for (index, rule) in (0..).zip(rules) {
            let ways = Ways::of(rule.kind);
            let certain = match walk.share(rule, ways) {
                Share::Nothing(_) => continue,
                Share::Perhaps(_) => false,
                // It may have been taken to be a member of something.
                Share::Some(found) => {
                    wanted.member_of.is_some()
                        || found.member_of.is_none_or(|groups| groups.is_empty())
                }
            };
            touches.push(Touch {
                rule: index,
                certain,
            });
            walk.take(u32::try_from(index).unwrap_or(u32::MAX), rule, ways);
        }
        Self {
            touches,
            leave_some: !matches!(walk.rest(), Share::Nothing(_)),
        }
    }

    fn rules(&self) -> impl Iterator<Item = usize> {
        self.touches.iter().map(|touch| touch.rule)
    }
}

impl Databases {
    /// As words of a rule.
    fn words(&self) -> Vec<Database> {
        match self {
            Self::All => alloc::vec![Database::All],
            Self::Replication => alloc::vec![Database::Replication],
            Self::Named(names) => {
                let mut seen = BTreeSet::new();
                let once = names.iter().filter(|name| seen.insert(*name));
                once.map(|name| Database::name(name)).collect()
            }
        }
    }
}

impl Wanted {
    /// The connections asked for to one of the databases, from one of the networks.
    fn within<'a>(
        &'a self,
        ways: Ways,
        database: &'a Database,
        from: &'a Address,
        site: &Site,
    ) -> Within<'a> {
        let all = Logins::of_role(self.role.as_bytes(), self.member_of.as_deref());
        Within {
            ways,
            logins: all
                .iter()
                .flat_map(|logins| logins.and_database(database))
                .collect(),
            origins: alloc::vec![Origin::of(Some(from), site)],
        }
    }

    /// Whether the rule lets the role in by the certificate that it is to have, and through which map.
    fn lets_in<'r>(&self, rule: &'r Rule) -> Option<Option<&'r str>> {
        if rule.method == Method::Cert && rule.map().is_some() {
            return Some(rule.map());
        }
        (rule.accepts_certificate_alone() && !rule.compares_dn() && self.map.is_none())
            .then_some(None)
    }
}

impl RuleSet {
    /// A rule can only be written before another whose file is read once.
    fn can_be_written(&self, place: Place) -> Result<(), Conflict> {
        let Place::Before(index) = place else {
            return Ok(());
        };
        let at = &self.rules[index];
        let again = |(i, other): (usize, &super::Located)| {
            i != index && other.record == at.record && other.file == at.file
        };
        if self.rules.iter().enumerate().any(again) {
            return Err(Conflict::Repeated {
                file: String::from(&*at.file),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
