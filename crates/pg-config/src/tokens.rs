//! The lines and tokens that `pg_hba.conf` and `pg_ident.conf` share (`hba.c`, `tokenize_auth_file`, `next_token`,
//! `next_field_expand`), version by version, with the place of each in the file. What a line means is known to
//! `hba` and `ident`; following `@file` and include records is [`expand`]'s business.

mod buffer;
pub mod expand;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::{memchr, memchr2};

use crate::Version;
use crate::text::Span;
use buffer::Buffer;

/// One token: what stands between blanks and commas, its quotes removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// The bytes that PostgreSQL compares.
    pub text: Cow<'a, [u8]>,
    /// A quote came before the first character: no keyword, no `+group`, no `@file`.
    pub quoted: bool,
    /// Where it stands, quotes included.
    pub span: Span,
    /// No comma follows.
    ends_field: bool,
}

impl Token<'_> {
    /// Whether it is this keyword (`hba.c`, `token_is_keyword`).
    pub fn is_keyword(&self, word: &str) -> bool {
        !self.quoted && *self.text == *word.as_bytes()
    }

    /// The file that this token stands for, if it is an `@file`.
    pub fn file(&self) -> Option<&[u8]> {
        match self.text.split_first() {
            Some((b'@', name)) if !self.quoted && !name.is_empty() => Some(name),
            _ => None,
        }
    }

    /// The text for messages; what is not UTF-8 is replaced.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// The same token with bytes of its own.
    pub fn into_owned(self) -> Token<'static> {
        Token {
            text: Cow::Owned(self.text.into_owned()),
            ..self
        }
    }
}

/// A record: a logical line that holds at least one token, or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1: the first physical line, which is the one that PostgreSQL names.
    pub number: u32,
    /// From the first byte of the first physical line to the end of the last one, without its line end.
    pub span: Span,
    /// Why PostgreSQL does not read the line at all, in its words.
    pub error: Option<&'static str>,
    names_files: bool,
    tokens: Vec<Token<'a>>,
}

impl<'a> Line<'a> {
    /// A line without tokens.
    pub(crate) const fn empty(number: u32, span: Span) -> Self {
        Self {
            number,
            span,
            error: None,
            names_files: false,
            tokens: Vec::new(),
        }
    }

    /// The fields: each a list of at least one token.
    pub fn fields(&self) -> Fields<'_, 'a> {
        Fields(&self.tokens)
    }

    /// The field at this place, from 0.
    pub fn field(&self, index: usize) -> Option<&[Token<'a>]> {
        self.fields().nth(index)
    }

    /// Its fields, if it has two: include records have.
    pub(crate) fn pair(&self) -> Option<(&[Token<'a>], &[Token<'a>])> {
        let mut fields = self.fields();
        let pair = (fields.next()?, fields.next()?);
        fields.next().is_none().then_some(pair)
    }

    /// All tokens, whatever their field.
    pub fn tokens(&self) -> &[Token<'a>] {
        &self.tokens
    }

    /// Whether any token is an `@file`.
    pub(crate) const fn names_files(&self) -> bool {
        self.names_files
    }

    /// Adds a field, unless it has no token (`next_field_expand` returns NIL).
    pub(crate) fn push_field(&mut self, tokens: impl IntoIterator<Item = Token<'a>>) {
        let inside = |token| Token {
            ends_field: false,
            ..token
        };
        self.tokens.extend(tokens.into_iter().map(inside));
        self.end_field();
    }

    fn end_field(&mut self) {
        if let Some(last) = self.tokens.last_mut() {
            last.ends_field = true;
        }
    }
}

/// The fields of a line that are still to come.
#[derive(Debug, Clone)]
pub struct Fields<'l, 'a>(&'l [Token<'a>]);

impl<'l, 'a> Fields<'l, 'a> {
    /// Their tokens, whatever their field.
    pub const fn tokens(&self) -> &'l [Token<'a>] {
        self.0
    }
}

impl<'l, 'a> Iterator for Fields<'l, 'a> {
    type Item = &'l [Token<'a>];

    fn next(&mut self) -> Option<Self::Item> {
        let last = self.0.iter().position(|token| token.ends_field)?;
        let (field, behind) = self.0.split_at(last + 1);
        self.0 = behind;
        Some(field)
    }
}

