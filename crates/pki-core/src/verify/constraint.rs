//! Name constraints (RFC 5280 4.2.1.10): an authority that may issue for some names only (x509_vfy.c
//! `check_name_constraints`, v3_ncons.c).

use std::net::IpAddr;

use super::{VerifyCode, VerifyError};
use crate::certificate::{Certificate, Constraint, GeneralName, NameConstraints};
use crate::name::AltName;

pub(super) fn check(chain: &[Certificate]) -> Result<(), VerifyError> {
    for (depth, certificate) in chain.iter().enumerate().rev() {
        if depth > 0 && certificate.is_self_issued() {
            continue;
        }
        for above in chain[depth + 1..].iter().rev() {
            if let Some(constraints) = &above.parts().extensions.name_constraints {
                let names = names(certificate, depth == 0);
                names
                    .iter()
                    .try_for_each(|name| allowed(name, constraints))
                    .map_err(|code| VerifyError::at(chain, depth, code))?;
            }
        }
    }
    Ok(())
}

/// The names of a leaf that is still to be made which an authority may not sign for. A subject is not compared with
/// constraints on directory names: [`check`] does that once it has bytes.
pub(crate) fn names_outside(
    authority: &Certificate,
    alt_names: &[AltName],
    common_name: Option<&str>,
) -> Vec<String> {
    let Some(constraints) = &authority.parts().extensions.name_constraints else {
        return Vec::new();
    };
    let mut names: Vec<_> = alt_names
        .iter()
        .map(|name| match name {
            AltName::Dns(dns) => GeneralName::Dns(dns.to_string()),
            AltName::Ip(IpAddr::V4(v4)) => GeneralName::Ip(v4.octets().to_vec()),
            AltName::Ip(IpAddr::V6(v6)) => GeneralName::Ip(v6.octets().to_vec()),
        })
        .zip(alt_names.iter().map(AltName::bare))
        .collect();
    let no_host = !alt_names.iter().any(|name| matches!(name, AltName::Dns(_)));
    // A role whose name looks like a host's is taken for one.
    if let Some(name) = common_name.filter(|name| no_host && looks_like_host(name)) {
        names.push((GeneralName::Dns(name.to_owned()), name.to_owned()));
    }
    names.retain(|(name, _)| allowed(name, constraints).is_err());
    names.into_iter().map(|(_, bare)| bare).collect()
}

/// Subject and SAN; of a leaf without a dNSName also a CN that looks like a host name (`NAME_CONSTRAINTS_check_CN`).
fn names(certificate: &Certificate, is_leaf: bool) -> Vec<GeneralName> {
    let parts = certificate.parts();
    let mut names = Vec::new();
    if !parts.subject.is_empty() {
        names.push(GeneralName::Directory(Box::new(parts.subject.clone())));
    }
    let alt_names = parts.extensions.alt_names();
    names.extend_from_slice(alt_names);
    if is_leaf
        && !alt_names
            .iter()
            .any(|name| matches!(name, GeneralName::Dns(_)))
    {
        names.extend(
            certificate
                .common_name()
                .filter(|name| looks_like_host(name))
                .map(GeneralName::Dns),
        );
    }
    names
}

/// `cn2dnsid`: letters, digits, `-`, `_`, and at least one dot between labels.
fn looks_like_host(name: &str) -> bool {
    name.contains('.')
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

/// `nc_match`
fn allowed(name: &GeneralName, constraints: &NameConstraints) -> Result<(), VerifyCode> {
    let mut permitted = constraints
        .permitted
        .iter()
        .filter_map(|c| within(name, c))
        .peekable();
    if permitted.peek().is_some() {
        let mut any = false;
        for verdict in permitted {
            any |= verdict?;
        }
        if !any {
            return Err(VerifyCode::PermittedViolation);
        }
    }
    for verdict in constraints.excluded.iter().filter_map(|c| within(name, c)) {
        if verdict? {
            return Err(VerifyCode::ExcludedViolation);
        }
    }
    Ok(())
}

/// Whether the name lies within; `None` where the constraint is about another form of name.
fn within(name: &GeneralName, constraint: &Constraint) -> Option<Result<bool, VerifyCode>> {
    Some(Ok(match (name, constraint) {
        (GeneralName::Dns(name), Constraint::Dns(base)) => dns_within(name, base),
        (GeneralName::Ip(bytes), Constraint::Ip(base)) => address_within(bytes, base),
        (GeneralName::Directory(name), Constraint::Directory(base)) => name.lies_under(base),
        (GeneralName::Email(name), Constraint::Email(base)) => email_within(name, base),
        (GeneralName::Uri(_), Constraint::Uri(_)) | (GeneralName::Other(_), Constraint::Other) => {
            return Some(Err(VerifyCode::UnsupportedConstraintType));
        }
        _ => return None,
    }))
}

/// `nc_dns`: the base itself and everything to the left of it.
fn dns_within(name: &str, base: &str) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    name.strip_suffix(&base).is_some_and(|left| {
        base.is_empty() || left.is_empty() || base.starts_with('.') || left.ends_with('.')
    })
}

/// `nc_ip`: address and mask.
fn address_within(address: &[u8], base: &[u8]) -> bool {
    let (network, mask) = base.split_at(base.len() / 2);
    matches!(address.len(), 4 | 16)
        && network.len() == address.len()
        && mask.len() == address.len()
        && address
            .iter()
            .zip(network)
            .zip(mask)
            .all(|((a, n), m)| a & m == n & m)
}

/// `nc_email`: one mailbox, one host, or all hosts below a name that begins with a dot.
fn email_within(name: &str, base: &str) -> bool {
    let Some((_, host)) = name.rsplit_once('@') else {
        return false;
    };
    let (host, lower) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    match base.rsplit_once('@') {
        Some((mailbox, at)) => {
            name.rsplit_once('@')
                .is_some_and(|(m, _)| mailbox.is_empty() || m == mailbox)
                && host == at.to_ascii_lowercase()
        }
        None if base.starts_with('.') => host.ends_with(&lower),
        None => host == lower,
    }
}
