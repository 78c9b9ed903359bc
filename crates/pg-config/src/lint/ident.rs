//! What is worth saying about `pg_ident.conf`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;

use super::Finding;
use super::hba::is_anchored;
use super::lines::{self, BYTE_ORDER_MARK, Codes};
use super::report::Report;
use crate::Version;
use crate::ident::{Document, Entry, Maps};
use crate::regex::syntax;
use crate::resolve::Files;
use crate::tokens::{Line, Tokenizer};

/// Everything about the files that `maps` were read from. `path` is the first one.
pub fn ident(files: &dyn Files, path: &str, maps: &Maps, version: Version) -> Vec<Finding> {
    let mut paths: Vec<&str> = alloc::vec![path];
    let others = maps.lines().iter().map(|line| line.file.as_str());
    for path in others.chain(maps.errors().iter().map(|error| error.file.as_str())) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let mut findings = Vec::new();
    for path in paths {
        let document = Document::parse(files.read(path).unwrap_or_default(), version);
        let bytes = document.as_bytes();
        let mut report = Report::new(path, bytes);
        lines::bytes(&CODES, version, &mut report);
        let marked = bytes.starts_with(BYTE_ORDER_MARK);
        let refused = |code: &str| code != "ident-elsewhere";
        for diagnostic in document.diagnostics().iter().filter(|d| refused(d.code)) {
            let code = match &*diagnostic.message {
                "multiple values in ident field" => "ident-unquoted-comma",
                _ => diagnostic.code,
            };
            report.diagnostic(diagnostic, code);
        }
        let said: BTreeSet<u32> = document
            .diagnostics()
            .iter()
            .filter(|d| refused(d.code))
            .map(|d| d.line)
            .collect();
        for error in maps.errors().iter().filter(|error| error.file == path) {
            if !said.contains(&error.line) {
                report.in_line("ident-include", error.line, error.message.as_str());
            }
        }
        let mut reader = Tokenizer::new(bytes, version);
        let mut entries = document.entries().iter().peekable();
        let mut first = BTreeMap::new();
        while let Some(line) = reader.next_line() {
            lines::commas(&CODES, line, &mut report);
            if let Some(entry) = entries.next_if(|entry| entry.line == line.number)
                && !(marked && line.number == 1)
            {
                look(entry, line, version, &mut report);
                repeated(&mut first, entry, line, &mut report);
            }
        }
        findings.extend(report.finish());
    }
    findings
}

fn look(entry: &Entry, line: &Line<'_>, version: Version, report: &mut Report<'_>) {
    let at = |field: usize| {
        let token = line.field(field).and_then(<[_]>::first);
        token.map_or(line.span.start, |token| token.span.start)
    };
    if let Some(extra) = line.field(3).and_then(<[_]>::first) {
        let message = format!("\"{}\" is a fourth field, which is not read", extra.lossy());
        report.at("ident-extra-field", extra.span.start, message);
    }
    let reference = entry.role.matches("\\1").count();
    match entry.system_user.strip_prefix('/') {
        Some(pattern) => {
            if let Some(fault) = syntax::fault(pattern.as_bytes(), version) {
                let message = format!("invalid regular expression \"{pattern}\": {fault}");
                report.at("ident-regex", at(1), message);
                return;
            }
            if !is_anchored(pattern.as_bytes()) {
                let message = format!("/{pattern} matches every name in which that is found");
                report.at("ident-unanchored-regex", at(1), message);
            }
            if reference > 0 && !pattern.contains('(') {
                let message = format!(
                    "\\1 stands for a group in parentheses, and /{pattern} has none: every login that gets here fails"
                );
                report.at("ident-no-group", at(2), message);
            }
            if reference > 1 {
                report.at(
                    "ident-second-reference",
                    at(2),
                    "only the first \\1 is replaced",
                );
            }
        }
        None if reference > 0 => {
            let message = format!(
                "{} is no regular expression, so \\1 is a part of the role's name",
                entry.system_user
            );
            report.at("ident-no-group", at(2), message);
        }
        None => {}
    }
    let word = !entry.role_quoted && (entry.role == "all" || entry.role.starts_with('+'));
    if version < Version::V16 && (word || entry.role.starts_with('/')) {
        let message = format!(
            "\"{}\" is a role of that name here, and from PostgreSQL 16 on every role that it stands for",
            entry.role
        );
        report.at("ident-role-word", at(2), message);
    }
    if version >= Version::V16 && word && entry.role == "all" {
        let message = format!(
            "{} may log in as every role, superusers too",
            entry.system_user
        );
        report.at("ident-every-role", at(2), message);
    }
}

/// What a line says: its three fields, and whether the role is quoted.
type Said<'a> = (&'a str, &'a str, &'a str, bool);

