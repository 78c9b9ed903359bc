//! What changes between two lists of rules: whose logins another rule decides, and otherwise.

mod search;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use self::search::{Effort, Search};
use super::kept::kept;
use super::names::Names;
use super::neighbours::Neighbours;
use super::transports::Transports;
use super::{Connection, Rule, RuleInFile, RuleSet, Site, Transport};

/// Connections that another rule decides than before, and otherwise: exactly those that `before` decides in the old
/// rules and `after` in the new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The old rule that decides them; none where no rule matches and they are refused.
    pub before: Option<usize>,
    /// The new rule that decides them; none where no rule matches and they are refused.
    pub after: Option<usize>,
    /// One of them. The role is a member of the roles that it says and of no other. None where a regular expression
    /// that is not understood hides them.
    pub example: Option<Connection>,
    /// Whether there are such connections for sure; false where which networks the server is in leaves it open, or a
    /// regular expression that is not understood.
    pub certain: bool,
}

/// What changes between two sets of rules, as far as it was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The changes that were found, in the order of the rules.
    pub found: Vec<Change>,
    /// Old rules that were not compared with all that decide otherwise, ascending. A connection whose outcome changes and that is
    /// in no change of `found` is decided by one of these, or in the new rules by one of `after_open`.
    pub before_open: Vec<usize>,
    /// The same of the new rules.
    pub after_open: Vec<usize>,
}

impl Changes {
    /// Whether all that changes is found.
    pub fn is_complete(&self) -> bool {
        self.before_open.is_empty() && self.after_open.is_empty()
    }

    /// Whether both surely mean the same.
    pub fn is_none(&self) -> bool {
        self.found.is_empty() && self.is_complete()
    }
}

/// The connections whose outcome changes between two sets of rules, by the rules that decide them; empty where both mean
/// the same. To be refused by a `reject` and because no rule matches is one outcome, others are told apart by method and
/// options ([`Rule::decides_like`]).
///
/// A rule that stands in both lists, in the same order, cannot take a connection from another such rule. So only
/// connections are looked at that an old rule without a counterpart decided, or that a new one decides: time grows with
/// the number of those, times the number of rules that have connections in common with them. Where that is each with all, such as
/// thousands for groups, it takes minutes and there may be millions of changes: [`changes_within`] has an end.
pub fn changes(before: &RuleSet, after: &RuleSet, site: &Site) -> Vec<Change> {
    changes_within(before, after, site, usize::MAX).found
}

/// The same with a limit: after so many comparisons of two rules (some microseconds each) the rest is left open.
pub fn changes_within(before: &RuleSet, after: &RuleSet, site: &Site, limit: usize) -> Changes {
    let (before, after) = (Item::all(before), Item::all(after));
    compare(&before, &after, site, &mut Effort::of(limit))
}

/// The logins whose outcome changes when TLS goes on and their clients move to it (`sslmode=prefer` does): with `ssl` off
/// they come in clear, with `ssl` on under TLS, as which the examples are shown. Both ends of a change are rules of this
/// set.
pub fn changes_with_tls(set: &RuleSet, site: &Site) -> Vec<Change> {
    let by = |transport| {
        let mut items = Item::all(set);
        items.retain(|item| item.ways.has(transport));
        for item in &mut items {
            item.ways = Transports::only(Transport::Tls);
        }
        items
    };
    let (plain, tls) = (by(Transport::Plain), by(Transport::Tls));
    compare(&plain, &tls, site, &mut Effort::of(usize::MAX)).found
}

/// A rule of a list, and for which transports it is looked at.
struct Item<'a> {
    index: usize,
    rule: &'a Rule,
    ways: Transports,
}

impl<'a> Item<'a> {
    fn all(set: &'a RuleSet) -> Vec<Self> {
        let item = |(index, at): (usize, &'a RuleInFile)| Self {
            index,
            rule: &at.rule,
            ways: Transports::of(at.rule.kind),
        };
        set.rules.iter().enumerate().map(item).collect()
    }
}

