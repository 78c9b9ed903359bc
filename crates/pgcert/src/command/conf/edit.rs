//! `pgcert conf set` and `unset`: which files have to change, whether the server would take the result, and what it
//! needs to count.

use pg_config::conf::{Context as Counts, Document, Lookup, Parameter};
use pg_config::lint;
use pg_config::resolve::{Files as _, Settings};

use crate::args::{Assignment, ConfSet, ConfUnset};
use crate::command::edit::Edits;
use crate::command::files::Found;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;
use crate::render::diff::masked_value;

/// Runs `pgcert conf set`.
pub(crate) fn set(args: &ConfSet, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = Found::conf(&args.file, context)?;
    found.existing()?;
    let disk = found.files();
    let before = found.settings(&disk);
    let mut edits = Edits::new(&disk, "settings", 0o600);
    let mut changed = Vec::new();
    let settings = last_of_each(&args.settings, &found, &mut edits);
    for Assignment { name, value } in settings.iter().copied() {
        let now = found.settings(&edits);
        let file = now
            .all(name)
            .filter(|assignment| !hides(assignment, &found))
            .last()
            .map_or(found.path.clone(), |assignment| assignment.file.clone());
        let old = read(&edits, &file)?;
        let mut document = Document::parse(old.as_slice());
        let change = document
            .set(name, value)
            .map_err(|error| unwritable(name, &error))?;
        refuse(name, value, &found)?;
        if !change.is_empty() {
            edits.set(&file, Some(old), document.to_bytes());
            changed.push(name.as_str());
        }
    }
    let after = found.settings(&edits);
    say_what_refuses(&before, &after, &found, &mut edits)?;
    for Assignment { name, value } in settings {
        say_what_hides(name, Some(value), &found, &after, &mut edits);
    }
    say_what_auto_conf_is(&changed, &found, &mut edits);
    changed.retain(|name| !is_hidden(name, &found, &after) && !is_fixed_by(name, &found));
    say_what_it_needs(&changed, &found, &mut edits);
    edits.finish_on(&found, &args.editing, context, output)
}

/// Of what is given for one setting the last, under whatever of its names: as in a file.
fn last_of_each<'a>(
    settings: &'a [Assignment],
    found: &Found,
    edits: &mut Edits<'_>,
) -> Vec<&'a Assignment> {
    let mut kept: Vec<&Assignment> = Vec::new();
    for (i, given) in settings.iter().enumerate() {
        let means =
            |other: &&Assignment| spelled(&other.name, found) == spelled(&given.name, found);
        if settings[i + 1..].iter().any(|other| means(&other)) {
            let (name, value) = (&given.name, masked_value(&given.name, &given.value));
            edits.note(
                "given-twice",
                format!("{name}={value} is passed over: another value for it is given behind"),
            );
        } else {
            kept.push(given);
        }
    }
    kept
}

/// The parameter's own name, where it is known.
fn spelled(name: &str, found: &Found) -> String {
    match Parameter::named(name, found.version) {
        Lookup::Known(parameter) => parameter.name.to_ascii_lowercase(),
        _ => name.to_ascii_lowercase(),
    }
}

/// Whether the server has chosen before it reads `postgresql.auto.conf`, and takes it from nowhere else (`guc.c`,
/// `GUC_DISALLOW_IN_AUTO_FILE`, `SelectConfigFiles`).
fn is_fixed_by(name: &str, found: &Found) -> bool {
    is_auto_conf(found) && spelled(name, found) == "data_directory"
}

fn is_auto_conf(found: &Found) -> bool {
    std::path::Path::new(&found.path).ends_with("postgresql.auto.conf")
}

/// Who else writes this file, and what does not count in it.
fn say_what_auto_conf_is(changed: &[&str], found: &Found, edits: &mut Edits<'_>) {
    if changed.is_empty() || !is_auto_conf(found) {
        return;
    }
    for name in changed.iter().filter(|name| is_fixed_by(name, found)) {
        let why = "the server reads this file where its data is, and has found that already";
        edits.note(
            "not-in-auto-conf",
            format!("{name} counts for nothing here: {why}"),
        );
    }
    edits.note(
        "auto-conf",
        "ALTER SYSTEM rewrites this file and keeps no comments: on a server that runs, ALTER SYSTEM SET and RESET do the same",
    );
}

/// Runs `pgcert conf unset`.
pub(crate) fn unset(
    args: &ConfUnset,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let found = Found::conf(&args.file, context)?;
    found.existing()?;
    let disk = found.files();
    let before = found.settings(&disk);
    let mut edits = Edits::new(&disk, "settings", 0o600);
    let mut changed = Vec::new();
    for name in &args.names {
        let mut files: Vec<String> = Vec::new();
        for assignment in before.all(name).filter(|a| !hides(a, &found)) {
            if !files.contains(&assignment.file) {
                files.push(assignment.file.clone());
            }
        }
        for file in &files {
            let old = read(&edits, file)?;
            let mut document = Document::parse(old.as_slice());
            document
                .unset(name)
                .map_err(|error| unwritable(name, &error))?;
            edits.set(file, Some(old), document.to_bytes());
        }
        if !files.is_empty() {
            changed.push(name.as_str());
        } else if matches!(Parameter::named(name, found.version), Lookup::Unknown(_)) {
            let version = found.version;
            edits.note(
                "unknown",
                format!("PostgreSQL {version} has no parameter \"{name}\""),
            );
        }
    }
    let after = found.settings(&edits);
    say_what_refuses(&before, &after, &found, &mut edits)?;
    for name in &args.names {
        say_what_hides(name, None, &found, &after, &mut edits);
        if let Lookup::Known(parameter) = Parameter::named(name, found.version)
            && let Some(default) = parameter.shown_default()
            && after.get(name).is_none()
            && changed.contains(&name.as_str())
        {
            edits.note(
                "default",
                format!("{} is {default} by default", parameter.name),
            );
        }
    }
    say_what_auto_conf_is(&changed, &found, &mut edits);
    changed.retain(|name| !is_hidden(name, &found, &after) && !is_fixed_by(name, &found));
    say_what_it_needs(&changed, &found, &mut edits);
    edits.finish_on(&found, &args.editing, context, output)
}

