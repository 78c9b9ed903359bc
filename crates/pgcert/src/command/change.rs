//! From a goal to a change: draft, show, ask, apply, report. The same for everything that writes.

use std::collections::BTreeSet;

use authority::Authority;
use installer::{
    Approved, AuthorityFacts, ClientSeat, Consent, Facts, Goal, Plan, Recovery, Step, Workshop,
    apply, draft, recover,
};
use pg_host::client::Libpq;
use pg_host::{Admin, Cluster};
use pki_core::Secret;

use super::client::Seat;
use crate::args::{Changing, Passphrase};
use crate::command::{advice, ca};
use crate::context::Context;
use crate::failure::{Code, Failure};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::render;
use crate::{passphrase, prompt};

/// What a change works with, beside its goal.
pub(crate) struct Hands {
    /// The server and a session with it.
    pub(crate) server: Option<(Cluster, Admin)>,
    /// The client, and the passphrase of its key.
    pub(crate) client: Option<(Seat, Option<Secret>)>,
}

/// Takes back what an earlier run left half-done, before anything is looked at.
pub(crate) fn recover_first(context: &Context, output: &mut Output) -> Result<(), Failure> {
    let found = recover(&context.state, context.now).map_err(|error| {
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

/// The authority's facts, where the goal has one.
pub(crate) fn authority_facts(goal: &Goal) -> Result<Option<AuthorityFacts>, Failure> {
    let Some(wanted) = &goal.authority else {
        return Ok(None);
    };
    let gathered = AuthorityFacts::gather(&wanted.dir);
    gathered
        .map(Some)
        .map_err(|error| ca::failed("the authority cannot be opened", &error))
}

/// Does it, or with `--dry-run` says what would be done.
pub(crate) fn run(
    goal: &Goal,
    facts: &Facts,
    hands: Hands,
    changing: &Changing,
    passphrase: Option<&Passphrase>,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let plan = draft(goal, facts).map_err(|refusal| advice::refused(&refusal))?;
    if changing.dry_run {
        return show_only(&plan, changing, context, output);
    }
    if !output.json() {
        output.say(render::plan::steps(&plan, output.verbose()).trim_end());
    }
    let approved = approve(&plan, changing)?;
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
        client: hands.client.map(|(seat, key_passphrase)| ClientSeat {
            account: seat.account,
            home: seat.home,
            key_passphrase,
            libpq: Libpq::default(),
        }),
        interrupted: &|| interrupt.requested(),
        progress: &mut |_: &Step| {},
    };
    let proof = apply(&approved, &mut workshop).map_err(|failed| advice::failed(&failed))?;
    if output.json() {
        return output.print_json(render::plan::document(
            &plan,
            true,
            Some(&proof),
            &changing.accept,
        ));
    }
    output.print(&render::proof::words(&proof, plan.is_empty()))
}

fn show_only(
    plan: &Plan,
    changing: &Changing,
    _context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.json() {
        return output.print_json(render::plan::document(plan, false, None, &changing.accept));
    }
    output.print(&render::plan::steps(plan, true))
}

/// The steps are agreed to by `--yes` or on the terminal; each consequence by its name or a question
/// of its own.
fn approve(plan: &Plan, changing: &Changing) -> Result<Approved, Failure> {
    let mut accepted: BTreeSet<Consent> = changing.accept.iter().copied().collect();
    if !plan.is_empty() && !changing.yes {
        if !prompt::somebody_there() {
            return Err(Failure::usage("nobody is there to agree to the plan")
                .hint("--yes agrees to the steps, --dry-run only shows them"));
        }
        for consequence in &plan.consequences {
            if !accepted.contains(&consequence.consent)
                && prompt::agree(&format!(
                    "{}\nAccept {}?",
                    consequence.text, consequence.consent
                ))?
            {
                accepted.insert(consequence.consent);
            }
        }
        if plan
            .consequences
            .iter()
            .all(|consequence| accepted.contains(&consequence.consent))
            && !prompt::agree("Do it?")?
        {
            return Err(Failure::new("nothing was changed"));
        }
    }
    plan.clone()
        .approve(&accepted)
        .map_err(|unaccepted| advice::unaccepted(&unaccepted))
}

fn needs_key(plan: &Plan) -> bool {
    plan.steps
        .iter()
        .any(|step| matches!(step, Step::Issue(_) | Step::InitAuthority(_)))
}

fn key_passphrase(
    plan: &Plan,
    options: Option<&Passphrase>,
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
            .map_err(|error| ca::failed("the authority's key cannot be read", &error))?;
        if !encrypted {
            return Ok(None);
        }
    }
    passphrase::of_authority(options, new)
}

/// An exit code of its own for a part that could not be put back.
pub(crate) const NOT_PUT_BACK: Code = Code::NotPutBack;