fn compare(old: &[Item<'_>], new: &[Item<'_>], site: &Site, effort: &mut Effort) -> Changes {
    let (lost, come) = without_counterpart(old, new);
    let is_many = lost.len() + come.len() > FEW_CHANGED;
    differences(
        &Side::of(old, lost, is_many),
        &Side::of(new, come, is_many),
        site,
        effort,
    )
}

/// For so many rules all others are looked at: to find which of them matter costs more.
const FEW_CHANGED: usize = 8;

/// Those of each list that are not kept in the other.
fn without_counterpart(old: &[Item<'_>], new: &[Item<'_>]) -> (Vec<usize>, Vec<usize>) {
    let old: Vec<&Rule> = old.iter().map(|item| item.rule).collect();
    let new: Vec<&Rule> = new.iter().map(|item| item.rule).collect();
    let (kept_old, kept_new) = kept(&old, &new);
    let others = |kept: Vec<bool>| {
        let kept = kept.into_iter().enumerate();
        kept.filter_map(|(at, kept)| (!kept).then_some(at))
            .collect()
    };
    (others(kept_old), others(kept_new))
}

/// One of two lists.
struct Side<'a> {
    items: &'a [Item<'a>],
    /// Those without a counterpart in the other.
    alone: Vec<usize>,
    /// Where so many changed that it pays to know them.
    neighbours: Option<Neighbours<'a>>,
}

impl<'a> Side<'a> {
    fn of(items: &'a [Item<'a>], alone: Vec<usize>, with_neighbours: bool) -> Self {
        let neighbours = || Neighbours::of(items.iter().map(|item| item.rule));
        Self {
            items,
            alone,
            neighbours: with_neighbours.then(neighbours),
        }
    }

    /// The items whose rules may have connections in common with this one.
    fn near(&self, rule: &Rule) -> Vec<usize> {
        match &self.neighbours {
            Some(neighbours) => neighbours.of_rule(rule),
            None => (0..self.items.len()).collect(),
        }
    }
}

