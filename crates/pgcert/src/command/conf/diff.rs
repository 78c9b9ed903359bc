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
use crate::failure::{Failure, escape_name};
use crate::output::{BAD, GOOD, HEAD, Output, styled};

/// Runs `pgcert conf diff`.
pub(crate) fn run(args: &ConfDiff, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let new = Found::named(&args.new, args.pg_version, context)?;
    let old = Found::named(&args.old, Some(new.version), context)?;
    let mut settings = Vec::new();
    for found in [&old, &new] {
        found.existing()?;
        settings.push(found.settings(&found.files()));
    }
    let [before, after] = [(&old, &settings[0]), (&new, &settings[1])];
    let differences = differences(before, after, new.version);
    for (found, settings) in [before, after] {
        for error in settings.errors() {
            output.say(&format!(
                "note: the server refuses {}: {error}",
                escape_name(&found.path)
            ));
        }
    }
    if output.json() {
        let list: Vec<_> = differences.iter().map(Difference::document).collect();
        return output.print_json(json!({ "differences": list }));
    }
    if differences.is_empty() {
        output.say("no difference: both mean the same");
    }
    let text: String = differences.iter().map(Difference::words).collect();
    output.print(&text)
}

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

    fn words(&self) -> String {
        match (&self.set, &self.default) {
            (Some(set), _) => format!(
                "{}  ({}:{})",
                shown_value(&String::from_utf8_lossy(&set.value)),
                escape_name(&set.file),
                set.line
            ),
            (None, Some(default)) => format!("{}  (default)", shown_value(default)),
            (None, None) => "(not set)".to_owned(),
        }
    }

    fn document(&self) -> Value {
        json!({
            "value": self.value().map(|value| String::from_utf8_lossy(&value).into_owned()),
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
            let line = styled(style, &format!("{sign} {}", side.words()));
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    fn document(&self) -> Value {
        json!({
            "name": self.name,
            "old": self.old.document(),
            "new": self.new.document(),
            "restart": self.restart,
        })
    }
}