/// Whether an earlier line says the same; `first` has the first line of each.
fn repeated<'a>(
    first: &mut BTreeMap<Said<'a>, u32>,
    entry: &'a Entry,
    line: &Line<'_>,
    report: &mut Report<'_>,
) {
    let said = (
        &*entry.map,
        &*entry.system_user,
        &*entry.role,
        entry.role_quoted,
    );
    let earlier = *first.entry(said).or_insert(entry.line);
    if earlier != entry.line {
        let message = format!("line {earlier} says the same");
        report.at("ident-duplicate", line.span.start, message);
    }
}

const CODES: Codes = Codes {
    byte_order_mark: "ident-byte-order-mark",
    nul: "ident-nul",
    carriage_return: "ident-carriage-return",
    comment_goes_on: "ident-comment-goes-on",
    open_quote: "ident-open-quote",
    comma: "ident-comma",
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use proptest::prelude::*;

    fn found(text: &str, version: Version) -> String {
        let files = BTreeMap::from([("/i".to_string(), text.as_bytes().to_vec())]);
        let maps = Maps::read(&files, "/i", version).unwrap();
        let found = ident(&files, "/i", &maps, version);
        let lines = found.into_iter().map(|f| format!("{f} [{}]", f.lint.code));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_lint_is_found() {
        let text = "m CN=a,O=b alice\nm bob\nm bob bob extra\nm /bob bob\nm /^bob$ \\1\nm \"/^(.*)@x$\" \\1\\1\nm bob \\1\nm bob all\n\
                    m bob \"all\"\nm  bob bob\n# alice \\\nm alice alice\nm @none x\nm a , b\nm /( b\n";
        insta::assert_snapshot!(found(text, Version::V15), @r#"
        /i:1:1: multiple values in ident field [ident-unquoted-comma]
        /i:2:1: missing entry at end of line [ident-syntax]
        /i:3:11: "extra" is a fourth field, which is not read [ident-extra-field]
        /i:4:3: /bob matches every name in which that is found [ident-unanchored-regex]
        /i:5:10: \1 stands for a group in parentheses, and /^bob$ has none: every login that gets here fails [ident-no-group]
        /i:6:15: only the first \1 is replaced [ident-second-reference]
        /i:7:7: bob is no regular expression, so \1 is a part of the role's name [ident-no-group]
        /i:8:7: "all" is a role of that name here, and from PostgreSQL 16 on every role that it stands for [ident-role-word]
        /i:10:1: line 3 says the same [ident-duplicate]
        /i:11:9: the comment goes on: line 12 is not read [ident-comment-goes-on]
        /i:13:1: could not open secondary authentication file "@none" as "/none": No such file or directory [ident-include]
        /i:14:5: "b" begins a field of its own: a list has no blank before its commas [ident-comma]
        /i:15:3: invalid regular expression "(": parentheses () not balanced [ident-regex]
        "#);
        insta::assert_snapshot!(found(text, Version::V16), @r#"
        /i:1:1: multiple values in ident field [ident-unquoted-comma]
        /i:2:1: missing entry at end of line [ident-syntax]
        /i:3:11: "extra" is a fourth field, which is not read [ident-extra-field]
        /i:4:3: /bob matches every name in which that is found [ident-unanchored-regex]
        /i:5:10: \1 stands for a group in parentheses, and /^bob$ has none: every login that gets here fails [ident-no-group]
        /i:6:15: only the first \1 is replaced [ident-second-reference]
        /i:7:7: bob is no regular expression, so \1 is a part of the role's name [ident-no-group]
        /i:8:7: bob may log in as every role, superusers too [ident-every-role]
        /i:10:1: line 3 says the same [ident-duplicate]
        /i:11:9: the comment goes on: line 12 is not read [ident-comment-goes-on]
        /i:13:1: could not open file "/none": No such file or directory [ident-include]
        /i:14:5: "b" begins a field of its own: a list has no blank before its commas [ident-comma]
        /i:15:3: invalid regular expression "(": parentheses () not balanced [ident-regex]
        "#);
        assert_eq!(
            found(
                "# MAPNAME SYSTEM-USERNAME PG-USERNAME\nm \"/^(.*)@x$\" \\1\n",
                Version::V16
            ),
            ""
        );
    }

    proptest! {
        #[test]
        fn what_the_server_refuses_never_goes_without_a_finding(
            bytes: Vec<u8>,
            text in "((m|include|#)[ \t,\r]{1,2}(a|\"b|@f|/r)[ \t,]{0,2}(a|\\+g|all|\\\\1)?(#[^\n]{0,3})?\\\\?\r?\n?){0,5}",
            version in proptest::sample::select(&Version::ALL[..]),
        ) {
            for bytes in [bytes, text.into_bytes()] {
                let files = BTreeMap::from([("/i".to_string(), bytes)]);
                let maps = Maps::read(&files, "/i", version).unwrap();
                let found = ident(&files, "/i", &maps, version);
                let errors = found.iter().filter(|f| f.lint.severity == crate::Severity::Error).count();
                prop_assert!(errors >= maps.errors().len(), "{:?} {:?}", maps.errors(), found);
            }
        }
    }
}
