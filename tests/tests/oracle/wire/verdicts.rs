//! What the server's log says of each client: by which line it was judged, or that there was none.

use std::collections::BTreeMap;

/// What decided a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// This line of this file; before 16 the file is not named.
    Line(Option<String>, usize),
    /// No rule matched.
    NoEntry,
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
