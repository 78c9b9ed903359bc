//! The oracle: our reading of PostgreSQL's files and our certificates, judged by PostgreSQL of
//! every version, by OpenSSL and by pkilint. Run by `cargo xtask oracle`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failing test says where"
)]

mod chains;
mod conf;
mod crl;
mod crowd;
mod desk;
mod generated;
mod ghosts;
mod hba;
mod import;
mod key_files;
mod keys;
mod libpq;
mod lint;
mod log;
mod logins;
mod made;
mod meaning;
mod parameters;
mod regex;
mod reload;
mod requests;
mod servers;
mod verify;
mod wire;
