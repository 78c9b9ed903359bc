//! Patterns with one group, `before(group)behind`: what the group takes. All ways of parting a text are looked at, so
//! that it does not matter which of them PostgreSQL's engine prefers.

use alloc::vec::Vec;

use super::{Branch, bracket_end, branches};

/// A pattern with one group, which is neither optional nor repeated.
pub(super) struct Grouped {
    before: Branch,
    inside: Vec<Branch>,
    behind: Branch,
}

impl Grouped {
    /// Reads it; none where it is not of that kind.
    pub(super) fn of(pattern: &[u8]) -> Option<Self> {
        let open = unescaped(pattern, 0, b'(')?;
        let close = unescaped(pattern, open + 1, b')')?;
        let (inside, behind) = (&pattern[open + 1..close], &pattern[close + 1..]);
        if matches!(inside.first(), Some(b'?'))
            || matches!(behind.first(), Some(b'*' | b'+' | b'?'))
        {
            return None;
        }
        let (mut before, mut behind) = (one(&pattern[..open])?, one(behind)?);
        let mut inside = branches(inside)?;
        let anchored = |branch: &Branch| branch.from_start || branch.to_end;
        if before.to_end || behind.from_start || inside.iter().any(anchored) {
            return None;
        }
        before.to_end = true;
        behind.from_start = true;
        for branch in &mut inside {
            branch.from_start = true;
            branch.to_end = true;
        }
        Some(Self {
            before,
            inside,
            behind,
        })
    }

    /// What the group takes, for each way in which the text matches.
    pub(super) fn splits<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
        let starts = (0..=text.len()).filter(|start| self.before.is_match(&text[..*start]));
        starts.flat_map(move |start| {
            (start..=text.len())
                .filter(move |end| self.behind.is_match(&text[*end..]))
                .map(move |end| &text[start..end])
                .filter(|group| self.inside.iter().any(|branch| branch.is_match(group)))
        })
    }
}

/// The only branch of a part of a pattern.
fn one(part: &[u8]) -> Option<Branch> {
    let mut all = branches(part)?;
    let branch = all.pop()?;
    all.is_empty().then_some(branch)
}

/// Where this byte stands with a meaning of its own.
fn unescaped(pattern: &[u8], mut at: usize, wanted: u8) -> Option<usize> {
    while let Some(&byte) = pattern.get(at) {
        match byte {
            _ if byte == wanted => return Some(at),
            b'\\' => at += 1,
            b'[' => at = bracket_end(pattern, at)?,
            _ => {}
        }
        at += 1;
    }
    None
}
