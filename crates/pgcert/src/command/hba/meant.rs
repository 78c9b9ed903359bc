//! Which lines of all that the server reads say the rule that was typed, in the file itself or in one that it includes.

use std::collections::{BTreeMap, BTreeSet};

use pg_config::hba::{Document, EditError, Record, Rule};
use pg_config::resolve::Files as _;

use super::opened::{Opened, one_rule, read_in, refused};
use crate::failure::{Failure, escape_name};

/// Records by the file that they stand in, numbered as [`Document::records`] is.
pub(super) type Records = BTreeMap<String, BTreeSet<usize>>;

/// The lines that are written so; where there are none, those that come to the same when their `@file` lists are read in, as
/// `hba list` shows them.
///
/// # Errors
/// What was typed is no rule; or the lines are written alike and mean different names, for a list counts from the folder of the
/// file that names it.
pub(super) fn records(line: &str, opened: &Opened) -> Result<Records, Failure> {
    let typed = one_rule(line, &opened.found)?;
    let Some(typed) = typed.rules().next() else {
        return Err(refused(&EditError::NoRule, &opened.found));
    };
    let written = written_so(typed, opened);
    if !written.is_empty() {
        return mean_the_same(written, opened);
    }
    // One with a list that is not there says nothing.
    let read = read_in(line, &opened.found.path, &opened.found).ok();
    let mut alike = Records::new();
    for at in &opened.was.rules {
        if read
            .as_ref()
            .is_some_and(|read| at.rule.says_the_same(read))
        {
            let known = alike.entry(at.file.to_string()).or_default();
            known.insert(at.record);
        }
    }
    Ok(alike)
}

/// What a line of an included file is changed with, if a rule begins there.
pub(super) fn in_other_files(line: u32, opened: &Opened) -> Option<String> {
    let others = opened.was.rules.iter();
    let others = others.filter(|at| at.rule.line == line && *at.file != *opened.found.path);
    let files: BTreeSet<_> = others
        .map(|at| format!("--file {}", escape_name(&at.file)))
        .collect();
    let files: Vec<_> = files.into_iter().collect();
    (!files.is_empty()).then(|| files.join(" or "))
}

fn written_so(typed: &Rule, opened: &Opened) -> Records {
    let path = &*opened.found.path;
    let rules = opened.was.rules.iter().map(|at| &*at.file);
    let refused = opened.was.errors.iter().map(|error| &*error.file);
    let others: BTreeSet<&str> = rules.chain(refused).filter(|file| *file != path).collect();
    let mut found = Records::new();
    let mut look = |file: &str, document: &Document| {
        let says_it =
            |record: &Record| matches!(record, Record::Rule(rule) if rule.says_the_same(typed));
        let all = document.records().iter().enumerate();
        let same: BTreeSet<usize> = all
            .filter(|(_, record)| says_it(record))
            .map(|(at, _)| at)
            .collect();
        if !same.is_empty() {
            found.insert(file.to_owned(), same);
        }
    };
    look(path, &opened.document);
    let disk = opened.found.files();
    for file in others {
        // One that cannot be read holds no rule that is in force.
        if let Ok(bytes) = disk.read(file) {
            look(file, &Document::parse(bytes, opened.found.version));
        }
    }
    found
}

/// The same lines, provided that their lists hold the same names.
fn mean_the_same(written: Records, opened: &Opened) -> Result<Records, Failure> {
    let rules = opened.was.rules.iter();
    let read: Vec<_> = rules
        .filter(|at| {
            written
                .get(&*at.file)
                .is_some_and(|records| records.contains(&at.record))
        })
        .collect();
    if read
        .windows(2)
        .all(|two| two[0].rule.says_the_same(&two[1].rule))
    {
        return Ok(written);
    }
    let places: BTreeSet<_> = read.iter().map(|at| super::words::place(at)).collect();
    let places: Vec<_> = places.into_iter().collect();
    Err(Failure::new(format!(
        "nothing was changed: {} are written so, and their lists hold different names",
        places.join(" and ")
    ))
    .hint(
        "--line LINE names the one that is meant; one of an included file is changed with --file",
    ))
}
