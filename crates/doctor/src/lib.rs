//! What is wrong and what to do about it: facts about a connection, a client and a server in, findings out. Values only: nothing is
//! read, asked or printed here.

mod connection;
mod finding;

pub use connection::{Observation, diagnose};
pub use finding::{Finding, Severity};
