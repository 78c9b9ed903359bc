//! The layout of a new line: columns as the rules nearby have them. Which line and what it says is `write`'s business.

use alloc::vec::Vec;

use super::{ConnType, Document, Record};
use crate::tokens::{Line, Token, Tokenizer};

/// The fields as a line that fits beside the record at `next`, without a line end.
pub(super) fn line(document: &Document, next: usize, fields: &[Vec<u8>]) -> Vec<u8> {
    let neighbours = neighbours(document, next);
    let local = fields.first().is_some_and(|kind| *kind == *b"local");
    let mut out = neighbours
        .first()
        .map(|n| n.indent.clone())
        .unwrap_or_default();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            pad(&mut out, &gap(&neighbours, index, local));
        }
        out.extend_from_slice(field);
    }
    out
}

/// The fields of a line as they are spelled, quotes and all; a list without the blanks behind its commas.
pub(super) fn spelled(line: &Line<'_>, bytes: &[u8]) -> Vec<Vec<u8>> {
    let field = |field: &[Token<'_>]| {
        let tokens: Vec<&[u8]> = field.iter().map(|token| token.span.of(bytes)).collect();
        tokens.join(&b',')
    };
    line.fields().map(field).collect()
}

/// The comment behind the fields of a line, with its `#`; empty where there is none.
pub(super) fn comment<'b>(line: &Line<'_>, bytes: &'b [u8]) -> &'b [u8] {
    // What is behind the last token is blank, commas, or a comment.
    let behind = line.tokens().last().map_or(0, |token| token.span.end);
    let rest = bytes.get(behind..).unwrap_or_default();
    let start = rest.iter().position(|&b| b == b'#');
    start.map_or(&[], |at| &rest[at..])
}

/// How a rule nearby is laid out.
struct Neighbour {
    indent: Vec<u8>,
    local: bool,
    /// The blanks before each field but the first, and the column that the field begins at.
    gaps: Vec<(Vec<u8>, usize)>,
}

/// What comes between two fields.
enum Gap {
    /// Always these bytes.
    Fixed(Vec<u8>),
    /// Blanks up to this column, tabs if the flag is set; at least one.
    Column(usize, bool),
}

/// The layouts of the nearest rules, the one behind the place first.
fn neighbours(document: &Document, next: usize) -> Vec<Neighbour> {
    let records = document.records();
    let behind = records.iter().skip(next).take(NEAR);
    let before = records[..next.min(records.len())].iter().rev().take(NEAR);
    behind
        .chain(before)
        .filter_map(|record| match record {
            Record::Rule(rule) => {
                let text = rule.span.of(document.as_bytes());
                Neighbour::of(text, rule.kind == ConnType::Local, document)
            }
            _ => None,
        })
        .collect()
}

impl Neighbour {
    fn of(text: &[u8], local: bool, document: &Document) -> Option<Self> {
        if text.contains(&b'\n') {
            return None;
        }
        let mut reader = Tokenizer::new(text, document.version());
        let line = reader.next_line()?;
        let spans = line
            .fields()
            .map(|field| Some((field.first()?.span.start, field.last()?.span.end)))
            .collect::<Option<Vec<_>>>()?;
        let indent = text[..spans.first()?.0].to_vec();
        let gaps = spans
            .windows(2)
            .map(|pair| {
                let (end, start) = (pair[0].1, pair[1].0);
                (text[end..start].to_vec(), column(&text[..start]))
            })
            .collect();
        Some(Self {
            indent,
            local,
            gaps,
        })
    }
}

/// What the rules nearby have before their field of this index. The fields behind the database and the role stand
/// elsewhere in `local` rules, which have no address.
fn gap(neighbours: &[Neighbour], index: usize, local: bool) -> Gap {
    let gaps: Vec<&(Vec<u8>, usize)> = neighbours
        .iter()
        .filter(|n| index < 3 || n.local == local)
        .filter_map(|n| n.gaps.get(index - 1))
        .collect();
    let Some((first, _)) = gaps.first() else {
        return Gap::Fixed(b" ".to_vec());
    };
    if first.len() <= 1 && gaps.iter().all(|(gap, _)| gap == first) {
        return Gap::Fixed(first.clone());
    }
    // The column that most of them share; of several the nearest one's.
    let mut best = (0, 0);
    for (_, column) in &gaps {
        let votes = gaps.iter().filter(|(_, other)| other == column).count();
        if votes > best.0 {
            best = (votes, *column);
        }
    }
    Gap::Column(best.1, first.contains(&b'\t'))
}

fn pad(out: &mut Vec<u8>, gap: &Gap) {
    match gap {
        Gap::Fixed(blanks) => out.extend_from_slice(blanks),
        Gap::Column(target, tabs) => loop {
            out.push(if *tabs { b'\t' } else { b' ' });
            if column(out) >= *target {
                break;
            }
        },
    }
}

/// The column behind this text, from 0, with tab stops every eight.
fn column(text: &[u8]) -> usize {
    let text = alloc::string::String::from_utf8_lossy(text);
    text.chars().fold(0, |column, c| match c {
        '\t' => column / 8 * 8 + 8,
        _ => column + 1,
    })
}

/// How many records on each side are looked at.
const NEAR: usize = 6;
