//! The lines and tokens that `pg_hba.conf` and `pg_ident.conf` share (`hba.c`, `tokenize_auth_file`, `next_token`,
//! `next_field_expand`), version by version, with the place of each in the file. What a line means is known to
//! `hba` and `ident`; following `@file` and include records is [`expand`]'s business.

mod buffer;
pub mod expand;
mod line;
mod split;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::{memchr, memchr2};

use crate::Version;
use crate::text::Span;
use buffer::Buffer;
pub use line::{Fields, Line, Token};
use split::Splitter;

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
    splitter: Splitter,
    at: usize,
    next_number: u32,
    buffer: Buffer,
    line: Line<'a>,
}

impl<'a> Tokenizer<'a> {
    /// Begins at the first line.
    pub fn new(bytes: &'a [u8], version: Version) -> Self {
        Self {
            bytes,
            version,
            splitter: Splitter::new(version),
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
            self.line.clear();
            self.line.number = logical.number;
            self.line.span = logical.span;
            self.line.error = logical.error.or_else(|| self.split(&logical).err());
            // After a comma too, and before a token that is too long.
            self.line.end_field();
            if self.line.error.is_some() || !self.line.tokens().is_empty() {
                return Some(&self.line);
            }
        }
        None
    }

    /// Adds the tokens of a logical line. Where it is glued together they have bytes of their own.
    fn split(&mut self, logical: &Logical<'a>) -> Result<(), &'static str> {
        let text = match &logical.text {
            Cow::Borrowed(text) => {
                let start = logical.span.start;
                return self.splitter.split(text, start, &mut self.line);
            }
            Cow::Owned(text) => text,
        };
        let mut glued = Line::empty(logical.number, logical.span);
        let split = self.splitter.split(text, 0, &mut glued);
        for token in glued.tokens() {
            self.line.push(Token {
                span: logical.place(token.span),
                ..token.clone().into_owned()
            });
        }
        split
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

impl Logical<'_> {
    /// Where a part of the text stands in the file.
    fn place(&self, part: Span) -> Span {
        let of = |at: usize| {
            let behind = self.pieces.partition_point(|(logical, _)| *logical <= at);
            match behind.checked_sub(1).map(|last| self.pieces[last]) {
                Some((logical, source)) => source + at - logical,
                None => self.span.start + at,
            }
        };
        let last = part.end.saturating_sub(1).max(part.start);
        Span::new(
            of(part.start),
            of(last) + usize::from(part.end > part.start),
        )
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString};
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
