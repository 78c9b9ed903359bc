//! A file's change, line by line, rendered from the bytes: a missing last newline, a CR, bytes that
//! are not UTF-8 all stay visible. A PEM block counts as one line and is shown in words.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use similar::{Algorithm, ChangeTag, DiffTag, capture_diff_slices};

use super::pem;
use crate::failure::escape;
use crate::output::{BAD, GOOD, HEAD, styled};

/// The change as a unified diff with three lines around it; empty where nothing changes.
pub(crate) fn unified(path: &Path, before: Option<&[u8]>, after: &[u8]) -> String {
    let old = lines(before.unwrap_or_default());
    let new = lines(after);
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let mut out = String::new();
    for group in similar::group_diff_ops(ops, CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let old_range = first.old_range().start..last.old_range().end;
        let new_range = first.new_range().start..last.new_range().end;
        let _ = writeln!(
            out,
            "@@ -{} +{} @@",
            position(&old, old_range),
            position(&new, new_range)
        );
        for op in &group {
            if op.tag() == DiffTag::Equal {
                old[op.old_range()]
                    .iter()
                    .for_each(|line| push(&mut out, ChangeTag::Equal, line));
            } else {
                old[op.old_range()]
                    .iter()
                    .for_each(|line| push(&mut out, ChangeTag::Delete, line));
                new[op.new_range()]
                    .iter()
                    .for_each(|line| push(&mut out, ChangeTag::Insert, line));
            }
        }
    }
    if out.is_empty() {
        return out;
    }
    let name = escape(&path.display().to_string());
    let old_name = if before.is_some() {
        name.as_str()
    } else {
        "/dev/null"
    };
    format!(
        "{}\n{}\n{out}",
        styled(HEAD, &format!("--- {old_name}")),
        styled(HEAD, &format!("+++ {name}"))
    )
}

/// Where some of the lines stand in the file: the first, and how many.
fn position(lines: &[&[u8]], range: Range<usize>) -> String {
    let count = |lines: &[&[u8]]| -> usize {
        let feeds = |line: &&[u8]| line.iter().filter(|b| **b == b'\n').count();
        lines.iter().map(|line| feeds(line).max(1)).sum()
    };
    let (start, length) = (count(&lines[..range.start]), count(&lines[range]));
    format!("{},{length}", start + usize::from(length > 0))
}

fn push(out: &mut String, tag: ChangeTag, line: &[u8]) {
    if line.starts_with(PEM_BEGIN)
        && let Some(words) = pem::words(line)
    {
        words.iter().for_each(|text| push_text(out, tag, text));
        return;
    }
    // A block that cannot be read has several lines.
    for line in line.split_inclusive(|b| *b == b'\n') {
        let text = line.strip_suffix(b"\n");
        let shown = mask(&String::from_utf8_lossy(text.unwrap_or(line)));
        push_text(out, tag, &shown);
        if text.is_none() {
            let _ = writeln!(out, "\\ No newline at end of file");
        }
    }
}

fn push_text(out: &mut String, tag: ChangeTag, text: &str) {
    let text = escape(text);
    let text = match tag {
        ChangeTag::Equal => format!(" {text}"),
        ChangeTag::Delete => styled(BAD, &format!("-{text}")),
        ChangeTag::Insert => styled(GOOD, &format!("+{text}")),
    };
    let _ = writeln!(out, "{text}");
}

/// A setting's value without the secrets that it may hold.
pub(crate) fn masked_value(name: &str, value: &str) -> String {
    let name = format!("{name} = ");
    let line = mask(&format!("{name}{value}"));
    line.strip_prefix(&name).unwrap_or_default().to_owned()
}

/// The line without the secrets that PostgreSQL's files may hold: what is shown ends in terminals
/// and logs.
fn mask(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    let lower = line.to_ascii_lowercase();
    while let Some((at, name)) = next_secret(&lower[line.len() - rest.len()..]) {
        let start = at + name.len();
        let (before, after) = rest.split_at(start);
        let gap = after.len() - after.trim_start_matches([' ', '\t', '=']).len();
        let (gap, value) = after.split_at(gap);
        let end = if name.ends_with('=') {
            end_of_value(value)
        } else {
            value.len()
        };
        out.push_str(before);
        out.push_str(gap);
        out.push_str(if value.is_empty() { "" } else { "(not shown)" });
        rest = value.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn next_secret(lower: &str) -> Option<(usize, &'static str)> {
    let found = SECRETS
        .iter()
        .filter_map(|name| Some((lower.find(name)?, *name)));
    found.min_by_key(|(at, name)| (*at, usize::MAX - name.len()))
}

/// Where an option's value ends: at a blank outside of its quotes.
fn end_of_value(value: &str) -> usize {
    let mut quote = None;
    for (at, c) in value.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, ' ' | '\t') => return at,
            _ => {}
        }
    }
    value.len()
}

