//! An authority that is there: opening it, looking at it, asking its store. Making one is `init`,
//! using its key `issue`.

use std::path::Path;

use pki_core::{
    Certificate, Kind, PrivateKey, RevocationReason, Secret, Serial, Signer, Time, check_path,
};

use crate::folder::{Folder, private};
use crate::store::{Revoking, Store};
use crate::{CrlRecord, Entry, Error, Filter, LogEntry, State, Unlocked};

/// An authority whose certificate and store are open. Its key is not: see [`Authority::unlock`].
///
/// Any number of processes may have the same authority open. The last one to drop it folds SQLite's
/// log into `store.db`; a process that ends without dropping leaves that to the next one.
#[derive(Debug)]
pub struct Authority {
    pub(crate) folder: Folder,
    pub(crate) certificate: Certificate,
    /// What `ca.crt` holds: the certificate above, then each one's issuer, the root last.
    path: Vec<Certificate>,
    pub(crate) store: Store,
}

impl Authority {
    /// Opens the authority in a folder. `None`: there is no authority, that is, no `ca.crt`.
    ///
    /// No file's bytes, owner, mode or times are changed, unless a crash or an older release left
    /// something to complete; SQLite's `-wal` and `-shm` come and go.
    ///
    /// # Errors
    /// [`Error::Exposed`] where others have access to the folder, [`Error::BadCertificate`],
    /// [`Error::NotAnAuthority`], [`Error::ForeignStore`] where the parts do not make an authority,
    /// [`Error::Missing`] for a missing store, [`Error::Store`] where the database refuses.
    pub fn open(dir: &Path) -> Result<Option<Self>, Error> {
        let Some(folder) = Folder::find(dir)? else {
            return Ok(None);
        };
        let path = folder.certificate();
        if !folder.has(&path)? {
            return Ok(None);
        }
        folder.vet(&path)?;
        let (certificate, path) = certificates(&path)?;
        folder.vet(&folder.store())?;
        let store = Store::open(&folder.store())?;
        let authority = Self {
            folder,
            certificate,
            path,
            store,
        };
        authority.complete()?;
        Ok(Some(authority))
    }

