//! Where a rule that lets a role in by certificate has to stand, and what that changes.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::logins::Logins;
use super::names::Names;
use super::origin::Origin;
use super::reach::alone;
use super::transports::Transports;
use super::walk::{Share, Walk, Within};
use super::{
    Address, ConnType, Database, Method, NewRule, Reach, Rule, RuleOption, RuleSet, Site, Source,
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
        /// From where, if several networks were asked about.
        from: Option<Source>,
        /// The rule that it has to precede.
        before: usize,
        /// The rules that it has to follow.
        behind: Vec<usize>,
    },
    /// All of these connections are decided by rules that keep their say and do not let the certificate in; or, of a rule that is
    /// no certificate's, all that are not decided as it would anyway.
    #[error(
        "rules that keep their say decide all of these connections that are not decided so already"
    )]
    Decided {
        /// From where, if several networks were asked about.
        from: Option<Source>,
        /// The rules.
        rules: Vec<usize>,
    },
    /// The rule matches no connection.
    #[error("there is no connection that the rule is for")]
    Nobody,
    /// The rule has `@file` lists that are not read in, so that nobody knows whom it is for.
    #[error("the rule's @file lists are not read in")]
    Unread,
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
    let names = Names::of(&set.rules.iter().map(|at| &at.rule), &wanted.names());
    let databases = wanted.databases.words();
    let mut insertions = Vec::new();
    let mut already = BTreeSet::new();
    let mut maps = BTreeSet::new();
    let mut keeps_say = BTreeSet::new();
    let mut overrides = BTreeSet::new();
    for &from in &wanted.from {
        let address = Address::from(from);
        let of_database = |database: &Database| {
            let within = wanted.within(Transports::only(Transport::Tls), database, &address, site);
            let rules = set.rules.iter().map(|at| &at.rule);
            Deciders::of(within, rules, wanted.member_of.is_some(), &names, site)
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
                from: Some(from),
                rules: refused.into_iter().collect(),
            });
        }
        if wanting.is_empty() {
            continue;
        }

        let deciding: BTreeSet<usize> = wanting.iter().flat_map(|at| found[*at].rules()).collect();
        let (place, others) = set.between(&deciding, Some(from))?;
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

/// Where a rule of any kind stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePlace {
    /// Where it has to stand; none where there is no need of it, for `instead` do as it would.
    pub place: Option<Place>,
    /// Rules that decide all of its connections already, with the same method and options.
    pub instead: Vec<usize>,
    /// Rules that decide some of its connections and keep doing so: `reject`, and demands for a certificate.
    pub keeps_say: Vec<usize>,
    /// Rules that decided some of its connections and no longer will.
    pub overrides: Vec<usize>,
}

/// Where a rule has to stand: before the first rule that decides some of its connections today, behind those that keep
/// their say about others of them; where no place is both, those are not asked about that decide as it would. A rule of which
/// it is open whether it decides some counts as one that does.
///
/// Its `@file` lists have to be read in, as [`RuleSet::of_bytes`] does.
///
/// # Errors
/// [`Conflict`] where no place satisfies both, or the rule is for nobody.
pub fn place_rule(set: &RuleSet, rule: &Rule, site: &Site) -> Result<RulePlace, Conflict> {
    if !set.is_loadable() {
        return Err(Conflict::Broken);
    }
    if rule.names_files() {
        return Err(Conflict::Unread);
    }
    if matches_nobody(rule, site) {
        return Err(Conflict::Nobody);
    }
    let names = Names::of(&set.rules.iter().map(|at| &at.rule).chain([rule]), &[]);
    let within = Within::rule(rule, Transports::of(rule.kind), site);
    let rules = set.rules.iter().map(|at| &at.rule);
    let found = Deciders::of(within, rules, true, &names, site);
    let by = |index: usize| &set.rules[index].rule;
    if !found.leave_some && found.rules().all(|index| by(index).decides_like(rule)) {
        return Ok(RulePlace {
            place: None,
            instead: found.rules().collect(),
            keeps_say: Vec::new(),
            overrides: Vec::new(),
        });
    }
    let keepers: Vec<usize> = found
        .rules()
        .filter(|index| by(*index).keeps_its_say())
        .collect();
    if !found.leave_some && found.rules().all(|index| by(index).keeps_its_say()) {
        return Err(Conflict::Decided {
            from: None,
            rules: keepers,
        });
    }
    let is_other = |index: &usize| !by(*index).decides_like(rule);
    let (keepers, placed) = match set.between(&found.rules().collect(), None) {
        // Those that decide as it would may stand before it or behind.
        Err(Conflict::Order { .. }) => {
            let keepers: Vec<usize> = keepers.into_iter().filter(is_other).collect();
            let others: BTreeSet<usize> = found.rules().filter(is_other).collect();
            if !found.leave_some && others.iter().all(|index| by(*index).keeps_its_say()) {
                return Err(Conflict::Decided {
                    from: None,
                    rules: keepers,
                });
            }
            (keepers, set.between(&others, None))
        }
        placed => (keepers, placed),
    };
    let (place, others) = placed?;
    Ok(RulePlace {
        place: Some(place),
        instead: Vec::new(),
        keeps_say: keepers,
        overrides: others.into_iter().collect(),
    })
}

