//! From a goal to a change: draft, show, ask, apply, report. The same for everything that writes.

use std::collections::BTreeSet;

use authority::Authority;
use installer::{
    AuthorityFacts, ClientSeat, Consent, Facts, Goal, Plan, Recovery, Step, Unfinished, Way,
    Workshop, apply, draft, recover, unfinished,
};
use pg_host::client::Libpq;
use pg_host::{Admin, Cluster};
use pki_core::Secret;

use super::client::Seat;
use crate::args::{Changing, NewPassphrase};
use crate::command::advice;
use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::render;
use crate::{passphrase, prompt};

/// What a change works with, beside its goal.
pub(crate) struct Hands {
    /// The server and a session with it.
    pub(crate) server: Option<(Cluster, Admin)>,
    /// How that was opened.
    pub(crate) way: Way,
    /// The client, and the passphrase of its key.
    pub(crate) client: Option<(Seat, Option<Secret>)>,
}

/// Takes back what an earlier run left half-done, before anything is looked at. A dry run only says
/// that it lies there.
pub(crate) fn recover_first(
    way: &Way,
    changing: &Changing,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    if changing.dry_run {
        return say_unfinished(context, output);
    }
    let found = recover(&context.state, way, context.now).map_err(|error| {
        Failure::because(
            "an earlier run was interrupted, and cannot be taken back",
            &error,
        )
    })?;
    let Some(Recovery { finished, left }) = found else {
        return Ok(());
    };
    if !left.is_empty() {
        return Err(advice::not_put_back(
            "an earlier run was interrupted, and a part of it could not be taken back",
            &left,
        ));
    }
    output.say(if finished {
        "an earlier run was interrupted at its very end: finished it"
    } else {
        "an earlier run was interrupted: took back what it had done"
    });
    Ok(())
}

/// What is half-done is no ground to plan on: the plan would be another one once it is taken back.
fn say_unfinished(context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = unfinished(&context.state)
        .map_err(|error| Failure::because("an earlier run's journal cannot be read", &error))?;
    let Some(Unfinished {
        begun,
        proven,
        touched,
    }) = found
    else {
        return Ok(());
    };
    let begun = begun.rfc3339();
    if proven {
        output.say(&format!(
            "the run that began at {begun} has proven its result: the next one only tidies up after it"
        ));
    } else if !touched.is_empty() {
        let touched = touched.join(", ");
        let what = format!("the run that began at {begun} is not over: it has touched {touched}");
        return Err(Failure::new(what)
            .hint("unless it is still at work, it was interrupted: the next run without --dry-run takes that back first, before it plans, shows and asks"));
    }
    Ok(())
}

/// The authority's facts, where the goal has one.
pub(crate) fn authority_facts(goal: &Goal) -> Result<Option<AuthorityFacts>, Failure> {
    let Some(wanted) = &goal.authority else {
        return Ok(None);
    };
    let gathered = AuthorityFacts::gather(&wanted.dir);
    gathered
        .map(Some)
        .map_err(|error| advice::authority_failed("the authority cannot be opened", &error))
}

/// Does it, or with `--dry-run` says what would be done.
pub(crate) fn run(
    goal: &Goal,
    facts: &Facts,
    hands: Hands,
    changing: &Changing,
    passphrase: Option<&NewPassphrase>,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let plan = draft(goal, facts).map_err(|refusal| advice::refused(&refusal))?;
    if changing.dry_run {
        return show(&plan, changing, output);
    }
    let words = render::plan::words(&plan);
    if !plan.is_empty() && !changing.yes && prompt::somebody_there() {
        // Nobody shall be asked about a plan that was not shown.
        output.insist(words.trim_end());
    } else if !output.json() && !words.is_empty() {
        output.say(words.trim_end());
    }
    let accepted = agreed(&plan, changing)?;
    let approved = match plan.clone().approve(&accepted) {
        Ok(approved) => approved,
        Err(unaccepted) => {
            if output.json() {
                show(&plan, changing, output)?;
            }
            return Err(advice::unaccepted(&unaccepted));
        }
    };
    let authority = match &goal.authority {
        Some(wanted) if needs_key(&plan) => Some((
            wanted.dir.clone(),
            key_passphrase(&plan, passphrase, context)?,
        )),
        Some(wanted) => Some((wanted.dir.clone(), None)),
        None => None,
    };
    let interrupt =
        Interrupt::catch().map_err(|error| Failure::because("signals cannot be caught", &error))?;
    let mut workshop = Workshop {
        now: context.now,
        account: context.account.clone(),
        state: context.state.clone(),
        authority,
        server: hands.server,
        way: hands.way,
        client: hands.client.map(|(seat, key_passphrase)| ClientSeat {
            account: seat.account,
            home: seat.home,
            key_passphrase,
            libpq: Libpq::default(),
        }),
        interrupted: &|| interrupt.requested(),
    };
    let proof = apply(&approved, &mut workshop).map_err(|failed| advice::failed(&failed))?;
    if output.json() {
        let document = render::plan::document(&plan, Some(&proof), &accepted);
        return output.print_json(document);
    }
    output.print(&render::proof::words(&plan, &proof))
}

/// The plan, and nothing else.
fn show(plan: &Plan, changing: &Changing, output: &mut Output) -> Result<(), Failure> {
    if output.json() {
        let accepted = changing.accept.iter().copied().collect();
        return output.print_json(render::plan::document(plan, None, &accepted));
    }
    output.print(&render::plan::words(plan))
}

/// The steps are agreed to by `--yes` or on the terminal; each consequence by its name or a question
/// of its own. Returns the consequences that are accepted.
fn agreed(plan: &Plan, changing: &Changing) -> Result<BTreeSet<Consent>, Failure> {
    let mut accepted: BTreeSet<Consent> = changing.accept.iter().copied().collect();
    if plan.is_empty() || changing.yes {
        return Ok(accepted);
    }
    if !prompt::somebody_there() {
        return Err(Failure::usage("nobody is there to agree to the plan")
            .hint("--yes agrees to the steps, --dry-run only shows them"));
    }
    for consequence in &plan.consequences {
        let consent = consequence.consent;
        let question = format!("{}\nAccept {consent}?", consequence.text);
        if !accepted.contains(&consent) && prompt::agree(&question)? {
            accepted.insert(consent);
        }
    }
    let all = plan
        .consequences
        .iter()
        .all(|c| accepted.contains(&c.consent));
    if all && !prompt::agree("Do it?")? {
        return Err(Failure::new("nothing was changed"));
    }
    Ok(accepted)
}

fn needs_key(plan: &Plan) -> bool {
    plan.steps
        .iter()
        .any(|step| matches!(step, Step::Issue(_) | Step::InitAuthority(_)))
}

fn key_passphrase(
    plan: &Plan,
    options: Option<&NewPassphrase>,
    context: &Context,
) -> Result<Option<Secret>, Failure> {
    let Some(options) = options else {
        return Ok(None);
    };
    let new = plan
        .steps
        .iter()
        .any(|step| matches!(step, Step::InitAuthority(_)));
    if !new {
        let encrypted = Authority::open(&context.authority)
            .and_then(|found| found.map_or(Ok(false), |found| found.key_is_encrypted()))
            .map_err(|error| {
                advice::authority_failed("the authority's key cannot be read", &error)
            })?;
        return encrypted
            .then(|| passphrase::of_authority(&options.from))
            .transpose();
    }
    passphrase::of_new_authority(options)
}
