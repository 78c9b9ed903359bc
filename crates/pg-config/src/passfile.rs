//! `.pgpass`: which password libpq takes for a connection. Whether the file's mode allows it to be used is for whoever
//! reads it.

use alloc::vec::Vec;
use core::fmt;

use crate::text::Span;
use crate::{Diagnostic, Severity, Version};

/// A password file: its bytes, and the lines that libpq reads in them (`fe-connect.c`, `passwordFromFile`). What is
/// printed for debugging shows no password.
///
/// ```
/// use pg_config::Version;
/// use pg_config::passfile::{Document, Wanted};
///
/// let file = Document::parse(b"# host:port:database:user:password\ntolva:*:*:me:a\\:b\n*:*:*:*:other\n", Version::V15);
/// let wanted = Wanted { host: "tolva", port: "5432", database: "db", user: "me" };
/// let found = file.find(&wanted).ok_or("a line")?;
/// assert_eq!((found.entry.line, &*found.password), (2, &b"a:b"[..]));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    diagnostics: Vec<Diagnostic>,
}

/// `HOST:PORT:DATABASE:USER:PASSWORD`. Where a field ends depends on what is looked for: a bare colon may stand for
/// itself too, as in `::1:*:*:me:secret`.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1.
    pub line: u32,
    /// The line without its newline.
    pub span: Span,
    /// What libpq compares.
    text: Vec<u8>,
}

/// A connection that needs a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The host's name, or its address where no name is given; `localhost` for the default socket folder. Empty means
    /// `localhost`.
    pub host: &'a str,
    /// Empty means 5432.
    pub port: &'a str,
    /// `replication` for physical replication.
    pub database: &'a str,
    /// The role.
    pub user: &'a str,
}

/// The password of a connection, and the line that it comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Found<'a> {
    /// The line.
    pub entry: &'a Entry,
    /// Without its backslashes; it may be empty, which libpq takes for none.
    pub password: Vec<u8>,
}

impl Document {
    /// Reads a file as libpq of this version does.
    pub fn parse(bytes: impl Into<Vec<u8>>, version: Version) -> Self {
        let bytes = bytes.into();
        let (mut entries, mut diagnostics) = (Vec::new(), Vec::new());
        let mut lines = Lines::of(&bytes);
        while let Some(line) = lines.next() {
            let text = without_line_end(&line.text, version);
            let entry = Entry {
                line: line.number,
                span: line.span,
                text: text.to_vec(),
            };
            let fault = match line.is_lost {
                true => Some(("passfile-lost", "libpq loses this line: it has no line end, and fills a buffer exactly")),
                false => entry.is_for_nobody().then_some((
                    "passfile-fields",
                    "for no connection: four fields with a colon behind each come before the password",
                )),
            };
            if let Some((code, message)) = fault {
                diagnostics.push(Diagnostic {
                    code,
                    severity: Severity::Warning,
                    span: entry.span,
                    line: entry.line,
                    message: message.into(),
                });
            } else if !entry.says_nothing() {
                entries.push(entry);
            }
        }
        Self {
            bytes,
            entries,
            diagnostics,
        }
    }

    /// The bytes of the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The lines that may be for some connection, in file order: the first that is for one counts.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines that look like entries and are for no connection, about which libpq says nothing.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The password for a connection; none without database or role, for which libpq does not look.
    pub fn find(&self, wanted: &Wanted<'_>) -> Option<Found<'_>> {
        if wanted.database.is_empty() || wanted.user.is_empty() {
            return None;
        }
        let or = |text, default| if str::is_empty(text) { default } else { text };
        let fields = [
            or(wanted.host, "localhost"),
            or(wanted.port, "5432"),
            wanted.database,
            wanted.user,
        ];
        self.entries.iter().find_map(|entry| {
            let password = entry.password_for(fields)?;
            Some(Found { entry, password })
        })
    }
}

impl Entry {
    /// Whether it is blank or a comment.
    fn says_nothing(&self) -> bool {
        self.text.is_empty() || self.text.starts_with(b"#")
    }

    /// Whether it says something, and no connection could match it: every field has at least one character.
    fn is_for_nobody(&self) -> bool {
        let mut rest = &self.text[..];
        let mut field = || {
            rest = behind_character(rest)?;
            while !rest.starts_with(b":") {
                rest = behind_character(rest)?;
            }
            rest = &rest[1..];
            Some(())
        };
        !self.says_nothing() && (0..4).any(|_| field().is_none())
    }

