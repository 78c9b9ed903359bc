//! `pgcert hba list`: the rules in the server's words.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use pg_config::hba::{RuleInFile, RuleSet};
use pg_config::resolve::FileError;
use serde_json::{Value, json};

use super::words;
use crate::args::HbaList;
use crate::command::lint::all_taken;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::{BAD, HEAD, Output, styled};
use crate::render::table::line;

/// Runs `pgcert hba list`. Refused lines are listed too, and make it end with exit code 3.
pub(crate) fn run(args: &HbaList, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let (found, bytes) = super::read(&args.file, context)?;
    let set = RuleSet::of_bytes(&found.files(), &found.path, &bytes, found.version);
    let rows = rows(&set);
    if output.json() {
        let rules: Vec<_> = rows.iter().map(Row::document).collect();
        output.print_json(json!({ "rules": rules }))?;
    } else {
        output.print(&words(&rows))?;
    }
    all_taken(&set.errors, "pgcert hba lint")
        .map_err(|failure| super::right_file(failure, &set, &bytes))
}

/// A rule, or a line that is refused.
enum Row<'a> {
    Rule(&'a RuleInFile),
    Error(&'a FileError),
}

/// The rules in the order in which they are tried; what is refused stands before the next rule of its file, or at the
/// end.
fn rows(set: &RuleSet) -> Vec<Row<'_>> {
    let mut waiting: BTreeMap<&str, VecDeque<&FileError>> = BTreeMap::new();
    for error in &set.errors {
        waiting.entry(&error.file).or_default().push_back(error);
    }
    let mut rows = Vec::new();
    for at in &set.rules {
        let errors = waiting.get_mut(&*at.file);
        if let Some(errors) = errors {
            while let Some(error) = errors.pop_front_if(|error| error.line < at.rule.line) {
                rows.push(Row::Error(error));
            }
        }
        rows.push(Row::Rule(at));
    }
    rows.extend(waiting.into_values().flatten().map(Row::Error));
    rows
}

fn words(rows: &[Row<'_>]) -> String {
    let header = ["LINE", "TYPE", "DATABASE", "USER", "ADDRESS", "METHOD"];
    let cells: Vec<[String; 6]> = rows.iter().map(Row::cells).collect();
    let mut widths = header.map(str::len);
    for (row, cells) in rows.iter().zip(&cells) {
        if matches!(row, Row::Rule(_)) {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.chars().count().max(*width);
            }
        }
    }
    let line = |cells: &[String; 6]| format!("{}\n", line(cells, &widths, 1));
    let mut text = String::new();
    let mut file = None;
    for (row, cells) in rows.iter().zip(&cells) {
        if file != Some(row.file()) {
            file = Some(row.file());
            let _ = writeln!(text, "{}", styled(HEAD, &escape_name(row.file())));
            text.push_str(&line(&header.map(str::to_owned)));
        }
        match row {
            Row::Rule(_) => text.push_str(&line(cells)),
            Row::Error(error) => {
                let number = if error.line == 0 {
                    String::new()
                } else {
                    error.line.to_string()
                };
                let said = styled(BAD, &format!("error: {}", escape_name(&error.message)));
                let _ = writeln!(text, "{number:>0$}  {said}", widths[0]);
            }
        }
    }
    text
}

impl Row<'_> {
    fn file(&self) -> &str {
        match self {
            Row::Rule(at) => &at.file,
            Row::Error(error) => &error.file,
        }
    }

    fn cells(&self) -> [String; 6] {
        let Row::Rule(RuleInFile { rule, .. }) = self else {
            return Default::default();
        };
        let [kind, databases, users, address, method] = words::fields(rule);
        [
            rule.line.to_string(),
            kind,
            databases,
            users,
            address,
            method,
        ]
    }

    fn document(&self) -> Value {
        match self {
            Row::Rule(RuleInFile { rule, file, .. }) => {
                let (address, netmask) = words::address(rule.address.as_ref());
                let options: serde_json::Map<String, Value> = rule
                    .options
                    .iter()
                    .map(|option| (option.name().to_owned(), option.value().into()))
                    .collect();
                json!({
                    "file": &**file,
                    "line": rule.line,
                    "type": rule.kind.as_str(),
                    "database": rule.databases.iter().map(|d| d.text()).collect::<Vec<_>>(),
                    "database_kind": rule.databases.iter().map(words::database_kind).collect::<Vec<_>>(),
                    "user": rule.users.iter().map(|u| u.text()).collect::<Vec<_>>(),
                    "user_kind": rule.users.iter().map(words::user_kind).collect::<Vec<_>>(),
                    "address": address,
                    "address_kind": rule.address.as_ref().map(words::address_kind),
                    "netmask": netmask,
                    "method": rule.method.as_str(),
                    "options": options,
                    "error": null,
                })
            }
            Row::Error(error) => json!({
                "file": error.file,
                "line": error.line,
                "type": null,
                "database": null,
                "database_kind": null,
                "user": null,
                "user_kind": null,
                "address": null,
                "address_kind": null,
                "netmask": null,
                "method": null,
                "options": null,
                "error": error.message,
            }),
        }
    }
}
