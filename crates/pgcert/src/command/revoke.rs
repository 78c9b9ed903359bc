//! `pgcert revoke`: which certificates are meant, agreed to, revoked; and what is left to do.

use authority::{Authority, Entry, Filter, State};
use pki_core::{Kind, Serial, Time};
use serde_json::json;

use crate::args::Revoke;
use crate::command::{advice, issuer};
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;
use crate::prompt;

/// Runs `pgcert revoke`.
pub(crate) fn run(args: &Revoke, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = issuer::open(context)?;
    let meant = meant(args, &authority, context.now)?;
    if let Some(own) = meant
        .iter()
        .find(|entry| entry.serial == authority.certificate().serial())
    {
        return Err(own_certificate(own, &authority));
    }
    let (done, open): (Vec<_>, Vec<_>) = meant
        .into_iter()
        .partition(|entry| entry.state == State::Revoked);
    for entry in &done {
        output.say(&already(entry));
    }
    if open.is_empty() {
        return report(&[], args, &authority, output);
    }
    let words = plan(&open, args);
    if args.dry_run && !output.json() {
        return output.print(&format!("{words}\n"));
    }
    if args.dry_run {
        return report(&open, args, &authority, output);
    }
    agree(&words, open.len(), args, output)?;
    let serials: Vec<_> = open.iter().map(|entry| entry.serial.clone()).collect();
    authority
        .revoke(&serials, args.reason, &context.account.name, context.now)
        .map_err(|error| advice::authority_failed("nothing was revoked", &error))?;
    report(&open, args, &authority, output)
}

/// The certificates that the argument stands for.
fn meant(args: &Revoke, authority: &Authority, now: Time) -> Result<Vec<Entry>, Failure> {
    let target = &args.target;
    let named = entries(
        authority,
        &Filter {
            name: Some(target.clone()),
            kind: args.kind,
            ..Filter::default()
        },
    )?;
    let by_serial = match target.parse::<Serial>() {
        Ok(serial) => authority
            .entry(&serial)
            .map_err(|error| unreadable(&error))?,
        Err(_) => None,
    };
    match (by_serial, named.is_empty()) {
        (Some(entry), true) if args.kind.is_none_or(|kind| kind == entry.kind) => Ok(vec![entry]),
        (Some(_), false) => Err(Failure::usage(format!(
            "{} is a serial number and a name",
            escape_name(target)
        ))
        .hint("pgcert list shows the serial numbers of that name: revoke those that are meant")),
        (_, true) => Err(Failure::new(format!(
            "no certificate has the serial number or the name {}",
            escape_name(target)
        ))
        .hint("pgcert list shows all of them; upper and lower case count in names")),
        (None, false) => of_name(named, args, now),
    }
}

/// Of all that was ever ordered for a name, what can still be used.
fn of_name(named: Vec<Entry>, args: &Revoke, now: Time) -> Result<Vec<Entry>, Failure> {
    let (current, past): (Vec<_>, Vec<_>) = named.into_iter().partition(|entry| {
        matches!(entry.state, State::Issued | State::Unused) && entry.not_after >= now
    });
    if current.len() > 1 && !args.all && !asks(args) {
        let mut text = format!(
            "{} has {} certificates that are valid:",
            escape_name(&args.target),
            current.len()
        );
        for entry in &current {
            text.push_str(&format!("\n  {}", line(entry)));
        }
        return Err(Failure::usage(text)
            .hint("--all revokes all of them; a serial number in place of the name revokes one"));
    }
    if !current.is_empty() {
        return Ok(current);
    }
    let revoked: Vec<_> = past
        .into_iter()
        .filter(|entry| entry.state == State::Revoked)
        .collect();
    if revoked.is_empty() {
        return Err(Failure::new(format!(
            "{} has no certificate that is still valid",
            escape_name(&args.target)
        ))
        .hint("what has expired is refused anyway; by its serial number it can be revoked too"));
    }
    Ok(revoked)
}

/// Whether a question will be put that shows all of them.
fn asks(args: &Revoke) -> bool {
    args.dry_run || (!args.yes && prompt::somebody_there())
}

