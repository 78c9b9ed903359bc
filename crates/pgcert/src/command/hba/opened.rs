//! A file of rules that is to be changed, a rule that is typed for it, and what there is to say where either is not good.

use pg_config::hba::{Document, EditError, Position, Rule, RuleSet};
use pg_config::lint::LINTS;
use pg_config::resolve::ReadError;

use crate::args::ServerFile;
use crate::command::files::Found;
use crate::context::Context;
use crate::failure::{Failure, escape_name};

/// A file that is to be changed.
pub(super) struct Opened {
    pub(super) found: Found,
    /// Its bytes as they are on the disk.
    pub(super) bytes: Vec<u8>,
    /// The document, to be edited.
    pub(super) document: Document,
    /// What the server makes of the file as it is on the disk.
    pub(super) was: RuleSet,
    /// Files that it includes and that are changed with it: before, and after.
    pub(super) included: Vec<(String, Vec<u8>, Vec<u8>)>,
}

impl Opened {
    pub(super) fn read(file: &ServerFile, context: &Context) -> Result<Self, Failure> {
        let (found, bytes) = super::read(file, context)?;
        let document = Document::parse(bytes.as_slice(), found.version);
        let was = RuleSet::of_document(&found.files(), &found.path, &document);
        Ok(Self {
            found,
            bytes,
            document,
            was,
            included: Vec::new(),
        })
    }
}

/// A text that has to be one rule for this version.
pub(super) fn one_rule(line: &str, found: &Found) -> Result<Document, Failure> {
    let mut document = Document::parse(&b""[..], found.version);
    document
        .insert_line(Position::End, line.as_bytes())
        .map_err(|error| refused_line(&error, line, found))?;
    Ok(document)
}

/// The rule as it is read in this file: its `@file` lists are looked for beside that one.
pub(super) fn read_in(line: &str, path: &str, found: &Found) -> Result<Rule, Failure> {
    let read = RuleSet::of_bytes(&found.files(), path, line.as_bytes(), found.version);
    if let Some(error) = read.errors.first() {
        return Err(Failure::new(format!(
            "nothing was changed: of the rule with its lists read in, PostgreSQL {} would say: {}",
            found.version,
            escape_name(&error.message)
        ))
        .hint("a relative name counts from the folder of the file that the rule stands in"));
    }
    let rule = read.rules.into_iter().next().map(|at| at.rule);
    rule.ok_or_else(|| refused(&EditError::NoRule, found))
}

/// Why a line cannot be added, with what the lint says about it.
pub(super) fn refused_line(error: &EditError, line: &str, found: &Found) -> Failure {
    let failure = refused(error, found);
    if !matches!(error, EditError::Refused { .. }) {
        return failure;
    }
    let document = Document::parse(line.as_bytes(), found.version);
    let code = document.diagnostics().first().map(|said| said.code);
    match LINTS.iter().find(|lint| Some(lint.code) == code) {
        Some(lint) => failure.hint(lint.help),
        None => failure,
    }
}

/// A file that is read with another cannot be.
pub(super) fn unreadable(path: &str, error: &ReadError) -> Failure {
    Failure::because(format_args!("{} cannot be read", escape_name(path)), error)
}

/// Why a document cannot be changed so.
pub(super) fn refused(error: &EditError, found: &Found) -> Failure {
    let what = "nothing was changed";
    match error {
        EditError::Refused { message } => {
            let failure = Failure::new(format!("{what}: PostgreSQL {} would say: {message}", found.version))
                .hint("TYPE DATABASE USER [ADDRESS] METHOD [NAME=VALUE...], as in pg_hba.conf; in one argument, quotes are as in the file");
            if found.version_is_guessed {
                failure.hint("--pg-version N says that the file is another version's")
            } else {
                failure
            }
        }
        EditError::NoRule => Failure::new(format!("{what}: that is not one rule"))
            .hint("TYPE DATABASE USER [ADDRESS] METHOD [NAME=VALUE...], as in pg_hba.conf"),
        EditError::Disturbs => Failure::because(what, error)
            .hint("pgcert hba lint says what is odd about the lines there"),
        _ => Failure::because(what, error),
    }
}
