//! Files on ground one does not trust, and the accounts they belong to: the only door of the project to the disk.
//!
//! * Reading ([`read`], [`metadata()`], [`list`]) opens as open(2) does, links followed: what libpq or the server itself would see.
//! * Writing walks the folders one by one, follows only links that nobody else could have planted ([`Trust`]), gives the new
//!   file its owner and mode before the first byte, and swaps whole files ([`stage`], [`Staged::swap`], [`Swapped::undo`]).
//! * [`acting_as`] and [`becoming`] run work with another account's rights.
//!
//! What is written, and when, is decided elsewhere. A process that writes must ignore SIGXFSZ, or a write past RLIMIT_FSIZE
//! kills it instead of failing; signals are the business of the binary.

#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "the tests run programs and look at the environment"
    )
)]

mod abandoned;
mod account;
mod acting;
mod attributes;
mod create;
mod error;
mod folder;
#[cfg(test)]
mod ground;
mod lock;
mod machine;
mod made;
mod many;
mod read;
mod recover;
mod stage;
mod swap;
mod walk;

pub use abandoned::clear_abandoned;
pub use account::{Account, AccountError};
pub use acting::{acting_as, becoming};
pub use attributes::{Ground, set_attributes};
pub use create::{append, create_new, open_for_database, remove, replace, replace_with};
pub use error::Error;
pub use folder::{make_folder, remove_folder_if_empty};
pub use lock::Lock;
pub use machine::{Interface, forbid_core_dumps, host_name, interfaces};
pub use many::NewFiles;
pub use read::{
    FileKind, Metadata, READ_LIMIT, link_metadata, list, metadata, read, read_if_exists, read_link,
    read_stream, reader,
};
pub use recover::{Recovered, recover_keep, recover_undo};
pub use stage::{Difference, Staged, differs, leftovers, stage, stage_removal};
pub use swap::{FileId, SwapRecord, Swapped};
pub use walk::{Followed, Planter, Resolved, Trust, resolve};
