//! What is there, gathered once before planning: planning itself asks nobody and reads nothing, so
//! that a plan follows from its facts alone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use authority::Authority;
use hostfile::{Account, Followed, Trust};
use pg_config::resolve::{Files, ReadError};
use pg_host::client::ClientFacts;
use pg_host::{Cluster, HostFiles, ServerFacts};
use pki_core::{Certificate, PrivateKey, PublicKey, Secret, Time};

use crate::stem::stem;

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
    /// The certificate of the authority that is there, then each one's issuer, the root last; empty
    /// where there is no authority.
    pub path: Vec<Certificate>,
    /// Whether its key needs a passphrase.
    pub key_is_encrypted: bool,
}

impl AuthorityFacts {
    /// Looks into the folder.
    ///
    /// # Errors
    /// Where something is there that is not an authority, or cannot be looked at.
    pub fn gather(dir: &Path) -> Result<Self, authority::Error> {
        let Some(found) = Authority::open(dir)? else {
            return Ok(AuthorityFacts {
                path: Vec::new(),
                key_is_encrypted: false,
            });
        };
        Ok(AuthorityFacts {
            path: found.path().to_vec(),
            // An authority whose key is elsewhere issues nothing here, and gives nothing away.
            key_is_encrypted: found.key_is_encrypted().unwrap_or(true),
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
    /// Which of the configuration's files were written after the server last read them.
    pub unloaded: Vec<PathBuf>,
    /// The links on the way to all of them, which only those could have made who may.
    pub links: Vec<Followed>,
}

impl Server {
    /// Completes what pg-host found with the files themselves.
    ///
    /// # Errors
    /// Where a file or folder cannot be looked at.
    ///
    /// `loaded`: when the server last read its files, in microseconds since the Unix epoch.
    pub fn gather(
        host: ServerFacts,
        loaded: i64,
        acting: &Account,
    ) -> Result<Self, hostfile::Error> {
        let cluster = &host.cluster;
        let config_file = host.configuration.file.path.to_string_lossy().into_owned();
        let hba_file = host.hba.file.path.to_string_lossy().into_owned();
        let (files, taken) = cluster.as_owner(|| {
            let recorder = Recorder::default();
            pg_config::resolve::Settings::read(
                &recorder,
                &config_file,
                cluster.data_dir.to_str(),
                host.version,
            );
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
        let mut links = Vec::new();
        let paths = files.files.keys().map(Path::new);
        for path in paths.chain(taken.iter().map(PathBuf::as_path)) {
            let folder = path.parent().unwrap_or(path);
            if !writers.contains_key(folder) {
                writers.insert(folder.to_owned(), writer(cluster, folder, acting)?);
            }
            let writer = writers.get(folder).unwrap_or(acting);
            note_links(&mut links, hostfile::acting_as(writer, || way_to(path))??);
        }
        let unloaded = cluster.as_owner(|| unloaded(&files, loaded))??;
        let data_dir = &cluster.data_dir;
        let owner = writer(cluster, data_dir, acting)?;
        note_links(
            &mut links,
            hostfile::acting_as(&owner, || way_to(data_dir))??,
        );
        writers.insert(data_dir.clone(), owner);
        Ok(Server {
            host,
            files,
            writers,
            taken,
            unloaded,
            links,
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

/// The files that were written later than the server last read them. Times of files are whole
/// seconds here: one written in the very second of the reload is taken for read.
fn unloaded(files: &Snapshot, loaded: i64) -> Result<Vec<PathBuf>, hostfile::Error> {
    let mut later = Vec::new();
    for path in files.files.keys().map(PathBuf::from) {
        let written = hostfile::metadata(&path)?.map_or(0, |found| found.mtime);
        if written > loaded.div_euclid(1_000_000) {
            later.push(path);
        }
    }
    Ok(later)
}

/// The links that lead to a path. One that somebody else could have planted is an error.
fn way_to(path: &Path) -> Result<Vec<Followed>, hostfile::Error> {
    match hostfile::resolve(path, Trust::Owner) {
        Ok(resolved) => Ok(resolved.followed),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn note_links(links: &mut Vec<Followed>, found: Vec<Followed>) {
    for link in found {
        if !links.contains(&link) {
            links.push(link);
        }
    }
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
    /// The links on the way to the files.
    pub links: Vec<Followed>,
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
        // A relative path means another file in every folder that psql is called in: not ours.
        let path = |value: &str| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
        for section in host.services.sections() {
            let named = |key| section.get(key).and_then(path);
            certificate_paths.extend(
                [named("sslcert"), named("sslrootcert")]
                    .into_iter()
                    .flatten(),
            );
            key_paths.extend(named("sslkey"));
        }
        let account = host.account.clone();
        let (certificates, keys, links) = hostfile::acting_as(&account, || {
            let certificates = found(certificate_paths, |bytes| {
                let chain = Certificate::all_from_pem(bytes).ok();
                chain.filter(|chain| !chain.is_empty())
            });
            let keys = found(key_paths, |bytes| {
                let key = PrivateKey::from_pem(bytes, None).ok();
                key.map(|key| key.public_key())
            });
            let mut links = way_to(&folder)?;
            note_links(&mut links, way_to(&host.service_path())?);
            Ok::<_, hostfile::Error>((certificates, keys, links))
        })??;
        Ok(Client {
            host,
            certificates,
            keys,
            addresses,
            links,
        })
    }
}

/// What stands at each of the paths where there is anything; `None` where it cannot be read or is
/// something else: it is in the way, and more need not be known.
fn found<T>(
    paths: Vec<PathBuf>,
    read: impl Fn(&[u8]) -> Option<T>,
) -> BTreeMap<PathBuf, Option<T>> {
    let mut all = BTreeMap::new();
    for path in paths {
        match hostfile::read_if_exists(&path).map(|bytes| bytes.map(Secret::new)) {
            Ok(None) => {}
            Ok(Some(bytes)) => {
                all.insert(path, read(bytes.as_bytes()));
            }
            Err(_) => {
                all.insert(path, None);
            }
        }
    }
    all
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
pub(crate) const DATA_FILES: [&str; 8] = [
    "server.crt",
    "server.key",
    "root.crt",
    "root.crl",
    "pgcert-server.crt",
    "pgcert-server.key",
    "pgcert-root.crt",
    "pgcert-root.crl",
];
