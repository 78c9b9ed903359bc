//! The licences' texts beside each published manifest: cargo packs what lies in a crate's own folder, and both licences ask
//! for their text to go along. They are links to those at the root.

use std::path::Path;

use super::doors::HOUSES;
use super::{Offence, read};

/// What lies in every crate's folder.
const TEXTS: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Compares every crate's texts with those of the workspace.
pub(crate) fn check(root: &Path, offences: &mut Vec<Offence>) -> anyhow::Result<()> {
    for name in TEXTS {
        let text = read(&root.join(name))?;
        for house in HOUSES {
            let path = root.join("crates").join(house.folder).join(name);
            if std::fs::read_to_string(&path).unwrap_or_default() != text {
                let what =
                    format!("is not the licence that the crate is under: ln -s ../../{name}");
                offences.push(Offence::of_file(root, &path, &what));
            }
        }
    }
    Ok(())
}
