//! `pgcert hba simulate`: the rules put to logins that were seen, and other rules to everybody. With a server's log: which rules
//! were used, how often, by whom. With a step such as md5 becoming scram-sha-256: who is refused then.

mod log;
mod prefix;
mod sessions;
mod tell;
mod usage;
mod whatif;

use pg_config::hba::RuleSet;
use pg_config::resolve::Assignment;

use self::prefix::Prefix;
use self::sessions::{Outcome, Sessions};
use self::usage::Usage;
use self::whatif::WhatIf;
use crate::args::HbaSimulate;
use crate::command::advice;
use crate::command::lint::all_taken;
use crate::command::surroundings::Surroundings;
use crate::context::Context;
use crate::failure::{Failure, shown};
use crate::output::Output;

/// Runs `pgcert hba simulate`.
pub(super) fn run(
    args: &HbaSimulate,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let (found, settings) = super::find(&args.file, context)?;
    let bytes = found.existing()?;
    let disk = found.files();
    let set = RuleSet::of_bytes(&disk, &found.path, &bytes, found.version);
    let given = args.log_line_prefix.as_deref();
    let in_force = settings
        .as_ref()
        .and_then(|settings| settings.get("log_line_prefix"))
        .and_then(Assignment::text);
    let prefix = Prefix::new(given.or(in_force));
    let mut sessions = Sessions::default();
    for path in &args.log {
        let read = hostfile::acting_as(&context.account, || {
            let file = hostfile::reader(path)?;
            Ok(log::read(file, &prefix, |entry| sessions.take(entry)))
        });
        let what = format!("{} cannot be read", shown(path));
        read.and_then(|read| read)
            .map_err(|error| advice::about_reading(Failure::because(&what, &error), &error))?
            .map_err(|error| Failure::because(&what, &error))?;
    }
    sessions.finish();
    let mut surroundings = Surroundings::of(&found, context, output);
    let steps = args.steps.all();
    if !steps.is_empty() {
        let after = whatif::after(&set, &steps);
        let mut what_if = WhatIf::new(&set, &after, &surroundings.site);
        what_if.seen.untold = sessions.uncounted();
        let let_in = sessions.logins.iter();
        for (login, times) in let_in.filter(|(login, _)| login.outcome == Outcome::In) {
            let role = login.role.as_deref();
            let member_of = role.and_then(|role| surroundings.known_member_of(role, output));
            match usage::connection(login, member_of) {
                Some(connection) => what_if.put(&connection, &surroundings.site, *times),
                None => what_if.seen.untold += times,
            }
        }
        if output.json() {
            output.print_json(what_if.document())?;
        } else {
            output.print(&what_if.words(output.verbose(), !args.log.is_empty()))?;
            what_if.notes(&steps, output);
        }
        return all_taken(&set.errors, "pgcert hba lint");
    }
    let mut usage = Usage::new(&set, &disk);
    for (login, times) in &sessions.logins {
        let role = login.role.as_deref();
        let member_of = role.and_then(|role| surroundings.known_member_of(role, output));
        usage.count(login, &surroundings.site, member_of, *times);
    }
    if output.json() {
        output.print_json(tell::document(&usage, &sessions))?;
    } else {
        if !sessions.logins.is_empty() {
            output.print(&tell::words(&usage))?;
        }
        tell::notes(&usage, &sessions, &prefix, output);
    }
    all_taken(&set.errors, "pgcert hba lint")
}
