//! Edits of `pg_ident.conf`: new lines with names and expressions, and lines that go.

use e2e::generated::Dice;
use pg_config::Version;
use pg_config::ident::Document;

use super::{Edited, New, physical};
use crate::generated::rows::Row;

pub(super) fn edit(dice: &mut Dice, bytes: &[u8], _: &[Row], version: u16) -> Option<Edited> {
    let version = Version::new(version).unwrap();
    let mut document = Document::parse(bytes, version);
    if dice.once_in(3) {
        let at = dice.below(document.entries().len());
        let entry = document.entries().get(at)?.clone();
        document.remove(at).ok()?;
        return Some(Edited {
            what: format!("remove entry {at}"),
            after: document.to_bytes(),
            touched: vec![physical(bytes, entry.span.start, entry.span.end)],
            gone: vec![entry.line],
            new: None,
        });
    }
    let map = dice.one_of(MAPS);
    let role = dice.one_of(ROLES);
    let (user, change) = if dice.once_in(3) {
        let pattern = dice.one_of(PATTERNS);
        (
            format!("/{pattern}"),
            document.add_pattern(map, pattern, role),
        )
    } else {
        let user = dice.one_of(USERS);
        (user.to_owned(), document.add_line(map, user, role))
    };
    let before = Document::parse(bytes, version);
    if change.ok()?.is_empty() {
        return None;
    }
    let of_map = before.entries().iter().rfind(|entry| entry.map == map);
    let behind = of_map.or(before.entries().last()).map(|entry| entry.line);
    Some(Edited {
        what: format!("add {map:?} {user:?} {role:?}"),
        after: document.to_bytes(),
        touched: Vec::new(),
        gone: Vec::new(),
        // Before 15 only logins show what is read (see `logins.rs`); here, that nothing more or else is refused.
        new: (version >= Version::V15).then(|| New {
            read: Some(vec![map.to_owned(), user, role.to_owned()]),
            error: None,
            // Where it is the first of its map it is the last of all, behind what is refused too.
            behind: of_map.map_or(Some(u32::MAX), |_| behind),
        }),
    })
}

const MAPS: &[&str] = &[
    "m",
    "m",
    "certs",
    "with space",
    "new",
    "a,b",
    "#m",
    "@m",
    "\"",
    "include",
    "caf\u{e9}",
];

const USERS: &[&str] = &[
    "alice",
    "CN=alice,O=Example",
    "with space",
    "a\"b",
    "\"",
    "@who",
    "all",
    "#",
    "+staff",
    "back\\slash",
    "back\\",
    "\\",
    ",",
    "caf\u{e9}",
    "\x0b",
    "\t",
];

const PATTERNS: &[&str] = &[
    "^(.*)@example\\.org$",
    "^a b$",
    "\"",
    "^(.*)$",
    "a,b",
    "#",
    "x\\\\",
];

const ROLES: &[&str] = &[
    "alice",
    "all",
    "+staff",
    "with space",
    "\\1",
    "x\\1",
    "a,b",
    "\"",
    "@r",
    "#r",
    "caf\u{e9}",
    "r\\",
];
