//! `pgcert conf get`: what settings say, and which lines say it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pg_config::Version;
use pg_config::conf::{Lookup, Parameter};
use pg_config::resolve::{Assignment, Settings};
use pg_host::Setting;
use serde_json::{Value, json};

use crate::args::ConfGet;
use crate::command::files::Found;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;

/// Runs `pgcert conf get`.
pub(crate) fn run(args: &ConfGet, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = Found::conf(&args.file, context)?;
    found.existing()?;
    let settings = found.settings(&found.files());
    let names = if args.names.is_empty() {
        all(&found, &settings)
    } else {
        args.names.clone()
    };
    let mut answers = names
        .iter()
        .map(|name| Answer::find(name, &found, &settings))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(running) = found.running(context) {
        for answer in &mut answers {
            answer.running = running.get(&answer.name).cloned();
        }
    }
    if output.json() {
        return output.print_json(document(&answers, args.names.len() == 1));
    }
    let text: String = answers.iter().map(Answer::words).collect();
    output.print(&text)?;
    for error in settings.errors() {
        output.say(&format!("note: the server refuses these files: {error}"));
    }
    Ok(())
}

/// Every name that is set, as PostgreSQL spells it, in order.
fn all(found: &Found, settings: &Settings) -> Vec<String> {
    let on_command_line = found.command_line.iter().map(|(name, _)| name);
    let names = settings.assignments().iter().map(|a| &a.name);
    let names: BTreeSet<_> = names
        .chain(on_command_line)
        .map(|name| name.to_ascii_lowercase())
        .collect();
    names.into_iter().collect()
}

/// What is known of one name.
struct Answer {
    name: String,
    value: Option<String>,
    place: Option<(String, u32)>,
    source: &'static str,
    /// What would count without it, the next one first.
    overrides: Vec<Assignment>,
    /// What the server says, where one runs and lets us in.
    running: Option<Setting>,
    /// What is known of such a setting.
    parameter: Option<Parameter>,
}

impl Answer {
    fn find(name: &str, found: &Found, settings: &Settings) -> Result<Self, Failure> {
        let parameter = match Parameter::named(name, found.version) {
            Lookup::Known(parameter) => Some(parameter),
            _ => None,
        };
        let spelled = parameter.as_ref().map_or(name, |parameter| parameter.name);
        // An old name in the files means the same parameter.
        let same = |other: &str| {
            other.eq_ignore_ascii_case(name)
                || other.eq_ignore_ascii_case(spelled)
                || matches!(Parameter::named(other, found.version), Lookup::Known(p) if p.name == spelled)
        };
        let mut set: Vec<&Assignment> = settings
            .assignments()
            .iter()
            .filter(|assignment| same(&assignment.name))
            .collect();
        let lossy = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        if let Some(value) = found.on_command_line(spelled) {
            return Ok(Self {
                name: spelled.to_owned(),
                value: Some(value.to_owned()),
                place: None,
                source: COMMAND_LINE,
                overrides: set.into_iter().rev().cloned().collect(),
                running: None,
                parameter,
            });
        }
        if let Some(last) = set.pop() {
            return Ok(Self {
                name: spelled.to_owned(),
                value: Some(lossy(&last.value)),
                place: Some((last.file.clone(), last.line)),
                source: "configuration file",
                overrides: set.into_iter().rev().cloned().collect(),
                running: None,
                parameter,
            });
        }
        if parameter.is_none()
            && matches!(Parameter::named(name, found.version), Lookup::Unknown(_))
        {
            return Err(unknown(name, found.version));
        }
        Ok(Self {
            name: spelled.to_owned(),
            value: parameter.as_ref().and_then(Parameter::shown_default),
            place: None,
            source: "default",
            overrides: Vec::new(),
            running: None,
            parameter,
        })
    }

    fn words(&self) -> String {
        let Some(value) = &self.value else {
            return format!("{} is not set\n", escape_name(&self.name));
        };
        let mut text = format!("{} = {}\n", escape_name(&self.name), shown_value(value));
        let _ = match &self.place {
            Some((file, line)) => writeln!(text, "    {}:{line}", escape_name(file)),
            None => writeln!(text, "    {}", self.source),
        };
        if self.needs_restart() == Some(true)
            && let Some(running) = self.runs_with()
        {
            let running = shown_value(&running);
            let _ = writeln!(
                text,
                "    needs a restart: the server still runs with {running}"
            );
        }
        for over in &self.overrides {
            let _ = writeln!(
                text,
                "    overrides {}  {}:{}",
                shown_value(&String::from_utf8_lossy(&over.value)),
                escape_name(&over.file),
                over.line
            );
        }
        text
    }