/// The lines, each PEM block as one.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = rest.split_inclusive(|b| *b == b'\n').next();
        let mut end = line.map_or(rest.len(), <[u8]>::len);
        if rest.starts_with(PEM_BEGIN) {
            let mut all = rest.split_inclusive(|b| *b == b'\n');
            let length = all.position(|line| line.starts_with(PEM_END));
            if let Some(last) = length {
                let block = rest.split_inclusive(|b| *b == b'\n').take(last + 1);
                end = block.map(<[u8]>::len).sum();
            }
        }
        let (line, after) = rest.split_at(end);
        lines.push(line);
        rest = after;
    }
    lines
}

const PEM_BEGIN: &[u8] = b"-----BEGIN ";
const PEM_END: &[u8] = b"-----END ";

/// What is followed by a secret: options and service parameters up to the next blank, settings to the
/// end of the line.
const SECRETS: [&str; 7] = [
    "password=",
    "ldapbindpasswd=",
    "radiussecrets=",
    "ssl_passphrase_command",
    "primary_conninfo",
    "restore_command",
    "archive_command",
];

const CONTEXT: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(before: Option<&[u8]>, after: &[u8]) -> String {
        anstream::adapter::strip_str(&unified(Path::new("/f"), before, after)).to_string()
    }

    #[test]
    fn shows_what_changes_and_what_is_around_it() {
        insta::assert_snapshot!(plain(Some(b"a\nb\nc\nd\ne\nf\n"), b"a\nb\nc\nd\nX\ne\nf\n"), @r"
        --- /f
        +++ /f
        @@ -2,5 +2,6 @@
         b
         c
         d
        +X
         e
         f
        ");
    }

    #[test]
    fn secrets_are_not_shown() {
        for (line, shown) in [
            ("password=TOP SECRET", "password=(not shown) SECRET"),
            ("sslpassword=x", "sslpassword=(not shown)"),
            (
                "host all all all ldap ldapbindpasswd=\"a b\" ldapport=1",
                "host all all all ldap ldapbindpasswd=(not shown) ldapport=1",
            ),
            (
                "primary_conninfo = 'user=x password=y'",
                "primary_conninfo = (not shown)",
            ),
            (
                "PASSWORD=a password=b",
                "PASSWORD=(not shown) password=(not shown)",
            ),
            ("host all all all password", "host all all all password"),
            ("password=", "password="),
        ] {
            assert_eq!(mask(line), shown);
        }
    }

    #[test]
    fn new_files_carriage_returns_and_missing_newlines() {
        insta::assert_snapshot!(plain(None, b"a\r\nb"), @r"
        --- /dev/null
        +++ /f
        @@ -0,0 +1,2 @@
        +a\r
        +b
        \ No newline at end of file
        ");
        assert_eq!(plain(Some(b"a\n"), b"a\n"), "");
    }

    fn authority(name: &str) -> pki_core::Certificate {
        let key = pki_core::PrivateKey::generate(pki_core::KeyType::P256).unwrap();
        let subject = pki_core::Subject::default().with_common_name(name);
        let (from, serial) = (
            pki_core::Time::from_unix(1_800_000_000),
            pki_core::Serial::random().unwrap(),
        );
        let validity = pki_core::Validity::new(from, 3650, None).unwrap();
        pki_core::issue_root(&key, &subject, serial, validity).unwrap()
    }

    #[test]
    fn certificates_are_shown_as_what_they_are() {
        let (old, new) = (authority("old"), authority("new"));
        let before = format!("# theirs\n{}", old.to_pem());
        let after = format!("{before}# ours\n{}", new.to_pem());
        let shown = plain(Some(before.as_bytes()), after.as_bytes());
        let shown = shown.replace(&old.fingerprint().to_string(), "[old]");
        let shown = shown.replace(&new.fingerprint().to_string(), "[new]");
        insta::assert_snapshot!(shown, @r"
        --- /f
        +++ /f
        @@ -1,12 +1,24 @@
         # theirs
         Root authority: old
           subject CN=old
           valid from 2027-01-15 until 2037-01-12
           SHA-256 [old]
        +# ours
        +Root authority: new
        +  subject CN=new
        +  valid from 2027-01-15 until 2037-01-12
        +  SHA-256 [new]
        ");
    }

    #[test]
    fn a_private_key_is_not_shown_and_what_is_broken_is() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN X";
        let shown = plain(None, format!("{key}{other}").as_bytes());
        insta::assert_snapshot!(shown, @r"
        --- /dev/null
        +++ /f
        @@ -0,0 +1,7 @@
        +Private key that cannot be read
        +-----BEGIN CERTIFICATE-----
        +AAAA
        +-----END CERTIFICATE-----
        +-----BEGIN X
        \ No newline at end of file
        ");
    }
}
