//! `pgcert hba diff`: two files compared by what they mean.

use pg_config::hba::{RuleSet, Site};
use serde_json::json;

use super::outcomes::Outcomes;
use crate::args::HbaDiff;
use crate::command::files::Found;
use crate::context::Context;
use crate::failure::{Code, Failure, escape_name};
use crate::output::{HEAD, Output, styled};

/// Runs `pgcert hba diff`. It ends with exit code 3 where somebody's outcome differs, or may.
pub(super) fn run(args: &HbaDiff, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let mut old = Found::named(&args.old, args.pg_version, context)?;
    let mut new = Found::named(&args.new, args.pg_version, context)?;
    // A file in a place that tells nothing is taken for one of the other's version.
    match (old.version_is_guessed, new.version_is_guessed) {
        (true, false) => old.version = new.version,
        (false, true) => new.version = old.version,
        _ => {}
    }
    let old = read(&old)?;
    let new = read(&new)?;
    let outcomes = Outcomes::between(&old, &new, &Site::default());
    if output.json() {
        output.print_json(json!({
            "equal": outcomes.are_equal(),
            "outcomes": outcomes.document(),
            "not_compared": outcomes.not_compared_document(),
        }))?;
    } else if outcomes.is_empty() {
        output.say("both mean the same");
    } else {
        let mut text = outcomes.words(output.verbose());
        if !text.is_empty() {
            text.insert_str(0, &format!("{}\n", styled(HEAD, "whose outcome differs")));
        }
        if let Some(not_compared) = outcomes.not_compared() {
            text.push_str(&format!("{not_compared}\n"));
        }
        output.print(&text)?;
    }
    if outcomes.is_empty() {
        return Ok(());
    }
    let (from, to) = (escape_name(&old.file), escape_name(&new.file));
    let not = match outcomes.is_certain() {
        true => "do not",
        false => "may not",
    };
    Err(Failure::new(format!("{from} and {to} {not} mean the same")).code(Code::Problems))
}

/// The rules of a file that the server would take.
fn read(found: &Found) -> Result<RuleSet, Failure> {
    let bytes = found.existing()?;
    let set = RuleSet::of_bytes(&found.files(), &found.path, &bytes, found.version);
    match set.errors.first() {
        None => Ok(set),
        Some(error) => {
            let what = "what the server would refuse cannot be compared";
            Err(Failure::because(what, error).hint("pgcert hba lint --file says more about it"))
        }
    }
}