fn agree(words: &str, many: usize, args: &Revoke, output: &mut Output) -> Result<(), Failure> {
    if args.yes {
        output.say(words);
        return Ok(());
    }
    output.insist(words);
    if !prompt::somebody_there() {
        return Err(Failure::usage("nobody is there to agree")
            .hint("--yes agrees; --dry-run only shows what would be revoked"));
    }
    let question = if many == 1 {
        "Revoke it?"
    } else {
        "Revoke all of them?"
    };
    if prompt::agree(question)? {
        Ok(())
    } else {
        Err(Failure::new("nothing was revoked"))
    }
}

fn plan(open: &[Entry], args: &Revoke) -> String {
    let mut text = format!("to be revoked for good, reason {}:", args.reason);
    for entry in open {
        text.push_str(&format!("\n  {}", line(entry)));
    }
    text
}

/// What was done, and what is left to do.
fn report(
    open: &[Entry],
    args: &Revoke,
    authority: &Authority,
    output: &mut Output,
) -> Result<(), Failure> {
    let steps: Vec<_> = open
        .iter()
        .map(|entry| {
            json!({
                "kind": "revoke",
                "path": authority.folder().join("store.db").to_string_lossy(),
                "serial": entry.serial.to_string(),
                "name": entry.name,
                "done": !args.dry_run,
            })
        })
        .collect();
    let notes = if open.is_empty() {
        Vec::new()
    } else {
        left_to_do(open)
    };
    if output.json() {
        let notes: Vec<_> = notes
            .iter()
            .map(|(code, text)| json!({ "code": code, "text": text }))
            .collect();
        return output.print_json(json!({
            "changed": !open.is_empty() && !args.dry_run,
            "steps": steps,
            "notes": notes,
            "consequences": [],
        }));
    }
    let mut text = String::new();
    for entry in open {
        text.push_str(&format!("revoked: {}\n", line(entry)));
    }
    for (_, note) in notes {
        text.push_str(&format!("{note}\n"));
    }
    output.print(&text)
}

fn left_to_do(open: &[Entry]) -> Vec<(&'static str, String)> {
    let mut notes = vec![(
        "crl-to-install",
        "no server knows of it yet. Make a revocation list, and bring it to every server that trusts this authority:\n\
         \x20 pgcert ca crl --out root.crl\n\
         \x20 pgcert install server --crl root.crl      on each server; it reloads"
            .to_owned(),
    )];
    if open.iter().any(|entry| entry.kind == Kind::Client) {
        notes.push((
            "open-sessions",
            "open sessions stay open, also after that: pg_terminate_backend() in pg_stat_activity ends them"
                .to_owned(),
        ));
    }
    if open.iter().any(|entry| entry.kind == Kind::Server) {
        notes.push((
            "clients-need-it",
            "a client refuses the server's certificate only with the list in its own sslcrl (~/.postgresql/root.crl)"
                .to_owned(),
        ));
    }
    notes
}

fn already(entry: &Entry) -> String {
    let how = entry.revoked.as_ref().map(|revoked| {
        format!(
            " on {} by {}, reason {}",
            revoked.at,
            escape_name(&revoked.by),
            revoked.reason
        )
    });
    format!(
        "already revoked{}: {}",
        how.unwrap_or_default(),
        line(entry)
    )
}

fn line(entry: &Entry) -> String {
    format!(
        "{}  {} {}, until {}",
        entry.serial,
        entry.kind,
        escape_name(&entry.name),
        entry.not_after.date()
    )
}

fn own_certificate(own: &Entry, authority: &Authority) -> Failure {
    let failure = Failure::because(
        format_args!("certificate {} cannot be revoked", own.serial),
        &authority::Error::OwnCertificate,
    );
    if authority.chain().is_empty() {
        failure.hint("to end its trust, take it out of the root.crt of every server and client")
    } else {
        failure.hint("the authority that issued it can: pgcert revoke there")
    }
}

fn entries(authority: &Authority, filter: &Filter) -> Result<Vec<Entry>, Failure> {
    authority.list(filter).map_err(|error| unreadable(&error))
}

fn unreadable(error: &authority::Error) -> Failure {
    advice::authority_failed("the store cannot be read", error)
}
