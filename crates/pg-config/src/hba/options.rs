//! The options behind a rule's method (`hba.c`, `parse_hba_auth_opt`): which are known where, in which version, and
//! which have to be there. Messages are PostgreSQL's; where its view shows none, those of its log.

use alloc::format;
use alloc::string::{String, ToString};

use super::{ConnType, Method};
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
            if starts_with_a_number_but_zero(value) {
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
            check_radius_list(name, value)
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
pub(super) fn check_together(method: Method, options: &[(String, String)]) -> Result<(), String> {
    let value = |name: &str| {
        let found = options.iter().rev().find(|(n, _)| n == name);
        found.map(|(_, value)| &**value)
    };
    let has = |name: &str| value(name).is_some();
    let needs = |name: &str| {
        if has(name) {
            return Ok(());
        }
        Err(format!(
            "authentication method \"{method}\" requires argument \"{name}\" to be set"
        ))
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
                    return Err(
                        "cannot mix options for simple bind and search+bind modes".to_string()
                    );
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
            needs("radiusservers")?;
            needs("radiussecrets")?;
            let count = |name: &str| value(name).and_then(list_length).unwrap_or(0);
            let servers = count("radiusservers");
            for (name, what, may_be_empty) in [
                ("radiussecrets", "secrets", false),
                ("radiusports", "ports", true),
                ("radiusidentifiers", "identifiers", true),
            ] {
                let n = count(name);
                if name == "radiussecrets" {
                    if servers == 0 {
                        return Err("list of RADIUS servers cannot be empty".to_string());
                    }
                    if n == 0 {
                        return Err("list of RADIUS secrets cannot be empty".to_string());
                    }
                }
                if n != 1 && n != servers && !(n == 0 && may_be_empty) {
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
            "could not parse LDAP URL \"{url}\": Bad parameter to an ldap routine"
        )),
    }
}

fn check_radius_list(name: &str, value: &str) -> Result<(), String> {
    let what = match name {
        "radiusservers" => "server",
        "radiussecrets" => "secret",
        "radiusidentifiers" => "identifiers",
        _ => {
            let ports = value
                .split(',')
                .all(|port| starts_with_a_number_but_zero(port.trim_matches(['"', ' '])));
            if list_length(value).is_none() || (!value.trim().is_empty() && !ports) {
                return Err(format!("invalid RADIUS port number: \"{value}\""));
            }
            return Ok(());
        }
    };
    if list_length(value).is_none() {
        return Err(format!("could not parse RADIUS {what} list \"{value}\""));
    }
    Ok(())
}

/// How many items a list has; none where it is malformed (`varlena.c`, `SplitGUCList`).
fn list_length(list: &str) -> Option<usize> {
    let mut rest = list.trim_start();
    if rest.is_empty() {
        return Some(0);
    }
    let mut count = 0;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut from = 0;
            loop {
                let close = from + quoted.get(from..)?.find('"')?;
                if quoted[close + 1..].starts_with('"') {
                    from = close + 2;
                } else {
                    rest = &quoted[close + 1..];
                    break;
                }
            }
        } else {
            let end = rest
                .find([',', ' ', '\t', '\r', '\n'])
                .unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            rest = &rest[end..];
        }
        count += 1;
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(count);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

/// Whether `atoi` makes anything but zero of it.
fn starts_with_a_number_but_zero(text: &str) -> bool {
    let text = text.trim_start();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].contains(|c| c != '0')
}
