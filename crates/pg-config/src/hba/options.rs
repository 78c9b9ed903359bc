//! The options behind a rule's method (`hba.c`, `parse_hba_auth_opt`): which are known where, in which version, and
//! which have to be there. Messages are PostgreSQL's; where its view shows none, those of its log.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{ConnType, Method, RuleOption};
use crate::Version;

/// Whether a rule may carry this option with this value.
pub(super) fn check(
    kind: ConnType,
    method: Method,
    name: &str,
    value: &str,
    version: Version,
) -> Result<(), String> {
    use Method::{Cert, Gss, Ident, Ldap, Oauth, Pam, Peer, Radius, Sspi};
    let only = |methods: &[Method], words: &str| {
        if methods.contains(&method) {
            return Ok(());
        }
        Err(format!(
            "authentication option \"{name}\" is only valid for authentication methods {words}"
        ))
    };
    let only_hostssl = || {
        if kind == ConnType::HostSsl {
            return Ok(());
        }
        Err(format!(
            "{name} can only be configured for \"hostssl\" rows"
        ))
    };
    match name {
        "map" if version >= Version::V18 => only(
            &[Ident, Peer, Gss, Sspi, Cert, Oauth],
            "ident, peer, gssapi, sspi, cert, and oauth",
        ),
        "map" => only(
            &[Ident, Peer, Gss, Sspi, Cert],
            "ident, peer, gssapi, sspi, and cert",
        ),
        "clientcert" => {
            only_hostssl()?;
            check_clientcert(method, value, version)
        }
        "clientname" if version >= Version::V14 => {
            only_hostssl()?;
            match value {
                "CN" | "DN" => Ok(()),
                _ => Err(format!("invalid value for clientname: \"{value}\"")),
            }
        }
        "pamservice" | "pam_use_hostname" => only(&[Pam], "pam"),
        "krb_realm" | "include_realm" => only(&[Gss, Sspi], "gssapi and sspi"),
        "compat_realm" | "upn_username" => only(&[Sspi], "sspi"),
        "ldapport" => {
            only(&[Ldap], "ldap")?;
            if is_not_zero(value) {
                return Ok(());
            }
            Err(format!("invalid LDAP port number: \"{value}\""))
        }
        "ldapurl" => {
            only(&[Ldap], "ldap")?;
            check_ldap_url(value)
        }
        "ldaptls"
        | "ldapscheme"
        | "ldapserver"
        | "ldapbinddn"
        | "ldapbindpasswd"
        | "ldapsearchattribute"
        | "ldapsearchfilter"
        | "ldapbasedn"
        | "ldapprefix"
        | "ldapsuffix" => only(&[Ldap], "ldap"),
        "radiusservers" | "radiussecrets" | "radiusports" | "radiusidentifiers"
            if version < Version::V19 =>
        {
            only(&[Radius], "radius")?;
            check_radius_list(name, value, version)
        }
        "issuer" | "scope" | "validator" | "delegate_ident_mapping" if version >= Version::V18 => {
            only(&[Oauth], "oauth")
        }
        _ if name.starts_with("validator.") && version >= Version::V19 => only(&[Oauth], "oauth"),
        _ => Err(format!(
            "unrecognized authentication option name: \"{name}\""
        )),
    }
}

