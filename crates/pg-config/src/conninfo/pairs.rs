//! `keyword=value` strings, read and written (`fe-connect.c`, `conninfo_parse`).

use alloc::string::String;
use core::fmt::{self, Write as _};
use core::iter::Peekable;
use core::str::Chars;

use super::{Conninfo, ParseError};
use crate::Version;

pub(super) fn parse(
    conninfo: &mut Conninfo,
    text: &str,
    version: Version,
) -> Result<(), ParseError> {
    let mut rest = text.chars().peekable();
    loop {
        skip_blanks(&mut rest);
        if rest.peek().is_none() {
            return Ok(());
        }
        let mut keyword = String::new();
        while let Some(c) = rest.next_if(|&c| c != '=' && !is_blank(c)) {
            keyword.push(c);
        }
        skip_blanks(&mut rest);
        if rest.next_if_eq(&'=').is_none() {
            return Err(ParseError::MissingEquals { keyword });
        }
        skip_blanks(&mut rest);
        let value = if rest.next_if_eq(&'\'').is_some() {
            quoted(&mut rest)?
        } else {
            bare(&mut rest)
        };
        conninfo.set_as(&keyword, &value, version)?;
    }
}

/// Writes pairs so that [`parse`] reads them back.
pub(super) fn write<'a>(
    f: &mut fmt::Formatter<'_>,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> fmt::Result {
    for (i, (keyword, value)) in pairs.enumerate() {
        if i > 0 {
            f.write_char(' ')?;
        }
        f.write_str(keyword)?;
        f.write_char('=')?;
        if !value.is_empty() && !value.contains(|c| c == '\'' || c == '\\' || is_blank(c)) {
            f.write_str(value)?;
            continue;
        }
        f.write_char('\'')?;
        for c in value.chars() {
            if c == '\'' || c == '\\' {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('\'')?;
    }
    Ok(())
}

/// Up to a blank; a backslash takes the meaning from what follows.
fn bare(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut value = String::new();
    while let Some(c) = rest.next_if(|&c| !is_blank(c)) {
        value.extend(if c == '\\' { rest.next() } else { Some(c) });
    }
    value
}

/// Up to the closing quote, which may be followed by the next keyword directly.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Result<String, ParseError> {
    let mut value = String::new();
    loop {
        match rest.next().ok_or(ParseError::UnterminatedQuote)? {
            '\'' => return Ok(value),
            '\\' => value.extend(rest.next()),
            c => value.push(c),
        }
    }
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|&c| is_blank(c)).is_some() {}
}

/// C's `isspace` in the C locale.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    /// The parameters as written back, or the error.
    fn read(text: &str) -> String {
        match text.parse::<Conninfo>() {
            Ok(conninfo) => conninfo.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn strings_are_read_as_libpq_does() {
        // Each of these was put to libpq 15 (`PQconninfoParse`).
        for (text, as_read) in [
            ("", ""),
            (" \n", ""),
            ("host=a", "host=a"),
            ("host = a\tport= 1", "host=a port=1"),
            ("host=", "host=''"),
            ("host= port=1", "host=port=1"),
            ("host='a b'port=1", "host='a b' port=1"),
            (r"host=a\ b", "host='a b'"),
            (r"host='it\'s \\'", r"host='it\'s \\'"),
            (r"host=a'b", r"host='a\'b'"),
            (r"host=a\", "host=a"),
            ("host=a=b", "host=a=b"),
            (
                "host",
                "error: missing \"=\" after \"host\" in connection info string",
            ),
            (
                "host a=b",
                "error: missing \"=\" after \"host\" in connection info string",
            ),
            ("=a", "error: invalid connection option \"\""),
            ("Host=a", "error: invalid connection option \"Host\""),
            (
                "host='a",
                "error: unterminated quoted string in connection info string",
            ),
            (
                r"host='a\",
                "error: unterminated quoted string in connection info string",
            ),
        ] {
            assert_eq!(read(text), as_read, "{text}");
        }
    }
}
