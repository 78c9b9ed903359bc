//! Rules that decide something and might as well not be there: later ones decide it in the same way.

use alloc::vec::Vec;

use super::names::Names;
use super::neighbours::{Neighbours, Patience, Tired};
use super::reach::in_turn;
use super::transports::Transports;
use super::walk::{Share, Walk, Within};
use super::{Connection, Decision, Reach, RuleSet, Site};

/// A rule that could be taken away without anybody noticing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutEffect {
    /// An index into [`RuleSet::rules`].
    pub rule: usize,
    /// Later rules that match all that it decides, ascending: enough of them. None of them is one of those that could be
    /// taken away, or dead.
    pub instead: Vec<usize>,
}

/// What is found of rules without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superfluous {
    /// The rules, ascending.
    pub rules: Vec<WithoutEffect>,
    /// The first rule that was looked at, an index into [`RuleSet::rules`]: not 0 where too many of them have to be compared
    /// with too many others, because they ask for much in common.
    pub from: usize,
}

/// The rules that decide something, and all of it as later rules would: with the same method and options. All of them can be
/// taken away at once, and the dead rules ([`reach`](super::reach())) with them. Of rules that stand in for one another, the earlier ones
/// are kept.
///
/// Every such rule is found, unless a regular expression that is not understood, or a network that nobody knows, leaves it
/// open.
pub fn without_effect(set: &RuleSet, site: &Site) -> Superfluous {
    let names = Names::of_set(set);
    let reached = in_turn(set, &names, site);
    among(set, &names, &Neighbours::of_set(set), &reached, site)
}

/// The same for a set of which it is known what its rules decide.
pub(crate) fn among(
    set: &RuleSet,
    names: &Names,
    neighbours: &Neighbours<'_>,
    reached: &[Reach],
    site: &Site,
) -> Superfluous {
    let mut search = Search {
        set,
        names,
        neighbours,
        site,
        kept: reached
            .iter()
            .map(|reach| !matches!(reach, Reach::Never { .. }))
            .collect(),
        patience: Patience::of(set),
    };
    let mut found = Superfluous {
        rules: Vec::new(),
        from: set.rules.len(),
    };
    // Each is looked at when of the later ones only those are left that stay.
    for (rule, reach) in reached.iter().enumerate().rev() {
        let Ok(instead) = search.instead_of(rule, reach) else {
            break;
        };
        found.from = rule;
        if let Some(instead) = instead {
            search.kept[rule] = false;
            found.rules.push(WithoutEffect { rule, instead });
        }
    }
    found.rules.reverse();
    found
}

struct Search<'a> {
    set: &'a RuleSet,
    names: &'a Names,
    neighbours: &'a Neighbours<'a>,
    site: &'a Site,
    /// Which rules are not taken away.
    kept: Vec<bool>,
    patience: Patience,
}

impl Search<'_> {
    /// Later rules that take, without this one, what it decides; none where one of them decides some of it otherwise.
    fn instead_of(&mut self, index: usize, reach: &Reach) -> Result<Option<Vec<usize>>, Tired> {
        let rule = &self.set.rules[index].rule;
        // One connection is quickly followed to the rule that would decide it instead.
        let goes_on = match reach {
            Reach::Never { .. } => false,
            Reach::Open(None) => true,
            Reach::Decides(example) | Reach::Open(Some(example)) => self.goes_on(example, index)?,
        };
        if !goes_on {
            return Ok(None);
        }
        let near = self.neighbours.of_rule_within(rule, &mut self.patience)?;
        let within = Within::rule(rule, Transports::of(rule.kind), self.site);
        let mut walk = Walk::new(within, self.names, self.site);
        for at in near.into_iter().filter(|at| *at != index && self.kept[*at]) {
            let other = &self.set.rules[at].rule;
            let ways = Transports::of(other.kind);
            if at < index || other.decides_like(rule) {
                walk.meet(at, other, ways);
            } else if !matches!(walk.share(other, ways), Share::Nothing(_)) {
                return Ok(None);
            }
        }
        let Share::Nothing(takers) = walk.rest() else {
            return Ok(None);
        };
        let instead: Vec<usize> = takers.into_iter().filter(|taker| *taker > index).collect();
        Ok((!instead.is_empty()).then_some(instead))
    }

    /// Whether the rules that are kept behind one may decide a connection as it does.
    fn goes_on(&mut self, connection: &Connection, index: usize) -> Result<bool, Tired> {
        let rules = &self.set.rules;
        let like = |other: &usize| rules[*other].rule.decides_like(&rules[index].rule);
        let behind = |other: usize| other > index && self.kept[other];
        let patience = &mut self.patience;
        let decision = self
            .neighbours
            .decide(behind, connection, self.site, patience)?;
        Ok(match decision {
            Decision::Rule(other) => like(&other),
            Decision::NoRule => false,
            Decision::May { rules, none } => !none && rules.iter().all(like),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use alloc::collections::BTreeMap;
    use alloc::string::String;

    fn told(text: &str) -> Vec<(usize, Vec<usize>)> {
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        assert_eq!(set.errors, []);
        let found = without_effect(&set, &Site::default()).rules.into_iter();
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
            told("host all bob 10.0.0.0/8 md5\nhost all bob all md5\nhost all all all md5\n"),
            [(0, alloc::vec![2]), (1, alloc::vec![2])]
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
    fn what_stands_in_for_another_stays() {
        // The last one is dead, and without the second it would not be.
        assert_eq!(
            told("host all all ::/0 md5\nhost all all 0.0.0.0/0 trust\nhost all all all trust\n"),
            []
        );
        assert_eq!(
            told("host a,b all all md5\nhost b,c all all md5\nhost c,a,d all all md5\n"),
            [(1, alloc::vec![2])]
        );
    }

    #[test]
    fn what_decides_nothing_is_not_spoken_of() {
        assert_eq!(
            told("host all all all md5\nhost all bob all md5\nhost all bob all md5\n"),
            []
        );
    }
}
