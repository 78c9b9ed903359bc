//! `pgcert hba simulate`: the rules put to logins that were seen. With a server's log: which rules were used, how often, by whom.

mod log;
mod prefix;
mod sessions;
mod tell;
mod usage;

use pg_config::hba::RuleSet;
use pg_config::resolve::Assignment;

use self::prefix::Prefix;
use self::sessions::Sessions;
use self::usage::Usage;
use crate::args::HbaSimulate;
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
        let unreadable = |error: &dyn std::error::Error| {
            Failure::because(format_args!("{} cannot be read", shown(path)), error)
        };
        read.and_then(|read| read)
            .map_err(|error| unreadable(&error))?
            .map_err(|error| unreadable(&error))?;
    }
    sessions.finish();
    let mut surroundings = Surroundings::of(&found, context, output);
    let mut usage = Usage::new(&set, &disk);
    for (login, times) in &sessions.logins {
        let role = login.role.as_deref();
        let member_of = role.and_then(|role| surroundings.known_member_of(role));
        usage.count(login, &surroundings.site, member_of, *times);
    }
    if output.json() {
        output.print_json(tell::document(&usage, &sessions))?;
    } else {
        if !sessions.logins.is_empty() {
            output.print(&tell::words(&usage))?;
        }
        tell::notes(&usage, &sessions, output);
    }
    all_taken(&set.errors, "pgcert hba lint")
}
