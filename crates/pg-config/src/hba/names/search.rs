//! The search for names: breadth first over the states of all patterns at once, so that the shortest of each kind comes
//! first, and only as far as a name can be long.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::ops::Range;

use super::{All, LONGEST, can_be_asked_for, like};
use crate::regex::Pattern;
use crate::regex::union::{Found, State, Union};

/// A name, the patterns that are found in it, and whether a rule names it.
type Kind = (Vec<u8>, Found, bool);

/// What is asked: patterns to be met, and names that are not looked at.
type Question = (Vec<u32>, Vec<Vec<u8>>);

/// Patterns, and what has been found out about names that meet them.
#[derive(Debug)]
pub(super) struct Search {
    union: Union,
    /// One byte of each class, the most readable.
    bytes: Vec<u8>,
    answers: BTreeMap<Question, Option<Vec<Kind>>>,
    /// The names that rules give by what they meet, once that was asked.
    written: Option<BTreeMap<Found, Vec<Vec<u8>>>>,
}

/// A beginning of a name.
struct Start {
    text: Vec<u8>,
    /// What it ends in of a character that is not complete, where that matters.
    unfinished: Vec<u8>,
    state: State,
    /// The names written in rules that begin so.
    written: Range<usize>,
}

/// Which names are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Any bytes.
    Bytes,
    /// UTF-8.
    Text,
}

/// How many beginnings of names are looked at for one question.
const PATIENCE: usize = 5_000;

/// How many steps of patterns are taken in all.
const ALL_PATIENCE: usize = 5_000_000;

/// What looking at a beginning of a name costs, in steps of patterns.
const BEGINNING: usize = 15;

/// How many names may stand for others.
const MOST: usize = 500;

