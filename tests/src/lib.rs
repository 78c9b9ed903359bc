//! The ground of the end-to-end and oracle tests: hosts, clusters, accounts, and what a folder
//! looked like before and after. No test is here, and nothing that a shipped crate needs.
//!
//! The tests drive the binary that `cargo xtask` built, and refuse to run any other: run
//! `cargo xtask e2e` or `cargo xtask oracle`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test's ground may fail loudly; what is printed is the test's own talk"
)]

pub mod attempt;
pub mod cluster;
pub mod first_match;
pub mod foreign;
pub mod generated;
pub mod given;
pub mod host;
pub mod hosts;
pub mod psql;
pub mod said;
pub mod setup;
pub mod site;
pub mod trace;
pub mod tree;

pub use attempt::Attempt;
pub use cluster::Cluster;
pub use foreign::Foreign;
pub use host::{Host, Network};
pub use hosts::{Hosts, carry};
pub use psql::Psql;
pub use said::Said;
pub use site::Site;
pub use trace::Trace;
pub use tree::Tree;
