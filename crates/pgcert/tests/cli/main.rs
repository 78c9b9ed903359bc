//! The command as people and scripts meet it: its words, its exit codes, its files. Nothing here
//! needs a server; those that do are in the workspace's `tests/`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "that is how a test fails; only the test functions themselves are exempt"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the ground that the tests stand on has to be made"
)]

mod batch;
mod ca;
mod check;
mod colour;
mod complete;
mod conf;
mod escaping;
mod explain;
mod explain_maps;
mod export;
mod hba;
mod help;
mod ident;
mod import;
mod included;
mod inspect;
mod install_client;
mod install_server;
mod intermediate;
mod issue;
mod issued;
mod manual;
mod mistakes;
mod passphrase;
mod permissions;
mod pipe;
mod place;
mod reach;
mod request;
mod revoke;
mod samples;
mod service;
mod setup;
mod sign;
mod simulate;
mod terminal;
mod usage;