    /// The value that the server has, as one would write it.
    fn runs_with(&self) -> Option<String> {
        let running = self.running.as_ref()?;
        let shown = self
            .parameter
            .as_ref()
            .and_then(|p| p.shown(&running.value));
        Some(shown.unwrap_or_else(|| match &running.unit {
            Some(unit) => format!("{} x {unit}", running.value),
            None => running.value.clone(),
        }))
    }

    /// Whether the value counts after a restart only; none where the server does not say. It says so of every line in its files too
    /// that its command line hides, and that a restart does not bring into force.
    fn needs_restart(&self) -> Option<bool> {
        let pending = self.running.as_ref()?.pending_restart;
        let is_in_force = || match (&self.parameter, &self.value, self.runs_with()) {
            (Some(parameter), Some(value), Some(running)) => {
                parameter.same(value.as_bytes(), running.as_bytes())
            }
            (_, value, running) => *value == running,
        };
        Some(pending && !(self.source == COMMAND_LINE && is_in_force()))
    }

    fn document(&self) -> Value {
        let overrides = self.overrides.iter().map(|over| {
            json!({
                "value": String::from_utf8_lossy(&over.value),
                "file": over.file,
                "line": over.line,
            })
        });
        json!({
            "name": self.name,
            "value": self.value,
            "file": self.place.as_ref().map(|(file, _)| file),
            "line": self.place.as_ref().map(|(_, line)| line),
            "source": self.source,
            "overrides": overrides.collect::<Vec<_>>(),
            // Only the running server knows.
            "pending_restart": self.needs_restart(),
        })
    }
}

/// A value for people: in quotes where its ends could not be seen.
pub(super) fn shown_value(value: &str) -> String {
    let value = escape_name(value);
    if value.is_empty() || value.trim() != value {
        format!("'{value}'")
    } else {
        value
    }
}

/// Where one name was asked for, its keys stand in the document itself.
fn document(answers: &[Answer], alone: bool) -> Value {
    let settings: Vec<_> = answers.iter().map(Answer::document).collect();
    let mut document = match (settings.first(), alone) {
        (Some(only), true) => only.clone(),
        _ => json!({}),
    };
    if let Some(document) = document.as_object_mut() {
        document.insert("settings".to_owned(), settings.into());
    }
    document
}

fn unknown(name: &str, version: Version) -> Failure {
    let failure = Failure::new(format!(
        "PostgreSQL {version} has no parameter \"{}\"",
        escape_name(name)
    ));
    match pg_config::lint::setting(name, b"", version).and_then(|refusal| refusal.advice) {
        Some(advice) => failure.hint(advice),
        None => failure,
    }
}

/// The source that no file overrides.
const COMMAND_LINE: &str = "command line";

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &str, value: &str, source: &'static str, running: (&str, &str)) -> Answer {
        let Lookup::Known(parameter) = Parameter::named(name, Version::V15) else {
            panic!("{name}");
        };
        let (has, unit) = running;
        Answer {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            place: None,
            source,
            overrides: Vec::new(),
            running: Some(Setting {
                name: name.to_owned(),
                value: has.to_owned(),
                unit: Some(unit.to_owned()).filter(|unit| !unit.is_empty()),
                context: "postmaster".to_owned(),
                source: source.to_owned(),
                file: None,
                line: None,
                pending_restart: true,
            }),
            parameter: Some(parameter),
        }
    }

    #[test]
    fn what_the_command_line_says_already_needs_no_restart() {
        let said = |value, source| answer("shared_buffers", value, source, ("2048", "8kB")).words();
        assert_eq!(
            said("16MB", COMMAND_LINE),
            "shared_buffers = 16MB\n    command line\n"
        );
        let other = "    needs a restart: the server still runs with 16MB\n";
        assert!(said("32MB", COMMAND_LINE).ends_with(other));
        assert!(said("32MB", "configuration file").ends_with(other));
        let port = answer("port", "5433", COMMAND_LINE, ("5433", ""));
        assert_eq!(port.document()["pending_restart"], false);
    }
}
