//! One line of `postgresql.conf` as tokens: the rules of `guc-file.l`, the same in every version from 12 on. No token
//! crosses a line, so a line is all that is ever looked at.

use alloc::vec::Vec;

use crate::text::Span;

/// A token, with its bytes' offsets in the line that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Id,
    QualifiedId,
    Quoted,
    Unquoted,
    Integer,
    Real,
    Equals,
    /// A byte that begins no token.
    Stray,
}

/// What a line without its `\n` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Blank, or a comment.
    Empty,
    /// `name [=] value`
    Assignment {
        name: Span,
        value: Span,
        quoted: bool,
        equals: bool,
    },
    /// A syntax error, at this token or at the line's end.
    Error(Option<Span>),
}

/// Reads a line as `ParseConfigFp` does.
pub(super) fn read_line(line: &[u8]) -> Line {
    let Some(name) = next(line, 0) else {
        return Line::Empty;
    };
    if !matches!(name.kind, TokenKind::Id | TokenKind::QualifiedId) {
        return Line::Error(Some(name.span));
    }
    let mut value = next(line, name.span.end);
    let equals = value.is_some_and(|token| token.kind == TokenKind::Equals);
    if let Some(token) = value.filter(|_| equals) {
        value = next(line, token.span.end);
    }
    let Some(value) = value else {
        return Line::Error(None);
    };
    if matches!(
        value.kind,
        TokenKind::QualifiedId | TokenKind::Equals | TokenKind::Stray
    ) {
        return Line::Error(Some(value.span));
    }
    if let Some(extra) = next(line, value.span.end) {
        return Line::Error(Some(extra.span));
    }
    Line::Assignment {
        name: name.span,
        value: value.span,
        quoted: value.kind == TokenKind::Quoted,
        equals,
    }
}

/// The next token at or behind `at`; none at the end of the line or where a comment begins.
pub(super) fn next(line: &[u8], at: usize) -> Option<Token> {
    let blank = run(&line[at..], |b| matches!(b, b' ' | b'\t' | b'\r'));
    let start = at + blank;
    let rest = &line[start..];
    let (kind, length) = match *rest.first()? {
        b'#' => return None,
        b'=' => (TokenKind::Equals, 1),
        b'\'' => quoted(rest).map_or((TokenKind::Stray, 1), |length| (TokenKind::Quoted, length)),
        b if is_letter(b) => word(rest),
        _ => number(rest),
    };
    Some(Token {
        kind,
        span: Span::new(start, start + length),
    })
}

/// Takes quotes and escapes away (`DeescapeQuotedString`). Its C strings end at a NUL; where one hides the closing
/// quote, the character before it is taken for the quote.
pub(super) fn unquote(quoted: &[u8]) -> Vec<u8> {
    let end = quoted.iter().position(|&b| b == 0).unwrap_or(quoted.len());
    let mut value = unescape(quoted.get(1..end).unwrap_or_default());
    value.pop();
    if let Some(nul) = value.iter().position(|&b| b == 0) {
        value.truncate(nul);
    }
    value
}

/// The inside of a string with its closing quote, which stays.
fn unescape(inner: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        value.push(match byte {
            b'\'' => bytes.next().unwrap_or(b'\''),
            b'\\' => match bytes.next() {
                Some(b'b') => 0x08,
                Some(b'f') => 0x0c,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(digit @ b'0'..=b'7') => {
                    let mut octal = digit - b'0';
                    for _ in 0..2 {
                        let Some(digit) = bytes.next_if(|b| matches!(b, b'0'..=b'7')) else {
                            break;
                        };
                        octal = (octal << 3) | (digit - b'0');
                    }
                    octal
                }
                Some(other) => other,
                None => b'\\',
            },
            other => other,
        });
    }
    value
}

/// `ID`, `QUALIFIED_ID` or `UNQUOTED_STRING`: the longest, and of equally long ones the first.
fn word(rest: &[u8]) -> (TokenKind, usize) {
    let id = run(rest, is_letter_or_digit);
    let qualified = match rest.get(id..) {
        Some([b'.', second, ..]) if is_letter(*second) => {
            id + 1 + run(&rest[id + 1..], is_letter_or_digit)
        }
        _ => id,
    };
    let unquoted = run(rest, |b| {
        is_letter_or_digit(b) || matches!(b, b'-' | b'.' | b':' | b'/')
    });
    if unquoted > qualified {
        (TokenKind::Unquoted, unquoted)
    } else if qualified > id {
        (TokenKind::QualifiedId, qualified)
    } else {
        (TokenKind::Id, id)
    }
}

/// `INTEGER` (with its unit) or `REAL`, the longer of the two; else a stray byte.
fn number(rest: &[u8]) -> (TokenKind, usize) {
    let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    let unsigned = &rest[sign..];
    let digits = run(unsigned, |b| b.is_ascii_digit());
    let with_unit = |length: usize| length + run(&unsigned[length..], |b| b.is_ascii_alphabetic());
    let hex_digits = match unsigned {
        [b'0', b'x', hex @ ..] => run(hex, |b| b.is_ascii_hexdigit()),
        _ => 0,
    };
    let hex = if hex_digits > 0 {
        with_unit(2 + hex_digits)
    } else {
        0
    };
    let decimal = if digits > 0 { with_unit(digits) } else { 0 };
    let real = match unsigned.get(digits) {
        Some(b'.') => {
            let mantissa = digits + 1 + run(&unsigned[digits + 1..], |b| b.is_ascii_digit());
            mantissa + exponent(&unsigned[mantissa..])
        }
        _ => 0,
    };
    let integer = hex.max(decimal);
    if integer == 0 && real == 0 {
        (TokenKind::Stray, 1)
    } else if integer >= real {
        (TokenKind::Integer, sign + integer)
    } else {
        (TokenKind::Real, sign + real)
    }
}

