//! `pgcert issue`: key and certificate made in one go, on the authority's machine.

mod batch;
mod resume;
mod rows;

use std::path::{Path, PathBuf};

use authority::{Authority, IssueOrder};
use hostfile::Trust;
use pki_core::{AltName, Certificate, Kind, PrivateKey, Secret, Time};
use serde_json::json;

use self::resume::Standing;
use crate::args::{Issue, IssueOne, IssueOptions};
use crate::command::{advice, issuer, request};
use crate::context::{Context, absolute};
use crate::failure::{Failure, escape_name, shown};
use crate::output::Output;
use crate::passphrase;

/// Runs `pgcert issue server`, `pgcert issue client` or `pgcert issue --batch`.
pub(crate) fn run(args: &Issue, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let Some(one) = &args.one else {
        return batch::run(&args.many, context, output);
    };
    let wanted = match one {
        IssueOne::Server { name, san, options } => Wanted {
            kind: Kind::Server,
            name: name.bare(),
            names: request::server_names(name, san),
            options,
        },
        IssueOne::Client { role, options } => Wanted {
            kind: Kind::Client,
            name: role.to_string(),
            names: Vec::new(),
            options,
        },
    };
    issue(&wanted, context, output)
}

/// What is to be issued.
struct Wanted<'a> {
    kind: Kind,
    name: String,
    names: Vec<AltName>,
    options: &'a IssueOptions,
}

fn issue(wanted: &Wanted<'_>, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let options = wanted.options;
    let authority = issuer::open(context)?;
    let folder = absolute(options.out.clone())?;
    let files = Files::of(&wanted.name, &folder);
    files
        .are_vacant()
        .map_err(|failure| key_alone(wanted, &files, &authority, context).unwrap_or(failure))?;
    hostfile::clear_abandoned(&folder);
    let cannot = |error: &_| {
        advice::authority_failed(
            format_args!("no certificate for {} can be issued", wanted.name),
            error,
        )
    };
    let key = PrivateKey::generate(options.key_type)
        .map_err(|error| Failure::because("no key could be made", &error))?;
    let order = IssueOrder {
        kind: wanted.kind,
        name: &wanted.name,
        subject: &options.subject.clone().unwrap_or_default(),
        alt_names: &wanted.names,
        days: options.days,
        public_key: &key.public_key(),
        by: &context.account.name,
        request: None,
    };
    // Before anybody is asked for a passphrase.
    authority
        .vet(&order, context.now)
        .map_err(|error| cannot(&error))?;
    let key_passphrase = key_passphrase(options)?;
    let unlocked = issuer::unlock(&authority, &options.passphrase)?;
    let pem = match &key_passphrase {
        Some(passphrase) => key
            .to_encrypted_pem(passphrase)
            .map_err(|error| Failure::because("the key cannot be encrypted", &error))?,
        None => key.to_pkcs8_pem(),
    };
    let certificate = unlocked
        .issue(&order, context.now)
        .map_err(|error| cannot(&error))?;
    files
        .write(&pem, &certificate, &authority)
        .inspect_err(|_| issuer::nobody_has(&certificate, &authority, context))?;
    tell(wanted, &files, &certificate, context, output)
}

/// The key lies there, issued for this very name, and its certificate does not: a run was stopped
/// between the two files. A key is never taken away; its certificate can be had.
fn key_alone(
    wanted: &Wanted<'_>,
    files: &Files,
    authority: &Authority,
    context: &Context,
) -> Option<Failure> {
    let names = (wanted.kind, wanted.name.as_str());
    let Ok(Standing::Key(certificate)) = resume::standing(names, files, authority, context.now)
    else {
        return None;
    };
    let [key, crt] = [&files.key, &files.certificate].map(|path| shown(path));
    Some(
        Failure::new(format!(
            "{key} exists already, and its certificate is not beside it: it was moved away, or a run was stopped"
        ))
        .hint(format!(
            "pgcert show {} --pem > {crt} writes it again; or move the key away",
            certificate.serial()
        )),
    )
}

/// The passphrase for the new key, where it shall have one.
fn key_passphrase(options: &IssueOptions) -> Result<Option<Secret>, Failure> {
    match &options.key_passphrase_file {
        Some(file) => passphrase::from_file(file).map(Some),
        None if options.encrypt_key => passphrase::of_new_key().map(Some),
        None => Ok(None),
    }
}

/// Says what was made, and what is to be done with it.
fn tell(
    wanted: &Wanted<'_>,
    files: &Files,
    certificate: &Certificate,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let validity = certificate.validity();
    let capped = ends_early(certificate, wanted.options.days, context.now);
    output.say(&format!(
        "{} is the key: move it to the {}'s machine by a safe way, and leave no copy here",
        shown(&files.key),
        wanted.kind
    ));
    output.say(&format!(
        "{} is the certificate of {} {}, good until {}",
        shown(&files.certificate),
        wanted.kind,
        escape_name(&wanted.name),
        validity.not_after
    ));
    if let Some(words) = &capped {
        output.say(words);
    }
    if wanted.options.encrypt_key || wanted.options.key_passphrase_file.is_some() {
        output.say(match wanted.kind {
            Kind::Server => "the server opens its key with ssl_passphrase_command only",
            _ => "psql asks for the key's passphrase; JDBC, pgx and rustls cannot read an encrypted key",
        });
    }
    output.say("(pgcert request on that machine and pgcert sign here: then no key has to travel)");
    if output.json() {
        output.print_json(json!({
            "changed": true,
            "issued": [{
                "kind": wanted.kind.name(),
                "name": wanted.name,
                "serial": certificate.serial().to_string(),
                "not_before": validity.not_before.rfc3339(),
                "not_after": validity.not_after.rfc3339(),
                "ends_with_authority": capped.is_some(),
                "key": files.key.to_string_lossy(),
                "certificate": files.certificate.to_string_lossy(),
            }],
        }))?;
    }
    Ok(())
}

/// A word about a certificate that got fewer days than were asked for.
pub(crate) fn ends_early(certificate: &Certificate, days: u32, now: Time) -> Option<String> {
    let end = certificate.validity().not_after;
    (end < now.plus_days(days.into())).then(|| {
        format!("it ends on {end}, with its authority, and not only after {days} days: nothing outlives its issuer")
    })
}

/// The two files of one name.
pub(crate) struct Files {
    pub(crate) key: PathBuf,
    pub(crate) certificate: PathBuf,
}

impl Files {
    /// Those for a name in a folder.
    pub(crate) fn of(name: &str, folder: &Path) -> Self {
        let stem = installer::stem(name);
        Self {
            key: folder.join(format!("{stem}.key")),
            certificate: folder.join(format!("{stem}.crt")),
        }
    }

    fn are_vacant(&self) -> Result<(), Failure> {
        request::vacant(&self.key)?;
        request::vacant(&self.certificate)
    }

    /// Writes both, or none.
    fn write(
        &self,
        key: &Secret,
        certificate: &Certificate,
        authority: &Authority,
    ) -> Result<(), Failure> {
        request::write_new(&self.key, key.as_bytes(), 0o600)?;
        let pem = certificate.to_pem_with(authority.chain());
        request::write_new(&self.certificate, pem.as_bytes(), 0o644).inspect_err(|_| {
            // Of no use alone, and it would stand in the way of the next try.
            let _ = hostfile::remove(&self.key, Trust::Owner);
        })
    }
}
