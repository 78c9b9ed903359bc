//! `pgcert inspect`: certificates, requests, keys and CRLs in words.

use pki_core::{InspectError, Item};
use serde_json::json;

use crate::args::Inspect;
use crate::context::Context;
use crate::failure::{Failure, escape, shown};
use crate::output::{HEAD, Output, styled};
use crate::passphrase;

/// Runs `pgcert inspect`. A file that cannot be understood does not hide the others.
pub(crate) fn run(args: &Inspect, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let passphrase = args
        .passphrase_file
        .as_deref()
        .map(passphrase::from_file)
        .transpose()?;
    let mut documents = Vec::new();
    let mut failed: Option<Failure> = None;
    for path in &args.files {
        let items = hostfile::read_stream(path)
            .map_err(|error| {
                Failure::because(format_args!("{} cannot be read", path.display()), &error)
            })
            .and_then(|bytes| {
                pki_core::inspect(&bytes, passphrase.as_ref())
                    .map_err(|error| cannot_show(path.display(), &error))
            });
        let items = match items {
            Ok(items) => items,
            Err(failure) => {
                // The last one is said when all is done, as every command's failure is.
                if let Some(earlier) = failed.replace(failure) {
                    output.fail(&earlier);
                }
                continue;
            }
        };
        for item in items {
            if output.json() {
                documents.push(document(&item, path, context));
            } else {
                let head = styled(HEAD, &format!("{}: {}", shown(path), item.kind()));
                output.print(&format!(
                    "{head}\n{}\n",
                    escape(&item.describe(context.now))
                ))?;
            }
        }
    }
    if output.json() {
        output.print_json(json!({ "items": documents }))?;
    }
    failed.map_or(Ok(()), Err)
}

fn cannot_show(path: impl std::fmt::Display, error: &InspectError) -> Failure {
    let failure = Failure::because(format_args!("{path} cannot be shown"), error);
    match error {
        InspectError::WrongPassphrase => failure
            .hint("without --passphrase-file the file is shown as far as it is not encrypted"),
        _ => failure,
    }
}

fn document(item: &Item, path: &std::path::Path, context: &Context) -> serde_json::Value {
    let facts: serde_json::Map<_, _> = item
        .facts(context.now)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let findings: Vec<_> = item
        .findings(context.now)
        .into_iter()
        .map(|f| json!({ "code": f.code, "message": f.text }))
        .collect();
    json!({ "file": path.to_string_lossy(), "kind": item.kind(), "facts": facts, "findings": findings })
}
