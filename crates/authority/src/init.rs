//! Making an authority, whole or not at all.
//!
//! The order of files decides: `store.db` with the intent, `ca.key`, and last `ca.crt`, whose
//! presence makes the folder an authority. What a crash leaves before that is no authority; the next
//! run recognises it by the store (nothing but intents for a root) and begins anew. What a crash
//! leaves after that is an authority, and opening it completes the store. An error takes away
//! what this run has made.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hostfile::{Ground, Trust};
use pki_core::{
    KeyType, Kind, NewAuthority, PrivateKey, Scope, Secret, Subject, Time, Validity,
    issue_authority,
};

use crate::discard;
use crate::folder::Folder;
use crate::store::{Intent, Store, beside};
use crate::{Authority, Entry, Error, Filter, State, import};

/// What authority is wanted.
#[derive(Debug, Clone)]
pub struct Init<'a> {
    /// Its name: the CN of its certificate. Replaces one in `subject`.
    pub name: &'a str,
    /// The rest of the subject.
    pub subject: &'a Subject,
    /// Lifetime in days.
    pub days: u32,
    /// The type of its key. Not every type is wise: [`KeyType::breaks_channel_binding`].
    pub key_type: KeyType,
    /// What it may sign.
    pub scope: &'a Scope,
    /// Encrypts the key. None: the key lies there in plain, protected by its mode alone.
    pub passphrase: Option<&'a Secret>,
    /// User and group of a folder that has to be made; None: those of the acting user. A folder that
    /// is there keeps its owner, and the files in it are that owner's.
    pub owner: Option<(u32, u32)>,
    /// Who orders it, for the record.
    pub by: &'a str,
}

/// Makes an authority in a folder, which need not exist.
///
/// # Errors
/// [`Error::Exists`] where there is one; [`Error::Occupied`] where `ca.key` is there and is no
/// remainder of an interrupted run; [`Error::Exposed`] where others have access to the folder;
/// [`Error::Missing`] where the store says that there was a `ca.crt`; and what the disk and the
/// database may refuse. After an error there is no authority, and all that was made is gone again.
pub fn init(dir: &Path, wish: &Init<'_>, now: Time) -> Result<Authority, Error> {
    let root = Root::draft(wish, now)?;
    let _alone = ONE_IN_A_PROCESS
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let made = Folders::make(dir, wish.owner)?;
    let done = Folder::find(dir).and_then(|folder| match folder {
        Some(folder) => found(&folder, &root, wish.by, now).and_then(|()| opened(&folder)),
        None => Err(Error::Missing {
            path: dir.to_owned(),
        }),
    });
    if done.is_err() {
        made.unmake();
    }
    done
}

/// Opens the authority that was just made. One that cannot be opened (the last room on the disk went
/// into making it) has issued nothing, and goes again.
pub(crate) fn opened(folder: &Folder) -> Result<Authority, Error> {
    let missing = || Error::Missing {
        path: folder.certificate(),
    };
    let opened = Authority::open(folder.path()).and_then(|found| found.ok_or_else(missing));
    if opened.is_err() {
        let _ = discard::remove(folder);
    }
    opened
}

/// All that can be had before the disk is touched.
struct Root {
    key: PrivateKey,
    pem: Secret,
    name: String,
    subject: Subject,
    validity: Validity,
    scope: Scope,
}

impl Root {
    fn draft(wish: &Init<'_>, now: Time) -> Result<Self, Error> {
        let subject = wish.subject.with_common_name(wish.name);
        let validity = Validity::new(now, wish.days, None)?;
        let key = PrivateKey::generate(wish.key_type).map_err(Error::MakeKey)?;
        let pem = match wish.passphrase {
            Some(passphrase) => key.to_encrypted_pem(passphrase).map_err(Error::MakeKey)?,
            None => key.to_pkcs8_pem(),
        };
        Ok(Self {
            key,
            pem,
            name: wish.name.to_owned(),
            subject,
            validity,
            scope: wish.scope.clone(),
        })
    }
}

/// Fills a folder. On an error every file that was made here is gone again.
fn found(folder: &Folder, root: &Root, by: &str, now: Time) -> Result<(), Error> {
    vacant(folder)?;
    import::take_away_interrupted(folder, 1)?;
    hostfile::clear_abandoned(folder.path());
    let path = folder.store();
    // Whole from the first moment, with its tables: so there is nothing to write before the lock is
    // held, and nothing that a failure could leave half-made.
    match hostfile::create_new(&path, &Store::blank()?, &folder.ground(), Trust::NoLinks) {
        Err(hostfile::Error::Exists { .. }) => {
            folder.vet(&path)?;
        }
        created => created?,
    }
    let store = Store::alone(&path)?;
    let mut made = Vec::new();
    let done = fill(folder, &store, root, by, now, &mut made);
    if done.is_err() {
        // Newest first, so that the certificate never outlives its key, and with the store's lock
        // still held. What cannot be removed is found by the next run.
        for file in made.iter().rev() {
            let _ = hostfile::remove(file, Trust::NoLinks);
        }
    }
    done
}

