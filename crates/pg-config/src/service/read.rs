//! How libpq reads the lines of a service file (`fe-connect.c`, `parseServiceFile`): which it takes together, where a
//! section begins, and what it refuses.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Parameter, Section};
use crate::conninfo::keyword::Keyword;
use crate::text::{self, Span};
use crate::{Diagnostic, Severity, Version};

/// The sections of a file, and the lines that libpq refuses.
pub(super) fn sections(bytes: &[u8], version: Version) -> (Vec<Section>, Vec<Diagnostic>) {
    let mut reader = Reader {
        bytes,
        version,
        diagnostics: Vec::new(),
    };
    let mut sections: Vec<Section> = Vec::new();
    // Before the first header, and behind one that no name matches, lines belong to nobody.
    let mut in_section = false;
    for line in lines(bytes, version) {
        match reader.meaning(line) {
            Meaning::Nothing => {}
            Meaning::Header(section) => {
                in_section = section.is_some();
                sections.extend(section);
            }
            Meaning::Unreadable => {
                if let Some(section) = sections.last_mut().filter(|_| in_section) {
                    section.span.end = line.whole.end;
                }
            }
            Meaning::Content(content) => {
                if let Some(section) = sections.last_mut().filter(|_| in_section) {
                    section.span.end = line.whole.end;
                    section.parameters.extend(reader.parameter(line, content));
                }
            }
        }
    }
    (sections, reader.diagnostics)
}

/// A file that is being read.
struct Reader<'a> {
    bytes: &'a [u8],
    version: Version,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// What kind of line this is, blanks at its ends taken away.
    fn meaning(&mut self, line: text::Line) -> Meaning {
        let whole = line.whole.of(self.bytes);
        // C strings end at a NUL, the newline behind it included.
        let length = whole.iter().position(|&b| b == 0).unwrap_or(whole.len());
        let limit = longest_line(self.version);
        if length > limit {
            let first = whole.trim_ascii_start().first().copied();
            self.report(
                "service-line-too-long",
                line,
                format!("line {} too long", line.number),
            );
            // libpq gets no further, but it is plain what such a line is part of.
            return match first {
                Some(b'[') => Meaning::Header(None),
                Some(b'#') => Meaning::Nothing,
                _ => Meaning::Unreadable,
            };
        }
        let content = trim(self.version, &whole[..length]).shifted(line.whole.start);
        match content.of(self.bytes) {
            [] | [b'#', ..] => Meaning::Nothing,
            [b'[', header @ ..] => {
                let Some(end) = header.iter().position(|&b| b == b']') else {
                    self.report("service-header", line, "no service has this name".into());
                    return Meaning::Header(None);
                };
                Meaning::Header(Some(Section {
                    name: String::from_utf8_lossy(&header[..end]).into_owned(),
                    header: header.to_vec(),
                    line: line.number,
                    parameters: Vec::new(),
                    span: line.whole,
                }))
            }
            _ => Meaning::Content(content),
        }
    }

    /// What a line within a section sets.
    fn parameter(&mut self, line: text::Line, content: Span) -> Option<Parameter> {
        let bytes = content.of(self.bytes);
        let equals = bytes.iter().position(|&b| b == b'=');
        let key = String::from_utf8_lossy(&bytes[..equals.unwrap_or(bytes.len())]).into_owned();
        let Some(equals) = equals.filter(|_| allowed(&key, self.version)) else {
            let (code, message) = if bytes.starts_with(b"ldap") {
                (
                    "service-ldap",
                    "looked up by a libpq with LDAP, a syntax error to one without",
                )
            } else if equals.is_some() && is_nested(&key, self.version) {
                (
                    "service-nested",
                    "nested service specifications not supported",
                )
            } else {
                ("service-syntax", "syntax error")
            };
            self.report(code, line, message.into());
            return None;
        };
        let value_span = Span::new(content.start + equals + 1, content.end);
        let value = value_span.of(self.bytes);
        let text = String::from_utf8_lossy(value).into_owned();
        if text.as_bytes() != value {
            self.report(
                "service-not-utf8",
                line,
                format!("the value of \"{key}\" is not UTF-8"),
            );
        }
        Some(Parameter {
            key,
            value: text,
            line: line.number,
            value_span,
        })
    }

    fn report(&mut self, code: &'static str, line: text::Line, message: String) {
        let harmless = ["service-header", "service-ldap", "service-not-utf8"].contains(&code);
        self.diagnostics.push(Diagnostic {
            code,
            severity: if harmless {
                Severity::Warning
            } else {
                Severity::Error
            },
            span: line.content,
            line: line.number,
            message,
        });
    }
}

/// What a physical line is.
enum Meaning {
    /// Blank or a comment.
    Nothing,
    /// Too long to be read, and neither a comment nor a header.
    Unreadable,
    /// The end of the section before it, and the beginning of another if a name could match it.
    Header(Option<Section>),
    /// Anything else.
    Content(Span),
}

/// The longest line that libpq reads, in bytes with its line end: its buffer without the NUL and one more.
pub(super) fn longest_line(version: Version) -> usize {
    if version < Version::V14 { 254 } else { 1022 }
}

/// The lines as libpq gets them: one that is longer than its buffer comes in pieces, each a line to it. That only
/// matters where a NUL makes a piece look short, since it stops at one that is too long.
pub(super) fn lines(bytes: &[u8], version: Version) -> impl Iterator<Item = text::Line> {
    let most = longest_line(version) + 1;
    let pieces = text::lines(bytes).flat_map(move |line| {
        let (start, end) = (line.whole.start, line.whole.end);
        let in_pieces = end - start > most && line.whole.of(bytes).contains(&0);
        let step = if in_pieces { most } else { end - start };
        (start..end).step_by(step).map(move |at| text::Line {
            whole: Span::new(at, (at + step).min(end)),
            content: Span::new(at, (at + step).min(line.content.end).max(at)),
            number: line.number,
        })
    });
    (1..)
        .zip(pieces)
        .map(|(number, line)| text::Line { number, ..line })
}

/// Without the blanks at its ends: all of them from 13 on, before that only line ends behind.
fn trim(version: Version, line: &[u8]) -> Span {
    let behind = |b: &u8| {
        if version < Version::V13 {
            matches!(b, b'\r' | b'\n')
        } else {
            is_blank(*b)
        }
    };
    let end = line
        .iter()
        .rposition(|b| !behind(b))
        .map_or(0, |last| last + 1);
    let start = line[..end]
        .iter()
        .position(|&b| !is_blank(b))
        .unwrap_or(end);
    Span::new(start, end)
}

/// C's `isspace` in the C locale.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// A parameter that may stand in a service file read by this version.
pub(super) fn allowed(key: &str, version: Version) -> bool {
    !is_nested(key, version) && Keyword::named(key).is_some_and(|keyword| keyword.known_to(version))
}

/// A parameter that would lead to another service.
fn is_nested(key: &str, version: Version) -> bool {
    key == "service" || (key == "servicefile" && version >= Version::V19)
}
