//! `pgcert ca init`: a root, or an authority under a root that can be carried away.

use std::path::Path;

use authority::{Authority, Init, init, init_under};
use pki_core::{Kind, Scope, Secret};
use serde_json::json;

use super::{advice, issuer};
use crate::args::CaInit;
use crate::context::{Context, absolute};
use crate::failure::{Failure, escape_name, shown};
use crate::output::Output;
use crate::{passphrase, prompt};

/// Runs `pgcert ca init`.
pub(crate) fn run(args: &CaInit, context: &Context, output: &mut Output) -> Result<(), Failure> {
    if args.key_type.breaks_channel_binding() && !args.force {
        return Err(Failure::usage(format!("an authority with a key of type {} is refused", args.key_type))
            .hint("its signature has no digest that channel binding could use: psql's password logins (SCRAM) to every server with such a certificate fail")
            .hint("use p256, or --force where nobody logs in by password"));
    }
    // Asked before the passphrase: a person should not think one up in vain.
    if Authority::open(&context.authority).is_ok_and(|found| found.is_some()) {
        return Err(Failure::new(format!(
            "{} already holds an authority",
            context.authority.display()
        ))
        .hint("pgcert ca show tells what it is; --authority DIR makes another one"));
    }
    let scope = args.scope.scope();
    if scope.only == Some(Kind::Client)
        && scope
            != (Scope {
                only: scope.only,
                ..Scope::default()
            })
    {
        return Err(
            Failure::usage("host names and addresses limit what is signed for servers")
                .hint("without --for client, or without --permit-dns and --permit-ip"),
        );
    }
    let name = args.ca_name.clone().unwrap_or_else(issuer::default_name);
    let subject = args.subject.clone().unwrap_or_default();
    let root = match &args.above.root_authority {
        Some(dir) => Some(root(&absolute(dir.clone())?, &name, args, context, output)?),
        None => None,
    };
    let passphrase = passphrase::of_new_authority(&args.passphrase)?;
    let wish = Init {
        name: &name,
        subject: &subject,
        days: args.days,
        key_type: args.key_type,
        scope: &scope,
        passphrase: passphrase.as_ref(),
        owner: None,
        by: &context.account.name,
    };
    let cannot = |error: &_| advice::authority_failed("the authority cannot be made", error);
    let authority = match &root {
        None => init(&context.authority, &wish, context.now),
        Some((root, root_passphrase)) => root
            .unlock(root_passphrase.as_ref())
            .and_then(|root| init_under(&context.authority, &wish, &root, context.now)),
    }
    .map_err(|error| cannot(&error))?;
    output.say(&format!(
        "authority \"{}\" made in {}",
        escape_name(&name),
        shown(authority.folder())
    ));
    if passphrase.is_none() {
        output.say("its key is not encrypted: whoever can read ca.key can issue certificates");
    }
    if let Some((root, _)) = &root {
        output.say(&format!(
            "its root is in {}: carry that folder away; it is needed again for the next authority under it and for its revocation lists only",
            shown(root.folder())
        ));
    }
    if output.json() {
        let mut document = json!({ "changed": true, "authority": issuer::describe(&authority) });
        if let Some((root, _)) = &root {
            document["root_authority"] = issuer::describe(root);
        }
        output.print_json(document)?;
    }
    Ok(())
}

/// The root in a folder, made where there is none, and the passphrase of its key.
fn root(
    dir: &Path,
    below: &str,
    args: &CaInit,
    context: &Context,
    output: &mut Output,
) -> Result<(Authority, Option<Secret>), Failure> {
    let cannot =
        |error: &_| advice::authority_failed(format_args!("the root in {}", dir.display()), error);
    let file = args.above.root_passphrase_file.as_deref();
    let from_file = || file.map(passphrase::from_file).transpose();
    if let Some(root) = Authority::open(dir).map_err(|error| cannot(&error))? {
        let passphrase = match from_file()? {
            Some(passphrase) => Some(passphrase),
            None if !root.key_is_encrypted().map_err(|error| cannot(&error))? => None,
            None if prompt::somebody_there() => {
                Some(passphrase::ask("Passphrase of the root's key: ")?)
            }
            None => return Err(nobody()),
        };
        return Ok((root, passphrase));
    }
    let passphrase = match from_file()? {
        Some(passphrase) => Some(passphrase),
        None if args.passphrase.no_passphrase => None,
        None if prompt::somebody_there() => Some(passphrase::ask_twice(
            "New passphrase for the root's key: ",
        )?),
        None => return Err(nobody()),
    };
    let name = args.above.root_name.clone();
    let name = name.unwrap_or_else(|| format!("{below} root"));
    let wish = Init {
        name: &name,
        subject: &args.subject.clone().unwrap_or_default(),
        days: args.days,
        key_type: args.key_type,
        scope: &Scope::default(),
        passphrase: passphrase.as_ref(),
        owner: None,
        by: &context.account.name,
    };
    let root = init(dir, &wish, context.now).map_err(|error| cannot(&error))?;
    output.say(&format!(
        "root \"{}\" made in {}",
        escape_name(&name),
        shown(root.folder())
    ));
    Ok((root, passphrase))
}

fn nobody() -> Failure {
    Failure::usage("the root's key needs a passphrase, and there is no terminal to ask on")
        .hint("--root-passphrase-file FILE has it in its first line")
}
