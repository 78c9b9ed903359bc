//! `pgcert ca audit`: the log, and what is on record against it.

use serde_json::json;

use crate::args::CaAudit;
use crate::command::{advice, issuer};
use crate::context::Context;
use crate::failure::{Code, Failure, escape_name};
use crate::output::Output;

/// Runs `pgcert ca audit`.
pub(crate) fn run(args: &CaAudit, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = issuer::open(context)?;
    let audit = authority
        .audit(args.expect_head.as_ref())
        .map_err(|error| advice::authority_failed("the store cannot be read", &error))?;
    let head = audit.head.map(|head| head.to_string());
    if output.json() {
        let findings: Vec<_> = audit
            .findings
            .iter()
            .map(|found| json!({ "code": found.code(), "severity": "problem", "message": found.to_string() }))
            .collect();
        output.print_json(json!({
            "events": audit.events,
            "certificates": audit.serials,
            "head": head,
            "findings": findings,
        }))?;
    } else {
        let mut text: String = audit
            .findings
            .iter()
            .map(|found| escape_name(&found.to_string()) + "\n")
            .collect();
        text.push_str(&format!(
            "{} events, {} certificates\nhead {}\n",
            audit.events,
            audit.serials,
            head.unwrap_or_else(|| "none".to_owned())
        ));
        output.print(&text)?;
    }
    match audit.findings.len() {
        0 => Ok(()),
        found => Err(Failure::new(format!(
            "the store is not as its log tells: {found} finding{}",
            if found == 1 { "" } else { "s" }
        ))
        .code(Code::Problems)
        .hint("a copy of store.db from before, and the head of an earlier audit, show since when")),
    }
}
