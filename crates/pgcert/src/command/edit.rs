//! Edits of PostgreSQL's files, done: shown as diffs, written through the installer, told as JSON. Files that changed since they
//! were read are refused; several files are written together or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hostfile::Account;
use installer::{Before, Note, Part, Plan, Side, Step, Way, Workshop, Write, apply};
use pg_config::resolve::{FileError, Files, ReadError};
use serde_json::Value;

use super::{advice, change, files};
use crate::args::{Changing, Editing};
use crate::context::Context;
use crate::failure::{Failure, escape};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::render;

/// The files under change, and what is to be said about it.
pub(crate) struct Edits<'a> {
    disk: &'a dyn Files,
    changed: BTreeMap<String, Changed>,
    notes: Vec<Note>,
    /// What the edit means, in words and as JSON under a key.
    meaning: Option<(String, &'static str, Value)>,
    /// What the files are, in a word.
    what: &'static str,
    /// The mode of a file that is new.
    mode: u32,
}

struct Changed {
    before: Option<Vec<u8>>,
    after: Vec<u8>,
}

impl<'a> Edits<'a> {
    /// No edits yet.
    pub(crate) fn new(disk: &'a dyn Files, what: &'static str, mode: u32) -> Self {
        Self {
            disk,
            changed: BTreeMap::new(),
            notes: Vec::new(),
            meaning: None,
            what,
            mode,
        }
    }

    /// Gives a file new bytes; `before` is what was read.
    pub(crate) fn set(&mut self, path: &str, before: Option<Vec<u8>>, after: Vec<u8>) {
        let changed = self.changed.entry(path.to_owned());
        changed
            .and_modify(|changed| changed.after.clone_from(&after))
            .or_insert(Changed { before, after });
    }

    /// Something good to know about the result.
    pub(crate) fn note(&mut self, code: &'static str, text: impl Into<String>) {
        self.notes.push(Note {
            code,
            text: text.into(),
        });
    }

    /// What the edit means: shown behind the diff, with `--json` under this key.
    pub(crate) fn means(&mut self, words: String, key: &'static str, document: Value) {
        self.meaning = Some((words, key, document));
    }

    /// The server has the result once it has been told to read its files again.
    pub(crate) fn note_reload(&mut self) {
        self.note(
            "needs-reload",
            "the server takes it with a reload: SELECT pg_reload_conf()",
        );
    }

    /// An edit must not add to what the server refuses. What was wrong before is only said.
    pub(crate) fn must_not_add_errors(
        &mut self,
        before: &[FileError],
        after: &[FileError],
    ) -> Result<(), Failure> {
        let count = |errors: &[FileError], message: &str| {
            errors
                .iter()
                .filter(|error| error.message == message)
                .count()
        };
        let new = |error: &&FileError| count(after, &error.message) > count(before, &error.message);
        if let Some(error) = after.iter().find(new) {
            let what = "nothing was changed: the server would refuse the result";
            return Err(Failure::because(what, error));
        }
        for error in after {
            let text = format!("the server refuses this because of another line: {error}");
            self.note("refused", text);
        }
        Ok(())
    }

    /// Writes what changed, or with `--dry-run` shows it.
    pub(crate) fn finish(
        self,
        rights: &Account,
        editing: &Editing,
        context: &Context,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let notes = self.notes.clone();
        let meaning = self.meaning.clone();
        let plan = self.plan(rights)?;
        let proof = if editing.dry_run || plan.is_empty() {
            None
        } else {
            Some(write(&plan, context, output)?)
        };
        if output.json() {
            let mut document = render::plan::document(&plan, proof.as_ref(), &BTreeSet::new());
            if let (Some(object), Some((_, key, meaning))) = (document.as_object_mut(), meaning) {
                object.insert(key.to_owned(), meaning);
            }
            return output.print_json(document);
        }
        for step in &plan.steps {
            if let Step::Write(write) = step {
                output.print(&render::plan::change(write))?;
            }
        }
        if plan.is_empty() {
            output.say("nothing to do");
        } else if let Some((words, _, _)) = meaning {
            output.print(&words)?;
        }
        for note in notes {
            output.note(&escape(&note.text));
        }
        Ok(())
    }

    fn plan(self, rights: &Account) -> Result<Plan, Failure> {
        let mut plan = Plan {
            notes: self.notes,
            ..Plan::default()
        };
        for (path, changed) in self.changed {
            if changed.is_none() {
                continue;
            }
            plan.steps.push(Step::Write(Write {
                path: files::whole(&path)?,
                owner: rights.clone(),
                mode: self.mode,
                before: changed.before.map_or(Before::Nothing, Before::Bytes),
                content: vec![Part::Bytes(changed.after)],
                what: self.what,
                side: Side::Server,
                with_next: false,
            }));
        }
        Ok(plan)
    }
}

impl Changed {
    fn is_none(&self) -> bool {
        self.before.as_deref().unwrap_or_default() == self.after
    }
}

/// The disk as it would be.
impl Files for Edits<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.changed.get(path) {
            Some(changed) => Ok(changed.after.clone()),
            None => self.disk.read(path),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        self.disk.list(folder)
    }
}

fn write(plan: &Plan, context: &Context, output: &mut Output) -> Result<installer::Proof, Failure> {
    let changing = Changing {
        dry_run: false,
        yes: true,
        accept: Vec::new(),
    };
    change::recover_first(&Way::Socket, &changing, context, output)?;
    let approved = plan
        .clone()
        .approve(&BTreeSet::new())
        .map_err(|unaccepted| advice::unaccepted(&unaccepted))?;
    let interrupt =
        Interrupt::catch().map_err(|error| Failure::because("signals cannot be caught", &error))?;
    let mut workshop = Workshop {
        now: context.now,
        account: context.account.clone(),
        state: PathBuf::from(&context.state),
        authority: None,
        server: None,
        way: Way::Socket,
        client: None,
        interrupted: &|| interrupt.requested(),
    };
    apply(&approved, &mut workshop).map_err(|failed| advice::failed(&failed))
}
