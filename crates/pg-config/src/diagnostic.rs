//! What a parser has to say about a file: facts with a place. Advice is not given here.

use alloc::string::String;

use crate::text::Span;

/// Something noteworthy about a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable name for this kind of finding, such as `conf-syntax`.
    pub code: &'static str,
    /// Whether PostgreSQL refuses the file because of it.
    pub severity: Severity,
    /// The bytes that it is about, as offsets into the document.
    pub span: Span,
    /// The line, from 1, that PostgreSQL would name.
    pub line: u32,
    /// The finding; PostgreSQL's own words where it has any.
    pub message: String,
}

/// How much a [`Diagnostic`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Accepted, and probably what was meant.
    Note,
    /// Accepted, and probably not what was meant.
    Warning,
    /// PostgreSQL refuses the line, and often the whole file.
    Error,
}

/// The lines of a document as a test renders them, with what is said about it, in order.
#[cfg(test)]
pub(crate) fn rendered(
    lines: impl IntoIterator<Item = (u32, String)>,
    diagnostics: &[Diagnostic],
) -> String {
    use alloc::format;
    use alloc::vec::Vec;

    let said = diagnostics
        .iter()
        .map(|d| (d.line, format!("{:?}: {}", d.severity, d.message)));
    let mut lines: Vec<_> = lines.into_iter().chain(said).collect();
    lines.sort();
    let lines: Vec<_> = lines
        .iter()
        .map(|(number, line)| format!("{number} {line}"))
        .collect();
    lines.join("\n")
}
