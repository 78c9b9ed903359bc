//! Does this certificate belong to the host that was dialled? As libpq asks under `sslmode=verify-full`.

use crate::certificate::Certificate;

/// Whose rules: they changed with iPAddress names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostRules {
    /// libpq 12 to 14: dNSName only, addresses compared as strings, CN if there is no dNSName.
    Libpq12,
    /// libpq 15 and later: iPAddress too, CN if there is no name of the host's type.
    #[default]
    Libpq15,
}

/// Whether the certificate is for this host (fe-secure-common.c, fe-secure-openssl.c
/// `pgtls_verify_peer_name_matches_certificate_guts`).
///
/// # Errors
/// [`HostMismatch`].
pub fn verify_host(
    certificate: &Certificate,
    host: &str,
    rules: HostRules,
) -> Result<(), HostMismatch> {
    let _ = (certificate, host, rules);
    todo!()
}

/// A certificate that is for another host. Displayed in libpq's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("server certificate does not match host name \"{host}\"")]
#[non_exhaustive]
pub struct HostMismatch {
    /// The host that was dialled.
    pub host: String,
    /// The names that were compared, in the order in which libpq looks at them.
    pub names: Vec<String>,
}
