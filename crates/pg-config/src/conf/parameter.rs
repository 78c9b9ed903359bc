//! The server's own parameters: which version knows which, what values each takes, and what it needs to take effect.
//! Parameters of extensions have a dot in their name and are not known here.
//!
//! The table (`parameters.tsv`) is what `pg_settings` of 12 to 18 says, with the spellings that it hides, the old names that
//! `guc.c` translates, and `extension_destdir`, which Debian's builds have; the oracle tests hold it against servers. 19 counts as 18, and what it adds is known in part
//! only: see [`Lookup::Unsure`].

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::boolean;
use super::number::{self, Unit};
use crate::Version;

/// A parameter of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// As PostgreSQL spells it.
    pub name: &'static str,
    /// When a new value counts.
    pub context: Context,
    /// What values it takes.
    pub kind: Kind,
    /// The value that counts where none is set, in the parameter's unit; none where the build or the machine decides.
    pub default: Option<&'static str>,
    version: Version,
}

/// When a new value of a parameter in a file counts (`guc.h`, `GucContext`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Never: it cannot be set in a file.
    Internal,
    /// After a restart.
    Restart,
    /// After a reload, for everybody.
    Reload,
    /// After a reload, for new connections only.
    NewConnections,
    /// After a reload, unless a session, role or database has a value of its own.
    Sessions,
}

/// What values a parameter takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `on`, `off` and their relatives ([`boolean`]).
    Bool,
    /// A whole number in this unit.
    Integer {
        /// The unit of a bare number.
        unit: Option<Unit>,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// A number in this unit.
    Real {
        /// The unit of a bare number.
        unit: Option<Unit>,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// One of these words, in any case; empty where the build decides which ones.
    Enum {
        /// Those that PostgreSQL shows.
        words: Vec<&'static str>,
        /// Those that it takes and shows as another, each with that one (`guc_tables.c`).
        synonyms: Vec<(&'static str, &'static str)>,
    },
    /// Text. What it has to look like is not known here.
    Text,
}

/// What is known of a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// The server has this parameter.
    Known(Parameter),
    /// The name has a dot: a parameter of an extension, taken whatever it is.
    Custom,
    /// This version knows no such parameter, and refuses the files. The versions that do, if any.
    Unknown(Vec<Version>),
    /// Nothing is known of the name, and not enough of the version.
    Unsure,
}

impl Parameter {
    /// What this version makes of a parameter name (`guc.c`, `find_option`), whatever its case.
    pub fn named(name: &str, version: Version) -> Lookup {
        if name.contains('.') {
            return Lookup::Custom;
        }
        let name = current_name(name, version);
        let rows: Vec<Row> = rows_of(name).collect();
        if let Some(row) = rows.iter().find(|row| row.is_of(version)) {
            return Lookup::Known(row.parameter(version));
        }
        if rows.is_empty() && version > NEWEST_IN_FULL {
            return Lookup::Unsure;
        }
        let knows = |version: &Version| rows.iter().any(|row| row.is_of(*version));
        Lookup::Unknown(Version::ALL.into_iter().filter(knows).collect())
    }

    /// Every parameter of a version, by name.
    pub fn all(version: Version) -> impl Iterator<Item = Self> {
        rows()
            .filter(move |row| row.is_of(version))
            .map(move |row| row.parameter(version))
    }