impl Search {
    /// For patterns with ascending numbers.
    pub(super) fn new<'p>(patterns: impl Iterator<Item = (u32, &'p Pattern)>) -> Self {
        let union = Union::new(patterns);
        Self {
            bytes: one_of_each(&union, Of::Bytes),
            union,
            answers: BTreeMap::new(),
            written: None,
        }
    }

    /// Whether so much has been looked at that no more shall be.
    const fn is_tired(&self) -> bool {
        self.union.work > ALL_PATIENCE
    }

    /// The patterns that are found in a name; none where too much has been looked at.
    pub(super) fn met(&mut self, name: &[u8]) -> Option<Found> {
        (!self.is_tired()).then(|| self.union.found_in(name))
    }

    /// Names that meet these patterns, of which one meets no more than any other name that does, unless that is written;
    /// and those written names of which none of these does. None where there are too many.
    pub(super) fn meeting(
        &mut self,
        asked: &[u32],
        but: &[&[u8]],
        all: &All,
        stem: &str,
    ) -> Option<&[Kind]> {
        let mut question = (asked.to_vec(), Vec::new());
        let of_all = self.answer(&question, all, stem)?;
        // Names that stand for all, and are none of these, stand for all but these.
        if of_all.iter().all(|(name, ..)| !but.contains(&&**name)) {
            return self.answer(&question, all, stem);
        }
        question.1 = but.iter().map(|name| name.to_vec()).collect();
        self.answer(&question, all, stem)
    }

    fn answer(&mut self, question: &Question, all: &All, stem: &str) -> Option<&[Kind]> {
        if !self.answers.contains_key(question) {
            let found = self.look(question, all, stem);
            self.answers.insert(question.clone(), found);
        }
        self.answers.get(question)?.as_deref()
    }

    fn look(&mut self, question: &Question, all: &All, stem: &str) -> Option<Vec<Kind>> {
        let (asked, but) = question;
        let written = &*all.written;
        let mut found: Vec<Kind> = Vec::new();
        let is_known = |name: &Vec<u8>| written.binary_search(name).is_ok() || but.contains(name);
        for name in like(stem).filter(|name| !is_known(name)) {
            let met = self.met(&name)?;
            if includes(&met, asked) {
                add(&mut found, name, met);
            }
        }
        self.add_shortest(question, all, &mut found)?;
        self.add_strangers(question, written, Of::Bytes, &mut found)?;
        self.prefer_text(but, written, &mut found);
        let strangers = found.len();
        // A stranger that meets these and no more stands for all.
        if found.iter().any(|(_, met, _)| met == asked) {
            return Some(found);
        }
        if self.written.is_none() {
            self.written = Some(self.by_class(written)?);
        }
        let classes = self.written.as_ref()?;
        self.union.work += classes.len() * (strangers + 1);
        for (met, names) in classes.iter().filter(|(met, _)| includes(met, asked)) {
            let mut others = found[..strangers].iter();
            if others.any(|(_, fewer, _)| includes(met, fewer)) {
                continue;
            }
            let names = names.iter().filter(|name| !but.contains(name));
            // One too many is as good as all.
            for name in names.take(MOST + 1) {
                found.push((name.clone(), met.clone(), true));
            }
            if found.len() > MOST {
                return None;
            }
        }
        found[strangers..].sort_unstable();
        Some(found)
    }

    /// Names that can be given to somebody, by what they meet.
    fn by_class(&mut self, names: &[Vec<u8>]) -> Option<BTreeMap<Found, Vec<Vec<u8>>>> {
        let mut classes: BTreeMap<Found, Vec<Vec<u8>>> = BTreeMap::new();
        for name in names.iter().filter(|name| can_be_asked_for(name)) {
            let met = self.met(name)?;
            classes.entry(met).or_default().push(name.clone());
        }
        Some(classes)
    }

    /// Adds a short name that meets what is asked, and a few more where it meets more than that: mostly there is nothing
    /// left to look for then.
    fn add_shortest(
        &mut self,
        question: &Question,
        all: &All,
        found: &mut Vec<Kind>,
    ) -> Option<()> {
        let (asked, _) = question;
        let patterns = asked
            .iter()
            .filter_map(|number| Some((*number, all.patterns.get(number)?)));
        let mut alone = Self::new(patterns);
        let mut question = question.clone();
        for _ in 0..4 {
            if found.iter().any(|(_, met, _)| met == asked) {
                break;
            }
            let mut next = Vec::new();
            let enough = alone.add_strangers(&question, &all.written, Of::Bytes, &mut next);
            self.union.work += core::mem::take(&mut alone.union.work);
            let Some((name, ..)) = next.pop().filter(|_| enough.is_some()) else {
                break;
            };
            let met = self.met(&name)?;
            // The next one is to be another.
            question.1.push(name.clone());
            add(found, name, met);
        }
        Some(())
    }

    /// Puts a text in the place of each name that is none, where one meets the same.
    fn prefer_text(&mut self, but: &[Vec<u8>], written: &[Vec<u8>], found: &mut [Kind]) {
        let is_text = |name: &[u8]| core::str::from_utf8(name).is_ok();
        for (name, met, _) in found.iter_mut().filter(|(name, ..)| !is_text(name)) {
            let question = (met.clone(), but.to_vec());
            let mut texts = Vec::new();
            // What was found before it was too much is good as well.
            let _ = self.add_strangers(&question, written, Of::Text, &mut texts);
            if let Some((text, ..)) = texts.into_iter().find(|(_, other, _)| other == met) {
                *name = text;
            }
        }
    }

    /// Adds names that no rule writes down, where those that are known do not stand for them.
    fn add_strangers(
        &mut self,
        (asked, but): &Question,
        written: &[Vec<u8>],
        of: Of,
        found: &mut Vec<Kind>,
    ) -> Option<()> {
        let mut queue = VecDeque::from([Start {
            text: Vec::new(),
            unfinished: Vec::new(),
            state: Union::START,
            written: 0..written.len(),
        }]);
        let mut seen: BTreeSet<(State, Vec<u8>)> = BTreeSet::new();
        let mut patience = PATIENCE;
        while let Some(start) = queue.pop_front() {
            patience = patience.checked_sub(1)?;
            self.union.work += BEGINNING;
            if self.is_tired() || found.len() > MOST {
                return None;
            }
            // Whatever comes behind it meets these, and has to meet those that are asked for.
            let sure = self.union.found(start.state);
            let meets = |pattern: &u32| {
                sure.binary_search(pattern).is_ok() || asked.binary_search(pattern).is_ok()
            };
            if found.iter().any(|(_, met, _)| met.iter().all(meets)) {
                continue;
            }
            let is_known =
                but.contains(&start.text) || written.get(start.written.start) == Some(&start.text);
            if !start.text.is_empty() && start.unfinished.is_empty() && !is_known {
                let met = self.union.found_at_end(start.state);
                if includes(&met, asked) {
                    add(found, start.text.clone(), met);
                }
            }
            if start.text.len() == LONGEST {
                continue;
            }
            let named = start.next_written(written, but);
            for byte in self.apart(&named, of) {
                if let Some(state) = self.next(start.state, byte, asked)
                    && let Some(longer) = start.longer(byte, state, 0..0, of)
                    && seen.insert((state, longer.unfinished.clone()))
                {
                    queue.push_back(longer);
                }
            }
            for (byte, range) in named {
                // Where a name that is not written is as far, whatever comes behind this one may come behind that; but not
                // the other way round, as this one may end in a written name. So it is not remembered.
                if let Some(state) = self.next(start.state, byte, asked)
                    && let Some(longer) = start.longer(byte, state, range, of)
                    && !seen.contains(&(state, longer.unfinished.clone()))
                {
                    queue.push_back(longer);
                }
            }
        }
        Some(())
    }

    /// The state after a byte, if the patterns that are asked for may still be met.
    fn next(&mut self, state: State, byte: u8, asked: &[u32]) -> Option<State> {
        let union = &mut self.union;
        if !asked
            .iter()
            .all(|pattern| union.may_find_after(state, byte, *pattern))
        {
            return None;
        }
        let next = union.after(state, byte);
        let may_find = |pattern: &u32| union.may_find(next, *pattern);
        asked.iter().all(may_find).then_some(next)
    }

    /// A byte of each kind, none of which is one of these.
    fn apart(&self, named: &[(u8, Range<usize>)], of: Of) -> Vec<u8> {
        let all = match of {
            Of::Bytes => Cow::Borrowed(&self.bytes),
            Of::Text => Cow::Owned(one_of_each(&self.union, of)),
        };
        let is_named = |byte: u8| named.iter().any(|(known, _)| *known == byte);
        let of_kind = |byte: &u8| {
            let kind = of.kind(&self.union, *byte);
            let alike = |other: &u8| of.kind(&self.union, *other) == kind && !is_named(*other);
            match is_named(*byte) {
                false => Some(*byte),
                true => readable_first().find(alike),
            }
        };
        all.iter().filter_map(of_kind).collect()
    }
}