/// Reads a file record by record.
///
/// ```
/// use pg_config::{Version, tokens::Tokenizer};
///
/// let mut reader = Tokenizer::new(b"# who\nlocal all,\"x y\" peer\n", Version::V15);
/// let line = reader.next_line().ok_or("a line")?;
/// assert_eq!((line.number, line.fields().count()), (2, 3));
/// assert_eq!(&*line.tokens()[2].text, b"x y");
/// assert!(reader.next_line().is_none());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct Tokenizer<'a> {
    bytes: &'a [u8],
    version: Version,
    classes: &'static Classes,
    at: usize,
    next_number: u32,
    buffer: Buffer,
    line: Line<'a>,
}

impl<'a> Tokenizer<'a> {
    /// Begins at the first line.
    pub fn new(bytes: &'a [u8], version: Version) -> Self {
        let classes = match version < Version::V19 {
            true => &CLASSES,
            false => &CLASSES_V19,
        };
        Self {
            bytes,
            version,
            classes,
            at: 0,
            next_number: 1,
            buffer: Buffer::new(),
            line: Line::empty(0, Span::new(0, 0)),
        }
    }

    /// Begins at a line in the middle, of which it is known where it begins and what its number is. In a file that holds no
    /// NUL, nothing else of what comes before it matters.
    pub(crate) fn starting(mut self, at: usize, number: u32) -> Self {
        self.at = at;
        self.next_number = number;
        self
    }

