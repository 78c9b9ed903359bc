//! `pgcert hba add`, `remove`, `move` and `format`: the document after it, checked as a part of all that the server
//! reads, then written.

use std::collections::BTreeSet;

use installer::Note;
use pg_config::hba::{Conflict, Document, Position, RuleInFile, RuleSet, matches_nobody};
use pg_config::resolve::Files as _;

use super::opened::{Opened, refused, refused_line, unreadable};
use super::outcomes::Outcomes;
use super::{meant, place};
use crate::args::{HbaAdd, HbaFormat, HbaMove, HbaRemove, Place, ServerEditing};
use crate::command::edit::Edits;
use crate::command::files::Found;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;

/// Runs `pgcert hba add`.
pub(crate) fn add(args: &HbaAdd, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let mut opened = Opened::read(&args.file, context)?;
    let line = args.rule.join(" ");
    let position = match position(&args.place, &opened)? {
        Some(position) => position,
        // The server refuses a file without rules. The first one may be made.
        None if opened.document.records().is_empty() => Position::End,
        None => return place::add(&line, opened, &args.editing, context, output),
    };
    opened
        .document
        .insert_line(position, line.as_bytes())
        .map_err(|error| refused_line(&error, &line, &opened.found))?;
    let found = &opened.found;
    let read = RuleSet::of_bytes(&found.files(), &found.path, line.as_bytes(), found.version);
    let for_nobody = |at: &RuleInFile| matches_nobody(&at.rule, &found.site());
    let word = read.rules.iter().any(for_nobody).then(|| Note {
        code: "matches-nobody",
        text: Conflict::Nobody.to_string(),
    });
    write(opened, word, &args.editing, context, output)
}

/// Runs `pgcert hba remove`.
pub(crate) fn remove(
    args: &HbaRemove,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut opened = Opened::read(&args.file, context)?;
    let mut records = BTreeSet::new();
    let mut nothing = None;
    for line in &args.line {
        records.insert(record(*line, &opened)?);
    }
    let mut included = meant::Records::new();
    if args.line.is_empty() {
        included = meant::records(&args.rule.join(" "), &opened)?;
        if included.is_empty() {
            let path = &opened.found.path;
            let is_other = |at: &RuleInFile| *at.file != **path;
            let including = match opened.was.rules.iter().any(is_other) {
                true => ", or of a file that is read with it,",
                false => "",
            };
            nothing = Some(Note {
                code: "not-found",
                text: format!(
                    "no line of {path}{including} says the same: pgcert hba list shows the lines, --line LINE names one"
                ),
            });
        }
        records = included.remove(&opened.found.path).unwrap_or_default();
    }
    let found = &opened.found;
    take_out(&mut opened.document, &records, found)?;
    for (path, records) in &included {
        let read = found.files().read(path);
        let bytes = read.map_err(|error| unreadable(path, &error))?;
        let mut document = Document::parse(bytes.as_slice(), found.version);
        take_out(&mut document, records, found)?;
        let after = document.to_bytes();
        opened.included.push((path.clone(), bytes, after));
    }
    write(opened, nothing, &args.editing, context, output)
}

fn take_out(
    document: &mut Document,
    records: &BTreeSet<usize>,
    found: &Found,
) -> Result<(), Failure> {
    // The last first: those before it keep their numbers.
    for record in records.iter().rev() {
        document
            .remove(*record)
            .map_err(|error| refused(&error, found))?;
    }
    Ok(())
}

/// Runs `pgcert hba move`.
pub(crate) fn shift(args: &HbaMove, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let mut opened = Opened::read(&args.file, context)?;
    let record = record(args.line, &opened)?;
    let Some(to) = position(&args.place, &opened)? else {
        return Err(Failure::usage("it is not said where the rule shall stand")
            .hint("--before LINE, --after LINE, --first or --last says so"));
    };
    opened
        .document
        .move_record(record, to)
        .map_err(|error| refused(&error, &opened.found))?;
    write(opened, None, &args.editing, context, output)
}

/// Runs `pgcert hba format`.
pub(crate) fn format(
    args: &HbaFormat,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let (found, bytes) = super::read(&args.file, context)?;
    let mut document = Document::parse(bytes.as_slice(), found.version);
    document.format();
    let disk = found.files();
    let mut edits = Edits::new(&disk, "rules", 0o600);
    edits.set(&found.path, Some(bytes), document.to_bytes());
    edits.finish_on(&found, &args.editing, context, output)
}

/// Writes the document, provided that the server would still take it. `word`: something to say about it.
fn write(
    opened: Opened,
    word: Option<Note>,
    editing: &ServerEditing,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let Opened {
        found,
        bytes: before,
        document,
        was,
        included,
    } = opened;
    let disk = found.files();
    let changes = before != document.as_bytes() || !included.is_empty();
    let mut edits = Edits::new(&disk, "rules", 0o600);
    edits.set(&found.path, Some(before), document.to_bytes());
    for (path, before, after) in included {
        edits.set(&path, Some(before), after);
    }
    let will_be = RuleSet::of_document(&edits, &found.path, &document);
    edits.must_not_add_errors(&was.errors, &will_be.errors)?;
    if let Some(Note { code, text }) = word {
        edits.note(code, text);
    }
    if changes {
        match (was.is_loadable(), will_be.is_loadable()) {
            (true, true) => {
                Outcomes::between(&was, &will_be, &found.site()).of_edit(&mut edits, output);
            }
            // It goes by older rules, which nobody knows here.
            (false, true) => edits.note(
                "outcomes-unknown",
                "the server has not taken the file as it was: whose outcome changes cannot be told",
            ),
            // The note on what it refuses says enough.
            (_, false) => {}
        }
        edits.note_reload();
    }
    edits.finish_on(&found, editing, context, output)
}

/// The place that was named; none where none was.
fn position(place: &Place, opened: &Opened) -> Result<Option<Position>, Failure> {
    Ok(Some(match (place.before, place.after) {
        (Some(line), _) => Position::BeforeRecord(record(line, opened)?),
        (_, Some(line)) => Position::AfterRecord(record(line, opened)?),
        _ if place.first && !opened.document.records().is_empty() => Position::BeforeRecord(0),
        _ if place.first || place.last => Position::End,
        _ => return Ok(None),
    }))
}

/// The record that stands in a line.
fn record(line: u32, opened: &Opened) -> Result<usize, Failure> {
    let mut records = opened.document.records().iter();
    records.position(|record| record.line() == line).ok_or_else(|| {
        let path = escape_name(&opened.found.path);
        let failure = Failure::new(format!("nothing was changed: no rule begins in line {line} of {path}"));
        match meant::in_other_files(line, opened) {
            Some(files) => failure.hint(format!("a rule of an included file begins in its line {line}: {files} says that it is meant")),
            None => failure.hint("pgcert hba list shows the lines; a rule of an included file is changed with --file"),
        }
    })
}
