//! The authority at home: a folder with its certificate (`ca.crt`), its key (`ca.key`) and the
//! store of every certificate that it ever issued (`store.db`).
//!
//! ```text
//! init ──► Authority ──unlock──► Unlocked ──issue──► Certificate, ──crl──► Crl
//!             │ list, entry, events, certificate, current, mark, revoke, audit
//! ```
//!
//! The intent to sign is on the disk before the signature is made, so there is never a certificate
//! that the store does not know of; a serial is unique by the store's own constraint, whatever the
//! number of processes. Every change is an event in a chained log, written in the same transaction.
//! Nothing here installs a file elsewhere, speaks to a server, asks for a
//! passphrase or reads a clock.

mod audit;
mod authority;
mod crl;
mod discard;
mod entry;
mod error;
mod event;
mod folder;
mod import;
mod init;
mod issue;
mod store;
mod under;

pub use audit::{Audit, AuditFinding};
pub use authority::Authority;
pub use crl::{CrlOrder, CrlRecord};
pub use discard::discard;
pub use entry::{Entry, Filter, Revoked, State, UnknownState};
pub use error::{Error, StoreFault};
pub use event::{Event, LogEntry};
pub use import::{BadIndex, Examined, Import, ImportFinding, IndexLine, read_index};
pub use init::{Init, init};
pub use issue::{IssueOrder, Made, Order, Unlocked};
pub use under::{AuthorityOrder, init_under};
