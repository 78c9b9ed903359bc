//! The end-to-end tests: one machine or three, a real server, real clients. Run by
//! `cargo xtask e2e`, once for each version of PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a failing test says where")]

mod by_hand;
mod by_parts;
mod by_pgcert;
mod check;
mod ground;
mod papers;
mod refused;
mod setup;
mod taken_back;
mod three_hosts;
mod trace;
mod unwritable;
