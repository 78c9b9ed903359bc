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
    let mut lines = Lines::of(passfile);
    while let Some(line) = lines.next() {
        if let Some(password) = password_in(line, [host, port, database, user], version) {
            return Some(password);
        }
    }
    None
}

/// The password of a line, if it matches.
fn password_in(line: &[u8], wanted: [&str; 4], version: Version) -> Option<Vec<u8>> {
    if line.starts_with(b"#") {
        return None;
    }
    let mut rest = without_line_end(line, version);
    for field in wanted {
        rest = behind_field(rest, field.as_bytes())?;
    }
    Some(unescaped(rest))
}

/// The lines as libpq gets them: in pieces, each as long as there is room in its buffer, until one ends in a newline
/// that is not hidden by a NUL before it.
struct Lines<'a> {
    rest: &'a [u8],
    line: Vec<u8>,
    /// The size of the buffer, which is never made smaller (`enlargePQExpBuffer`).
    capacity: usize,
}

impl<'a> Lines<'a> {
    const fn of(file: &'a [u8]) -> Self {
        Self {
            rest: file,
            line: Vec::new(),
            capacity: 256,
        }
    }

    fn next(&mut self) -> Option<&[u8]> {
        self.line.clear();
        loop {
            while self.capacity < self.line.len() + 1 + MORE {
                self.capacity *= 2;
            }
            // What `fgets` takes; where nothing is left, what is in the buffer already is lost.
            let room = self.capacity - self.line.len() - 1;
            let newline = self.rest.iter().take(room).position(|&b| b == b'\n');
            let taken = newline.map_or(room.min(self.rest.len()), |at| at + 1);
            let (piece, rest) = self.rest.split_at(taken);
            if piece.is_empty() {
                return None;
            }
            self.rest = rest;
            let end = piece.iter().position(|&b| b == 0).unwrap_or(taken);
            self.line.extend_from_slice(&piece[..end]);
            let met_the_end = newline.is_none() && taken < room;
            if self.line.ends_with(b"\n") || met_the_end {
                return Some(&self.line);
            }
        }
    }
}

/// How much room is asked for at least.
const MORE: usize = 128;

/// Without its line end: one, with its carriage return, to 12; all that there are at its end from 13 on
/// (`pg_strip_crlf`).
fn without_line_end(line: &[u8], version: Version) -> &[u8] {
    if version < Version::V13 {
        let Some(line) = line.strip_suffix(b"\n") else {
            return line;
        };
        return line.strip_suffix(b"\r").unwrap_or(line);
    }
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
    fn version_12_takes_one_line_end_away() {
        for (file, in_12) in [("h:*:*:u:p\r\r\n", "p\r"), ("h:*:*:u:p\r", "p\r")] {
            assert_eq!(
                find_as(Version::V12, file, "h", "u").as_deref(),
                Some(in_12)
            );
            assert_eq!(find_as(Version::V13, file, "h", "u").as_deref(), Some("p"));
        }
    }

    #[test]
    fn lines_are_read_in_pieces() {
        // A NUL hides the rest of its piece, a newline too.
        assert_eq!(
            find("x\0yz\nh:*:*:u:p\nh:*:*:u:q", "h", "u").as_deref(),
            Some("q")
        );
        assert_eq!(find("h:*:*:\0yz\nu:p\n", "h", "u").as_deref(), Some("p"));
        // A last line without newline that fills the buffer is lost.
        let line = |length: usize| format!("h:*:*:u:{}", "p".repeat(length - "h:*:*:u:".len()));
        for (length, is_read) in [
            (254, true),
            (255, false),
            (256, true),
            (511, false),
            (512, true),
        ] {
            assert_eq!(find(&line(length), "h", "u").is_some(), is_read, "{length}");
            assert!(find(&format!("{}\n", line(length)), "h", "u").is_some());
        }
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
