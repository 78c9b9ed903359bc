//! The lines of a batch: CSV with a header, or JSON lines. What a line says becomes values that are
//! valid by themselves; whether the authority would sign them is asked elsewhere.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::str::FromStr;

use csv::StringRecord;
use pki_core::{AltName, KeyType, Kind, RoleName};
use serde::Deserialize;

use crate::args::days;

/// What one line asks for.
#[derive(Debug, Clone, Hash)]
pub(super) struct Row {
    /// Where it stands, from 1.
    pub(super) line: u64,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) alt_names: Vec<AltName>,
    /// None: what the option says.
    pub(super) days: Option<u32>,
    /// None: what the option says.
    pub(super) key_type: Option<KeyType>,
}

/// A line that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("line {line}{}: {reason}", .field.map(|f| format!(", {f}")).unwrap_or_default())]
pub(super) struct BadRow {
    pub(super) line: u64,
    /// None: the whole line.
    pub(super) field: Option<&'static str>,
    pub(super) reason: String,
}

/// The rows of a file, read as they are asked for. CSV or JSON lines: as its name ends, else as its
/// first character says.
pub(super) fn rows<'a>(
    path: &Path,
    file: impl Read + 'a,
) -> Result<Box<dyn Iterator<Item = Result<Row, BadRow>> + 'a>, BadRow> {
    let mut file = BufReader::with_capacity(64 * 1024, file);
    let start = file.fill_buf().map_err(|error| bad(1, None, &error))?;
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    let ending = path.extension().and_then(|ending| ending.to_str());
    let json = match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => false,
        Some("json" | "jsonl" | "ndjson") => true,
        _ => first == Some(&b'{'),
    };
    if json {
        Ok(Box::new(json_lines(file)))
    } else {
        Ok(Box::new(csv_lines(file)?))
    }
}

/// The line ends are taken here and not by the reader, which miscounts the lines that end with CR LF.
fn csv_lines(file: impl Read) -> Result<impl Iterator<Item = Result<Row, BadRow>>, BadRow> {
    let mut records = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(file)
        .into_records()
        .map(|record| {
            let record = record
                .map_err(|error| torn(error.position().map_or(1, csv::Position::line), &error))?;
            let line = record.position().map_or(1, csv::Position::line);
            Ok((line, without_cr(record)))
        })
        .filter(|record| !record.as_ref().is_ok_and(|(_, record)| is_blank(record)));
    let header = records.next().transpose()?.map(|(_, header)| header);
    let columns = Columns::of(&header.unwrap_or_default())?;
    Ok(records.map(move |record| {
        let (line, record) = record?;
        columns.row(line, &record)
    }))
}

fn without_cr(record: StringRecord) -> StringRecord {
    let last = record.len().saturating_sub(1);
    if !record.get(last).is_some_and(|field| field.ends_with('\r')) {
        return record;
    }
    let fields = record.iter().enumerate();
    fields
        .map(|(at, field)| match field.strip_suffix('\r') {
            Some(field) if at == last => field,
            _ => field,
        })
        .collect()
}

fn is_blank(record: &StringRecord) -> bool {
    record.len() <= 1 && record.get(0).is_none_or(str::is_empty)
}

/// In which column what stands.
struct Columns {
    at: [Option<usize>; FIELDS.len()],
    count: usize,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, BadRow> {
        let mut columns = [None; FIELDS.len()];
        for (at, name) in header.iter().enumerate() {
            // Spreadsheets write a byte order mark.
            let name = name.trim_start_matches('\u{feff}').trim();
            let reason = match FIELDS.iter().position(|field| *field == name) {
                Some(field) if columns[field].is_none() => {
                    columns[field] = Some(at);
                    continue;
                }
                Some(_) => format!("the column {name} is there twice"),
                None => format!("there is no column {name:?} (known: {})", FIELDS.join(", ")),
            };
            return Err(bad(1, None, &reason));
        }
        for needed in [KIND, NAME] {
            if columns[needed].is_none() {
                let reason = format!("the header has no column {}", FIELDS[needed]);
                return Err(bad(1, None, &reason));
            }
        }
        Ok(Self {
            at: columns,
            count: header.len(),
        })
    }

