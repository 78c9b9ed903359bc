//! `pgcert setup`: the whole way on one machine.

use installer::{AuthorityGoal, ClientGoal, Facts, Goal, Identity, ServerGoal, Wish};
use pki_core::{AltName, RoleName};

use super::change::{self, Hands};
use super::{client, server};
use crate::args::{ROOT_DAYS, Setup};
use crate::command::issuer;
use crate::context::Context;
use crate::failure::{Code, Failure};
use crate::output::Output;
use crate::{passphrase, prompt};

/// Runs `pgcert setup`.
pub(crate) fn run(args: &Setup, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let role = role(args)?;
    let seat = client::seat(&args.client, context)?;
    let key_passphrase = args
        .client
        .client_passphrase_file
        .as_deref()
        .map(passphrase::from_file)
        .transpose()?;
    let cluster = server::find(&args.server)?;
    let way = server::way(&cluster, &args.server, context)?;
    change::recover_first(&way, &args.changing, context, output)?;
    let goal = goal(args, &role, key_passphrase.clone(), context);

    let mut admin = server::ask(&cluster, &way, context)?;
    // The database that the service will name is to be there and open too.
    let mut databases = server::databases(&args.access);
    if databases.is_empty() {
        databases.push(server::MAINTENANCE.to_owned());
    }
    let server = server::facts(
        &cluster,
        &mut admin,
        Some(&role),
        &databases,
        &context.account,
    )?;
    let name = host_name(args, &server);
    let names = [role.to_string(), name.clone(), format!("{name}-{role}")]
        .into_iter()
        .chain(args.service.clone());
    let facts = Facts {
        now: context.now,
        account: context.account.clone(),
        authority: change::authority_facts(&goal)?,
        client: Some(client::facts(&seat, &names.collect::<Vec<_>>(), &name)?),
        server: Some(server),
    };
    let hands = Hands {
        server: Some((cluster, admin)),
        way,
        client: Some((seat, key_passphrase)),
    };
    change::run(
        &goal,
        &facts,
        hands,
        &args.changing,
        Some(&args.passphrase),
        context,
        output,
    )
}

fn role(args: &Setup) -> Result<RoleName, Failure> {
    if let Some(role) = &args.role {
        return Ok(role.clone());
    }
    if !prompt::somebody_there() {
        return Err(
            Failure::usage("it is not said which role shall log in").hint("--role NAME says it")
        );
    }
    let answer = prompt::ask("Which role shall log in by certificate", None)?;
    RoleName::parse(&answer)
        .map_err(|error| Failure::because("that is no role", &error).code(Code::Usage))
}

fn goal(
    args: &Setup,
    role: &RoleName,
    key_passphrase: Option<pki_core::Secret>,
    context: &Context,
) -> Goal {
    let subject = args.subject.clone().unwrap_or_default();
    let wish = Wish {
        days: args.days,
        key_type: args.key_type,
        subject: subject.clone(),
        key_passphrase: None,
    };
    let access = server::access(role, &args.access);
    Goal {
        authority: Some(AuthorityGoal {
            dir: context.authority.clone(),
            dir_was_named: context.authority_was_named,
            name: args.ca_name.clone().unwrap_or_else(issuer::default_name),
            subject,
            days: ROOT_DAYS,
            key_type: pki_core::KeyType::default(),
            encrypted: !args.passphrase.no_passphrase,
        }),
        server: Some(ServerGoal {
            names: names(args),
            identity: Identity::Issued(wish.clone()),
            may_replace: args
                .changing
                .accept
                .contains(&installer::Consent::ReplaceServerCertificate),
            listen: args.access.listen.clone(),
            may_restart: args.access.restart,
            access: Some(access.clone()),
        }),
        client: Some(ClientGoal {
            role: role.clone(),
            cert_name: access.cert_name,
            // The first that was named: the rule allows no other.
            database: access
                .databases
                .first()
                .cloned()
                .unwrap_or_else(|| server::MAINTENANCE.to_owned()),
            remote: None,
            service: args.service.clone(),
            identity: Identity::Issued(Wish {
                key_passphrase,
                ..wish
            }),
            prove: true,
        }),
        crls: Vec::new(),
    }
}

/// The server's names as far as they were said; the first is the one that clients use.
fn names(args: &Setup) -> Vec<AltName> {
    let mut names: Vec<AltName> = args.server_name.iter().cloned().collect();
    for name in &args.san {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The name whose addresses the plan has to know.
fn host_name(args: &Setup, server: &installer::Server) -> String {
    installer::server_name(&names(args), server)
}
