//! What the first group of a pattern takes: all ways in which the leftmost text that is found can be found, so that it
//! does not matter which of them PostgreSQL's engine prefers.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::code::{Mark, Side, Step, target};

/// What a group took, on one way: from where on, and up to where if it has ended. None while it has not been met.
type Taken = Option<(usize, Option<usize>)>;

/// How many steps are taken before it is left open.
const PATIENCE: usize = 1_000_000;

/// What the group took where the pattern is found, none where it took no part; for each way. None where there are too
/// many.
pub(super) fn taken<'t>(code: &[Step], text: &'t [u8]) -> Option<BTreeSet<Option<&'t [u8]>>> {
    let mut patience = PATIENCE;
    // The engine takes the leftmost (`regexec.c`, `find`).
    for start in 0..=text.len() {
        let found = taken_from(code, text, start, &mut patience)?;
        if !found.is_empty() {
            return Some(found);
        }
    }
    Some(BTreeSet::new())
}

fn taken_from<'t>(
    code: &[Step],
    text: &'t [u8],
    start: usize,
    patience: &mut usize,
) -> Option<BTreeSet<Option<&'t [u8]>>> {
    let mut found = BTreeSet::new();
    let mut ways: BTreeSet<(u32, Taken)> = BTreeSet::from([(0, None)]);
    let mut before = Side::of(start.checked_sub(1).map(|at| text[at]));
    for at in start..=text.len() {
        if ways.is_empty() {
            break;
        }
        let byte = text.get(at).copied();
        let after = Side::of(byte);
        let mut next = BTreeSet::new();
        let mut open: Vec<(u32, Taken)> = ways.iter().copied().collect();
        while let Some((step, group)) = open.pop() {
            *patience = patience.checked_sub(1)?;
            let mut go = |step, group| {
                if ways.insert((step, group)) {
                    open.push((step, group));
                }
            };
            match code[step as usize] {
                Step::Bytes(set) => {
                    if byte.is_some_and(|byte| set.has(byte)) {
                        next.insert((step + 1, group));
                    }
                }
                Step::Found => {
                    let took = group.and_then(|(from, to)| text.get(from..to?));
                    found.insert(took);
                }
                Step::Mark(Mark::Open) => go(step + 1, Some((at, None))),
                Step::Mark(Mark::Close) => go(step + 1, group.map(|(from, _)| (from, Some(at)))),
                Step::Mark(Mark::Forget) => go(step + 1, None),
                Step::Jump(far) => go(target(step, far), group),
                Step::Fork(far) => {
                    go(step + 1, group);
                    go(target(step, far), group);
                }
                Step::Look(look) => {
                    if look.holds(before, Some(after)) == Some(true) {
                        go(step + 1, group);
                    }
                }
            }
        }
        ways = next;
        before = after;
    }
    Some(found)
}
