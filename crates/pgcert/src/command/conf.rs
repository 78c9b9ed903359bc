//! `pgcert conf`: postgresql.conf read, changed, compared and checked.

mod diff;
mod edit;
mod get;

use pg_config::lint;

use super::files::Found;
use super::lint::tell;
use crate::args::{Conf, ConfLint};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Runs `pgcert conf`.
pub(crate) fn run(args: &Conf, context: &Context, output: &mut Output) -> Result<(), Failure> {
    match args {
        Conf::Get(args) => get::run(args, context, output),
        Conf::Set(args) => edit::set(args, context, output),
        Conf::Unset(args) => edit::unset(args, context, output),
        Conf::Diff(args) => diff::run(args, context, output),
        Conf::Lint(args) => check(args, context, output),
    }
}

fn check(args: &ConfLint, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = Found::conf(&args.file, context)?;
    found.existing()?;
    let disk = found.files();
    let findings = lint::conf(&disk, &found.settings(&disk), found.version);
    tell(&findings, &found.path, &args.linting, output)
}