    fn row(&self, line: u64, record: &StringRecord) -> Result<Row, BadRow> {
        if record.len() != self.count {
            let reason = format!("{} fields, and the header has {}", record.len(), self.count);
            return Err(bad(line, None, &reason));
        }
        let field = |field: usize| {
            let text = self.at[field].and_then(|at| record.get(at));
            text.filter(|text| !text.trim().is_empty())
        };
        let sans: Vec<&str> = field(SANS)
            .unwrap_or_default()
            .split([' ', ',', ';'])
            .filter(|san| !san.is_empty())
            .collect();
        let lifetime = field(DAYS).map(|text| days(text.trim()));
        let lifetime = lifetime
            .transpose()
            .map_err(|e| bad(line, Some(DAYS), &e))?;
        row(
            line,
            field(KIND).unwrap_or_default().trim(),
            field(NAME).unwrap_or_default(),
            &sans,
            lifetime,
            field(KEY_TYPE).map(str::trim),
        )
    }
}

/// A line of JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: String,
    name: String,
    #[serde(default)]
    sans: Vec<String>,
    days: Option<u32>,
    key_type: Option<String>,
}

fn json_lines(file: impl std::io::BufRead) -> impl Iterator<Item = Result<Row, BadRow>> {
    let lines = file.lines().zip(1..);
    let lines = lines.filter(|(text, _)| !text.as_ref().is_ok_and(|text| text.trim().is_empty()));
    lines.map(|(text, line)| {
        let text = text.map_err(|error| bad(line, None, &error))?;
        let found: Line = serde_json::from_str(&text).map_err(|error| {
            // It counts lines within the line.
            let reason = error.to_string().replace(" at line 1 column", " at column");
            bad(line, None, &reason)
        })?;
        let lifetime = found.days.map(|number| days(&number.to_string()));
        let lifetime = lifetime
            .transpose()
            .map_err(|e| bad(line, Some(DAYS), &e))?;
        let sans: Vec<&str> = found.sans.iter().map(String::as_str).collect();
        let key_type = found.key_type.as_deref();
        row(line, &found.kind, &found.name, &sans, lifetime, key_type)
    })
}

fn row(
    line: u64,
    kind: &str,
    name: &str,
    sans: &[&str],
    days: Option<u32>,
    key_type: Option<&str>,
) -> Result<Row, BadRow> {
    let key_type = key_type
        .map(|text| value(line, KEY_TYPE, text))
        .transpose()?;
    let (kind, name, alt_names) = match kind {
        "server" => {
            let first: AltName = value(line, NAME, name)?;
            let mut names = vec![first.clone()];
            for san in sans {
                let san = value(line, SANS, san)?;
                if !names.contains(&san) {
                    names.push(san);
                }
            }
            (Kind::Server, first.bare(), names)
        }
        "client" if sans.is_empty() => {
            let role: RoleName = value(line, NAME, name)?;
            (Kind::Client, role.to_string(), Vec::new())
        }
        "client" => return Err(bad(line, Some(SANS), &"a client certificate has none")),
        other => {
            let reason = format!("`{other}` is neither server nor client");
            return Err(bad(line, Some(KIND), &reason));
        }
    };
    Ok(Row {
        line,
        kind,
        name,
        alt_names,
        days,
        key_type,
    })
}

fn value<T>(line: u64, field: usize, text: &str) -> Result<T, BadRow>
where
    T: FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| bad(line, Some(field), &error))
}

fn bad(line: u64, field: Option<usize>, reason: &dyn std::fmt::Display) -> BadRow {
    BadRow {
        line,
        field: field.map(|field| FIELDS[field]),
        reason: reason.to_string(),
    }
}

/// The words of the CSV reader without the line, which is said already.
fn torn(line: u64, error: &csv::Error) -> BadRow {
    let reason = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    bad(line, None, &reason)
}

