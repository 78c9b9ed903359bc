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

/// The keys of `jsonlog` that matter here.
#[derive(Deserialize)]
struct Object {
    user: Option<String>,
    dbname: Option<String>,
    remote_host: Option<String>,
    session_id: Option<String>,
    error_severity: Option<String>,
    message: Option<String>,
    detail: Option<String>,
}

fn json(mut file: impl BufRead, each: &mut impl FnMut(&Entry<'_>)) -> io::Result<()> {
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        // A last line may be cut off.
        if let Ok(object) = serde_json::from_slice::<Object>(&line) {
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
    loop {
        let first = file.read_until(b'\n', &mut bytes)?;
        if first == 0 {
            return Ok(());
        }
        while file.fill_buf()?.first() == Some(&b'\t') {
            file.read_until(b'\n', &mut bytes)?;
        }
        let line = String::from_utf8_lossy(&bytes[..first]);
        let found = MARKS
            .iter()
            .filter_map(|mark| Some((line.find(mark)?, *mark)))
            .min();
        if let Some((at, mark)) = found {
            let message = format!(
                "{}{}",
                &line[at + mark.len()..],
                String::from_utf8_lossy(&bytes[first..])
            );
            let message = message.trim_end_matches(['\n', '\r']).replace("\n\t", "\n");
            let text = match mark {
                "LOG:  " => Text::Log(&message),
                "FATAL:  " => Text::Fatal(&message),
                _ => Text::Detail(&message),
            };
            each(&Entry {
                session: prefix.session(&line[..at]).unwrap_or_default(),
                about: About::default(),
                text,
            });
        }
        bytes.clear();
    }
}

/// Severities in messages that are not translated (`elog.c`, `error_severity`).
const MARKS: [&str; 3] = ["LOG:  ", "FATAL:  ", "DETAIL:  "];

/// Where `csvlog` has the severity.
const CSV_SEVERITY: usize = 11;
