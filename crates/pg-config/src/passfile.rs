//! `.pgpass`: which password libpq takes for a connection. Whether the file's mode allows it to be used is for whoever
//! reads it.

use alloc::vec::Vec;

use crate::Version;

/// The password that libpq of this version takes for a connection: that of the first line that matches
/// (`fe-connect.c`, `passwordFromFile`). `host` is the name of the host, or its address where no name is given; the
/// default socket folder has to be given as `localhost`. `database` is `replication` for physical replication.
///
/// ```
/// use pg_config::{Version, passfile};
///
/// let file = b"# host:port:database:user:password\ntolva:*:*:me:a\\:b\n*:*:*:*:other\n";
/// let password = passfile::lookup(file, "tolva", "5432", "db", "me", Version::V15);
/// assert_eq!(password.as_deref(), Some(&b"a:b"[..]));
/// ```
pub fn lookup(
    passfile: &[u8],
    host: &str,
    port: &str,
    database: &str,
    user: &str,
    version: Version,
) -> Option<Vec<u8>> {
    if database.is_empty() || user.is_empty() {
        return None;
    }
    let host = if host.is_empty() { "localhost" } else { host };
    let port = if port.is_empty() { "5432" } else { port };
    passfile
        .split_inclusive(|&b| b == b'\n')
        .flat_map(|line| pieces(line, version))
        .find_map(|line| {
            if line.starts_with(b"#") {
                return None;
            }
            let mut rest = without_line_end(line);
            for field in [host, port, database, user] {
                rest = behind_field(rest, field.as_bytes())?;
            }
            Some(unescaped(rest))
        })
}

/// What is read as a line: in 12 no more than the buffer holds, the rest as a line of its own.
fn pieces(line: &[u8], version: Version) -> impl Iterator<Item = &[u8]> {
    let longest = if version < Version::V13 {
        LONGEST_IN_12
    } else {
        usize::MAX
    };
    line.chunks(longest.min(line.len().max(1))).map(|piece| {
        // C strings end at a NUL.
        let end = piece.iter().position(|&b| b == 0).unwrap_or(piece.len());
        &piece[..end]
    })
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let end = line
        .iter()
        .rposition(|b| !b"\r\n".contains(b))
        .map_or(0, |last| last + 1);
    &line[..end]
}

/// What follows a field that matches (`pwdfMatchesString`).
fn behind_field<'a>(line: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    if let Some(rest) = line.strip_prefix(b"*:") {
        return Some(rest);
    }
    let mut rest = line;
    for &byte in wanted {
        // A bare colon inside the field matches one in what is wanted too, as in libpq.
        rest = rest.strip_prefix(b"\\").unwrap_or(rest);
        rest = rest.strip_prefix(&[byte])?;
    }
    rest.strip_prefix(b":")
}

/// The password, up to the next bare colon.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut password = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next_if(|&b| b != b':') {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        password.push(escaped.unwrap_or(byte));
    }
    password
}

/// `LINELEN` without the NUL.
const LONGEST_IN_12: usize = 319;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    fn find_as(version: Version, file: &str, host: &str, user: &str) -> Option<String> {
        lookup(file.as_bytes(), host, "5432", "db", user, version)
            .map(|p| String::from_utf8(p).unwrap())
    }

    fn find(file: &str, host: &str, user: &str) -> Option<String> {
        find_as(Version::V15, file, host, user)
    }

    #[test]
    fn the_first_line_that_matches_counts() {
        let file = "#h:*:*:u:no\nh:5433:*:u:no\nh:5432:db:u:yes\n*:*:*:*:later\n";
        assert_eq!(find(file, "h", "u").as_deref(), Some("yes"));
        assert_eq!(find(file, "x", "u").as_deref(), Some("later"));
        assert_eq!(find("h:*:*:u:no", "hh", "u"), None);
        assert_eq!(find("hh:*:*:u:no", "h", "u"), None);
        assert_eq!(find("", "h", "u"), None);
    }

    #[test]
    fn a_star_is_the_whole_field_or_a_star() {
        assert_eq!(find("h*:*:*:u:p", "hx", "u"), None);
        assert_eq!(find("*x:*:*:u:p", "hx", "u"), None);
        assert_eq!(find("*x:*:*:u:p", "*x", "u").as_deref(), Some("p"));
    }

    #[test]
    fn backslashes_take_the_meaning_from_colons() {
        assert_eq!(
            find(r"a\:b:*:*:u\\v:p\:q\\r\s:ignored", "a:b", r"u\v").as_deref(),
            Some(r"p:q\rs")
        );
        assert_eq!(find("::1:*:*:u:p", "::1", "u").as_deref(), Some("p"));
        assert_eq!(find(r"\:\:1:*:*:u:p", "::1", "u").as_deref(), Some("p"));
        assert_eq!(find("h:*:*:u:p\\", "h", "u").as_deref(), Some("p\\"));
    }

    #[test]
    fn line_ends_are_not_part_of_the_password() {
        assert_eq!(find("h:*:*:u:p \r\n", "h", "u").as_deref(), Some("p "));
        assert_eq!(find("h:*:*:u:\n", "h", "u").as_deref(), Some(""));
    }

    #[test]
    fn no_host_is_localhost_and_no_user_is_nobody() {
        assert_eq!(find("localhost:*:*:u:p", "", "u").as_deref(), Some("p"));
        assert_eq!(find("*:*:*:*:p", "h", ""), None);
    }

    #[test]
    fn version_12_cuts_long_lines() {
        let file = format!("h:*:*:u:{}", "p".repeat(400));
        assert_eq!(find_as(Version::V13, &file, "h", "u").unwrap().len(), 400);
        assert_eq!(
            find_as(Version::V12, &file, "h", "u").unwrap().len(),
            319 - 8
        );
    }

    proptest! {
        #[test]
        fn an_escaped_line_is_found(host in "[a-z:\\\\*.]{1,6}", user in "[a-z:\\\\]{1,6}", password in "[ -~]{0,9}") {
            let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
            let file = format!("{}:*:*:{}:{}\n", escaped(&host), escaped(&user), escaped(&password));
            prop_assert_eq!(find(&file, &host, &user), Some(password));
        }

        #[test]
        fn any_bytes_are_searched(file: Vec<u8>) {
            for version in Version::ALL {
                let _ = lookup(&file, "h", "1", "d", "u", version);
            }
        }
    }
}
