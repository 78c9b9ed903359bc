//! The differences in `postgresql.conf` that are meant to be, and how a line is seen to be of their form.

use std::path::Path;

use pg_config::Version;
use pg_config::conf::{Context, Document, IncludeKind, Kind, Lookup, Parameter};
use pg_config::resolve::{Files, ReadError, Settings};
use pg_config::text;

use super::super::differences::{Explained, Input, Readings};
use super::super::disk::Disk;
use super::super::rows::Row;
use super::{FORMAT, NOT_APPLIED, rows};

pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        name: "what comes behind a syntax error",
        because: "the view gives a file up at its first syntax error; when the server loads the file it goes on, up to a hundred",
        versions: 12..=18,
        source: "guc-file.l, ParseConfigFp",
        form: |input| {
            let main = main_file(&input.file);
            // In this file, be it that it includes itself from there; or in the one that it is included in.
            first_error(&input.file)
                .is_some_and(|line| line < input.line || includes_behind(&input.file, line))
                || main != input.file && first_error(&main).is_some()
        },
        readings: |lines| {
            let rows = rows(&GivenUp, &main_file(&lines.input.file), lines.input.version);
            let here = (lines.input.file.clone(), lines.input.line);
            let here = rows.into_iter().filter(|row| row.at() == here);
            here.eq(lines.theirs.iter().cloned())
        },
    },
    Explained {
        name: "a last line that is cut short and has no line end",
        because: "the server counts back one line from where it is, which is only right behind a line end, and so names the line before",
        versions: 12..=18,
        source: "guc-file.l, ParseConfigFp",
        form: |input| {
            let (last, cut) = last_line(&input.file);
            cut && (input.line == last || input.line + 1 == last)
        },
        readings: |lines| {
            let is_error = |row: &&Row| row.error.as_deref() == Some("syntax error");
            let errors = |rows: &[Row]| rows.iter().filter(is_error).count();
            let (ours, theirs) = (errors(&lines.ours), errors(&lines.theirs));
            match lines.input.line == last_line(&lines.input.file).0 {
                true => ours > theirs,
                false => theirs > ours,
            }
        },
    },
    Explained {
        name: UNREADABLE,
        because: "we cannot read such a file, and say so rather than miss what it sets, even where there is none",
        versions: 12..=18,
        source: "guc-file.l, ParseConfigFile",
        form: |input| {
            let (main, version) = (main_file(&input.file), Version::new(input.version).unwrap());
            let settings = Settings::read(&Disk, &main, None, version);
            let read = settings
                .files()
                .iter()
                .filter_map(|file| std::fs::read(file).ok());
            read.into_iter().any(|bytes| !unreadable(&bytes).is_empty())
        },
        readings: |lines| {
            let (file, line) = (lines.input.file.clone(), lines.input.line);
            let version = lines.input.version;
            let without = rows(&Readable, &main_file(&file), version).into_iter();
            let without = Readings {
                ours: without
                    .filter(|row| row.at() == (file.clone(), line))
                    .collect(),
                theirs: lines.theirs.clone(),
                input: Input {
                    version,
                    file: file.clone(),
                    line,
                },
            };
            let rest = EXPLAINED.iter().filter(|entry| entry.name != UNREADABLE);
            let mut rest = rest.filter(|entry| (entry.form)(&without.input));
            !without.differ() || rest.any(|entry| (entry.readings)(&without))
        },
    },
    Explained {
        name: "a quoted value that begins with a NUL",
        because: "the server's copy of it has no end, so that it reads what happens to lie there in memory; we take it for empty",
        versions: 12..=18,
        source: "guc-file.l, DeescapeQuotedString",
        form: |input| line(input).windows(2).any(|bytes| bytes == b"'\0"),
        readings: |lines| {
            let name = |row: &Row| row.read.as_ref().map(|read| read[0].clone());
            lines.pairs(|ours, theirs| {
                name(ours) == name(theirs)
                    && ours.read.as_ref().is_none_or(|read| read[1].is_empty())
            })
        },
    },
    Explained {
        name: "a parameter that needs a restart, with another value than the server runs with",
        because: "the server says so only where the value is new to it, and what it runs with is not in the file",
        versions: 12..=18,
        source: "guc.c, set_config_option",
        form: |input| parameter(input).is_some_and(|known| known.context == Context::Restart),
        readings: not_applied,
    },
    Explained {
        name: "text that the server looks into",
        because: "what a text has to look like is up to a function of its own for each parameter, some of which ask the disk or the database",
        versions: 12..=18,
        source: "guc.c, call_string_check_hook",
        form: |input| parameter(input).is_some_and(|known| known.kind == Kind::Text),
        readings: not_applied,
    },
    Explained {
        name: "a parameter of an extension that is set twice",
        because: "the server sees that it is the same only where the session knows the name already, and calls both applied otherwise",
        versions: 12..=18,
        source: "guc-file.l, ProcessConfigFileInternal",
        form: |input| name(input).is_some_and(|name| name.contains('.')),
        readings: |lines| {
            lines.pairs(|ours, theirs| {
                let said = |row: &Row| {
                    row.read
                        .clone()
                        .map(|mut read| read.pop().unwrap_or_default())
                };
                let but_applied = |row: &Row| {
                    row.read.clone().map(|mut read| {
                        read.pop();
                        read
                    })
                };
                but_applied(ours) == but_applied(theirs)
                    && (ours.error.as_ref(), theirs.error.as_ref()) == (None, None)
                    && said(theirs).as_deref() == Some("false")
            })
        },
    },
];

