//! `pgcert sign`: from a request only the key and, once agreed to, the names are taken; the rest is
//! the authority's to decide.

use std::path::{Path, PathBuf};

use authority::{IssueOrder, Unlocked};
use pki_core::{Kind, SigningRequest, Subject};
use serde_json::json;

use crate::args::Sign;
use crate::command::{ca, request};
use crate::context::{Context, absolute};
use crate::failure::{Failure, escape};
use crate::output::Output;
use crate::{passphrase, prompt};

/// Runs `pgcert sign`. Every request is read and agreed to before the first one is signed.
pub(crate) fn run(args: &Sign, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = ca::open(context)?;
    let asked: Vec<_> = args
        .requests
        .iter()
        .map(|path| read(path, args))
        .collect::<Result<_, _>>()?;
    for order in &asked {
        output.say(&order.in_words());
    }
    if !args.yes {
        if !prompt::somebody_there() {
            return Err(
                Failure::usage("signing needs somebody's word for the names")
                    .hint("--yes agrees to the names as shown"),
            );
        }
        if !prompt::agree("Sign with these names?")? {
            return Err(Failure::new("nothing was signed"));
        }
    }
    let encrypted = authority
        .key_is_encrypted()
        .map_err(|error| ca::failed("the authority's key cannot be read", &error))?;
    let passphrase = if encrypted {
        passphrase::of_authority(&args.passphrase, false)?
    } else {
        None
    };
    let unlocked = authority
        .unlock(passphrase.as_ref())
        .map_err(|error| ca::failed("the authority's key cannot be used", &error))?;

    let mut signed = Vec::new();
    for order in &asked {
        let path = sign(order, args, &unlocked, context)?;
        output.say(&format!("{} is the certificate", path.display()));
        signed.push(json!({ "kind": order.kind.name(), "name": order.name, "certificate": path }));
    }
    if output.json() {
        output.print_json(json!({ "changed": true, "signed": signed }))?;
    }
    Ok(())
}

/// A request, and what will be made of it.
struct Order {
    request: SigningRequest,
    kind: Kind,
    name: String,
    subject: Subject,
    certificate: PathBuf,
}

impl Order {
    fn in_words(&self) -> String {
        let names: Vec<_> = self
            .request
            .alt_names()
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut text = format!("{} certificate for {}", self.kind, self.name);
        if !names.is_empty() {
            text.push_str(&format!(", names {}", names.join(" ")));
        }
        text.push_str(&format!(
            "\n  subject {}\n  request {}",
            self.request.subject(),
            self.request.fingerprint()
        ));
        for extra in self.request.extras() {
            text.push_str(&format!("\n  asked for, but not given: {extra}"));
        }
        escape(&text)
    }
}

fn read(path: &Path, args: &Sign) -> Result<Order, Failure> {
    let shown = path.display();
    let bytes = hostfile::read_stream(path)
        .map_err(|error| Failure::because(format_args!("{shown} cannot be read"), &error))?;
    let request = SigningRequest::from_pem(&bytes)
        .map_err(|error| Failure::because(format_args!("{shown} cannot be signed"), &error))?;
    let kind = args.kind.or_else(|| request.kind()).ok_or_else(|| {
        Failure::usage(format!("{shown} does not say what it is for"))
            .hint("--kind server or --kind client says so")
    })?;
    if !matches!(kind, Kind::Server | Kind::Client) {
        return Err(Failure::usage(format!(
            "{shown}: only server and client certificates are signed here"
        )));
    }
    let name = match (request.common_name(), request.alt_names().first()) {
        (Some(name), _) => name,
        (None, Some(first)) if kind == Kind::Server => first.bare(),
        _ => {
            return Err(Failure::new(format!(
                "{shown} has no common name: PostgreSQL would not know the role"
            )));
        }
    };
    let subject = request.subject().parse::<Subject>().map_err(|error| {
        Failure::because(
            format_args!("the subject of {shown} cannot be used"),
            &error,
        )
    })?;
    let certificate = match &args.out {
        Some(folder) => folder.join(format!("{}.crt", installer::stem(&name))),
        None => path.with_extension("crt"),
    };
    Ok(Order {
        request,
        kind,
        name,
        subject,
        certificate: absolute(certificate)?,
    })
}

fn sign(
    order: &Order,
    args: &Sign,
    unlocked: &Unlocked<'_>,
    context: &Context,
) -> Result<PathBuf, Failure> {
    let taken = hostfile::link_metadata(&order.certificate).map_err(|error| {
        Failure::because(
            format_args!("{} cannot be written", order.certificate.display()),
            &error,
        )
    })?;
    if taken.is_some() {
        return Err(
            Failure::new(format!("{} exists already", order.certificate.display()))
                .hint("move it away, or name another folder with --out"),
        );
    }
    let mut alt_names = order.request.alt_names();
    if alt_names.is_empty() && order.kind == Kind::Server {
        // Without one, verify-full would rest on the common name alone, which newer clients ignore.
        let name = order
            .name
            .parse()
            .map_err(|error| Failure::because("the common name is no host name", &error))?;
        alt_names.push(name);
    }
    let certificate = unlocked
        .issue(
            &IssueOrder {
                kind: order.kind,
                name: &order.name,
                subject: &order.subject,
                alt_names: &alt_names,
                days: args.days,
                public_key: &order.request.public_key(),
                by: &context.account.name,
                request: Some(&order.request.fingerprint()),
            },
            context.now,
        )
        .map_err(|error| ca::failed(format_args!("{} cannot be signed", order.name), &error))?;
    request::write_new(&order.certificate, certificate.to_pem().as_bytes(), 0o644)?;
    Ok(order.certificate.clone())
}