/// The steps, with the store's lock held. Each file that has been made is named in `made`.
fn fill(
    folder: &Folder,
    store: &Store,
    root: &Root,
    by: &str,
    now: Time,
    made: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    // Asked again now that no other process can be at it.
    vacant(folder)?;
    store.migrate()?;
    let earlier = store.list(&Filter::default())?;
    if earlier.is_empty() {
        // Nobody else has used it, so it goes again where this run fails.
        let path = folder.store();
        made.extend([
            path.clone(),
            beside(&path, "-wal"),
            beside(&path, "-journal"),
        ]);
    }
    clear(folder, &earlier)?;
    let serial = store.intend(&Intent {
        kind: Kind::Root,
        name: &root.name,
        subject: &root.subject,
        validity: root.validity,
        public_key: &root.key.public_key(),
        request: None,
        by,
        at: now,
    })?;
    let mut create = |path: PathBuf, bytes: &[u8]| {
        hostfile::create_new(&path, bytes, &folder.ground(), Trust::NoLinks)?;
        made.push(path);
        Ok::<(), Error>(())
    };
    create(folder.key(), root.pem.as_bytes())?;
    let new = NewAuthority {
        subject: &root.subject,
        public_key: &root.key.public_key(),
        serial,
        validity: root.validity,
        scope: &root.scope,
    };
    let certificate = issue_authority(None, &root.key, &new)?;
    create(folder.certificate(), certificate.to_pem().as_bytes())?;
    store.issued(&certificate, now)?;
    store.log_ahead()
}

pub(crate) fn vacant(folder: &Folder) -> Result<(), Error> {
    if folder.has(&folder.certificate())? {
        return Err(Error::Exists {
            folder: folder.path().to_owned(),
        });
    }
    Ok(())
}

/// Takes away what an interrupted run left: a key without a certificate, or the beginnings of one,
/// where the store has nothing but intents for a root. Any other key is somebody's, and a store with
/// certificates is one whose `ca.crt` was lost.
fn clear(folder: &Folder, earlier: &[Entry]) -> Result<(), Error> {
    let interrupted = |entry: &Entry| entry.kind == Kind::Root && entry.state == State::Intended;
    if !earlier.iter().all(interrupted) {
        return Err(Error::Missing {
            path: folder.certificate(),
        });
    }
    let key = folder.key();
    if earlier.is_empty() {
        return if folder.has(&key)? {
            Err(Error::Occupied { path: key })
        } else {
            Ok(())
        };
    }
    for leftover in hostfile::leftovers(folder.path())?.iter().chain([&key]) {
        hostfile::remove(leftover, Trust::NoLinks)?;
    }
    Ok(())
}

/// The folders that this run has made, outermost first.
pub(crate) struct Folders(Vec<PathBuf>);

impl Folders {
    /// Makes the folder, 0700, and what is missing above it, 0755.
    pub(crate) fn make(dir: &Path, owner: Option<(u32, u32)>) -> Result<Self, Error> {
        let mut missing = Vec::new();
        for folder in dir.ancestors() {
            if folder.as_os_str().is_empty() || hostfile::metadata(folder)?.is_some() {
                break;
            }
            missing.push(folder);
        }
        let mut made = Self(Vec::new());
        for folder in missing.into_iter().rev() {
            let mode = if folder == dir { 0o700 } else { 0o755 };
            match hostfile::make_folder(folder, &Ground { owner, mode }, Trust::Owner) {
                Ok(true) => made.0.push(folder.to_owned()),
                Ok(false) => {}
                Err(error) => {
                    made.unmake();
                    return Err(error.into());
                }
            }
        }
        Ok(made)
    }

    pub(crate) fn unmake(&self) {
        for folder in self.0.iter().rev() {
            let _ = hostfile::remove_folder_if_empty(folder, Trust::Owner);
        }
    }
}

/// The store's locks are POSIX ones: they keep processes apart, and a thread that closes the file,
/// as the one that has just made it does, drops those of its whole process.
pub(crate) static ONE_IN_A_PROCESS: Mutex<()> = Mutex::new(());
