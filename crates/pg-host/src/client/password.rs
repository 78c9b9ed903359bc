//! The password of a connection: given, or from the password file (`fe-connect.c`, `passwordFromFile`).

use std::path::{Path, PathBuf};

use hostfile::FileKind;
use pg_config::conninfo::{Host, Resolved};
use pg_config::passfile;
use pki_core::Secret;

use super::{ClientFiles, ClientNote, Libpq, Sought, secret};

/// Where passwords come from.
pub(super) enum Passwords {
    /// One for every host.
    Given(Secret),
    /// The password file, as libpq reads it.
    File(passfile::Document),
    /// Nowhere.
    None,
}

impl Passwords {
    pub(super) fn read(
        resolved: &Resolved,
        home: &Path,
        libpq: &Libpq,
        files: &mut ClientFiles,
        notes: &mut Vec<ClientNote>,
    ) -> Self {
        if let Some(password) = resolved.get("password").filter(|text| !text.is_empty()) {
            return Self::Given(secret(password));
        }
        let named = resolved.get("passfile").filter(|name| !name.is_empty());
        let path = named.map_or_else(|| home.join(".pgpass"), PathBuf::from);
        let bytes = usable(&path, notes);
        files.passfile = Some(Sought {
            path,
            found: bytes.is_some(),
        });
        bytes.map_or(Self::None, |bytes| {
            Self::File(passfile::Document::parse(bytes, libpq.version))
        })
    }

    /// The password for a host.
    pub(super) fn of(
        &self,
        host: &Host,
        database: &str,
        user: &str,
        libpq: &Libpq,
    ) -> Option<Secret> {
        let file = match self {
            Self::Given(password) => return Some(password.clone()),
            Self::None => return None,
            Self::File(file) => file,
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = given(&host.host)
            .or_else(|| given(&host.hostaddr))
            .unwrap_or_default();
        let name = if name.is_empty() || name == libpq.socket_dir {
            "localhost"
        } else {
            &name
        };
        let found = file.find(&passfile::Wanted {
            host: name,
            port: &host.port.to_string(),
            database,
            user,
        });
        found.map(|found| Secret::new(found.password))
    }
}

/// The bytes of a password file that libpq would use; it does without one that others may read, and says so.
fn usable(path: &Path, notes: &mut Vec<ClientNote>) -> Option<Vec<u8>> {
    let metadata = hostfile::metadata(path).ok()??;
    if metadata.kind != FileKind::File {
        notes.push(ClientNote::PassfileNotPlain(path.to_owned()));
        return None;
    }
    if metadata.mode & 0o077 != 0 {
        notes.push(ClientNote::PassfileTooOpen(path.to_owned()));
        return None;
    }
    hostfile::read(path).ok()
}