/// What the server would not take is not written.
fn refuse(name: &str, value: &str, found: &Found) -> Result<(), Failure> {
    let Some(refusal) = lint::setting(name, value.as_bytes(), found.version) else {
        return Ok(());
    };
    let failure = Failure::new(format!(
        "nothing was changed: PostgreSQL {} would say: {}",
        found.version, refusal.message
    ));
    let failure = match refusal.advice {
        Some(advice) => failure.hint(advice),
        None => failure,
    };
    Err(if found.version_is_guessed {
        failure.hint("--pg-version N says that the file is another version's")
    } else {
        failure
    })
}

/// Whether an assignment stands where no edit is made: in `postgresql.auto.conf`, unless that is the file itself.
fn hides(assignment: &pg_config::resolve::Assignment, found: &Found) -> bool {
    assignment.is_auto() && assignment.file != found.path
}

fn read(edits: &Edits<'_>, file: &str) -> Result<Vec<u8>, Failure> {
    edits.read(file).map_err(|error| {
        Failure::because(format_args!("{} cannot be read", escape_name(file)), &error)
    })
}

fn unwritable(name: &str, error: &pg_config::conf::EditError) -> Failure {
    let failure = Failure::because(
        format_args!(
            "nothing was changed: {} cannot be written",
            escape_name(name)
        ),
        error,
    );
    if name.to_ascii_lowercase().starts_with("include") {
        failure.hint("an include is no setting: add the line with an editor")
    } else {
        failure
    }
}

/// The edit must not add to what the server refuses; what was wrong before is said. A name that it does not know keeps it
/// from taking the files at all, and is no error of their syntax.
fn say_what_refuses(
    before: &Settings,
    after: &Settings,
    found: &Found,
    edits: &mut Edits<'_>,
) -> Result<(), Failure> {
    let mut findings = lint::conf(edits, after, found.version);
    findings.retain(|finding| REFUSED.contains(&finding.lint.code));
    // A byte order mark may be an error of syntax as well, which says less.
    let is_marked = |file: &str, line: u32| {
        findings.iter().any(|finding| {
            finding.lint.code == BYTE_ORDER_MARK && finding.file == file && finding.line == line
        })
    };
    let mut errors = after.errors().to_vec();
    errors.retain(|error| !is_marked(&error.file, error.line));
    edits.must_not_add_errors(before.errors(), &errors)?;
    let version = found.version;
    let another = match found.version_is_guessed {
        true => "; --pg-version N says that the file is another version's",
        false => "",
    };
    for finding in findings {
        let help = finding.help();
        let text = format!(
            "PostgreSQL {version} would refuse this because of another line: {finding}; {help}{another}"
        );
        edits.note("refused", text);
    }
    Ok(())
}

/// Whether the files do not decide what the name is, or another line does.
fn is_hidden(name: &str, found: &Found, after: &Settings) -> bool {
    let is_auto = after.get(name).is_some_and(|last| hides(last, found));
    is_auto || found.on_command_line(name).is_some()
}

fn say_what_hides(
    name: &str,
    wanted: Option<&str>,
    found: &Found,
    after: &Settings,
    edits: &mut Edits<'_>,
) {
    if let Some(value) = found.on_command_line(name) {
        let value = masked_value(name, value);
        edits.note(
            "hidden-by-command-line",
            format!("the server runs with {name}={value} on its command line, which no file overrides: it counts once the server is started without"),
        );
    }
    if let Some(last) = after.get(name).filter(|last| hides(last, found)) {
        let value = masked_value(name, &String::from_utf8_lossy(&last.value));
        if wanted.is_none_or(|wanted| wanted.as_bytes() != last.value) {
            edits.note(
                "hidden-by-auto-conf",
                format!(
                    "{}, line {}, says {name} = {value}, and that is read last: ALTER SYSTEM RESET {name} takes it out",
                    last.file, last.line
                ),
            );
        }
    }
}

fn say_what_it_needs(changed: &[&str], found: &Found, edits: &mut Edits<'_>) {
    let mut restart = Vec::new();
    let mut connections = Vec::new();
    let mut reload = false;
    for name in changed {
        match Parameter::named(name, found.version) {
            Lookup::Known(parameter) => match parameter.context {
                Counts::Restart => restart.push(parameter.name),
                Counts::NewConnections => connections.push(parameter.name),
                _ => reload = true,
            },
            _ => reload = true,
        }
    }
    if !restart.is_empty() {
        let names = restart.join(", ");
        edits.note(
            "needs-restart",
            format!("{names}: counts after a restart of the server"),
        );
    }
    if !connections.is_empty() {
        edits.note_reload_for_new(&connections.join(", "));
    } else if reload {
        edits.note_reload();
    }
}

/// Findings because of which a reload applies nothing, beside errors of syntax.
const REFUSED: [&str; 2] = ["conf-unknown-parameter", BYTE_ORDER_MARK];

/// The finding of a file that begins with one.
const BYTE_ORDER_MARK: &str = "conf-byte-order-mark";
