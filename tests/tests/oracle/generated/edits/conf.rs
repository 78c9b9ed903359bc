//! Edits of `postgresql.conf`: setting and unsetting.

use e2e::generated::Dice;
use pg_config::conf::Document;

use super::{Edited, New, physical};
use crate::generated::rows::Row;

pub(super) fn edit(dice: &mut Dice, bytes: &[u8], before: &[Row], _: u16) -> Option<Edited> {
    let mut document = Document::parse(bytes);
    // The view gives up at the first one.
    if !document.diagnostics().is_empty() || before.iter().any(|row| row.read.is_none()) {
        return None;
    }
    let name = match document.settings().nth(dice.below(8)) {
        Some(setting) if dice.once_in(2) => setting.name.clone(),
        _ => dice.one_of(NAMES).to_owned(),
    };
    let same = |other: &str| other.eq_ignore_ascii_case(&name);
    let lines = |document: &Document| -> Vec<_> {
        let of_name = document.settings().filter(|setting| same(&setting.name));
        of_name
            .map(|setting| {
                let (start, end) = (setting.name_span.start, setting.value_span.end);
                (
                    setting.line,
                    setting.name.clone(),
                    physical(bytes, start, end),
                )
            })
            .collect()
    };
    let there = lines(&document);
    if dice.once_in(4) {
        document.unset(&name).ok()?;
        return Some(Edited {
            what: format!("unset {name}"),
            after: document.to_bytes(),
            gone: there.iter().map(|(line, ..)| *line).collect(),
            touched: there.into_iter().map(|(.., touched)| touched).collect(),
            new: None,
        });
    }
    let value: String = (0..dice.between(0, 5))
        .map(|_| dice.one_of(PIECES))
        .collect();
    let change = document.set(&name, &value).ok()?;
    if change.is_empty() {
        return None;
    }
    let written = document.get(&name)?.name.clone();
    let new = New {
        read: Some(vec![written, value.clone()]),
        error: None,
        behind: there.last().map(|(line, ..)| line - 1),
    };
    // Or a line that was commented out.
    let commented = physical(bytes, change.edits[0].span.start, change.edits[0].span.end);
    let inside = change.edits[0].span.end < bytes.len();
    Some(Edited {
        what: format!("set {name} to {value:?}"),
        after: document.to_bytes(),
        gone: there.last().map(|(line, ..)| *line).into_iter().collect(),
        touched: inside
            .then_some(commented)
            .into_iter()
            .chain(there.last().map(|(.., t)| t.clone()))
            .collect(),
        new: Some(new),
    })
}

const NAMES: &[&str] = &[
    "port",
    "work_mem",
    "WORK_MEM",
    "search_path",
    "my.own",
    "new_one",
    "x.y",
    "log_line_prefix",
];

const PIECES: &[&str] = &[
    "a",
    "1",
    "0",
    "on",
    "off",
    "MB",
    "-",
    ".",
    "'",
    "''",
    "\\",
    "\\n",
    "\\'",
    "#",
    " ",
    "\t",
    "\"",
    "=",
    ",",
    "%m",
    "$user",
    "caf\u{e9}",
    "\u{2028}",
    "\x0b",
    "\x7f",
    "\\101",
];