impl Of {
    /// The class of a byte, and in text the place that it may have in a character: bytes of one kind lead to the same.
    fn kind(self, union: &Union, byte: u8) -> (u8, u8) {
        let place = match self {
            Self::Bytes => 0,
            Self::Text => place(byte),
        };
        (union.class(byte), place)
    }
}

/// One byte of each kind, the most readable.
fn one_of_each(union: &Union, of: Of) -> Vec<u8> {
    let mut kinds = BTreeSet::new();
    readable_first()
        .filter(|byte| kinds.insert(of.kind(union, *byte)))
        .collect()
}

impl Start {
    /// With one more byte; none where that is no text, and has to be.
    fn longer(&self, byte: u8, state: State, written: Range<usize>, of: Of) -> Option<Self> {
        let mut text = self.text.clone();
        text.push(byte);
        let unfinished = match of {
            Of::Bytes => Vec::new(),
            Of::Text => unfinished([&self.unfinished[..], &[byte]].concat())?,
        };
        Some(Self {
            text,
            unfinished,
            state,
            written,
        })
    }

    /// The bytes with which the written names go on that begin so, and which of them do with each; and those of the names
    /// that are not looked at.
    fn next_written(&self, written: &[Vec<u8>], but: &[Vec<u8>]) -> Vec<(u8, Range<usize>)> {
        let at = self.text.len();
        let mut next = Vec::new();
        let mut rest = self.written.clone();
        while let Some(name) = written[rest.clone()].first() {
            let Some(&byte) = name.get(at) else {
                rest.start += 1;
                continue;
            };
            let same = written[rest.clone()].partition_point(|name| name.get(at) <= Some(&byte));
            let end = rest.start + same;
            next.push((byte, rest.start..end));
            rest.start = end;
        }
        let but = but.iter().filter(|name| name.starts_with(&self.text));
        for &byte in but.filter_map(|name| name.get(at)) {
            if next.iter().all(|(known, _)| *known != byte) {
                next.push((byte, 0..0));
            }
        }
        next
    }
}

