//! `pgcert ca`: making the authority, showing it, giving out its certificate.

use serde_json::json;

use super::advice::authority_failed;
use super::issuer::{describe, open};
use super::{audit, crl, import, init};
use crate::args::Ca;
use crate::context::Context;
use crate::failure::{Failure, escape, shown};
use crate::output::Output;

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

fn show(context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = open(context)?;
    crl::warn(&authority, context, output)?;
    if output.json() {
        return output.print_json(json!({ "authority": describe(&authority) }));
    }
    let encrypted = authority
        .key_is_encrypted()
        .map_err(|error| authority_failed("the authority's key cannot be read", &error))?;
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
