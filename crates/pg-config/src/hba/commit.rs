//! A document after a change of its bytes: the records that the change may touch are read again, and have to say what
//! was meant. All others say what they said, and only stand elsewhere.
//!
//! What is read depends on the bytes from where a line begins, on nothing before them: the server keeps no state from one
//! line to the next but the size of its buffer, which shows only where there is a NUL. So the reading of a document
//! can be entered at any record, and left as soon as a line begins behind the change where one began before it.

use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr;

use super::{Document, EditError, Record, grammar};
use crate::Diagnostic;
use crate::text::{Change, Span};
use crate::tokens::Tokenizer;

impl Document {
    /// Makes a change that puts what `meant` says in the place of the records of `replaced`, provided that the document
    /// reads so afterwards and every other record as before.
    pub(super) fn commit(
        &mut self,
        change: Change,
        replaced: Range<usize>,
        meant: &[Record],
    ) -> Result<Change, EditError> {
        let bytes = change.apply(&self.bytes);
        let read = self.read_again(&bytes, &change, &replaced);
        let before = &self.records[read.old.start..replaced.start];
        let behind = &self.records[replaced.end..read.old.end];
        let expected = || before.iter().chain(meant).chain(behind);
        let mut pairs = expected().zip(&read.records);
        if expected().count() != read.records.len() || !pairs.all(|(a, b)| a.says_the_same(b)) {
            return Err(EditError::Disturbs);
        }
        self.take_over(bytes, read);
        Ok(change)
    }

    /// Reads what `change`, which makes `bytes` of this document, may touch: from the record before the first edit to the
    /// first behind the last one, and all records of `replaced` in any case.
    fn read_again(&self, bytes: &[u8], change: &Change, replaced: &Range<usize>) -> Reading {
        let all = 0..self.records.len();
        let touched = match (change.edits.first(), change.edits.last()) {
            (Some(first), Some(last)) => Span::new(first.span.start, last.span.end),
            _ => Span::new(self.bytes.len(), self.bytes.len()),
        };
        let has_nul = memchr(0, bytes).is_some();
        let begun = self
            .records
            .partition_point(|record| record.span().end < touched.start);
        let from = match has_nul {
            true => all.start,
            false => begun.saturating_sub(1).min(replaced.start),
        };
        let mut lines = Tokenizer::new(bytes, self.version);
        if let Some(record) = self.records.get(from).filter(|_| from > 0) {
            lines = lines.starting(record.span().start, record.line());
        }

        let mut reader = grammar::Reader::new(self.version);
        let mut reading = Reading {
            old: from..all.end,
            records: Vec::new(),
            diagnostics: Vec::new(),
            rest: None,
        };
        // From the end both documents are the same up to here.
        let common = self.bytes.len() - touched.end;
        while let Some(line) = lines.next_line() {
            let start = line.span.start;
            let to_end = bytes.len() - start;
            if !has_nul && to_end <= common {
                let rest = &self.records[replaced.end..];
                let before = self.bytes.len() - to_end;
                if let Ok(at) = rest.binary_search_by_key(&before, |record| record.span().start) {
                    reading.old.end = replaced.end + at;
                    reading.rest = Some((start, line.number));
                    break;
                }
            }
            let record = reader.read(line, &mut reading.diagnostics);
            reading.records.push(record);
        }
        reading
    }

    /// Puts what was read in its place, and moves what stands behind it.
    fn take_over(&mut self, bytes: Vec<u8>, read: Reading) {
        let told_before = |record: usize| match self.records.get(record) {
            Some(record) => {
                let before = |told: &Diagnostic| told.line < record.line();
                self.diagnostics.partition_point(before)
            }
            None => self.diagnostics.len(),
        };
        let told = told_before(read.old.start)..told_before(read.old.end);
        let rest = self.records.get(read.old.end).zip(read.rest);
        if let Some((was, (start, number))) = rest {
            let (old_start, old_number) = (was.span().start, was.line());
            let place = |line: &mut u32, span: &mut Span| {
                *line = *line - old_number + number;
                let moved = |at: usize| at - old_start + start;
                *span = Span::new(moved(span.start), moved(span.end));
            };
            for record in &mut self.records[read.old.end..] {
                let (line, span) = record.line_and_span();
                place(line, span);
            }
            for diagnostic in &mut self.diagnostics[told.end..] {
                place(&mut diagnostic.line, &mut diagnostic.span);
            }
        }
        self.records.splice(read.old, read.records);
        self.diagnostics.splice(told, read.diagnostics);
        self.bytes = bytes;
    }
}

/// A part of a document, read again.
struct Reading {
    /// The records that stood there before.
    old: Range<usize>,
    records: Vec<Record>,
    diagnostics: Vec<Diagnostic>,
    /// Where the first record behind it begins now, and in which line; none where there is no such record.
    rest: Option<(usize, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::hba::Position;

    #[test]
    fn what_stands_behind_only_moves() {
        let text = b"local all all peer\n# x\nlocal a b nonsense\n\nlocal all all trust\nbad\n";
        let mut document = Document::parse(text, Version::V15);
        document.remove(0).unwrap();
        let lines: Vec<_> = document.records().iter().map(Record::line).collect();
        assert_eq!(lines, [2, 4, 5]);
        let told: Vec<_> = document.diagnostics().iter().map(|d| d.line).collect();
        assert_eq!(told, [2, 5]);
        assert_eq!(document, Document::parse(&text[19..], Version::V15));
    }

    /// Behind a line that is too long means behind its rest, which 12 and 13 read as a line of its own.
    #[test]
    fn the_rest_of_a_long_line_may_be_where_reading_begins_again() {
        let long = [&b"local x"[..], &b"x,".repeat(10_240), b"\n"].concat();
        let text = [
            b"local all all peer\n",
            &long[..],
            b"local all all trust\nbad\n",
        ]
        .concat();
        let mut document = Document::parse(text, Version::V13);
        assert_eq!(document.records().len(), 5);
        document.move_record(4, Position::AfterRecord(1)).unwrap();
        let read = Document::parse(document.as_bytes(), Version::V13);
        assert_eq!(document, read);
    }

    /// A long line makes room for more of a line that holds a NUL, of which the server then sees less.
    #[test]
    fn a_nul_is_read_by_the_size_of_the_buffer() {
        let long = [&b"local all "[..], &b"x,".repeat(2_000), b"all peer\n"].concat();
        let nul = [b"local \0", &b" ".repeat(1_100)[..], b"all all peer\n"].concat();
        let text = [&long[..], &nul, b"local all all trust\n"].concat();
        let mut document = Document::parse(text, Version::V15);
        assert_eq!(document.records().len(), 2);
        assert_eq!(document.remove(0), Err(EditError::Disturbs));
    }
}
