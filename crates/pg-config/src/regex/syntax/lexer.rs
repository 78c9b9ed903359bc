//! A regular expression as tokens (`regc_lex.c`): PostgreSQL's own (ARE), and what the prefixes `***`, `(?b)`, `(?e)`
//! and `(?q)` turn it into.

use super::Fault;
use crate::Version;

/// A token, and what it carries: a character, a number, a flag; of `*`, `^`, `\\d` and their like the character that tells
/// them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) value: u32,
}

/// What a token is. Kinds that the parser treats alike are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Before the first one (`EMPTY`).
    Start,
    /// The end of the pattern (`EOS`).
    End,
    Plain,
    Digit,
    Comma,
    Or,
    /// `*`, `+`, `?`, greedy or not.
    Times,
    BoundStart,
    BoundEnd,
    /// `(`; the value is 1 where it captures.
    Open,
    Close,
    Lookaround,
    /// `^`, `$`, edges of words: nothing that could be repeated.
    Anchor,
    /// `.`
    Any,
    Backreference,
    /// `\d` and its relatives (`CCLASSS`, `CCLASSC`).
    Shorthand,
    /// `[`; the value is 1 where what is not in it is meant.
    Bracket,
    BracketEnd,
    /// `-` between two ends.
    Range,
    /// `[.`
    Element,
    /// `[=`
    Equivalence,
    /// `[:`
    Class,
    /// `.]`, `=]`, `:]`
    NameEnd,
}

/// Where in a pattern the next character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Extended,
    Basic,
    Literal,
    ExtendedBound,
    BasicBound,
    Bracket,
    /// Inside `[.`, `[=` or `[:`, until this byte and `]`.
    Name(u8),
}

pub(super) struct Lexer<'p> {
    pattern: &'p [u8],
    at: usize,
    pub(super) version: Version,
    /// How many groups capture so far: `\12` is a reference only where there are so many.
    pub(super) groups: usize,
    context: Context,
    token: Token,
    extended: bool,
    advanced: bool,
    quote: bool,
    /// Blanks and comments are skipped (`(?x)`).
    expanded: bool,
    /// Letters stand for either case (`(?i)`).
    pub(super) both_cases: bool,
    /// `.` and complements of lists take no newline (`REG_NLSTOP`).
    pub(super) newline_stops: bool,
    /// `^` and `$` are the ends of lines (`REG_NLANCH`).
    pub(super) newline_anchors: bool,
}

impl<'p> Lexer<'p> {
    pub(super) const fn new(pattern: &'p [u8], version: Version) -> Self {
        Self {
            pattern,
            at: 0,
            version,
            groups: 0,
            context: Context::Extended,
            token: Token {
                kind: Kind::Start,
                value: 0,
            },
            extended: true,
            advanced: true,
            quote: false,
            expanded: false,
            both_cases: false,
            newline_stops: false,
            newline_anchors: false,
        }
    }

    pub(super) const fn token(&self) -> Token {
        self.token
    }

    pub(super) const fn is_extended(&self) -> bool {
        self.extended
    }

    pub(super) const fn is_advanced(&self) -> bool {
        self.extended && self.advanced
    }

    /// Reads the prefixes and the first token (`lexstart`).
    pub(super) fn start(&mut self) -> Result<(), Fault> {
        self.prefixes()?;
        self.context = self.outside();
        self.advance()
    }