    /// The password, if the line is for this host, port, database and role.
    fn password_for(&self, wanted: [&str; 4]) -> Option<Vec<u8>> {
        let mut rest = &self.text[..];
        for field in wanted {
            rest = behind_field(rest, field.as_bytes())?;
        }
        Some(unescaped(rest))
    }
}

/// What follows a character, which may have a backslash before it.
fn behind_character(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'\\', _, rest @ ..] | [_, rest @ ..] => Some(rest),
        [] => None,
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Document");
        shown.field("entries", &self.entries);
        shown.field("diagnostics", &self.diagnostics);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Entry");
        shown.field("line", &self.line).field("span", &self.span);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Found");
        shown.field("entry", &self.entry);
        shown.finish_non_exhaustive()
    }
}

/// The lines as libpq gets them: in pieces, each as long as there is room in its buffer, until one ends in a newline
/// that is not hidden by a NUL before it.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u32,
    /// The size of the buffer, which is never made smaller (`enlargePQExpBuffer`).
    capacity: usize,
}

/// What libpq has in its buffer for a line.
struct Read {
    /// From 1: the physical line in which it begins.
    number: u32,
    span: Span,
    text: Vec<u8>,
    /// Whether the end of the file comes when the buffer is full, so that libpq never looks at it.
    is_lost: bool,
}

impl<'a> Lines<'a> {
    const fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            number: 1,
            capacity: 256,
        }
    }

    fn next(&mut self) -> Option<Read> {
        let (start, number) = (self.at, self.number);
        if start >= self.bytes.len() {
            return None;
        }
        let mut text = Vec::new();
        let (is_whole, end) = loop {
            while self.capacity < text.len() + 1 + MORE {
                self.capacity *= 2;
            }
            // What `fgets` takes; where nothing is left, what is in the buffer already is lost.
            let rest = &self.bytes[self.at..];
            let room = self.capacity - text.len() - 1;
            let newline = rest.iter().take(room).position(|&b| b == b'\n');
            let taken = newline.map_or(room.min(rest.len()), |at| at + 1);
            let piece = &rest[..taken];
            let end = self.at + newline.unwrap_or(taken);
            self.at += taken;
            self.number += u32::from(newline.is_some());
            text.extend_from_slice(piece.split(|&b| b == 0).next().unwrap_or_default());
            let met_the_end = newline.is_none() && taken < room;
            if piece.is_empty() || text.ends_with(b"\n") || met_the_end {
                break (!piece.is_empty(), end);
            }
        };
        Some(Read {
            number,
            span: Span::new(start, end),
            text,
            is_lost: !is_whole,
        })
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
        let document = Document::parse(file.as_bytes(), version);
        let wanted = Wanted {
            host,
            port: "5432",
            database: "db",
            user,
        };
        let found = document.find(&wanted)?;
        assert!(!format!("{document:?} {found:?}").contains("secret"));
        Some(String::from_utf8(found.password).unwrap())
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

    #[test]
    fn lines_for_nobody_are_named() {
        let document = Document::parse(
            b"\n#a\n #\n::::p\nh:*:*:me:secret\nh:5432:db:me\nh\\:*:*:*:p\n::1:*:*:me:p\n",
            Version::V15,
        );
        let said: Vec<_> = document
            .diagnostics()
            .iter()
            .map(|d| (d.line, d.code))
            .collect();
        assert_eq!(said, [3, 4, 6, 7].map(|line| (line, "passfile-fields")));
        let lines: Vec<_> = document.entries().iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [5, 8]);
        let lost = format!("a:*:*:u:p\nh:*:*:u:{}", "p".repeat(247));
        let document = Document::parse(lost.as_bytes(), Version::V15);
        let diagnostic = &document.diagnostics()[0];
        assert_eq!((diagnostic.code, diagnostic.line), ("passfile-lost", 2));
        assert_eq!(diagnostic.span, Span::new(10, lost.len()));
    }

    proptest! {
        #[test]
        fn an_escaped_line_is_found(host in "[a-z:\\\\*.]{1,6}", user in "[a-z:\\\\]{1,6}", password in "[ -~]{0,9}") {
            let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
            let file = format!("{}:*:*:{}:{}\n", escaped(&host), escaped(&user), escaped(&password));
            prop_assert_eq!(find(&file, &host, &user), Some(password));
        }

        #[test]
        fn every_byte_comes_back(file: Vec<u8>) {
            for version in Version::ALL {
                prop_assert_eq!(Document::parse(file.clone(), version).to_bytes(), &file[..]);
            }
        }

        #[test]
        fn what_is_for_nobody_is_never_found(
            line in "[hpu:*\\\\#]{0,12}",
            host in "[hp:*]{1,3}",
            port in "[hp:*]{1,3}",
            database in "[hp:*]{1,2}",
            user in "[hpu:*]{1,2}",
        ) {
            let document = Document::parse(line.as_bytes(), Version::V15);
            let entry = Entry { line: 1, span: Span::new(0, line.len()), text: line.as_bytes().to_vec() };
            let found = entry.password_for([&host, &port, &database, &user]).is_some() && !entry.says_nothing();
            prop_assert!(!found || document.entries().len() == 1, "{}", line);
        }
    }
}
