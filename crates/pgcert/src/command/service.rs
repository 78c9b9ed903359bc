//! `pgcert service`: libpq's pg_service.conf listed, changed and checked.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use pg_config::Severity;
use pg_config::conninfo::Keyword;
use pg_config::lint::{self, Finding};
use pg_config::service::{Document, EditError, Section};
use serde_json::{Value, json};

use super::edit::Edits;
use super::files::Found;
use super::lint::tell;
use crate::args::{
    Service, ServiceFile, ServiceGet, ServiceLint, ServiceList, ServiceRemove, ServiceSet,
};
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;

/// Runs `pgcert service`.
pub(crate) fn run(args: &Service, context: &Context, output: &mut Output) -> Result<(), Failure> {
    match args {
        Service::List(args) => list(args, context, output),
        Service::Get(args) => get(args, context, output),
        Service::Set(args) => set(args, context, output),
        Service::Remove(args) => remove(args, context, output),
        Service::Lint(args) => check(args, context, output),
    }
}

fn list(args: &ServiceList, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let document = Document::parse(found.existing()?, found.version);
    let read = || {
        let sections = document.sections().iter();
        // Of two of one name libpq reads the first.
        sections.filter_map(|section| Some((document.read_as(section)?, section)))
    };
    if output.json() {
        let services: Vec<_> = read()
            .map(|(name, section)| told(&name, section, effective(section), &found))
            .collect();
        return output.print_json(json!({ "services": services }));
    }
    let width = read().map(|(name, _)| name.chars().count()).max();
    let mut text = String::new();
    for (name, section) in read() {
        let parameters = ["host", "hostaddr", "port", "dbname", "user", "sslmode"];
        let parameters = parameters.iter().filter_map(|key| {
            let value = section.get(key)?;
            Some(format!("  {key}={}", escape_name(value)))
        });
        let name = escape_name(&name);
        let _ = writeln!(
            text,
            "{name:<0$}{1}",
            width.unwrap_or(0),
            parameters.collect::<String>()
        );
    }
    output.print(&text)
}

fn get(args: &ServiceGet, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let document = Document::parse(found.existing()?, found.version);
    let section = document
        .section(&args.service)
        .ok_or_else(|| not_found(&args.service, &document, &found))?;
    let mut named = Vec::new();
    for key in &args.keys {
        let parameter = section
            .parameter(key)
            .ok_or_else(|| Failure::new(no_parameter(&args.service, key)))?;
        named.push((parameter.key.as_str(), Some(parameter.value.as_str())));
    }
    if output.json() {
        let parameters = if args.keys.is_empty() {
            effective(section)
        } else {
            named
        };
        return output.print_json(told(&args.service, section, parameters, &found));
    }
    let mut text = String::new();
    for (_, value) in &named {
        let _ = writeln!(text, "{}", escape_name(value.unwrap_or_default()));
    }
    for (key, value) in effective(section).iter().filter(|_| args.keys.is_empty()) {
        let value = value.unwrap_or("(not shown)");
        let _ = writeln!(text, "{key}={}", escape_name(value));
    }
    output.print(&text)
}

/// What libpq takes of a section, in the order of the file: of a key given twice the first. A secret is shown to whoever
/// asks for it by name, and has no value here.
fn effective(section: &Section) -> Vec<(&str, Option<&str>)> {
    let parameters = section.parameters.iter();
    parameters
        .filter(|parameter| section.parameter(&parameter.key) == Some(parameter))
        .map(|parameter| {
            let secret = Keyword::named(&parameter.key).is_some_and(|known| known.secret);
            let value = (!secret).then_some(parameter.value.as_str());
            (parameter.key.as_str(), value)
        })
        .collect()
}

fn set(args: &ServiceSet, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let bytes = found.bytes()?;
    let mut document = Document::parse(bytes.as_deref().unwrap_or_default(), found.version);
    // The last one of a key given twice is what is meant; the library takes the first.
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    for assignment in args.parameters.iter().rev() {
        parameters.push((&assignment.name, &assignment.value));
    }
    parameters.reverse();
    let last = |i: usize| {
        !parameters[i + 1..]
            .iter()
            .any(|(key, _)| *key == parameters[i].0)
    };
    let parameters: Vec<_> = (0..parameters.len())
        .filter(|i| last(*i))
        .map(|i| parameters[i])
        .collect();
    document
        .set_section(&args.service, &parameters)
        .map_err(|error| refused(&error, &found))?;
    let before = errors(&found, bytes.as_deref().unwrap_or_default());
    let known = |finding: &Finding| before.iter().any(|other| other.message == finding.message);
    if let Some(new) = errors(&found, document.as_bytes())
        .iter()
        .find(|new| !known(new))
    {
        let what = "nothing was changed: libpq would refuse the result";
        return Err(Failure::new(format!("{what}: {}", new.message)).hint(new.help()));
    }
    let disk = found.files();
    let mut edits = Edits::new(&disk, "services", 0o600);
    edits.set(&found.path, bytes, document.to_bytes());
    edits.finish(&found.rights, &args.editing, context, output)
}

