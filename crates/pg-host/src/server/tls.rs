//! The files that the server's TLS is made of: certificate, key, authorities, revocation lists; as they are on disk now, read with the
//! rights of the server's own user.

use std::path::{Path, PathBuf};

use hostfile::{FileKind, Metadata};
use pki_core::{Certificate, Crl, PrivateKey, PublicKey};

use crate::admin::Settings;
use crate::cluster::Cluster;
use crate::files::File;

/// The files, and whether they are in use.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The setting `ssl`. That TLS really is on shows in a connection only: a reload that failed leaves the old state.
    pub on: bool,
    /// `ssl_cert_file`: the server's certificate first, then what it sends along.
    pub certificate: CertificateFile,
    /// `ssl_key_file`.
    pub key: KeyFile,
    /// `ssl_ca_file`; `None` where the setting is empty: no client is asked for a certificate then.
    pub authorities: Option<CertificateFile>,
    /// `ssl_crl_file`; `None` where the setting is empty.
    pub crl: Option<CrlFile>,
    /// `ssl_crl_dir` (14 and newer); `None` where the setting is empty.
    pub crl_dir: Option<PathBuf>,
}

impl TlsFiles {
    pub(super) fn read(cluster: &Cluster, settings: &Settings) -> Result<Self, hostfile::Error> {
        let named = |setting| {
            let value = settings.value(setting);
            // The server opens relative paths from its data folder.
            (!value.is_empty()).then(|| cluster.data_dir.join(value))
        };
        let certificate = named("ssl_cert_file").unwrap_or_default();
        let key = named("ssl_key_file").unwrap_or_default();
        let authorities = named("ssl_ca_file");
        let crl = named("ssl_crl_file");
        let config_dir = Path::new(settings.value("config_file"))
            .parent()
            .map(Path::to_owned);
        let own = [Some(cluster.data_dir.clone()), config_dir];
        let own: Vec<PathBuf> = own.into_iter().flatten().collect();
        cluster.as_owner(|| Self {
            on: settings.is_on("ssl"),
            certificate: CertificateFile::read(&certificate, &own),
            key: KeyFile::read(&key, cluster.owner.uid),
            authorities: authorities.map(|path| CertificateFile::read(&path, &own)),
            crl: crl.map(|path| CrlFile::read(&path, &own)),
            crl_dir: named("ssl_crl_dir"),
        })
    }

    /// Whether the key is that of the certificate; `None` where one of them cannot be read.
    #[must_use]
    pub fn key_fits(&self) -> Option<bool> {
        let certificate = self.certificate.certificates.first()?;
        Some(self.key.public_key.as_ref()? == &certificate.public_key())
    }
}

/// A file of certificates.
#[derive(Debug, Clone)]
pub struct CertificateFile {
    /// Absolute.
    pub path: PathBuf,
    /// The file as it is; `None` where it cannot be read.
    pub file: Option<File>,
    /// What is in it.
    pub certificates: Vec<Certificate>,
    /// What is wrong with it.
    pub problem: Option<FileProblem>,
    /// Whose folder it lies in.
    pub place: Place,
}

impl CertificateFile {
    /// Whether this is a bundle that others use too: it lies outside the cluster's own folders, or holds more authorities than anybody makes
    /// for himself. Such a file is not for a database's authority.
    #[must_use]
    pub fn is_system_bundle(&self) -> bool {
        self.place == Place::Elsewhere || self.certificates.len() > MANY_AUTHORITIES
    }

    /// Whether this is the self-signed certificate that Debian's package ssl-cert makes for every machine.
    #[must_use]
    pub fn is_snakeoil(&self) -> bool {
        self.path == Path::new(SNAKEOIL)
    }

    fn read(path: &Path, own: &[PathBuf]) -> Self {
        let (file, problem) = file(path);
        let parsed = file
            .as_ref()
            .map(|file| Certificate::all_from_pem(&file.bytes));
        let (certificates, parse_problem) = match parsed {
            None => (Vec::new(), None),
            Some(Ok(certificates)) if certificates.is_empty() => {
                (certificates, Some(FileProblem::Empty))
            }
            Some(Ok(certificates)) => (certificates, None),
            Some(Err(error)) => (Vec::new(), Some(FileProblem::Malformed(error.to_string()))),
        };
        Self {
            path: path.to_owned(),
            file,
            certificates,
            problem: problem.or(parse_problem),
            place: Place::of(path, own),
        }
    }
}

/// Whose folder a file lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the cluster's data folder or beside its `postgresql.conf`.
    Own,
    /// Somewhere else, perhaps in use by others.
    Elsewhere,
}

impl Place {
    /// Links are followed: a link in the data folder to the system's bundle is not the cluster's own file.
    fn of(path: &Path, own: &[PathBuf]) -> Self {
        let real = real_path(path);
        let own = own.iter().any(|folder| real.starts_with(real_path(folder)));
        if own { Self::Own } else { Self::Elsewhere }
    }
}

/// The server's key.
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// Absolute.
    pub path: PathBuf,
    /// Owner and mode; `None` where it cannot be looked at.
    pub metadata: Option<Metadata>,
    /// The public half; `None` where the key cannot be read or is encrypted.
    pub public_key: Option<PublicKey>,
    /// Whether a passphrase is needed.
    pub encrypted: bool,
    /// Why the server would not take it.
    pub refusal: Option<KeyRefusal>,
}

