//! The server's configuration files under change: several edits of one file become one write.

use std::path::{Path, PathBuf};

use hostfile::Account;

use crate::facts::{Server, Snapshot};
use crate::plan::{Before, Part, Plan, Side, Step, Write};

/// The files with the edits so far.
pub(super) struct Edits {
    files: Snapshot,
    changed: Vec<Changed>,
}

struct Changed {
    path: String,
    what: &'static str,
    before: Option<Vec<u8>>,
}

impl Edits {
    /// No edits yet.
    pub(super) fn of(server: &Server) -> Self {
        Edits {
            files: server.files.clone(),
            changed: Vec::new(),
        }
    }

    /// A file with the edits so far; empty where there is none.
    pub(super) fn bytes(&self, path: &str) -> &[u8] {
        self.files.get(path).unwrap_or_default()
    }

    /// All of the files with the edits so far.
    pub(super) fn files(&self) -> &Snapshot {
        &self.files
    }

    /// Gives a file new bytes.
    pub(super) fn set(&mut self, path: &str, what: &'static str, bytes: Vec<u8>) {
        let before = self.files.get(path).map(<[u8]>::to_vec);
        if before.as_deref() == Some(&bytes) {
            return;
        }
        if !self.changed.iter().any(|changed| changed.path == path) {
            self.changed.push(Changed {
                path: path.to_owned(),
                what,
                before,
            });
        }
        self.files.set(path.to_owned(), bytes);
    }

    /// Adds a write for each file that is other than it was.
    pub(super) fn finish(self, server: &Server, acting: &Account, plan: &mut Plan) {
        for Changed { path, what, before } in self.changed {
            let after = self.files.get(&path).unwrap_or_default().to_vec();
            if before.as_ref() == Some(&after) {
                continue;
            }
            plan.steps.push(Step::Write(Write {
                owner: server.writer(Path::new(&path), acting),
                path: PathBuf::from(path),
                // initdb's mode; one that is there keeps its own.
                mode: 0o600,
                before: before.map_or(Before::Nothing, Before::Bytes),
                content: vec![Part::Bytes(after)],
                what,
                side: Side::Server,
                with_next: false,
            }));
        }
    }
}
