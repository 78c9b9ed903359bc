//! Which rules stand in two lists in the same order.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Rule;

/// Of each rule of both lists, whether it has a counterpart in the other one that says the same; counterparts stand in
/// the same order in both. Not always as many as there could be: lines that are there more than once are only found
/// beside others.
pub(super) fn kept<'r>(
    old: impl Iterator<Item = &'r Rule>,
    new: impl Iterator<Item = &'r Rule>,
) -> (Vec<bool>, Vec<bool>) {
    let mut numbers = BTreeMap::new();
    let mut number = |rule: &'r Rule| -> usize {
        let next = numbers.len();
        *numbers.entry(rule.words()).or_insert(next)
    };
    let old: Vec<usize> = old.map(&mut number).collect();
    let new: Vec<usize> = new.map(&mut number).collect();
    let mut found = (alloc::vec![false; old.len()], alloc::vec![false; new.len()]);
    let mut open = alloc::vec![((0, old.len()), (0, new.len()))];
    while let Some((mut a, mut b)) = open.pop() {
        let mut pair = |at_old: usize, at_new: usize| {
            found.0[at_old] = true;
            found.1[at_new] = true;
        };
        while a.0 < a.1 && b.0 < b.1 && old[a.0] == new[b.0] {
            pair(a.0, b.0);
            a.0 += 1;
            b.0 += 1;
        }
        while a.0 < a.1 && b.0 < b.1 && old[a.1 - 1] == new[b.1 - 1] {
            a.1 -= 1;
            b.1 -= 1;
            pair(a.1, b.1);
        }
        // What is there once on either side, in the longest order that both have, cuts the rest into pieces.
        let mut ends = (a.0, b.0);
        let anchors = ascending(&once_in_both(&old, a, &new, b));
        if anchors.is_empty() {
            continue;
        }
        for (at_old, at_new) in anchors {
            pair(at_old, at_new);
            open.push(((ends.0, at_old), (ends.1, at_new)));
            ends = (at_old + 1, at_new + 1);
        }
        open.push(((ends.0, a.1), (ends.1, b.1)));
    }
    found
}

/// Where the numbers stand that both parts hold once, in the order of the old one.
fn once_in_both(
    old: &[usize],
    a: (usize, usize),
    new: &[usize],
    b: (usize, usize),
) -> Vec<(usize, usize)> {
    // Per number how often it is there and where, on either side.
    let mut seen: BTreeMap<usize, [(u8, usize); 2]> = BTreeMap::new();
    for (side, list, (from, to)) in [(0, old, a), (1, new, b)] {
        for (at, number) in list.iter().enumerate().take(to).skip(from) {
            let entry = &mut seen.entry(*number).or_default()[side];
            *entry = (entry.0.saturating_add(1), at);
        }
    }
    let mut found: Vec<_> = seen
        .into_values()
        .filter(|[a, b]| a.0 == 1 && b.0 == 1)
        .map(|[a, b]| (a.1, b.1))
        .collect();
    found.sort_unstable();
    found
}

/// A longest row of pairs whose second numbers ascend, as the first ones do.
fn ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Of each length the row that ends lowest: its last pair, and of each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, second)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *second);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut row: Vec<_> = core::iter::successors(ends.last().copied(), |at| before[*at]).collect();
    row.reverse();
    row.into_iter().map(|at| pairs[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::hba::{Document, Rule};
    use alloc::string::String;
    use proptest::prelude::*;

    fn document(roles: &[u8]) -> Document {
        let line = |role: &u8| alloc::format!("host all r{role} all md5\n");
        let text: String = roles.iter().map(line).collect();
        Document::parse(text.into_bytes(), Version::V16)
    }

    proptest! {
        #[test]
        fn those_that_are_kept_are_the_same_on_both_sides(
            old in proptest::collection::vec(0_u8..9, 1..12),
            new in proptest::collection::vec(0_u8..9, 1..12),
        ) {
            let (a, b) = (document(&old), document(&new));
            let (kept_old, kept_new) = kept(a.rules(), b.rules());
            let pick = |roles: &[u8], kept: &[bool]| -> Vec<u8> {
                roles.iter().zip(kept).filter(|(_, kept)| **kept).map(|(role, _)| *role).collect()
            };
            prop_assert_eq!(pick(&old, &kept_old), pick(&new, &kept_new));
        }

        #[test]
        fn what_was_only_added_leaves_all_else(
            old in proptest::collection::vec(0_u8..9, 1..12),
            at in 0_usize..12,
        ) {
            let mut new = old.clone();
            new.insert(at.min(old.len()), 99);
            let (a, b) = (document(&old), document(&new));
            let (kept_old, kept_new) = kept(a.rules(), b.rules());
            prop_assert!(kept_old.iter().all(|kept| *kept));
            prop_assert_eq!(kept_new.iter().filter(|kept| !**kept).count(), 1);
        }
    }

    #[test]
    fn lines_that_stand_once_hold_the_rest_together() {
        let rule = |document: &Document| -> Vec<Rule> { document.rules().cloned().collect() };
        let old = rule(&document(&[1, 0, 2, 0, 3]));
        let new = rule(&document(&[2, 0, 9, 3, 1]));
        let (kept_old, kept_new) = kept(old.iter(), new.iter());
        assert_eq!(kept_old, [false, false, true, true, true]);
        assert_eq!(kept_new, [true, true, false, true, false]);
    }
}
