//! What is there, gathered once before planning: planning itself asks nobody and reads nothing, so
//! that a plan follows from its facts alone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use authority::Authority;
use hostfile::Account;
use pg_config::resolve::{Files, ReadError};
use pg_host::client::ClientFacts;
use pg_host::{Cluster, HostFiles, ServerFacts};
use pki_core::{Certificate, PrivateKey, PublicKey, Time};

use crate::draft::stem;

/// Everything that a plan may depend on.
#[derive(Debug)]
pub struct Facts {
    /// Now.
    pub now: Time,
    /// Whose rights are in use.
    pub account: Account,
    /// The authority, where the goal has one.
    pub authority: Option<AuthorityFacts>,
    /// The server, where the goal has one.
    pub server: Option<Server>,
    /// The client, where the goal has one.
    pub client: Option<Client>,
}

/// The authority's folder.
#[derive(Debug)]
pub struct AuthorityFacts {
    /// The certificate of the authority that is there.
    pub certificate: Option<Certificate>,
}

impl AuthorityFacts {
    /// Looks into the folder.
    ///
    /// # Errors
    /// Where something is there that is not an authority, or cannot be looked at.
    pub fn gather(dir: &Path) -> Result<Self, authority::Error> {
        Ok(AuthorityFacts {
            certificate: Authority::open(dir)?.map(|found| found.certificate().clone()),
        })
    }
}

/// A server and the files that its configuration is made of.
#[derive(Debug)]
pub struct Server {
    /// What the server and its files say.
    pub host: ServerFacts,
    /// Every file of the configuration and the rules, as it was read.
    pub files: Snapshot,
    /// With whose rights each of those files, and the data folder's, are written.
    pub writers: BTreeMap<PathBuf, Account>,
    /// Which of the names that setup would use in the data folder are taken.
    pub taken: Vec<PathBuf>,
}

impl Server {
    /// Completes what pg-host found with the files themselves.
    ///
    /// # Errors
    /// Where a file or folder cannot be looked at.
    pub fn gather(host: ServerFacts, acting: &Account) -> Result<Self, hostfile::Error> {
        let cluster = &host.cluster;
        let config_file = host.configuration.file.path.to_string_lossy().into_owned();
        let hba_file = host.hba.file.path.to_string_lossy().into_owned();
        let (files, taken) = cluster.as_owner(|| {
            let recorder = Recorder::default();
            pg_config::resolve::Settings::read(&recorder, &config_file, cluster.data_dir.to_str());
            let _ = pg_config::hba::RuleSet::read(&recorder, &hba_file, host.version);
            let taken: Result<Vec<PathBuf>, hostfile::Error> = DATA_FILES
                .iter()
                .map(|name| cluster.data_dir.join(name))
                .filter_map(|path| match hostfile::link_metadata(&path) {
                    Ok(Some(_)) => Some(Ok(path)),
                    Ok(None) => None,
                    Err(error) => Some(Err(error)),
                })
                .collect();
            (recorder.into_snapshot(), taken)
        })?;
        let taken = taken?;
        let mut files = files;
        if let Some(ident) = &host.ident.file {
            files.files.insert(
                ident.path.to_string_lossy().into_owned(),
                Ok(ident.bytes.clone()),
            );
        }
        let mut writers = BTreeMap::new();
        let folders = files
            .files
            .keys()
            .filter_map(|path| Path::new(path).parent())
            .chain([cluster.data_dir.as_path()]);
        for folder in folders {
            if !writers.contains_key(folder) {
                writers.insert(folder.to_owned(), writer(cluster, folder, acting)?);
            }
        }
        Ok(Server {
            host,
            files,
            writers,
            taken,
        })
    }

    /// With whose rights a file is written: those of the server's user in the server's own folders,
    /// so that a link planted there leads no further than that user gets; else those in use.
    pub(crate) fn writer(&self, path: &Path, acting: &Account) -> Account {
        path.parent()
            .and_then(|folder| self.writers.get(folder))
            .unwrap_or(acting)
            .clone()
    }
}

fn writer(cluster: &Cluster, folder: &Path, acting: &Account) -> Result<Account, hostfile::Error> {
    let owned = hostfile::metadata(folder)?.is_some_and(|m| m.uid == cluster.owner.uid);
    Ok(if owned {
        cluster.owner.clone()
    } else {
        acting.clone()
    })
}

