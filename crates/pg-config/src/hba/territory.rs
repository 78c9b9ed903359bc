//! Which rules decide the connections of one role, over all databases and addresses at once: the first-match walk on
//! sets in place of single connections.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::decide::{Login, Target};
use super::space::{AddressSet, Reach};
use super::{Database, Rule, Site, Transport};

/// Connections of a role: per target a set of addresses.
#[derive(Debug, Clone)]
pub(super) struct Territory<'a> {
    pub(super) role: &'a [u8],
    pub(super) member_of: Option<&'a [String]>,
    pub(super) transport: Transport,
    pub(super) cells: Vec<Cell<'a>>,
}

/// A target, and the addresses from which it is connected to.
#[derive(Debug, Clone)]
pub(super) struct Cell<'a> {
    pub(super) target: Target<'a>,
    pub(super) from: AddressSet,
}

/// What a walk finds.
#[derive(Debug, Clone)]
pub(super) struct Deciders<'a> {
    /// Who decides what, in the order of the rules.
    pub(super) touches: Vec<Touch>,
    /// What no rule surely decides; cells as in the territory.
    pub(super) undecided: Vec<Cell<'a>>,
}

/// A rule decides some of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Touch {
    /// The rule's index.
    pub(super) rule: usize,
    /// The cell's index.
    pub(super) cell: usize,
    /// Whether it surely does.
    pub(super) certain: bool,
}

impl<'a> Territory<'a> {
    /// The targets that have to be told apart to speak of every database: those that rules name, those that the role
    /// or its groups give their name to, and all others as one.
    pub(super) fn every_database(
        rules: impl Iterator<Item = &'a Rule>,
        role: &'a [u8],
        member_of: Option<&'a [String]>,
    ) -> Vec<Target<'a>> {
        let login = Login {
            database: Target::Other,
            role,
            member_of,
        };
        let mut names: Vec<&[u8]> = rules
            .filter(|rule| login.role_matches(&rule.users) != Some(false))
            .flat_map(|rule| &rule.databases)
            .filter_map(|word| match word {
                Database::Name(name) => Some(&name[..]),
                _ => None,
            })
            .chain(member_of.into_iter().flatten().map(String::as_bytes))
            .chain([role])
            .collect();
        names.sort_unstable();
        names.dedup();
        let named = names.into_iter().map(Target::Named);
        named.chain([Target::Other]).collect()
    }

    /// Walks the rules in order; each takes what it surely matches out of what is left.
    pub(super) fn deciders<'r>(
        &self,
        rules: impl Iterator<Item = &'r Rule>,
        site: &Site,
    ) -> Deciders<'a> {
        let by_name: BTreeMap<&[u8], usize> = self
            .cells
            .iter()
            .enumerate()
            .filter_map(|(i, cell)| match cell.target {
                Target::Named(name) => Some((name, i)),
                _ => None,
            })
            .collect();
        let mut left = self.cells.clone();
        let mut touches = Vec::new();
        let mut open = left.iter().filter(|cell| !cell.from.is_empty()).count();
        for (index, rule) in rules.enumerate() {
            if open == 0 {
                break;
            }
            if !rule.kind.covers(self.transport) {
                continue;
            }
            let login = Login {
                database: Target::Other,
                role: self.role,
                member_of: self.member_of,
            };
            let role_matches = login.role_matches(&rule.users);
            if role_matches == Some(false) {
                continue;
            }
            let mut reach = None;
            for at in self.cells_of(rule, &by_name) {
                let cell = &mut left[at];
                let login = Login {
                    database: cell.target,
                    ..login
                };
                let matches = login.database_matches(&rule.databases);
                if matches == Some(false) || cell.from.is_empty() {
                    continue;
                }
                let reach = reach.get_or_insert_with(|| Reach::of(rule.address.as_ref(), site));
                let met = cell.from.intersect(&reach.may);
                if met.is_empty() {
                    continue;
                }
                let sure = role_matches == Some(true) && matches == Some(true);
                let certain = sure && !met.intersect(&reach.sure).is_empty();
                touches.push(Touch {
                    rule: index,
                    cell: at,
                    certain,
                });
                if certain {
                    cell.from = cell.from.subtract(&reach.sure);
                    open -= usize::from(cell.from.is_empty());
                }
            }
        }
        Deciders {
            touches,
            undecided: left,
        }
    }

    /// The cells that the rule's database field can match: few where it only gives names.
    fn cells_of(&self, rule: &Rule, by_name: &BTreeMap<&[u8], usize>) -> Vec<usize> {
        let mut found = Vec::new();
        for word in &rule.databases {
            match word {
                Database::Name(name) => found.extend(by_name.get(&name[..])),
                Database::SameUser => found.extend(by_name.get(self.role)),
                _ => return (0..self.cells.len()).collect(),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
