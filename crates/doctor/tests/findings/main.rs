//! Every finding as people read it.

#![expect(
    clippy::unwrap_used,
    reason = "that is how a test fails; only the test functions themselves are exempt"
)]

mod alert;
mod client;
mod refusal;
mod server_certificate;
mod stage;
mod success;
mod transport;
