//! The first-match walk over sets of connections: of each rule in turn, whether those before it leave anything to it.

use alloc::borrow::Borrow;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::logins::{Login, Logins};
use super::names::Names;
use super::origin::{Near, Origin, found};
use super::taken::{Left, Taken};
use super::transports::Transports;
use super::{Connection, Rule, Site, Transport};

/// The connections that are looked at.
#[derive(Debug, Clone)]
pub(super) struct Within<'a> {
    pub(super) ways: Transports,
    pub(super) logins: Vec<Logins<'a>>,
    pub(super) origins: Vec<Origin<'a>>,
}

impl<'a> Within<'a> {
    /// Every connection.
    pub(super) fn everything() -> Self {
        Self {
            ways: Transports::ALL,
            logins: Logins::all().to_vec(),
            origins: alloc::vec![Origin::anywhere()],
        }
    }

    /// Those that a rule matches, for these transports.
    pub(super) fn rule(rule: &'a Rule, ways: Transports, site: &Site) -> Self {
        let all = Logins::all();
        Self {
            ways,
            logins: all
                .iter()
                .flat_map(|logins| logins.and_rule(rule))
                .collect(),
            origins: alloc::vec![Origin::of(rule.address.as_ref(), site)],
        }
    }

    /// Those of them that a rule matches; none of the three lists is empty where there are any.
    fn and(&self, rule: &'a Rule, ways: Transports, site: &Site) -> Option<Self> {
        let (ways, origins) = self.ways_and_origins(rule, ways, site)?;
        let logins: Vec<_> = self.logins_and(rule).collect();
        (!logins.is_empty()).then_some(Self {
            ways,
            logins,
            origins,
        })
    }

    /// How and from where those come that a rule matches; none where it surely matches none.
    fn ways_and_origins(
        &self,
        rule: &'a Rule,
        ways: Transports,
        site: &Site,
    ) -> Option<(Transports, Vec<Origin<'a>>)> {
        let ways = self.ways.and(ways);
        if ways.is_empty() || !self.logins.iter().any(|logins| logins.may_meet(rule)) {
            return None;
        }
        let own = Origin::of(rule.address.as_ref(), site);
        let origins: Vec<_> = self
            .origins
            .iter()
            .filter_map(|origin| origin.and(&own))
            .collect();
        (!origins.is_empty()).then_some((ways, origins))
    }

    /// Their logins that a rule matches, pair of words by pair of words: of many the first may be enough.
    fn logins_and(&self, rule: &'a Rule) -> impl Iterator<Item = Logins<'a>> {
        self.logins.iter().flat_map(|logins| logins.and_rule(rule))
    }
}

/// What is left of connections for a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Share {
    /// Something, such as this connection.
    Some(Connection),
    /// Perhaps something, such as this connection, if one is known.
    Perhaps(Option<Connection>),
    /// Nothing: these take all of it. They are none where it matches nothing.
    Nothing(BTreeSet<usize>),
}