    /// The names of this version that are most like `name`, the likeliest first: at most three.
    pub fn similar(name: &str, version: Version) -> Vec<&'static str> {
        let name = name.to_ascii_lowercase();
        let mut found: Vec<(usize, &'static str)> = rows()
            .filter(|row| row.is_of(version) && row.context != Context::Internal)
            .map(|row| (distance(&name, &row.name.to_ascii_lowercase()), row.name))
            .filter(|(distance, known)| *distance <= 1 + known.len() / 5)
            .collect();
        found.sort_unstable();
        found.truncate(3);
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// Whether a value in a file is taken.
    ///
    /// # Errors
    /// What the server's log says against it. Text is never refused here, though the server may.
    pub fn check(&self, value: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(value);
        let invalid = || format!("invalid value for parameter \"{}\": \"{text}\"", self.name);
        let within = |number: f64, unit: Option<Unit>, min: f64, max: f64| {
            if number >= min && number <= max {
                return Ok(());
            }
            let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
            // The bounds have their unit since 17.
            let bound = if self.version >= Version::V17 {
                &*unit
            } else {
                ""
            };
            Err(format!(
                "{number}{unit} is outside the valid range for parameter \"{}\" ({min}{bound} .. {max}{bound})",
                self.name
            ))
        };
        match &self.kind {
            Kind::Text => Ok(()),
            Kind::Bool => match boolean(value) {
                Some(_) => Ok(()),
                None => Err(format!(
                    "parameter \"{}\" requires a Boolean value",
                    self.name
                )),
            },
            Kind::Integer { unit, min, max } => {
                let number = number::integer(&text, *unit).ok_or_else(invalid)?;
                within(number, *unit, *min, *max)
            }
            Kind::Real { unit, min, max } => {
                let number = number::real(&text, *unit).ok_or_else(invalid)?;
                within(number, *unit, *min, *max)
            }
            Kind::Enum { words, synonyms } => {
                let mut all = words.iter().chain(synonyms.iter().map(|(word, _)| word));
                if words.is_empty() || all.any(|word| word.eq_ignore_ascii_case(&text)) {
                    return Ok(());
                }
                Err(invalid())
            }
        }
    }

    /// The default as one would write it: numbers in the largest unit that fits them.
    pub fn shown_default(&self) -> Option<String> {
        self.shown(self.default?)
    }

    /// A value that `pg_settings` shows, which is in the parameter's own unit, as one would write it: numbers in the
    /// largest unit that fits them. None where it is no number and has to be one.
    pub fn shown(&self, value: &str) -> Option<String> {
        let (Kind::Integer {
            unit: Some(unit), ..
        }
        | Kind::Real {
            unit: Some(unit), ..
        }) = self.kind
        else {
            return Some(value.into());
        };
        Some(unit.shown(value.parse().ok()?))
    }

    /// What would be taken, in words: for advice.
    pub fn takes(&self) -> String {
        let numbers = |what: &str, unit: &Option<Unit>, min: f64, max: f64| {
            let unit = unit
                .map(|unit| format!(" in {unit}, or with a unit of its own ({})", unit.family()));
            let bounds = if max >= f64::from(i32::MAX) {
                format!("{min} or more")
            } else {
                format!("from {min} to {max}")
            };
            format!("{what} {bounds}{}", unit.unwrap_or_default())
        };
        match &self.kind {
            Kind::Text => "text".into(),
            Kind::Bool => "on or off".into(),
            Kind::Integer { unit, min, max } => numbers("a whole number", unit, *min, *max),
            Kind::Real { unit, min, max } => numbers("a number", unit, *min, *max),
            Kind::Enum { words, .. } => format!("one of {}", words.join(", ")),
        }
    }
}

/// The name that an old one stands for (`guc.c`, `map_old_guc_names`).
fn current_name(name: &str, version: Version) -> &str {
    if name.eq_ignore_ascii_case("sort_mem") {
        "work_mem"
    } else if name.eq_ignore_ascii_case("vacuum_mem") {
        "maintenance_work_mem"
    } else if name.eq_ignore_ascii_case("ssl_ecdh_curve") && version >= Version::V18 {
        "ssl_groups"
    } else {
        name
    }
}

/// A line of the table.
struct Row {
    name: &'static str,
    first: u16,
    last: Option<u16>,
    context: Context,
    rest: [&'static str; 6],
}

impl Row {
    fn of(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (name, versions) = (fields.next()?, fields.next()?);
        let (first, last) = versions.split_once('-')?;
        let context = match fields.next()? {
            "internal" => Context::Internal,
            "postmaster" => Context::Restart,
            "sighup" => Context::Reload,
            "backend" | "superuser-backend" => Context::NewConnections,
            _ => Context::Sessions,
        };
        let mut rest = [""; 6];
        for (slot, field) in rest.iter_mut().zip(fields) {
            *slot = field;
        }
        Some(Self {
            name,
            first: first.parse().ok()?,
            last: last.parse().ok(),
            context,
            rest,
        })
    }

    fn is_of(&self, version: Version) -> bool {
        self.first <= version.major() && self.last.is_none_or(|last| version.major() <= last)
    }

