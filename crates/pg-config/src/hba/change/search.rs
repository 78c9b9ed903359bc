//! The search for what the changed rules of a list decide and the other list decides otherwise, and where it gives up.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Change, Item, Side};
use crate::hba::names::Names;
use crate::hba::neighbours::Tired;
use crate::hba::transports::Transports;
use crate::hba::walk::{Share, Walk, Within};
use crate::hba::{Connection, Match, Method, Rule, Site, matches};

/// How many comparisons of two rules a search may still make.
pub(super) struct Effort(usize);

impl Effort {
    pub(super) const fn of(limit: usize) -> Self {
        Self(limit)
    }

    fn spend(&mut self, comparisons: usize) -> Result<(), Tired> {
        self.0 = self.0.checked_sub(comparisons).ok_or(Tired)?;
        Ok(())
    }
}

/// So many looks whether a rule matches a connection cost as much as a comparison of two rules.
const LOOKS: usize = 128;

/// Connections that `own`, of the one list, decides, and `other`, or no rule, of the other list otherwise.
pub(super) struct Found {
    own: usize,
    other: Option<usize>,
    example: Option<Connection>,
    certain: bool,
}

impl Found {
    /// `own_is_new`: which of the lists is the new one.
    pub(super) fn between(self, own_is_new: bool) -> Change {
        let (before, after) = match own_is_new {
            true => (self.other, Some(self.own)),
            false => (Some(self.own), self.other),
        };
        Change {
            before,
            after,
            example: self.example,
            certain: self.certain,
        }
    }
}

/// The changed rules of one list and all rules of the other.
pub(super) struct Search<'a> {
    own: &'a Side<'a>,
    others: &'a Side<'a>,
    /// Of each other rule, the first one of the own list for the very same connections, if they are known.
    twins: Vec<Option<usize>>,
    /// Whether what the own rules take is kept from one to the next.
    is_quick: bool,
    names: &'a Names,
    site: &'a Site,
}

impl<'a> Search<'a> {
    pub(super) fn of(
        own: &'a Side<'a>,
        others: &'a Side<'a>,
        names: &'a Names,
        site: &'a Site,
    ) -> Self {
        // Single connections are put to rules as they are written.
        let is_quick =
            own.neighbours.is_some() && [own, others].iter().all(|side| side.is_as_written());
        let mut first = BTreeMap::new();
        if own.neighbours.is_some() {
            for (at, item) in own.items.iter().enumerate() {
                first.entry(item.whom()).or_insert(at);
            }
        }
        let twin = |other: &Item<'a>| first.get(&other.whom()).copied();
        Self {
            own,
            others,
            twins: others.items.iter().map(twin).collect(),
            is_quick,
            names,
            site,
        }
    }

    /// All that is found, and which of the own rules were not compared with all others.
    pub(super) fn all(&self, effort: &mut Effort) -> (Vec<Found>, Vec<usize>) {
        let mut found = Vec::new();
        let mut open = Vec::new();
        let mut before = self.is_quick.then(|| Before {
            walk: Walk::new(Within::everything(), self.names, self.site),
            met: 0,
        });
        for &at in &self.own.alone {
            let near = self.others.near(self.own.items[at].rule);
            let known = found.len();
            let quick = match &mut before {
                Some(before) => {
                    before.go_to(at, self.own.items);
                    self.quickly(at, &near, &before.walk, &mut found, effort)
                }
                None => Ok(false),
            };
            let told = match quick {
                Ok(false) => {
                    found.truncate(known);
                    self.by_turns(at, &near, &mut found, effort)
                }
                told => told.map(|_| ()),
            };
            if told.is_err() {
                open.push(self.own.items[at].index);
            }
        }
        (found, open)
    }

