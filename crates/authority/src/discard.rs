//! Taking an authority away that nobody uses yet: making it was part of something that failed.

use std::path::Path;

use hostfile::Trust;
use pki_core::Fingerprint;

use crate::folder::Folder;
use crate::store::beside;
use crate::{Authority, Error, Filter, State};

/// Takes away an authority, whole or half-made, whose certificates are all unused, and its folder
/// if nothing else is in it. One that has issued anything that may be in use is refused; certificates
/// of the keys `unused` (SHA-256 of SubjectPublicKeyInfo) count as not in use, whatever the store
/// says: on a full disk nothing more can be written to it.
///
/// # Errors
/// [`Error::InUse`] where a certificate of it may be in use; what the disk may refuse.
pub fn discard(dir: &Path, unused: &[Fingerprint]) -> Result<(), Error> {
    if let Some(authority) = Authority::open(dir)? {
        let own = authority.certificate().serial();
        let used = |entry: &crate::Entry| {
            entry.serial != own
                && !matches!(entry.state, State::Unused | State::Intended)
                && !unused.contains(&entry.public_key)
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
    remove(&folder)?;
    hostfile::remove_folder_if_empty(folder.path(), Trust::NoLinks)?;
    Ok(())
}

/// Takes an authority's files away. The certificate first: without it the rest is no authority any
/// more.
pub(crate) fn remove(folder: &Folder) -> Result<(), Error> {
    let store = folder.store();
    for file in [
        folder.certificate(),
        folder.key(),
        store.clone(),
        beside(&store, "-wal"),
        beside(&store, "-shm"),
        beside(&store, "-journal"),
    ] {
        hostfile::remove(&file, Trust::NoLinks)?;
    }
    for leftover in hostfile::leftovers(folder.path())? {
        hostfile::remove(&leftover, Trust::NoLinks)?;
    }
    hostfile::clear_abandoned(folder.path());
    Ok(())
}
