//! The binary with the kernel's eyes: where secrets go, and what is left where a process is killed or
//! the disk fails it. Run by `cargo xtask faults`, as root: nobody else can look into a process that
//! keeps itself private.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failing test says where"
)]

mod faults;
mod secrets;
mod steps;
