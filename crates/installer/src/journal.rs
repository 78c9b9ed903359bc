//! The journal: what an apply is about to do, on disk before it does it, so that the next run can
//! take back what a crash left half-done.
//!
//! One line of JSON an entry. Each entry is synced before the change that it announces. The file
//! is taken away when the apply is over, whichever way; one that is still there tells of a crash.

use std::path::{Path, PathBuf};

use hostfile::{FileId, Ground, SwapRecord, Trust};
use serde::{Deserialize, Serialize};

/// The journal of the apply that is under way.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
}

impl Journal {
    /// Begins one in the folder `state`, which is made where it is missing.
    pub(crate) fn begin(state: &Path, begin: &Entry) -> Result<Journal, JournalError> {
        make_folders(state)?;
        let path = state.join(NAME);
        hostfile::create_new(
            &path,
            &line(begin)?,
            &Ground {
                owner: None,
                mode: 0o600,
            },
            Trust::Owner,
        )?;
        Ok(Journal { path })
    }

    /// Adds an entry and syncs it.
    pub(crate) fn add(&self, entry: &Entry) -> Result<(), JournalError> {
        Ok(hostfile::append(&self.path, &line(entry)?)?)
    }

    /// Takes the journal away: the apply is over, and nothing is left to take back.
    pub(crate) fn take_away(&self) -> Result<(), hostfile::Error> {
        hostfile::remove(&self.path, Trust::Owner).map(|_| ())
    }

    /// Keeps only what is still to be taken back: whatever else the journal told of has been, and may
    /// by now be somebody else's.
    pub(crate) fn keep_only(&self, entries: &[Entry]) -> Result<(), JournalError> {
        let mut bytes = Vec::new();
        for entry in entries {
            bytes.extend(line(entry)?);
        }
        let ground = Ground {
            owner: None,
            mode: 0o600,
        };
        let staged = hostfile::stage(&self.path, &bytes, &ground, Trust::Owner)?;
        Ok(staged.swap()?.keep()?)
    }

    /// The journal that a crash left in `state`, and its entries in order. A last line that the
    /// crash cut short announced a change that was not made, and is left out.
    pub(crate) fn left_over(state: &Path) -> Result<Option<(Journal, Vec<Entry>)>, JournalError> {
        let path = state.join(NAME);
        let Some(bytes) = hostfile::read_if_exists(&path)? else {
            return Ok(None);
        };
        let complete = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |end| end + 1);
        let entries = bytes[..complete]
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .map(serde_json::from_slice)
            .collect::<Result<_, _>>()
            .map_err(|source| JournalError::Unreadable {
                path: path.clone(),
                source,
            })?;
        Ok(Some((Journal { path }, entries)))
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Why a journal cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The disk refused.
    #[error(transparent)]
    File(#[from] hostfile::Error),
    /// A line is not what this version writes.
    #[error("the journal {} cannot be understood: {source}", path.display())]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A path in the entry is not UTF-8.
    #[error("the journal cannot hold this: {0}")]
    Unwritable(serde_json::Error),
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Entry {
    /// An apply begins.
    Begin {
        /// When, in seconds since the Unix epoch.
        at: i64,
        /// The data folder of the server whose configuration changes, if one does.
        data_dir: Option<PathBuf>,
    },
    /// An authority is about to be made.
    Authority {
        /// Its folder.
        path: PathBuf,
    },
    /// A certificate is about to be issued for a key; it is marked unused when the apply is taken
    /// back. Its serial is not known before, and a crash may come before it is written down.
    Issue {
        /// The authority's folder.
        authority: PathBuf,
        /// The SHA-256 of the key's SubjectPublicKeyInfo.
        key: String,
    },
    /// A folder is about to be made.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Whose rights it is made with.
        uid: u32,
    },
    /// New files are about to be written beside their places in a folder.
    Prepare {
        /// The folder.
        folder: PathBuf,
        /// Whose rights they are written with.
        uid: u32,
    },
    /// A file is about to be swapped.
    Swap {
        /// The file, and both of its versions.
        #[serde(with = "SwapRecordFields")]
        record: SwapRecord,
        /// Whose rights it is swapped with.
        uid: u32,
    },
    /// A role is about to be created.
    Role {
        /// Its name.
        name: String,
        /// The comment that tells it from a role of that name that somebody else creates.
        mark: String,
    },
    /// `ALTER SYSTEM` is about to be run.
    AlterSystem {
        /// The setting.
        name: String,
        /// The value that it gets.
        value: String,
        /// The value that `postgresql.auto.conf` held.
        before: Option<String>,
    },
    /// The server is about to be told to read its files.
    Reload,
    /// The server is about to be restarted.
    Restart,
    /// Everything was proven: what is left is to take the old files away.
    Proven,
}

/// Makes `path` and what is missing above it, for the acting user alone.
pub(crate) fn make_folders(path: &Path) -> Result<(), hostfile::Error> {
    if hostfile::metadata(path)?.is_some() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folders(parent)?;
    }
    hostfile::make_folder(
        path,
        &Ground {
            owner: None,
            mode: 0o700,
        },
        Trust::Owner,
    )
    .map(|_| ())
}

