//! What differs between our answer and libpq's, and the closed table of differences that are explained.

use std::fmt;
use std::ops::RangeInclusive;

use super::asked::Answer;
use super::ground::Case;

/// A connection of which two readers say different things.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) version: u16,
    pub(super) case: Case,
    /// The connection string as it was passed.
    pub(super) conninfo: String,
    pub(super) ours: Answer,
    pub(super) theirs: Answer,
}

/// A difference that is meant to be.
pub(super) struct Explained {
    /// Its name, by which the documentation knows it.
    pub(super) name: &'static str,
    /// Why it is.
    pub(super) because: &'static str,
    /// The versions in which it shows.
    pub(super) versions: RangeInclusive<u16>,
    /// The function of libpq that makes it.
    pub(super) source: &'static str,
    /// Whether a difference is this one: looks at the form of the input and at both answers.
    pub(super) applies: fn(&Difference) -> bool,
}

impl Difference {
    /// The first entry that explains it.
    pub(super) fn explained(&self) -> Option<&'static Explained> {
        EXPLAINED
            .iter()
            .find(|entry| entry.versions.contains(&self.version) && (entry.applies)(self))
    }

    /// Our error and theirs; empty where there is none.
    fn errors(&self) -> (&str, &str) {
        (
            self.ours.error.as_deref().unwrap_or_default(),
            self.theirs.error.as_deref().unwrap_or_default(),
        )
    }

    /// The line of a service file that an error of libpq is about, without the blanks before it.
    fn refused_line(&self, error: &str) -> Option<&[u8]> {
        let place = error.strip_prefix("syntax error in service file \"")?;
        let (file, line) = place.rsplit_once("\", line ")?;
        let named = self
            .case
            .files
            .iter()
            .find(|(name, _)| file.ends_with(name.as_str()));
        let line = named?
            .1
            .split(|&b| b == b'\n')
            .nth(line.parse::<usize>().ok()? - 1)?;
        Some(line.trim_ascii_start())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case {
            environment,
            files,
            mode,
            ..
        } = &self.case;
        writeln!(f, "libpq {} {:?}", self.version, self.conninfo)?;
        writeln!(f, "  in {environment:?} mode {mode:o}")?;
        for (name, bytes) in files {
            writeln!(f, "  {name}: {:.300}", bytes.escape_ascii().to_string())?;
        }
        for (whose, one, other) in [
            ("ours", &self.ours, &self.theirs),
            ("theirs", &self.theirs, &self.ours),
        ] {
            let differs = one
                .options
                .iter()
                .filter(|(keyword, value)| other.options.get(*keyword) != Some(value));
            let options: Vec<_> = differs.collect();
            writeln!(
                f,
                "  {whose:6} {:?} {:?} {options:?}",
                one.error, one.password
            )?;
        }
        Ok(())
    }
}

/// All of them.
pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        name: "errors that repeat the whole URI",
        because: "libpq shows it with the password that is in it; we leave it out",
        versions: 12..=18,
        source: "fe-connect.c, conninfo_uri_parse_options",
        applies: |difference| {
            let whole = format!(": \"{}\"", difference.conninfo);
            let (ours, theirs) = difference.errors();
            theirs.contains(&whole) && theirs.replacen(&whole, "", 1) == ours
        },
    },
    Explained {
        name: "an error about a character that is not ASCII",
        because: "libpq shows the first byte of it; we show the character",
        versions: 12..=18,
        source: "fe-connect.c, conninfo_uri_parse_options",
        applies: |difference| {
            let (ours, theirs) = difference.errors();
            let character = ours
                .strip_prefix("unexpected character \"")
                .and_then(|rest| rest.chars().next());
            character.is_some_and(|character| !character.is_ascii())
                && theirs.starts_with("unexpected character \"\u{fffd}\"")
        },
    },
    Explained {
        name: "errors in a part of a URI that is a password",
        because: "libpq shows it; we show `********`",
        versions: 12..=18,
        source: "fe-connect.c, conninfo_uri_decode",
        applies: |difference| {
            let (ours, theirs) = difference.errors();
            ours.split_once("********").is_some_and(|(before, behind)| {
                theirs.starts_with(before) && theirs.ends_with(behind)
            })
        },
    },
    Explained {
        name: "percent-encoded bytes that are not UTF-8",
        because: "libpq passes any bytes on; here a value is a text, and what is none is refused",
        versions: 12..=18,
        source: "fe-connect.c, conninfo_uri_decode",
        applies: |difference| {
            let (ours, _) = difference.errors();
            ours.starts_with("percent-encoded value is not UTF-8")
                && difference.conninfo.contains('%')
        },
    },
    Explained {
        name: "`client_encoding=auto`",
        because: "libpq puts the encoding of its locale there; we know no locale",
        versions: 12..=18,
        source: "fe-connect.c, pqConnectOptions2",
        applies: |difference| {
            let (mut ours, theirs) = (difference.ours.clone(), &difference.theirs);
            let Some(of_locale) = theirs.options.get("client_encoding") else {
                return false;
            };
            let encoding = ours
                .options
                .insert("client_encoding".to_owned(), of_locale.clone());
            encoding.as_deref() == Some("auto") && ours == *theirs
        },
    },
    Explained {
        name: "`gssencmode=require`",
        because: "npm's builds have no GSS and refuse it; whether it is there is not in any file",
        versions: 12..=18,
        source: "fe-connect.c, pqConnectOptions2",
        applies: |difference| {
            let (_, theirs) = difference.errors();
            theirs.starts_with("gssencmode value \"require\" invalid when GSSAPI support ")
        },
    },
    Explained {
        name: "lines of a service that begin with `ldap`",
        because: "builds with LDAP, as Debian's, ask a directory; npm's have none and refuse the line",
        versions: 12..=18,
        source: "fe-connect.c, parseServiceFile",
        applies: |difference| {
            let (_, theirs) = difference.errors();
            difference
                .refused_line(theirs)
                .is_some_and(|line| line.starts_with(b"ldap"))
        },
    },
];