/// The length of `[Ee][+-]?[0-9]+`, 0 where there is none.
fn exponent(rest: &[u8]) -> usize {
    if !matches!(rest.first(), Some(b'e' | b'E')) {
        return 0;
    }
    let sign = usize::from(matches!(rest.get(1), Some(b'+' | b'-')));
    match run(&rest[1 + sign..], |b| b.is_ascii_digit()) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

/// The length of the longest `'([^'\\\n]|\\.|'')*'` here.
fn quoted(rest: &[u8]) -> Option<usize> {
    let mut closed = None;
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\'' if rest.get(at + 1) == Some(&b'\'') => {
                closed = Some(at + 1);
                at += 2;
            }
            b'\'' => return Some(at + 1),
            b'\\' if at + 1 < rest.len() => at += 2,
            b'\\' => break,
            _ => at += 1,
        }
    }
    closed
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_letter_or_digit(byte: u8) -> bool {
    is_letter(byte) || byte.is_ascii_digit()
}

/// How many bytes at the start are of a kind.
fn run(bytes: &[u8], of_kind: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|&&b| of_kind(b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    /// The line as the server reads it, for comparing at a glance.
    fn shown(line: &str) -> String {
        match read_line(line.as_bytes()) {
            Line::Empty => "empty".into(),
            Line::Assignment {
                name,
                value,
                quoted,
                ..
            } => {
                let value = &line.as_bytes()[value.range()];
                let value = if quoted {
                    unquote(value)
                } else {
                    value.to_vec()
                };
                format!(
                    "{} -> {}",
                    &line[name.range()],
                    String::from_utf8_lossy(&value)
                )
            }
            Line::Error(Some(token)) => format!("error near {:?}", &line[token.range()]),
            Line::Error(None) => "error near end of line".into(),
        }
    }

    #[test]
    fn lines_are_read_as_the_server_does() {
        // Each of these was put to PostgreSQL 15 (`pg_file_settings`).
        for (line, read) in [
            ("", "empty"),
            (" \t# port = 1", "empty"),
            ("port = 5433", "port -> 5433"),
            ("port 5433\r", "port -> 5433"),
            ("work_mem'4MB'", "work_mem -> 4MB"),
            ("work_mem = 4MB#c", "work_mem -> 4MB"),
            ("work_mem = 4 MB", "error near \"MB\""),
            ("work_mem = 1.5MB", "error near \"MB\""),
            ("x.y = 0x1f", "x.y -> 0x1f"),
            ("x.y = 1e5", "error near \"5\""),
            ("x.y = 1.e5", "x.y -> 1.e5"),
            ("x.y = -1.5", "x.y -> -1.5"),
            ("x.y = .", "x.y -> ."),
            ("x.y = -", "error near \"-\""),
            ("ssl_cert_file = server.crt", "error near \"server.crt\""),
            ("ssl_cert_file = a/b.crt", "ssl_cert_file -> a/b.crt"),
            ("ssl_cert_file = /a", "error near \"/\""),
            (
                "ssl_min_protocol_version = TLSv1.2",
                "ssl_min_protocol_version -> TLSv1.2",
            ),
            ("a.b.c = 1", "error near \"a.b.c\""),
            ("work-mem = 1", "error near \"work-mem\""),
            ("x.y = 'it''s'", "x.y -> it's"),
            (r"x.y = 'a\'b\\c\101\q'", r"x.y -> a'b\cAq"),
            ("x.y = 'abc\0d'", "x.y -> ab"),
            (r"x.y = 'ab\000c'", "x.y -> ab"),
            ("x.y = 'a'b'", "error near \"b\""),
            ("x.y = 'a''", "error near \"'\""),
            ("x.y = 'open", "error near \"'\""),
            ("x.y =", "error near end of line"),
            ("x.y", "error near end of line"),
            ("= 1", "error near \"=\""),
            ("x.y = = 1", "error near \"=\""),
            ("5 = 1", "error near \"5\""),
        ] {
            assert_eq!(shown(line), read, "{line}");
        }
    }

    proptest! {
        #[test]
        fn tokens_never_reach_behind_the_line(line in "[a-z0-9'\\\\.#= x+-]{0,20}") {
            let bytes = line.as_bytes();
            let mut at = 0;
            while let Some(token) = next(bytes, at) {
                prop_assert!(token.span.start >= at && token.span.end > token.span.start);
                prop_assert!(token.span.end <= bytes.len());
                at = token.span.end;
            }
        }

        #[test]
        fn any_bytes_are_read(line: Vec<u8>) {
            let line: Vec<u8> = line.into_iter().filter(|&b| b != b'\n').collect();
            read_line(&line);
            unquote(&line);
        }
    }
}
