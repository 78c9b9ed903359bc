//! Raw bytes as lines, places in them, and changes to them: what every document of this crate is built on.
//! What a line means is not known here.

use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr;

/// A range of bytes in a document: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The length in bytes.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether there is no byte in it.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The bytes of `document` under this span; nothing where it lies outside.
    pub fn of(self, document: &[u8]) -> &[u8] {
        document.get(self.range()).unwrap_or_default()
    }

    /// The same length, `by` bytes further on: from a part of a document to the whole.
    pub const fn shifted(self, by: usize) -> Self {
        Self::new(self.start + by, self.end + by)
    }

    /// As a range for indexing.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A place as people count: both from 1, the column in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The physical line, from 1.
    pub line: u32,
    /// The byte within the line, from 1.
    pub column: u32,
}

/// The position of the byte at `offset`; offsets behind the end count as the end.
pub fn position(document: &[u8], offset: usize) -> Position {
    let before = &document[..offset.min(document.len())];
    let line_start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1);
    let line = before.iter().filter(|&&b| b == b'\n').count();
    Position {
        line: count(line) + 1,
        column: count(before.len() - line_start) + 1,
    }
}

/// One physical line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u32,
    /// The line without its `\n`. A `\r` before it is still in: formats differ in what they make of it.
    pub content: Span,
    /// With its `\n`, if it has one (the last line may not).
    pub whole: Span,
}

/// The physical lines of a document, split at `\n` only. What follows the last `\n` is a line if it is not empty.
pub fn lines(document: &[u8]) -> impl Iterator<Item = Line> + '_ {
    let mut start = 0;
    let mut number = 0;
    core::iter::from_fn(move || {
        if start >= document.len() {
            return None;
        }
        let rest = &document[start..];
        let content = memchr(b'\n', rest);
        let line_start = start;
        number += 1;
        start += content.map_or(rest.len(), |i| i + 1);
        let content_end = content.map_or(start, |i| line_start + i);
        Some(Line {
            number,
            content: Span::new(line_start, content_end),
            whole: Span::new(line_start, start),
        })
    })
}

/// How new lines of this document should end: as its first line does, `\n` where there is none.
pub fn line_end(document: &[u8]) -> &'static [u8] {
    match document.iter().position(|&b| b == b'\n') {
        Some(at) if at > 0 && document[at - 1] == b'\r' => b"\r\n",
        _ => b"\n",
    }
}

/// The column behind `text` that begins in column `from`, both from 0, with tab stops every eight columns. Each
/// character counts as one.
pub fn column(from: usize, text: &[u8]) -> usize {
    text.iter().fold(from, |at, byte| match byte {
        b'\t' => at / TAB * TAB + TAB,
        // Bytes that continue a UTF-8 character.
        0x80..=0xbf => at,
        _ => at + 1,
    })
}

/// Other bytes for a span of a document. An empty span inserts, empty bytes remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced, as offsets into the document before the change.
    pub span: Span,
    /// What stands there afterwards.
    pub bytes: Vec<u8>,
}

/// What an edit of a document did: its byte edits, in ascending order and not overlapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Offsets are those of the document before the change.
    pub edits: Vec<Edit>,
}

impl Change {
    /// No change: the document already says so.
    pub const fn none() -> Self {
        Self { edits: Vec::new() }
    }

    /// One span replaced.
    pub fn replace(span: Span, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            edits: alloc::vec![Edit {
                span,
                bytes: bytes.into()
            }],
        }
    }

    /// Bytes put in before the byte at `offset`.
    pub fn insert(offset: usize, bytes: impl Into<Vec<u8>>) -> Self {
        Self::replace(Span::new(offset, offset), bytes)
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The document after the change. `document` must be the one that the change was made for.
    pub fn apply(&self, document: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(document.len());
        let mut at = 0;
        for edit in &self.edits {
            out.extend_from_slice(Span::new(at, edit.span.start).of(document));
            out.extend_from_slice(&edit.bytes);
            at = edit.span.end;
        }
        out.extend_from_slice(Span::new(at, document.len()).of(document));
        out
    }
}

/// A count of lines or columns; files are not longer than `u32::MAX` lines.
fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Where terminals and PostgreSQL's own sample files have their tab stops.
const TAB: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_ends_at_its_newline_and_keeps_the_carriage_return() {
        let text = b"a\r\n\nlast";
        let all: Vec<_> = lines(text)
            .map(|l| (l.number, l.content.of(text), l.whole.of(text)))
            .collect();
        assert_eq!(
            all,
            [
                (1, &b"a\r"[..], &b"a\r\n"[..]),
                (2, b"", b"\n"),
                (3, b"last", b"last"),
            ]
        );
        assert_eq!(lines(b"").count(), 0);
    }

    #[test]
    fn positions_count_from_one() {
        assert_eq!(position(b"ab\ncd", 0), Position { line: 1, column: 1 });
        assert_eq!(position(b"ab\ncd", 4), Position { line: 2, column: 2 });
        assert_eq!(position(b"ab\ncd", 99), Position { line: 2, column: 3 });
    }

    #[test]
    fn new_lines_end_as_the_first_one_does() {
        assert_eq!(line_end(b"a\r\nb\n"), b"\r\n");
        assert_eq!(line_end(b"\nb\r\n"), b"\n");
        assert_eq!(line_end(b"no end"), b"\n");
    }

    #[test]
    fn columns_count_characters_and_tab_stops() {
        assert_eq!(column(0, b"ab\tc"), 9);
        assert_eq!(column(7, b"\t"), 8);
        assert_eq!(column(0, "é".as_bytes()), 1);
    }

    proptest! {
        #[test]
        fn lines_cover_every_byte_once(text: Vec<u8>) {
            let joined: Vec<u8> = lines(&text).flat_map(|l| l.whole.of(&text).to_vec()).collect();
            prop_assert_eq!(joined, text);
        }

        #[test]
        fn a_change_touches_only_its_spans(text: Vec<u8>, a: usize, b: usize, new: Vec<u8>) {
            let (a, b) = (a % (text.len() + 1), b % (text.len() + 1));
            let span = Span::new(a.min(b), a.max(b));
            let after = Change::replace(span, new.clone()).apply(&text);
            prop_assert_eq!(&after[..span.start], &text[..span.start]);
            prop_assert_eq!(&after[span.start..span.start + new.len()], &new[..]);
            prop_assert_eq!(&after[span.start + new.len()..], &text[span.end..]);
            prop_assert_eq!(Change::none().apply(&text), text);
        }
    }
}
