//! Edits of `pg_hba.conf`: rules that come, go, move, and take another's place.

use e2e::generated::Dice;
use pg_config::Version;
use pg_config::hba::{
    ConnType, Database, Document, Method, NewRule, Position, Record, RuleOption, User,
};

use super::{Edited, New, physical};
use crate::generated::rows::Row;

pub(super) fn edit(dice: &mut Dice, bytes: &[u8], before: &[Row], version: u16) -> Option<Edited> {
    let version = Version::new(version).unwrap();
    let mut document = Document::parse(bytes, version);
    let records = document.records().to_vec();
    let touched = |at: usize| {
        let span = records[at].span();
        vec![physical(bytes, span.start, span.end)]
    };
    // The line of the record before a place.
    let behind = |next: usize| Some(next.checked_sub(1).map_or(0, |last| records[last].line()));
    let (position, next) = match dice.below(records.len() * 2 + 1) {
        0 => (Position::End, records.len()),
        n if n % 2 == 1 => (Position::BeforeRecord(n / 2), n / 2),
        n => (Position::AfterRecord(n / 2 - 1), n / 2),
    };
    // What 12 and 13 read of a line that is too long are lines to them; nothing can come between those.
    let pieces = (0..records.len()).contains(&next)
        && next > 0
        && !bytes[records[next - 1].span().start..records[next].span().start].contains(&b'\n');
    if pieces {
        return None;
    }
    let at = dice.below(records.len());
    match dice.below(8) {
        0 | 1 => {
            // What an include brings goes with it; that is not counted here.
            let record = records
                .get(at)
                .filter(|record| !matches!(record, Record::Include(_)))?;
            document.remove(at).ok()?;
            Some(Edited {
                what: format!("remove record {at}"),
                after: document.to_bytes(),
                touched: touched(at),
                gone: vec![record.line()],
                new: None,
            })
        }
        2 | 3 => {
            let record = records
                .get(at)
                .filter(|record| !matches!(record, Record::Include(_)))?;
            let of_it = |row: &&Row| {
                row.file.ends_with("/pg_hba.conf") && row.line == u64::from(record.line())
            };
            let row = before.iter().find(of_it)?;
            if document.move_record(at, position).ok()?.is_empty() {
                return None;
            }
            Some(Edited {
                what: format!("move record {at} {position:?}"),
                after: document.to_bytes(),
                touched: touched(at),
                gone: vec![record.line()],
                new: Some(New {
                    read: row.read.clone(),
                    error: row.error.clone(),
                    behind: behind(next),
                }),
            })
        }
        what => {
            let (rule, read) = rule(dice);
            let replaced = what == 4 && matches!(records.get(at), Some(Record::Rule(_)));
            let (position, next) = match replaced {
                true => (Position::BeforeRecord(at), at),
                false => (position, next),
            };
            if document.insert_rule(position, &rule).ok()?.is_empty() {
                return None;
            }
            if replaced {
                document.remove(at + 1).ok()?;
            }
            Some(Edited {
                what: format!("{rule:?} {position:?}, another replaced: {replaced}"),
                after: document.to_bytes(),
                touched: if replaced { touched(at) } else { Vec::new() },
                gone: if replaced {
                    vec![records[at].line()]
                } else {
                    Vec::new()
                },
                new: Some(New {
                    read: Some(read),
                    error: None,
                    behind: behind(next),
                }),
            })
        }
    }
}

/// A rule, and how the view has to show it.
fn rule(dice: &mut Dice) -> (NewRule, Vec<String>) {
    let kind = dice.one_of(&[
        ConnType::Local,
        ConnType::Host,
        ConnType::HostSsl,
        ConnType::HostNoSsl,
    ]);
    let (database, databases) = match dice.below(4) {
        0 => (vec![Database::All], "all".to_owned()),
        1 => (
            vec![Database::Replication, Database::SameUser],
            "replication\u{1f}sameuser".to_owned(),
        ),
        _ => {
            let names = [dice.one_of(NAMES), dice.one_of(NAMES)];
            (names.map(Database::name).to_vec(), names.join("\u{1f}"))
        }
    };
    let (user, users) = match dice.below(4) {
        0 => (vec![User::All], "all".to_owned()),
        1 => {
            let group = dice.one_of(NAMES);
            (vec![User::Group(group.into())], format!("+{group}"))
        }
        _ => {
            let name = dice.one_of(NAMES);
            (vec![User::name(name)], name.to_owned())
        }
    };
    let none = || "-".to_owned();
    let (source, address, mask) = dice.one_of(&[
        ("all", "all", "-"),
        ("samenet", "samenet", "-"),
        ("10.0.0.0/8", "10.0.0.0", "255.0.0.0"),
        ("192.168.1.7/32", "192.168.1.7", "255.255.255.255"),
        ("fd00::/8", "fd00::", "ff00::"),
    ]);
    let local = kind == ConnType::Local;
    let method = match kind {
        ConnType::Local => dice.one_of(&[Method::Peer, Method::Trust, Method::Md5]),
        ConnType::HostSsl => dice.one_of(&[Method::Cert, Method::ScramSha256]),
        _ => dice.one_of(&[Method::ScramSha256, Method::Reject, Method::Ident]),
    };
    let mut options = Vec::new();
    let mut shown = Vec::new();
    if matches!(method, Method::Peer | Method::Cert | Method::Ident) && dice.once_in(2) {
        let map = dice.one_of(NAMES);
        options.push(RuleOption::new("map", map));
        shown.push(format!("map={map}"));
    }
    if method == Method::Cert {
        shown.push("clientcert=verify-full".to_owned());
    }
    let read = vec![
        kind.to_string(),
        databases,
        users,
        if local { none() } else { address.to_owned() },
        if local { none() } else { mask.to_owned() },
        method.to_string(),
        if shown.is_empty() {
            none()
        } else {
            shown.join("\u{1f}")
        },
    ];
    let rule = NewRule {
        kind,
        databases: database,
        users: user,
        address: (!local).then(|| source.parse().unwrap()),
        method,
        options,
    };
    (rule, read)
}

/// What stands for something in a bare word, and what does not.
const NAMES: &[&str] = &[
    "app",
    "all",
    "replication",
    "+staff",
    "@file",
    "with space",
    "a,b",
    "#x",
    "a\"b",
    "\"",
    "back\\",
    "samehost",
    "include",
    "caf\u{e9}",
    "A",
    "\t",
    "=",
    "\x0b",
    "x=y",
];
