//! A plan in words, with a diff for each file whose change can be shown, and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use installer::{Before, Consent, Part, Plan, Proof, Step, Write};
use serde_json::json;

use super::{diff, pem, proof};
use crate::failure::escape;
use crate::output::{HEAD, WARN, styled};

/// The steps with what changes in each file, the notes, the consequences.
pub(crate) fn words(plan: &Plan) -> String {
    let mut text = String::new();
    for (number, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(text, "{:>3}. {}", number + 1, escape(&describe(step)));
        if let Step::Write(write) = step {
            text.push_str(&change(write));
        }
    }
    for note in &plan.notes {
        let _ = writeln!(text, "{} {}", styled(HEAD, "note:"), escape(&note.text));
    }
    for consequence in &plan.consequences {
        let name = styled(WARN, &format!("{}:", consequence.consent));
        let _ = writeln!(text, "{name} {}", escape(&consequence.text));
    }
    text
}

fn describe(step: &Step) -> String {
    match step {
        Step::InitAuthority(init) => format!(
            "make an authority in {}: {}, {}, {} days, key {}",
            init.dir.display(),
            init.subject,
            init.key_type,
            init.days,
            if init.encrypted {
                "encrypted"
            } else {
                "NOT encrypted"
            }
        ),
        Step::Issue(issue) => {
            let names: Vec<_> = issue.alt_names.iter().map(ToString::to_string).collect();
            let names = if names.is_empty() {
                String::new()
            } else {
                format!(", names {}", names.join(" "))
            };
            format!(
                "issue a {} certificate: {}{names}, {}, {} days",
                issue.kind, issue.subject, issue.key_type, issue.days
            )
        }
        Step::CreateRole(role) => format!("create role \"{role}\" with LOGIN"),
        Step::MakeFolder(folder) => format!(
            "make folder {} ({} {:04o})",
            folder.path.display(),
            folder.owner.name,
            folder.mode
        ),
        Step::Write(write) => match write.before {
            Before::Nothing => format!(
                "write {} {} ({} {:04o})",
                write.what,
                write.path.display(),
                write.owner.name,
                write.mode
            ),
            Before::Bytes(_) | Before::File => {
                format!("change {} {}", write.what, write.path.display())
            }
        },
        Step::AlterSystem(change) => {
            format!("ALTER SYSTEM SET {} = '{}'", change.name, change.value)
        }
        Step::Reload => "reload the server".to_owned(),
        Step::Restart => "restart the server".to_owned(),
        _ => step.kind().to_owned(),
    }
}

/// What a write changes, as a diff or in words; empty where it cannot be shown.
pub(crate) fn change(write: &Write) -> String {
    let in_words = |bytes: &[u8]| -> String {
        let words = pem::words(bytes).unwrap_or_default();
        words.iter().map(|line| format!("     {line}\n")).collect()
    };
    if let [Part::Secret(key)] = write.content.as_slice() {
        return in_words(key.as_bytes());
    }
    let Some(after) = write.known_content() else {
        return String::new();
    };
    match &write.before {
        Before::Nothing => diff::unified(&write.path, None, &after),
        Before::Bytes(before) => diff::unified(&write.path, Some(before), &after),
        Before::File => in_words(&after),
    }
}

/// The plan as JSON; with a proof it was carried out.
pub(crate) fn document(
    plan: &Plan,
    proven: Option<&Proof>,
    accepted: &BTreeSet<Consent>,
) -> serde_json::Value {
    let done = proven.is_some();
    let steps: Vec<_> = plan.steps.iter().map(|step| {
        let diff = match step {
            Step::Write(write) => Some(change(write)).filter(|diff| !diff.is_empty()),
            _ => None,
        };
        let diff = diff.map(|diff| anstream::adapter::strip_str(&diff).to_string());
        json!({ "kind": step.kind(), "path": step.path().map(std::path::Path::to_string_lossy), "text": describe(step), "diff": diff, "done": done })
    }).collect();
    let notes = plan
        .notes
        .iter()
        .map(|note| json!({ "code": note.code, "text": note.text }));
    let consequences = plan.consequences.iter().map(|c| {
        json!({ "name": c.consent.name(), "text": c.text, "accepted": accepted.contains(&c.consent) })
    });
    json!({
        "changed": done && !plan.is_empty(),
        "steps": steps,
        "notes": notes.collect::<Vec<_>>(),
        "consequences": consequences.collect::<Vec<_>>(),
        "renewal": plan.renewal.map(pki_core::Time::date),
        "proof": proven.map(proof::document),
    })
}