const FIELDS: [&str; 5] = ["kind", "name", "sans", "days", "key_type"];
const KIND: usize = 0;
const NAME: usize = 1;
const SANS: usize = 2;
const DAYS: usize = 3;
const KEY_TYPE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> String {
        let words = |row: Result<Row, BadRow>| match row {
            Ok(row) => {
                let names: Vec<_> = row.alt_names.iter().map(ToString::to_string).collect();
                format!(
                    "{} {} {:?} [{}] {:?} {:?}",
                    row.line,
                    row.kind,
                    row.name,
                    names.join(" "),
                    row.days,
                    row.key_type.map(KeyType::name)
                )
            }
            Err(error) => error.to_string(),
        };
        match rows(Path::new(name), text.as_bytes()) {
            Ok(rows) => rows.map(words).collect::<Vec<_>>().join("\n"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn csv_in_any_order_of_columns() {
        insta::assert_snapshot!(read("x.csv", "name,kind,sans,days,key_type\ntolva,server,tolva.lan ip:10.0.0.1;tolva,30,p384\n\"a, \"\"b\"\"\",client,,,\n x ,client,,,\n"), @r#"
        2 server "tolva" [dns:tolva dns:tolva.lan ip:10.0.0.1] Some(30) Some("p384")
        3 client "a, \"b\"" [] None None
        4 client " x " [] None None
        "#);
        insta::assert_snapshot!(read("list", "\u{feff}kind,name\r\nclient,slardiere\r\n\r\nclient,\"anna\"\r\n"), @r#"
        2 client "slardiere" [] None None
        4 client "anna" [] None None
        "#);
    }

    #[test]
    fn json_lines_by_name_or_content() {
        insta::assert_snapshot!(read("list", "{\"kind\":\"client\",\"name\":\"slardiere\"}\n\n{\"kind\":\"server\",\"name\":\"tolva\",\"sans\":[\"10.0.0.1\"],\"days\":7,\"key_type\":\"ed25519\"}\n"), @r#"
        1 client "slardiere" [] None None
        3 server "tolva" [dns:tolva ip:10.0.0.1] Some(7) Some("ed25519")
        "#);
    }

    #[test]
    fn errors_name_line_and_field() {
        insta::assert_snapshot!(read("x.csv", "kind,name,sans,days,key_type\nclient,,,,\nserver,a b,,,\nserver,tolva,x..y,,\nclient,anna,tolva,,\nclient,anna,,0,\nclient,anna,,,dsa\nrobot,anna,,,\nclient,anna\nclient,bert,,,\n"), @r#"
        line 2, name: a role name cannot be empty
        line 3, name: `a b` is no host name: ' ' cannot stand in it
        line 4, sans: `x..y` is no host name: a label is empty
        line 5, sans: a client certificate has none
        line 6, days: a number of days from 1 to 36500 is needed
        line 7, key_type: no such key type: `dsa` (known: p256, p384, rsa2048, rsa3072, rsa4096, ed25519)
        line 8, kind: `robot` is neither server nor client
        line 9: 2 fields, and the header has 5
        10 client "bert" [] None None
        "#);
        insta::assert_snapshot!(read("x.csv", "kind,role\n"), @r#"line 1: there is no column "role" (known: kind, name, sans, days, key_type)"#);
        insta::assert_snapshot!(read("x.csv", "kind,days\n"), @"line 1: the header has no column name");
        insta::assert_snapshot!(read("x.csv", "kind,name,kind\n"), @"line 1: the column kind is there twice");
        insta::assert_snapshot!(read("x.csv", ""), @"line 1: the header has no column kind");
        insta::assert_snapshot!(read("x.jsonl", "{\"kind\":\"client\"}\n{\"kind\":\"client\",\"name\":\"a\",\"san\":[]}\n{\"kind\":\"client\",\"name\":\"a\",\"days\":-1}\n{\n"), @"
        line 1: missing field `name` at column 17
        line 2: unknown field `san`, expected one of `kind`, `name`, `sans`, `days`, `key_type` at column 33
        line 3: invalid value: integer `-1`, expected u32 at column 37
        line 4: EOF while parsing an object at column 1
        ");
    }
}
