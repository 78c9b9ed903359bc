//! Reads a regular expression as PostgreSQL's engine does (`regc_lex.c`, `regcomp.c`): what it says against one, and the
//! steps that one stands for. Expressions are bytes, as they are to the postmaster, which belongs to no database. That
//! the engine finds one "too complex" is not seen.

mod elements;
mod lexer;

use alloc::vec::Vec;

use super::bytes::ByteSet;
use super::code::{Look, Mark, Step, Writer};
use crate::Version;
use elements::ELEMENTS;
use lexer::{Kind, Lexer, Token};

/// What PostgreSQL says against the pattern, if anything (`regerror`).
pub(crate) fn fault(pattern: &[u8], version: Version) -> Option<&'static str> {
    let fault = read(pattern, version).err()?;
    Some(fault.words())
}

/// A pattern that the engine takes.
pub(super) struct Read {
    /// How many groups it has that capture.
    pub(super) groups: usize,
    /// What it stands for. None where it has a back reference or looks around, and where it is too large.
    pub(super) steps: Option<Vec<Step>>,
}

/// Reads a pattern.
pub(super) fn read(pattern: &[u8], version: Version) -> Result<Read, Fault> {
    Parser::new(pattern, version).parse()
}

/// The errors of the engine (`regerrs.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Pattern,
    Collation,
    Class,
    Escape,
    Backreference,
    Bracket,
    Parenthesis,
    Brace,
    Bound,
    Range,
    Repeat,
    Option,
}

impl Fault {
    const fn words(self) -> &'static str {
        match self {
            Self::Pattern => "invalid regexp (reg version 0.8)",
            Self::Collation => "invalid collating element",
            Self::Class => "invalid character class",
            Self::Escape => "invalid escape \\ sequence",
            Self::Backreference => "invalid backreference number",
            Self::Bracket => "brackets [] not balanced",
            Self::Parenthesis => "parentheses () not balanced",
            Self::Brace => "braces {} not balanced",
            Self::Bound => "invalid repetition count(s)",
            Self::Range => "invalid character range",
            Self::Repeat => "quantifier operand invalid",
            Self::Option => "invalid embedded option",
        }
    }
}

/// What an open parenthesis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// It captures, under this number.
    Captures(usize),
    /// `(?:`, and any inside of a lookaround.
    Plain,
    /// `(?=` and its relatives: nothing may be repeated.
    Lookaround,
}

/// A parenthesis that is open, and what was written of it; or the pattern as a whole.
struct Level {
    group: Group,
    start: usize,
    /// Where its current branch starts.
    branch: usize,
    /// The ends of its branches so far.
    ends: Vec<usize>,
}

