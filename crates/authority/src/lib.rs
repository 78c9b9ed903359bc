//! The authority at home: a folder with its certificate (`ca.crt`), its key (`ca.key`) and the
//! store of every certificate that it ever issued (`store.db`).
//!
//! ```text
//! init ──► Authority ──unlock──► Unlocked ──issue──► Certificate
//!             │ list, entry, certificate, current, mark
//! ```
//!
//! The intent to sign is on the disk before the signature is made, so there is never a certificate
//! that the store does not know of; a serial is unique by the store's own constraint, whatever the
//! number of processes. Nothing here installs a file elsewhere, speaks to a server, asks for a
//! passphrase or reads a clock.

mod authority;
mod discard;
mod entry;
mod error;
mod folder;
mod init;
mod issue;
mod store;

pub use authority::Authority;
pub use discard::discard;
pub use entry::{Entry, Filter, State, UnknownState};
pub use error::{Error, StoreFault};
pub use init::{Init, init};
pub use issue::{IssueOrder, Unlocked};
