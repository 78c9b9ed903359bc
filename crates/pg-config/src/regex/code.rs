//! What a pattern is once it is read: steps that are taken one after the other, each of which says where it goes on
//! relative to itself. Any part of a pattern is a row of steps that can be moved and copied, which is how bounds are
//! written out.

use alloc::vec::Vec;
use core::ops::Range;

use super::bytes::{ByteSet, is_word};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Takes one byte of these.
    Bytes(ByteSet),
    /// Goes on where this holds.
    Look(Look),
    /// Goes on with the next step, and also with the one this far away.
    Fork(isize),
    /// Goes on with the step this far away.
    Jump(isize),
    /// Goes on, and remembers something of the first group.
    Mark(Mark),
    /// The pattern is found.
    Found,
}

/// What is remembered of the first group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It begins here.
    Open,
    /// It ends here.
    Close,
    /// What is around it is repeated: it has not been met this time (`regexec.c`, `zaptreesubs`).
    Forget,
}

/// A condition on a place between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// The beginning of the text.
    TextStart,
    /// The end of the text.
    TextEnd,
    /// The beginning of a line.
    LineStart,
    /// The end of a line, before its newline.
    LineEnd,
    /// The beginning of a word.
    WordStart,
    /// The end of a word.
    WordEnd,
    /// The beginning or the end of a word.
    WordEdge,
    /// Neither.
    NoWordEdge,
}

/// What is on one side of a place, as far as conditions tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// Nothing: an end of the text.
    Nothing,
    /// A newline.
    Newline,
    /// A letter, a digit, an underscore.
    Word,
    /// Another byte.
    Other,
}

impl Side {
    /// Of the byte there, if there is one.
    pub(crate) fn of(byte: Option<u8>) -> Self {
        match byte {
            None => Self::Nothing,
            Some(b'\n') => Self::Newline,
            Some(byte) if is_word(byte) => Self::Word,
            Some(_) => Self::Other,
        }
    }
}

impl Look {
    /// Whether it holds between these; none where that takes to know what comes.
    pub(crate) fn holds(self, before: Side, after: Option<Side>) -> Option<bool> {
        let word = |side| side == Side::Word;
        let line = |side| matches!(side, Side::Nothing | Side::Newline);
        Some(match self {
            Self::TextStart => before == Side::Nothing,
            Self::LineStart => line(before),
            Self::TextEnd => after? == Side::Nothing,
            Self::LineEnd => line(after?),
            Self::WordStart => !word(before) && word(after?),
            Self::WordEnd => word(before) && !word(after?),
            Self::WordEdge => word(before) != word(after?),
            Self::NoWordEdge => word(before) == word(after?),
        })
    }
}

/// How many steps a pattern may have. PostgreSQL's own limit is a thousand times that (`REG_MAX_COMPILE_SPACE`).
const MOST: usize = 10_000;

/// Steps being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    steps: Vec<Step>,
    /// Whether the pattern is no regular expression in the strict sense, or too large: then no more is written.
    is_beyond: bool,
}

impl Writer {
    /// Where the next step will stand.
    pub(super) fn at(&self) -> usize {
        self.steps.len()
    }

    /// Gives up: the pattern asks for what steps cannot say.
    pub(super) fn give_up(&mut self) {
        self.is_beyond = true;
        self.steps.clear();
    }

    pub(super) fn write(&mut self, step: Step) {
        if self.makes_room(1) {
            self.steps.push(step);
        }
    }

    /// Ends a branch that began at `start` and has another behind it. Yields where a jump to the end of all of them has
    /// to be.
    pub(super) fn end_branch(&mut self, start: usize) -> usize {
        if self.makes_room(2) {
            let behind = offset(self.at() - start) + 2;
            self.steps.insert(start, Step::Fork(behind));
            self.steps.push(Step::Jump(0));
        }
        self.at().saturating_sub(1)
    }

    /// Has the jumps at the ends of branches lead here.
    pub(super) fn join(&mut self, jumps: &[usize]) {
        let here = self.at();
        for &at in jumps {
            if let Some(step) = self.steps.get_mut(at) {
                *step = Step::Jump(offset(here - at));
            }
        }
    }

    /// Repeats what was written from `start` on.
    pub(super) fn repeat(&mut self, start: usize, least: u32, most: Option<u32>) {
        // All that is put in here, but for what `write` and `copy` look after.
        if (least, most) == (1, Some(1)) || !self.makes_room(2) {
            return;
        }
        if most == Some(0) {
            self.steps.truncate(start);
            return;
        }
        if self.steps[start..]
            .iter()
            .any(|s| matches!(s, Step::Mark(_)))
        {
            self.steps.insert(start, Step::Mark(Mark::Forget));
        }
        let part = start..self.at();
        let length = offset(part.len());
        let (first, more) = match (least, most) {
            // One is there already, which may be skipped.
            (0, None) => {
                self.steps.insert(start, Step::Fork(length + 2));
                self.steps.push(Step::Jump(-length - 1));
                return;
            }
            (0, Some(most)) => {
                self.steps
                    .insert(start, Step::Fork(times(most, length + 1)));
                (start + 1..part.end + 1, most - 1)
            }
            (least, most) => {
                for _ in 1..least {
                    self.copy(&part);
                }
                match most {
                    None => return self.write(Step::Fork(-length)),
                    Some(most) => (part, most - least),
                }
            }
        };
        for left in (1..=more).rev() {
            self.write(Step::Fork(times(left, length + 1)));
            self.copy(&first);
        }
    }

    fn copy(&mut self, part: &Range<usize>) {
        if self.makes_room(part.len()) {
            self.steps.extend_from_within(part.clone());
        }
    }

    fn makes_room(&mut self, more: usize) -> bool {
        if self.at() + more > MOST {
            self.give_up();
        }
        !self.is_beyond
    }

    /// The steps, if the pattern can be written as such.
    pub(super) fn finish(mut self) -> Option<Vec<Step>> {
        self.write(Step::Found);
        (!self.is_beyond).then_some(self.steps)
    }
}

/// The step that is so far away from this one.
pub(crate) fn target(at: u32, far: isize) -> u32 {
    u32::try_from(far.saturating_add(offset(at as usize))).unwrap_or(u32::MAX)
}

fn times(count: u32, length: isize) -> isize {
    isize::try_from(count).map_or(isize::MAX, |count| count.saturating_mul(length))
}

fn offset(length: usize) -> isize {
    isize::try_from(length).unwrap_or(isize::MAX)
}
