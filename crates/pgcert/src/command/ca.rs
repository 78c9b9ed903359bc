//! `pgcert ca`: making the authority, showing it, giving out its certificate.

use authority::{Authority, State, StoreFault, Unlocked};
use hostfile::host_name;
use pki_core::Certificate;
use serde_json::json;

use super::{advice, audit, crl, import, init};
use crate::args::{Ca, Passphrase};
use crate::context::Context;
use crate::failure::{Code, Failure, escape, shown};
use crate::output::Output;
use crate::passphrase;

/// Runs `pgcert ca init`, `import`, `show`, `export`, `crl` or `audit`.
pub(crate) fn run(args: &Ca, context: &Context, output: &mut Output) -> Result<(), Failure> {
    match args {
        Ca::Init(args) => init::run(args, context, output),
        Ca::Import(args) => import::run(args, context, output),
        Ca::Show => show(context, output),
        Ca::Export => export(context, output),
        Ca::Crl(args) => crl::run(args, context, output),
        Ca::Audit(args) => audit::run(args, context, output),
    }
}

/// Notes that nobody has a certificate, since its file could not be written: the store shall not say
/// that it is in use. The failure that is told is the one of the file.
pub(crate) fn nobody_has(certificate: &Certificate, authority: &Authority, context: &Context) {
    let by = &context.account.name;
    let _ = authority.mark(&certificate.serial(), State::Unused, by, context.now);
}

fn show(context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = open(context)?;
    crl::warn(&authority, context, output)?;
    if output.json() {
        return output.print_json(json!({ "authority": describe(&authority) }));
    }
    let encrypted = authority
        .key_is_encrypted()
        .map_err(|error| failed("the authority's key cannot be read", &error))?;
    let cannot = |error| Failure::because("the authority's certificate cannot be shown", &error);
    let mut text = format!(
        "{}: authority, key {}\n",
        shown(authority.folder()),
        if encrypted {
            "encrypted"
        } else {
            "NOT encrypted"
        }
    );
    for certificate in authority.path() {
        for item in pki_core::inspect(certificate.der(), None).map_err(cannot)? {
            text.push_str(&escape(&item.describe(context.now)));
        }
    }
    output.print(&text)
}

fn export(context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = open(context)?;
    if output.json() {
        return output.print_json(json!({ "authority": describe(&authority) }));
    }
    output.print(&installer::marked(authority.anchor()))
}

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

/// The authority of this command.
pub(crate) fn open(context: &Context) -> Result<Authority, Failure> {
    let folder = context.authority.display();
    Authority::open(&context.authority)
        .map_err(|error| {
            failed(
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
        .map_err(|error| failed("the authority's key cannot be read", &error))?;
    let passphrase = encrypted
        .then(|| passphrase::of_authority(options))
        .transpose()?;
    authority
        .unlock(passphrase.as_ref())
        .map_err(|error| failed("the authority's key cannot be used", &error))
}

/// The common name of an authority, unless said otherwise.
pub(crate) fn default_name() -> String {
    format!("{} PostgreSQL CA", host_name())
}

/// An authority's error with what can be done about it.
pub(crate) fn failed(what: impl std::fmt::Display, error: &authority::Error) -> Failure {
    use pki_core::{CrlError, KeyError};
    let failure = Failure::because(what, error).code(Code::Failed);
    match error {
        authority::Error::Key {
            source: KeyError::Encrypted,
            ..
        } => failure.hint(passphrase::SOURCES),
        authority::Error::Key {
            source: KeyError::WrongPassphrase,
            ..
        } => failure.hint("only the first line counts, without its end; blanks count too"),
        authority::Error::Exposed { path, .. } => {
            failure.hint(format!("chmod go= {}", path.display()))
        }
        authority::Error::Expired { .. } => {
            failure.hint("pgcert ca init --authority DIR makes a new one")
        }
        authority::Error::Crl(CrlError::NotAllowed) => failure
            .hint("leave ssl_crl_file unset where this authority is trusted: without a list of it its clients are refused"),
        authority::Error::NotYetValid { .. } => failure.hint("look at this machine's clock"),
        authority::Error::File(error) => advice::about_file(failure, error),
        authority::Error::Store {
            fault: StoreFault::Full,
            ..
        } => failure.hint("make room there, then run this again"),
        _ => failure,
    }
}
