//! Edits of PostgreSQL's files, done: shown as diffs, written through the installer, told as JSON. Files that changed since they
//! were read are refused; several files are written together or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hostfile::Account;
use installer::{Before, Note, Part, Plan, Side, Step, Way, Workshop, Write, apply};
use pg_config::resolve::{FileError, Files, ReadError};
use pg_host::FileSetting;
use serde_json::Value;

use super::files::Found;
use super::reload::Reload;
use super::{advice, change, files};
use crate::args::{Changing, Editing, ServerEditing};
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
    /// How the result comes into force, where that takes a reload.
    needs_reload: Option<String>,
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
            needs_reload: None,
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
        self.needs_reload =
            Some("the server takes it with a reload: SELECT pg_reload_conf()".into());
    }

    /// The same for some settings, which only those have who connect from then on.
    pub(crate) fn note_reload_for_new(&mut self, names: &str) {
        self.needs_reload = Some(format!(
            "{names}: counts for connections made after a reload: SELECT pg_reload_conf()"
        ));
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

    /// Writes what changed in a file of a server, or with `--dry-run` shows it; with `--reload` has the server read it.
    pub(crate) fn finish_on(
        mut self,
        found: &Found,
        editing: &ServerEditing,
        context: &Context,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let is_change = self.changed.values().any(|changed| !changed.is_none());
        let needs_reload = self.needs_reload.take();
        if editing.reload {
            // What it would not take it is not told to load.
            if let Some(refused) = self.notes.iter().find(|note| note.code == "refused") {
                let what = "nothing was changed: the server would not load its files";
                return Err(Failure::new(format!("{what}: {}", refused.text))
                    .hint("without --reload the edit is made all the same"));
            }
            let (reload, unread) = Reload::on(found, context)?;
            if let Some(text) = unread.told("the reload took along") {
                self.note("took-along", text);
            }
            let reload = (is_change || !unread.is_empty()).then_some(reload);
            return self.carry_out(&found.rights, false, reload, context, output);
        }
        if let Some(text) = needs_reload {
            self.note("needs-reload", text);
            let unread = Reload::on(found, context).ok().map(|(_, unread)| unread);
            if let Some(text) = unread.and_then(|unread| unread.told("a reload takes along")) {
                self.note("takes-along", text);
            }
        }
        self.carry_out(
            &found.rights,
            editing.editing.dry_run,
            None,
            context,
            output,
        )
    }

    /// Writes what changed, or with `--dry-run` shows it.
    pub(crate) fn finish(
        self,
        rights: &Account,
        editing: &Editing,
        context: &Context,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.carry_out(rights, editing.dry_run, None, context, output)
    }

    fn carry_out(
        self,
        rights: &Account,
        dry_run: bool,
        reload: Option<Reload>,
        context: &Context,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut notes = self.notes.clone();
        let meaning = self.meaning.clone();
        let mut plan = self.plan(rights)?;
        plan.steps.extend(reload.as_ref().map(|_| Step::Reload));
        let is_reloaded = reload.is_some();
        let proof = if dry_run || plan.is_empty() {
            None
        } else {
            let (proof, passed_over) = write(&plan, reload, context, output)?;
            notes.extend(passed_over);
            plan.notes.clone_from(&notes);
            Some(proof)
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
        if is_reloaded {
            output.say("the server has read its files");
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

fn write(
    plan: &Plan,
    reload: Option<Reload>,
    context: &Context,
    output: &mut Output,
) -> Result<(installer::Proof, Vec<Note>), Failure> {
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
        server: reload.map(Reload::into_server),
        way: Way::Socket,
        client: None,
        interrupted: &|| interrupt.requested(),
    };
    let proof = apply(&approved, &mut workshop).map_err(|failed| advice::failed(&failed))?;
    // A value that the server does not take does not keep it from loading the others.
    let passed_over = match &mut workshop.server {
        Some((_, admin)) => admin.file_settings_errors().unwrap_or_default(),
        None => Vec::new(),
    };
    let note = |row: &FileSetting| Note {
        code: "passed-over",
        text: format!("the server has passed over {}", row.refusal()),
    };
    Ok((proof, passed_over.iter().map(note).collect()))
}
