//! Which values of a parameter are the same to the server, however they are spelled.

use super::boolean;
use super::number;
use super::parameter::{Kind, Parameter};

impl Parameter {
    /// Whether two values mean the same to the server: `on` and `true`, `1GB` and `1024MB`, `hot_standby` and
    /// `replica`. Values that it refuses are compared as text.
    pub fn same(&self, a: &[u8], b: &[u8]) -> bool {
        let number = |value: &[u8]| match &self.kind {
            Kind::Integer { unit, .. } => number::integer(core::str::from_utf8(value).ok()?, *unit),
            Kind::Real { unit, .. } => number::real(core::str::from_utf8(value).ok()?, *unit),
            _ => None,
        };
        a == b
            || match &self.kind {
                Kind::Bool => boolean(a).is_some() && boolean(a) == boolean(b),
                Kind::Integer { .. } | Kind::Real { .. } => {
                    number(a).is_some() && number(a) == number(b)
                }
                Kind::Enum { synonyms, .. } => {
                    shown(synonyms, a).eq_ignore_ascii_case(shown(synonyms, b))
                }
                Kind::Text if self.name == "DateStyle" => {
                    DateStyle::read(a).is_some() && DateStyle::read(a) == DateStyle::read(b)
                }
                Kind::Text if self.name == "log_connections" => {
                    connections(a).is_some() && connections(a) == connections(b)
                }
                Kind::Text => false,
            }
    }
}

/// The word that the server shows for this one.
fn shown<'a>(synonyms: &[(&'static str, &'static str)], word: &'a [u8]) -> &'a [u8] {
    let mut known = synonyms.iter();
    known
        .find(|(hidden, _)| hidden.as_bytes().eq_ignore_ascii_case(word))
        .map_or(word, |(_, shown)| shown.as_bytes())
}

/// What `log_connections` says from 18 on, when it became a list: a bit for each aspect, in whatever order they are named. The
/// words for yes and no of before stand alone, and yes is what was logged then (`backend_startup.c`,
/// `validate_log_connections_options`). None where the server refuses it.
fn connections(list: &[u8]) -> Option<u8> {
    let list = core::str::from_utf8(list).ok()?;
    if list.trim().is_empty() {
        return Some(0);
    }
    let mut aspects = 0;
    for word in list.split(',') {
        let word = word.trim();
        let word = word
            .strip_prefix('"')
            .and_then(|word| word.strip_suffix('"'))
            .unwrap_or(word)
            .to_ascii_lowercase();
        aspects |= match &*word {
            "receipt" => 1,
            "authentication" => 2,
            "authorization" => 4,
            "setup_durations" => 8,
            "all" => 15,
            "on" | "true" | "yes" | "1" if !list.contains(',') => 7,
            "off" | "false" | "no" | "0" if !list.contains(',') => 0,
            _ => return None,
        };
    }
    Some(aspects)
}

/// What `DateStyle` says (`variable.c`, `check_datestyle`). What it does not say stays as it is.
#[derive(Debug, Default, PartialEq, Eq)]
struct DateStyle {
    style: Option<&'static str>,
    order: Option<&'static str>,
}

impl DateStyle {
    /// None where the server refuses it, and for `DEFAULT`.
    fn read(text: &[u8]) -> Option<Self> {
        let mut read = Self::default();
        let mut is_german = false;
        for word in core::str::from_utf8(text).ok()?.split(',') {
            let word = word.trim().to_ascii_lowercase();
            let (slot, means) = match &*word {
                "iso" => (&mut read.style, "iso"),
                "sql" => (&mut read.style, "sql"),
                "german" => (&mut read.style, "german"),
                "ymd" => (&mut read.order, "ymd"),
                "dmy" => (&mut read.order, "dmy"),
                "mdy" | "us" => (&mut read.order, "mdy"),
                word if word.starts_with("postgres") => (&mut read.style, "postgres"),
                word if word.starts_with("euro") => (&mut read.order, "dmy"),
                word if word.starts_with("noneuro") => (&mut read.order, "mdy"),
                _ => return None,
            };
            is_german |= means == "german";
            if slot.replace(means).is_some_and(|before| before != means) {
                return None;
            }
        }
        if is_german && read.order.is_none() {
            read.order = Some("dmy");
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::conf::Lookup;

    #[test]
    fn spellings_of_one_value_are_the_same() {
        let same = |name, a: &str, b: &str| {
            let Lookup::Known(parameter) = Parameter::named(name, Version::V15) else {
                panic!("{name}");
            };
            parameter.same(a.as_bytes(), b.as_bytes())
        };
        assert!(same("ssl", "on", "TRUE") && !same("ssl", "on", "off"));
        // Refused both, and not for the same.
        assert!(!same("ssl", "maybe", "perhaps") && !same("work_mem", "some", "much"));
        assert!(same("work_mem", "1GB", "1048576") && same("work_mem", "1024MB", "1 GB"));
        assert!(same("wal_level", "Replica", "replica"));
        for (name, a, b) in [
            ("synchronous_commit", "on", "True"),
            ("huge_pages", "off", "0"),
            ("constraint_exclusion", "1", "yes"),
            ("wal_level", "hot_standby", "replica"),
            ("wal_compression", "on", "pglz"),
            ("wal_compression", "no", "off"),
            ("client_min_messages", "debug", "debug2"),
            ("DateStyle", "iso, mdy", "ISO, MDY"),
            ("DateStyle", "US,iso", "ISO, MDY"),
        ] {
            assert!(same(name, a, b) && same(name, b, a), "{name}: {a} {b}");
        }
        for (name, a, b) in [
            ("synchronous_commit", "on", "local"),
            ("huge_pages", "try", "on"),
            ("client_min_messages", "info", "notice"),
            ("wal_level", "archive", "minimal"),
            ("wal_compression", "on", "lz4"),
            ("DateStyle", "iso, dmy", "ISO, MDY"),
            ("DateStyle", "iso", "ISO, MDY"),
            ("DateStyle", "iso, sql", "ISO, ISO"),
            ("DateStyle", "nonsense", "rubbish"),
        ] {
            assert!(!same(name, a, b) && !same(name, b, a), "{name}: {a} {b}");
        }
        assert!(!same("search_path", "A", "a"));
    }

    #[test]
    fn connections_are_logged_by_a_list_from_18_on() {
        let same = |a: &str, b: &str| {
            let Lookup::Known(parameter) = Parameter::named("log_connections", Version::V18) else {
                panic!("not known");
            };
            assert_eq!(parameter.default, Some(""));
            parameter.same(a.as_bytes(), b.as_bytes())
        };
        for yes in [
            "True",
            "yes",
            "1",
            "authorization,receipt , \"Authentication\"",
        ] {
            assert!(same("on", yes), "{yes}");
        }
        assert!(same("", "off") && same("No", "0"));
        assert!(same("receipt,all", "ALL"));
        for (a, b) in [("on", "all"), ("t", "on"), ("on,receipt", "on"), ("x", "y")] {
            assert!(!same(a, b), "{a} {b}");
        }
    }
}