    /// The certificate of the key that signs here.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What follows a certificate from here in its file: this authority's own and those above it, without the root,
    /// which the other side has. Empty where the authority is the root itself.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        self.path.split_last().map_or(&[], |(_, chain)| chain)
    }

    /// The root: what others trust, and have in their `root.crt`.
    #[must_use]
    pub fn anchor(&self) -> &Certificate {
        self.path.last().unwrap_or(&self.certificate)
    }

    /// This authority's certificate, then each one's issuer, the root last.
    #[must_use]
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// The folder, links resolved.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether a passphrase is needed to [`unlock`](Self::unlock).
    ///
    /// # Errors
    /// As for [`unlock`](Self::unlock), but for the passphrase.
    pub fn key_is_encrypted(&self) -> Result<bool, Error> {
        Ok(PrivateKey::is_encrypted(self.read_key()?.as_bytes()))
    }

    /// Reads the key. A passphrase for a key that is not encrypted is ignored.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is no `ca.key`, [`Error::Exposed`] or [`Error::ForeignOwner`]
    /// where others could have read or put it there, [`Error::Key`] for a missing or wrong
    /// passphrase or a malformed key, [`Error::KeyMismatch`] where it is another key than the one in
    /// the certificate.
    pub fn unlock(&self, passphrase: Option<&Secret>) -> Result<Unlocked<'_>, Error> {
        let path = self.folder.key();
        let key =
            PrivateKey::from_pem(self.read_key()?.as_bytes(), passphrase).map_err(|source| {
                Error::Key {
                    path: path.clone(),
                    source,
                }
            })?;
        if Signer::public_key(&key) != self.certificate.public_key() {
            return Err(Error::KeyMismatch { path });
        }
        Ok(Unlocked {
            authority: self,
            key,
        })
    }

    /// The entries that the filter admits, the authority's own among them, in the order in which
    /// they were ordered.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn list(&self, filter: &Filter) -> Result<Vec<Entry>, Error> {
        self.store.list(filter)
    }

    /// What the store says about a serial. `None`: nothing.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn entry(&self, serial: &Serial) -> Result<Option<Entry>, Error> {
        self.store.entry(serial)
    }

    /// The certificate with this serial. `None`: unknown, or only intended.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn issued(&self, serial: &Serial) -> Result<Option<Certificate>, Error> {
        let Some(der) = self.store.der(serial)? else {
            return Ok(None);
        };
        Certificate::from_der(&der).map(Some).map_err(|error| {
            self.store
                .damaged(&format!("certificate {serial}: {error}"))
        })
    }

    /// The certificates for a name that can be used at a time, issued or unused, newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn current(&self, kind: Kind, name: &str, at: Time) -> Result<Vec<Entry>, Error> {
        let filter = Filter {
            kind: Some(kind),
            name: Some(name.to_owned()),
            states: vec![State::Issued, State::Unused],
            valid_at: Some(at),
            ..Filter::default()
        };
        let mut entries = self.store.list(&filter)?;
        entries.reverse();
        Ok(entries)
    }

    /// Says that a certificate is in use ([`State::Issued`]) or free for the next taker
    /// ([`State::Unused`]), and who says so when. Saying what is so already writes nothing.
    ///
    /// # Errors
    /// [`Error::UnknownSerial`]; [`Error::Transition`] for any other state, from or to;
    /// [`Error::Store`].
    pub fn mark(&self, serial: &Serial, state: State, by: &str, at: Time) -> Result<(), Error> {
        self.store.mark(serial, state, by, at)
    }

    /// What the log tells about a serial, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn events(&self, serial: &Serial) -> Result<Vec<LogEntry>, Error> {
        self.store.events(serial)
    }

    /// Revokes certificates, all of them or none. How many were not revoked before; the others are left
    /// as they are. It counts on a server once a revocation list that has them is loaded there. An
    /// intent can be revoked too: nothing is handed out for it from then on.
    ///
    /// # Errors
    /// [`Error::UnknownSerial`]; [`Error::OwnCertificate`], which only its issuer can revoke;
    /// [`Error::Store`].
    pub fn revoke(
        &self,
        serials: &[Serial],
        reason: RevocationReason,
        by: &str,
        at: Time,
    ) -> Result<usize, Error> {
        if serials.contains(&self.certificate.serial()) {
            return Err(Error::OwnCertificate);
        }
        self.store.revoke(serials, &Revoking { reason, by, at })
    }

    /// The newest revocation list that was signed. None: there never was one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn last_crl(&self) -> Result<Option<CrlRecord>, Error> {
        self.store.last_crl()
    }

    /// Makes sure that the store is the certificate's. Where making the authority was interrupted
    /// after the certificate was in place, its entry is completed from it.
    fn complete(&self) -> Result<(), Error> {
        let serial = self.certificate.serial();
        match self.store.entry(&serial)? {
            Some(Entry {
                fingerprint: Some(known),
                ..
            }) if known == self.certificate.fingerprint() => Ok(()),
            Some(Entry {
                state: State::Intended,
                public_key,
                requested_at,
                ..
            }) if public_key == self.certificate.public_key().fingerprint() => {
                self.store.issued(&self.certificate, requested_at)
            }
            _ => Err(Error::ForeignStore {
                path: self.folder.store(),
                serial,
            }),
        }
    }

    fn read_key(&self) -> Result<Secret, Error> {
        let path = self.folder.key();
        private(&path, &self.folder.vet(&path)?)?;
        Ok(Secret::new(hostfile::read(&path)?))
    }
}

/// The authority's certificate, and the whole path from it up to its root.
fn certificates(file: &Path) -> Result<(Certificate, Vec<Certificate>), Error> {
    let bad = |reason: String| Error::BadCertificate {
        path: file.to_owned(),
        reason,
    };
    let path = Certificate::all_from_pem(&hostfile::read(file)?)
        .map_err(|error| bad(error.to_string()))?;
    let certificate = path
        .first()
        .ok_or_else(|| bad("no certificate found".to_owned()))?
        .clone();
    if !certificate.is_authority() {
        return Err(Error::NotAnAuthority {
            path: file.to_owned(),
        });
    }
    check_path(&path).map_err(|error| bad(error.to_string()))?;
    Ok((certificate, path))
}
