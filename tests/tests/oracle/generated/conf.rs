//! `postgresql.conf` against `pg_file_settings`: lines, names, values and errors of syntax and includes.

use std::path::Path;

use e2e::Psql;
use e2e::generated::{Dice, Made, conf};
use pg_config::conf::Document;
use pg_config::resolve::Settings;
use pg_config::text;

use super::Format;
use super::differences::{DOTS, Explained};
use super::disk::Disk;
use super::rows::{self, Row};

/// How it is judged.
pub(super) const FORMAT: Format = Format {
    file: "postgresql.conf",
    make,
    ours,
    theirs,
    explained: EXPLAINED,
};

const EXPLAINED: &[Explained] = &[
    DOTS,
    Explained {
        name: "what comes behind a syntax error",
        because: "the view gives a file up at its first syntax error; when the server loads the file it goes on, up to a hundred",
        versions: 12..=18,
        source: "guc-file.l, ParseConfigFp",
        applies: |difference| {
            let first_error = |file: &Path| {
                let document = Document::parse(&std::fs::read(file).unwrap_or_default());
                document
                    .diagnostics()
                    .first()
                    .map(|error| u64::from(error.line))
            };
            let file = Path::new(&difference.at.0);
            let behind = first_error(file).is_some_and(|line| line < difference.at.1);
            // Or it is included from behind one.
            let main = file
                .ancestors()
                .map(|folder| folder.join("postgresql.conf"));
            let included = main
                .filter(|main| main != file && main.exists())
                .any(|main| first_error(&main).is_some());
            (behind || included) && difference.ours.starts_with(&difference.theirs)
        },
    },
    Explained {
        name: "a last line that is cut short and has no line end",
        because: "the server counts back one line from where it is, which is only right behind a line end, and so names the line before",
        versions: 12..=18,
        source: "guc-file.l, ParseConfigFp",
        applies: |difference| {
            let bytes = std::fs::read(&difference.at.0).unwrap_or_default();
            let lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
            let is_error = |row: &Row| row.error.as_deref() == Some("syntax error");
            let errors = |rows: &[Row]| rows.iter().filter(|row| is_error(row)).count();
            let (ours, theirs) = (errors(&difference.ours), errors(&difference.theirs));
            let last = u64::try_from(lines.len()).unwrap();
            let cut = lines.last().is_some_and(|line| !line.is_empty());
            cut && (difference.at.1 == last && ours > theirs
                || difference.at.1 + 1 == last && theirs > ours)
        },
    },
];

/// A file; two times out of three without the lines that we refuse, since the view stops at the first of them.
fn make(dice: &mut Dice, _: u16) -> Made {
    let mut made = conf::file(dice);
    if !dice.once_in(3) {
        let document = Document::parse(&made.main);
        for error in document.diagnostics().iter().rev() {
            let line = text::lines(&made.main).find(|line| line.number == error.line);
            if let Some(line) = line {
                made.main.drain(line.whole.range());
            }
        }
    }
    made
}

/// Read after the main file, unless that is refused; it is not what is judged here.
const AUTO_CONF: &str = "postgresql.auto.conf";

fn ours(path: &str, _: u16) -> Vec<Row> {
    let data = path.rsplit_once('/').unwrap().0;
    let settings = Settings::read(&Disk, path, Some(data));
    let read = settings.assignments().iter().map(|assignment| Row {
        file: assignment.file.clone(),
        line: u64::from(assignment.line),
        read: Some(vec![
            assignment.name.clone(),
            String::from_utf8_lossy(&assignment.value).into_owned(),
        ]),
        error: None,
    });
    let errors = settings.errors().iter();
    // Said in the log alone, when the file is given up.
    let errors = errors.filter(|error| !error.message.starts_with("too many syntax errors"));
    let errors = errors.map(|error| Row {
        file: error.file.clone(),
        line: u64::from(error.line),
        read: None,
        // The view does not say near what.
        error: Some(match error.message.starts_with("syntax error") {
            true => "syntax error".to_owned(),
            false => error.message.clone(),
        }),
    });
    read.chain(errors)
        .filter(|row| !row.file.ends_with(AUTO_CONF))
        .collect()
}

fn theirs(session: &mut Psql, path: &str, _: u16) -> Vec<Row> {
    let sql = "select replace(coalesce(json_agg(json_build_array(sourcefile, sourceline, name, setting, error) order by seqno), \
         '[]')::text, E'\\n', '') from pg_file_settings";
    let rows = rows::of_answer(&session.ask(sql));
    // What has no place is about the running server: what it cannot change before it is restarted.
    rows.into_iter()
        .filter(|row| row[0].is_some())
        .map(|row| Row {
            file: row[0].clone().unwrap_or_else(|| path.to_owned()),
            line: row[1].as_ref().map_or(0, |line| line.parse().unwrap()),
            read: row[2]
                .as_ref()
                .map(|name| vec![name.clone(), row[3].clone().unwrap_or_default()]),
            // Whether there is such a parameter, and whether it takes such a value, is not in the file.
            error: row[4].clone().filter(|_| row[2].is_none()),
        })
        .filter(|row| !row.file.ends_with(AUTO_CONF))
        .collect()
}
