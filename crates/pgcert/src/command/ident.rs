//! `pgcert ident`: pg_ident.conf listed, explained, changed and checked.

mod explain;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pg_config::ident::{Document, EditError, Entry, Maps};
use pg_config::lint;
use serde_json::json;

use super::edit::Edits;
use super::files::Found;
use super::lint::{all_taken, tell};
use crate::args::{Ident, IdentAdd, IdentLint, IdentList, IdentRemove, ServerEditing, ServerFile};
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::{BAD, Output, styled};
use crate::render::table::table;

/// Runs `pgcert ident`.
pub(crate) fn run(args: &Ident, context: &Context, output: &mut Output) -> Result<(), Failure> {
    match args {
        Ident::List(args) => list(args, context, output),
        Ident::Explain(args) => explain::run(args, context, output),
        Ident::Add(args) => add(args, context, output),
        Ident::Remove(args) => remove(args, context, output),
        Ident::Lint(args) => check(args, context, output),
    }
}

/// Refused lines are listed too, and make it end with exit code 3.
fn list(args: &IdentList, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let bytes = found.existing()?;
    let maps = Maps::of_bytes(&found.files(), &found.path, &bytes, found.version);
    let asked = |map: &str| args.map.as_ref().is_none_or(|asked| asked == map);
    let lines: Vec<_> = maps
        .lines()
        .iter()
        .filter(|line| asked(&line.entry.map))
        .collect();
    if output.json() {
        let lines = lines.iter().map(|line| {
            json!({
                "file": line.file,
                "line": line.entry.line,
                "map": line.entry.map,
                "system_user": line.entry.system_user,
                "role": line.entry.role,
                "role_is_keyword": line.entry.role_is_keyword(found.version),
                "error": null,
            })
        });
        let errors = maps.errors().iter().map(|error| {
            json!({
                "file": error.file,
                "line": error.line,
                "map": null,
                "system_user": null,
                "role": null,
                "role_is_keyword": null,
                "error": error.message,
            })
        });
        output.print_json(json!({ "mappings": lines.chain(errors).collect::<Vec<_>>() }))?;
    } else {
        let mut rows = vec![["LINE", "MAP", "SYSTEM-USER", "PG-USER"].map(str::to_owned)];
        rows.extend(lines.iter().map(|line| {
            let entry = &line.entry;
            let place = if line.file == found.path {
                entry.line.to_string()
            } else {
                format!("{}:{}", escape_name(&line.file), entry.line)
            };
            let name = |name: &str| escape_name(name);
            [
                place,
                name(&entry.map),
                name(&entry.system_user),
                name(&entry.shown_role(found.version)),
            ]
        }));
        output.print(&table(&rows, 1))?;
        let mut text = String::new();
        for error in maps.errors() {
            let _ = writeln!(
                text,
                "{} {}",
                styled(BAD, "error:"),
                escape_name(&error.to_string())
            );
        }
        output.print(&text)?;
    }
    all_taken(maps.errors(), "pgcert ident lint")
}

fn add(args: &IdentAdd, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let bytes = found.bytes()?;
    let mut document = Document::parse(bytes.as_deref().unwrap_or_default(), found.version);
    let IdentAdd {
        map,
        system_user,
        role,
        ..
    } = args;
    let added = if args.regex {
        let pattern = system_user.strip_prefix('/').unwrap_or(system_user);
        document.add_pattern(map, pattern, role)
    } else {
        document.add_line(map, system_user, role)
    };
    added.map_err(|error| refused(&error, args.regex))?;
    let edited = (bytes, &document);
    write(&found, edited, None, &args.editing, context, output)
}