impl KeyFile {
    fn read(path: &Path, server: u32) -> Self {
        let metadata = match hostfile::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => {
                return Self::refused(path, None, KeyRefusal::Unreadable(error.to_string()));
            }
        };
        let Some(metadata) = metadata else {
            return Self::refused(path, None, KeyRefusal::Missing);
        };
        let refusal = refused_by_attributes(&metadata, server);
        if metadata.kind != FileKind::File {
            return Self {
                refusal,
                ..Self::refused(path, Some(metadata), KeyRefusal::NotAFile)
            };
        }
        let bytes = match hostfile::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let unreadable = KeyRefusal::Unreadable(error.to_string());
                return Self::refused(path, Some(metadata), refusal.unwrap_or(unreadable));
            }
        };
        let encrypted = PrivateKey::is_encrypted(&bytes);
        let parsed = PrivateKey::from_pem(&bytes, None);
        let malformed = match &parsed {
            Err(error) if !encrypted => Some(KeyRefusal::Malformed(error.to_string())),
            _ => None,
        };
        Self {
            path: path.to_owned(),
            metadata: Some(metadata),
            public_key: parsed.ok().map(|key| key.public_key()),
            encrypted,
            refusal: refusal.or(malformed),
        }
    }

    fn refused(path: &Path, metadata: Option<Metadata>, refusal: KeyRefusal) -> Self {
        Self {
            path: path.to_owned(),
            metadata,
            public_key: None,
            encrypted: false,
            refusal: Some(refusal),
        }
    }
}

/// Why a server does not take a key file (`be-secure-common.c`, `check_ssl_key_file_permissions`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// There is none.
    #[error("it does not exist")]
    Missing,
    /// It cannot be read by the server's user.
    #[error("{0}")]
    Unreadable(String),
    /// It is no regular file.
    #[error("it is not a regular file")]
    NotAFile,
    /// It belongs neither to the server's user nor to root.
    #[error("it must be owned by the database user or root, and belongs to user id {uid}")]
    ForeignOwner {
        /// Its owner.
        uid: u32,
    },
    /// Its mode lets others in.
    #[error("it has group or world access: mode {mode:04o}, at most {most:04o} is allowed")]
    TooOpen {
        /// Its mode.
        mode: u32,
        /// The widest mode that is allowed for its owner.
        most: u32,
    },
    /// It is no key, or of a kind that is not supported.
    #[error("{0}")]
    Malformed(String),
}

/// A file of revocation lists.
#[derive(Debug, Clone)]
pub struct CrlFile {
    /// Absolute.
    pub path: PathBuf,
    /// The file as it is; `None` where it cannot be read.
    pub file: Option<File>,
    /// What is in it.
    pub crls: Vec<Crl>,
    /// What is wrong with it.
    pub problem: Option<FileProblem>,
    /// Whose folder it lies in.
    pub place: Place,
}

impl CrlFile {
    /// Whether it is the cluster's own. Another one may be in use by others too.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.place == Place::Own
    }

    fn read(path: &Path, own: &[PathBuf]) -> Self {
        let (file, problem) = file(path);
        let (crls, parse_problem) = match file.as_ref().map(|file| Crl::all_from_pem(&file.bytes)) {
            None => (Vec::new(), None),
            Some(Ok(crls)) => (crls, None),
            Some(Err(error)) => (Vec::new(), Some(FileProblem::Malformed(error.to_string()))),
        };
        Self {
            path: path.to_owned(),
            file,
            crls,
            problem: problem.or(parse_problem),
            place: Place::of(path, own),
        }
    }
}

/// What is wrong with a file of certificates or revocation lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// There is none.
    #[error("it does not exist")]
    Missing,
    /// It cannot be read by the server's user.
    #[error("{0}")]
    Unreadable(String),
    /// There is no certificate in it.
    #[error("it holds no certificate")]
    Empty,
    /// Something in it cannot be parsed.
    #[error("{0}")]
    Malformed(String),
}

fn file(path: &Path) -> (Option<File>, Option<FileProblem>) {
    match File::read(path) {
        Ok(Some(file)) => (Some(file), None),
        Ok(None) => (None, Some(FileProblem::Missing)),
        Err(error) => (None, Some(FileProblem::Unreadable(error.to_string()))),
    }
}

/// The rule about owner and mode; `server` is the server's user id.
fn refused_by_attributes(key: &Metadata, server: u32) -> Option<KeyRefusal> {
    if key.kind != FileKind::File {
        return Some(KeyRefusal::NotAFile);
    }
    if key.uid != server && key.uid != 0 {
        return Some(KeyRefusal::ForeignOwner { uid: key.uid });
    }
    // A server that runs as root does not exist, so root's file is never the server's own.
    let (forbidden, most) = if key.uid == 0 {
        (0o037, 0o640)
    } else {
        (0o077, 0o600)
    };
    (key.mode & forbidden != 0).then_some(KeyRefusal::TooOpen {
        mode: key.mode,
        most,
    })
}

/// The path without links; as it is where it leads nowhere.
fn real_path(path: &Path) -> PathBuf {
    hostfile::resolve(path, hostfile::Trust::Owner)
        .map_or_else(|_| path.to_owned(), |resolved| resolved.path)
}

/// More certificates than this in one file are a bundle of public authorities.
const MANY_AUTHORITIES: usize = 16;

/// Debian's package ssl-cert makes it.
const SNAKEOIL: &str = "/etc/ssl/certs/ssl-cert-snakeoil.pem";

#[cfg(test)]
mod tests;