/// Rules met so far, within some connections.
pub(super) struct Walk<'a> {
    site: &'a Site,
    names: &'a Names,
    within: Within<'a>,
    taken: Taken<'a>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(within: Within<'a>, names: &'a Names, site: &'a Site) -> Self {
        Self {
            site,
            names,
            within,
            taken: Taken::new(names),
        }
    }

    /// What a rule that came next would decide.
    pub(super) fn share(&self, rule: &'a Rule, ways: Transports) -> Share {
        self.share_of(&self.within, rule, ways)
    }

    /// What a rule that came next would decide of other connections than those looked at.
    pub(super) fn share_of(&self, of: &Within<'a>, rule: &'a Rule, ways: Transports) -> Share {
        match of.ways_and_origins(rule, ways, self.site) {
            Some((ways, origins)) => self.left_of(ways, of.logins_and(rule), &origins),
            None => Share::Nothing(BTreeSet::new()),
        }
    }

    /// What no rule so far decides of them.
    pub(super) fn rest_of(&self, of: &Within<'_>) -> Share {
        self.left_of(of.ways, of.logins.iter(), &of.origins)
    }

    /// What no rule so far decides of the logins looked at, by those of these transports, from where this rule is for.
    pub(super) fn rest_from(&self, rule: &'a Rule, ways: Transports) -> Share {
        let mut asked = self.within.clone();
        let own = Origin::of(rule.address.as_ref(), self.site);
        asked.ways = asked.ways.and(ways);
        let origins = asked.origins.iter();
        asked.origins = origins.filter_map(|origin| origin.and(&own)).collect();
        self.rest_of(&asked)
    }

    /// What no rule so far decides.
    pub(super) fn rest(&self) -> Share {
        self.rest_of(&self.within)
    }

    /// A rule comes next.
    pub(super) fn take(&mut self, owner: usize, rule: &'a Rule, ways: Transports) {
        self.taken.take(owner, rule, ways, self.site);
    }

    /// A rule comes next, which may have nothing to do with the connections looked at; then it is passed over.
    pub(super) fn meet(&mut self, owner: usize, rule: &'a Rule, ways: Transports) {
        let within = &self.within;
        let may_meet = within.ways_and_origins(rule, ways, self.site).is_some();
        if may_meet && within.logins_and(rule).next().is_some() {
            self.take(owner, rule, ways);
        }
    }

    /// The same, and what it decides.
    pub(super) fn pass(&mut self, owner: usize, rule: &'a Rule, ways: Transports) -> Share {
        let Some(asked) = self.within.and(rule, ways, self.site) else {
            return Share::Nothing(BTreeSet::new());
        };
        let share = self.rest_of(&asked);
        self.take(owner, rule, ways);
        share
    }

    /// What no rule so far decides of these logins by these transports from these origins.
    fn left_of<'l>(
        &self,
        ways: Transports,
        logins: impl Iterator<Item = impl Borrow<Logins<'l>>>,
        origins: &[Origin<'_>],
    ) -> Share {
        let mut perhaps = None;
        let mut takers = BTreeSet::new();
        let local = [Origin::anywhere()];
        for logins in logins {
            let examples = logins.borrow().examples(self.names);
            for transport in ways.each() {
                let origins = match transport {
                    Transport::Local => &local[..],
                    _ => origins,
                };
                for origin in origins {
                    match self.left_to(&examples, origin, transport) {
                        Share::Some(found) => return Share::Some(found),
                        Share::Perhaps(found) => {
                            let known = perhaps.get_or_insert(None);
                            *known = known.take().or(found);
                        }
                        Share::Nothing(owners) => takers.extend(owners),
                    }
                }
            }
        }
        match perhaps {
            Some(example) => Share::Perhaps(example),
            None => Share::Nothing(takers),
        }
    }

    /// What is left by one transport, from one origin, of logins that these stand for.
    fn left_to(&self, examples: &[Login<'_>], origin: &Origin<'_>, transport: Transport) -> Share {
        let name = origin.example_name(&self.names.host);
        let mut perhaps = None;
        let mut takers = BTreeSet::new();
        for login in examples {
            let connection = |address| {
                let connection = login.connection(transport, found(&name)?)?;
                let address = Some(address).filter(|_| transport != Transport::Local);
                Some(Connection {
                    address,
                    ..connection
                })
            };
            let example = match self.taken.left(login, origin, &name, transport) {
                Left::Nothing(owners) => {
                    takers.extend(owners);
                    continue;
                }
                Left::Some(address) => match connection(address) {
                    Some(found) if login.is_sure() && origin.near == Near::No => {
                        return Share::Some(found);
                    }
                    found => found,
                },
                Left::Perhaps(address) => address.and_then(connection),
            };
            let known = perhaps.get_or_insert(None);
            *known = known.take().or(example);
        }
        match perhaps {
            Some(example) => Share::Perhaps(example),
            None => Share::Nothing(takers),
        }
    }
}