/// Adds a name, unless one is there that meets no more; takes away those that meet more.
fn add(found: &mut Vec<Kind>, name: Vec<u8>, met: Found) {
    if found.iter().all(|(_, known, _)| !includes(&met, known)) {
        found.retain(|(_, known, _)| !includes(known, &met));
        found.push((name, met, false));
    }
}

/// Whether all of some ascending numbers are among others.
pub(super) fn includes(all: &[u32], some: &[u32]) -> bool {
    let mut all = all.iter();
    some.iter().all(|number| all.any(|other| other == number))
}

/// What is left of the beginning of a character: nothing where it is complete, none where it is not one's beginning.
fn unfinished(bytes: Vec<u8>) -> Option<Vec<u8>> {
    match core::str::from_utf8(&bytes) {
        Ok(_) => Some(Vec::new()),
        Err(error) => error.error_len().is_none().then_some(bytes),
    }
}

/// Where a byte may stand in characters of UTF-8: bytes of one place are followed by the same ones, and follow the same.
const fn place(byte: u8) -> u8 {
    match byte {
        0..=0x7f => 0,
        0x80..=0x8f => 1,
        0x90..=0x9f => 2,
        0xa0..=0xbf => 3,
        0xc2..=0xdf => 4,
        0xe1..=0xec | 0xee | 0xef => 5,
        0xf1..=0xf3 => 6,
        0xe0 => 7,
        0xed => 8,
        0xf0 => 9,
        0xf4 => 10,
        _ => 11,
    }
}

/// The bytes that a name may have, those that are most easily read first.
fn readable_first() -> impl Iterator<Item = u8> {
    let other = (b'!'..=b'~')
        .chain([b' '])
        .chain(1..b' ')
        .chain(0x7f..=u8::MAX);
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain(other.filter(move |byte| !plain(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    #[test]
    fn what_stands_for_all_names_stands_for_all_but_another() {
        let written = (0..50).map(|n| alloc::format!("u{n}").into_bytes());
        let pattern = Pattern::parse(b"^(amy|bob)$", Version::V16).unwrap();
        let all = All {
            patterns: BTreeMap::from([(0, pattern)]),
            written: written.collect(),
        };
        let mut search = Search::new(all.patterns.iter().map(|(number, p)| (*number, p)));
        for name in &all.written {
            assert_eq!(
                search.meeting(&[], &[name], &all, "other").unwrap().len(),
                1
            );
        }
        assert_eq!(search.answers.len(), 1);
        let mut texts = |but: &[&[u8]]| -> Vec<Vec<u8>> {
            let found = search.meeting(&[0], but, &all, "other").unwrap();
            found.iter().map(|(name, ..)| name.clone()).collect()
        };
        assert_eq!(texts(&[]), [b"amy"]);
        assert_eq!(texts(&[b"bob"]), [b"amy"]);
        assert_eq!(texts(&[b"amy"]), [b"bob"]);
    }
}