    /// The name inside `[.`, `[=` or `[:`; the token behind its end is read (`scanplain`).
    pub(super) fn name(&mut self) -> Result<&'p [u8], Fault> {
        let start = self.at;
        self.advance()?;
        let mut end = self.at;
        while self.token.kind == Kind::Plain {
            end = self.at;
            self.advance()?;
        }
        self.advance()?;
        Ok(&self.pattern[start..end])
    }

    const fn outside(&self) -> Context {
        match (self.quote, self.extended) {
            (true, _) => Context::Literal,
            (false, true) => Context::Extended,
            (false, false) => Context::Basic,
        }
    }

    fn rest(&self) -> &'p [u8] {
        &self.pattern[self.at..]
    }

    /// `prefixes`
    fn prefixes(&mut self) -> Result<(), Fault> {
        if let [b'*', b'*', b'*', kind, ..] = self.rest() {
            match kind {
                b'?' => return Err(Fault::Pattern),
                b'=' => {
                    self.quote = true;
                    self.extended = false;
                    self.advanced = false;
                    self.at += 4;
                    return Ok(());
                }
                b':' => self.at += 4,
                _ => return Err(Fault::Repeat),
            }
        }
        if !matches!(self.rest(), [b'(', b'?', letter, ..] if letter.is_ascii_alphabetic()) {
            return Ok(());
        }
        self.at += 2;
        while let Some(&letter) = self.rest().first().filter(|b| b.is_ascii_alphabetic()) {
            match letter {
                b'b' => (self.extended, self.advanced, self.quote) = (false, false, false),
                b'e' => (self.extended, self.advanced, self.quote) = (true, false, false),
                b'q' => (self.extended, self.advanced, self.quote) = (false, false, true),
                b't' => self.expanded = false,
                b'x' => self.expanded = true,
                b'c' => self.both_cases = false,
                b'i' => self.both_cases = true,
                b'm' | b'n' => (self.newline_stops, self.newline_anchors) = (true, true),
                b'p' => (self.newline_stops, self.newline_anchors) = (true, false),
                b'w' => (self.newline_stops, self.newline_anchors) = (false, true),
                b's' => (self.newline_stops, self.newline_anchors) = (false, false),
                _ => return Err(Fault::Option),
            }
            self.at += 1;
        }
        if !self.eat(b')') {
            return Err(Fault::Option);
        }
        self.expanded &= !self.quote;
        Ok(())
    }

    /// Takes the next byte if it is this one.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest().first() == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.rest().first().copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    /// Reads the next token (`next`).
    pub(super) fn advance(&mut self) -> Result<(), Fault> {
        let (kind, value) = loop {
            if self.expanded
                && !matches!(
                    self.context,
                    Context::Literal | Context::Bracket | Context::Name(_)
                )
            {
                self.skip();
            }
            let Some(byte) = self.take() else {
                break match self.context {
                    Context::Extended | Context::Basic | Context::Literal => (Kind::End, 0),
                    Context::ExtendedBound | Context::BasicBound => return Err(Fault::Brace),
                    Context::Bracket | Context::Name(_) => return Err(Fault::Bracket),
                };
            };
            let context = self.context;
            break match context {
                Context::Literal => plain(byte),
                Context::ExtendedBound | Context::BasicBound => self.bound(byte)?,
                Context::Bracket => self.bracket(byte)?,
                Context::Name(end) if byte == end && self.eat(b']') => {
                    self.context = Context::Bracket;
                    (Kind::NameEnd, 0)
                }
                Context::Name(_) => plain(byte),
                Context::Basic => self.basic(byte)?,
                Context::Extended => match self.extended(byte)? {
                    Some(found) => found,
                    None => continue,
                },
            };
        };
        self.token = Token { kind, value };
        Ok(())
    }

    fn skip(&mut self) {
        loop {
            let blank = |b: &&u8| matches!(**b, b' ' | b'\t'..=b'\r');
            self.at += self.rest().iter().take_while(blank).count();
            if self.rest().first() != Some(&b'#') {
                return;
            }
            self.at += self.rest().iter().take_while(|&&b| b != b'\n').count();
        }
    }

    fn bound(&mut self, byte: u8) -> Result<(Kind, u32), Fault> {
        match (byte, self.context) {
            (b'0'..=b'9', _) => Ok((Kind::Digit, u32::from(byte - b'0'))),
            (b',', _) => Ok((Kind::Comma, 0)),
            (b'}', Context::ExtendedBound) => {
                self.context = Context::Extended;
                if self.advanced {
                    self.eat(b'?');
                }
                Ok((Kind::BoundEnd, 0))
            }
            (b'\\', Context::BasicBound) if self.eat(b'}') => {
                self.context = Context::Basic;
                Ok((Kind::BoundEnd, 0))
            }
            _ => Err(Fault::Bound),
        }
    }

    fn bracket(&mut self, byte: u8) -> Result<(Kind, u32), Fault> {
        let first = self.token.kind == Kind::Bracket;
        Ok(match byte {
            b']' if !first => {
                self.context = self.outside();
                (Kind::BracketEnd, 0)
            }
            b'\\' if self.advanced => {
                if self.rest().is_empty() {
                    return Err(Fault::Escape);
                }
                let complement = matches!(self.rest().first(), Some(b'D' | b'S' | b'W'));
                match self.escape()? {
                    (Kind::Shorthand, _) if complement && self.version < Version::V14 => {
                        return Err(Fault::Escape);
                    }
                    found @ (Kind::Plain | Kind::Shorthand, _) => found,
                    _ => return Err(Fault::Escape),
                }
            }
            b'-' if !first && self.rest().first() != Some(&b']') => (Kind::Range, u32::from(byte)),
            b'[' => {
                let kind = match self.rest().first() {
                    None => return Err(Fault::Bracket),
                    Some(b'.') => Kind::Element,
                    Some(b'=') => Kind::Equivalence,
                    Some(b':') => Kind::Class,
                    Some(_) => return Ok(plain(byte)),
                };
                if let Some(end) = self.take() {
                    self.context = Context::Name(end);
                }
                (kind, 0)
            }
            _ => plain(byte),
        })
    }

    /// `[` outside of brackets: the start of a list, or one of the edges of words.
    fn list(&mut self) -> (Kind, u32) {
        if let [b'[', b':', edge @ (b'<' | b'>'), b':', b']', b']', ..] = self.rest() {
            let edge = u32::from(*edge);
            self.at += 6;
            return (Kind::Anchor, edge);
        }
        self.context = Context::Bracket;
        (Kind::Bracket, u32::from(self.eat(b'^')))
    }

    /// `brenext`
    fn basic(&mut self, byte: u8) -> Result<(Kind, u32), Fault> {
        let last = self.token.kind;
        Ok(match byte {
            b'*' if !matches!(last, Kind::Start | Kind::Open | Kind::Or) => {
                (Kind::Times, u32::from(byte))
            }
            b'[' => self.list(),
            b'.' => (Kind::Any, 0),
            b'^' if matches!(last, Kind::Start | Kind::Open) => (Kind::Anchor, u32::from(byte)),
            b'$' => {
                if self.expanded {
                    self.skip();
                }
                match self.rest() {
                    [] | [b'\\', b')', ..] => (Kind::Anchor, u32::from(byte)),
                    _ => plain(byte),
                }
            }
            b'\\' => match self.take().ok_or(Fault::Escape)? {
                b'{' => {
                    self.context = Context::BasicBound;
                    (Kind::BoundStart, 0)
                }
                b'(' => (Kind::Open, 1),
                b')' => (Kind::Close, 0),
                edge @ (b'<' | b'>') => (Kind::Anchor, u32::from(edge)),
                digit @ b'1'..=b'9' => (Kind::Backreference, u32::from(digit - b'0')),
                other => plain(other),
            },
            _ => plain(byte),
        })
    }

    /// A token of an ERE or ARE; none behind a comment.
    fn extended(&mut self, byte: u8) -> Result<Option<(Kind, u32)>, Fault> {
        Ok(Some(match byte {
            b'|' => (Kind::Or, 0),
            b'*' | b'+' | b'?' => {
                if self.advanced {
                    self.eat(b'?');
                }
                (Kind::Times, u32::from(byte))
            }
            b'{' => {
                if self.expanded {
                    self.skip();
                }
                if self.rest().first().is_some_and(u8::is_ascii_digit) {
                    self.context = Context::ExtendedBound;
                    (Kind::BoundStart, 0)
                } else {
                    plain(byte)
                }
            }
            b'(' if self.advanced && self.eat(b'?') => match self.take() {
                Some(b':') => (Kind::Open, 0),
                Some(b'#') => {
                    self.at += self.rest().iter().take_while(|&&b| b != b')').count();
                    self.eat(b')');
                    return Ok(None);
                }
                Some(b'=' | b'!') => (Kind::Lookaround, 0),
                Some(b'<') if matches!(self.take(), Some(b'=' | b'!')) => (Kind::Lookaround, 0),
                _ => return Err(Fault::Repeat),
            },
            b'(' => (Kind::Open, 1),
            b')' => (Kind::Close, 0),
            b'[' => self.list(),
            b'.' => (Kind::Any, 0),
            b'^' | b'$' => (Kind::Anchor, u32::from(byte)),
            b'\\' if self.rest().is_empty() => return Err(Fault::Escape),
            b'\\' if self.advanced => self.escape()?,
            b'\\' => plain(self.take().unwrap_or(byte)),
            _ => plain(byte),
        }))
    }

    /// Behind a backslash, which is not the last byte (`lexescape`).
    fn escape(&mut self) -> Result<(Kind, u32), Fault> {
        let byte = self.take().ok_or(Fault::Escape)?;
        let character = |value| Ok((Kind::Plain, value));
        match byte {
            b'a' => character(7),
            b'b' => character(8),
            b'B' => character(u32::from(b'\\')),
            b'c' => {
                let byte = self.take().ok_or(Fault::Escape)?;
                character(u32::from(byte & 0o37))
            }
            b'e' => character(27),
            b'f' => character(12),
            b'n' => character(10),
            b'r' => character(13),
            b't' => character(9),
            b'v' => character(11),
            b'u' => character(self.digits(16, 4, 4)?),
            b'U' => self.in_range(8, 8),
            b'x' => self.in_range(1, 255),
            b'd' | b'D' | b's' | b'S' | b'w' | b'W' => Ok((Kind::Shorthand, u32::from(byte))),
            b'A' | b'm' | b'M' | b'y' | b'Y' | b'Z' => Ok((Kind::Anchor, u32::from(byte))),
            b'1'..=b'9' => {
                let behind_first = self.at;
                self.at -= 1;
                let number = self.digits(10, 1, 255)?;
                let known =
                    number > 0 && usize::try_from(number).is_ok_and(|number| number <= self.groups);
                if self.at == behind_first || known {
                    return Ok((Kind::Backreference, number));
                }
                self.at = behind_first;
                self.octal()
            }
            b'0' => self.octal(),
            byte if byte.is_ascii_alphabetic() => Err(Fault::Escape),
            byte => Ok(plain(byte)),
        }
    }

    fn in_range(&mut self, least: usize, most: usize) -> Result<(Kind, u32), Fault> {
        let value = self.digits(16, least, most)?;
        if value > MAX_CHARACTER {
            return Err(Fault::Escape);
        }
        Ok((Kind::Plain, value))
    }

    /// Up to three digits, of which the first is taken already.
    fn octal(&mut self) -> Result<(Kind, u32), Fault> {
        self.at -= 1;
        let mut value = self.digits(8, 1, 3)?;
        if value > 0xff {
            self.at -= 1;
            value >>= 3;
        }
        Ok((Kind::Plain, value))
    }

    /// `lexdigits`: the number wraps around as its C type does.
    fn digits(&mut self, base: u32, least: usize, most: usize) -> Result<u32, Fault> {
        let mut value = 0_u32;
        let mut length = 0;
        while length < most {
            let digit = self
                .rest()
                .first()
                .and_then(|&b| char::from(b).to_digit(base));
            let Some(digit) = digit else { break };
            value = value.wrapping_mul(base).wrapping_add(digit);
            self.at += 1;
            length += 1;
        }
        if length < least {
            Err(Fault::Escape)
        } else {
            Ok(value)
        }
    }
}

fn plain(byte: u8) -> (Kind, u32) {
    (Kind::Plain, u32::from(byte))
}

/// `CHR_MAX`
const MAX_CHARACTER: u32 = 0x7fff_fffe;
