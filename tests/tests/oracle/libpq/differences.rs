//! What differs between our answer and libpq's, and the closed table of differences that are explained.

use std::fmt;
use std::ops::RangeInclusive;

use pg_config::conninfo::KEYWORDS;

use super::asked::Answer;
use super::ground::Case;

/// A connection that is asked for. What anybody makes of it is not known here.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) version: u16,
    pub(super) case: Case,
    /// The connection string as it was passed.
    pub(super) conninfo: String,
}

/// A connection, and what two readers say of it.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) question: Question,
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
    /// Which questions it is about, by nothing but what they look like.
    pub(super) form: fn(&Question) -> bool,
    /// Whether a question of that form is answered by both as the explanation says.
    answers: fn(&Answers) -> bool,
}

impl Question {
    /// Whether it is a URI, of which something holds.
    fn is_uri(&self, of_it: impl Fn(&str) -> bool) -> bool {
        ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| self.conninfo.starts_with(scheme))
            && of_it(&self.conninfo)
    }

    /// Whether a value may come to a keyword: both are somewhere in the string, the environment, or the files.
    fn may_have(&self, keyword: &str, variable: &str, value: &str) -> bool {
        let Case {
            environment, files, ..
        } = &self.case;
        let files = files.values().map(|bytes| String::from_utf8_lossy(bytes));
        let text: String = files.chain([self.conninfo.as_str().into()]).collect();
        text.contains(keyword) && text.contains(value)
            || environment.get(variable).is_some_and(|it| it == value)
    }
}

impl Answers {
    pub(super) fn differ(&self) -> bool {
        self.ours != self.theirs
    }

    /// The first entry that explains the difference.
    pub(super) fn explained(&self) -> Option<&'static Explained> {
        EXPLAINED.iter().find(|entry| {
            entry.versions.contains(&self.question.version)
                && (entry.form)(&self.question)
                && (entry.answers)(self)
        })
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
            .question
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

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Question {
            version,
            case,
            conninfo,
        } = &self.question;
        let Case {
            environment,
            files,
            mode,
            ..
        } = case;
        writeln!(f, "libpq {version} {conninfo:?}")?;
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

/// A URI with what is written as `%` and two digits read.
fn decoded(uri: &str) -> String {
    let mut pieces = uri.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let digits = piece
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match digits {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&piece.as_bytes()[2..]);
            }
            None => bytes.extend_from_slice(piece.as_bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// All of them.
pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        name: "errors that repeat the whole URI",
        because: "libpq shows it with the password that is in it; we leave it out",
        versions: 12..=18,
        source: "fe-connect.c, conninfo_uri_parse_options",
        form: |question| question.is_uri(|uri| uri.contains('[')),
        answers: |answers| {
            let whole = format!(": \"{}\"", answers.question.conninfo);
            let (ours, theirs) = answers.errors();
            theirs.contains(&whole) && theirs.replacen(&whole, "", 1) == ours
        },
    },
    Explained {
        name: "an error about a character that is not ASCII",
        because: "libpq shows the first byte of it; we show the character",
        versions: 12..=18,
        source: "fe-connect.c, conninfo_uri_parse_options",
        form: |question| {
            let first = |behind: &str| behind.chars().next();
            question.is_uri(|uri| {
                uri.split(']')
                    .skip(1)
                    .filter_map(first)
                    .any(|c| !c.is_ascii())
            })
        },
        answers: |answers| {
            let (ours, theirs) = answers.errors();
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
        form: |question| {
            let secret = |uri: &str| {
                let uri = decoded(uri);
                let mut known = KEYWORDS.iter().filter(|keyword| keyword.secret);
                known.any(|keyword| uri.contains(keyword.name))
            };
            question.is_uri(|uri| uri.contains('@') || secret(uri))
        },
        answers: |answers| {
            let (ours, theirs) = answers.errors();
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
        form: |question| {
            let high = |behind: &str| {
                behind.starts_with([
                    '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'A', 'B', 'C', 'D', 'E', 'F',
                ])
            };
            question.is_uri(|uri| uri.split('%').skip(1).any(high))
        },
        answers: |answers| {
            let (ours, _) = answers.errors();
            ours.starts_with("percent-encoded value is not UTF-8")
        },
    },
    Explained {
        name: "`client_encoding=auto`",
        because: "libpq puts the encoding of its locale there; we know no locale",
        versions: 12..=18,
        source: "fe-connect.c, pqConnectOptions2",
        form: |question| question.may_have("client_encoding", "PGCLIENTENCODING", "auto"),
        answers: |answers| {
            let (mut ours, theirs) = (answers.ours.clone(), &answers.theirs);
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
        form: |question| question.may_have("gssencmode", "PGGSSENCMODE", "require"),
        answers: |answers| {
            let (_, theirs) = answers.errors();
            theirs.starts_with("gssencmode value \"require\" invalid when GSSAPI support ")
        },
    },
    Explained {
        name: "lines of a service that begin with `ldap`",
        because: "builds with LDAP, as Debian's, ask a directory; npm's have none and refuse the line",
        versions: 12..=18,
        source: "fe-connect.c, parseServiceFile",
        form: |question| {
            let is = |line: &[u8]| line.trim_ascii_start().starts_with(b"ldap");
            let mut files = question.case.files.values();
            files.any(|bytes| bytes.split(|&b| b == b'\n').any(is))
        },
        answers: |answers| {
            let (_, theirs) = answers.errors();
            answers
                .refused_line(theirs)
                .is_some_and(|line| line.starts_with(b"ldap"))
        },
    },
];
