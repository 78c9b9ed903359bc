//! What is worth saying about the lines and tokens that `pg_hba.conf` and `pg_ident.conf` share, whatever they mean.

use alloc::format;

use memchr::{memchr, memchr3_iter};

use super::report::Report;
use crate::Version;
use crate::text;
use crate::tokens::Line;

/// The codes of one of the two files.
pub(super) struct Codes {
    pub(super) byte_order_mark: &'static str,
    pub(super) nul: &'static str,
    pub(super) carriage_return: &'static str,
    pub(super) comment_goes_on: &'static str,
    pub(super) open_quote: &'static str,
    pub(super) comma: &'static str,
}

/// The bytes of the file, physical line by physical line.
pub(super) fn bytes(codes: &Codes, version: Version, report: &mut Report<'_>) {
    let bytes = report.bytes();
    if bytes.starts_with(BYTE_ORDER_MARK) {
        let message = "the file begins with a byte order mark";
        report.at(codes.byte_order_mark, 0, message);
    }
    // Where a line goes on: is that within a comment, within quotes?
    let (mut comment, mut quoted) = (false, false);
    for line in text::lines(bytes) {
        let content = line.content.of(bytes);
        let end = content
            .iter()
            .rposition(|&b| b != b'\r')
            .map_or(0, |at| at + 1);
        let content = &content[..end];
        let at = |offset: usize| line.content.start + offset;
        if let Some(nul) = memchr(0, content) {
            let lost = if version >= Version::V14 {
                "the rest of the line and its end are lost"
            } else {
                "the rest of the line is lost"
            };
            report.at(codes.nul, at(nul), format!("a NUL byte: {lost}"));
        }
        let mut opened = None;
        for offset in memchr3_iter(b'"', b'#', b'\r', content) {
            match content[offset] {
                b'"' if !comment => {
                    quoted = !quoted;
                    opened = Some(offset).filter(|_| quoted);
                }
                b'#' if !quoted => comment = true,
                b'\r' if !comment => {
                    let message = if version >= Version::V19 {
                        "a carriage return within the line, which is a part of the word"
                    } else {
                        "a carriage return within the line, which counts as a blank"
                    };
                    report.at(codes.carriage_return, at(offset), message);
                }
                _ => {}
            }
        }
        let goes_on = content.ends_with(b"\\") && version >= Version::V14;
        if goes_on && comment && swallows(bytes, line.whole.end) {
            let message = format!("the comment goes on: line {} is not read", line.number + 1);
            report.at(codes.comment_goes_on, at(end - 1), message);
        }
        if !goes_on {
            if let Some(offset) = opened.filter(|_| quoted) {
                let message = "the quote is not closed: the rest of the line is one word";
                report.at(codes.open_quote, at(offset), message);
            }
            (comment, quoted) = (false, false);
        }
    }
}

/// Whether the line that begins there says anything.
fn swallows(bytes: &[u8], start: usize) -> bool {
    let mut next = bytes[start..].iter().copied().take_while(|&b| b != b'\n');
    next.find(|b| !matches!(b, b' ' | b'\t' | b'\r'))
        .is_some_and(|first| first != b'#')
}

/// A comma with a blank before it: what is meant as one list is two fields.
pub(super) fn commas(codes: &Codes, line: &Line<'_>, report: &mut Report<'_>) {
    let bytes = report.bytes();
    let mut fields = line.fields();
    let Some(mut before) = fields.next().and_then(<[_]>::last) else {
        return;
    };
    for field in fields {
        let (Some(first), Some(last)) = (field.first(), field.last()) else {
            continue;
        };
        let gap = bytes
            .get(before.span.end..first.span.start)
            .unwrap_or_default();
        if let Some(comma) = gap.iter().position(|&b| b == b',') {
            let message = format!(
                "\"{}\" begins a field of its own: a list has no blank before its commas",
                first.lossy()
            );
            report.at(codes.comma, before.span.end + comma, message);
        }
        before = last;
    }
}

/// U+FEFF in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
