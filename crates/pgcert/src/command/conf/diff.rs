//! `pgcert conf diff`: two files compared by what they mean to the server.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pg_config::Version;
use pg_config::conf::{Context as Counts, Lookup, Parameter};
use pg_config::resolve::{Assignment, Settings};
use serde_json::{Value, json};

use super::get::shown_value;
use crate::args::ConfDiff;
use crate::command::files::Found;
use crate::context::Context;
use crate::failure::{Code, Failure, escape_name};
use crate::output::{BAD, GOOD, HEAD, Output, styled};
use crate::render::diff::masked_value;

/// Runs `pgcert conf diff`. It ends with exit code 3 where a setting differs.
pub(crate) fn run(args: &ConfDiff, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let new = Found::named(&args.new, args.pg_version, context)?;
    let old = Found::named(&args.old, Some(new.version), context)?;
    let (before, after) = (read(&old, &new)?, read(&new, &new)?);
    let differences = differences((&old, &before), (&new, &after), new.version);
    if output.json() {
        let list: Vec<_> = differences.iter().map(Difference::document).collect();
        output.print_json(json!({ "equal": differences.is_empty(), "differences": list }))?;
    } else if differences.is_empty() {
        output.say("both mean the same");
    } else {
        let text: String = differences.iter().map(Difference::words).collect();
        output.print(&text)?;
    }
    if differences.is_empty() {
        return Ok(());
    }
    let (from, to) = (escape_name(&old.path), escape_name(&new.path));
    Err(Failure::new(format!("{from} and {to} do not mean the same")).code(Code::Problems))
}

/// The settings of a file that the server would start with. Its version is that of the `new` one.
fn read(found: &Found, new: &Found) -> Result<Settings, Failure> {
    found.existing()?;
    let settings = found.settings(&found.files());
    let lint = "pgcert conf lint --file says more about it";
    if let Some(error) = settings.errors().first() {
        return Err(Failure::because(REFUSED, error).hint(lint));
    }
    // Of a setting that is there twice the server looks at the last one (guc-file.l, ProcessConfigFileInternal).
    let in_force = |set: &&Assignment| {
        let last = in_force(
            &spelled(&set.name, found.version),
            found,
            &settings,
            found.version,
        );
        last.is_some_and(|last| (&last.file, last.line) == (&set.file, set.line))
    };
    for set in settings.assignments().iter().filter(in_force) {
        let Some(refusal) = pg_config::lint::setting(&set.name, &set.value, found.version) else {
            continue;
        };
        let (file, line) = (escape_name(&set.file), set.line);
        let what = escape_name(&refusal.message);
        let failure = Failure::new(format!("{REFUSED}: {file}:{line}: {what}"));
        let failure = failure.hint(refusal.advice.unwrap_or_else(|| lint.to_owned()));
        return Err(if new.version_is_guessed {
            failure.hint("--pg-version N says that the files are another version's")
        } else {
            failure
        });
    }
    Ok(settings)
}

const REFUSED: &str = "what the server would refuse cannot be compared";

/// A setting that means something else.
struct Difference {
    name: String,
    old: Side,
    new: Side,
    restart: bool,
}

/// What one of the files says: the line in force, or nothing and so the default.
struct Side {
    set: Option<Assignment>,
    default: Option<String>,
}

fn differences(
    (old, before): (&Found, &Settings),
    (new, after): (&Found, &Settings),
    version: Version,
) -> Vec<Difference> {
    let mut names = BTreeSet::new();
    for assignment in before.assignments().iter().chain(after.assignments()) {
        names.insert(spelled(&assignment.name, version).to_ascii_lowercase());
    }
    let mut found = Vec::new();
    for name in names {
        let parameter = match Parameter::named(&name, version) {
            Lookup::Known(parameter) => Some(parameter),
            _ => None,
        };
        let default = parameter.as_ref().and_then(Parameter::shown_default);
        let side = |found: &Found, settings: &Settings| Side {
            set: in_force(&name, found, settings, version),
            default: default.clone(),
        };
        let (old, new) = (side(old, before), side(new, after));
        let same = match (old.value(), new.value()) {
            (Some(a), Some(b)) => match &parameter {
                Some(parameter) => parameter.same(&a, &b),
                None => a == b,
            },
            (a, b) => a == b,
        };
        if !same {
            found.push(Difference {
                name: parameter.as_ref().map_or(name, |p| p.name.to_owned()),
                restart: parameter.is_some_and(|p| p.context == Counts::Restart),
                old,
                new,
            });
        }
    }
    found
}

/// The last line that sets it, but for those of `postgresql.auto.conf`, which goes with a server and not with a file.
fn in_force(
    name: &str,
    found: &Found,
    settings: &Settings,
    version: Version,
) -> Option<Assignment> {
    let mut set = settings.assignments().iter().rev();
    set.find(|assignment| {
        spelled(&assignment.name, version).eq_ignore_ascii_case(name)
            && (!assignment.is_auto() || assignment.file == found.path)
    })
    .cloned()
}

/// The name that an old one stands for.
fn spelled(name: &str, version: Version) -> String {
    match Parameter::named(name, version) {
        Lookup::Known(parameter) => parameter.name.to_owned(),
        _ => name.to_owned(),
    }
}

impl Side {
    fn value(&self) -> Option<Vec<u8>> {
        let set = self.set.as_ref().map(|set| set.value.clone());
        set.or_else(|| self.default.clone().map(String::into_bytes))
    }

    fn words(&self, name: &str) -> String {
        match (&self.set, &self.default) {
            (Some(set), _) => format!(
                "{}  ({}:{})",
                shown_value(&masked_value(name, &String::from_utf8_lossy(&set.value))),
                escape_name(&set.file),
                set.line
            ),
            (None, Some(default)) => format!("{}  (default)", shown_value(default)),
            (None, None) => "(not set)".to_owned(),
        }
    }

    fn document(&self, name: &str) -> Value {
        let masked = |value: Vec<u8>| masked_value(name, &String::from_utf8_lossy(&value));
        json!({
            "value": self.value().map(masked),
            "file": self.set.as_ref().map(|set| &set.file),
            "line": self.set.as_ref().map(|set| set.line),
        })
    }
}

impl Difference {
    fn words(&self) -> String {
        let restart = if self.restart {
            "  needs a restart"
        } else {
            ""
        };
        let mut text = format!("{}{restart}\n", styled(HEAD, &escape_name(&self.name)));
        for (style, sign, side) in [(BAD, '-', &self.old), (GOOD, '+', &self.new)] {
            let line = styled(style, &format!("{sign} {}", side.words(&self.name)));
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    fn document(&self) -> Value {
        json!({
            "name": self.name,
            "old": self.old.document(&self.name),
            "new": self.new.document(&self.name),
            "restart": self.restart,
        })
    }
}
