//! What `setup` and `install client` have in common: whose files the client's are.

use std::path::PathBuf;

use hostfile::Account;
use pg_config::Version;
use pg_host::client::client_facts;
use pki_core::{PrivateKey, Secret};

use crate::args;
use crate::context::{Context, absolute};
use crate::failure::Failure;
use crate::{passphrase, prompt};

/// The user who connects, and the folder of that user's files.
pub(crate) struct Seat {
    pub(crate) account: Account,
    pub(crate) home: PathBuf,
}

/// As the options say. Run as somebody other than root, it is that user. For root one of the options
/// is needed: the user who called sudo counts only where a person sees the name (under Ansible it
/// is the deploy user).
pub(crate) fn seat(options: &args::Client, context: &Context) -> Result<Seat, Failure> {
    let unknown =
        |error: &hostfile::AccountError| Failure::because("the client's user is not known", error);
    let named = options
        .client_user
        .as_deref()
        .map(|name| Account::by_name(name).map_err(|error| unknown(&error)))
        .transpose()?;
    if let Some(home) = &options.client_home {
        let home = absolute(home.clone())?;
        let account = match named {
            Some(account) => account,
            None => owner(&home)?,
        };
        return Ok(Seat { account, home });
    }
    let account = match named {
        Some(account) => account,
        None if context.account.uid != 0 => context.account.clone(),
        None => ask(context)?,
    };
    Ok(Seat {
        home: account.home.clone(),
        account,
    })
}

/// The passphrase of a key that was made before, where it has one and it is `needed` to log in.
pub(crate) fn key_passphrase(
    options: &args::Client,
    key: &Secret,
    needed: bool,
) -> Result<Option<Secret>, Failure> {
    if let Some(path) = &options.client_passphrase_file {
        return passphrase::from_file(path).map(Some);
    }
    if !needed || !PrivateKey::is_encrypted(key.as_bytes()) {
        return Ok(None);
    }
    if !prompt::somebody_there() {
        return Err(Failure::usage(
            "the client's key is under a passphrase, which the login that proves the work needs",
        )
        .hint("--client-passphrase-file FILE says it; --no-proof does without the login"));
    }
    passphrase::ask("Passphrase of the client's key: ").map(Some)
}

fn owner(home: &std::path::Path) -> Result<Account, Failure> {
    let cannot = |error: &dyn std::error::Error| {
        Failure::because(
            format_args!("the owner of {} is not known", home.display()),
            error,
        )
    };
    let metadata = hostfile::metadata(home)
        .map_err(|error| cannot(&error))?
        .ok_or_else(|| Failure::new(format!("the folder {} does not exist", home.display())))?;
    Account::by_uid(metadata.uid).map_err(|error| cannot(&error))
}

fn ask(context: &Context) -> Result<Account, Failure> {
    if !prompt::somebody_there() {
        return Err(Failure::usage("it is not said which user of this machine connects")
            .hint("--client-user NAME, or --client-home DIR for the folder that holds .postgresql and .pg_service.conf"));
    }
    let asker = context.env("SUDO_USER").filter(|name| !name.is_empty());
    let name = prompt::ask("Which user of this machine connects", asker.as_deref())?;
    Account::by_name(&name)
        .map_err(|error| Failure::because("the client's user is not known", &error))
}

/// What that user has already. `names` are the roles and services that may name files.
pub(crate) fn facts(
    seat: &Seat,
    names: &[String],
    host: &str,
) -> Result<installer::Client, Failure> {
    let wrong =
        |error: hostfile::Error| Failure::because("the client's files cannot be looked at", &error);
    // The oldest libpq in use: a line that it could not read would break the whole service file.
    let host_facts = client_facts(&seat.account, Some(&seat.home), Version::V12).map_err(wrong)?;
    installer::Client::gather(host_facts, names, pg_probe::addresses(host)).map_err(wrong)
}
