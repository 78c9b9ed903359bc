//! `pgcert list` and `pgcert show`: what the authority has issued.

use std::fmt::Write as _;

use authority::{Entry, Filter};
use pki_core::Time;
use serde_json::json;

use crate::args::{List, Show};
use crate::command::ca;
use crate::context::Context;
use crate::failure::{Failure, escape, escape_name};
use crate::output::{HEAD, Output, WARN, styled};

/// Runs `pgcert list`.
pub(crate) fn list(args: &List, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = ca::open(context)?;
    let filter = Filter {
        kind: args.kind,
        name: args.name.clone(),
        ..Filter::default()
    };
    let entries = authority
        .list(&filter)
        .map_err(|error| ca::failed("the store cannot be read", &error))?;
    if output.json() {
        let entries: Vec<_> = entries.iter().map(document).collect();
        return output.print_json(json!({ "certificates": entries }));
    }
    output.print(&table(&entries, context.now))
}

/// Runs `pgcert show`.
pub(crate) fn show(args: &Show, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = ca::open(context)?;
    let unreadable = |error| ca::failed("the store cannot be read", &error);
    let entry = authority
        .entry(&args.serial)
        .map_err(unreadable)?
        .ok_or_else(|| {
            Failure::new(format!("no certificate has the serial {}", args.serial))
                .hint("pgcert list shows all of them")
        })?;
    let certificate = authority.issued(&args.serial).map_err(unreadable)?;
    if output.json() {
        let pem = certificate.map(|c| c.to_pem());
        return output
            .print_json(json!({ "certificates": [document(&entry)], "certificate": pem }));
    }
    let mut text = format!(
        "state {}, ordered by {} on {}\n",
        entry.state,
        escape_name(&entry.requested_by),
        entry.requested_at
    );
    if let Some(certificate) = certificate {
        let items = pki_core::inspect(certificate.der(), None)
            .map_err(|error| Failure::because("the certificate cannot be shown", &error))?;
        for item in items {
            text.push_str(&escape(&item.describe(context.now)));
        }
    }
    output.print(&text)
}

fn document(entry: &Entry) -> serde_json::Value {
    json!({
        "serial": entry.serial.to_string(),
        "kind": entry.kind.name(),
        "name": entry.name,
        "subject": entry.subject,
        "not_before": entry.not_before.rfc3339(),
        "not_after": entry.not_after.rfc3339(),
        "state": entry.state.as_str(),
        "fingerprint": entry.fingerprint.map(|f| f.to_string()),
        "requested_by": entry.requested_by,
        "requested_at": entry.requested_at.rfc3339(),
    })
}

fn table(entries: &[Entry], now: Time) -> String {
    let width = entries
        .iter()
        .map(|e| escape_name(&e.name).chars().count())
        .max()
        .unwrap_or(0)
        .max("NAME".len());
    let mut text = String::new();
    let head = format!(
        "{:<12}  {:<width$}  {:<10}  {:>9}  {:<8}  SERIAL",
        "KIND", "NAME", "UNTIL", "DAYS LEFT", "STATE"
    );
    let _ = writeln!(text, "{}", styled(HEAD, &head));
    for entry in entries {
        let left = entry.not_after.seconds_since(now).div_euclid(86_400);
        let days = format!("{left:>9}");
        let days = if left < 30 { styled(WARN, &days) } else { days };
        let _ = writeln!(
            text,
            "{:<12}  {:<width$}  {}  {days}  {:<8}  {}",
            entry.kind.name(),
            escape_name(&entry.name),
            entry.not_after.date(),
            entry.state.as_str(),
            entry.serial
        );
    }
    text
}
