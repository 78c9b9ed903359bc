//! The regular expressions whose answer is sure without PostgreSQL's own engine (`REG_ADVANCED`, no locale, bytes).
//! What the engine says against one is known to [`syntax`].
//!
//! Understood: literal characters, `.`, simple bracket lists, `\` before punctuation, each with `*`, `+` or `?`
//! behind it, `^` at the beginning and `$` at the end, and `|` between whole branches; and one group of that kind
//! ([`group`]). All of it ASCII. The rest (more groups, bounds, classes, escapes of letters, `***` and `(?` prefixes) is
//! left open.

mod group;
pub(crate) mod syntax;

use alloc::string::String;
use alloc::vec::Vec;

use group::Grouped;

/// A pattern that is understood, for more than one text.
pub(crate) struct Pattern(Kind);

enum Kind {
    /// Without groups.
    Plain(Vec<Branch>),
    /// With one.
    Grouped(Grouped),
}

impl Pattern {
    /// None where it is not understood.
    pub(crate) fn parse(pattern: &[u8]) -> Option<Self> {
        if !pattern.is_ascii() {
            return None;
        }
        match branches(pattern) {
            Some(branches) => Some(Self(Kind::Plain(branches))),
            None => Some(Self(Kind::Grouped(Grouped::of(pattern)?))),
        }
    }

    /// Whether it is found in the text; none where that is not sure.
    pub(crate) fn is_match(&self, text: &[u8]) -> Option<bool> {
        text.is_ascii().then(|| match &self.0 {
            Kind::Plain(branches) => branches.iter().any(|branch| branch.is_match(text)),
            Kind::Grouped(grouped) => grouped.splits(text).next().is_some(),
        })
    }

    /// Whether it is known to be found in every text, ASCII or not.
    pub(crate) fn is_universal(&self) -> bool {
        match &self.0 {
            Kind::Plain(branches) => branches.iter().any(Branch::is_universal),
            Kind::Grouped(_) => false,
        }
    }
}

/// Whether the pattern is found in the text; none where that is not sure.
pub(crate) fn is_match(pattern: &[u8], text: &[u8]) -> Option<bool> {
    Pattern::parse(pattern)?.is_match(text)
}

/// What the pattern's first group takes of the text; none where that is not sure.
pub(crate) fn capture<'t>(pattern: &[u8], text: &'t [u8]) -> Option<Capture<'t>> {
    let pattern = Pattern::parse(pattern)?;
    if pattern.is_match(text)? {
        let Kind::Grouped(grouped) = &pattern.0 else {
            return Some(Capture::NoGroup);
        };
        let mut splits = grouped.splits(text);
        let first = splits.next()?;
        // Which of several ways the engine goes does not matter where all take the same.
        return splits
            .all(|group| group == first)
            .then_some(Capture::Group(first));
    }
    Some(Capture::NoMatch)
}

/// Whether a pattern that the engine takes is known to have no group.
pub(crate) fn has_no_group(pattern: &[u8]) -> bool {
    let plain = || matches!(Pattern::parse(pattern), Some(Pattern(Kind::Plain(_))));
    !pattern.contains(&b'(') || plain()
}

/// What a pattern's first group takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capture<'t> {
    /// The pattern is not found.
    NoMatch,
    /// It is found, and has no group.
    NoGroup,
    /// This.
    Group(&'t [u8]),
}

/// A text in which the pattern is found, if one is easily had.
pub(crate) fn example(pattern: &[u8]) -> Option<String> {
    let Kind::Plain(branches) = Pattern::parse(pattern)?.0 else {
        return None;
    };
    let branch = branches.into_iter().next()?;
    let preferred = || (b'a'..=b'z').chain(b'0'..=b'9').chain(b' '..=b'~');
    let needed = branch.atoms.iter().filter(|atom| !atom.optional);
    let text: Option<Vec<u8>> = needed
        .map(|atom| preferred().find(|&byte| atom.matches[usize::from(byte)]))
        .collect();
    let text = String::from_utf8(text?)
        .ok()
        .filter(|text| !text.is_empty())?;
    (is_match(pattern, text.as_bytes()) == Some(true)).then_some(text)
}

/// The `]` that closes the `[` at `at`.
fn bracket_end(pattern: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    if pattern.get(end) == Some(&b'^') {
        end += 1;
    }
    if pattern.get(end) == Some(&b']') {
        end += 1;
    }
    while let Some(&byte) = pattern.get(end) {
        match byte {
            b']' => return Some(end),
            b'\\' => end += 1,
            b'[' if matches!(pattern.get(end + 1), Some(b':' | b'.' | b'=')) => {
                let kind = pattern[end + 1];
                let inner = pattern.get(end + 2..)?;
                let close = inner.windows(2).position(|pair| pair == [kind, b']'])?;
                end += 2 + close + 1;
            }
            _ => {}
        }
        end += 1;
    }
    None
}

