//! `pgcert list` and `pgcert show`: what the authority has issued.

use std::fmt::Write as _;

use authority::{Entry, Filter, LogEntry, State};
use pki_core::{Kind, Subject, Time};
use serde_json::json;

use crate::args::{List, Show};
use crate::command::{advice, crl, issuer};
use crate::context::Context;
use crate::failure::{Failure, escape, escape_name};
use crate::output::{HEAD, Output, WARN, styled};

/// Runs `pgcert list`.
pub(crate) fn list(args: &List, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = issuer::open(context)?;
    let entries = authority
        .list(&filter(args, context.now))
        .map_err(|error| advice::authority_failed("the store cannot be read", &error))?;
    crl::warn(&authority, context, output)?;
    if output.json() {
        let entries: Vec<_> = entries.iter().map(document).collect();
        return output.print_json(json!({ "certificates": entries }));
    }
    if args.csv {
        return output.print(&csv(&entries)?);
    }
    output.print(&table(&entries, context.now))
}

/// Runs `pgcert show`.
pub(crate) fn show(args: &Show, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = issuer::open(context)?;
    let unreadable = |error| advice::authority_failed("the store cannot be read", &error);
    let entry = authority
        .entry(&args.serial)
        .map_err(unreadable)?
        .ok_or_else(|| {
            Failure::new(format!("no certificate has the serial {}", args.serial))
                .hint("pgcert list shows all of them")
        })?;
    let certificate = authority.issued(&args.serial).map_err(unreadable)?;
    if args.pem {
        let certificate = certificate.ok_or_else(|| {
            Failure::new(format!(
                "{} is {} alone: there is no certificate",
                args.serial,
                entry.standing()
            ))
        })?;
        let chain = match entry.kind {
            Kind::Server | Kind::Client => authority.chain(),
            Kind::Root | Kind::Intermediate => &[],
        };
        return output.print(&certificate.to_pem_with(chain));
    }
    let events = authority.events(&args.serial).map_err(unreadable)?;
    if output.json() {
        let pem = certificate.map(|c| c.to_pem());
        let events: Vec<_> = events.iter().map(event).collect();
        return output.print_json(json!({
            "certificates": [document(&entry)],
            "certificate": pem,
            "events": events,
        }));
    }
    let mut text = format!("state {}\n", entry.standing());
    for event in &events {
        let _ = writeln!(text, "  {}", happened(event));
    }
    if let Some(certificate) = certificate {
        let items = pki_core::inspect(certificate.der(), None)
            .map_err(|error| Failure::because("the certificate cannot be shown", &error))?;
        for item in items {
            text.push_str(&escape(&item.describe(context.now)));
        }
    }
    output.print(&text)
}

fn filter(args: &List, now: Time) -> Filter {
    let states = if args.revoked {
        vec![State::Revoked]
    } else if args.in_state.is_empty() && args.expiring.is_some() {
        // What else would be no loss.
        vec![State::Issued, State::Unused]
    } else {
        args.in_state.clone()
    };
    Filter {
        kind: args.role.as_ref().map(|_| Kind::Client).or(args.kind),
        name: args.role.clone().or_else(|| args.name.clone()),
        states,
        valid_at: args.expiring.map(|_| now),
        // The last second of the time counts too.
        ends_before: args.expiring.map(|span| now.plus_seconds(span + 1)),
    }
}

/// The subject as the certificate shows it; the store has it in the order in which it was typed.
fn subject(entry: &Entry) -> String {
    entry
        .subject
        .parse::<Subject>()
        .map_or_else(|_| entry.subject.clone(), |subject| subject.readable())
}

fn document(entry: &Entry) -> serde_json::Value {
    let mut document = json!({
        "serial": entry.serial.to_string(),
        "kind": entry.kind.name(),
        "name": entry.name,
        "subject": subject(entry),
        "not_before": entry.not_before.rfc3339(),
        "not_after": entry.not_after.rfc3339(),
        "state": entry.standing(),
        "fingerprint": entry.fingerprint.map(|f| f.to_string()),
        "requested_by": entry.requested_by,
        "requested_at": entry.requested_at.rfc3339(),
    });
    if let Some(revoked) = &entry.revoked {
        document["revoked_at"] = revoked.at.rfc3339().into();
        document["revoked_by"] = revoked.by.clone().into();
        document["reason"] = revoked.reason.name().into();
    }
    document
}

/// Values as they are, quoted as RFC 4180 says where they have to be.
fn csv(entries: &[Entry]) -> Result<String, Failure> {
    let failed =
        |error: &dyn std::error::Error| Failure::because("the list cannot be written", error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(COLUMNS)
        .map_err(|error| failed(&error))?;
    for entry in entries {
        let revoked = entry.revoked.as_ref();
        writer
            .write_record([
                entry.serial.to_string(),
                entry.kind.to_string(),
                entry.name.clone(),
                subject(entry),
                entry.not_before.rfc3339(),
                entry.not_after.rfc3339(),
                entry.standing().to_owned(),
                entry.fingerprint.map(|f| f.to_string()).unwrap_or_default(),
                entry.requested_by.clone(),
                entry.requested_at.rfc3339(),
                revoked.map(|r| r.at.rfc3339()).unwrap_or_default(),
                revoked.map(|r| r.by.clone()).unwrap_or_default(),
                revoked.map(|r| r.reason.to_string()).unwrap_or_default(),
            ])
            .map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

const COLUMNS: [&str; 13] = [
    "serial",
    "kind",
    "name",
    "subject",
    "not_before",
    "not_after",
    "state",
    "fingerprint",
    "requested_by",
    "requested_at",
    "revoked_at",
    "revoked_by",
    "reason",
];

fn event(event: &LogEntry) -> serde_json::Value {
    json!({
        "id": event.id,
        "at": event.at.rfc3339(),
        "by": event.by,
        "event": event.event,
        "detail": serde_json::from_str(&event.detail).unwrap_or(serde_json::Value::Null),
    })
}

/// `2026-11-24 22:13:52 UTC  revoked by root, reason key-compromise`
fn happened(event: &LogEntry) -> String {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let reason = detail["reason"].as_str();
    format!(
        "{}  {} by {}{}",
        event.at,
        escape_name(&event.event),
        escape_name(&event.by),
        reason
            .map(|reason| format!(", reason {}", escape_name(reason)))
            .unwrap_or_default()
    )
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
            entry.standing(),
            entry.serial
        );
    }
    text
}
