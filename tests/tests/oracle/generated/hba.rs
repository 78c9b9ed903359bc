//! `pg_hba.conf` against `pg_hba_file_rules`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use e2e::Psql;
use e2e::generated::hba;
use pg_config::Version;
use pg_config::hba::{Address, ClientCert, Method, Rule, RuleSet};

use crate::servers::VALIDATOR;

use super::Format;
use super::differences::{Explained, Input, Readings};
use super::disk::Disk;
use super::rows::{self, Row};

/// How it is judged.
pub(super) const FORMAT: Format = Format {
    file: "pg_hba.conf",
    make: |dice, version| hba::file(dice, version >= 16),
    ours,
    theirs,
    explained: EXPLAINED,
};

/// What we do not say as the server does, and why.
const EXPLAINED: &[Explained] = &[
    Explained {
        name: "a bad value of clientcert or clientname",
        because: "the line is refused, and the view has a row of NULLs for it, without the reason: we give that of the log",
        versions: 12..=18,
        source: "hba.c, parse_hba_auth_opt",
        form: |input| {
            any(input, |token| {
                token.starts_with("clientcert=") || token.starts_with("clientname=")
            })
        },
        readings: |lines| blank_for(lines, &["invalid value for client"]),
    },
    Explained {
        name: "a bad list of RADIUS servers, secrets, ports or identifiers",
        because: "the line is refused, and the view has a row of NULLs for it, without the reason: we give that of the log",
        versions: 12..=18,
        source: "hba.c, parse_hba_auth_opt",
        form: |input| {
            any(input, |token| {
                token.starts_with("radius") && token.contains('=')
            })
        },
        readings: |lines| {
            blank_for(
                lines,
                &["could not parse RADIUS", "invalid RADIUS port number"],
            )
        },
    },
    Explained {
        name: "RADIUS lists of lengths that do not fit",
        because: "the line is refused, and the view has a row of NULLs for it, without the reason: we give that of the log",
        versions: 12..=13,
        source: "hba.c, verify_option_list_length",
        form: |input| {
            any(input, |token| {
                ["radiussecrets=", "radiusports=", "radiusidentifiers="]
                    .iter()
                    .any(|name| token.starts_with(name) && token.contains(','))
            })
        },
        readings: |lines| blank_for(lines, &["the number of RADIUS"]),
    },
    Explained {
        name: "a RADIUS server whose name does not resolve",
        because: "the server looks names up while it reads the file, and refuses the line where there is no answer; the view has a row of NULLs",
        versions: 12..=18,
        source: "hba.c, parse_hba_auth_opt",
        form: |input| {
            any(input, |token| {
                let is_name = |item: &str| {
                    let item = item.trim_matches(' ');
                    let inside = item
                        .strip_prefix('"')
                        .and_then(|item| item.strip_suffix('"'));
                    inside.unwrap_or(item).parse::<IpAddr>().is_err()
                };
                let names = |list: &str| list.split(',').any(is_name);
                token.strip_prefix("radiusservers=").is_some_and(names)
            })
        },
        readings: |lines| lines.pairs(|_, theirs| is_blank(theirs)),
    },
    Explained {
        name: "a link-local address with a zone that is no interface",
        because: "the C library takes it for a host name where there is no interface of that name, and for an address where there is; we suppose that there is",
        versions: 12..=18,
        source: "getaddrinfo(3), called by hba.c, parse_hba_line",
        form: |input| {
            any(input, |token| {
                let address = token.split('/').next().unwrap_or_default();
                let (address, zone) = address.split_once('%').unwrap_or_default();
                let local = address.parse::<Ipv6Addr>().is_ok_and(|address| {
                    address.is_unicast_link_local()
                        || matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02)
                });
                local
                    && !zone.bytes().all(|b| b.is_ascii_digit())
                    && !std::path::Path::new("/sys/class/net").join(zone).exists()
            })
        },
        readings: |lines| lines.ours.len() == lines.theirs.len(),
    },
    Explained {
        name: "an OAuth validator that the server does not know",
        because: "which ones it knows is a setting, oauth_validator_libraries, not in this file",
        versions: 18..=18,
        source: "auth-oauth.c, check_oauth_validator",
        form: |input| any(input, |token| token.starts_with("validator=")),
        readings: |lines| {
            refused_for(
                lines,
                "validator \"",
                "\" is not permitted by oauth_validator_libraries",
            )
        },
    },
    Explained {
        name: "hostgssenc on a server without GSS",
        because: "the server reads the rule and remarks that it cannot match; what a server was built with is not in the file",
        versions: 12..=18,
        source: "hba.c, parse_hba_line",
        form: |input| {
            input
                .tokens()
                .first()
                .is_some_and(|token| token == "hostgssenc")
        },
        readings: |lines| {
            lines.pairs(|ours, theirs| {
                ours.error.is_none()
                    && ours.read == theirs.read
                    && theirs.error.as_deref() == Some(NO_GSS)
            })
        },
    },
    Explained {
        name: "a method that the server was built without",
        because: "gss, ldap and pam are there or not, depending on the build, which the file does not tell",
        versions: 12..=18,
        source: "hba.c, parse_hba_line",
        form: |input| any(input, |token| ["gss", "ldap", "pam"].contains(&token)),
        readings: |lines| {
            refused_for(
                lines,
                "invalid authentication method \"",
                "\": not supported by this build",
            )
        },
    },
];

/// What a server without GSS remarks on every `hostgssenc` record, whatever else is wrong with it.
const NO_GSS: &str = "hostgssenc record cannot match because GSSAPI is not supported by this build";

