//! Server logs: the messages in them and the sessions that they belong to, whatever the format. What the messages mean is
//! `sessions`' business.

use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize;

use super::prefix::Prefix;

/// A message, or the detail of the session's last one.
pub(super) struct Entry<'a> {
    /// The session that it is of, in a word that no other one at that time has; empty where that is not told.
    pub(super) session: &'a str,
    /// What the format itself says about the session.
    pub(super) about: About<'a>,
    pub(super) text: Text<'a>,
}

/// What `csvlog` and `jsonlog` say about each message's session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) database: Option<&'a str>,
    /// The client: an address or a name, or `[local]`.
    pub(super) host: Option<&'a str>,
}

/// The message itself.
pub(super) enum Text<'a> {
    Log(&'a str),
    Fatal(&'a str),
    Detail(&'a str),
    /// Of a line that can be read in two ways, in the first of them, because a name in it looks like the beginning of a message or
    /// like a session; and the sessions that it may be of.
    Unclear(&'a str, &'a [&'a str]),
}

/// Calls `each` for every message of a log that may be about a login. The format is told by the first line.
pub(super) fn read(
    file: impl Read,
    prefix: &Prefix,
    mut each: impl FnMut(&Entry<'_>),
) -> io::Result<()> {
    let mut file = BufReader::with_capacity(256 * 1024, file);
    let start = file.fill_buf()?;
    let first = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    if first.starts_with(b"{") {
        json(file, &mut each)
    } else if is_csv(first) {
        csv(file, &mut each)
    } else {
        lines(file, prefix, &mut each)
    }
}

/// Whether a first line is one of `csvlog`, which has a severity in its twelfth field.
fn is_csv(line: &[u8]) -> bool {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line);
    let record = reader.records().next().and_then(Result::ok);
    let severity = record.as_ref().and_then(|record| record.get(CSV_SEVERITY));
    severity.is_some_and(|severity| {
        !severity.is_empty() && severity.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn csv(file: impl Read, each: &mut impl FnMut(&Entry<'_>)) -> io::Result<()> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(file);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let field = |index: usize| String::from_utf8_lossy(record.get(index).unwrap_or_default());
        if !is_of_login(&field(7)) {
            continue;
        }
        let severity = field(CSV_SEVERITY);
        let (user, database, from) = (field(1), field(2), field(4));
        let (session, message, detail) = (field(5), field(13), field(14));
        let some = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        let host = some(&from).map(|from| match from.rsplit_once(':') {
            Some((host, _)) => host.to_owned(),
            None => from,
        });
        let about = About {
            user: (!user.is_empty()).then_some(&*user),
            database: (!database.is_empty()).then_some(&*database),
            host: host.as_deref(),
        };
        tell(&severity, &session, about, &message, &detail, each);
    }
    Ok(())
}

/// Whether a message is of a session that is logging in, by what its process is shown to do (`postmaster.c`, `postinit.c`). What
/// looks like it later is an application's (`RAISE LOG`).
fn is_of_login(status: &str) -> bool {
    matches!(status, "" | "authentication")
}

/// The keys of `jsonlog` that matter here.
#[derive(Deserialize)]
struct Object {
    user: Option<String>,
    dbname: Option<String>,
    remote_host: Option<String>,
    session_id: Option<String>,
    ps: Option<String>,
    error_severity: Option<String>,
    message: Option<String>,
    detail: Option<String>,
}

fn json(mut file: impl BufRead, each: &mut impl FnMut(&Entry<'_>)) -> io::Result<()> {
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        // A last line may be cut off.
        if let Ok(object) = serde_json::from_slice::<Object>(&line)
            && is_of_login(object.ps.as_deref().unwrap_or_default())
        {
            let about = About {
                user: object.user.as_deref().filter(|text| !text.is_empty()),
                database: object.dbname.as_deref().filter(|text| !text.is_empty()),
                host: object.remote_host.as_deref(),
            };
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            tell(
                &text(&object.error_severity),
                &text(&object.session_id),
                about,
                &text(&object.message),
                &text(&object.detail),
                each,
            );
        }
        line.clear();
    }
    Ok(())
}

fn tell(
    severity: &str,
    session: &str,
    about: About<'_>,
    message: &str,
    detail: &str,
    each: &mut impl FnMut(&Entry<'_>),
) {
    let text = match severity {
        "LOG" => Text::Log(message),
        "FATAL" => Text::Fatal(message),
        _ => return,
    };
    each(&Entry {
        session,
        about,
        text,
    });
    if !detail.is_empty() {
        each(&Entry {
            session,
            about,
            text: Text::Detail(detail),
        });
    }
}

/// What goes to standard error: prefix, severity, message. Further lines of a message begin with a tab (`elog.c`,
/// `append_with_tabs`), so that none of them can be taken for a message of its own.
fn lines(
    mut file: impl BufRead,
    prefix: &Prefix,
    each: &mut impl FnMut(&Entry<'_>),
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut begun = Begun {
        prefix,
        as_set: false,
    };
    loop {
        let first = file.read_until(b'\n', &mut bytes)?;
        if first == 0 {
            return Ok(());
        }
        while file.fill_buf()?.first() == Some(&b'\t') {
            file.read_until(b'\n', &mut bytes)?;
        }
        let line = String::from_utf8_lossy(&bytes[..first]);
        if let Some(Beginning {
            tag,
            sessions,
            clear,
        }) = begun.of(&line)
        {
            let message = format!(
                "{}{}",
                &line[tag.end..],
                String::from_utf8_lossy(&bytes[first..])
            );
            let message = message.trim_end_matches(['\n', '\r']).replace("\n\t", "\n");
            let message = without_state(&message);
            let text = match (tag.word, clear) {
                ("LOG" | "FATAL", false) => Some(Text::Unclear(message, &sessions)),
                ("LOG", true) => Some(Text::Log(message)),
                ("FATAL", true) => Some(Text::Fatal(message)),
                ("DETAIL", true) => Some(Text::Detail(message)),
                _ => None,
            };
            if let Some(text) = text {
                each(&Entry {
                    session: sessions.first().copied().unwrap_or_default(),
                    about: About::default(),
                    text,
                });
            }
        }
        bytes.clear();
    }
}

/// What a line of standard error begins with.
struct Begun<'a> {
    prefix: &'a Prefix,
    /// Whether a line has begun as the setting has it. Until then it may be the setting of another time.
    as_set: bool,
}

/// A severity, or the name of a part of a message.
struct Tag<'l> {
    word: &'l str,
    start: usize,
    end: usize,
}

/// The beginning of a line.
struct Beginning<'l> {
    tag: Tag<'l>,
    /// The sessions that it may be of.
    sessions: Vec<&'l str>,
    /// Whether it can be read in one way only.
    clear: bool,
}

impl Begun<'_> {
    /// Where the message of a line begins, and whether it can begin only there. Prefixes hold names that whoever connects chooses, and
    /// messages hold what applications say: both may look like the beginning of a message.
    fn of<'l>(&mut self, line: &'l str) -> Option<Beginning<'l>> {
        let mut all = tags(line).peekable();
        all.peek()?;
        let by_usual = |tag: &Tag<'_>| Prefix::usual(&line[..tag.start]).into_iter().collect();
        if let Some(readings) = self.prefix.readings(line) {
            let mut fitting = tags(line).filter_map(|tag| {
                let sessions = readings.ending_at(tag.start)?;
                Some((tag, sessions))
            });
            if let Some((tag, sessions)) = fitting.next() {
                self.as_set = true;
                let mut sessions = sessions.to_vec();
                let mut clear = sessions.len() <= 1;
                for (_, others) in fitting {
                    clear = false;
                    sessions.extend(others);
                }
                sessions.sort_unstable();
                sessions.dedup();
                return Some(Beginning {
                    tag,
                    sessions,
                    clear,
                });
            }
        }
        let tag = all.next()?;
        Some(Beginning {
            sessions: by_usual(&tag),
            tag,
            clear: !self.as_set && all.next().is_none(),
        })
    }
}

/// All that look like the beginning of a message.
fn tags(line: &str) -> impl Iterator<Item = Tag<'_>> {
    line.match_indices(":  ").filter_map(|(colon, _)| {
        let word = TAGS.iter().find(|tag| line[..colon].ends_with(*tag))?;
        Some(Tag {
            word,
            start: colon - word.len(),
            end: colon + ":  ".len(),
        })
    })
}

/// Without the SQLSTATE before it (`log_error_verbosity = verbose`).
fn without_state(message: &str) -> &str {
    match message.split_once(": ") {
        Some((state, rest)) if is_state(state) => rest,
        _ => message,
    }
}

fn is_state(word: &str) -> bool {
    word.len() == 5
        && word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// Severities and names of parts, where they are not translated (`elog.c`, `error_severity` and `send_message_to_server_log`).
const TAGS: [&str; 20] = [
    "LOG",
    "STATEMENT",
    "ERROR",
    "DETAIL",
    "FATAL",
    "HINT",
    "CONTEXT",
    "LOCATION",
    "WARNING",
    "NOTICE",
    "INFO",
    "QUERY",
    "BACKTRACE",
    "PANIC",
    "DEBUG",
    "DEBUG1",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "DEBUG5",
];

/// Where `csvlog` has the severity.
const CSV_SEVERITY: usize = 11;
