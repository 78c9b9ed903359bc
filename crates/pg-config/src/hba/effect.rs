//! Rules that decide something and might as well not be there: later ones decide it in the same way.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::names::Names;
use super::transports::Transports;
use super::walk::{Share, Walk, Within};
use super::{Rule, RuleSet, Site, User};

/// A rule that could be taken away without anybody noticing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutEffect {
    /// An index into [`RuleSet::rules`].
    pub rule: usize,
    /// The later rules that would decide its connections, ascending.
    pub instead: Vec<usize>,
}

/// The rules that decide something, and all of it as later rules would: with the same method and options. Each could be
/// taken away, but not all of them at once, for one may stand in for another.
///
/// Exact where it says so, but not complete: a rule that only earlier ones make superfluous together with later ones is
/// not found, and what is dead is [`reach`](super::reach)'s to tell. Looks at 20 million pairs of rules at most, from the
/// top of the file, which can take many seconds.
pub fn without_effect(set: &RuleSet, site: &Site) -> Vec<WithoutEffect> {
    let names = Names::of(&set.rules.iter().map(|at| &at.rule), &[]);
    let neighbours = Neighbours::of(set);
    let mut patience: usize = 20_000_000;
    let mut found = Vec::new();
    for index in covered_from_behind(set, &names, site) {
        let rule = &set.rules[index].rule;
        let near = neighbours.of_rule(rule, set.rules.len());
        match patience.checked_sub(near.len()) {
            Some(left) => patience = left,
            None => break,
        }
        let instead = instead_of(set, index, &near, &names, site);
        found.extend(instead.map(|instead| WithoutEffect {
            rule: index,
            instead,
        }));
    }
    found
}

/// The rules, ascending, of which later ones match everything.
fn covered_from_behind(set: &RuleSet, names: &Names, site: &Site) -> Vec<usize> {
    let mut walk = Walk::new(Within::everything(), names, site);
    let mut covered = Vec::new();
    for (index, at) in set.rules.iter().enumerate().rev() {
        let ways = Transports::of(at.rule.kind);
        if matches!(walk.share(&at.rule, ways), Share::Nothing(_)) {
            covered.push(index);
        } else {
            walk.take(0, &at.rule, ways);
        }
    }
    covered.reverse();
    covered
}

/// The later rules that decide, without this one, what it decides; none where one of them decides otherwise, or where the
/// rule decides nothing.
fn instead_of(
    set: &RuleSet,
    index: usize,
    near: &[usize],
    names: &Names,
    site: &Site,
) -> Option<Vec<usize>> {
    let rule = &set.rules[index].rule;
    let within = Within::rule(rule, Transports::of(rule.kind), site);
    let mut walk = Walk::new(within, names, site);
    let (before, from) = near.split_at(near.partition_point(|other| *other < index));
    for &other in before {
        let other = &set.rules[other].rule;
        walk.meet(0, other, Transports::of(other.kind));
    }
    let mut instead = Vec::new();
    for &at in from.iter().filter(|other| **other != index) {
        if matches!(walk.rest(), Share::Nothing(_)) {
            break;
        }
        let other = &set.rules[at].rule;
        let ways = Transports::of(other.kind);
        if matches!(walk.share(other, ways), Share::Nothing(_)) {
            continue;
        }
        if !other.decides_like(rule) {
            return None;
        }
        walk.take(0, other, ways);
        instead.push(at);
    }
    let all = matches!(walk.rest(), Share::Nothing(_));
    (all && !instead.is_empty()).then_some(instead)
}

/// Which rules may match somebody whom a rule matches, by the names of roles.
struct Neighbours<'a> {
    by_role: BTreeMap<&'a [u8], Vec<usize>>,
    /// Those with words that are met by more than one role.
    wide: Vec<usize>,
}

impl<'a> Neighbours<'a> {
    fn of(set: &'a RuleSet) -> Self {
        let mut neighbours = Self {
            by_role: BTreeMap::new(),
            wide: Vec::new(),
        };
        for (index, at) in set.rules.iter().enumerate() {
            match names(&at.rule) {
                Some(names) => {
                    for name in names {
                        neighbours.by_role.entry(name).or_default().push(index);
                    }
                }
                None => neighbours.wide.push(index),
            }
        }
        neighbours
    }

    /// The rules that may have connections in common with this one, which is one of them; ascending.
    fn of_rule(&self, rule: &Rule, all: usize) -> Vec<usize> {
        let Some(names) = names(rule) else {
            return (0..all).collect();
        };
        let named = names
            .iter()
            .filter_map(|name| self.by_role.get(name))
            .flatten();
        let mut near: Vec<usize> = named.chain(&self.wide).copied().collect();
        near.sort_unstable();
        near.dedup();
        near
    }
}

/// The names of the role field, if it holds nothing else.
fn names(rule: &Rule) -> Option<Vec<&[u8]>> {
    let names = rule.users.iter().map(|word| match word {
        User::Name(name) => Some(&**name),
        _ => None,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use alloc::string::String;

    fn told(text: &str) -> Vec<(usize, Vec<usize>)> {
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        assert_eq!(set.errors, []);
        let found = without_effect(&set, &Site::default()).into_iter();
        found.map(|found| (found.rule, found.instead)).collect()
    }

    #[test]
    fn a_later_rule_that_says_the_same_makes_one_superfluous() {
        assert_eq!(
            told("host all bob 10.0.0.0/8 md5\nhost all all all md5\n"),
            [(0, alloc::vec![1])]
        );
        assert_eq!(
            told("host all bob all md5\nhostssl all +bob all md5\nhostnossl all all all md5\n"),
            [(0, alloc::vec![1, 2])]
        );
        assert_eq!(
            told("host all bob all md5 \nhost all all 0.0.0.0/0 md5\n"),
            []
        );
        assert_eq!(
            told("host all bob all md5\nhost all all all scram-sha-256\n"),
            []
        );
    }

    #[test]
    fn one_between_them_that_decides_otherwise_is_an_effect() {
        let between =
            "host all bob 10.0.0.0/8 md5\nhost app all 10.1.0.0/16 reject\nhost all all all md5\n";
        assert_eq!(told(between), []);
        // Unless it has nothing to do with it, or what it has to do with it is taken before both.
        let elsewhere = between.replace("10.1.0.0", "11.1.0.0");
        assert_eq!(told(&elsewhere), [(0, alloc::vec![2])]);
        let before = String::from("host app all 10.1.0.0/16 trust\n") + between;
        assert_eq!(told(&before), [(1, alloc::vec![3])]);
    }

    #[test]
    fn what_decides_nothing_is_not_spoken_of() {
        assert_eq!(
            told("host all all all md5\nhost all bob all md5\nhost all bob all md5\n"),
            []
        );
    }
}
