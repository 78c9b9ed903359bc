//! `pgcert inspect`: certificates, requests, keys and CRLs in words, and what does not fit
//! together among them.

mod verify;

use std::path::Path;

use pki_core::{Finding, InspectError, Item, Secret, Time, inspect_together};
use serde_json::json;

use crate::args::Inspect;
use crate::context::Context;
use crate::failure::{Code, Failure, escape, shown};
use crate::output::{HEAD, Output, styled};
use crate::{passphrase, prompt};

/// Runs `pgcert inspect`. A file that cannot be understood does not hide the others.
pub(crate) fn run(args: &Inspect, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let at = args.at.unwrap_or(context.now);
    let against = verify::Against::read(&args.verifying, at)?;
    let passphrase = passphrase::given_for_file(&args.passphrase)?;
    let mut files: Vec<(&Path, Vec<Item>)> = Vec::new();
    let mut failed: Option<Failure> = None;
    for path in &args.files {
        match read(path, passphrase.as_ref()) {
            Ok(items) => files.push((path, items)),
            // The last one is said when all is done, as every command's failure is.
            Err(failure) => {
                if let Some(earlier) = failed.replace(failure) {
                    output.fail(&earlier);
                }
            }
        }
    }
    let items: Vec<_> = files.iter().map(|(_, items)| items.as_slice()).collect();
    let together = inspect_together(&items);
    let verdicts: Vec<_> = against
        .iter()
        .flat_map(|against| {
            files
                .iter()
                .filter_map(|(path, items)| against.judge(path, items))
        })
        .collect();
    show(&files, &together, &verdicts, at, output)?;
    if let Some(failure) = failed {
        return Err(failure);
    }
    if against.is_none() {
        return Ok(());
    }
    if verdicts.is_empty() {
        return Err(Failure::new("there is no certificate to verify"));
    }
    let misfit = |finding: &Finding| finding.code == "key-mismatch";
    if verdicts.iter().all(verify::Verdict::is_good) && !together.iter().flatten().any(misfit) {
        return Ok(());
    }
    Err(Failure::new("not all of it is good").code(Code::Problems))
}

fn read(path: &Path, passphrase: Option<&Secret>) -> Result<Vec<Item>, Failure> {
    let bytes = hostfile::read_stream(path).map_err(|error| {
        Failure::because(format_args!("{} cannot be read", path.display()), &error)
    })?;
    let inspect = |passphrase: Option<&Secret>| {
        pki_core::inspect(&bytes, passphrase).map_err(|error| cannot_show(path.display(), &error))
    };
    let items = inspect(passphrase)?;
    // Somebody who does not know it presses Enter, and sees what can be seen without.
    if passphrase.is_none() && prompt::somebody_there() && items.iter().any(Item::is_closed) {
        return match passphrase::ask_for_file(&shown(path)) {
            Ok(passphrase) => inspect(Some(&passphrase)),
            Err(_) => Ok(items),
        };
    }
    Ok(items)
}

/// Shows every thing with what is to be said about it, then the verdicts.
fn show(
    files: &[(&Path, Vec<Item>)],
    together: &[Vec<Finding>],
    verdicts: &[verify::Verdict],
    at: Time,
    output: &mut Output,
) -> Result<(), Failure> {
    let all = files
        .iter()
        .flat_map(|(path, items)| items.iter().map(move |item| (*path, item)));
    let all = all.zip(together);
    if output.json() {
        let items: Vec<_> = all
            .map(|((path, item), misfits)| document(item, misfits, path, at))
            .collect();
        let verdicts: Vec<_> = verdicts.iter().map(verify::Verdict::document).collect();
        return output.print_json(json!({ "items": items, "verdicts": verdicts }));
    }
    for ((path, item), misfits) in all {
        let head = styled(HEAD, &format!("{}: {}", shown(path), item.kind()));
        let mut text = item.describe(at);
        for finding in misfits {
            text.push_str(&format!("  problem: {}\n", finding.text));
        }
        output.print(&format!("{head}\n{}\n", escape(&text)))?;
    }
    for verdict in verdicts {
        output.print(&verdict.in_words())?;
    }
    Ok(())
}

fn cannot_show(path: impl std::fmt::Display, error: &InspectError) -> Failure {
    let failure = Failure::because(format_args!("{path} cannot be shown"), error);
    match error {
        InspectError::WrongPassphrase => {
            failure.hint("without the passphrase the file is shown as far as it is not encrypted")
        }
        _ => failure,
    }
}

fn document(item: &Item, misfits: &[Finding], path: &Path, at: Time) -> serde_json::Value {
    let facts: serde_json::Map<_, _> = item
        .facts(at)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let findings: Vec<_> = item
        .findings(at)
        .iter()
        .chain(misfits)
        .map(|f| json!({ "code": f.code, "message": f.text }))
        .collect();
    json!({ "file": path.to_string_lossy(), "kind": item.kind(), "facts": facts, "findings": findings })
}
