//! What differs between two readings, and the closed table of differences that are explained.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use pg_config::Version;
use pg_config::tokens::Tokenizer;

use super::rows::Row;

/// A line of a file, for a version of the server. What anybody makes of it is not known here.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) version: u16,
    pub(super) file: String,
    /// From 1.
    pub(super) line: u64,
}

/// A line, and what is read in it.
#[derive(Debug)]
pub(super) struct Readings {
    pub(super) input: Input,
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
    /// Which lines it is about, by nothing but what they look like.
    pub(super) form: fn(&Input) -> bool,
    /// Whether a line of that form is read by both as the explanation says.
    pub(super) readings: fn(&Readings) -> bool,
}

impl Input {
    /// The tokens of the line, where it is one of `pg_hba.conf` or `pg_ident.conf`.
    pub(super) fn tokens(&self) -> Vec<String> {
        let bytes = std::fs::read(&self.file).unwrap_or_default();
        let mut tokenizer = Tokenizer::new(&bytes, Version::new(self.version).unwrap());
        while let Some(line) = tokenizer.next_line() {
            if u64::from(line.number) == self.line {
                let tokens = line.tokens().iter();
                return tokens.map(|token| token.lossy().into_owned()).collect();
            }
        }
        Vec::new()
    }

    /// The line, and what follows it.
    fn text(&self) -> Vec<u8> {
        let bytes = std::fs::read(&self.file).unwrap_or_default();
        let before = usize::try_from(self.line.saturating_sub(1)).unwrap_or(0);
        let rest: Vec<&[u8]> = bytes.split(|&b| b == b'\n').skip(before).take(12).collect();
        rest.join(&b'\n')
    }
}

impl Readings {
    pub(super) fn differ(&self) -> bool {
        self.ours != self.theirs
    }

    /// Whether each of our rows is the server's, or differs from it as `meant` says.
    pub(super) fn pairs(&self, meant: impl Fn(&Row, &Row) -> bool) -> bool {
        self.ours.len() == self.theirs.len()
            && self
                .ours
                .iter()
                .zip(&self.theirs)
                .all(|(ours, theirs)| ours == theirs || meant(ours, theirs))
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

    /// The first entry that explains the difference.
    pub(super) fn explained_by<'t>(&self, table: &'t [Explained]) -> Option<&'t Explained> {
        table.iter().find(|entry| {
            entry.versions.contains(&self.input.version)
                && (entry.form)(&self.input)
                && (entry.readings)(self)
        })
    }
}

impl fmt::Display for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Input { file, line, .. } = &self.input;
        let text = self.input.text();
        let shown = text.escape_ascii().to_string();
        let shown: String = if shown.len() > 400 {
            format!("{}... ({} bytes)", &shown[..400], text.len())
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

/// Puts two readings together, line by line. The order of the lines that both accept counts, and so does that of those
/// that both refuse.
pub(super) fn by_line(version: u16, ours: &[Row], theirs: &[Row]) -> Vec<Readings> {
    let mut lines: BTreeMap<(String, u64), (Vec<Row>, Vec<Row>)> = BTreeMap::new();
    for row in ours {
        lines.entry(row.at()).or_default().0.push(row.clone());
    }
    for row in theirs {
        lines.entry(row.at()).or_default().1.push(row.clone());
    }
    let readings = lines
        .into_iter()
        .map(|((file, line), (ours, theirs))| Readings {
            input: Input {
                version,
                file,
                line,
            },
            ours,
            theirs,
        });
    let mut readings: Vec<_> = readings.collect();
    let order = |rows: &[Row], accepted: bool| -> Vec<(String, u64)> {
        let rows = rows.iter().filter(|row| row.read.is_some() == accepted);
        rows.map(Row::at).collect()
    };
    if !readings.iter().any(Readings::differ)
        && [true, false]
            .iter()
            .any(|&accepted| order(ours, accepted) != order(theirs, accepted))
    {
        readings.push(Readings {
            input: Input {
                version,
                file: "the order of the lines".to_owned(),
                line: 0,
            },
            ours: ours.to_vec(),
            theirs: theirs.to_vec(),
        });
    }
    readings
}
