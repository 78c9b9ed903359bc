//! `postgresql.conf` against `pg_file_settings`: lines, names, values, errors of syntax and includes, unknown names,
//! values that are refused, and which line of several is applied.

mod logged;
mod meant;

use e2e::Psql;
use e2e::generated::{Dice, Made, conf};
use pg_config::Version;
use pg_config::conf::{Context, Document, Lookup, Parameter};
use pg_config::resolve::{Assignment, Files, Settings};
use pg_config::text;

use super::Format;
use super::disk::Disk;
use super::rows::{Row, of_answer};

/// How it is judged.
pub(super) const FORMAT: Format = Format {
    file: "postgresql.conf",
    make,
    ours,
    theirs,
    explained: meant::EXPLAINED,
};

const NOT_APPLIED: &str = "setting could not be applied";
const UNKNOWN: &str = "unrecognized configuration parameter";

/// A file, most often without the lines that we refuse, since the view stops at the first of them, and without unknown
/// names, since it looks at no value where there is one.
fn make(dice: &mut Dice, version: u16) -> Made {
    let version = Version::new(version).unwrap();
    let mut made = conf::file(dice);
    let (with_errors, with_unknown) = (dice.once_in(5), dice.once_in(4));
    for file in std::iter::once(&mut made.main).chain(made.named.values_mut()) {
        let document = Document::parse(file.as_slice());
        let errors = document.diagnostics().iter().map(|error| error.line);
        let unknown = document.settings().filter(|setting| {
            matches!(Parameter::named(&setting.name, version), Lookup::Unknown(_))
        });
        let mut lines: Vec<u32> = errors.filter(|_| !with_errors).collect();
        lines.extend(
            unknown
                .filter(|_| !with_unknown)
                .map(|setting| setting.line),
        );
        lines.sort_unstable();
        for number in lines.into_iter().rev() {
            let line = text::lines(file).find(|line| line.number == number);
            if let Some(whole) = line.map(|line| line.whole) {
                file.drain(whole.range());
            }
        }
    }
    made
}

/// Read after the main file, unless that is refused; it is not what is judged here.
const AUTO_CONF: &str = "postgresql.auto.conf";

fn ours(path: &str, version: u16) -> Vec<Row> {
    rows(&Disk, path, version)
}

fn rows(files: &dyn Files, path: &str, version: u16) -> Vec<Row> {
    let data = path.rsplit_once('/').unwrap().0;
    let version = Version::new(version).unwrap();
    let settings = Settings::read(files, path, Some(data), version);
    let read = settings.assignments().iter().enumerate();
    let refusals: Vec<_> = settings
        .assignments()
        .iter()
        .map(|assignment| refusal(assignment, version))
        .collect();
    let given_up = !settings.errors().is_empty();
    let unknown = refusals.contains(&Some(UNKNOWN));
    let read = read.map(|(at, assignment)| {
        let error = match refusals[at] {
            _ if given_up => None,
            Some(NOT_APPLIED) if unknown || hidden(at, &settings, version) => None,
            other => other,
        };
        let applied = !given_up && !unknown && error.is_none() && !hidden(at, &settings, version);
        Row {
            file: assignment.file.clone(),
            line: u64::from(assignment.line),
            read: Some(vec![
                assignment.name.clone(),
                String::from_utf8_lossy(&assignment.value).into_owned(),
                applied.to_string(),
            ]),
            error: error.map(str::to_owned),
        }
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

/// What the view says against a setting by itself.
fn refusal(assignment: &Assignment, version: Version) -> Option<&'static str> {
    match Parameter::named(&assignment.name, version) {
        Lookup::Custom | Lookup::Unsure => None,
        Lookup::Unknown(_) => Some(UNKNOWN),
        Lookup::Known(parameter) if parameter.context == Context::Internal => Some(NOT_APPLIED),
        Lookup::Known(parameter) => {
            let checked = parameter.check(&assignment.value);
            checked.err().map(|_| NOT_APPLIED)
        }
    }
}

/// Whether a later setting of the name, in the same spelling, is there: then the server does not look at this one
/// (`ProcessConfigFileInternal`).
fn hidden(at: usize, settings: &Settings, version: Version) -> bool {
    let (assignment, later) = (
        &settings.assignments()[at],
        &settings.assignments()[at + 1..],
    );
    matches!(
        Parameter::named(&assignment.name, version),
        Lookup::Known(_)
    ) && later.iter().any(|later| later.name == assignment.name)
}

fn theirs(session: &mut Psql, path: &str, _: u16) -> Vec<Row> {
    let sql = "select replace(coalesce(json_agg(json_build_array(sourcefile, sourceline, name, setting, applied, error) order by seqno), \
         '[]')::text, E'\\n', '') from pg_file_settings";
    let rows = of_answer(&session.ask(sql));
    // What has no place is about the running server: what it cannot change before it is restarted.
    rows.into_iter()
        .filter(|row| row[0].is_some())
        .map(|row| Row {
            file: row[0].clone().unwrap_or_else(|| path.to_owned()),
            line: row[1].as_ref().map_or(0, |line| line.parse().unwrap()),
            read: row[2].as_ref().map(|name| {
                let of = |n: usize| row[n].clone().unwrap_or_default();
                vec![name.clone(), of(3), of(4)]
            }),
            error: row[5].clone(),
        })
        .filter(|row| !row.file.ends_with(AUTO_CONF))
        .collect()
}