fn remove(args: &ServiceRemove, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let bytes = found.existing()?;
    let mut document = Document::parse(bytes.as_slice(), found.version);
    let mut missing = Vec::new();
    if document.section(&args.service).is_none() {
        let what = no_service(&args.service, &found);
        missing.push(match services(&document) {
            Some(services) => format!("{what}; {services}"),
            None => what,
        });
    } else if args.keys.is_empty() {
        document.remove_section(&args.service);
    } else {
        let keys = args.keys.iter();
        let gone = keys.filter(|key| document.remove_parameter(&args.service, key).is_empty());
        missing.extend(gone.map(|key| no_parameter(&args.service, key)));
    }
    let disk = found.files();
    let mut edits = Edits::new(&disk, "services", 0o600);
    edits.set(&found.path, Some(bytes), document.to_bytes());
    for missing in missing {
        edits.note("not-found", missing);
    }
    edits.finish(&found.rights, &args.editing, context, output)
}

fn check(args: &ServiceLint, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = find(&args.file, context)?;
    let findings = lint::service(&found.path, &found.existing()?, found.version);
    tell(&findings, &found.path, &args.linting, output)
}

/// The file that is named, or that libpq would read first.
fn find(options: &ServiceFile, context: &Context) -> Result<Found, Failure> {
    let path = match (&options.file, context.env("PGSERVICEFILE")) {
        (Some(path), _) => path.clone(),
        (None, Some(path)) if path.is_empty() => {
            return Err(Failure::new(
                "service file \"\" not found: PGSERVICEFILE is set and empty",
            )
            .hint(
                "unset PGSERVICEFILE and libpq reads ~/.pg_service.conf; --file names another one",
            ));
        }
        (None, Some(path)) => PathBuf::from(path),
        (None, None) => {
            let home = context.env("HOME").filter(|home| !home.is_empty());
            let home = home.map_or_else(|| context.account.home.clone(), PathBuf::from);
            home.join(".pg_service.conf")
        }
    };
    let mut found = Found::named(&path, options.pg_version, context)?;
    let whereabouts = "PGSERVICEFILE names libpq's, or it is ~/.pg_service.conf";
    found.whereabouts = Some(whereabouts.to_owned());
    Ok(found)
}

/// What libpq refuses in a file.
fn errors(found: &Found, bytes: &[u8]) -> Vec<Finding> {
    let mut errors = lint::service(&found.path, bytes, found.version);
    errors.retain(|finding| finding.lint.severity == Severity::Error);
    errors
}

/// A secret that is not shown is null.
fn told(
    name: &str,
    section: &Section,
    parameters: Vec<(&str, Option<&str>)>,
    found: &Found,
) -> Value {
    let parameters: serde_json::Map<String, Value> = parameters
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    json!({
        "name": name,
        "file": found.path,
        "line": section.line,
        "parameters": parameters,
    })
}

fn not_found(service: &str, document: &Document, found: &Found) -> Failure {
    let failure = Failure::new(no_service(service, found));
    match services(document) {
        Some(services) => failure.hint(services),
        None => failure,
    }
}

fn no_service(service: &str, found: &Found) -> String {
    let path = escape_name(&found.path);
    format!("{path} has no service \"{}\"", escape_name(service))
}

fn no_parameter(service: &str, key: &str) -> String {
    let (service, key) = (escape_name(service), escape_name(key));
    format!("service \"{service}\" has no {key}")
}

/// Which services there are, where there is one.
fn services(document: &Document) -> Option<String> {
    let sections = document.sections().iter();
    let names: BTreeSet<_> = sections
        .filter_map(|section| document.read_as(section))
        .map(|name| escape_name(&name))
        .collect();
    let names: Vec<_> = names.into_iter().collect();
    (!names.is_empty()).then(|| format!("it has: {}", names.join(", ")))
}

fn refused(error: &EditError, found: &Found) -> Failure {
    let failure = Failure::because("nothing was changed", error);
    match error {
        EditError::BadKey { .. } => failure.hint(format!(
            "libpq {} knows no such parameter in a service file; --pg-version N says which libpq reads it",
            found.version
        )),
        EditError::BadValue { .. } => {
            failure.hint("service files know no quotes: blanks at the end and line breaks cannot be kept")
        }
        _ => failure,
    }
}
