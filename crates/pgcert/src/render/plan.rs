//! A plan in words, with a diff for each file whose change can be shown, and as JSON.

use std::fmt::Write as _;

use installer::{Before, Consent, Plan, Proof, Step, Write};
use serde_json::json;

use super::{diff, proof};
use crate::failure::escape;
use crate::output::{HEAD, WARN, styled};

/// The steps, the notes, the consequences; with `diffs` what changes in each file.
pub(crate) fn steps(plan: &Plan, diffs: bool) -> String {
    let mut text = String::new();
    if plan.is_empty() {
        text.push_str("nothing to do\n");
    }
    for (number, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(text, "{:>3}. {}", number + 1, escape(&describe(step)));
        if let (true, Step::Write(write)) = (diffs, step) {
            text.push_str(&change(write));
        }
    }
    for note in &plan.notes {
        let _ = writeln!(text, "{} {}", styled(HEAD, "note:"), escape(&note.text));
    }
    for consequence in &plan.consequences {
        let _ = writeln!(
            text,
            "{} {}",
            styled(WARN, &format!("{}:", consequence.consent)),
            escape(&consequence.text)
        );
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

fn change(write: &Write) -> String {
    let before = match &write.before {
        Before::Nothing => None,
        Before::Bytes(bytes) => Some(bytes.as_slice()),
        Before::File => return String::new(),
    };
    write
        .known_content()
        .map(|after| diff::unified(&write.path, before, &after))
        .unwrap_or_default()
}

/// The plan as JSON, and what came of it.
pub(crate) fn document(
    plan: &Plan,
    done: bool,
    proven: Option<&Proof>,
    accepted: &[Consent],
) -> serde_json::Value {
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            let diff = match step {
                Step::Write(write) => Some(change(write)).filter(|diff| !diff.is_empty()),
                _ => None,
            };
            let diff = diff.map(|diff| anstream::adapter::strip_str(&diff).to_string());
            json!({ "kind": step.kind(), "path": step.path(), "text": describe(step), "diff": diff, "done": done })
        })
        .collect();
    let notes: Vec<_> = plan
        .notes
        .iter()
        .map(|note| json!({ "code": note.code, "text": note.text }))
        .collect();
    let consequences: Vec<_> = plan
        .consequences
        .iter()
        .map(|c| json!({ "name": c.consent.name(), "text": c.text, "accepted": done || accepted.contains(&c.consent) }))
        .collect();
    json!({
        "changed": done && !plan.is_empty(),
        "steps": steps,
        "notes": notes,
        "consequences": consequences,
        "proof": proven.map(proof::document),
    })
}
