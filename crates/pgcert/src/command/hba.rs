//! `pgcert hba`: pg_hba.conf listed, explained, changed and checked.

mod diff;
mod edit;
mod explain;
mod list;
mod meant;
mod opened;
mod outcomes;
mod place;
mod simulate;
mod words;

use pg_config::hba::{Document, Record, RuleSet};
use pg_config::lint;
use pg_config::resolve::Settings;

use super::files::Found;
use super::lint::tell;
use crate::args::{Hba, HbaLint, ServerFile};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Runs `pgcert hba`.
pub(crate) fn run(args: &Hba, context: &Context, output: &mut Output) -> Result<(), Failure> {
    match args {
        Hba::List(args) => list::run(args, context, output),
        Hba::Explain(args) => explain::run(args, context, output),
        Hba::Add(args) => edit::add(args, context, output),
        Hba::Remove(args) => edit::remove(args, context, output),
        Hba::Move(args) => edit::shift(args, context, output),
        Hba::Format(args) => edit::format(args, context, output),
        Hba::Diff(args) => diff::run(args, context, output),
        Hba::Simulate(args) => simulate::run(args, context, output),
        Hba::Lint(args) => check(args, context, output),
    }
}

fn check(args: &HbaLint, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let (found, settings) = find(&args.file, context)?;
    let bytes = found.existing()?;
    let disk = found.files();
    let set = RuleSet::of_bytes(&disk, &found.path, &bytes, found.version);
    let mut findings = lint::hba(&disk, &set, settings.as_ref());
    findings.extend(lint::rules(&disk, &set, &found.site()));
    // In the order of the files, each from its top.
    let place = |file: &str| set.rules.iter().position(|at| *at.file == *file);
    findings.sort_by_cached_key(|finding| (place(&finding.file), finding.line, finding.column));
    tell(&findings, &found.path, &args.linting, output)
        .map_err(|failure| right_file(failure, &set, &bytes))
}

/// Asks whether it is the right file where no line of it is a rule, and one is nothing else either.
fn right_file(failure: Failure, set: &RuleSet, bytes: &[u8]) -> Failure {
    let document = Document::parse(bytes, set.version);
    let refused = |record: &Record| matches!(record, Record::Bad { .. });
    match set.rules.is_empty() && document.records().iter().any(refused) {
        true => failure.hint("no line of it is a rule: is this the right file?"),
        false => failure,
    }
}

/// The file, and the settings where a server was looked for.
fn find(options: &ServerFile, context: &Context) -> Result<(Found, Option<Settings>), Failure> {
    Found::by_setting(options, "hba_file", "pg_hba.conf", context)
}

/// The file and its bytes.
fn read(options: &ServerFile, context: &Context) -> Result<(Found, Vec<u8>), Failure> {
    let (found, _) = find(options, context)?;
    let bytes = found.existing()?;
    Ok((found, bytes))
}
