//! What a lint has found: in words, as JSON, as SARIF 2.1.0 and as GitHub's workflow commands.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pg_config::Severity;
use pg_config::lint::{Finding, LINTS};
use serde_json::{Value, json};

use crate::failure::escape_name;
use crate::output::{BAD, HEAD, WARN, styled};

/// Two lines a finding, as compilers write them.
pub(crate) fn words(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let style = match finding.lint.severity {
            Severity::Error => BAD,
            Severity::Warning => WARN,
            Severity::Note => HEAD,
        };
        let severity = styled(style, &format!("{}:", name(finding.lint.severity)));
        let place = match finding.line {
            0 => escape_name(&finding.file),
            line => format!("{}:{line}:{}", escape_name(&finding.file), finding.column),
        };
        let _ = writeln!(
            text,
            "{place}: {severity} {} [{}]\n  help: {}",
            escape_name(&finding.message),
            finding.lint.code,
            escape_name(finding.help()),
        );
    }
    text
}

/// The JSON document.
pub(crate) fn document(findings: &[Finding]) -> Value {
    let findings = findings.iter().map(|finding| {
        let mut document = json!({
            "code": finding.lint.code,
            "severity": name(finding.lint.severity),
            "file": finding.file,
            "line": finding.line,
            "column": finding.column,
            "message": finding.message,
            "help": finding.help(),
        });
        if let (Some(object), false) = (document.as_object_mut(), finding.hidden_by.is_empty()) {
            let places = finding.hidden_by.iter();
            let places = places.map(|place| json!({ "file": place.file, "line": place.line }));
            object.insert("hidden_by".to_owned(), places.collect());
        }
        document
    });
    json!({ "findings": findings.collect::<Vec<_>>() })
}

/// A SARIF 2.1.0 log of one run.
pub(crate) fn sarif(findings: &[Finding]) -> Value {
    let codes: BTreeSet<_> = findings.iter().map(|finding| finding.lint.code).collect();
    let rules = LINTS.iter().filter(|lint| codes.contains(lint.code));
    let rules = rules.map(|lint| {
        json!({
            "id": lint.code,
            "shortDescription": { "text": lint.what },
            "help": { "text": lint.help },
            "defaultConfiguration": { "level": name(lint.severity) },
        })
    });
    let results = findings.iter().map(|finding| {
        let mut place = json!({ "artifactLocation": { "uri": uri(&finding.file) } });
        if let (Some(place), true) = (place.as_object_mut(), finding.line > 0) {
            let region = json!({ "startLine": finding.line, "startColumn": finding.column_utf16 });
            place.insert("region".to_owned(), region);
        }
        let mut result = json!({
            "ruleId": finding.lint.code,
            "level": name(finding.lint.severity),
            "message": { "text": format!("{}\n{}", finding.message, finding.help()) },
            "locations": [{ "physicalLocation": place }],
        });
        if let (Some(object), false) = (result.as_object_mut(), finding.hidden_by.is_empty()) {
            object.insert("relatedLocations".to_owned(), related(finding));
        }
        result
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pgcert",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            } },
            "columnKind": "utf16CodeUnits",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// The rules that hide the one that a finding is about.
fn related(finding: &Finding) -> Value {
    let places = finding.hidden_by.iter().map(|place| {
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": { "startLine": place.line },
        } })
    });
    places.collect()
}

/// One workflow command a finding: GitHub shows it at the line.
pub(crate) fn annotations(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let command = match finding.lint.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let place = match finding.line {
            0 => String::new(),
            line => format!(",line={line},col={}", finding.column),
        };
        let _ = writeln!(
            text,
            "::{command} file={}{place},title={}::{}",
            property(&finding.file),
            finding.lint.code,
            data(&format!("{}\n{}", finding.message, finding.help())),
        );
    }
    text
}

/// The severity's name, which SARIF calls its levels too.
fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a URI reference (RFC 3986): an absolute one with its scheme.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// What GitHub's `escapeData` does (actions/toolkit, command.ts).
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// What GitHub's `escapeProperty` does.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_their_place() {
        assert_eq!(uri("/etc/a b%.conf"), "file:///etc/a%20b%25.conf");
        assert_eq!(uri("conf.d/ä"), "conf.d/%C3%A4");
        assert_eq!(
            property("a:b,c\n::error::"),
            "a%3Ab%2Cc%0A%3A%3Aerror%3A%3A"
        );
    }
}
