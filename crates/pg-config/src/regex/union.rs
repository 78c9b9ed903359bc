//! Many patterns at once: after each byte of a text, which of them have been found in it and which steps the others may
//! take next. Such states are made when they are first come to, and kept, so that texts that begin alike cost once
//! (subset construction).

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Pattern;
use super::bytes::ByteSet;
use super::code::{Side, Step};
use super::machine::Reached;

/// Numbers of patterns, ascending.
pub(crate) type Found = Vec<u32>;

/// The number of a state.
pub(crate) type State = u32;

/// Patterns, numbered, as one machine.
#[derive(Debug)]
pub(crate) struct Union {
    code: Vec<Step>,
    /// By step, whose it is.
    owners: Vec<u32>,
    /// The first step of each.
    starts: Vec<u32>,
    /// By byte, its class: bytes that no step tells apart are of one.
    classes: Vec<u8>,
    states: Vec<Inside>,
    known: BTreeMap<Inside, State>,
    moves: BTreeMap<(State, u8), State>,
    /// By what is before it, with which steps a pattern can begin at a place, and those that are found there at once.
    begins: BTreeMap<Side, (Vec<u32>, Found)>,
    /// By what is before it and the class of the byte behind it: where patterns that begin at a place get to with that
    /// byte, and those that are found before it.
    begun: BTreeMap<(Side, u8), (Vec<u32>, Found)>,
    reached: Reached,
    /// How many steps were taken so far.
    pub(crate) work: usize,
}

/// What there is to know of the bytes so far.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Inside {
    found: Found,
    /// Of patterns that have begun and are not found yet, ascending: steps that take a byte, and such as wait for what
    /// comes.
    steps: Vec<u32>,
    /// What was last.
    before: Side,
}

impl Union {
    /// The state before the first byte.
    pub(crate) const START: State = 0;

