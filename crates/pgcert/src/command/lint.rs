//! Telling what a lint or a list has found wrong, in the form that is asked for, and ending with the exit code that says so.

use pg_config::Severity;
use pg_config::lint::Finding;
use pg_config::resolve::FileError;

use crate::args::{Form, Linting};
use crate::failure::{Code, Failure, escape_name};
use crate::output::Output;
use crate::render::findings;

/// Prints the findings. `looked_at` is what they are about.
///
/// # Errors
/// With exit code 3 where there are warnings or errors.
pub(crate) fn tell(
    found: &[Finding],
    looked_at: &str,
    linting: &Linting,
    output: &mut Output,
) -> Result<(), Failure> {
    let form = if output.json() {
        Form::Json
    } else {
        linting.format
    };
    match form {
        Form::Text => output.print(&findings::words(found))?,
        Form::Json => output.print_json(findings::document(found))?,
        Form::Sarif => output.print(&format!("{:#}\n", findings::sarif(found)))?,
        Form::Github => output.print(&findings::annotations(found))?,
    }
    let many = |severity: Severity, one: &str, more: &str| match found
        .iter()
        .filter(|f| f.lint.severity == severity)
        .count()
    {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {more}")),
    };
    let counts = [
        many(Severity::Error, "error", "errors"),
        many(Severity::Warning, "warning", "warnings"),
    ];
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    if counts.is_empty() {
        if found.is_empty() {
            output.say(&format!("{}: no findings", escape_name(looked_at)));
        }
        return Ok(());
    }
    Err(Failure::new(format!("{looked_at}: {}", counts.join(" and "))).code(Code::Problems))
}

/// Whether the server takes every line of what was listed; `lint` is the command that says more.
///
/// # Errors
/// With exit code 3 where it does not.
pub(crate) fn all_taken(errors: &[FileError], lint: &str) -> Result<(), Failure> {
    let wrong = match errors.len() {
        0 => return Ok(()),
        1 => "1 line is wrong".to_owned(),
        count => format!("{count} lines are wrong"),
    };
    let what = format!("the server would refuse all of it: {wrong}");
    Err(Failure::new(what)
        .code(Code::Problems)
        .hint(format!("{lint} says more about each")))
}
