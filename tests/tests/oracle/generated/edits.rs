//! Edits by chance: what the library writes is read by the server as it was meant, all else is read as before, and every
//! line that the edit is not about keeps its bytes. What is done to each file, and how the server has to read it then, is
//! in `edits/`.

mod conf;
mod hba;
mod ident;

use std::ops::RangeInclusive;

use e2e::generated::{Dice, Made};

use super::rows::Row;
use super::{Bench, Format, Run, number};
use crate::servers::Server;

/// An edit, and what is to come of it.
pub(super) struct Edited {
    /// In words, for whoever has to look into it.
    what: String,
    after: Vec<u8>,
    /// The lines that may change or go, from 1: all of each record that the edit is about.
    touched: Vec<RangeInclusive<u32>>,
    /// The lines whose rows go.
    gone: Vec<u32>,
    /// The row that comes.
    new: Option<New>,
}

/// A row that comes with an edit.
struct New {
    read: Option<Vec<String>>,
    error: Option<String>,
    /// The line, as it was counted before, behind which it comes, and before the next that has a row; anywhere where
    /// there is none.
    behind: Option<u32>,
}

/// An edit of a file of this version; none where the library refuses, or has nothing to do.
type Edit = fn(&mut Dice, &[u8], &[Row], u16) -> Option<Edited>;

/// For how many files one is edited, where nothing else is said.
const OFTEN: u64 = 40;
/// How many are edited at least.
const LEAST: u64 = 12;

fn edit_of(format: &Format) -> Edit {
    match format.file {
        "pg_hba.conf" => hba::edit,
        "pg_ident.conf" => ident::edit,
        "postgresql.conf" => conf::edit,
        other => panic!("nothing is known about {other}"),
    }
}

impl Run {
    /// Edits files until enough edits were made.
    #[expect(
        clippy::print_stdout,
        reason = "the figures of a recorded run; nobody sees them otherwise"
    )]
    pub(super) fn edit(&mut self, format: &Format, server: &Server) {
        let version = server.cluster.version;
        let edit = edit_of(format);
        let mut bench = Bench::of(format, server);
        let (mut made, mut wrong) = (0, 0);
        let wanted = number("PGCERT_EDITS").unwrap_or((self.count / OFTEN).max(LEAST));
        for index in 0..wanted * 3 {
            let mut dice = Dice::of_file(!self.seed, index);
            let file = (format.make)(&mut dice, version);
            if by_luck(&file) {
                continue;
            }
            let before = seen(bench.theirs(&file));
            let Some(edited) = edit(&mut dice, &file.main, &before, version) else {
                continue;
            };
            let after = seen(bench.theirs(&Made {
                main: edited.after.clone(),
                ..file.clone()
            }));
            let main = format!("{}/{}", server.cluster.data, format.file);
            let faults = [
                edited.untouched(&file.main),
                edited.meant(&main, &before, &after),
            ];
            for fault in faults.into_iter().filter_map(Result::err) {
                wrong += 1;
                self.found.push(format!(
                    "{} edit {index} on PostgreSQL {version}: {}: {fault}\n  before {}\n  after  {}",
                    format.file,
                    edited.what,
                    file.main.escape_ascii(),
                    edited.after.escape_ascii(),
                ));
            }
            made += 1;
            if made == wanted || wrong > 3 {
                break;
            }
        }
        println!(
            "{} on PostgreSQL {version}: {made} edits, {wrong} faults",
            format.file
        );
        if made < wanted / 2 && wrong == 0 {
            self.found.push(format!(
                "{} on PostgreSQL {version}: only {made} edits could be made",
                format.file
            ));
        }
    }
}

/// Whether the server may read it otherwise each time: the table of differences has why.
fn by_luck(made: &Made) -> bool {
    let mut files = made.named.values().chain([&made.main]);
    files.any(|bytes| bytes.windows(2).any(|two| two == b"'\0"))
}

/// The rows, of settings without what another line may change in them: whether they are applied.
fn seen(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        let Some(read) = &mut row.read else { continue };
        if read.len() == 3
            && read
                .pop_if(|last| *last == "true" || *last == "false")
                .is_some()
        {
            row.error = None;
        }
    }
    rows
}

impl Edited {
    /// Whether every line is there still that the edit is not about, in order and byte for byte, and few came.
    fn untouched(&self, before: &[u8]) -> Result<(), String> {
        let mut after = lines(&self.after).into_iter().peekable();
        let touched: u32 = self.touched.iter().map(|t| t.end() - t.start() + 1).sum();
        let most = usize::try_from(touched).unwrap() + 3;
        if lines(&self.after).len() > lines(before).len() + most {
            return Err("more lines came than were meant".to_owned());
        }
        let last = u32::try_from(lines(before).len()).unwrap();
        for (number, line) in (1..).zip(lines(before)) {
            if self.touched.iter().any(|touched| touched.contains(&number)) {
                continue;
            }
            // The last one may have got an end that it had not.
            let same = |kept: &[u8]| {
                kept == line || number == last && kept.strip_suffix(b"\r") == Some(line)
            };
            if !after.any(same) {
                return Err(format!("line {number} is not what it was"));
            }
        }
        Ok(())
    }

    /// Whether the server reads what was meant, and all else as before.
    fn meant(&self, main: &str, before: &[Row], after: &[Row]) -> Result<(), String> {
        let here = |row: &Row| row.file == main;
        let kept: Vec<&Row> = before
            .iter()
            .filter(|row| !here(row) || !self.gone.iter().any(|gone| u64::from(*gone) == row.line))
            .collect();
        let same = |a: &[&Row], b: &[&Row]| {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| {
                    // The lines of the file itself have moved.
                    (&a.file, &a.read, &a.error) == (&b.file, &b.read, &b.error)
                        && (here(a) || a.line == b.line)
                })
        };
        let after: Vec<&Row> = after.iter().collect();
        let Some(new) = &self.new else {
            return match same(&kept, &after) {
                true => Ok(()),
                false => Err(format!("other lines are read as {after:?}, not {kept:?}")),
            };
        };
        let in_place = |at: usize| {
            let above = after[..at].iter().filter(|row| here(row)).count();
            let meant = |behind: u32| {
                let rows = kept.iter().filter(|row| here(row));
                rows.filter(|row| row.line <= u64::from(behind)).count()
            };
            new.behind.is_none_or(|behind| meant(behind) == above)
        };
        let found = (0..after.len()).any(|at| {
            let row = after[at];
            let rest = [&after[..at], &after[at + 1..]].concat();
            here(row)
                && (&row.read, &row.error) == (&new.read, &new.error)
                && in_place(at)
                && same(&kept, &rest)
        });
        match found {
            true => Ok(()),
            false => Err(format!(
                "{:?} {:?} is not where it was meant to be, or other lines are read otherwise: {after:?}, before {kept:?}",
                new.read, new.error
            )),
        }
    }
}

/// The lines of a file.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

/// The physical lines from the first to the last byte of a span.
fn physical(bytes: &[u8], start: usize, end: usize) -> RangeInclusive<u32> {
    let number = |at: usize| {
        let ends = bytes[..at].iter().filter(|&&b| b == b'\n').count();
        u32::try_from(ends).unwrap() + 1
    };
    number(start)..=number(end)
}
