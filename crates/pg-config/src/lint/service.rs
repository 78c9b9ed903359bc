//! What is worth saying about `pg_service.conf`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::Finding;
use super::lines::BYTE_ORDER_MARK;
use super::report::Report;
use crate::Version;
use crate::conninfo::{Conninfo, Keyword, ResolveError, Site, session_attrs};
use crate::service::{Document, Found, Section};
use crate::text;

/// Everything about a service file; `path` is what findings call it.
pub fn service(path: &str, bytes: &[u8], version: Version) -> Vec<Finding> {
    let document = Document::parse(bytes, version);
    let mut report = Report::new(path, bytes);
    if bytes.starts_with(BYTE_ORDER_MARK) {
        report.at(
            "service-byte-order-mark",
            0,
            "the file begins with a byte order mark",
        );
    }
    for line in text::lines(bytes) {
        let content = line.content.of(bytes);
        if let Some(nul) = content.iter().position(|&b| b == 0) {
            let at = line.content.start + nul;
            report.at(
                "service-nul",
                at,
                "a NUL byte: the rest of the line is lost",
            );
        }
    }
    for diagnostic in document.diagnostics() {
        let line = diagnostic.span.of(bytes);
        let spaced = line
            .iter()
            .position(|&b| b == b'=')
            .and_then(|equals| core::str::from_utf8(&line[..equals]).ok())
            .map(str::trim)
            .filter(|key| Keyword::named(key).is_some());
        match spaced {
            Some(key) if diagnostic.code == "service-syntax" && line_has_blank(line, key) => {
                report.diagnostic(diagnostic, "service-blank-before-equals");
            }
            _ => report.diagnostic(diagnostic, diagnostic.code),
        }
    }
    outside(&document, &mut report);
    for section in document.sections() {
        let at = section.span.start;
        let earlier = document
            .section(&section.name)
            .filter(|_| document.read_as(section).is_none());
        if let Some(earlier) = earlier.map(|first| first.line) {
            let message = format!(
                "[{}] stands in line {earlier} already, and only that one is read",
                section.name
            );
            report.at("service-duplicate-section", at, message);
        } else if section.parameters.is_empty() {
            report.at(
                "service-empty-section",
                at,
                format!("[{}] says nothing", section.name),
            );
        }
        parameters(section, version, &mut report);
        refused(section, version, &mut report);
    }
    report.finish()
}

/// Lines before the first section.
fn outside(document: &Document, report: &mut Report<'_>) {
    let bytes = report.bytes();
    let first = document
        .sections()
        .first()
        .map_or(bytes.len(), |section| section.span.start);
    for line in text::lines(&bytes[..first]) {
        let content = line.content.of(bytes).trim_ascii_start();
        let marked = line.number == 1 && bytes.starts_with(BYTE_ORDER_MARK);
        if !content.is_empty()
            && !content.starts_with(b"#")
            && !content.starts_with(b"[")
            && !marked
        {
            report.at(
                "service-outside",
                line.content.start,
                "the line belongs to no section, and is not read",
            );
        }
    }
}

fn parameters(section: &Section, version: Version, report: &mut Report<'_>) {
    for (index, parameter) in section.parameters.iter().enumerate() {
        let at = parameter.value_span.start;
        let value = parameter.value.as_str();
        let key = &parameter.key;
        let earlier = section.parameters[..index]
            .iter()
            .find(|other| other.key == *key);
        if let Some(earlier) = earlier {
            let message = format!(
                "{key} stands in line {} already, and only that one is read",
                earlier.line
            );
            report.at("service-duplicate-key", at, message);
            continue;
        }
        if value.contains(" #") || value.contains("\t#") {
            report.at(
                "service-comment",
                at,
                format!("the comment is a part of the value of {key}"),
            );
        } else if value.len() > 1
            && (value.starts_with('\'') && value.ends_with('\'')
                || value.starts_with('"') && value.ends_with('"'))
        {
            report.at(
                "service-quotes",
                at,
                format!("the quotes are a part of the value of {key}"),
            );
        } else if value.starts_with(' ') || value.starts_with('\t') {
            report.at(
                "service-blank-behind-equals",
                at,
                format!("the blank is a part of the value of {key}"),
            );
        }
        if key == "password" {
            report.at(
                "service-password",
                at,
                "a password that everybody can read who can read the file",
            );
        }
        if key == "sslrootcert" && value == "system" && version < Version::V16 {
            let message = format!("libpq {version} takes system for the name of a file");
            report.at("service-system-roots", at, message);
        }
        if key == "sslmode" && ["disable", "allow", "prefer", "require"].contains(&value) {
            let message = format!("with sslmode={value} anybody in between can be the server");
            report.at("service-sslmode", at, message);
        }
    }
}

