//! pg-probe against a scripted server in this process: what is sent, what is made of the answers, and in which order the sslmodes
//! try. Real servers are asked elsewhere.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "that is how a test fails; only the test functions themselves are exempt"
)]

mod binding;
mod login;
mod negotiation;
mod pki;
mod query;
mod scram;
mod server;
mod tls;