/// One alternative: atoms in a row.
struct Branch {
    from_start: bool,
    to_end: bool,
    atoms: Vec<Atom>,
}

/// A set of bytes and how often one of them may come.
struct Atom {
    matches: [bool; 128],
    optional: bool,
    repeats: bool,
}

impl Branch {
    /// Follows every way through the atoms at once: after each byte, the set of atoms that may come next.
    fn is_match(&self, text: &[u8]) -> bool {
        let last = self.atoms.len();
        let mut states = alloc::vec![false; last + 1];
        states[0] = true;
        self.skip_optional(&mut states);
        if states[last] && (!self.to_end || text.is_empty()) {
            return true;
        }
        for (at, &byte) in text.iter().enumerate() {
            let mut next = alloc::vec![false; last + 1];
            for (i, atom) in self.atoms.iter().enumerate() {
                if states[i] && atom.matches[usize::from(byte & 0x7f)] {
                    next[i] |= atom.repeats;
                    next[i + 1] = true;
                }
            }
            next[0] |= !self.from_start;
            self.skip_optional(&mut next);
            states = next;
            if states[last] && (!self.to_end || at + 1 == text.len()) {
                return true;
            }
        }
        false
    }

    /// Nothing is found everywhere, but from end to end only where anything goes.
    fn is_universal(&self) -> bool {
        let optional = self.atoms.iter().all(|atom| atom.optional);
        let anything = |atom: &Atom| atom.repeats && atom.matches.iter().all(|matched| *matched);
        optional && (!(self.from_start && self.to_end) || self.atoms.iter().any(anything))
    }

    /// A repeated atom, once met, may also be left.
    fn skip_optional(&self, states: &mut [bool]) {
        for (i, atom) in self.atoms.iter().enumerate() {
            if states[i] && atom.optional {
                states[i + 1] = true;
            }
        }
    }
}

fn branches(pattern: &[u8]) -> Option<Vec<Branch>> {
    let mut all = Vec::new();
    let mut branch = Branch {
        from_start: false,
        to_end: false,
        atoms: Vec::new(),
    };
    let mut at = 0;
    let mut begun = false;
    while let Some(&byte) = pattern.get(at) {
        at += 1;
        if branch.to_end && byte != b'|' {
            return None;
        }
        let mut matches = [false; 128];
        match byte {
            b'|' => {
                all.push(core::mem::replace(
                    &mut branch,
                    Branch {
                        from_start: false,
                        to_end: false,
                        atoms: Vec::new(),
                    },
                ));
                begun = false;
                continue;
            }
            b'^' if !begun => {
                branch.from_start = true;
                begun = true;
                continue;
            }
            b'$' => {
                branch.to_end = true;
                begun = true;
                continue;
            }
            b'.' => matches = [true; 128],
            b'[' => {
                let end = bracket_end(pattern, at - 1)?;
                bracket(&pattern[at..end], &mut matches)?;
                at = end + 1;
            }
            b'\\' => {
                let &escaped = pattern.get(at).filter(|b| b.is_ascii_punctuation())?;
                matches[usize::from(escaped)] = true;
                at += 1;
            }
            b'(' | b')' | b'{' | b'}' | b'*' | b'+' | b'?' | b'^' => return None,
            literal => matches[usize::from(literal)] = true,
        }
        begun = true;
        let quantifier = pattern.get(at).copied().filter(|b| b"*+?".contains(b));
        at += usize::from(quantifier.is_some());
        if matches!(pattern.get(at), Some(b'*' | b'+' | b'?')) && quantifier.is_some() {
            return None;
        }
        branch.atoms.push(Atom {
            matches,
            optional: matches!(quantifier, Some(b'*' | b'?')),
            repeats: matches!(quantifier, Some(b'*' | b'+')),
        });
    }
    all.push(branch);
    // An empty branch among others is an error to PostgreSQL or not, depending on where it stands.
    let empty = |b: &Branch| b.atoms.is_empty() && !b.from_start && !b.to_end;
    (all.len() == 1 || !all.iter().any(empty)).then_some(all)
}