/// What libpq refuses of a connection with this service and nothing else.
fn refused(section: &Section, version: Version, report: &mut Report<'_>) {
    let site = Site {
        version,
        os_user: "",
        socket_dir: "",
    };
    let mut service = Found {
        file: String::new(),
        section: section.clone(),
    };
    // It stops at its first error: what that is about is taken out, and the rest looked at again.
    while let Err(error) = Conninfo::new()
        .resolve(&|_| None, Some(&service), &site)
        .and_then(|resolved| resolved.check())
    {
        let about = about(&error);
        let mut given = about
            .iter()
            .filter(|key| service.section.get(key).is_some());
        let Some(shown) = given.next() else { break };
        let dropped = given.next_back().unwrap_or(shown);
        let at = section
            .parameter(shown)
            .map_or(section.span.start, |parameter| parameter.value_span.start);
        let message = error.to_string();
        match words(shown, version) {
            _ if matches!(error, ResolveError::WeakSslMode { .. }) => {
                report.advise("service-value", at, message, "add sslmode=verify-full");
            }
            Some(words) => {
                let advice = format!("it takes {}", words.join(", "));
                report.advise("service-value", at, message, advice);
            }
            None => report.at("service-value", at, message),
        }
        let parameters = &mut service.section.parameters;
        parameters.retain(|parameter| parameter.key != *dropped);
    }
}

/// The keys that an error is about: the one that is shown first, and the one without which it would be none last.
fn about(error: &ResolveError) -> Vec<&str> {
    match error {
        ResolveError::InvalidValue { keyword, .. }
        | ResolveError::InvalidBound { keyword, .. }
        | ResolveError::InvalidInteger { keyword, .. } => vec![keyword],
        ResolveError::UnknownKeyword { keyword } => vec![keyword],
        ResolveError::InvalidPort { .. } | ResolveError::PortCount { .. } => vec!["port"],
        ResolveError::HostCount { .. } => vec!["hostaddr", "host"],
        ResolveError::WeakSslMode { with, .. } => {
            let with = with.split('=').next().unwrap_or(with);
            vec!["sslmode", with]
        }
        ResolveError::ProtocolRange => vec!["ssl_max_protocol_version"],
        ResolveError::NegativeMethod { .. }
        | ResolveError::PositiveMethod { .. }
        | ResolveError::MethodTwice { .. } => vec!["require_auth"],
        ResolveError::ProtocolVersionRange => vec!["max_protocol_version"],
        ResolveError::ScramKey { whose } | ResolveError::ScramKeyLength { whose, .. } => {
            match *whose {
                "client" => vec!["scram_client_key"],
                _ => vec!["scram_server_key"],
            }
        }
    }
}

/// The values that libpq takes for a parameter with a closed list of them.
fn words(key: &str, version: Version) -> Option<&'static [&'static str]> {
    Some(match key {
        "sslmode" => &[
            "disable",
            "allow",
            "prefer",
            "require",
            "verify-ca",
            "verify-full",
        ],
        "gssencmode" => &["disable", "prefer", "require"],
        "channel_binding" => &["disable", "prefer", "require"],
        "sslcertmode" => &["disable", "allow", "require"],
        "sslnegotiation" => &["postgres", "direct"],
        "target_session_attrs" => session_attrs(version),
        "load_balance_hosts" => &["disable", "random"],
        _ => return None,
    })
}