struct Parser<'p> {
    lexer: Lexer<'p>,
    writer: Writer,
    /// The pattern as a whole, or what is read inside of the innermost parenthesis.
    level: Level,
    /// What is around that. A stack of our own: patterns may nest deeper than any thread's.
    around: Vec<Level>,
    lookarounds: usize,
    /// Whether each group is closed, by number; what is not yet cannot be referred to.
    closed: Vec<bool>,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p [u8], version: Version) -> Self {
        Self {
            lexer: Lexer::new(pattern, version),
            writer: Writer::default(),
            level: Level::new(Group::Plain, 0),
            around: Vec::new(),
            lookarounds: 0,
            closed: Vec::new(),
        }
    }

    /// `parse`, `parsebranch` and `parseqatom` in one loop.
    fn parse(mut self) -> Result<Read, Fault> {
        self.lexer.start()?;
        loop {
            let token = self.lexer.token();
            match token.kind {
                Kind::End if self.around.is_empty() => {
                    self.writer.join(&self.level.ends);
                    return Ok(Read {
                        groups: self.closed.len(),
                        steps: self.writer.finish(),
                    });
                }
                Kind::End => return Err(Fault::Parenthesis),
                Kind::Or => {
                    let end = self.writer.end_branch(self.level.branch);
                    self.level.ends.push(end);
                    self.level.branch = self.writer.at();
                    self.lexer.advance()?;
                }
                Kind::Anchor => {
                    self.writer.write(Step::Look(self.anchor(token)));
                    self.lexer.advance()?;
                }
                Kind::Lookaround => {
                    self.writer.give_up();
                    self.enter(Group::Lookaround);
                    self.lookarounds += 1;
                    self.lexer.advance()?;
                }
                Kind::Open => self.open(token.value == 1)?,
                Kind::Close => self.close()?,
                Kind::Times | Kind::BoundStart => return Err(Fault::Repeat),
                Kind::Bracket => {
                    let start = self.writer.at();
                    let set = self.bracket(token.value == 1)?;
                    self.writer.write(Step::Bytes(set));
                    self.quantifier(start)?;
                }
                Kind::Backreference => {
                    let number = usize::try_from(token.value).unwrap_or(usize::MAX);
                    let known = self.closed.get(number.wrapping_sub(1)) == Some(&true);
                    if self.lookarounds > 0 || !known {
                        return Err(Fault::Backreference);
                    }
                    self.writer.give_up();
                    self.lexer.advance()?;
                    self.quantifier(0)?;
                }
                _ => {
                    let start = self.writer.at();
                    self.writer.write(Step::Bytes(self.atom(token)));
                    self.lexer.advance()?;
                    self.quantifier(start)?;
                }
            }
        }
    }

    fn enter(&mut self, group: Group) {
        let level = Level::new(group, self.writer.at());
        self.around.push(core::mem::replace(&mut self.level, level));
    }

    fn open(&mut self, captures: bool) -> Result<(), Fault> {
        if captures && self.lookarounds == 0 {
            self.enter(Group::Captures(self.closed.len()));
            if self.closed.is_empty() {
                self.writer.write(Step::Mark(Mark::Open));
                self.level.branch = self.writer.at();
            }
            self.closed.push(false);
            self.lexer.groups = self.closed.len();
        } else {
            self.enter(Group::Plain);
        }
        self.lexer.advance()
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(around) = self.around.pop() else {
            // An ordinary character in an ERE that is none of PostgreSQL's own.
            if self.lexer.is_advanced() || !self.lexer.is_extended() {
                return Err(Fault::Parenthesis);
            }
            let start = self.writer.at();
            self.writer
                .write(Step::Bytes(ByteSet::of(|byte| byte == b')')));
            self.lexer.advance()?;
            return self.quantifier(start).map(drop);
        };
        let inside = core::mem::replace(&mut self.level, around);
        self.writer.join(&inside.ends);
        self.lexer.advance()?;
        match inside.group {
            Group::Lookaround => {
                self.lookarounds -= 1;
                Ok(())
            }
            Group::Plain => self.quantifier(inside.start).map(drop),
            Group::Captures(number) => {
                if number == 0 {
                    self.writer.write(Step::Mark(Mark::Close));
                }
                self.closed[number] = true;
                let gone = self.quantifier(inside.start)?;
                if gone && self.lexer.version < Version::V14 {
                    self.closed[number] = false;
                }
                Ok(())
            }
        }
    }

    fn anchor(&self, token: Token) -> Look {
        match u8::try_from(token.value) {
            Ok(b'^') if self.lexer.newline_anchors => Look::LineStart,
            Ok(b'^' | b'A') => Look::TextStart,
            Ok(b'$') if self.lexer.newline_anchors => Look::LineEnd,
            Ok(b'<' | b'm') => Look::WordStart,
            Ok(b'>' | b'M') => Look::WordEnd,
            Ok(b'y') => Look::WordEdge,
            Ok(b'Y') => Look::NoWordEdge,
            _ => Look::TextEnd,
        }
    }

    /// A character, `.`, or one of the escapes that stand for many.
    fn atom(&self, token: Token) -> ByteSet {
        let stops = self.lexer.newline_stops;
        match token.kind {
            Kind::Any => ByteSet::of(|byte| !(stops && byte == b'\n')),
            Kind::Shorthand => {
                // Complements too stopped at a newline before 14.
                let stops =
                    stops && self.lexer.version < Version::V14 && token.value != u32::from(b'S');
                self.shorthand(token, stops)
            }
            _ => self.range(token.value, token.value),
        }
    }

    /// `\d` and its relatives.
    fn shorthand(&self, token: Token, stops: bool) -> ByteSet {
        let letter = u8::try_from(token.value).unwrap_or_default();
        let class: &[u8] = match letter.to_ascii_lowercase() {
            b'd' => b"digit",
            b's' => b"space",
            _ => b"word",
        };
        let mut set = ByteSet::of_class(class).unwrap_or_default();
        if letter.is_ascii_uppercase() {
            if stops {
                set.add(b'\n');
            }
            set = set.complement();
        }
        set
    }

    /// From one character to another. There are no others than bytes.
    fn range(&self, from: u32, to: u32) -> ByteSet {
        let set = ByteSet::of(|byte| (from..=to).contains(&u32::from(byte)));
        if self.lexer.both_cases {
            set.in_both_cases()
        } else {
            set
        }
    }

    /// What may follow an atom, which was written from `start` on; true where it takes the atom away (`{0}`).
    fn quantifier(&mut self, start: usize) -> Result<bool, Fault> {
        let (least, most) = match self.lexer.token().kind {
            Kind::Times => {
                let bounds = match u8::try_from(self.lexer.token().value) {
                    Ok(b'+') => (1, None),
                    Ok(b'?') => (0, Some(1)),
                    _ => (0, None),
                };
                self.lexer.advance()?;
                bounds
            }
            Kind::BoundStart => self.bound()?,
            _ => return Ok(false),
        };
        self.writer.repeat(start, least, most);
        Ok(most == Some(0))
    }

    /// `{m,n}`
    fn bound(&mut self) -> Result<(u32, Option<u32>), Fault> {
        self.lexer.advance()?;
        let least = self.number()?;
        let mut most = Some(least);
        if self.lexer.token().kind == Kind::Comma {
            self.lexer.advance()?;
            most = match self.lexer.token().kind {
                Kind::Digit => Some(self.number()?),
                _ => None,
            };
        }
        if most.is_some_and(|most| least > most) || self.lexer.token().kind != Kind::BoundEnd {
            return Err(Fault::Bound);
        }
        self.lexer.advance()?;
        Ok((least, most))
    }

    /// `scannum`
    fn number(&mut self) -> Result<u32, Fault> {
        let mut number = 0;
        while self.lexer.token().kind == Kind::Digit && number < MAX_REPEAT {
            number = number * 10 + self.lexer.token().value;
            self.lexer.advance()?;
        }
        if self.lexer.token().kind == Kind::Digit || number > MAX_REPEAT {
            return Err(Fault::Bound);
        }
        Ok(number)
    }

    /// From `[` to behind its `]`.
    fn bracket(&mut self, complement: bool) -> Result<ByteSet, Fault> {
        let mut set = ByteSet::default();
        self.lexer.advance()?;
        while self.lexer.token().kind != Kind::BracketEnd {
            let part = self.bracket_part()?;
            set.add_all(part);
        }
        self.lexer.advance()?;
        if complement {
            if self.lexer.newline_stops {
                set.add(b'\n');
            }
            set = set.complement();
        }
        Ok(set)
    }

    /// `brackpart`
    fn bracket_part(&mut self) -> Result<ByteSet, Fault> {
        let token = self.lexer.token();
        let from = match token.kind {
            Kind::Plain => {
                self.lexer.advance()?;
                token.value
            }
            Kind::Element => self.element()?,
            Kind::Equivalence => {
                let of = self.element()?;
                return Ok(self.range(of, of));
            }
            Kind::Class => return self.class(),
            Kind::Shorthand => {
                self.lexer.advance()?;
                let mut set = self.shorthand(token, false);
                // Before 14 it was read as the text `[:alnum:]_`, whose end may begin a range (`brbackw`).
                if token.value == u32::from(b'w') && self.lexer.version < Version::V14 {
                    set.add_all(self.range_from(u32::from(b'_'))?);
                }
                return Ok(set);
            }
            _ => return Err(Fault::Range),
        };
        self.range_from(from)
    }

    /// A character in brackets, or a range that begins with it.
    fn range_from(&mut self, from: u32) -> Result<ByteSet, Fault> {
        let mut to = from;
        if self.lexer.token().kind == Kind::Range {
            self.lexer.advance()?;
            let token = self.lexer.token();
            to = match token.kind {
                Kind::Plain | Kind::Range => {
                    self.lexer.advance()?;
                    token.value
                }
                Kind::Element => self.element()?,
                _ => return Err(Fault::Range),
            };
        }
        if from > to {
            return Err(Fault::Range);
        }
        Ok(self.range(from, to))
    }

    /// The members of `[:name:]`.
    fn class(&mut self) -> Result<ByteSet, Fault> {
        let name = match self.lexer.name()? {
            b"word" if self.lexer.version < Version::V14 => return Err(Fault::Class),
            b"lower" | b"upper" if self.lexer.both_cases => b"alpha",
            name => name,
        };
        ByteSet::of_class(name).ok_or(Fault::Class)
    }

    /// The character that `[.x.]` stands for.
    fn element(&mut self) -> Result<u32, Fault> {
        let name = self.lexer.name()?;
        if let [byte] = name {
            return Ok(u32::from(*byte));
        }
        let found = ELEMENTS.iter().find(|(known, _)| known.as_bytes() == name);
        found
            .map(|(_, byte)| u32::from(*byte))
            .ok_or(Fault::Collation)
    }
}