/// Whether the options of a rule make sense together, and none that its method needs is missing.
pub(super) fn check_together(
    method: Method,
    options: &[RuleOption],
    version: Version,
) -> Result<(), String> {
    let value = |name: &str| RuleOption::last(options, name);
    let has = |name: &str| value(name).is_some();
    let required = |name: &str| {
        format!("authentication method \"{method}\" requires argument \"{name}\" to be set")
    };
    let needs = |name: &str| {
        if has(name) {
            Ok(())
        } else {
            Err(required(name))
        }
    };
    match method {
        Method::Ldap => {
            let url = value("ldapurl").map(LdapUrl::of).unwrap_or_default();
            let attribute = has("ldapsearchattribute") || url.attribute;
            let filter = has("ldapsearchfilter") || url.filter;
            let base = has("ldapbasedn") || has("ldapurl");
            if has("ldapprefix") || has("ldapsuffix") {
                let search = has("ldapbinddn") || has("ldapbindpasswd");
                if base || search || attribute || filter {
                    return Err(if version >= Version::V18 {
                        "cannot mix options for simple bind and search+bind modes".to_string()
                    } else {
                        "cannot use ldapbasedn, ldapbinddn, ldapbindpasswd, ldapsearchattribute, ldapsearchfilter, or ldapurl together with ldapprefix".to_string()
                    });
                }
            } else if !base {
                return Err(
                    "authentication method \"ldap\" requires argument \"ldapbasedn\", \"ldapprefix\", or \"ldapsuffix\" to be set"
                        .to_string(),
                );
            }
            if attribute && filter {
                return Err(
                    "cannot use ldapsearchattribute together with ldapsearchfilter".to_string(),
                );
            }
            Ok(())
        }
        Method::Radius => {
            // An empty list counts as none (`MANDATORY_AUTH_ARG` asks for NIL).
            let items = |name: &str| list_items(value(name)?, version);
            let count = |name: &str| items(name).map_or(0, |items| items.len());
            let servers = count("radiusservers");
            for name in ["radiusservers", "radiussecrets"] {
                if count(name) == 0 {
                    return Err(required(name));
                }
            }
            for what in ["secrets", "ports", "identifiers"] {
                let n = count(&format!("radius{what}"));
                if n > 1 && n != servers {
                    return Err(format!(
                        "the number of RADIUS {what} ({n}) must be 1 or the same as the number of RADIUS servers ({servers})"
                    ));
                }
            }
            Ok(())
        }
        Method::Oauth => {
            needs("scope")?;
            needs("issuer")?;
            if has("map") && value("delegate_ident_mapping") == Some("1") {
                return Err(
                    "map cannot be used in combination with delegate_ident_mapping".to_string(),
                );
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_clientcert(method: Method, value: &str, version: Version) -> Result<(), String> {
    let cert = method == Method::Cert;
    match value {
        "verify-full" => Ok(()),
        "verify-ca" if cert && version >= Version::V14 => Err(
            "clientcert can only be set to \"verify-full\" when using \"cert\" authentication"
                .to_string(),
        ),
        "verify-ca" => Ok(()),
        "1" if version < Version::V14 => Ok(()),
        "0" | "no-verify" if version < Version::V14 => {
            if !cert {
                return Ok(());
            }
            let not = if version == Version::V12 {
                "can not"
            } else {
                "cannot"
            };
            Err(format!(
                "clientcert {not} be set to \"no-verify\" when using \"cert\" authentication"
            ))
        }
        _ => Err(format!("invalid value for clientcert: \"{value}\"")),
    }
}

/// The parts of an LDAP URL that count here: `scheme://host/dn?attributes?scope?filter`.
#[derive(Debug, Default)]
struct LdapUrl {
    attribute: bool,
    filter: bool,
}

impl LdapUrl {
    fn of(url: &str) -> Self {
        let mut parts = url.split('?').skip(1);
        let mut given = || parts.next().is_some_and(|part| !part.is_empty());
        let attribute = given();
        given();
        let filter = given();
        Self { attribute, filter }
    }
}

fn check_ldap_url(url: &str) -> Result<(), String> {
    match url.split_once("://") {
        Some((scheme, _))
            if ["ldap", "ldaps"]
                .iter()
                .any(|s| scheme.eq_ignore_ascii_case(s)) =>
        {
            Ok(())
        }
        Some((scheme, _))
            if ["ldapi", "cldap"]
                .iter()
                .any(|s| scheme.eq_ignore_ascii_case(s)) =>
        {
            Err(format!("unsupported LDAP URL scheme: {scheme}"))
        }
        _ => Err(format!(
            // The tail is ldap_err2string(LDAP_URL_ERR_BADSCHEME): codes of two tables taken for one.
            "could not parse LDAP URL \"{url}\": Time limit exceeded"
        )),
    }
}

fn check_radius_list(name: &str, value: &str, version: Version) -> Result<(), String> {
    let what = match name {
        "radiusservers" => "server",
        "radiussecrets" => "secret",
        "radiusidentifiers" => "identifiers",
        _ => {
            let ports = list_items(value, version);
            return match ports.is_some_and(|ports| ports.iter().all(|port| is_not_zero(port))) {
                true => Ok(()),
                false => Err(format!("invalid RADIUS port number: \"{value}\"")),
            };
        }
    };
    match list_items(value, version) {
        Some(_) => Ok(()),
        None => Err(format!("could not parse RADIUS {what} list \"{value}\"")),
    }
}

/// The items of a list, without the quotes that they may stand in; none where it is malformed (`varlena.c`,
/// `SplitGUCList`).
fn list_items(list: &str, version: Version) -> Option<Vec<String>> {
    let blank = |c: char| is_blank(c, version);
    let mut rest = list.trim_start_matches(blank);
    let mut items = Vec::new();
    if rest.is_empty() {
        return Some(items);
    }
    loop {
        let mut item = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (text, behind) = quoted.split_once('"')?;
                item.push_str(text);
                rest = behind;
                match behind.strip_prefix('"') {
                    Some(more) => quoted = more,
                    None => break,
                }
                item.push('"');
            }
        } else {
            let end = rest.find(|c| c == ',' || blank(c)).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            item.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        items.push(item);
        rest = rest.trim_start_matches(blank);
        if rest.is_empty() {
            return Some(items);
        }
        rest = rest.strip_prefix(',')?.trim_start_matches(blank);
    }
}

/// What lists may have between their items (`scansup.c`, `scanner_isspace`): vertical tabs since 17.
fn is_blank(c: char, version: Version) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c') || c == '\x0b' && version >= Version::V17
}

/// Whether `atoi` makes anything but zero of it.
fn is_not_zero(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = digits
        .bytes()
        .map_while(|byte| char::from(byte).to_digit(10))
        .fold(0_i64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(sign * i64::from(digit))
        });
    // Of a `long` it takes the lower half.
    number & 0xffff_ffff != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said against the options, the single ones first.
    fn refusal(
        kind: ConnType,
        method: Method,
        options: &[(&str, &str)],
        version: Version,
    ) -> Option<String> {
        let options: Vec<_> = options
            .iter()
            .map(|(name, value)| RuleOption::new(name, value))
            .collect();
        options
            .iter()
            .find_map(|option| check(kind, method, option.name(), option.value(), version).err())
            .or_else(|| check_together(method, &options, version).err())
    }

    #[test]
    fn options_belong_to_methods() {
        let said = |method, name| refusal(ConnType::HostSsl, method, &[(name, "1")], Version::V17);
        for (method, name) in [
            (Method::Ident, "map"),
            (Method::Pam, "pam_use_hostname"),
            (Method::Gss, "include_realm"),
            (Method::Trust, "clientcert"),
        ] {
            let refused = said(method, name);
            assert_eq!(
                refused.is_some(),
                name == "clientcert",
                "{name}: {refused:?}"
            );
        }
        for name in [
            "map",
            "pamservice",
            "krb_realm",
            "compat_realm",
            "ldaptls",
            "radiusports",
        ] {
            let refused = said(Method::ScramSha256, name).unwrap();
            assert!(
                refused.contains("is only valid for authentication methods"),
                "{name}: {refused}"
            );
        }
        for name in ["", "MAP", "oauth", "issuer", "validator.x"] {
            assert!(
                said(Method::Trust, name)
                    .unwrap()
                    .starts_with("unrecognized"),
                "{name}"
            );
        }
    }

    #[test]
    fn ldap_binds_in_one_way_only() {
        let said =
            |options: &[(&str, &str)]| refusal(ConnType::Host, Method::Ldap, options, Version::V18);
        assert!(
            said(&[("ldapserver", "x")])
                .unwrap()
                .contains("requires argument")
        );
        assert_eq!(said(&[("ldapbasedn", "x")]), None);
        assert_eq!(said(&[("ldapprefix", "x"), ("ldapserver", "y")]), None);
        assert_eq!(said(&[("ldapurl", "ldaps://h/dc=x?uid?sub")]), None);
        assert!(
            said(&[("ldapprefix", "x"), ("ldapurl", "ldap://h/dc=x")])
                .unwrap()
                .contains("cannot mix")
        );
        assert!(
            said(&[("ldapbasedn", "x"), ("ldapport", "0")])
                .unwrap()
                .contains("port number")
        );
        let both = [
            ("ldapbasedn", "x"),
            ("ldapsearchattribute", "a"),
            ("ldapsearchfilter", "f"),
        ];
        assert!(
            said(&both)
                .unwrap()
                .contains("together with ldapsearchfilter")
        );
        assert!(
            said(&[("ldapurl", "ldapi://h")])
                .unwrap()
                .starts_with("unsupported LDAP URL scheme")
        );
    }

    #[test]
    fn radius_lists_have_fitting_lengths() {
        let said = |servers, secrets, ports| {
            let options = [
                ("radiusservers", servers),
                ("radiussecrets", secrets),
                ("radiusports", ports),
            ];
            refusal(ConnType::Host, Method::Radius, &options, Version::V15)
        };
        assert_eq!(said("a,b", "s", ""), None);
        assert_eq!(said("a,b", "\"x y\",\"z\"\"\"", "1,2"), None);
        assert!(
            said("", "s", "")
                .unwrap()
                .contains("requires argument \"radiusservers\"")
        );
        assert!(
            said("a", "", "")
                .unwrap()
                .contains("requires argument \"radiussecrets\"")
        );
        assert!(
            said("a", "s,t", "")
                .unwrap()
                .contains("secrets (2) must be 1")
        );
        assert!(
            said("a,b", "s", "1,2,3")
                .unwrap()
                .contains("ports (3) must be 1")
        );
        assert!(
            said("a,,b", "s", "")
                .unwrap()
                .contains("could not parse RADIUS server list")
        );
        assert!(
            said("a", "s", "x")
                .unwrap()
                .contains("invalid RADIUS port number")
        );
    }

    #[test]
    fn lists_are_split_as_each_version_splits_them() {
        let items = |list| list_items(list, Version::V16).map(|items| items.join("|"));
        for (list, split) in [
            ("", Some("")),
            (" \t\x0c", Some("")),
            ("a", Some("a")),
            (" a , b\n", Some("a|b")),
            ("\"a, b\" ,\"\"\"\"", Some("a, b|\"")),
            ("a\u{a0}b", Some("a\u{a0}b")),
            ("a\x0bb", Some("a\x0bb")),
            ("a b", None),
            ("a\x0cb", None),
            ("a,", None),
            (",a", None),
            ("\"a", None),
            ("\"a\"b", None),
        ] {
            assert_eq!(items(list).as_deref(), split, "{list:?}");
        }
        assert_eq!(list_items("a\x0bb", Version::V17), None);
        assert_eq!(list_items("\x0ba\x0b,b", Version::V17).unwrap(), ["a", "b"]);
    }

    #[test]
    fn numbers_are_what_c_makes_of_them() {
        for text in ["1", " 12x", "-1", "+1", "\x0b1", "99999999999999999999"] {
            assert!(is_not_zero(text), "{text:?}");
        }
        for text in ["", "x1", "0", "-0", "4294967296", "\u{a0}1", "--1", "+-1"] {
            assert!(!is_not_zero(text), "{text:?}");
        }
    }

    #[test]
    fn bearer_tokens_need_an_issuer_and_a_scope() {
        let said = |options: &[(&str, &str)]| {
            refusal(ConnType::Host, Method::Oauth, options, Version::V18)
        };
        assert!(said(&[]).unwrap().contains("\"scope\""));
        assert!(said(&[("scope", "s")]).unwrap().contains("\"issuer\""));
        assert_eq!(said(&[("scope", "s"), ("issuer", "i")]), None);
        let both = [
            ("scope", "s"),
            ("issuer", "i"),
            ("map", "m"),
            ("delegate_ident_mapping", "1"),
        ];
        assert!(
            said(&both)
                .unwrap()
                .contains("cannot be used in combination")
        );
    }
}