fn line_has_blank(line: &[u8], key: &str) -> bool {
    let line = line.trim_ascii_start();
    line.starts_with(key.as_bytes()) && matches!(line.get(key.len()), Some(b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str, version: Version) -> String {
        let found = service("s", text.as_bytes(), version);
        let lines = found.into_iter().map(|f| format!("{f} [{}]", f.lint.code));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_lint_is_found() {
        let text = "host=nobody\n[a]\nhost = b\nuser=  c\nhost='d'\nhost=e\nport=1 # why\nsslmode=on\nnonsense\nservice=b\n\
                    [b]\n[a]\nport=2\n[c\n[d]\nsslmode=require\npassword=x\nldap://x\nsslcertmode=allow\nldapx=1\n";
        insta::assert_snapshot!(found(text, Version::V15), @r#"
        s:1:1: the line belongs to no section, and is not read [service-outside]
        s:3:1: syntax error [service-blank-before-equals]
        s:4:6: the blank is a part of the value of user [service-blank-behind-equals]
        s:5:6: the quotes are a part of the value of host [service-quotes]
        s:6:6: host stands in line 5 already, and only that one is read [service-duplicate-key]
        s:7:6: the comment is a part of the value of port [service-comment]
        s:7:6: invalid integer value "1 # why" for connection option "port" [service-value]
        s:8:9: invalid sslmode value: "on" [service-value]
        s:9:1: syntax error [service-syntax]
        s:10:1: nested service specifications not supported [service-nested]
        s:11:1: [b] says nothing [service-empty-section]
        s:12:1: [a] stands in line 2 already, and only that one is read [service-duplicate-section]
        s:14:1: no service has this name [service-header]
        s:16:9: with sslmode=require anybody in between can be the server [service-sslmode]
        s:17:10: a password that everybody can read who can read the file [service-password]
        s:18:1: looked up by a libpq with LDAP, a syntax error to one without [service-ldap]
        s:19:1: syntax error [service-syntax]
        s:20:1: looked up by a libpq with LDAP, a syntax error to one without [service-ldap]
        "#);
        let system = "[a]\nsslrootcert=system\nsslmode=verify-ca\n";
        insta::assert_snapshot!(found(system, Version::V15), @"s:2:13: libpq 15 takes system for the name of a file [service-system-roots]");
        insta::assert_snapshot!(found(system, Version::V16), @r#"s:3:9: weak sslmode "verify-ca" may not be used with sslrootcert=system (use "verify-full") [service-value]"#);
        insta::assert_snapshot!(found("\u{feff}[a]\nhost=x\n", Version::V15), @"
        s:1:1: the file begins with a byte order mark [service-byte-order-mark]
        s:2:1: the line belongs to no section, and is not read [service-outside]
        ");
        insta::assert_snapshot!(found(&format!("[a]\n#{}\n", "x".repeat(254)), Version::V13), @"
        s:1:1: [a] says nothing [service-empty-section]
        s:2:1: line 2 too long [service-line-too-long]
        ");
        assert_eq!(
            found(
                "# mine\n[a]\nhost=x\nsslmode=verify-full\n\n[b]\nport=1\n",
                Version::V15
            ),
            ""
        );
    }

    #[test]
    fn what_libpq_refuses_is_found_where_it_stands() {
        let text = "[a]\nport=abc\ntarget_session_attrs=foo\nssl_min_protocol_version=SSLv3\ngssencmode=yes\n\
                    [b]\nhost=a,b\nhostaddr=::1\nport=1,2\nrequire_auth=zz\n\
                    [c]\nsslnegotiation=direct\nsslmode=prefer\nssl_max_protocol_version=TLSv1.1\n\
                    [d]\nsslnegotiation=direct\nport=70000\nsslmode=verify-full\nport=x\n\
                    [e]\nsslnegotiation=direct\nhost=a,b\n[f]\nport=1,2\n[g]\nrequire_auth=md5,!gss\nscram_client_key=hush\n";
        insta::assert_snapshot!(found(text, Version::V18), @r#"
        s:2:6: invalid integer value "abc" for connection option "port" [service-value]
        s:3:22: invalid target_session_attrs value: "foo" [service-value]
        s:4:26: invalid "ssl_min_protocol_version" value: "SSLv3" [service-value]
        s:5:12: invalid gssencmode value: "yes" [service-value]
        s:8:10: could not match 2 host names to 1 hostaddr values [service-value]
        s:9:6: could not match 2 port numbers to 1 hosts [service-value]
        s:10:14: invalid require_auth value: "zz" [service-value]
        s:13:9: with sslmode=prefer anybody in between can be the server [service-sslmode]
        s:13:9: weak sslmode "prefer" may not be used with sslnegotiation=direct (use "require", "verify-ca", or "verify-full") [service-value]
        s:14:26: invalid SSL protocol version range [service-value]
        s:17:6: invalid port number: "70000" [service-value]
        s:19:6: port stands in line 17 already, and only that one is read [service-duplicate-key]
        s:21:16: weak sslmode "prefer" may not be used with sslnegotiation=direct (use "require", "verify-ca", or "verify-full") [service-value]
        s:24:6: could not match 2 port numbers to 1 hosts [service-value]
        s:26:14: negative require_auth method "!gss" cannot be mixed with non-negative methods [service-value]
        s:27:18: invalid SCRAM client key length: 3 [service-value]
        "#);
        insta::assert_snapshot!(found("[a]\ntarget_session_attrs=primary\n", Version::V13), @r#"s:2:22: invalid target_session_attrs value: "primary" [service-value]"#);
        insta::assert_snapshot!(found("[a]\nhost=a\0b\nport=1\0\n", Version::V15), @"
        s:2:7: a NUL byte: the rest of the line is lost [service-nul]
        s:3:7: a NUL byte: the rest of the line is lost [service-nul]
        ");
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(bytes: Vec<u8>, text in "((\\[[ab]\\]?|host *= *'?x?'?|port=1 #|junk| |#)\r?\n){0,8}") {
            for version in Version::ALL {
                service("s", &bytes, version);
                let errors = Document::parse(text.as_bytes(), version).diagnostics().len();
                prop_assert!(service("s", text.as_bytes(), version).len() >= errors);
            }
        }
    }
}
