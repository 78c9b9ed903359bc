//! Steps taken: all ways through a pattern at once, byte by byte.

use alloc::vec::Vec;

use super::code::{Side, Step, target};

/// A set of steps, in the order in which they were come to.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    /// By step, in which round it was last come to.
    rounds: Vec<u32>,
    round: u32,
    /// Those that take a byte, that find the pattern, or that wait for what comes.
    pub(crate) steps: Vec<u32>,
    open: Vec<u32>,
}

impl Reached {
    /// Empties it; for a code of this length.
    pub(crate) fn clear(&mut self, length: usize) {
        self.steps.clear();
        self.rounds.resize(length, 0);
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.rounds.fill(0);
            self.round = 1;
        }
    }

    /// Adds what can be come to from a step without taking a byte, between these. Where nobody knows yet what comes, the
    /// steps that ask for it wait.
    pub(crate) fn follow(&mut self, code: &[Step], from: u32, before: Side, after: Option<Side>) {
        self.open.push(from);
        while let Some(at) = self.open.pop() {
            let Some(round) = self.rounds.get_mut(at as usize) else {
                continue;
            };
            if core::mem::replace(round, self.round) == self.round {
                continue;
            }
            match code[at as usize] {
                Step::Bytes(_) | Step::Found => self.steps.push(at),
                Step::Mark(_) => self.open.push(at + 1),
                Step::Jump(far) => self.open.push(target(at, far)),
                Step::Fork(far) => self.open.extend([at + 1, target(at, far)]),
                Step::Look(look) => match look.holds(before, after) {
                    Some(true) => self.open.push(at + 1),
                    Some(false) => {}
                    None => self.steps.push(at),
                },
            }
        }
    }
}

/// Whether the pattern is found anywhere in a text.
pub(super) fn is_found(code: &[Step], text: &[u8]) -> bool {
    let mut reached = Reached::default();
    let mut taken: Vec<u32> = Vec::new();
    let mut before = Side::Nothing;
    for at in 0..=text.len() {
        let byte = text.get(at).copied();
        let after = Side::of(byte);
        reached.clear(code.len());
        for &step in taken.iter().chain(&[0]) {
            reached.follow(code, step, before, Some(after));
        }
        taken.clear();
        for &step in &reached.steps {
            match (code[step as usize], byte) {
                (Step::Found, _) => return true,
                (Step::Bytes(set), Some(byte)) if set.has(byte) => taken.push(step + 1),
                _ => {}
            }
        }
        before = after;
    }
    false
}
