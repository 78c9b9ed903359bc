//! What differs between two readings, and the closed table of differences that are explained.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;

use pg_config::Version;
use pg_config::tokens::Tokenizer;

use super::rows::Row;

/// A line of which two readings say different things.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) version: u16,
    /// The file and line.
    pub(super) at: (String, u64),
    /// The line as it stands in the file.
    pub(super) text: Vec<u8>,
    /// What we read, in order.
    pub(super) ours: Vec<Row>,
    /// What the server reads.
    pub(super) theirs: Vec<Row>,
}

/// A difference that is meant to be.
pub(super) struct Explained {
    /// Its name, by which the documentation knows it.
    pub(super) name: &'static str,
    /// Why it is.
    pub(super) because: &'static str,
    /// The versions in which it shows.
    pub(super) versions: RangeInclusive<u16>,
    /// The function of PostgreSQL that makes it.
    pub(super) source: &'static str,
    /// Whether a difference is this one: looks at the form of the input and at both readings.
    pub(super) applies: fn(&Difference) -> bool,
}

/// How paths with dots in them are taken is the same for every format.
pub(super) const DOTS: Explained = Explained {
    name: "`.` and `..` within the path of a named file",
    because: "15 and later take them out of the path as a text, as we do; before, only those at its end, and the disk has its say about the others",
    versions: 12..=14,
    source: "path.c, canonicalize_path",
    applies: |difference| {
        let dots = |bytes: &[u8]| {
            [&b"/../"[..], b"/./", b"../"]
                .iter()
                .any(|dots| bytes.windows(dots.len()).any(|w| w == *dots))
        };
        let named = |file: &Path| std::fs::read(file).is_ok_and(|bytes| dots(&bytes));
        let folders = Path::new(&difference.at.0).ancestors();
        folders
            .flat_map(|folder| {
                [
                    folder.to_owned(),
                    folder.join("postgresql.conf"),
                    folder.join("pg_hba.conf"),
                ]
            })
            .any(|file| named(&file))
    },
};

impl Difference {
    /// The tokens of the line, where it is one of `pg_hba.conf` or `pg_ident.conf`.
    pub(super) fn tokens(&self) -> Vec<String> {
        let bytes = std::fs::read(&self.at.0).unwrap_or_default();
        let mut tokenizer = Tokenizer::new(&bytes, Version::new(self.version).unwrap());
        while let Some(line) = tokenizer.next_line() {
            if u64::from(line.number) == self.at.1 {
                let tokens = line.tokens().iter();
                return tokens.map(|token| token.lossy().into_owned()).collect();
            }
        }
        Vec::new()
    }

    /// What it looks like, without what names and numbers are in it.
    pub(super) fn kind(&self) -> String {
        let kind = |rows: &[Row]| {
            let of = |row: &Row| {
                let error = row.error.clone().unwrap_or_default();
                let words = error.split('"').next().unwrap_or_default();
                format!("{} {words}", row.read.is_some())
            };
            rows.iter().map(of).collect::<Vec<_>>().join(",")
        };
        format!("{} - {}", kind(&self.ours), kind(&self.theirs))
    }

    /// The first entry that explains it.
    pub(super) fn explained_by<'t>(&self, table: &'t [Explained]) -> Option<&'t Explained> {
        table
            .iter()
            .find(|entry| entry.versions.contains(&self.version) && (entry.applies)(self))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line) = &self.at;
        let shown = self.text.escape_ascii().to_string();
        let shown: String = if shown.len() > 400 {
            format!("{}... ({} bytes)", &shown[..400], self.text.len())
        } else {
            shown
        };
        writeln!(f, "{file}:{line}\n  text   {shown}")?;
        for (whose, rows) in [("ours", &self.ours), ("theirs", &self.theirs)] {
            for row in rows {
                writeln!(f, "  {whose:6} {:?} {:?}", row.read, row.error)?;
            }
            if rows.is_empty() {
                writeln!(f, "  {whose:6} nothing")?;
            }
        }
        Ok(())
    }
}

/// Compares two readings line by line. The order of the lines that both accept counts, and so does that of those that
/// both refuse.
pub(super) fn between(version: u16, ours: &[Row], theirs: &[Row]) -> Vec<Difference> {
    let by_line = |rows: &[Row]| {
        let mut lines: BTreeMap<(String, u64), Vec<Row>> = BTreeMap::new();
        for row in rows {
            lines
                .entry((row.file.clone(), row.line))
                .or_default()
                .push(row.clone());
        }
        lines
    };
    let (mut ours_at, mut theirs_at) = (by_line(ours), by_line(theirs));
    let places: Vec<_> = ours_at.keys().chain(theirs_at.keys()).cloned().collect();
    let mut different = Vec::new();
    for at in places {
        let (ours, theirs) = (
            ours_at.remove(&at).unwrap_or_default(),
            theirs_at.remove(&at).unwrap_or_default(),
        );
        if ours != theirs {
            different.push(Difference {
                version,
                text: line_of(&at.0, at.1),
                at,
                ours,
                theirs,
            });
        }
    }
    let order = |rows: &[Row], accepted: bool| -> Vec<(String, u64)> {
        let rows = rows.iter().filter(|row| row.read.is_some() == accepted);
        rows.map(|row| (row.file.clone(), row.line)).collect()
    };
    if different.is_empty()
        && [true, false]
            .iter()
            .any(|&accepted| order(ours, accepted) != order(theirs, accepted))
    {
        different.push(Difference {
            version,
            at: ("the order of the lines".to_owned(), 0),
            text: Vec::new(),
            ours: ours.to_vec(),
            theirs: theirs.to_vec(),
        });
    }
    different
}

/// The line, and what follows it.
fn line_of(file: &str, line: u64) -> Vec<u8> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    let rest: Vec<&[u8]> = bytes.split(|&b| b == b'\n').skip(before).take(12).collect();
    rest.join(&b'\n')
}
