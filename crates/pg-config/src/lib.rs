//! PostgreSQL's configuration files, libpq's connection files and connection strings: as documents that lose
//! nothing, and as what they mean to the server and to libpq.
//!
//! Values and bytes only: the crate cannot name a disk, a clock or an environment. What has to be read is read
//! through [`resolve::Files`]; the environment is a function that the caller passes in.
//!
//! - [`conf`]: `postgresql.conf`; [`hba`]: `pg_hba.conf`; [`ident`]: `pg_ident.conf`; [`hosts`]:
//!   `pg_hosts.conf`
//! - [`service`]: `pg_service.conf`; [`passfile`]: `.pgpass`; [`conninfo`]: connection strings and URIs
//! - [`lint`]: what is worth saying about any of them
//! - [`resolve`]: includes followed and settings in force; [`text`]: lines, spans and changes, the shared base;
//!   [`Version`]: which PostgreSQL knows what
//!
//! Three promises hold for every document: parsing never fails and gives the same bytes back
//! (`parse(b).to_bytes() == b`); an edit changes the bytes of what it names and no others; applied again it
//! changes nothing.
//! `parse` takes bytes or text, and what it is given for good (a `Vec`, a `String`) it does not copy.
//!
//! ```
//! use pg_config::conf::Document;
//!
//! let mut conf = Document::parse(b"port = 5433\n#ssl = off\t\t# no TLS yet\n");
//! conf.set("ssl", "on")?;
//! assert_eq!(conf.to_bytes(), b"port = 5433\nssl = on\t\t# no TLS yet\n");
//! assert!(conf.set("SSL", "on")?.is_empty());
//! # Ok::<(), pg_config::conf::EditError>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod compact;
pub mod conf;
pub mod conninfo;
mod diagnostic;
pub mod hba;
pub mod hosts;
pub mod ident;
mod in_file;
pub mod lint;
pub mod passfile;
mod regex;
pub mod resolve;
pub mod service;
pub mod text;
pub mod tokens;
mod version;

/// The examples of the page that crates.io shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub use diagnostic::{Diagnostic, Severity};
pub use in_file::InFile;
pub use version::{UnknownVersion, Version};