fn line(entry: &Entry) -> Result<Vec<u8>, JournalError> {
    let mut line = serde_json::to_vec(entry).map_err(JournalError::Unwritable)?;
    line.push(b'\n');
    Ok(line)
}

/// [`SwapRecord`] as it is written down; hostfile knows nothing of formats.
#[derive(Serialize, Deserialize)]
#[serde(remote = "SwapRecord", deny_unknown_fields)]
struct SwapRecordFields {
    target: PathBuf,
    staged: PathBuf,
    #[serde(with = "file_id")]
    old: Option<FileId>,
    #[serde(with = "file_id")]
    new: Option<FileId>,
}

mod file_id {
    //! `Option<FileId>` as an object or null.

    use hostfile::FileId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        dev: u64,
        ino: u64,
        sha256: [u8; 32],
    }

    pub(super) fn serialize<S: Serializer>(id: &Option<FileId>, to: S) -> Result<S::Ok, S::Error> {
        id.map(|FileId { dev, ino, sha256 }| Fields { dev, ino, sha256 })
            .serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<FileId>, D::Error> {
        let fields = Option::<Fields>::deserialize(from)?;
        Ok(fields.map(|Fields { dev, ino, sha256 }| FileId { dev, ino, sha256 }))
    }
}

const NAME: &str = "journal";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_off_last_line_is_left_out() {
        let state = tempfile::tempdir().unwrap();
        let state = state.path().join("a/b");
        let begin = Entry::Begin {
            at: 1,
            data_dir: Some("/d".into()),
        };
        let swap = Entry::Swap {
            record: SwapRecord {
                target: "/d/x".into(),
                staged: "/d/.x.1".into(),
                old: None,
                new: Some(FileId {
                    dev: 1,
                    ino: 2,
                    sha256: [7; 32],
                }),
            },
            uid: 3,
        };
        let journal = Journal::begin(&state, &begin).unwrap();
        journal.add(&swap).unwrap();
        hostfile::append(journal.path(), b"{\"role\":{\"na").unwrap();
        let (journal, entries) = Journal::left_over(&state).unwrap().unwrap();
        assert_eq!(entries, [begin, swap]);
        journal.take_away().unwrap();
        assert!(Journal::left_over(&state).unwrap().is_none());
    }

    #[test]
    fn only_one_apply_has_a_journal() {
        let state = tempfile::tempdir().unwrap();
        let begin = Entry::Begin {
            at: 1,
            data_dir: None,
        };
        let _first = Journal::begin(state.path(), &begin).unwrap();
        assert!(matches!(
            Journal::begin(state.path(), &begin),
            Err(JournalError::File(hostfile::Error::Exists { .. }))
        ));
    }
}
