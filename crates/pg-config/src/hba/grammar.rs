//! From the tokens of a line to a rule (`hba.c`, `parse_hba_line`), with PostgreSQL's words for what it refuses.

use alloc::string::String;

use super::Record;
use crate::Version;
use crate::text::Span;
use crate::tokens::Line;

/// Why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) span: Span,
    pub(super) message: String,
}

/// Reads one line of one file; what it includes is not read.
pub(super) fn record(line: &Line<'_>, version: Version) -> Result<Record, Refusal> {
    let _ = (line, version);
    todo!()
}
