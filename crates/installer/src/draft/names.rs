//! The names of a server: those that were asked for, that a certificate has, that a machine has.

use pki_core::{AltName, Certificate, DnsName, HostRules, verify_host};

/// Whether clients (libpq 15 and newer) find the name in the certificate.
pub(super) fn covers(certificate: &Certificate, name: &AltName) -> bool {
    verify_host(certificate, &name.bare(), HostRules::Libpq15).is_ok()
}

/// The names that a certificate is for; its common name where it has no others.
pub(super) fn certificate_names(certificate: &Certificate) -> Vec<AltName> {
    let names = certificate.alt_names();
    if !names.is_empty() {
        return names;
    }
    certificate
        .common_name()
        .and_then(|name| name.parse().ok())
        .into_iter()
        .collect()
}

/// The machine's own name, and those under which it knows itself.
pub(super) fn default_names(host_name: &str) -> Vec<AltName> {
    let own = DnsName::parse(host_name).ok().map(AltName::from);
    let local = ["localhost", "127.0.0.1", "::1"]
        .iter()
        .filter_map(|name| name.parse().ok());
    union(own.into_iter().collect(), local.collect())
}

/// The names of both, each once, in order.
pub(super) fn union(mut names: Vec<AltName>, more: Vec<AltName>) -> Vec<AltName> {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The names as a person would write them.
pub(super) fn list(names: &[AltName]) -> String {
    names
        .iter()
        .map(AltName::bare)
        .collect::<Vec<_>>()
        .join(", ")
}
