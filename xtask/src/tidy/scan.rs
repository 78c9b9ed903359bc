//! The sources of each crate against the table of doors.
//!
//! A reading without types: what a method call reaches is clippy's part ([`super::walls`]).

use std::path::Path;

use anyhow::Context as _;

use super::doors::{Behind, DOORS, HOUSES, House, PRINTING, VALUES};
use super::tree::{Mention, MentionKind, Tree};
use super::{Offence, sources};

/// Scans every crate of the table.
pub(crate) fn check(root: &Path, offences: &mut Vec<Offence>) -> anyhow::Result<()> {
    for house in HOUSES {
        check_house(root, house, offences).with_context(|| format!("scanning {}", house.folder))?;
    }
    Ok(())
}

/// Scans one of them.
pub(crate) fn check_house(
    root: &Path,
    house: &House,
    offences: &mut Vec<Offence>,
) -> anyhow::Result<()> {
    let folder = root.join("crates").join(house.folder);
    let mut unread = sources(&folder.join("src"))?;
    for name in ["src/lib.rs", "src/main.rs"] {
        let file = folder.join(name);
        if !file.is_file() {
            continue;
        }
        let tree = Tree::read(&file)?;
        unread.retain(|f| !tree.files.contains(f));
        if house.no_std && !tree.no_std {
            offences.push(Offence::of_file(
                root,
                &file,
                "has to be `no_std` outside tests",
            ));
        }
        for (file, line, what) in &tree.hidden {
            offences.push(Offence::of_line(root, file, *line, what));
        }
        for mention in &tree.mentions {
            let inside = mention
                .file
                .strip_prefix(&folder)
                .unwrap_or(&mention.file)
                .to_string_lossy();
            for path in tree.resolve(mention.module, &mention.path) {
                if let Some(what) = judge(house, &inside, mention, &path) {
                    offences.push(Offence::of_line(root, &mention.file, mention.line, &what));
                }
            }
        }
    }
    for file in unread {
        offences.push(Offence::of_file(
            root,
            &file,
            "belongs to no module: it is never compiled",
        ));
    }
    Ok(())
}

/// What is wrong with naming `path` there, if anything.
fn judge(house: &House, file: &str, mention: &Mention, path: &[String]) -> Option<String> {
    let mut whole = path.join("::");
    if mention.kind == MentionKind::Macro {
        // A bare `println!` comes from the prelude.
        if let [name] = path {
            whole = format!("std::{name}");
        }
        let instead = "write to a stream that was passed in, and look at the error";
        return PRINTING
            .contains(&whole.as_str())
            .then(|| format!("{whole}!: {instead}"));
    }
    if PRINTING.contains(&whole.as_str()) {
        return Some(format!("{whole}: a print macro under another name"));
    }
    if whole == "std" && mention.kind == MentionKind::Whole {
        return Some("std as a whole: name what is imported".to_owned());
    }
    if let Some(behind) = governing(&whole) {
        if !house.opens(behind.door, file) {
            return Some(format!("{whole} ({:?}): {}", behind.door, behind.instead));
        }
        if mention.kind == MentionKind::Public && whole.starts_with("std::") {
            return Some(format!(
                "{whole} ({:?}): a door is not handed on",
                behind.door
            ));
        }
        return None;
    }
    if mention.kind == MentionKind::Whole {
        let below = |entry: &str| {
            entry
                .strip_prefix(&whole)
                .is_some_and(|rest| rest.starts_with("::"))
        };
        let closed = DOORS
            .iter()
            .find(|b| !house.opens(b.door, file) && b.paths.iter().any(|p| below(p)))?;
        return Some(format!(
            "{whole} as a whole brings in {:?}: name what is imported",
            closed.door
        ));
    }
    None
}

/// The door with the longest entry that is `path` or a module around it; none where [`VALUES`] has
/// a longer one.
fn governing(path: &str) -> Option<&'static Behind> {
    let covers = |entry: &str| {
        path.strip_prefix(entry)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let doors = DOORS
        .iter()
        .flat_map(|b| b.paths.iter().map(move |p| (*p, Some(b))));
    doors
        .chain(VALUES.iter().map(|p| (*p, None)))
        .filter(|(entry, _)| covers(entry))
        .max_by_key(|(entry, _)| entry.len())
        .and_then(|(_, behind)| behind)
}