/// The `postgresql.conf` that a file of the cluster belongs to.
fn main_file(file: &str) -> String {
    let mut files = Path::new(file)
        .ancestors()
        .map(|folder| folder.join(FORMAT.file));
    let main = files.find(|main| main.exists());
    // Without the dots that a name may have brought in.
    let main = main.and_then(|main| main.canonicalize().ok());
    main.map_or_else(String::new, |main| main.display().to_string())
}

/// The line of a file's first syntax error.
fn first_error(file: &str) -> Option<u64> {
    let document = Document::parse(std::fs::read(file).unwrap_or_default());
    let first = document.diagnostics().first();
    first.map(|error| u64::from(error.line))
}

/// Whether a file includes anything behind this line.
fn includes_behind(file: &str, line: u64) -> bool {
    let document = Document::parse(std::fs::read(file).unwrap_or_default());
    document
        .includes()
        .any(|include| u64::from(include.line) > line)
}

/// The disk, with every file as if it ended with its first syntax error.
struct GivenUp;

impl Files for GivenUp {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Disk.read(path)?;
        let document = Document::parse(bytes.as_slice());
        if let Some(error) = document.diagnostics().first() {
            let line = text::lines(&bytes).find(|line| line.number == error.line);
            let end = line.map_or(bytes.len(), |line| line.whole.end);
            bytes.truncate(end);
        }
        Ok(bytes)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        Disk.list(folder)
    }
}

const UNREADABLE: &str = "include_if_exists of a name that is not UTF-8";

/// The lines of a file that include what may be missing by a name that is not UTF-8.
fn unreadable(bytes: &[u8]) -> Vec<u32> {
    let document = Document::parse(bytes);
    let includes = document.includes().filter(|include| {
        include.kind == IncludeKind::IfExists && std::str::from_utf8(&include.path).is_err()
    });
    includes.map(|include| include.line).collect()
}

/// The disk, with files that have no such lines.
struct Readable;

impl Files for Readable {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Disk.read(path)?;
        for number in unreadable(&bytes) {
            let line = text::lines(&bytes).find(|line| line.number == number);
            if let Some(content) = line.map(|line| line.content) {
                bytes[content.range()].fill(b' ');
            }
        }
        Ok(bytes)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        Disk.list(folder)
    }
}

/// The number of the last line, and whether it has no line end.
pub(super) fn last_line(file: &str) -> (u64, bool) {
    let bytes = std::fs::read(file).unwrap_or_default();
    let lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
    let cut = lines.last().is_some_and(|line| !line.is_empty());
    (u64::try_from(lines.len()).unwrap(), cut)
}

/// The bytes of the line.
fn line(input: &Input) -> Vec<u8> {
    let bytes = std::fs::read(&input.file).unwrap_or_default();
    let line = text::lines(&bytes).find(|line| u64::from(line.number) == input.line);
    line.map_or_else(Vec::new, |line| line.content.of(&bytes).to_vec())
}

/// The name of what the line sets.
fn name(input: &Input) -> Option<String> {
    let document = Document::parse(std::fs::read(&input.file).unwrap_or_default());
    let mut settings = document.settings();
    settings
        .find(|setting| u64::from(setting.line) == input.line)
        .map(|setting| setting.name.clone())
}

/// The parameter of the server that the line sets.
fn parameter(input: &Input) -> Option<Parameter> {
    match Parameter::named(&name(input)?, Version::new(input.version).unwrap()) {
        Lookup::Known(parameter) => Some(parameter),
        _ => None,
    }
}

/// Whether the server does not apply what we have nothing against.
fn not_applied(lines: &Readings) -> bool {
    lines.pairs(|ours, theirs| {
        let with = |applied: &str| {
            let mut read = ours.read.clone().unwrap_or_default();
            read.pop();
            read.push(applied.to_owned());
            Some(read)
        };
        ours.error.is_none()
            && ours.read == with("true")
            && theirs.read == with("false")
            && theirs.error.as_deref() == Some(NOT_APPLIED)
    })
}