/// A client's files, those that a service names included.
#[derive(Debug)]
pub struct Client {
    /// What pg-host found.
    pub host: ClientFacts,
    /// The certificate files that services or the usual names lead to; `None`: something is there
    /// that is no certificate.
    pub certificates: BTreeMap<PathBuf, Option<Vec<Certificate>>>,
    /// The key files likewise; `None`: something is there that is no key or needs a passphrase.
    pub keys: BTreeMap<PathBuf, Option<PublicKey>>,
    /// What the server's name leads to, where it is looked up on this machine.
    pub addresses: Vec<IpAddr>,
}

impl Client {
    /// Completes what pg-host found with the files that `names` (services and roles) may lead to.
    ///
    /// # Errors
    /// Where a file is there and cannot be looked at.
    pub fn gather(
        host: ClientFacts,
        names: &[String],
        addresses: Vec<IpAddr>,
    ) -> Result<Self, hostfile::Error> {
        let folder = host.folder_path();
        let mut certificate_paths = vec![folder.join("postgresql.crt"), folder.join("root.crt")];
        let mut key_paths = vec![folder.join("postgresql.key")];
        for name in names.iter().map(|name| stem(name)) {
            certificate_paths.extend([
                folder.join(format!("{name}.crt")),
                folder.join(format!("{name}-root.crt")),
            ]);
            key_paths.push(folder.join(format!("{name}.key")));
        }
        for section in host.services.sections() {
            certificate_paths.extend(
                ["sslcert", "sslrootcert"]
                    .iter()
                    .filter_map(|key| section.get(key))
                    .map(PathBuf::from),
            );
            key_paths.extend(section.get("sslkey").map(PathBuf::from));
        }
        let account = host.account.clone();
        let (certificates, keys) = hostfile::acting_as(&account, || {
            let mut certificates = BTreeMap::new();
            for path in certificate_paths {
                if let Some(bytes) = present(&path)? {
                    let found = Certificate::all_from_pem(&bytes)
                        .ok()
                        .filter(|found| !found.is_empty());
                    certificates.insert(path, found);
                }
            }
            let mut keys = BTreeMap::new();
            for path in key_paths {
                if let Some(bytes) = present(&path)? {
                    let key = PrivateKey::from_pem(pki_core::Secret::new(bytes).as_bytes(), None);
                    keys.insert(path, key.ok().map(|key| key.public_key()));
                }
            }
            Ok::<_, hostfile::Error>((certificates, keys))
        })??;
        Ok(Client {
            host,
            certificates,
            keys,
            addresses,
        })
    }
}

/// What stands at a path; empty where it is there and cannot be read as a file.
fn present(path: &Path) -> Result<Option<Vec<u8>>, hostfile::Error> {
    match hostfile::read_if_exists(path) {
        Err(hostfile::Error::NotAFile { .. }) => Ok(Some(Vec::new())),
        read => read,
    }
}

/// Files and folders as they were at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    files: BTreeMap<String, Result<Vec<u8>, ReadError>>,
    folders: BTreeMap<String, Result<Vec<String>, ReadError>>,
}

impl Snapshot {
    /// The bytes of a file that was there.
    pub(crate) fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path)?.as_deref().ok()
    }

    /// Replaces a file.
    pub(crate) fn set(&mut self, path: String, bytes: Vec<u8>) {
        self.files.insert(path, Ok(bytes));
    }
}

impl Files for Snapshot {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.files
            .get(path)
            .cloned()
            .unwrap_or(Err(ReadError::Missing))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        self.folders
            .get(folder)
            .cloned()
            .unwrap_or(Err(ReadError::Missing))
    }
}

/// Reads from the disk and keeps what it read.
#[derive(Default)]
struct Recorder {
    seen: RefCell<Snapshot>,
}

impl Recorder {
    fn into_snapshot(self) -> Snapshot {
        self.seen.into_inner()
    }
}

impl Files for Recorder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let read = HostFiles.read(path);
        self.seen
            .borrow_mut()
            .files
            .insert(path.to_owned(), read.clone());
        read
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let listed = HostFiles.list(folder);
        self.seen
            .borrow_mut()
            .folders
            .insert(folder.to_owned(), listed.clone());
        listed
    }
}

/// The names that setup uses in a data folder: the usual ones, and those for when they are taken.
pub(crate) const DATA_FILES: [&str; 6] = [
    "server.crt",
    "server.key",
    "root.crt",
    "pgcert-server.crt",
    "pgcert-server.key",
    "pgcert-root.crt",
];
