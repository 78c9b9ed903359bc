//! What a user has already: the files with libpq's default names, and the service file. For whoever wants to add to them.

use std::path::{Path, PathBuf};

use hostfile::{Account, Metadata};
use pg_config::Version;
use pg_config::service;

use crate::files::File;

/// A user's libpq files.
#[derive(Debug, Clone)]
pub struct ClientFacts {
    /// Whose they are, and who may write them.
    pub account: Account,
    /// The folder that they lie in; not always the account's own home.
    pub home: PathBuf,
    /// The home folder's owner and mode; `None` where there is no such folder.
    pub home_metadata: Option<Metadata>,
    /// `.postgresql`'s owner and mode; `None` where there is no such folder.
    pub folder: Option<Metadata>,
    /// `.postgresql/postgresql.crt`.
    pub certificate: Option<File>,
    /// `.postgresql/postgresql.key`: attributes only.
    pub key: Option<Metadata>,
    /// `.postgresql/root.crt`.
    pub roots: Option<File>,
    /// `.postgresql/root.crl`.
    pub crl: Option<File>,
    /// `.pg_service.conf`.
    pub service_file: Option<File>,
    /// The same, read; empty where there is none.
    pub services: service::Document,
}

impl ClientFacts {
    /// The folder `.postgresql`, whether it is there or not.
    #[must_use]
    pub fn folder_path(&self) -> PathBuf {
        self.home.join(".postgresql")
    }

    /// The service file's path, whether it is there or not.
    #[must_use]
    pub fn service_path(&self) -> PathBuf {
        self.home.join(".pg_service.conf")
    }

    /// Whether libpq's default names are free: neither certificate, nor key, nor root file.
    #[must_use]
    pub fn default_names_are_free(&self) -> bool {
        self.certificate.is_none() && self.key.is_none() && self.roots.is_none()
    }
}

/// Looks at a user's files, with his rights. `home` is the folder to look in where it is not the account's own; `version` is the oldest libpq
/// that shall read the service file.
///
/// # Errors
/// Where a file is there and cannot be read, or the rights cannot be taken on.
pub fn client_facts(
    account: &Account,
    home: Option<&Path>,
    version: Version,
) -> Result<ClientFacts, hostfile::Error> {
    let home = home.unwrap_or(&account.home).to_owned();
    hostfile::acting_as(account, || {
        let folder = home.join(".postgresql");
        let service_file = File::read(&home.join(".pg_service.conf"))?;
        let service_bytes = service_file.as_ref().map_or(&[][..], |file| &file.bytes);
        Ok(ClientFacts {
            services: service::Document::parse(service_bytes, version),
            account: account.clone(),
            home_metadata: hostfile::metadata(&home)?,
            folder: hostfile::metadata(&folder)?,
            certificate: File::read(&folder.join("postgresql.crt"))?,
            key: hostfile::metadata(&folder.join("postgresql.key"))?,
            roots: File::read(&folder.join("root.crt"))?,
            crl: File::read(&folder.join("root.crl"))?,
            home,
            service_file,
        })
    })?
}
