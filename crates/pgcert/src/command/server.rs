//! What `setup` and `install server` have in common: finding the server, asking it, and whom to let
//! in.

use hostfile::Account;
use installer::{AccessGoal, Way};
use pg_config::UnknownVersion;
use pg_config::conninfo::Conninfo;
use pg_config::hba::Source;
use pg_host::client::{self, Environment, Libpq};
use pg_host::{Admin, AdminError, Cluster, FindError, Selector, ServerFacts};
use pki_core::RoleName;

use super::advice;
use crate::args;
use crate::context::{Context, absolute};
use crate::failure::{Code, Failure};

/// The cluster that the options name, or the only one.
pub(crate) fn find(options: &args::Server) -> Result<Cluster, Failure> {
    let selector = match (&options.cluster, &options.data_dir) {
        (Some(name), _) => debian(name)?,
        (None, Some(dir)) => Selector::DataDir(absolute(dir.clone())?),
        (None, None) => Selector::Only,
    };
    pg_host::find(&selector).map_err(|error| {
        let failure = Failure::because("the server was not found", &error);
        match error {
            FindError::None { .. } => failure.hint("--data-dir DIR names the server's data folder"),
            FindError::Many(_) => {
                failure.hint("--cluster VERSION/NAME or --data-dir DIR says which one")
            }
            FindError::Unreadable { source, .. } => advice::about_reading(failure, &source),
            FindError::NotACluster { .. } => {
                failure.hint("--data-dir names the folder that holds PG_VERSION")
            }
            FindError::Unknown { known, .. } if !known.is_empty() => {
                failure.hint(format!("there are: {}", known.join(", ")))
            }
            _ => failure,
        }
    })
}

fn debian(cluster: &str) -> Result<Selector, Failure> {
    let wrong = |reason: &str| {
        Failure::usage(format!("--cluster {cluster} names no cluster: {reason}")).hint(
            "as in --cluster 15/main; --data-dir DIR names a server that is no Debian cluster",
        )
    };
    let (version, name) = cluster
        .split_once('/')
        .filter(|(_, name)| !name.is_empty())
        .ok_or_else(|| wrong("it is not VERSION/NAME"))?;
    Ok(Selector::Debian {
        version: version
            .parse()
            .map_err(|error: UnknownVersion| wrong(&format!("{version} is {error}")))?,
        name: name.to_owned(),
    })
}

/// How the server is reached: over its own socket, or as `--admin` says.
pub(crate) fn way(
    cluster: &Cluster,
    options: &args::Server,
    context: &Context,
) -> Result<Way, Failure> {
    let Some(conninfo) = &options.admin else {
        return Ok(Way::Socket);
    };
    let conninfo: Conninfo = conninfo.parse().map_err(|error| {
        Failure::because("--admin is no connection string", &error).code(Code::Usage)
    })?;
    let environment = environment(context);
    // `--admin user=x` means this cluster's server, not whichever has libpq's default port.
    let conninfo = cluster
        .meant_by(&conninfo, &environment)
        .map_err(|error| Failure::because("--admin cannot be used", &error))?;
    let found = client::resolve(
        &conninfo,
        &environment,
        &context.account,
        &Libpq::default(),
        context.now,
    )
    .map_err(|error| Failure::because("--admin cannot be used", &error))?;
    Ok(Way::Target(Box::new(found.target), context.account.clone()))
}

/// A session with the server that may ask everything.
pub(crate) fn ask(cluster: &Cluster, way: &Way, context: &Context) -> Result<Admin, Failure> {
    way.connect(cluster, context.now).map_err(|error| {
        let failure = Failure::because("the server cannot be asked", &error);
        match error {
            AdminError::Down { .. } => failure.hint("start it first: the result is proven by logging in"),
            AdminError::Refused { .. } | AdminError::NotSuperuser { .. } | AdminError::NoSocket { .. } => {
                failure.hint("run as root or as the server's own user, or name a superuser's login with --admin 'host=... user=...'")
            }
            _ => failure,
        }
    })
}

/// What libpq would see of our own environment.
pub(crate) fn environment(context: &Context) -> Environment {
    Environment::gather(|name| context.env(name))
}

/// Everything that the plan has to know about the server.
pub(crate) fn facts(
    cluster: &Cluster,
    admin: &mut Admin,
    role: Option<&RoleName>,
    databases: &[String],
    acting: &Account,
) -> Result<installer::Server, Failure> {
    let role = role.map(RoleName::as_str).unwrap_or_default();
    let databases: Vec<_> = databases.iter().map(String::as_str).collect();
    let wrong = |error: &dyn std::error::Error| {
        Failure::because("the server's state cannot be found out", error)
    };
    let host: ServerFacts =
        pg_host::server_facts(cluster, admin, role, &databases).map_err(|error| wrong(&error))?;
    let loaded = admin.conf_load_time().map_err(|error| wrong(&error))?;
    installer::Server::gather(host, loaded, acting).map_err(|error| wrong(&error))
}

/// Whom to let in.
pub(crate) fn access(role: &RoleName, options: &args::Access) -> AccessGoal {
    AccessGoal {
        role: role.clone(),
        databases: databases(options),
        from: if options.from.is_empty() {
            vec![Source::SameHost]
        } else {
            options.from.clone()
        },
        cert_name: options.cert_name.clone(),
        certificate_only: options.certificate_only,
        create_role: options.create_role,
    }
}

/// The databases that were named; none where that is `all`.
pub(crate) fn databases(options: &args::Access) -> Vec<String> {
    if options.database.iter().any(|name| name == "all") {
        return Vec::new();
    }
    options.database.clone()
}

/// The database that every server has, unless somebody dropped it.
pub(crate) const MAINTENANCE: &str = "postgres";
