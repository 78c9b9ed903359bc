//! What is found in one file, on its way to the list of findings: offsets become lines and columns, codes become lints.

use alloc::string::String;
use alloc::vec::Vec;

use memchr::memchr_iter;

use super::{Finding, LINTS, Place};
use crate::Diagnostic;

/// The findings of one file.
pub(super) struct Report<'a> {
    file: &'a str,
    bytes: &'a [u8],
    /// Where each line begins.
    lines: Vec<usize>,
    findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    /// Nothing found yet.
    pub(super) fn new(file: &'a str, bytes: &'a [u8]) -> Self {
        let lines = core::iter::once(0).chain(memchr_iter(b'\n', bytes).map(|at| at + 1));
        Self {
            file,
            bytes,
            lines: lines.collect(),
            findings: Vec::new(),
        }
    }

    /// A finding at the byte with this offset.
    pub(super) fn at(&mut self, code: &str, offset: usize, message: impl Into<String>) {
        self.add(code, offset, message.into(), None);
    }

    /// The same with advice of its own.
    pub(super) fn advise(
        &mut self,
        code: &str,
        offset: usize,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(code, offset, message.into(), Some(advice.into()));
    }

    /// What a parser said. `code` may be a closer one than the parser's.
    pub(super) fn diagnostic(&mut self, diagnostic: &Diagnostic, code: &str) {
        self.at(code, diagnostic.span.start, diagnostic.message.as_str());
        // The server counts a record as standing in its first line.
        if let Some(finding) = self.findings.last_mut()
            && finding.line != diagnostic.line
        {
            finding.line = diagnostic.line;
            (finding.column, finding.column_utf16) = (1, 1);
        }
    }

    /// A finding about the file as a whole.
    pub(super) fn whole(&mut self, code: &str, message: impl Into<String>) {
        self.at(code, 0, message);
        if let Some(finding) = self.findings.last_mut() {
            finding.line = 0;
            (finding.column, finding.column_utf16) = (0, 0);
        }
    }

    /// A finding in a line, where nothing more is known.
    pub(super) fn in_line(&mut self, code: &str, line: u32, message: impl Into<String>) {
        let index = usize::try_from(line)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        match self.lines.get(index) {
            Some(&start) if line > 0 => self.at(code, start, message),
            _ => self.whole(code, message),
        }
    }

    /// The last finding is about a rule that these hide.
    pub(super) fn hidden_by(&mut self, rules: Vec<Place>) {
        if let Some(finding) = self.findings.last_mut() {
            finding.hidden_by = rules;
        }
    }

    /// Of the last finding, what to do about it, if that is not what its kind says.
    pub(super) fn advice(&mut self, advice: Option<&str>) {
        if let Some(finding) = self.findings.last_mut() {
            finding.advice = advice.map(String::from);
        }
    }

    /// The file's bytes.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What was found, in the file's order.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings
            .sort_by_key(|finding| (finding.line, finding.column));
        self.findings
    }

    fn add(&mut self, code: &str, offset: usize, message: String, advice: Option<String>) {
        let offset = offset.min(self.bytes.len());
        let line = self.lines.partition_point(|&start| start <= offset).max(1) - 1;
        let before = &self.bytes[self.lines[line]..offset];
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        // A test holds every code of this crate against the table.
        if let Some(lint) = LINTS.iter().find(|lint| lint.code == code) {
            self.findings.push(Finding {
                lint,
                file: self.file.into(),
                line: count(line),
                column: count(length(before, |_| 1)),
                column_utf16: count(length(before, char::len_utf16)),
                message,
                hidden_by: Vec::new(),
                advice,
            });
        } else {
            debug_assert!(false, "{code} is not in the table of lints");
        }
    }
}

/// How long a text is by this measure of its characters, with one for each byte that is not UTF-8.
fn length(bytes: &[u8], of: impl Fn(char) -> usize) -> usize {
    let chunks = bytes.utf8_chunks();
    chunks
        .map(|chunk| chunk.valid().chars().map(&of).sum::<usize>() + chunk.invalid().len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters_and_in_utf_16() {
        let bytes = "# caf\u{e9}\n\u{e9}\u{1f418} x".as_bytes();
        let mut report = Report::new("f", bytes);
        report.at("service-syntax", bytes.len() - 1, "");
        let found = report.finish();
        assert_eq!(
            (found[0].line, found[0].column, found[0].column_utf16),
            (2, 4, 5)
        );
        assert_eq!(length(b"a\xff\xc3b", char::len_utf16), 4);
    }
}
