//! From a goal to a server that lets a role in by certificate, proven or untouched.
//!
//! ```text
//! Goal + Facts ──draft──► Plan ──approve──► Approved ──apply──► Proof
//!                          │ Refusal          │ Unaccepted       │ Failed: everything is back
//! ```
//!
//! [`draft()`] is pure: a plan follows from its goal and facts alone, so that a dry run shows exactly
//! what the real one does. [`apply()`] alone changes anything: under a lock, each change announced in
//! a journal before, each undone when a later one or the proof fails. [`recover()`] does the same
//! after a crash. Nothing here asks a person, or prints.

mod apply;
mod draft;
mod facts;
mod failure;
mod goal;
mod journal;
mod mark;
mod plan;
mod proof;
mod recover;
mod refusal;
mod running;
mod stem;
mod unused;
mod workshop;

pub use apply::apply;
pub use draft::{draft, server_name};
pub use facts::{AuthorityFacts, Client, Facts, Server, Snapshot};
pub use failure::{ApplyError, Failed, NotPutBack};
pub use goal::{
    AccessGoal, AuthorityGoal, ClientGoal, Expectation, Goal, Identity, Login, Material, Reach,
    Remote, ServerGoal, Wish,
};
pub use journal::JournalError;
pub use mark::{marked, marks};
pub use plan::{
    AlterSystem, Approved, Before, Consent, Consequence, InitAuthority, Issue, MakeFolder, Note,
    Part, Plan, Side, Step, Unaccepted, UnknownConsent, Write,
};
pub use proof::{Proof, ProofError, ProvenLogin};
pub use recover::{Recovery, Unfinished, recover, unfinished};
pub use refusal::Refusal;
pub use stem::stem;
pub use workshop::{ClientSeat, Way, Workshop};
