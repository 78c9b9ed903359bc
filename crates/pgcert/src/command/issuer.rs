//! The authority that a command works with: opened, unlocked, named, described. What can be done about its errors
//! is in `advice`.

use authority::{Authority, State, Unlocked};
use hostfile::host_name;
use pki_core::Certificate;
use serde_json::json;

use super::advice::authority_failed;
use crate::args::Passphrase;
use crate::context::Context;
use crate::failure::Failure;
use crate::passphrase;

/// The authority of this command.
pub(crate) fn open(context: &Context) -> Result<Authority, Failure> {
    let folder = context.authority.display();
    Authority::open(&context.authority)
        .map_err(|error| {
            authority_failed(
                format_args!("the authority in {folder} cannot be opened"),
                &error,
            )
        })?
        .ok_or_else(|| {
            Failure::new(format!("there is no authority in {folder}"))
                .hint("pgcert ca init makes one; --authority DIR names another folder")
        })
}

/// The authority with its key at hand. Only a key that is encrypted needs a passphrase.
pub(crate) fn unlock<'a>(
    authority: &'a Authority,
    options: &Passphrase,
) -> Result<Unlocked<'a>, Failure> {
    let encrypted = authority
        .key_is_encrypted()
        .map_err(|error| authority_failed("the authority's key cannot be read", &error))?;
    let passphrase = encrypted
        .then(|| passphrase::of_authority(options))
        .transpose()?;
    authority
        .unlock(passphrase.as_ref())
        .map_err(|error| authority_failed("the authority's key cannot be used", &error))
}

/// The common name of an authority, unless said otherwise.
pub(crate) fn default_name() -> String {
    format!("{} PostgreSQL CA", host_name())
}

/// Notes that nobody has a certificate, since its file could not be written: the store shall not say
/// that it is in use. The failure that is told is the one of the file.
pub(crate) fn nobody_has(certificate: &Certificate, authority: &Authority, context: &Context) {
    let by = &context.account.name;
    let _ = authority.mark(&certificate.serial(), State::Unused, by, context.now);
}

/// The authority in JSON.
pub(crate) fn describe(authority: &Authority) -> serde_json::Value {
    let certificate = authority.certificate();
    json!({
        "folder": authority.folder().to_string_lossy(),
        "subject": certificate.subject(),
        "serial": certificate.serial().to_string(),
        "not_before": certificate.validity().not_before.rfc3339(),
        "not_after": certificate.validity().not_after.rfc3339(),
        "fingerprint": certificate.fingerprint().to_string(),
        "key_encrypted": authority.key_is_encrypted().ok(),
        "certificate": certificate.to_pem(),
        "root": authority.anchor().to_pem(),
        "path": authority.path().iter().map(pki_core::Certificate::subject).collect::<Vec<_>>(),
    })
}