    pub(crate) fn new<'p>(patterns: impl Iterator<Item = (u32, &'p Pattern)>) -> Self {
        let (mut code, mut owners, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, Pattern(steps)) in patterns {
            starts.push(u32::try_from(code.len()).unwrap_or(u32::MAX));
            code.extend_from_slice(steps);
            owners.resize(code.len(), number);
        }
        let mut union = Self {
            classes: classes(&code),
            code,
            owners,
            starts,
            states: Vec::new(),
            known: BTreeMap::new(),
            moves: BTreeMap::new(),
            begins: BTreeMap::new(),
            begun: BTreeMap::new(),
            reached: Reached::default(),
            work: 0,
        };
        for side in [Side::Nothing, Side::Newline, Side::Word, Side::Other] {
            let begin = union.begin(side);
            union.begins.insert(side, begin);
        }
        union.state(Vec::new(), Vec::new(), Side::Nothing);
        union
    }

    /// The class of a byte.
    pub(crate) fn class(&self, byte: u8) -> u8 {
        self.classes[usize::from(byte)]
    }

    /// Those that are found whatever comes.
    pub(crate) fn found(&self, state: State) -> &[u32] {
        &self.states[state as usize].found
    }

    /// Whether a pattern is found, or may still be.
    pub(crate) fn may_find(&self, state: State, pattern: u32) -> bool {
        let inside = &self.states[state as usize];
        inside.found.binary_search(&pattern).is_ok()
            || self.steps_of(inside, pattern).next().is_some()
    }

    /// Whether that is so after one more byte, as far as can be told without taking it.
    pub(crate) fn may_find_after(&self, state: State, byte: u8, pattern: u32) -> bool {
        let inside = &self.states[state as usize];
        let takes = |step: u32| match self.code[step as usize] {
            Step::Bytes(set) => set.has(byte),
            _ => true,
        };
        inside.found.binary_search(&pattern).is_ok()
            || self.steps_of(inside, pattern).any(takes)
            || !self
                .of(&self.begins[&Side::of(Some(byte))].0, pattern)
                .is_empty()
    }

    /// The state after one more byte.
    pub(crate) fn after(&mut self, state: State, byte: u8) -> State {
        let class = self.class(byte);
        if let Some(known) = self.moves.get(&(state, class)) {
            return *known;
        }
        let Inside {
            mut found,
            steps,
            before,
        } = self.states[state as usize].clone();
        let side = Side::of(Some(byte));
        let mut next = self.taken(&steps, before, byte, &mut found);
        if !self.begun.contains_key(&(before, class)) {
            let begins = self.begins[&before].0.clone();
            let mut at_once = Found::new();
            let begun = self.taken(&begins, before, byte, &mut at_once);
            self.begun.insert((before, class), (begun, at_once));
        }
        let (begun, at_once) = &self.begun[&(before, class)];
        next.extend_from_slice(begun);
        found.extend_from_slice(at_once);
        self.work += steps.len() + next.len() + found.len() + 1;
        let next = self.state(found, next, side);
        self.moves.insert((state, class), next);
        next
    }

    /// Those that are found if the text ends here.
    pub(crate) fn found_at_end(&mut self, state: State) -> Found {
        let Inside {
            mut found,
            steps,
            before,
        } = self.states[state as usize].clone();
        self.resolved(&steps, before, Side::Nothing, &mut found);
        let begins = core::mem::take(&mut self.begins);
        self.resolved(&begins[&before].0, before, Side::Nothing, &mut found);
        self.begins = begins;
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Those that are found in a text.
    pub(crate) fn found_in(&mut self, text: &[u8]) -> Found {
        let state = text
            .iter()
            .fold(Self::START, |state, byte| self.after(state, *byte));
        self.found_at_end(state)
    }

    /// The steps with which the patterns begin, and those that are found at once.
    fn begin(&mut self, before: Side) -> (Vec<u32>, Found) {
        self.reached.clear(self.code.len());
        for &start in &self.starts {
            self.reached.follow(&self.code, start, before, None);
        }
        let mut steps = core::mem::take(&mut self.reached.steps);
        let mut found = Found::new();
        self.add_found(&steps, &mut found);
        found.sort_unstable();
        steps.retain(|step| found.binary_search(&self.owners[*step as usize]).is_err());
        steps.sort_unstable();
        (steps, found)
    }

    /// Where steps get to with a byte, and what is found before it.
    fn taken(&mut self, steps: &[u32], before: Side, byte: u8, found: &mut Found) -> Vec<u32> {
        let side = Side::of(Some(byte));
        let steps = self.resolved(steps, before, side, found);
        self.reached.clear(self.code.len());
        for &step in &*steps {
            if let Step::Bytes(set) = self.code[step as usize]
                && set.has(byte)
            {
                self.reached.follow(&self.code, step + 1, side, None);
            }
        }
        core::mem::take(&mut self.reached.steps)
    }

    /// Steps, where those that wait for what comes have got to.
    fn resolved<'s>(
        &mut self,
        steps: &'s [u32],
        before: Side,
        after: Side,
        found: &mut Found,
    ) -> Cow<'s, [u32]> {
        let waits = |step: &u32| matches!(self.code[*step as usize], Step::Look(_));
        if !steps.iter().any(waits) {
            return Cow::Borrowed(steps);
        }
        self.reached.clear(self.code.len());
        for &step in steps {
            self.reached.follow(&self.code, step, before, Some(after));
        }
        self.work += steps.len();
        let steps = core::mem::take(&mut self.reached.steps);
        self.add_found(&steps, found);
        Cow::Owned(steps)
    }

    fn add_found(&self, steps: &[u32], found: &mut Found) {
        let new = steps
            .iter()
            .filter(|step| self.code[**step as usize] == Step::Found);
        found.extend(new.map(|step| self.owners[*step as usize]));
    }

    /// The number of a state with these steps, some of which may have found their pattern.
    fn state(&mut self, mut found: Found, mut steps: Vec<u32>, before: Side) -> State {
        self.add_found(&steps, &mut found);
        found.extend_from_slice(&self.begins[&before].1);
        found.sort_unstable();
        found.dedup();
        steps.retain(|step| found.binary_search(&self.owners[*step as usize]).is_err());
        steps.sort_unstable();
        steps.dedup();
        let inside = Inside {
            found,
            steps,
            before,
        };
        if let Some(known) = self.known.get(&inside) {
            return *known;
        }
        let number = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        self.states.push(inside.clone());
        self.known.insert(inside, number);
        number
    }

    /// The steps that a pattern may take next.
    fn steps_of<'s>(
        &'s self,
        inside: &'s Inside,
        pattern: u32,
    ) -> impl Iterator<Item = u32> + use<'s> {
        let begins = &self.begins[&inside.before].0;
        let both = [self.of(&inside.steps, pattern), self.of(begins, pattern)];
        both.into_iter().flatten().copied()
    }

    /// Those of ascending steps that are a pattern's.
    fn of<'s>(&self, steps: &'s [u32], pattern: u32) -> &'s [u32] {
        let owner = |step: &u32| self.owners[*step as usize];
        let from = steps.partition_point(|step| owner(step) < pattern);
        let to = steps.partition_point(|step| owner(step) <= pattern);
        &steps[from..to]
    }
}

/// For each byte the number of its class.
fn classes(code: &[Step]) -> Vec<u8> {
    let sets: BTreeSet<&ByteSet> = code
        .iter()
        .filter_map(|step| match step {
            Step::Bytes(set) => Some(set),
            _ => None,
        })
        .collect();
    let mut classes: Vec<u8> = (0..=u8::MAX)
        .map(|byte| Side::of(Some(byte)) as u8)
        .collect();
    for set in sets {
        let mut numbers = BTreeMap::new();
        for byte in 0..=u8::MAX {
            let class = &mut classes[usize::from(byte)];
            let count = numbers.len();
            let number = *numbers.entry((*class, set.has(byte))).or_insert(count);
            *class = u8::try_from(number).unwrap_or(u8::MAX);
        }
    }
    classes
}
