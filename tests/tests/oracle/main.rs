//! The oracle: our reading of PostgreSQL's files and our certificates, judged by PostgreSQL of
//! every version and by OpenSSL. Run by `cargo xtask oracle`.
#![expect(clippy::unwrap_used, reason = "a failing test says where")]

mod certificates;
mod conf;
mod hba;
mod servers;
