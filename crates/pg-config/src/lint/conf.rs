//! What is worth saying about `postgresql.conf` and what goes with it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Finding;
use super::lines::BYTE_ORDER_MARK;
use super::report::Report;
use crate::Version;
use crate::conf::{Context, Document, Lookup, Parameter, Setting};
use crate::resolve::{Assignment, Files, Settings};

/// Everything about the files that `settings` were read from, in the order in which they are read.
pub fn conf(files: &dyn Files, settings: &Settings, version: Version) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let in_force = settings
        .assignments()
        .iter()
        .map(|assignment| (assignment.name.to_ascii_lowercase(), assignment))
        .collect();
    for path in settings.files() {
        if seen.contains(&path.as_str()) {
            continue;
        }
        seen.push(path);
        let document = Document::parse(files.read(path).unwrap_or_default());
        let bytes = document.as_bytes();
        let mut report = Report::new(path, bytes);
        syntax(&document, &mut report);
        for error in settings.errors() {
            let said = document
                .diagnostics()
                .iter()
                .any(|d| d.message == error.message);
            if error.file == *path && !said {
                report.in_line("conf-include", error.line, error.message.as_str());
            }
        }
        let marked = bytes.starts_with(BYTE_ORDER_MARK);
        // The mark has become a part of the first line's name, and is what is wrong with it.
        for setting in document.settings().filter(|s| !marked || s.line > 1) {
            value(setting, version, &mut report);
            overridden(setting, path, &in_force, &mut report);
        }
        findings.extend(report.finish());
    }
    // A first file that cannot be read at all.
    for error in settings
        .errors()
        .iter()
        .filter(|error| !seen.contains(&error.file.as_str()))
    {
        let mut report = Report::new(&error.file, b"");
        report.whole("conf-include", error.message.as_str());
        findings.extend(report.finish());
    }
    findings
}

/// What is wrong with a setting by itself: the server would refuse the file, or not take the value. None where all is
/// well, as far as that can be told without the server.
///
/// ```
/// use pg_config::{Version, lint};
///
/// let refused = lint::setting("port", b"many", Version::V15);
/// assert_eq!(refused.ok_or("taken")?.message, "invalid value for parameter \"port\": \"many\"");
/// assert_eq!(lint::setting("Port", b"5433", Version::V15), None);
/// # Ok::<(), &str>(())
/// ```
pub fn setting(name: &str, value: &[u8], version: Version) -> Option<Refusal> {
    let (code, message, advice) = match Parameter::named(name, version) {
        Lookup::Custom | Lookup::Unsure => return None,
        Lookup::Unknown(versions) => {
            let advice = match (
                versions.as_slice(),
                Parameter::similar(name, version).as_slice(),
            ) {
                ([], []) => None,
                ([], similar) => Some(format!("{} is known", similar.join(" or "))),
                (known, _) => Some(known_to(known)),
            };
            let message = format!("unrecognized configuration parameter \"{name}\"");
            ("conf-unknown-parameter", message, advice)
        }
        Lookup::Known(parameter) if parameter.context == Context::Internal => {
            let message = format!("parameter \"{}\" cannot be changed", parameter.name);
            ("conf-fixed", message, None)
        }
        Lookup::Known(parameter) => match parameter.check(value) {
            Ok(()) => return None,
            Err(message) => {
                let advice = format!("it takes {}", parameter.takes());
                ("conf-value", message, Some(advice))
            }
        },
    };
    Some(Refusal {
        code,
        message,
        advice,
    })
}

/// Why the server does not take a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code of its lint.
    pub code: &'static str,
    /// The server's words.
    pub message: String,
    /// What to do about it, where there is more to say than its lint does.
    pub advice: Option<String>,
}

fn known_to(versions: &[Version]) -> String {
    match versions {
        [first, .., last] if *last == Version::V19 => {
            format!("PostgreSQL {first} and later know it")
        }
        [first, .., last] => format!("only PostgreSQL {first} to {last} know it"),
        [only] => format!("only PostgreSQL {only} knows it"),
        [] => String::new(),
    }
}

fn syntax(document: &Document, report: &mut Report<'_>) {
    let marked = report.bytes().starts_with(BYTE_ORDER_MARK);
    if marked {
        report.at(
            "conf-byte-order-mark",
            0,
            "the file begins with a byte order mark",
        );
    }
    for diagnostic in document.diagnostics() {
        let token = diagnostic.span.of(document.as_bytes());
        let is_name = |part: &[u8]| {
            !part.is_empty() && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        };
        let mut parts = token.split(|b| *b == b'.');
        let dotted = parts.next().is_some_and(is_name) && parts.next().is_some_and(is_name);
        // The name itself may be dotted too, but only with a second dot is that an error.
        let code = if diagnostic.code == "conf-syntax" && dotted && parts.next().is_none() {
            "conf-unquoted"
        } else {
            diagnostic.code
        };
        if !(marked && diagnostic.line == 1) {
            report.diagnostic(diagnostic, code);
        }
    }
}

fn value(found: &Setting, version: Version, report: &mut Report<'_>) {
    if let Some(refusal) = setting(&found.name, &found.value, version) {
        let offset = match refusal.code {
            "conf-value" => found.value_span.start,
            _ => found.name_span.start,
        };
        match refusal.advice {
            Some(advice) => report.advise(refusal.code, offset, refusal.message, advice),
            None => report.at(refusal.code, offset, refusal.message),
        }
    }
    let counts_from_the_start = FROM_THE_START
        .iter()
        .any(|name| found.name.eq_ignore_ascii_case(name));
    if counts_from_the_start && !found.value.starts_with(b"/") && !found.value.is_empty() {
        let message = format!("{} is a relative path", found.name.to_ascii_lowercase());
        report.at("conf-relative-path", found.value_span.start, message);
    }
}

