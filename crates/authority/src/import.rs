//! Taking over an authority that another program made (openssl, easy-rsa, mkcert, step, cfssl,
//! cockroach): looked over and tried in memory, then put into its folder whole or not at all.
//!
//! The order of files is that of [`init`](crate::init): `store.db` with everything that was issued
//! before and the intent for the authority itself, `ca.key`, and last `ca.crt`, which makes the folder
//! an authority. What a crash leaves before that is recognised by the intent and taken away by the next
//! run; what it leaves after that is completed when the authority is opened. The other program's files
//! are not touched.

mod findings;
mod history;
mod index;

use std::path::Path;

use hostfile::Trust;
use pki_core::{Certificate, Crl, PrivateKey, Secret, Time};

pub use self::findings::ImportFinding;
pub(crate) use self::history::{History, Past};
pub use self::index::{BadIndex, IndexLine, read_index};
use crate::folder::Folder;
use crate::init::{Folders, ONE_IN_A_PROCESS, opened, vacant};
use crate::store::Store;
use crate::{Authority, Error, discard};

/// What is to be taken over.
#[derive(Debug, Clone)]
pub struct Import<'a> {
    /// The authority's certificate.
    pub certificate: &'a Certificate,
    /// Those above it, each one's issuer next, the root last. Empty for a root.
    pub above: &'a [Certificate],
    /// Its key.
    pub key: &'a PrivateKey,
    /// Encrypts the key from now on. None: it lies there in plain.
    pub passphrase: Option<&'a Secret>,
    /// Certificates that it issued. What it did not issue is left out, with a finding.
    pub issued: &'a [Certificate],
    /// The lines of its index.
    pub index: &'a [IndexLine],
    /// Its revocation lists; the newest counts.
    pub crls: &'a [Crl],
    /// Take it over even where password logins will not work with it (Ed25519).
    pub force: bool,
    /// User and group of a folder that has to be made; None: those of the acting user.
    pub owner: Option<(u32, u32)>,
    /// Who takes it over, for the record.
    pub by: &'a str,
}

impl Import<'_> {
    fn path(&self) -> Vec<Certificate> {
        let own = std::iter::once(self.certificate);
        own.chain(self.above).cloned().collect()
    }
}

/// What there is to take over, looked over, with nothing written yet.
#[derive(Debug)]
pub struct Examined<'a> {
    wish: Import<'a>,
    history: History,
    findings: Vec<ImportFinding>,
    at: Time,
}

impl<'a> Examined<'a> {
    /// Looks at certificate, key, chain and history, and issues two certificates in memory that nobody
    /// gets. Nothing is written.
    ///
    /// # Errors
    /// [`Error::MakeKey`], [`Error::Serial`], [`Error::Validity`] where that cannot be tried at all.
    pub fn new(wish: Import<'a>, now: Time) -> Result<Self, Error> {
        let mut findings = findings::examine(&wish, now)?;
        let history = History::gather(&wish, now, &mut findings);
        findings.sort_by_key(|finding| !finding.refuses);
        Ok(Self {
            wish,
            history,
            findings,
            at: now,
        })
    }

    /// Everything that was found; what refuses it comes first.
    #[must_use]
    pub fn findings(&self) -> &[ImportFinding] {
        &self.findings
    }

    /// Whether it can be taken over.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        !self.findings.iter().any(|finding| finding.refuses)
    }

    /// How many serials come with it, and how many of them are revoked.
    #[must_use]
    pub fn serials(&self) -> (usize, usize) {
        let records = &self.history.records;
        let revoked = records.iter().filter(|past| past.revoked.is_some()).count();
        (records.len(), revoked)
    }

    /// Puts it into a folder, which need not exist.
    ///
    /// # Errors
    /// [`Error::Unfit`] with what refuses it; else as for [`init`](crate::init). After an error there is
    /// no authority, and all that was made is gone again.
    pub fn into_folder(self, dir: &Path) -> Result<Authority, Error> {
        if !self.is_fit() {
            let refusals = self.findings.into_iter().filter(|f| f.refuses);
            return Err(Error::Unfit {
                findings: refusals.collect(),
            });
        }
        let key = match self.wish.passphrase {
            Some(passphrase) => self.wish.key.to_encrypted_pem(passphrase),
            None => Ok(self.wish.key.to_pkcs8_pem()),
        };
        let key = key.map_err(Error::MakeKey)?;
        let own = Past::of(self.wish.certificate);
        let store = Store::with_history(&own, &self.history, self.wish.by, self.at)?;
        let _alone = ONE_IN_A_PROCESS
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let made = Folders::make(dir, self.wish.owner)?;
        let done = Folder::find(dir).and_then(|folder| match folder {
            Some(folder) => self
                .fill(&folder, &store, &key)
                .and_then(|()| opened(&folder)),
            None => Err(Error::Missing {
                path: dir.to_owned(),
            }),
        });
        if done.is_err() {
            made.unmake();
        }
        done
    }

    /// The files in their order. On an error every one that was made here is gone again.
    fn fill(&self, folder: &Folder, store: &[u8], key: &Secret) -> Result<(), Error> {
        vacant(folder)?;
        take_away_interrupted(folder, 0)?;
        hostfile::clear_abandoned(folder.path());
        if !folder.has(&folder.store())? && folder.has(&folder.key())? {
            return Err(Error::Occupied { path: folder.key() });
        }
        let create = |path: &Path, bytes: &[u8]| {
            hostfile::create_new(path, bytes, &folder.ground(), Trust::NoLinks)
        };
        // Whoever else makes an authority here meets this file, and waits or gives up. One that is
        // there has issued something, and its `ca.crt` was lost.
        let path = folder.store();
        match create(&path, store) {
            Err(hostfile::Error::Exists { .. }) => {
                return Err(Error::Missing {
                    path: folder.certificate(),
                });
            }
            created => created?,
        }
        let filled = Store::alone(&path).and_then(|store| {
            create(&folder.key(), key.as_bytes())?;
            let chain: String = self.wish.path().iter().map(Certificate::to_pem).collect();
            create(&folder.certificate(), chain.as_bytes())?;
            store.issued(self.wish.certificate, self.at)?;
            store.log_ahead()
        });
        if filled.is_err() {
            let _ = discard::remove(folder);
        }
        filled
    }
}

/// Takes away what an interrupted import left: a store whose authority was never completed, and the
/// key beside it. Anything else is left as it is. `least` is how many certificates of the other program
/// have to be in the store: with none it may as well be the beginning of a new authority.
pub(crate) fn take_away_interrupted(folder: &Folder, least: usize) -> Result<(), Error> {
    let path = folder.store();
    if folder.has(&folder.certificate())? || !folder.has(&path)? {
        return Ok(());
    }
    folder.vet(&path)?;
    let store = Store::alone(&path)?;
    if folder.has(&folder.certificate())? || !store.is_interrupted_import(least)? {
        return Ok(());
    }
    discard::remove(folder)
}
