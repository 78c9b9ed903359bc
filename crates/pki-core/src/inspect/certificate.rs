//! A certificate in words.

use super::{Finding, hex, key, span, wrapped};
use crate::{
    certificate::{Certificate, Constraint, ExtendedKeyUsage, GeneralName, KeyUsage},
    key::Family,
    signature::Algorithm,
    time::Time,
};

pub(super) fn title(certificate: &Certificate) -> String {
    let what = if certificate.is_authority() {
        if certificate.is_self_issued() {
            "Root authority"
        } else {
            "Intermediate authority"
        }
    } else {
        match good_for(certificate) {
            (true, false) => "Server certificate",
            (false, true) => "Client certificate",
            _ => "Certificate",
        }
    };
    let subject = &certificate.parts().subject;
    let name = match &subject.common_name {
        Some(name) => name.escape_debug().to_string(),
        None => certificate
            .parts()
            .extensions
            .alt_names()
            .first()
            .map(GeneralName::describe)
            .unwrap_or_default(),
    };
    if name.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {name}")
    }
}

pub(super) fn facts(certificate: &Certificate, now: Time) -> Vec<(&'static str, String)> {
    let parts = certificate.parts();
    let extensions = &parts.extensions;
    let validity = certificate.validity();
    let mut facts = vec![
        ("subject", none_if_empty(&parts.subject.readable)),
        (
            "names",
            wrapped(extensions.alt_names().iter().map(GeneralName::describe)),
        ),
        ("issued by", issued_by(certificate)),
        ("valid from", validity.not_before.to_string()),
        ("valid until", until(validity.not_after, now)),
        ("good for", purposes(certificate)),
        ("key", certificate.public_key().describe()),
        ("signature", parts.algorithm.describe()),
        ("serial", certificate.serial().to_string()),
        (
            "key usage",
            extensions
                .key_usage
                .map(KeyUsage::describe)
                .unwrap_or_default(),
        ),
    ];
    let others = extensions.extended_key_usage.iter().flatten();
    let others = others.filter(|u| {
        !matches!(
            u,
            ExtendedKeyUsage::ServerAuth | ExtendedKeyUsage::ClientAuth
        )
    });
    facts.push(("also for", wrapped(others.map(ToString::to_string))));
    if let Some(constraints) = &extensions.name_constraints {
        facts.push((
            "only names in",
            wrapped(constraints.permitted.iter().map(Constraint::describe)),
        ));
        facts.push((
            "no names in",
            wrapped(constraints.excluded.iter().map(Constraint::describe)),
        ));
    }
    facts.push((
        "key id",
        certificate.subject_key_id().map(hex).unwrap_or_default(),
    ));
    facts.push((
        "issuer's id",
        certificate.authority_key_id().map(hex).unwrap_or_default(),
    ));
    facts.push((
        "public key",
        format!("sha256 {}", certificate.public_key().fingerprint()),
    ));
    facts.push((
        "fingerprint",
        format!("sha256 {}", certificate.fingerprint()),
    ));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

pub(super) fn findings(certificate: &Certificate, now: Time) -> Vec<Finding> {
    let mut found = key::findings(&certificate.public_key());
    dates(certificate, now, &mut found);
    form(certificate, &mut found);
    if certificate.is_authority() {
        authority(certificate, &mut found);
    } else {
        leaf(certificate, &mut found);
    }
    found
}

fn dates(certificate: &Certificate, now: Time, found: &mut Vec<Finding>) {
    let validity = certificate.validity();
    let left = validity.not_after.seconds_since(now);
    if left <= 0 {
        found.push(Finding::problem(
            "expired",
            format!("it expired {} ago", span(left)),
        ));
    } else if now < validity.not_before {
        let wait = span(validity.not_before.seconds_since(now));
        found.push(Finding::problem(
            "not-yet-valid",
            format!("it is not yet valid, for another {wait}"),
        ));
    } else if left < validity.not_after.seconds_since(validity.not_before) / 3 {
        found.push(Finding::note(
            "ends-soon",
            "less than a third of its life is left".to_owned(),
        ));
    }
}

fn form(certificate: &Certificate, found: &mut Vec<Finding>) {
    let parts = certificate.parts();
    if let Algorithm::Other(oid) = &parts.algorithm {
        let text = format!(
            "its signature algorithm is not known here, the signature was not checked: {oid}"
        );
        found.push(Finding::note("unknown-signature", text));
    } else if certificate.is_self_issued() && !certificate.is_self_signed() {
        found.push(Finding::problem(
            "self-issued-other-key",
            "it names itself as its issuer, but another key signed it: it chains to no authority"
                .to_owned(),
        ));
    }
    if parts.algorithm.security_bits() < 112 && !certificate.is_self_signed() {
        found.push(Finding::problem(
            "weak-signature",
            format!("its signature is weak: {}", parts.algorithm.describe()),
        ));
    }
    for oid in &parts.extensions.unhandled_critical {
        found.push(Finding::problem(
            "unhandled-critical",
            format!("OpenSSL does not know its critical extension {oid}"),
        ));
    }
    for oid in &parts.extensions.malformed {
        found.push(Finding::problem(
            "malformed-extension",
            format!("its extension {oid} cannot be read, or stands twice"),
        ));
    }
    if parts.version < 3 {
        found.push(Finding::note(
            "old-version",
            format!("X.509 version {}: it has no extensions", parts.version),
        ));
    }
    let serial = certificate.serial();
    if serial.as_bytes() == [0] || serial.as_bytes().len() > 20 {
        found.push(Finding::note(
            "serial",
            "its serial number is 0, or has more than 20 octets".to_owned(),
        ));
    }
}

fn authority(certificate: &Certificate, found: &mut Vec<Finding>) {
    if !certificate.can_sign_certificates() {
        found.push(Finding::problem(
            "no-cert-sign",
            "its key usage does not allow signing certificates".to_owned(),
        ));
    }
    if !certificate.can_sign_crls() {
        let text = "its key usage does not allow signing revocation lists: with a CRL set, all of its clients are refused";
        found.push(Finding::problem("no-crl-sign", text.to_owned()));
    }
    if certificate.subject_key_id().is_none() {
        let text = "it has no subject key identifier: two generations of it cannot be told apart";
        found.push(Finding::note("no-subject-key-id", text.to_owned()));
    }
    if *certificate.public_key().family() == Family::Ed25519 {
        let text = "its key is Ed25519: password logins (SCRAM) to servers that it certifies fail by default";
        found.push(Finding::problem("no-channel-binding", text.to_owned()));
    }
}

fn leaf(certificate: &Certificate, found: &mut Vec<Finding>) {
    let parts = certificate.parts();
    let (server, client) = good_for(certificate);
    let names = parts.extensions.alt_names();
    let has_names = names
        .iter()
        .any(|name| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_)));
    if !server && !client {
        let text = "its key usages allow neither a server nor a client";
        found.push(Finding::problem("no-tls-usage", text.to_owned()));
    } else if server && !client && !has_names && parts.extensions.extended_key_usage.is_some() {
        let text = "no clientAuth in its extended key usage: PostgreSQL refuses it from a client";
        found.push(Finding::note("no-client-auth", text.to_owned()));
    }
    if server && !has_names {
        let text = "no subject alternative name: libpq falls back to the common name, other drivers refuse it as a server's";
        let finding = if client {
            Finding::note
        } else {
            Finding::problem
        };
        found.push(finding("no-san", text.to_owned()));
    }
    match (&parts.subject.common_name, parts.subject.common_names) {
        (None, _) if client => {
            let text = "no common name: PostgreSQL takes the role from it".to_owned();
            found.push(if server {
                Finding::note("no-common-name", text)
            } else {
                Finding::problem("no-common-name", text)
            });
        }
        (_, 2..) => {
            let text = "several common names: PostgreSQL and libpq take the first".to_owned();
            found.push(Finding::note("several-common-names", text));
        }
        _ => {}
    }
    if certificate.is_self_signed() {
        let text = "signed with its own key: trusted only where it stands in the root file itself";
        found.push(Finding::note("self-signed", text.to_owned()));
    } else if certificate.authority_key_id().is_none() {
        let text =
            "no authority key identifier: two generations of its authority cannot be told apart";
        found.push(Finding::note("no-authority-key-id", text.to_owned()));
    }
    if server && matches!(parts.algorithm, Algorithm::Ed25519) {
        let text = "signed with Ed25519: password logins (SCRAM) to this server fail by default";
        found.push(Finding::problem("no-channel-binding", text.to_owned()));
    }
}