/// Whether a later assignment takes this one's place. `in_force` has the last one of each name.
fn overridden(
    found: &Setting,
    path: &str,
    in_force: &BTreeMap<String, &Assignment>,
    report: &mut Report<'_>,
) {
    let name = found.name.to_ascii_lowercase();
    let here = |assignment: &Assignment| assignment.file == path && assignment.line == found.line;
    let Some(last) = in_force.get(&name).filter(|last| !here(last)) else {
        return;
    };
    // A file that is included twice overrides itself; that is said of its first reading only, and of no line twice.
    let place = if last.file == path {
        format!("line {}", last.line)
    } else {
        format!("{}, line {}", last.file, last.line)
    };
    let message = format!("{name} is set again in {place}, which counts");
    let code = if last.is_auto() {
        "conf-hidden"
    } else {
        "conf-duplicate"
    };
    report.at(code, found.name_span.start, message);
}

/// Read before the server changes into its data folder (`SelectConfigFiles`, `make_absolute_path`).
const FROM_THE_START: [&str; 3] = ["hba_file", "ident_file", "data_directory"];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn found(files: &[(&str, &str)], version: Version) -> String {
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
            .collect();
        let settings = Settings::read(&files, "/d/postgresql.conf", None, version);
        let lines = conf(&files, &settings, version)
            .into_iter()
            .map(|f| format!("{f} [{}] {}", f.lint.code, f.help()));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_the_server_refuses_is_found() {
        let text = "ssl_cert_file = server.crt\nshared_bufers = 1GB\nport = many\nblock_size = 8192\n\
                    ssl_groups = 'X25519'\n= 1\ninclude 'none'\nwork_mem = 64kb # why\nmy.own = x\na.b.c = 1\n";
        insta::assert_snapshot!(found(&[("/d/postgresql.conf", text)], Version::V15), @r#"
        /d/postgresql.conf:1:17: syntax error near token "server.crt" [conf-unquoted] put single quotes around the value
        /d/postgresql.conf:2:1: unrecognized configuration parameter "shared_bufers" [conf-unknown-parameter] shared_buffers is known
        /d/postgresql.conf:3:8: invalid value for parameter "port": "many" [conf-value] it takes a whole number from 1 to 65535
        /d/postgresql.conf:4:1: parameter "block_size" cannot be changed [conf-fixed] take the line out: the value is compiled in, or made by initdb
        /d/postgresql.conf:5:1: unrecognized configuration parameter "ssl_groups" [conf-unknown-parameter] PostgreSQL 18 and later know it
        /d/postgresql.conf:6:1: syntax error near token "=" [conf-syntax] write it as name = 'value', quotes and backslashes in the value doubled
        /d/postgresql.conf:7:1: could not open file "/d/none" [conf-include] correct the name, or write include_if_exists where the file may be missing
        /d/postgresql.conf:8:12: invalid value for parameter "work_mem": "64kb" [conf-value] it takes a whole number 64 or more in kB, or with a unit of its own (B, kB, MB, GB, TB)
        /d/postgresql.conf:10:1: syntax error near token "a.b.c" [conf-syntax] write it as name = 'value', quotes and backslashes in the value doubled
        "#);
        insta::assert_snapshot!(found(&[], Version::V15), @r#"/d/postgresql.conf: could not open file "/d/postgresql.conf" [conf-include] correct the name, or write include_if_exists where the file may be missing"#);
        insta::assert_snapshot!(found(&[("/d/postgresql.conf", "\u{feff}port = 1\n")], Version::V15), @"/d/postgresql.conf:1:1: the file begins with a byte order mark [conf-byte-order-mark] save the file as UTF-8 without a byte order mark");
    }

    #[test]
    fn what_counts_for_nothing_is_found() {
        let files = [
            (
                "/d/postgresql.conf",
                "port = 1\nPort = 2\nssl = on\ninclude 'b'\nhba_file = 'hba'\n",
            ),
            ("/d/b", "ssl = off\nwork_mem = 8MB\n"),
            ("/d/postgresql.auto.conf", "work_mem = '4MB'\n"),
        ];
        insta::assert_snapshot!(found(&files, Version::V15), @"
        /d/postgresql.conf:1:1: port is set again in line 2, which counts [conf-duplicate] take one of the two lines out
        /d/postgresql.conf:3:1: ssl is set again in /d/b, line 1, which counts [conf-duplicate] take one of the two lines out
        /d/postgresql.conf:5:12: hba_file is a relative path [conf-relative-path] write the whole path
        /d/b:2:1: work_mem is set again in /d/postgresql.auto.conf, line 1, which counts [conf-hidden] ALTER SYSTEM RESET takes the line out of postgresql.auto.conf
        ");
    }

    #[test]
    fn a_good_file_has_no_findings() {
        let text = "# all\nport = 5433\nssl = on\nshared_preload_libraries = 'x'\nx.y = 1\n";
        assert_eq!(found(&[("/d/postgresql.conf", text)], Version::V18), "");
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(bytes: Vec<u8>, text in "((port|ssl|x|include)( ?= ?)('[^'\n]{0,4}'|a.b|1|on)?[#\r]?\n){0,6}") {
            for bytes in [bytes, text.into_bytes()] {
                let files = BTreeMap::from([("/d/postgresql.conf".to_string(), bytes)]);
                let settings = Settings::read(&files, "/d/postgresql.conf", None, Version::V15);
                let errors = conf(&files, &settings, Version::V15);
                // What the server refuses is always found.
                prop_assert!(settings.errors().is_empty() || !errors.is_empty());
            }
        }
    }
}
