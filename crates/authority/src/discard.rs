//! Taking an authority away that nobody uses yet: making it was part of something that failed.

use std::path::Path;

use hostfile::Trust;

use crate::folder::Folder;
use crate::init::beside;
use crate::{Authority, Error, Filter, State};

/// Takes away an authority, whole or half-made, whose certificates are all unused, and its folder
/// if nothing else is in it. One that has issued anything that may be in use is refused.
///
/// # Errors
/// [`Error::InUse`] where a certificate of it may be in use; what the disk may refuse.
pub fn discard(dir: &Path) -> Result<(), Error> {
    if let Some(authority) = Authority::open(dir)? {
        let own = authority.certificate().serial();
        let used = |entry: &crate::Entry| {
            entry.serial != own && !matches!(entry.state, State::Unused | State::Intended)
        };
        if authority.list(&Filter::default())?.iter().any(used) {
            return Err(Error::InUse {
                folder: dir.to_owned(),
            });
        }
    }
    let Some(folder) = Folder::find(dir)? else {
        return Ok(());
    };
    let store = folder.store();
    // The certificate first: without it the rest is no authority any more.
    for file in [
        folder.certificate(),
        folder.key(),
        store.clone(),
        beside(&store, "-wal"),
        beside(&store, "-shm"),
    ] {
        hostfile::remove(&file, Trust::NoLinks)?;
    }
    hostfile::remove_folder_if_empty(folder.path(), Trust::NoLinks)?;
    Ok(())
}