/// Whether a server, and whether a client, can show it (OpenSSL's v3_purp.c).
fn good_for(certificate: &Certificate) -> (bool, bool) {
    let extensions = &certificate.parts().extensions;
    let has = |wanted| {
        extensions
            .extended_key_usage
            .as_ref()
            .is_none_or(|usages| usages.contains(&wanted))
    };
    let signs = extensions.allows(KeyUsage::DIGITAL_SIGNATURE.or(KeyUsage::KEY_AGREEMENT));
    let server = has(ExtendedKeyUsage::ServerAuth)
        && (signs || extensions.allows(KeyUsage::KEY_ENCIPHERMENT));
    (server, has(ExtendedKeyUsage::ClientAuth) && signs)
}

fn purposes(certificate: &Certificate) -> String {
    let extensions = &certificate.parts().extensions;
    if certificate.is_authority() {
        let what = match extensions.key_usage {
            None => "signing certificates and revocation lists",
            Some(u) if u.has(KeyUsage::CERT_SIGN.or(KeyUsage::CRL_SIGN)) => {
                "signing certificates and revocation lists"
            }
            Some(u) if u.has(KeyUsage::CERT_SIGN) => "signing certificates",
            Some(u) if u.has(KeyUsage::CRL_SIGN) => "signing revocation lists",
            Some(_) => "",
        };
        let levels = match certificate.path_length() {
            Some(0) => ", no authority below it",
            Some(1) => ", one level of authorities below it",
            _ => "",
        };
        let usages = extensions.extended_key_usage.as_ref();
        let may = |usage| usages.is_none_or(|usages| usages.contains(&usage));
        let both = (
            may(ExtendedKeyUsage::ServerAuth),
            may(ExtendedKeyUsage::ClientAuth),
        );
        let limit = match both {
            (true, true) => "",
            (true, false) => ", of servers alone",
            (false, true) => ", of clients alone",
            (false, false) => ", of neither servers nor clients",
        };
        return format!("{what}{limit}{levels}");
    }
    match good_for(certificate) {
        (true, true) => "server and client".to_owned(),
        (true, false) => "server".to_owned(),
        (false, true) => "client".to_owned(),
        (false, false) => String::new(),
    }
}

fn issued_by(certificate: &Certificate) -> String {
    if certificate.is_self_signed() {
        return "itself".to_owned();
    }
    none_if_empty(&certificate.parts().issuer.readable)
}

fn none_if_empty(name: &str) -> String {
    if name.is_empty() {
        "(none)".to_owned()
    } else {
        name.to_owned()
    }
}

/// `2027-11-19 22:46:53 UTC, 359 days left`
pub(super) fn until(end: Time, now: Time) -> String {
    let left = end.seconds_since(now);
    if left <= 0 {
        format!("{end}, {} ago", span(left))
    } else {
        format!("{end}, {} left", span(left))
    }
}
