//! `pgcert hba explain`: the rule that decides a connection, those that do not and why, and what comes next.

mod answer;
mod asked;
mod names;
mod next;
mod open;

use std::path::Path;

use pg_config::Version;
use pg_config::conf::boolean;
use pg_config::hba::{RuleSet, Transport};
use pg_config::ident::Maps;
use pg_config::resolve::Settings;

use self::answer::Answer;
use self::asked::{Asked, from_file, from_options};
use crate::args::HbaExplain;
use crate::command::files::Found;
use crate::command::lint::all_taken;
use crate::command::surroundings::Surroundings;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{HEAD, Output, styled};
use crate::render::table::table;

/// Runs `pgcert hba explain`.
pub(super) fn run(
    args: &HbaExplain,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let (found, settings) = super::find(&args.file, context)?;
    let bytes = found.existing()?;
    let set = RuleSet::of_bytes(&found.files(), &found.path, &bytes, found.version);
    let maps = maps(args, &found, context)?;
    let mut surroundings = Surroundings::of(&found, context, output);
    let explained = Explained {
        set: &set,
        maps: maps.as_ref(),
        verbose: output.verbose(),
    };
    let refused_map = match &args.connections {
        None => {
            let mut asked = from_options(&args.connection);
            asked.ask(&mut surroundings, output);
            let answer = Answer::to(&asked, &explained, &surroundings.site);
            if output.json() {
                output.print_json(answer.document())?;
            } else {
                output.print(&answer.words())?;
                if let Some(hint) = answer.hint() {
                    output.say(&format!("{} {hint}", styled(HEAD, "hint:")));
                }
            }
            notes(
                asked.connection.transport,
                &found,
                settings.as_ref(),
                output,
            );
            answer.needs_refused_map()
        }
        Some(file) => {
            let (refused_map, with_tls) =
                many(file, &explained, &mut surroundings, context, output)?;
            let transport = if with_tls {
                Transport::Tls
            } else {
                Transport::Plain
            };
            notes(transport, &found, settings.as_ref(), output);
            refused_map
        }
    };
    all_taken(&set.errors, "pgcert hba lint")?;
    match maps {
        Some(maps) if refused_map => all_taken(maps.errors(), "pgcert ident lint"),
        _ => Ok(()),
    }
}

/// What answers are made of.
struct Explained<'a> {
    set: &'a RuleSet,
    /// None where the maps are not known.
    maps: Option<&'a Maps>,
    /// Whether each rule that was passed over is shown.
    verbose: bool,
}

/// What of the server's settings the rules do not tell.
fn notes(transport: Transport, found: &Found, settings: Option<&Settings>, output: &mut Output) {
    let is_on = |name| is_on(name, found, settings);
    if transport == Transport::Tls && is_on("ssl") == Some(false) {
        output.note("ssl is off in the server's settings: no connection comes with TLS");
    }
    if found.version < Version::V17 && is_on("db_user_namespace") == Some(true) {
        output.note("db_user_namespace is on: who logs in as ROLE is the role ROLE@DATABASE to the rules, and who logs in as ROLE@ is ROLE; here the name is taken as it is");
    }
}

/// Each connection of a file, a line each; whether one of them goes through a map of a file that the server refuses, and whether
/// one comes with TLS.
fn many(
    file: &Path,
    explained: &Explained<'_>,
    surroundings: &mut Surroundings,
    context: &Context,
    output: &mut Output,
) -> Result<(bool, bool), Failure> {
    let (mut refused_map, mut with_tls) = (false, false);
    let mut rows = vec![["RULE", "METHOD", "CONNECTION"].map(str::to_owned)];
    for asked in from_file(file, context)? {
        let mut asked: Asked = asked?;
        asked.ask(surroundings, output);
        let answer = Answer::to(&asked, explained, &surroundings.site);
        refused_map |= answer.needs_refused_map();
        with_tls |= asked.connection.transport == Transport::Tls;
        if output.json() {
            output.print_json_line(answer.document())?;
        } else {
            rows.push(answer.row());
        }
    }
    if !output.json() {
        output.print(&table(&rows, 0))?;
    }
    Ok((refused_map, with_tls))
}

/// The user name maps: those that were named, the server's, or those beside the file.
fn maps(args: &HbaExplain, found: &Found, context: &Context) -> Result<Option<Maps>, Failure> {
    // Whose rules of reading apply is known by the rules' file, wherever the maps lie.
    let read = |file: &Found, bytes: &[u8]| {
        Maps::of_bytes(&file.files(), &file.path, bytes, found.version)
    };
    if let Some(path) = &args.ident_file {
        let file = Found::named(path, Some(found.version), context)?;
        return Ok(Some(read(&file, &file.existing()?)));
    }
    let file = if args.file.file.is_some() {
        let beside = Path::new(&found.path).with_file_name("pg_ident.conf");
        Found::named(&beside, Some(found.version), context)?
    } else {
        Found::by_setting(&args.file, "ident_file", "pg_ident.conf", context)?.0
    };
    Ok(file.bytes()?.map(|bytes| read(&file, &bytes)))
}

/// Whether a setting of the server is on; none where its settings are not known.
fn is_on(name: &str, found: &Found, settings: Option<&Settings>) -> Option<bool> {
    let settings = settings?;
    let given = found.on_command_line(name).map(str::as_bytes);
    let said = given.or_else(|| settings.get(name).map(|found| found.value.as_slice()));
    Some(said.and_then(boolean) == Some(true))
}