    fn parameter(&self, version: Version) -> Parameter {
        let [kind, unit, min, max, words, default] = self.rest;
        let unit = Unit::named(unit);
        let min = min.parse().unwrap_or(f64::NEG_INFINITY);
        let max = max.parse().unwrap_or(f64::INFINITY);
        let kind = match kind {
            "bool" => Kind::Bool,
            "integer" => Kind::Integer { unit, min, max },
            "real" => Kind::Real { unit, min, max },
            "enum" => {
                let all = words.split(',').filter(|word| !word.is_empty());
                let (hidden, words) = all.partition::<Vec<_>, _>(|word| word.starts_with('~'));
                let synonym = |hidden: &'static str| {
                    let word = &hidden[1..];
                    word.split_once('=').unwrap_or((word, word))
                };
                Kind::Enum {
                    words: words.into_iter().map(bare).collect(),
                    synonyms: hidden.into_iter().map(synonym).collect(),
                }
            }
            _ => Kind::Text,
        };
        Parameter {
            name: self.name,
            context: self.context,
            kind,
            default: Some(default)
                .filter(|default| !default.is_empty())
                .map(bare),
            version,
        }
    }
}

/// `""` in the table is an empty text, and nothing is none.
fn bare(text: &'static str) -> &'static str {
    if text == "\"\"" { "" } else { text }
}

fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().filter_map(Row::of)
}

/// The lines of one name, found by halving: they are in order of their names, whatever the case.
fn rows_of(name: &str) -> impl Iterator<Item = Row> {
    let lower = |text: &str| text.to_ascii_lowercase();
    let name = lower(name);
    let (mut start, mut end) = (0, TABLE.len());
    while start < end {
        let middle = start + (end - start) / 2;
        let line = TABLE[..middle].rfind('\n').map_or(0, |at| at + 1);
        let length = TABLE[line..].find('\n').unwrap_or(TABLE.len() - line);
        let known = TABLE[line..line + length].split('\t').next();
        if known.is_some_and(|known| lower(known) < name) {
            start = line + length + 1;
        } else {
            end = line;
        }
    }
    let behind = TABLE.get(start..).unwrap_or_default();
    let rows = behind.lines().filter_map(Row::of);
    rows.take_while(move |row| lower(row.name) == name)
}

/// How many letters have to be changed, added or left out to get from one name to the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Name, versions, context, type, unit, least, most, words (hidden ones with `~` and what they stand for: `~true=on`),
/// default.
const TABLE: &str = include_str!("parameters.tsv");

/// The newest version of which every parameter is in the table.
const NEWEST_IN_FULL: Version = Version::V18;

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, version: Version) -> Parameter {
        match Parameter::named(name, version) {
            Lookup::Known(parameter) => parameter,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(rows().count(), TABLE.lines().count());
        let names: Vec<_> = rows().map(|row| row.name.to_ascii_lowercase()).collect();
        assert!(names.is_sorted());
        for name in &names {
            let of_it = names.iter().filter(|other| *other == name).count();
            assert_eq!(rows_of(name).count(), of_it, "{name}");
        }
        for name in ["", "~", "a", "portx", "zero", "zzz"] {
            assert_eq!(rows_of(name).count(), 0, "{name}");
        }
        for version in Version::ALL {
            assert!(Parameter::all(version).count() > 300);
            let mut names: Vec<_> = Parameter::all(version)
                .map(|p| p.name.to_ascii_lowercase())
                .collect();
            names.dedup();
            assert_eq!(names.len(), Parameter::all(version).count(), "{version}");
        }
        for parameter in Parameter::all(Version::V18) {
            if let Some(default) = parameter.default {
                assert_eq!(
                    parameter.check(default.as_bytes()),
                    Ok(()),
                    "{}",
                    parameter.name
                );
            }
        }
    }

    #[test]
    fn names_come_and_go() {
        assert_eq!(known("PORT", Version::V12).context, Context::Restart);
        assert_eq!(
            known("autovacuum_max_workers", Version::V17).context,
            Context::Restart
        );
        assert_eq!(
            known("autovacuum_max_workers", Version::V18).context,
            Context::Reload
        );
        for name in ["post_auth_delay", "log_disconnections"] {
            assert_eq!(known(name, Version::V18).context, Context::NewConnections);
        }
        assert_eq!(
            known("extension_destdir", Version::V15).context,
            Context::Sessions
        );
        assert_eq!(known("sort_mem", Version::V15).name, "work_mem");
        assert_eq!(
            known("Vacuum_Mem", Version::V15).name,
            "maintenance_work_mem"
        );
        assert_eq!(known("ssl_ecdh_curve", Version::V17).name, "ssl_ecdh_curve");
        assert_eq!(known("ssl_ecdh_curve", Version::V18).name, "ssl_groups");
        assert_eq!(
            Parameter::named("ssl_crl_dir", Version::V13),
            Lookup::Unknown(Version::ALL[2..].to_vec())
        );
        assert_eq!(
            Parameter::named("ssl_sni", Version::V18),
            Lookup::Unknown([Version::V19].to_vec())
        );
        assert_eq!(
            Parameter::named("nonsense", Version::V18),
            Lookup::Unknown(Vec::new())
        );
        assert_eq!(Parameter::named("nonsense", Version::V19), Lookup::Unsure);
        assert_eq!(Parameter::named("my.own", Version::V12), Lookup::Custom);
    }

    #[test]
    fn the_likeliest_names_come_first() {
        let similar = |name| Parameter::similar(name, Version::V15);
        assert_eq!(similar("shared_bufers"), ["shared_buffers"]);
        assert_eq!(similar("min_wal_sise"), ["min_wal_size", "max_wal_size"]);
        assert_eq!(similar("quite_another"), [""; 0]);
        assert_eq!(similar("recovery_target").len(), 3);
        // It cannot be set.
        assert_eq!(similar("block_sise"), [""; 0]);
    }

    #[test]
    fn values_are_refused_in_the_server_s_words() {
        // Each was put to servers of 12 to 18 with ALTER SYSTEM.
        for (name, value, said) in [
            (
                "port",
                "70000",
                "70000 is outside the valid range for parameter \"port\" (1 .. 65535)",
            ),
            (
                "shared_buffers",
                "100B",
                "0 8kB is outside the valid range for parameter \"shared_buffers\" (16 .. 1073741823)",
            ),
            (
                "statement_timeout",
                "-1",
                "-1 ms is outside the valid range for parameter \"statement_timeout\" (0 .. 2147483647)",
            ),
            (
                "work_mem",
                "64KB",
                "invalid value for parameter \"work_mem\": \"64KB\"",
            ),
            ("ssl", "maybe", "parameter \"ssl\" requires a Boolean value"),
            (
                "wal_level",
                "full",
                "invalid value for parameter \"wal_level\": \"full\"",
            ),
        ] {
            assert_eq!(
                known(name, Version::V15).check(value.as_bytes()),
                Err(said.into())
            );
        }
        assert_eq!(
            known("shared_buffers", Version::V18).check(b"1B"),
            Err("0 8kB is outside the valid range for parameter \"shared_buffers\" (16 8kB .. 1073741823 8kB)".into())
        );
        for (name, value) in [
            ("wal_level", "HOT_STANDBY"),
            ("archive_mode", "yes"),
            ("ssl_max_protocol_version", ""),
            ("work_mem", "63.6kB"),
        ] {
            assert_eq!(
                known(name, Version::V15).check(value.as_bytes()),
                Ok(()),
                "{name}"
            );
        }
        assert!(
            known("password_encryption", Version::V13)
                .check(b"on")
                .is_ok()
        );
        assert!(
            known("password_encryption", Version::V14)
                .check(b"on")
                .is_err()
        );
    }

    #[test]
    fn defaults_are_shown_as_one_would_write_them() {
        for (name, shown) in [
            ("work_mem", "4MB"),
            ("shared_buffers", "128MB"),
            ("deadlock_timeout", "1s"),
            ("port", "5432"),
            ("statement_timeout", "0"),
            ("vacuum_cost_delay", "0"),
            ("dynamic_shared_memory_type", "posix"),
            ("lc_time", "C"),
            ("lc_messages", ""),
            ("search_path", "\"$user\", public"),
        ] {
            assert_eq!(
                known(name, Version::V18).shown_default().as_deref(),
                Some(shown)
            );
        }
    }
}
