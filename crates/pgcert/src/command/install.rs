//! `pgcert install`: what was signed elsewhere is put to work here.

use std::path::Path;

use installer::{ClientGoal, Facts, Goal, Identity, Material, Remote, ServerGoal, Way};
use pki_core::{Certificate, Crl, RoleName, Secret};

use super::change::{self, Hands};
use super::{client, server};
use crate::args::{Install, InstallClient, InstallServer};
use crate::context::Context;
use crate::failure::{Code, Failure};
use crate::output::Output;

/// Runs `pgcert install server` or `pgcert install client`.
pub(crate) fn run(args: Install, context: &Context, output: &mut Output) -> Result<(), Failure> {
    match args {
        Install::Server(args) => install_server(&args, context, output),
        Install::Client(args) => install_client(&args, context, output),
    }
}

fn install_server(
    args: &InstallServer,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    if args.role.is_none() && args.access.names_anything() {
        return Err(Failure::usage("it is said how a role shall log in, and not which role")
            .hint("--role NAME says it; without it only the server's own files and settings are changed"));
    }
    let identity = match (&args.key, &args.cert, &args.root) {
        (Some(key), Some(cert), Some(root)) => Some(Identity::Brought(material(key, cert, root)?)),
        _ => None,
    };
    if identity.is_none() && (args.role.is_some() || args.access.listen.is_some()) {
        return Err(Failure::usage("a revocation list alone lets nobody in")
            .hint("--key, --cert and --root go with --role and --listen"));
    }
    let crls = args.crl.as_deref().map(lists).transpose()?;
    let cluster = server::find(&args.server)?;
    let way = server::way(&cluster, &args.server, context)?;
    change::recover_first(&way, &args.changing, context, output)?;
    let mut admin = server::ask(&cluster, &way, context)?;
    let databases = server::databases(&args.access);
    let facts = Facts {
        now: context.now,
        account: context.account.clone(),
        authority: None,
        server: Some(server::facts(
            &cluster,
            &mut admin,
            args.role.as_ref(),
            &databases,
            &context.account,
        )?),
        client: None,
    };
    let goal = Goal {
        authority: None,
        server: identity.map(|identity| ServerGoal {
            names: Vec::new(),
            identity,
            may_replace: args
                .changing
                .accept
                .contains(&installer::Consent::ReplaceServerCertificate),
            access: args
                .role
                .as_ref()
                .map(|role| server::access(role, &args.access)),
            listen: args.access.listen.clone(),
            may_restart: args.access.restart,
        }),
        client: None,
        crls: crls.unwrap_or_default(),
    };
    let hands = Hands {
        server: Some((cluster, admin)),
        way,
        client: None,
    };
    change::run(&goal, &facts, hands, &args.changing, None, context, output)
}

fn install_client(
    args: &InstallClient,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let files = &args.material;
    let material = material(&files.key, &files.cert, &files.root)?;
    let common_name = material
        .chain
        .first()
        .and_then(Certificate::common_name)
        .unwrap_or_default();
    let role = match &args.role {
        Some(role) => role.clone(),
        None => RoleName::parse(&common_name).map_err(|error| {
            Failure::because("the certificate's common name is no role", &error)
                .code(Code::Usage)
                .hint("--role NAME says which it is for")
        })?,
    };
    let seat = client::seat(&args.client, context)?;
    let logs_in = !args.no_proof && !args.changing.dry_run;
    let key_passphrase = client::key_passphrase(&args.client, &material.key, logs_in)?;
    change::recover_first(&Way::Socket, &args.changing, context, output)?;
    let names = [
        role.to_string(),
        args.host.clone(),
        format!("{}-{role}", args.host),
    ]
    .into_iter()
    .chain(args.service.clone());
    let facts = Facts {
        now: context.now,
        account: context.account.clone(),
        authority: None,
        server: None,
        client: Some(client::facts(
            &seat,
            &names.collect::<Vec<_>>(),
            &args.host,
        )?),
    };
    let goal = Goal {
        authority: None,
        server: None,
        client: Some(ClientGoal {
            cert_name: Some(common_name).filter(|name| name != role.as_str()),
            role,
            database: args.database.clone(),
            remote: Some(Remote {
                host: args.host.clone(),
                hostaddr: args.hostaddr,
                port: args.port,
            }),
            service: args.service.clone(),
            identity: Identity::Brought(material),
            prove: !args.no_proof,
        }),
        crls: Vec::new(),
    };
    let hands = Hands {
        server: None,
        way: Way::Socket,
        client: Some((seat, key_passphrase)),
    };
    change::run(&goal, &facts, hands, &args.changing, None, context, output)
}

fn material(key: &Path, cert: &Path, root: &Path) -> Result<Material, Failure> {
    let roots = read(root)?;
    Ok(Material {
        key: Secret::new(read(key)?),
        chain: certificates(cert, &read(cert)?)?,
        roots: certificates(root, &roots)?,
        roots_are_marked: !installer::marks(&roots).is_empty(),
    })
}

fn lists(path: &Path) -> Result<Vec<Crl>, Failure> {
    let found = Crl::all_from_pem(&read(path)?).map_err(|error| {
        Failure::because(format_args!("{} cannot be used", path.display()), &error)
    })?;
    if found.is_empty() {
        return Err(Failure::new(format!(
            "{} holds no revocation list in PEM",
            path.display()
        ))
        .hint("PostgreSQL takes no DER: openssl crl -inform DER -in FILE -out FILE.pem turns it"));
    }
    Ok(found)
}

fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<Certificate>, Failure> {
    let found = Certificate::all_from_pem(bytes).map_err(|error| {
        Failure::because(format_args!("{} cannot be used", path.display()), &error)
    })?;
    if found.is_empty() {
        return Err(
            Failure::new(format!("{} holds no certificate", path.display()))
                .hint("pgcert inspect shows what is in a file"),
        );
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    hostfile::read_stream(path)
        .map_err(|error| Failure::because("what is to be installed cannot be read", &error))
}