    /// Which rules of the others, or none of them, decide otherwise what the rule at `at` decides: those that leave it a connection
    /// which its predecessors leave it too. False where for one of them it takes more to tell.
    fn quickly(
        &self,
        at: usize,
        near: &[usize],
        before: &Walk<'a>,
        found: &mut Vec<Found>,
        effort: &mut Effort,
    ) -> Result<bool, Tired> {
        let item = &self.own.items[at];
        let within = Within::rule(item.rule, item.ways, self.site);
        effort.spend(1)?;
        if matches!(before.rest_of(&within), Share::Nothing(_)) {
            return Ok(true);
        }
        for (turn, &other) in near.iter().enumerate() {
            // What it is for was taken before.
            if self.is_taken_before(other, at) {
                continue;
            }
            let last = self.is_for_the_same(other, at);
            let other = &self.others.items[other];
            if !other.rule.decides_like(item.rule) {
                effort.spend(1)?;
                // Words need not be paired where they are the same.
                let share = match last {
                    true => before.rest_of(&within),
                    false => before.share_of(&within, other.rule, other.ways),
                };
                match share {
                    Share::Nothing(_) => {}
                    Share::Some(example) if self.leave(&near[..turn], at, &example, effort)? => {
                        found.push(self.found(at, Some(other.index), Some(example), true));
                    }
                    Share::Some(_) | Share::Perhaps(_) => return Ok(false),
                }
            }
            if last {
                return Ok(true);
            }
        }
        if item.rule.method != Method::Reject {
            effort.spend(1)?;
            match before.rest_of(&within) {
                Share::Nothing(_) => {}
                Share::Some(example) if self.leave(near, at, &example, effort)? => {
                    found.push(self.found(at, None, Some(example), true));
                }
                Share::Some(_) | Share::Perhaps(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The same, with what the others take in turn.
    fn by_turns(
        &self,
        at: usize,
        near: &[usize],
        found: &mut Vec<Found>,
        effort: &mut Effort,
    ) -> Result<(), Tired> {
        let item = &self.own.items[at];
        let within = Within::rule(item.rule, item.ways, self.site);
        let mut walk = Walk::new(within, self.names, self.site);
        let earlier = self.own.near(item.rule);
        for &earlier in earlier.iter().take_while(|earlier| **earlier < at) {
            effort.spend(1)?;
            let earlier = &self.own.items[earlier];
            walk.meet(0, earlier.rule, earlier.ways);
        }
        let mut add = |other: Option<usize>, share: Share| {
            let (example, certain) = match share {
                Share::Some(connection) => (Some(connection), true),
                Share::Perhaps(connection) => (connection, false),
                Share::Nothing(_) => return,
            };
            found.push(self.found(at, other, example, certain));
        };
        for &other in near {
            if self.is_taken_before(other, at) {
                continue;
            }
            effort.spend(1)?;
            let last = self.is_for_the_same(other, at);
            let other = &self.others.items[other];
            if !other.rule.decides_like(item.rule) {
                let share = match last {
                    true => walk.rest(),
                    false => walk.pass(0, other.rule, other.ways),
                };
                add(Some(other.index), share);
            } else if !last {
                walk.meet(0, other.rule, other.ways);
            }
            if last {
                return Ok(());
            }
        }
        if item.rule.method != Method::Reject {
            add(None, walk.rest());
        }
        Ok(())
    }

    /// Whether none of these others surely or perhaps matches a connection, which no own rule before `at` matches.
    fn leave(
        &self,
        others: &[usize],
        at: usize,
        connection: &Connection,
        effort: &mut Effort,
    ) -> Result<bool, Tired> {
        effort.spend(others.len() / LOOKS)?;
        let leaves = |other: &usize| {
            let answer = || matches(self.others.items[*other].rule, connection, self.site);
            self.is_taken_before(*other, at) || matches!(answer(), Match::No(_))
        };
        Ok(others.iter().all(leaves))
    }

    /// Whether an own rule before `at` is for the same as another.
    fn is_taken_before(&self, other: usize, at: usize) -> bool {
        self.twins[other].is_some_and(|twin| twin < at)
    }

    /// Whether another rule is for the same as the own one at `at`, so that it takes all that is left of it.
    fn is_for_the_same(&self, other: usize, at: usize) -> bool {
        match self.own.neighbours {
            Some(_) => self.twins[other] == Some(at),
            None => self.others.items[other].whom() == self.own.items[at].whom(),
        }
    }

    fn found(
        &self,
        at: usize,
        other: Option<usize>,
        example: Option<Connection>,
        certain: bool,
    ) -> Found {
        Found {
            own: self.own.items[at].index,
            other,
            example,
            certain,
        }
    }
}

/// The own rules before one.
struct Before<'a> {
    walk: Walk<'a>,
    met: usize,
}

impl<'a> Before<'a> {
    /// Those before `at`, which does not go down.
    fn go_to(&mut self, at: usize, items: &[Item<'a>]) {
        for item in &items[self.met..at] {
            self.walk.take(0, item.rule, item.ways);
        }
        self.met = at;
    }
}

impl Side<'_> {
    /// Whether all rules are looked at for the transports that they are written for.
    fn is_as_written(&self) -> bool {
        let mut items = self.items.iter();
        items.all(|item| item.ways == Transports::of(item.rule.kind))
    }
}

impl<'a> Item<'a> {
    /// Whom it is for, to the letter.
    fn whom(&self) -> impl Ord + use<'a> {
        let Rule {
            databases,
            users,
            address,
            ..
        } = self.rule;
        (self.ways.number(), databases, users, address)
    }
}
