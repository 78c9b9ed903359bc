//! From the text of one logical line to its tokens (`hba.c`, `next_field_expand`, `next_token`). Where a line begins
//! and ends is the `Tokenizer`'s business.

use alloc::borrow::Cow;

use memchr::memchr;

use super::{Line, Token};
use crate::Version;
use crate::text::Span;

/// How a version of PostgreSQL splits lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Splitter {
    classes: &'static Classes,
    /// Tokens of so many bytes are too long.
    limit: usize,
}

impl Splitter {
    /// As this version does.
    pub(super) fn new(version: Version) -> Self {
        Self {
            classes: match version < Version::V19 {
                true => &CLASSES,
                false => &CLASSES_V19,
            },
            limit: match version < Version::V16 {
                true => TOKEN_BUFFER,
                false => usize::MAX,
            },
        }
    }

    /// Adds the tokens of a text to a line. They stand in the file where the text does, which begins at `start`.
    pub(super) fn split<'t>(
        self,
        text: &'t [u8],
        start: usize,
        line: &mut Line<'t>,
    ) -> Result<(), &'static str> {
        let mut rest = text;
        loop {
            rest = &rest[self.gap(rest)..];
            let start = start + text.len() - rest.len();
            let plain = self.plain(rest);
            // Nearly every token has no quote in it.
            let (text, length) = match rest.get(plain) {
                Some(b'"') => self.unquoted(rest, plain)?,
                _ => (Cow::Borrowed(&rest[..plain]), plain),
            };
            let (spelled, behind) = rest.split_at(length);
            // A line ends where it ends as it does at a comment.
            let stop = behind
                .first()
                .map_or(Class::Comment, |byte| self.class(*byte));
            // The comma that ends a token has to go into the buffer with it, a blank has not.
            self.fits(text.len() + usize::from(stop == Class::Comma))?;
            if let Some(first) = spelled.first() {
                line.push(Token {
                    text,
                    quoted: *first == b'"',
                    span: Span::new(start, start + length),
                    ends_field: stop != Class::Comma,
                });
            }
            if stop == Class::Comment {
                return Ok(());
            }
            rest = behind;
        }
    }

    /// The token that a text begins with and that has its first quote at `at`, without quotes; and the length of it with
    /// them. Apart, so that the loop above stays small.
    #[inline(never)]
    fn unquoted<'t>(
        self,
        text: &[u8],
        mut at: usize,
    ) -> Result<(Cow<'t, [u8]>, usize), &'static str> {
        let mut token = text[..at].to_vec();
        let (mut in_quote, mut was_quote) = (false, false);
        while text.get(at) == Some(&b'"') {
            self.fits(token.len() + 1)?;
            // A second one right behind the one that closes stands for itself.
            if was_quote {
                token.push(b'"');
            }
            was_quote = in_quote && !was_quote;
            in_quote = !in_quote;
            at += 1;
            let rest = &text[at..];
            let run = match in_quote {
                true => memchr(b'"', rest).unwrap_or(rest.len()),
                false => self.plain(rest),
            };
            token.extend_from_slice(&rest[..run]);
            was_quote &= run == 0;
            at += run;
        }
        Ok((Cow::Owned(token), at))
    }

    /// Whether so many bytes go into the buffer for a token, which has a size until 15.
    const fn fits(self, length: usize) -> Result<(), &'static str> {
        match length >= self.limit {
            true => Err("authentication file token too long"),
            false => Ok(()),
        }
    }

    /// How many blanks and commas come first.
    fn gap(self, text: &[u8]) -> usize {
        let mut at = spaces(text);
        while let Some(byte) = text.get(at)
            && matches!(self.class(*byte), Class::Blank | Class::Comma)
        {
            at += 1 + spaces(&text[at + 1..]);
        }
        at
    }

    /// How many bytes come first that stand for themselves. Eight are looked at together: none that does not is above
    /// the comma.
    fn plain(self, text: &[u8]) -> usize {
        let ends = |byte: &u8| self.class(*byte) != Class::Plain;
        let mut rest = text;
        while let Some((eight, behind)) = rest.split_first_chunk() {
            let word = u64::from_le_bytes(*eight);
            // The highest bit of each byte up to the comma, exact up to the first of them.
            let low = word.wrapping_sub(EACH * 0x2d) & !word & (EACH * 0x80);
            if low == 0 {
                rest = behind;
                continue;
            }
            let found = low.trailing_zeros() as usize / 8;
            if ends(&rest[found]) {
                return text.len() - rest.len() + found;
            }
            rest = &rest[found + 1..];
        }
        let last = rest.iter().position(ends).unwrap_or(rest.len());
        text.len() - rest.len() + last
    }

    const fn class(self, byte: u8) -> Class {
        self.classes[byte as usize]
    }
}

/// How many spaces come first. Columns are held apart by many of them: eight are looked at together.
fn spaces(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((eight, behind)) = rest.split_first_chunk() {
        let others = u64::from_le_bytes(*eight) ^ (EACH * 0x20);
        if others != 0 {
            return text.len() - rest.len() + others.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    let last = rest.iter().take_while(|byte| **byte == b' ').count();
    text.len() - rest.len() + last
}

/// What a byte outside quotes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Blank,
    Comma,
    Comment,
    Quote,
}

/// The class of each byte (`hba.c`, `pg_isblank`).
type Classes = [Class; 256];

/// Until 18 a carriage return is a blank.
static CLASSES: Classes = classes(Class::Blank);
static CLASSES_V19: Classes = classes(Class::Plain);

const fn classes(carriage_return: Class) -> Classes {
    let mut classes = [Class::Plain; 256];
    classes[b' ' as usize] = Class::Blank;
    classes[b'\t' as usize] = Class::Blank;
    classes[b'\r' as usize] = carriage_return;
    classes[b',' as usize] = Class::Comma;
    classes[b'#' as usize] = Class::Comment;
    classes[b'"' as usize] = Class::Quote;
    classes
}

/// A one in each of eight bytes.
const EACH: u64 = 0x0101_0101_0101_0101;

/// `MAX_TOKEN` of the last minor releases of 12 to 15.
const TOKEN_BUFFER: usize = 10_240;
