//! A file's change, line by line, rendered from the bytes: a missing last newline, a CR, bytes that
//! are not UTF-8 all stay visible.

use std::fmt::Write as _;
use std::path::Path;

use similar::{Algorithm, ChangeTag, DiffTag, capture_diff_slices};

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
        let (old_range, new_range) = (
            first.old_range().start..last.old_range().end,
            first.new_range().start..last.new_range().end,
        );
        let _ = writeln!(
            out,
            "@@ -{},{} +{},{} @@",
            old_range.start + usize::from(!old_range.is_empty()),
            old_range.len(),
            new_range.start + usize::from(!new_range.is_empty()),
            new_range.len()
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

fn push(out: &mut String, tag: ChangeTag, line: &[u8]) {
    let (text, ends) = match line.strip_suffix(b"\n") {
        Some(text) => (text, true),
        None => (line, false),
    };
    let text = escape(&mask(&String::from_utf8_lossy(text)));
    let text = match tag {
        ChangeTag::Equal => format!(" {text}"),
        ChangeTag::Delete => styled(BAD, &format!("-{text}")),
        ChangeTag::Insert => styled(GOOD, &format!("+{text}")),
    };
    let _ = writeln!(out, "{text}");
    if !ends {
        let _ = writeln!(out, "\\ No newline at end of file");
    }
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

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|b| *b == b'\n').collect()
}

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
}
