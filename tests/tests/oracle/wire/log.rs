//! What the server's log says of each client: by which line it was judged, or that there was none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// A log, read as it grows.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    /// The last line as far as it was there.
    rest: String,
}

/// What decided a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// This line of this file; before 16 the file is not named.
    Line(Option<String>, usize),
    /// No rule matched.
    NoEntry,
}

impl Log {
    /// A log from where it ends now.
    pub(super) fn at_end(path: &str) -> Self {
        let mut file = File::open(path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        Self {
            file,
            rest: String::new(),
        }
    }

    /// What has been written since, as text.
    pub(super) fn text(&mut self) -> String {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes).unwrap();
        let mut text = std::mem::take(&mut self.rest);
        text += &String::from_utf8_lossy(&bytes);
        let end = text.rfind('\n').map_or(0, |at| at + 1);
        self.rest = text.split_off(end);
        text
    }
}

/// The verdicts in a piece of a log, in order, by what stands before each line: address and port of the client.
pub(super) fn verdicts(text: &str) -> BTreeMap<String, Vec<Verdict>> {
    let mut found: BTreeMap<String, Vec<Verdict>> = BTreeMap::new();
    let mut key = "";
    for line in text.lines() {
        // What begins with a tab goes on with what was said before.
        let said = match line.split_once(' ') {
            Some((before, said)) if !line.starts_with('\t') => {
                key = before;
                said
            }
            _ => line,
        };
        let verdict = if said.starts_with("FATAL:") && said.contains("no pg_hba.conf entry for ") {
            Verdict::NoEntry
        } else if let Some((_, matched)) = said.split_once("Connection matched ") {
            let (file, number) = match matched.strip_prefix("file \"") {
                Some(named) => {
                    let (file, rest) = named.split_once("\" line ").unwrap();
                    (Some(file.to_owned()), rest)
                }
                None => (None, matched.strip_prefix("pg_hba.conf line ").unwrap()),
            };
            let (number, _) = number.split_once(':').unwrap();
            Verdict::Line(file, number.parse().unwrap())
        } else {
            continue;
        };
        found.entry(key.to_owned()).or_default().push(verdict);
    }
    found
}