fn remove(args: &IdentRemove, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let bytes = found.existing()?;
    let mut document = Document::parse(bytes.as_slice(), found.version);
    let mut entries = BTreeSet::new();
    let mut nothing = None;
    for line in &args.line {
        let mut all = document.entries().iter();
        let entry = all.position(|entry| entry.line == *line).ok_or_else(|| {
            let path = escape_name(&found.path);
            Failure::new(format!("nothing was changed: no map line begins in line {line} of {path}"))
                .hint("pgcert ident list shows the lines; those of an included file are changed with --file")
        })?;
        entries.insert(entry);
    }
    if let (Some(map), Some(system_user), Some(role)) = (&args.map, &args.system_user, &args.role) {
        let spelled = |entry: &Entry| {
            entry.map == *map && entry.system_user == *system_user && entry.role == *role
        };
        // As `add` means it: a name.
        let says_it = |entry: &Entry| spelled(entry) && !entry.role_is_keyword(found.version);
        let mut all = document.entries().iter();
        let keyword = all.find(|entry| spelled(entry) && !says_it(entry));
        let all = document.entries().iter().enumerate();
        let same = all.filter(|(_, entry)| says_it(entry));
        entries.extend(same.map(|(index, _)| index));
        if entries.is_empty() {
            let path = &found.path;
            let maps = Maps::of_bytes(&found.files(), path, &bytes, found.version);
            let elsewhere = maps.lines().iter().find(|line| says_it(&line.entry));
            nothing = Some(match (elsewhere, keyword) {
                (_, Some(entry)) => format!(
                    "no line of {path} names a role \"{role}\"; in line {line} the word is a keyword: --line {line} takes that out",
                    line = entry.line
                ),
                (Some(line), None) => format!(
                    "no line of {path} says that, but line {} of {file}, which is read with it, does: it is changed with --file {file}",
                    line.entry.line,
                    file = line.file
                ),
                (None, None) => {
                    format!("no line of {path} says that: pgcert ident list shows the lines")
                }
            });
        }
    }
    // The last first: those before it keep their numbers.
    for entry in entries.into_iter().rev() {
        document
            .remove(entry)
            .map_err(|error| refused(&error, false))?;
    }
    write(
        &found,
        (Some(bytes), &document),
        nothing,
        &args.editing,
        context,
        output,
    )
}

fn check(args: &IdentLint, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let bytes = found.existing()?;
    let disk = found.files();
    let maps = Maps::of_bytes(&disk, &found.path, &bytes, found.version);
    let findings = lint::ident(&disk, &found.path, &maps, found.version);
    tell(&findings, &found.path, &args.linting, output)
}

fn find(options: &ServerFile, context: &Context) -> Result<Found, Failure> {
    Found::by_setting(options, "ident_file", "pg_ident.conf", context).map(|(found, _)| found)
}

/// Writes the document in place of the bytes that were there, provided that the server would still take it. `nothing`: why there is
/// nothing to do.
fn write(
    found: &Found,
    (before, document): (Option<Vec<u8>>, &Document),
    nothing: Option<String>,
    editing: &ServerEditing,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let disk = found.files();
    let old = before.as_deref().unwrap_or_default();
    let was = Maps::of_bytes(&disk, &found.path, old, found.version);
    let changes = old != document.as_bytes();
    let mut edits = Edits::new(&disk, "user name maps", 0o600);
    edits.set(&found.path, before, document.to_bytes());
    let will_be = Maps::of_bytes(&edits, &found.path, document.as_bytes(), found.version);
    edits.must_not_add_errors(was.errors(), will_be.errors())?;
    if let Some(nothing) = nothing {
        edits.note("not-found", nothing);
    }
    if changes {
        edits.note_reload();
    }
    edits.finish_on(found, editing, context, output)
}

fn refused(error: &EditError, regex: bool) -> Failure {
    let failure = Failure::because("nothing was changed", error);
    match error {
        EditError::Regex { .. } if !regex => failure
            .hint("--regex says that SYSTEM-USER is a regular expression; no role can be one here"),
        EditError::Disturbs => {
            failure.hint("pgcert ident lint says what is odd about the lines there")
        }
        _ => failure,
    }
}
