//! Having a server read its files after an edit: a session for it, and what else a reload would bring into force.

use std::path::PathBuf;

use installer::Way;
use pg_host::{Admin, Cluster};

use super::files::Found;
use super::server;
use crate::context::Context;
use crate::failure::{Failure, shown};

/// A server that can be told to read its files.
pub(crate) struct Reload(Cluster, Admin);

impl Reload {
    /// The server whose file was found, and which of its files it has not read since they were changed: look before the
    /// edit.
    pub(crate) fn on(found: &Found, context: &Context) -> Result<(Self, Unread), Failure> {
        let cluster = found.server().ok_or_else(|| {
            Failure::new("nothing was changed: no server runs that could be told to read its files")
                .hint(
                    "without --reload the edit is made all the same, and counts from the start on",
                )
        })?;
        let mut admin = server::ask(cluster, &Way::Socket, context)?;
        let facts = server::facts(cluster, &mut admin, None, &[], &context.account)?;
        Ok((Self(cluster.clone(), admin), Unread(facts.unloaded)))
    }

    /// For an apply.
    pub(crate) fn into_server(self) -> (Cluster, Admin) {
        (self.0, self.1)
    }
}

/// The files that were changed since the server last read them.
pub(crate) struct Unread(Vec<PathBuf>);

impl Unread {
    /// Whether it has read all there is.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a reload does to them.
    pub(crate) fn told(&self, what: &str) -> Option<String> {
        let files: Vec<_> = self.0.iter().map(|path| shown(path).to_string()).collect();
        (!files.is_empty()).then(|| {
            format!(
                "{what} what was changed before, since the server last read its files: {}",
                files.join(", ")
            )
        })
    }
}