/// Whether there surely is no connection that the rule is for: a name that is too long for any role or database, a
/// regular expression that is found in none. Of a rule whose `@file` lists are not read in, nobody knows.
pub fn matches_nobody(rule: &Rule, site: &Site) -> bool {
    let names = Names::of(&core::iter::once(rule), &[]);
    !rule.names_files() && matches!(alone(rule, &names, site), Reach::Never { .. })
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
    let names = Names::of(&set.rules.iter().map(|at| &at.rule), &wanted.names());
    let databases = wanted.databases.words();
    let ways = Transports::only(Transport::Plain).or(Transports::only(Transport::Gss));
    let mut insertions = Vec::new();
    for &from in &wanted.from {
        let address = Address::from(from);
        let first = databases
            .iter()
            .flat_map(|database| {
                let within = wanted.within(ways, database, &address, site);
                let rules = set.rules.iter().map(|at| &at.rule);
                Deciders::of(within, rules, wanted.member_of.is_some(), &names, site).touches
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

/// Which rules decide some of the connections asked for.
pub(super) struct Deciders {
    pub(super) touches: Vec<Touch>,
    /// Whether there are some that no rule surely decides.
    leave_some: bool,
}

/// A rule decides some of them.
pub(super) struct Touch {
    pub(super) rule: usize,
    pub(super) certain: bool,
}

impl Deciders {
    pub(super) fn of<'r>(
        within: Within<'r>,
        rules: impl Iterator<Item = &'r Rule>,
        memberships_known: bool,
        names: &'r Names,
        site: &'r Site,
    ) -> Self {
        let mut walk = Walk::new(within, names, site);
        let mut touches = Vec::new();
        // A membership that nobody knows of makes what it lets in go by an earlier rule, or by this one.
        let mut memberships_matter = false;
        for (index, rule) in (0..).zip(rules) {
            let ways = Transports::of(rule.kind);
            memberships_matter |= !memberships_known && rule.asks_for_memberships();
            let certain = match walk.share(rule, ways) {
                Share::Nothing(_) => continue,
                Share::Perhaps(_) => false,
                Share::Some(_) => !memberships_matter,
            };
            touches.push(Touch {
                rule: index,
                certain,
            });
            walk.take(index, rule, ways);
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
    pub(super) fn words(&self) -> Vec<Database> {
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
    pub(super) fn within<'a>(
        &'a self,
        ways: Transports,
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

    /// The names in it, which are no stranger's.
    pub(super) fn names(&self) -> Vec<&[u8]> {
        let groups = self.member_of.iter().flatten();
        let databases = match &self.databases {
            Databases::Named(names) => &names[..],
            _ => &[],
        };
        let names = groups.chain(databases).chain([&self.role]);
        names.map(String::as_bytes).collect()
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
    /// The place before the first of the rules that does not keep its say and behind those that do, and the rules that
    /// then come too late.
    fn between(
        &self,
        deciding: &BTreeSet<usize>,
        from: Option<Source>,
    ) -> Result<(Place, BTreeSet<usize>), Conflict> {
        let keeps = |index: &usize| self.rules[*index].rule.keeps_its_say();
        let (keepers, others): (BTreeSet<usize>, BTreeSet<usize>) =
            deciding.iter().partition(|index| keeps(index));
        let Some(&before) = others.first() else {
            return Ok((Place::AtEnd, others));
        };
        let behind: Vec<usize> = keepers.range(before..).copied().collect();
        if !behind.is_empty() {
            return Err(Conflict::Order {
                from,
                before,
                behind,
            });
        }
        self.can_be_written(Place::Before(before))?;
        Ok((Place::Before(before), others))
    }

    /// A rule can only be written before another whose file is read once.
    fn can_be_written(&self, place: Place) -> Result<(), Conflict> {
        let Place::Before(index) = place else {
            return Ok(());
        };
        let at = &self.rules[index];
        let again = |(i, other): (usize, &super::RuleInFile)| {
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