impl Level {
    const fn new(group: Group, start: usize) -> Self {
        Self {
            group,
            start,
            branch: start,
            ends: Vec::new(),
        }
    }
}

/// `DUPMAX`
const MAX_REPEAT: u32 = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[test]
    fn what_postgresql_says_against_a_pattern() {
        // Each of these was put to PostgreSQL 16.
        for (pattern, words) in [
            ("(a", "parentheses () not balanced"),
            ("a)", "parentheses () not balanced"),
            ("[a", "brackets [] not balanced"),
            ("[[:alpha:]", "brackets [] not balanced"),
            ("*a", "quantifier operand invalid"),
            ("a**", "quantifier operand invalid"),
            ("^*", "quantifier operand invalid"),
            ("{1}", "quantifier operand invalid"),
            ("(?", "quantifier operand invalid"),
            ("a\\", "invalid escape \\ sequence"),
            ("\\q", "invalid escape \\ sequence"),
            ("[\\y]", "invalid escape \\ sequence"),
            ("a{2,1}", "invalid repetition count(s)"),
            ("a{256}", "invalid repetition count(s)"),
            ("a{1x}", "invalid repetition count(s)"),
            ("a{1", "braces {} not balanced"),
            ("[b-a]", "invalid character range"),
            ("[a-c-e]", "invalid character range"),
            ("[a-\\d]", "invalid character range"),
            ("[[:foo:]]", "invalid character class"),
            ("[[.foo.]]", "invalid collating element"),
            ("\\1", "invalid backreference number"),
            ("(a\\1)", "invalid backreference number"),
            ("(a)(?=\\1)", "invalid backreference number"),
            ("(?z)a", "invalid embedded option"),
            ("***?", "invalid regexp (reg version 0.8)"),
            ("***x", "quantifier operand invalid"),
        ] {
            assert_eq!(
                fault(pattern.as_bytes(), Version::V16),
                Some(words),
                "{pattern}"
            );
        }
        for pattern in [
            "",
            "^a$",
            "[]a]",
            "[^]]",
            r"\(",
            "[[:alpha:]]",
            "(a)",
            "a|",
            "()",
            "x{",
            "x{,2}",
            "a+?",
            "a{1,}?",
            "(a)\\1",
            "***=(",
            "***:a",
            "(?x)a # (",
            "(?#(",
            "(?e)a)",
            "(?b)*\\(a\\)\\1\\{2\\}",
            "[[:<:]]a",
            "[[.zero.]-9]",
            "\\x41\\u00e9\\U00000041\\101\\ca",
            "[a-]",
            "[--a]",
            "(?i)x",
            "(?q)(",
            "(?<=a)b",
            "a{0}",
            "[\\D]",
        ] {
            assert_eq!(fault(pattern.as_bytes(), Version::V16), None, "{pattern}");
        }
    }

    #[test]
    fn versions_differ_a_little() {
        for (pattern, words) in [
            ("[[:word:]]", "invalid character class"),
            ("[\\D]", "invalid escape \\ sequence"),
            ("(a){0}\\1", "invalid backreference number"),
        ] {
            let said = |version| fault(pattern.as_bytes(), version);
            assert_eq!(
                (said(Version::V13), said(Version::V14)),
                (Some(words), None),
                "{pattern}"
            );
        }
        let words = "invalid character range";
        for (pattern, old, new) in [
            (r"[\w-]", None, None),
            (r"[\w-z]", None, Some(words)),
            (r"[\w-A]", Some(words), Some(words)),
            (r"[\w-\d]", Some(words), Some(words)),
            (r"[\d-z]", Some(words), Some(words)),
        ] {
            let said = |version| fault(pattern.as_bytes(), version);
            assert_eq!(
                (said(Version::V13), said(Version::V14)),
                (old, new),
                "{pattern}"
            );
        }
    }

    #[test]
    fn depth_is_no_matter() {
        let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(fault(deep.as_bytes(), Version::V16), None);
    }

    proptest! {
        #[test]
        fn any_pattern_is_read_to_its_end(pattern in "[a-c0-9\\\\\\[\\](){}*+?|^$.:=!<,#x -]{0,24}") {
            for version in [Version::V12, Version::V18] {
                fault(pattern.as_bytes(), version);
            }
        }
    }
}