/// The inside of a bracket list: characters and ranges of them.
fn bracket(inside: &[u8], matches: &mut [bool; 128]) -> Option<()> {
    let (inside, negated) = match inside {
        [b'^', rest @ ..] => (rest, true),
        rest => (rest, false),
    };
    let mut at = 0;
    while at < inside.len() {
        let from = inside[at];
        if matches!(from, b'\\' | b'[' | b']') || (from == b'-' && at > 0 && at + 1 < inside.len())
        {
            return None;
        }
        let to = match inside.get(at + 1..at + 3) {
            Some(&[b'-', to]) => {
                at += 2;
                to
            }
            _ => from,
        };
        if matches!(to, b'\\' | b'[' | b']') || to < from {
            return None;
        }
        for byte in from..=to {
            matches[usize::from(byte)] = true;
        }
        at += 1;
    }
    if negated {
        for byte in matches {
            *byte = !*byte;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_are_decided() {
        for (pattern, text, found) in [
            ("", "anything", true),
            ("^app$", "app", true),
            ("^app$", "apps", false),
            ("app", "my_app_2", true),
            ("^app", "my_app", false),
            ("app$", "my_app", true),
            (r"^a\.b$", "a.b", true),
            (r"^a\.b$", "axb", false),
            ("^db[0-9]+$", "db12", true),
            ("^db[0-9]+$", "db", false),
            ("^db[^0-9]*$", "dbx", true),
            ("^db[^0-9]*$", "db1", false),
            ("^a.*z$", "abcz", true),
            ("^a.*z$", "az", true),
            ("^ab?c$", "ac", true),
            ("^ab?c$", "abbc", false),
            ("^ab+c$", "abbc", true),
            ("^a$|^b$", "b", true),
            ("^a$|^b$", "ab", false),
            ("^$", "", true),
            ("^$", "x", false),
            ("ab*$", "xxab", true),
            ("aab", "aaab", true),
        ] {
            assert_eq!(
                is_match(pattern.as_bytes(), text.as_bytes()),
                Some(found),
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn one_group_is_followed() {
        let taken = |group: &'static str| Some(Capture::Group(group.as_bytes()));
        for (pattern, text, expected) in [
            (r"^(.*)@example\.com$", "bob@example.com", taken("bob")),
            (r"^(.*)@example\.com$", "@example.com", taken("")),
            (
                r"^(.*)@example\.com$",
                "bob@example.org",
                Some(Capture::NoMatch),
            ),
            (r"(.*)@example\.com$", "bob@example.com", None),
            (r"^([^@]*)@", "a@b@c", taken("a")),
            ("^CN=([^,]+),", "CN=bob,O=x", taken("bob")),
            ("^(.*)@", "a@b@c", None),
            ("^(a|bc)$", "bc", taken("bc")),
            ("(x)", "axbx", taken("x")),
            ("^x()$", "x", taken("")),
            (r"^\((.)\)$", "(y)", taken("y")),
            (r"^[(](.)[)]$", "(y)", taken("y")),
            ("^bob$", "bob", Some(Capture::NoGroup)),
            ("^bob$", "tom", Some(Capture::NoMatch)),
            ("^(.)$", "é", None),
        ] {
            assert_eq!(
                capture(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
        assert_eq!(is_match(b"^(a|b)c", b"bcd"), Some(true));
        assert_eq!(is_match(b"^(a|b)c", b"ccd"), Some(false));
        assert_eq!(is_match(b"(.*)@", b"a@b@c"), Some(true));
    }

    #[test]
    fn patterns_that_are_found_everywhere_are_known() {
        for pattern in ["", "^", "$", ".*", "^.*$", "a*", "^a?b*", "b|x*", "^a*.*$"] {
            let found = Pattern::parse(pattern.as_bytes()).unwrap();
            assert!(found.is_universal(), "{pattern}");
            assert_eq!(found.is_match(b"zz"), Some(true), "{pattern}");
        }
        for pattern in ["a", "^$", "^a*$", ".", ".+", "^[^a]*$"] {
            let found = Pattern::parse(pattern.as_bytes()).unwrap();
            assert!(!found.is_universal(), "{pattern}");
        }
    }

    #[test]
    fn the_rest_is_left_open() {
        for pattern in [
            "(a|b)+",
            "(a)(b)",
            "(?:a)",
            "a|(b)",
            "(^a)",
            r"\d+",
            "a{2}",
            "a*?",
            "(?i)a",
            "***:a",
            "é",
            "a|",
            "[[:alpha:]]",
            r"[\w]",
            "a^b",
            "a$b",
            "^*",
        ] {
            assert_eq!(is_match(pattern.as_bytes(), b"a"), None, "{pattern}");
        }
        assert_eq!(is_match(b".", "é".as_bytes()), None);
    }
}
