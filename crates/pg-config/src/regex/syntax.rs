//! What PostgreSQL says against a regular expression: the lexer and the parser of its engine without the machine that
//! they build (`regc_lex.c`, `regcomp.c`). Expressions are bytes, as they are to the postmaster, which belongs to no
//! database. What only shows when the machine is built ("too complex") is not seen.

mod lexer;

use alloc::vec::Vec;

use crate::Version;
use lexer::{Kind, Lexer};

/// What PostgreSQL says against the pattern, if anything (`regerror`).
pub(crate) fn fault(pattern: &[u8], version: Version) -> Option<&'static str> {
    let fault = Parser::new(pattern, version).parse().err()?;
    Some(fault.words())
}

/// The errors of the engine (`regerrs.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
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

struct Parser<'p> {
    lexer: Lexer<'p>,
    /// The parentheses that are open. A stack of our own: patterns may nest deeper than any thread's.
    open: Vec<Group>,
    lookarounds: usize,
    /// Whether each group is closed, by number; what is not yet cannot be referred to.
    closed: Vec<bool>,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p [u8], version: Version) -> Self {
        Self {
            lexer: Lexer::new(pattern, version),
            open: Vec::new(),
            lookarounds: 0,
            closed: Vec::new(),
        }
    }

    /// `parse`, `parsebranch` and `parseqatom` in one loop.
    fn parse(mut self) -> Result<(), Fault> {
        self.lexer.start()?;
        loop {
            let token = self.lexer.token();
            match token.kind {
                Kind::End if self.open.is_empty() => return Ok(()),
                Kind::End => return Err(Fault::Parenthesis),
                Kind::Or | Kind::Anchor => self.lexer.advance()?,
                Kind::Lookaround => {
                    self.open.push(Group::Lookaround);
                    self.lookarounds += 1;
                    self.lexer.advance()?;
                }
                Kind::Open => self.open(token.value == 1)?,
                Kind::Close => self.close()?,
                Kind::Times | Kind::BoundStart => return Err(Fault::Repeat),
                Kind::Bracket => {
                    self.bracket()?;
                    self.quantifier()?;
                }
                Kind::Backreference => {
                    let number = usize::try_from(token.value).unwrap_or(usize::MAX);
                    let known = self.closed.get(number.wrapping_sub(1)) == Some(&true);
                    if self.lookarounds > 0 || !known {
                        return Err(Fault::Backreference);
                    }
                    self.lexer.advance()?;
                    self.quantifier()?;
                }
                _ => {
                    self.lexer.advance()?;
                    self.quantifier()?;
                }
            }
        }
    }

    fn open(&mut self, captures: bool) -> Result<(), Fault> {
        self.open.push(if captures && self.lookarounds == 0 {
            self.closed.push(false);
            self.lexer.groups = self.closed.len();
            Group::Captures(self.closed.len() - 1)
        } else {
            Group::Plain
        });
        self.lexer.advance()
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(group) = self.open.pop() else {
            // An ordinary character in an ERE that is none of PostgreSQL's own.
            if self.lexer.is_advanced() || !self.lexer.is_extended() {
                return Err(Fault::Parenthesis);
            }
            self.lexer.advance()?;
            return self.quantifier().map(drop);
        };
        self.lexer.advance()?;
        match group {
            Group::Lookaround => {
                self.lookarounds -= 1;
                Ok(())
            }
            Group::Plain => self.quantifier().map(drop),
            Group::Captures(number) => {
                self.closed[number] = true;
                let gone = self.quantifier()?;
                if gone && self.lexer.version < Version::V14 {
                    self.closed[number] = false;
                }
                Ok(())
            }
        }
    }

    /// What may follow an atom; true where it takes the atom away (`{0}`).
    fn quantifier(&mut self) -> Result<bool, Fault> {
        match self.lexer.token().kind {
            Kind::Times => self.lexer.advance().map(|()| false),
            Kind::BoundStart => {
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
                if most.is_some_and(|most| least > most)
                    || self.lexer.token().kind != Kind::BoundEnd
                {
                    return Err(Fault::Bound);
                }
                self.lexer.advance()?;
                Ok(most == Some(0))
            }
            _ => Ok(false),
        }
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
    fn bracket(&mut self) -> Result<(), Fault> {
        self.lexer.advance()?;
        while self.lexer.token().kind != Kind::BracketEnd {
            self.bracket_part()?;
        }
        self.lexer.advance()
    }

    /// `brackpart`
    fn bracket_part(&mut self) -> Result<(), Fault> {
        let token = self.lexer.token();
        let from = match token.kind {
            Kind::Plain => {
                self.lexer.advance()?;
                if self.lexer.token().kind != Kind::Range {
                    return Ok(());
                }
                token.value
            }
            Kind::Element => self.element()?,
            Kind::Equivalence => return self.element().map(drop),
            Kind::Class => {
                let name = self.lexer.name()?;
                let known = CLASSES.contains(&name)
                    || name == b"word" && self.lexer.version >= Version::V14;
                return if known { Ok(()) } else { Err(Fault::Class) };
            }
            Kind::Shorthand => return self.lexer.advance(),
            _ => return Err(Fault::Range),
        };
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
        if from > to { Err(Fault::Range) } else { Ok(()) }
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

/// `DUPMAX`
const MAX_REPEAT: u32 = 255;

/// The classes of characters.
const CLASSES: [&[u8]; 13] = [
    b"alnum", b"alpha", b"ascii", b"blank", b"cntrl", b"digit", b"graph", b"lower", b"print",
    b"punct", b"space", b"upper", b"xdigit",
];

/// The characters that have names (`regc_locale.c`, `cnames`).
const ELEMENTS: &[(&str, u8)] = &[
    ("NUL", 0),
    ("SOH", 1),
    ("STX", 2),
    ("ETX", 3),
    ("EOT", 4),
    ("ENQ", 5),
    ("ACK", 6),
    ("BEL", 7),
    ("alert", 7),
    ("BS", 8),
    ("backspace", 8),
    ("HT", 9),
    ("tab", 9),
    ("LF", 10),
    ("newline", 10),
    ("VT", 11),
    ("vertical-tab", 11),
    ("FF", 12),
    ("form-feed", 12),
    ("CR", 13),
    ("carriage-return", 13),
    ("SO", 14),
    ("SI", 15),
    ("DLE", 16),
    ("DC1", 17),
    ("DC2", 18),
    ("DC3", 19),
    ("DC4", 20),
    ("NAK", 21),
    ("SYN", 22),
    ("ETB", 23),
    ("CAN", 24),
    ("EM", 25),
    ("SUB", 26),
    ("ESC", 27),
    ("IS4", 28),
    ("FS", 28),
    ("IS3", 29),
    ("GS", 29),
    ("IS2", 30),
    ("RS", 30),
    ("IS1", 31),
    ("US", 31),
    ("space", b' '),
    ("exclamation-mark", b'!'),
    ("quotation-mark", b'"'),
    ("number-sign", b'#'),
    ("dollar-sign", b'$'),
    ("percent-sign", b'%'),
    ("ampersand", b'&'),
    ("apostrophe", b'\''),
    ("left-parenthesis", b'('),
    ("right-parenthesis", b')'),
    ("asterisk", b'*'),
    ("plus-sign", b'+'),
    ("comma", b','),
    ("hyphen", b'-'),
    ("hyphen-minus", b'-'),
    ("period", b'.'),
    ("full-stop", b'.'),
    ("slash", b'/'),
    ("solidus", b'/'),
    ("zero", b'0'),
    ("one", b'1'),
    ("two", b'2'),
    ("three", b'3'),
    ("four", b'4'),
    ("five", b'5'),
    ("six", b'6'),
    ("seven", b'7'),
    ("eight", b'8'),
    ("nine", b'9'),
    ("colon", b':'),
    ("semicolon", b';'),
    ("less-than-sign", b'<'),
    ("equals-sign", b'='),
    ("greater-than-sign", b'>'),
    ("question-mark", b'?'),
    ("commercial-at", b'@'),
    ("left-square-bracket", b'['),
    ("backslash", b'\\'),
    ("reverse-solidus", b'\\'),
    ("right-square-bracket", b']'),
    ("circumflex", b'^'),
    ("circumflex-accent", b'^'),
    ("underscore", b'_'),
    ("low-line", b'_'),
    ("grave-accent", b'`'),
    ("left-brace", b'{'),
    ("left-curly-bracket", b'{'),
    ("vertical-line", b'|'),
    ("right-brace", b'}'),
    ("right-curly-bracket", b'}'),
    ("tilde", b'~'),
    ("DEL", 127),
];

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
