//! `pg_ident.conf` against `pg_ident_file_mappings`; on 12 to 14, which have no such view, against what the server logs
//! when it is told to read the file.

use std::path::Path;
use std::time::Duration;

use e2e::Psql;
use e2e::generated::ident;
use pg_config::Version;
use pg_config::ident::Maps;

use super::Format;
use super::differences::Explained;
use super::disk::Disk;
use super::rows::{self, Row};
use crate::log::Log;

/// How it is judged.
pub(super) const FORMAT: Format = Format {
    file: "pg_ident.conf",
    make: |dice, version| ident::file(dice, version >= 16),
    ours,
    theirs,
    explained: EXPLAINED,
};

const EXPLAINED: &[Explained] = &[];

/// Where only the log tells, a line that is refused has to end the file, so that there always is something to wait for.
fn mark_end(path: &str) {
    const MARK: &[u8] = b"\n\nmark\n";
    let mut bytes = std::fs::read(path).unwrap();
    if !bytes.ends_with(MARK) {
        bytes.extend_from_slice(MARK);
        std::fs::write(path, bytes).unwrap();
    }
}

fn ours(path: &str, version: u16) -> Vec<Row> {
    if version < 15 {
        mark_end(path);
    }
    let maps = Maps::read(&Disk, path, Version::new(version).unwrap()).unwrap();
    let lines = maps.lines().iter().map(|located| {
        let entry = &located.entry;
        Row {
            file: located.file.clone(),
            line: u64::from(entry.line),
            read: Some(vec![
                entry.map.clone(),
                entry.system_user.clone(),
                entry.role.clone(),
            ]),
            error: None,
        }
    });
    let errors = maps.errors().iter().map(Row::refused);
    if version >= 15 {
        return lines.chain(errors).collect();
    }
    attributable(errors.collect())
}

/// What the log can be compared by. It does not say where a bad expression is; and what is wrong with tokens and lists
/// it says without a place too, for nested ones as well. Those are the same in `pg_hba.conf`, which has a view.
fn attributable(mut rows: Vec<Row>) -> Vec<Row> {
    let begins = |row: &Row, with: &[&str]| {
        let error = row.error.as_deref().unwrap_or_default();
        with.iter().any(|words| error.starts_with(words))
    };
    rows.retain(|row| !begins(row, OF_TOKENS));
    for row in rows.iter_mut().filter(|row| begins(row, &[REGEX])) {
        row.line = 0;
    }
    rows.sort_by_key(|row| row.line);
    rows
}

fn theirs(session: &mut Psql, path: &str, version: u16) -> Vec<Row> {
    if version < 15 {
        return logged(session, path);
    }
    let file = if version >= 16 { "file_name" } else { "null" };
    let sql = format!(
        "select replace(coalesce(json_agg(json_build_array({file}, line_number, map_name, sys_name, pg_username, error)), \
         '[]')::text, E'\\n', '') from pg_ident_file_mappings"
    );
    let rows = rows::of_answer(&session.ask(&sql));
    rows.into_iter()
        .map(|mut row| {
            let error = row.pop().flatten();
            let fields = row.split_off(2);
            Row {
                file: row[0].clone().unwrap_or_else(|| path.to_owned()),
                line: row[1].as_ref().map_or(0, |line| line.parse().unwrap()),
                read: fields.into_iter().collect(),
                error,
            }
        })
        .collect()
}

/// What the server logs while it reads the file. Every reading of a file with an error ends with the same words.
fn logged(session: &mut Psql, path: &str) -> Vec<Row> {
    mark_end(path);
    let log = Path::new(path)
        .parent()
        .unwrap()
        .with_file_name("server.log");
    let mut log = Log::at_end(log.to_str().unwrap());
    session.ask("select pg_reload_conf()");
    let text = log.text_until("pg_ident.conf was not reloaded\n", PATIENCE);
    let missing = format!("missing entry in file \"{path}\" at end of line ");
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines() {
        let context = line.split_once(" CONTEXT:  line ");
        if let (Some((_, context)), Some(row)) = (context, rows.last_mut()) {
            row.line = context.split(' ').next().unwrap().parse().unwrap();
        } else if let Some((_, message)) = line.split_once(" LOG:  ") {
            let message = message.split(", skipping:").next().unwrap_or(message);
            // The view of later versions has the same without the place.
            let (message, line) = match message.split_once(&missing) {
                Some((_, line)) => ("missing entry at end of line", line.parse().unwrap()),
                None => (message, 0),
            };
            rows.push(Row {
                file: path.to_owned(),
                line,
                read: None,
                error: Some(message.to_owned()),
            });
        }
    }
    rows.retain(|row| {
        row.line > 0
            || row
                .error
                .as_deref()
                .is_some_and(|error| error.starts_with(REGEX))
    });
    attributable(rows)
}

/// How the words about a bad expression begin.
const REGEX: &str = "invalid regular expression";

/// And those about tokens and lists.
const OF_TOKENS: &[&str] = &[
    "could not open secondary authentication file",
    "could not read file",
    "authentication file token too long",
];

/// How long a reload is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
