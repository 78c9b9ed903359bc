//! What is wrong and what to do about it: facts about a connection, a client and a server in, findings out. Values only: nothing is read, asked
//! or printed here.

mod alert;
mod client;
mod connection;
mod finding;
mod refusal;
mod scene;
mod server;
mod server_certificate;
mod success;
mod transport;

pub use client::diagnose_client;
pub use connection::{Observation, diagnose};
pub use finding::{Finding, Severity};
