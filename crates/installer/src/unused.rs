//! Certificates that were issued for an apply that was taken back: they stay on record, as unused.

use std::path::Path;

use authority::{Authority, Filter, State};
use hostfile::Account;
use pki_core::{Fingerprint, Time};

/// Says in the store that what was issued for a key is not in use.
pub(crate) fn mark_unused(
    dir: &Path,
    key: &Fingerprint,
    now: Time,
) -> Result<(), authority::Error> {
    let Some(authority) = Authority::open(dir)? else {
        return Ok(());
    };
    let issued = Filter {
        states: vec![State::Issued],
        ..Filter::default()
    };
    let by = Account::current().map_or_else(|_| "unknown".to_owned(), |account| account.name);
    for entry in authority.list(&issued)? {
        if entry.public_key == *key {
            authority.mark(&entry.serial, State::Unused, &by, now)?;
        }
    }
    Ok(())
}

/// What is left when that fails.
pub(crate) fn unmarked(dir: &Path) -> String {
    format!(
        "the record of an unused certificate in {}",
        dir.join("store.db").display()
    )
}