/// Whether a token of the line is of a kind.
fn any(input: &Input, is: impl Fn(&str) -> bool) -> bool {
    input.tokens().iter().any(|token| is(token))
}

/// A line that is refused without a reason.
fn is_blank(row: &Row) -> bool {
    row.read.is_none() && row.error.as_deref().is_none_or(|error| error == NO_GSS)
}

/// Whether the server refuses without a reason what we refuse for one that begins so.
fn blank_for(lines: &Readings, reasons: &[&str]) -> bool {
    lines.pairs(|ours, theirs| {
        let error = ours.error.as_deref().unwrap_or_default();
        is_blank(theirs)
            && ours.read.is_none()
            && reasons.iter().any(|reason| error.starts_with(reason))
    })
}

/// Whether the server refuses what we do not know to be wrong, in words that begin and end so.
fn refused_for(lines: &Readings, begin: &str, end: &str) -> bool {
    lines.pairs(|_, theirs| {
        let error = theirs.error.as_deref().unwrap_or_default();
        theirs.read.is_none() && error.starts_with(begin) && error.ends_with(end)
    })
}

fn ours(path: &str, version: u16) -> Vec<Row> {
    let version = Version::new(version).unwrap();
    let set = RuleSet::read(&Disk, path, version).unwrap();
    let rules = set.rules.iter().map(|located| Row {
        file: located.file.to_string(),
        line: u64::from(located.rule.line),
        read: Some(shown(&located.rule)),
        error: None,
    });
    let errors = set.errors.iter().filter(|error| error.line > 0);
    rules.chain(errors.map(Row::refused)).collect()
}

fn theirs(session: &mut Psql, path: &str, version: u16) -> Vec<Row> {
    let file = if version >= 16 { "file_name" } else { "null" };
    let sql = format!(
        "select replace(coalesce(json_agg(json_build_array({file}, line_number, type, database, user_name, address, \
         netmask, auth_method, options, error)), '[]')::text, E'\\n', '') from pg_hba_file_rules"
    );
    let rows = rows::of_answer(&session.ask(&sql));
    let rows = rows.into_iter().map(|mut row| {
        let error = row.pop().flatten();
        let fields = row.split_off(2);
        Row {
            file: row[0].clone().unwrap_or_else(|| path.to_owned()),
            line: row[1].as_ref().map_or(0, |line| line.parse().unwrap()),
            read: fields[0].is_some().then(|| {
                let fields = fields.into_iter();
                fields
                    .map(|f| f.unwrap_or_else(|| "-".to_owned()))
                    .collect()
            }),
            error,
        }
    });
    rows.collect()
}

/// A rule as the view shows it.
fn shown(rule: &Rule) -> Vec<String> {
    let databases: Vec<_> = rule.databases.iter().map(|d| d.text()).collect();
    let users: Vec<_> = rule.users.iter().map(|u| u.text()).collect();
    let none = || "-".to_owned();
    let (address, mask) = match &rule.address {
        None => (none(), none()),
        Some(Address::All) => ("all".to_owned(), none()),
        Some(Address::SameHost) => ("samehost".to_owned(), none()),
        Some(Address::SameNet) => ("samenet".to_owned(), none()),
        Some(Address::HostName(name)) => (String::from_utf8_lossy(name).into_owned(), none()),
        Some(Address::Masked(masked)) => (numeric(masked.address()), numeric(masked.mask())),
    };
    let options = options(rule);
    vec![
        rule.kind.to_string(),
        databases.join("\u{1f}"),
        users.join("\u{1f}"),
        address,
        mask,
        rule.method.to_string(),
        if options.is_empty() {
            none()
        } else {
            options.join("\u{1f}")
        },
    ]
}

/// As the C library writes addresses: the last 32 bits in the old way where nothing but zeros comes before.
fn numeric(address: IpAddr) -> String {
    match address {
        IpAddr::V6(v6) if v6.to_bits() >> 32 == 0 && v6.to_bits() >> 16 != 0 => {
            let low = u32::try_from(v6.to_bits()).unwrap();
            format!("::{}", Ipv4Addr::from_bits(low))
        }
        other => other.to_string(),
    }
}

/// The options as the view makes them up again (`hba.c`, `get_hba_options`).
fn options(rule: &Rule) -> Vec<String> {
    let mut shown = Vec::new();
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            shown.push(format!("{name}={value}"));
        }
    };
    let is = |name: &str| rule.option(name) == Some("1");
    if matches!(rule.method, Method::Gss | Method::Sspi) {
        add("include_realm", is("include_realm").then_some("true"));
        add("krb_realm", rule.option("krb_realm"));
    }
    add("map", rule.option("map"));
    add(
        "clientcert",
        match rule.client_cert() {
            ClientCert::Off => None,
            ClientCert::Authority => Some("verify-ca"),
            ClientCert::Full => Some("verify-full"),
        },
    );
    add("pamservice", rule.option("pamservice"));
    if rule.method == Method::Radius {
        for name in [
            "radiusservers",
            "radiussecrets",
            "radiusidentifiers",
            "radiusports",
        ] {
            add(name, rule.option(name));
        }
    }
    if rule.method == Method::Oauth {
        add("issuer", rule.option("issuer"));
        add("scope", rule.option("scope"));
        // The one that there is, where none is named.
        let validator = rule.option("validator").filter(|name| !name.is_empty());
        add("validator", Some(validator.unwrap_or(VALIDATOR)));
        add(
            "delegate_ident_mapping",
            is("delegate_ident_mapping").then_some("true"),
        );
    }
    shown
}