fn differences(old: &Side<'_>, new: &Side<'_>, site: &Site, effort: &mut Effort) -> Changes {
    let all = old.items.iter().chain(new.items);
    let names = Names::of(&all.map(|item| item.rule), &[]);
    let (lost, before_open) = Search::of(old, new, &names, site).all(effort);
    let (come, after_open) = Search::of(new, old, &names, site).all(effort);
    let lost = lost.into_iter().map(|found| found.between(false));
    let mut found: Vec<Change> = lost.collect();
    // Both ends may be rules without a counterpart.
    let known: BTreeSet<_> = found
        .iter()
        .map(|change| (change.before, change.after))
        .collect();
    let come = come.into_iter().map(|found| found.between(true));
    found.extend(come.filter(|change| !known.contains(&(change.before, change.after))));
    found.sort_by_key(|change| {
        (
            change.before.is_none(),
            change.before,
            change.after.is_none(),
            change.after,
        )
    });
    Changes {
        found,
        before_open,
        after_open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::hba::neighbours::tests::rule;
    use crate::hba::{Decision, decide};
    use alloc::collections::BTreeMap;
    use alloc::string::String;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn changes(text: &str) -> Vec<(Option<usize>, Option<usize>)> {
        let set = RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        let found = changes_with_tls(&set, &Site::default());
        for change in &found {
            assert!(change.certain);
            let decided = |transport| {
                let connection = Connection {
                    transport,
                    ..change.example.clone().unwrap()
                };
                match decide(&set, &connection, &Site::default()) {
                    Decision::Rule(rule) => Some(rule),
                    Decision::NoRule => None,
                    may @ Decision::May { .. } => panic!("{may:?}"),
                }
            };
            assert_eq!(decided(Transport::Plain), change.before);
            assert_eq!(decided(Transport::Tls), change.after);
        }
        found
            .iter()
            .map(|change| (change.before, change.after))
            .collect()
    }

    proptest! {
        #[test]
        fn who_is_not_near_changes_nothing(old in vec(rule(), 1..40), new in vec(rule(), 1..40), limit in 0_usize..400) {
            let set = |rules: &[String]| {
                RuleSet::of_bytes(&BTreeMap::new(), "hba", rules.concat().as_bytes(), Version::V16)
            };
            let (old, new) = (set(&old), set(&new));
            let (old, new) = (Item::all(&old), Item::all(&new));
            let (lost, come) = without_counterpart(&old, &new);
            let differences = |is_many: bool, limit: usize| {
                let old = Side::of(&old, lost.clone(), is_many);
                let new = Side::of(&new, come.clone(), is_many);
                differences(&old, &new, &Site::default(), &mut Effort::of(limit))
            };
            let all = differences(false, usize::MAX);
            prop_assert!(all.is_complete());
            prop_assert_eq!(&all, &differences(true, usize::MAX));
            // With a limit each change is found, or one of its ends is said to be open.
            for is_many in [false, true] {
                let some = differences(is_many, limit);
                let ends = |change: &Change| (change.before, change.after);
                let known: BTreeSet<_> = some.found.iter().map(ends).collect();
                for change in &all.found {
                    let open = |end: Option<usize>, open: &[usize]| end.is_some_and(|end| open.contains(&end));
                    prop_assert!(known.contains(&ends(change))
                        || open(change.before, &some.before_open)
                        || open(change.after, &some.after_open));
                }
                let there: BTreeSet<_> = all.found.iter().map(ends).collect();
                prop_assert!(known.is_subset(&there));
            }
        }
    }

    #[test]
    fn many_rules_for_whom_nothing_tells_apart_are_compared() {
        let rules = |method: &str| -> String {
            (0..300)
                .map(|n| alloc::format!("host all +g{n} all {method}\n"))
                .collect()
        };
        let set =
            |text: &str| RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        let (md5, scram) = (set(&rules("md5")), set(&rules("scram-sha-256")));
        // A comparison or two for each rule, and looks at the others, not all with all.
        let changes = changes_within(&md5, &scram, &Site::default(), 4_000);
        assert!(changes.is_complete());
        let ends: Vec<_> = changes
            .found
            .iter()
            .map(|change| (change.before, change.after))
            .collect();
        assert_eq!(
            ends,
            (0..300).map(|n| (Some(n), Some(n))).collect::<Vec<_>>()
        );
        // And where it ends is said.
        let changes = changes_within(&md5, &scram, &Site::default(), 1_000);
        assert!(!changes.found.is_empty() && !changes.is_none());
        assert_eq!(changes.after_open.last(), Some(&299));
        assert!(changes_within(&md5, &md5, &Site::default(), 0).is_none());
    }

    #[test]
    fn rules_for_both_change_nothing() {
        assert_eq!(
            changes("local all all peer\nhost all all all md5\nhostgssenc all all all trust\n"),
            []
        );
        assert_eq!(
            changes("host all all all md5\nhostssl all all all trust\n"),
            []
        );
    }

    #[test]
    fn sleeping_rules_wake_up() {
        assert_eq!(
            changes("hostssl all all 10.0.0.0/8 trust\nhost all all 0.0.0.0/0 md5\n"),
            [(Some(1), Some(0))]
        );
        assert_eq!(
            changes("hostssl all amy 10.0.0.0/8 trust\nhost app all 0.0.0.0/0 md5\n"),
            [(Some(1), Some(0)), (None, Some(0))]
        );
        assert_eq!(changes("hostssl all all all reject\n"), []);
        assert_eq!(
            changes(
                "hostssl all all all reject\nhost all all 10.0.0.0/8 md5\nhost all all all trust\n"
            ),
            [(Some(1), Some(0)), (Some(2), Some(0))]
        );
    }

    #[test]
    fn rules_without_tls_lose_their_clients() {
        assert_eq!(
            changes("hostnossl all all all md5\nhost all all 10.0.0.0/8 trust\n"),
            [(Some(0), Some(1)), (Some(0), None)]
        );
        assert_eq!(
            changes(
                "hostnossl all amy all md5\nhostnossl all all all md5\nhostssl all all all cert\n"
            ),
            [(Some(0), Some(2)), (Some(1), Some(2))]
        );
    }

    fn between(before: &str, after: &str) -> Vec<(Option<usize>, Option<usize>)> {
        let set =
            |text: &str| RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        let found = super::changes(&set(before), &set(after), &Site::default());
        let pair = |change: &Change| {
            assert!(change.certain);
            let example = change.example.as_ref().unwrap();
            let decided = |set: &RuleSet| match decide(set, example, &Site::default()) {
                Decision::Rule(rule) => Some(rule),
                Decision::NoRule => None,
                may @ Decision::May { .. } => panic!("{may:?}"),
            };
            assert_eq!(decided(&set(before)), change.before, "{example:?}");
            assert_eq!(decided(&set(after)), change.after, "{example:?}");
            (change.before, change.after)
        };
        found.iter().map(pair).collect()
    }

    #[test]
    fn what_means_the_same_is_no_change() {
        let rules = "host all amy 10.0.0.0/8 md5\nhost all bob all cert clientcert=verify-full\nhost all all all reject\n"
            .replace("host all bob", "hostssl all bob");
        for other in [
            // Another order of rules that have nothing to do with each other, other words for the same.
            "hostssl all bob all cert\nhost all amy 10.0.0.0/8 md5\n",
            "host all amy 10.0.0.0/9 md5\nhost all amy 10.128.0.0/9 md5\nhostssl all bob all cert\n",
            "hostssl all bob 0.0.0.0/0 cert\nhostssl all bob ::/0 cert\nhost all amy 10.0.0.0/8 md5\n",
        ] {
            assert_eq!(between(&rules, other), [], "{other}");
        }
    }

    #[test]
    fn a_new_rule_takes_from_each_that_decided() {
        let before = "host app all 10.0.0.0/8 md5\nhost all +staff 10.0.0.0/8 trust\n";
        let after = "hostssl all bob 10.0.0.0/8 cert\nhost app all 10.0.0.0/8 md5\nhost all +staff 10.0.0.0/8 trust\n";
        let taken = [(Some(0), Some(0)), (Some(1), Some(0)), (None, Some(0))];
        assert_eq!(between(before, after), taken);
        let given_back = [(Some(0), Some(0)), (Some(0), Some(1)), (Some(0), None)];
        assert_eq!(between(after, before), given_back);
    }

    #[test]
    fn a_pattern_is_met_by_more_groups_than_its_example() {
        let set =
            |text: &str| RuleSet::of_bytes(&BTreeMap::new(), "hba", text.as_bytes(), Version::V16);
        let before = "host all +d0 all md5\nhost samerole all all trust\n";
        let after =
            "host all +d0 all md5\nhost /^[gd]0$ all all reject\nhost samerole all all trust\n";
        let found = super::changes(&set(before), &set(after), &Site::default());
        let pairs: Vec<_> = found.iter().map(|c| (c.before, c.after)).collect();
        assert!(pairs.contains(&(Some(1), Some(1))), "{found:?}");
    }

    #[test]
    fn a_moved_rule_takes_from_those_that_it_passes() {
        let rules = [
            "host all amy all md5\n",
            "host all all 10.0.0.0/8 trust\n",
            "host app all all reject\n",
        ];
        let moved = [rules[1], rules[2], rules[0]];
        assert_eq!(
            between(&rules.concat(), &moved.concat()),
            [(Some(0), Some(0)), (Some(0), Some(1))]
        );
    }
}
