//! Which rules stand in two lists in the same order.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::Rule;

/// Of each rule of both lists, whether it has a counterpart in the other one that says the same; counterparts stand in
/// the same order in both. Not always as many as there could be: lines that are there more than once are only found
/// beside others.
pub(super) fn kept(old: &[&Rule], new: &[&Rule]) -> (Vec<bool>, Vec<bool>) {
    let mut found = (alloc::vec![false; old.len()], alloc::vec![false; new.len()]);
    let same = |a: usize, b: usize| old[a].says_the_same(new[b]);
    let mut open = alloc::vec![(0..old.len(), 0..new.len())];
    while let Some((mut a, mut b)) = open.pop() {
        let mut pair = |a: usize, b: usize| {
            found.0[a] = true;
            found.1[b] = true;
        };
        while !a.is_empty() && !b.is_empty() && same(a.start, b.start) {
            pair(a.start, b.start);
            a.start += 1;
            b.start += 1;
        }
        while !a.is_empty() && !b.is_empty() && same(a.end - 1, b.end - 1) {
            a.end -= 1;
            b.end -= 1;
            pair(a.end, b.end);
        }
        // What is there once on either side, in the longest order that both have, cuts the rest into pieces.
        let anchors = ascending(&once_in_both(old, &a, new, &b));
        if anchors.is_empty() {
            continue;
        }
        for (at_old, at_new) in anchors {
            pair(at_old, at_new);
            open.push((a.start..at_old, b.start..at_new));
            (a.start, b.start) = (at_old + 1, at_new + 1);
        }
        open.push((a, b));
    }
    found
}

/// Where the rules stand that both parts hold once, in the order of the old one.
fn once_in_both(
    old: &[&Rule],
    a: &Range<usize>,
    new: &[&Rule],
    b: &Range<usize>,
) -> Vec<(usize, usize)> {
    // Per rule how often it is there and where, on either side.
    let mut seen = BTreeMap::new();
    for (side, list, part) in [(0, old, a), (1, new, b)] {
        for at in part.clone() {
            let entry: &mut [(u8, usize); 2] = seen.entry(list[at].words()).or_default();
            entry[side] = (entry[side].0.saturating_add(1), at);
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

    fn all(document: &Document) -> Vec<&Rule> {
        document.rules().collect()
    }

    proptest! {
        #[test]
        fn those_that_are_kept_are_the_same_on_both_sides(
            old in proptest::collection::vec(0_u8..9, 1..12),
            new in proptest::collection::vec(0_u8..9, 1..12),
        ) {
            let (a, b) = (document(&old), document(&new));
            let (kept_old, kept_new) = kept(&all(&a), &all(&b));
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
            let (kept_old, kept_new) = kept(&all(&a), &all(&b));
            prop_assert!(kept_old.iter().all(|kept| *kept));
            prop_assert_eq!(kept_new.iter().filter(|kept| !**kept).count(), 1);
        }
    }

    #[test]
    fn lines_that_stand_once_hold_the_rest_together() {
        let (old, new) = (document(&[1, 0, 2, 0, 3]), document(&[2, 0, 9, 3, 1]));
        let (kept_old, kept_new) = kept(&all(&old), &all(&new));
        assert_eq!(kept_old, [false, false, true, true, true]);
        assert_eq!(kept_new, [true, true, false, true, false]);
    }
}