    /// The next record. Blank lines and comments are passed over. The line is overwritten by the next call.
    pub fn next_line(&mut self) -> Option<&Line<'a>> {
        while self.at < self.bytes.len() {
            let logical = self.logical_line();
            self.line.tokens.clear();
            self.line.names_files = false;
            self.line.number = logical.number;
            self.line.span = logical.span;
            self.line.error = logical.error.or_else(|| self.split(&logical).err());
            // After a comma too, and before a token that is too long.
            self.line.end_field();
            if self.line.error.is_some() || !self.line.tokens.is_empty() {
                return Some(&self.line);
            }
        }
        None
    }

    /// Takes the next line: physical lines joined as this version joins them.
    fn logical_line(&mut self) -> Logical<'a> {
        let start = self.at;
        let number = self.next_number;
        let mut text: Cow<'a, [u8]> = Cow::Borrowed(&[]);
        let mut pieces: Vec<(usize, usize)> = Vec::new();
        let mut last_backslash = 0;
        let mut end;
        self.next_number += 1;
        if self.version < Version::V14 {
            return self.buffered_line(start, number);
        }
        loop {
            let rest = &self.bytes[self.at..];
            let mut stop = memchr2(b'\n', 0, rest);
            let has_nul = stop.is_some_and(|at| rest[at] == 0);
            if has_nul {
                stop = memchr(b'\n', rest);
            }
            let physical = &rest[..stop.unwrap_or(rest.len())];
            let whole = &rest[..stop.map_or(rest.len(), |at| at + 1)];
            let ended = if has_nul {
                self.append_pieces(whole, text.to_mut(), &mut pieces)
            } else {
                self.buffer.hold(text.len() + whole.len());
                if self.at == start {
                    text = Cow::Borrowed(physical);
                } else {
                    pieces.push((text.len(), self.at));
                    text.to_mut().extend_from_slice(physical);
                }
                true
            };
            end = self.at + strip_line_end(physical).len();
            self.at += whole.len();
            let at_end = self.at >= self.bytes.len();
            if !ended && !at_end {
                continue;
            }
            let stripped = strip_line_end(&text).len();
            truncate(&mut text, stripped);
            if stripped > last_backslash && text.last() == Some(&b'\\') {
                truncate(&mut text, stripped - 1);
                last_backslash = stripped - 1;
                if !at_end {
                    self.next_number += 1;
                    continue;
                }
            }
            break;
        }
        Logical {
            number,
            span: Span::new(start, end),
            text,
            pieces,
            error: None,
        }
    }

    /// Appends a physical line that holds a NUL (`pg_get_line_append`: `fgets`, then `strlen`). False where its newline
    /// is hidden, so that the next line is appended too.
    fn append_pieces(
        &mut self,
        whole: &[u8],
        text: &mut Vec<u8>,
        pieces: &mut Vec<(usize, usize)>,
    ) -> bool {
        let mut ended = false;
        let mut from = 0;
        while from < whole.len() {
            let piece = &whole[from..];
            let piece = &piece[..piece.len().min(self.buffer.room(text.len()))];
            let kept = &piece[..memchr(0, piece).unwrap_or(piece.len())];
            pieces.push((text.len(), self.at + from));
            text.extend_from_slice(kept);
            from += piece.len();
            ended = kept.last() == Some(&b'\n');
            if !ended {
                self.buffer.enlarge(text.len());
            }
        }
        ended
    }

    /// 12 and 13: one physical line at a time, through a buffer of fixed size.
    fn buffered_line(&mut self, start: usize, number: u32) -> Logical<'a> {
        let rest = &self.bytes[start..];
        let chunk = &rest[..rest.len().min(LINE_BUFFER - 1)];
        let newline = memchr(b'\n', chunk);
        let taken = newline.map_or(chunk.len(), |i| i + 1);
        let physical = &chunk[..taken];
        let length = memchr(0, physical).unwrap_or(taken);
        self.at += taken;
        Logical {
            number,
            span: Span::new(start, start + strip_line_end(physical).len()),
            text: Cow::Borrowed(strip_line_end(&physical[..length])),
            pieces: Vec::new(),
            error: (length == LINE_BUFFER - 1).then_some("authentication file line too long"),
        }
    }

    /// Splits a logical line into fields (`hba.c`, `next_field_expand`, `next_token`).
    fn split(&mut self, logical: &Logical<'a>) -> Result<(), &'static str> {
        let text = &logical.text[..];
        let mut rest = text;
        loop {
            rest = &rest[self.gap(rest)..];
            let start = text.len() - rest.len();
            let plain = self.plain(rest);
            // Nearly every token has no quote in it and lies in the file as it is read.
            let (token, length) = match rest.get(plain) {
                Some(b'"') => self.unquoted(rest, plain)?,
                _ => (logical.part(start, start + plain), plain),
            };
            let (spelled, behind) = rest.split_at(length);
            // A line ends where it ends as it does at a comment.
            let stop = behind
                .first()
                .map_or(Class::Comment, |byte| self.class(*byte));
            // The comma that ends a token has to go into the buffer with it, a blank has not.
            self.fits(token.len() + usize::from(stop == Class::Comma))?;
            if let Some(first) = spelled.first() {
                let token = Token {
                    text: token,
                    quoted: *first == b'"',
                    span: logical.place(start, start + length),
                    ends_field: stop != Class::Comma,
                };
                self.line.names_files |= token.file().is_some();
                self.line.tokens.push(token);
            }
            if stop == Class::Comment {
                return Ok(());
            }
            rest = behind;
        }
    }

    /// The token that a text begins with and that has its first quote at `at`, without quotes; and the length of it with
    /// them.
    fn unquoted(&self, text: &[u8], mut at: usize) -> Result<(Cow<'a, [u8]>, usize), &'static str> {
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
    fn fits(&self, length: usize) -> Result<(), &'static str> {
        match length >= TOKEN_BUFFER && self.version < Version::V16 {
            true => Err("authentication file token too long"),
            false => Ok(()),
        }
    }

    /// How many blanks and commas come first.
    fn gap(&self, text: &[u8]) -> usize {
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
    fn plain(&self, text: &[u8]) -> usize {
        let ends = |byte: &u8| self.class(*byte) != Class::Plain;
        let mut at = 0;
        while let Some(eight) = text[at..].first_chunk() {
            let word = u64::from_le_bytes(*eight);
            // The highest bit of each byte up to the comma, exact up to the first of them.
            let low = word.wrapping_sub(EACH * 0x2d) & !word & (EACH * 0x80);
            if low == 0 {
                at += eight.len();
                continue;
            }
            let found = at + low.trailing_zeros() as usize / 8;
            if ends(&text[found]) {
                return found;
            }
            at = found + 1;
        }
        let rest = &text[at..];
        at + rest.iter().position(ends).unwrap_or(rest.len())
    }

    fn class(&self, byte: u8) -> Class {
        self.classes[usize::from(byte)]
    }
}

/// A logical line and where its bytes come from.
struct Logical<'a> {
    number: u32,
    span: Span,
    text: Cow<'a, [u8]>,
    /// Offset in `text`, offset in the file, ascending: where a further physical line was glued on. What comes before
    /// the first piece begins at the span's start.
    pieces: Vec<(usize, usize)>,
    error: Option<&'static str>,
}

impl<'a> Logical<'a> {
    /// A part of the text, borrowed from the file where all of it is.
    fn part(&self, start: usize, end: usize) -> Cow<'a, [u8]> {
        match &self.text {
            Cow::Borrowed(line) => Cow::Borrowed(&line[start..end]),
            Cow::Owned(line) => Cow::Owned(line[start..end].to_vec()),
        }
    }

    fn place(&self, start: usize, end: usize) -> Span {
        if self.pieces.is_empty() {
            return Span::new(start, end).shifted(self.span.start);
        }
        let of = |at: usize| {
            let behind = self.pieces.partition_point(|(logical, _)| *logical <= at);
            match behind.checked_sub(1).map(|last| self.pieces[last]) {
                Some((logical, source)) => source + at - logical,
                None => self.span.start + at,
            }
        };
        Span::new(
            of(start),
            of(end.saturating_sub(1).max(start)) + usize::from(end > start),
        )
    }
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

/// How many spaces come first. Columns are held apart by many of them: eight are looked at together.
fn spaces(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(eight) = text[at..].first_chunk() {
        let others = u64::from_le_bytes(*eight) ^ (EACH * 0x20);
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
        at += eight.len();
    }
    let rest = &text[at..];
    at + rest.iter().take_while(|byte| **byte == b' ').count()
}

/// `pg_strip_crlf`.
fn strip_line_end(line: &[u8]) -> &[u8] {
    let kept = line.iter().rposition(|b| !matches!(b, b'\n' | b'\r'));
    &line[..kept.map_or(0, |i| i + 1)]
}

fn truncate(text: &mut Cow<'_, [u8]>, length: usize) {
    match text {
        Cow::Borrowed(text) => *text = &text[..length],
        Cow::Owned(text) => text.truncate(length),
    }
}

/// `MAX_LINE` of 12.22 and 13.23.
const LINE_BUFFER: usize = 20_480;

/// `MAX_TOKEN` of the last minor releases of 12 to 15.
const TOKEN_BUFFER: usize = 10_240;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use proptest::prelude::*;

    /// Records as `number: field field`, tokens of a field joined by commas, quoted ones in brackets.
    fn read(text: &[u8], version: Version) -> Vec<String> {
        let mut out = Vec::new();
        let mut reader = Tokenizer::new(text, version);
        while let Some(line) = reader.next_line() {
            let fields = line.fields().map(|field| {
                let words = field.iter().map(|token| match token.quoted {
                    true => format!("[{}]", token.lossy()),
                    false => token.lossy().to_string(),
                });
                words.collect::<Vec<_>>().join(",")
            });
            let fields = fields.collect::<Vec<_>>().join(" ");
            out.push(match line.error {
                Some(error) => format!("{}: {error}", line.number),
                None => format!("{}: {fields}", line.number),
            });
        }
        out
    }

    #[test]
    fn tokens_end_at_blanks_commas_and_comments() {
        for (text, tokens) in [
            (&b"a b\tc"[..], "1: a b c"),
            (b"a, b c , d", "1: a,b c d"),
            (b",local ,a all", "1: local a all"),
            (b"a, # all", "1: a"),
            (b"trust#c", "1: trust"),
            (b"a\"b c\"d", "1: ab cd"),
            (b"\"a\"\"b\" \"\"c \"\"", "1: [a\"b] [c] []"),
            (b"al\"l\" \"all\"", "1: all [all]"),
            (b"\"open all # x", "1: [open all # x]"),
            (b"a\x0bb \xc2\xa0", "1: a\u{b}b \u{a0}"),
        ] {
            assert_eq!(
                read(text, Version::V15),
                [tokens],
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn lines_end_and_go_on_as_each_version_has_it() {
        let text = b"a \\\nb\n# c \\\nd\ne\\\r\n\nf\\\\\n\\\n\ng \\";
        assert_eq!(
            read(text, Version::V14),
            ["1: a b", "5: e", "7: f\\", "10: g"]
        );
        assert_eq!(
            read(text, Version::V13),
            [
                "1: a \\", "2: b", "4: d", "5: e\\", "7: f\\\\", "8: \\", "10: g \\"
            ]
        );
        assert_eq!(read(b"a\rb\r\r\n\nc", Version::V18), ["1: a b", "3: c"]);
        assert_eq!(read(b"a\rb\r\r\n\nc", Version::V19), ["1: a\rb", "3: c"]);
    }

    #[test]
    fn a_nul_hides_the_rest_of_its_line() {
        assert_eq!(read(b"a\0b\nc\nd", Version::V13), ["1: a", "2: c", "3: d"]);
        assert_eq!(read(b"a \0b\nc\nd", Version::V14), ["1: a c", "2: d"]);
        // What does not go into the buffer with it is read: 1023 bytes do.
        let long = [b"a \0".to_vec(), b"x".repeat(2_000), b"\nb".to_vec()].concat();
        let seen = format!("1: a {}", "x".repeat(980));
        assert_eq!(read(&long, Version::V14), [&seen, "2: b"]);
    }

    #[test]
    fn old_buffers_have_a_size() {
        let line = |length: usize| [b"x ".repeat(length / 2), b"\n".to_vec()].concat();
        assert_eq!(
            read(&line(20_478), Version::V13),
            ["1: authentication file line too long", "2: "][..1]
        );
        assert_eq!(read(&line(20_476), Version::V13).len(), 1);
        assert_eq!(read(&line(20_478), Version::V14).len(), 1);
        let token = |length: usize| [b"a ".to_vec(), b"x".repeat(length)].concat();
        let too_long = ["1: authentication file token too long"];
        assert_eq!(read(&token(10_240), Version::V15), too_long);
        assert_ne!(read(&token(10_239), Version::V15), too_long);
        assert_ne!(read(&token(10_240), Version::V16), too_long);
    }

    #[test]
    fn spans_lead_back_to_the_file() {
        let text = b"  lo\\\ncal  \"a\"\"b\" x\n";
        let mut reader = Tokenizer::new(text, Version::V15);
        let line = reader.next_line().unwrap();
        let spans: Vec<_> = line
            .tokens()
            .iter()
            .map(|token| token.span.of(text))
            .collect();
        assert_eq!(spans, [&b"lo\\\ncal"[..], b"\"a\"\"b\"", b"x"]);
        assert_eq!(&*line.tokens()[0].text, b"local");
        assert_eq!(line.span.of(text), &text[..text.len() - 1]);
    }

    #[test]
    fn at_signs_name_files_unless_quoted() {
        let mut reader = Tokenizer::new(b"@f @\"g h\" \"@i\" @ a@b", Version::V15);
        let files: Vec<_> = reader
            .next_line()
            .unwrap()
            .tokens()
            .iter()
            .map(|t| t.file().map(<[u8]>::to_vec))
            .collect();
        assert_eq!(
            files,
            [Some(b"f".to_vec()), Some(b"g h".to_vec()), None, None, None]
        );
    }

    proptest! {
        #[test]
        fn every_token_lies_in_its_line_and_in_order(
            text in proptest::collection::vec(proptest::sample::select(&b"ab,\"\\#\n\r\t \0@"[..]), 0..60),
            version in proptest::sample::select(&Version::ALL[..]),
        ) {
            let mut reader = Tokenizer::new(&text, version);
            let mut end = 0;
            while let Some(line) = reader.next_line() {
                prop_assert!(line.span.start >= end && line.span.end <= text.len());
                let mut at = line.span.start;
                for token in line.tokens() {
                    prop_assert!(token.span.start >= at && token.span.end <= line.span.end, "{:?} {:?}", token, line);
                    at = token.span.end;
                }
                end = line.span.end;
            }
        }
    }
}
