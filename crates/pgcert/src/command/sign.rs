//! `pgcert sign`: from a request only the key and, once agreed to, the names are taken; the rest is
//! the authority's to decide.

mod agree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use authority::{Authority, AuthorityOrder, IssueOrder, Unlocked};
use pki_core::{AltName, Certificate, Kind, Scope, SigningRequest, Subject};
use serde_json::json;

use crate::args::{INTERMEDIATE_DAYS, LEAF_DAYS, Sign};
use crate::command::{advice, issue, issuer, request};
use crate::context::{Context, absolute};
use crate::failure::{Failure, escape_name, shown};
use crate::output::Output;

/// Runs `pgcert sign`. Every request is read and agreed to before the first one is signed.
pub(crate) fn run(args: &Sign, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let authority = issuer::open(context)?;
    let asked: Vec<_> = args
        .requests
        .iter()
        .map(|path| read(path, args))
        .collect::<Result<_, _>>()?;
    vet_targets(&asked)?;
    agree::agree(&asked, args, output)?;
    let unlocked = issuer::unlock(&authority, &args.passphrase)?;

    let folders: BTreeSet<_> = asked
        .iter()
        .filter_map(|o| o.certificate.parent())
        .collect();
    for folder in folders {
        hostfile::clear_abandoned(folder);
    }
    let mut signed = Vec::new();
    for order in &asked {
        let certificate = sign(order, args, &authority, &unlocked, context)?;
        let path = &order.certificate;
        output.say(&format!("{} is the certificate", shown(path)));
        let capped = issue::ends_early(&certificate, lifetime(order, args), context.now);
        if let Some(words) = &capped {
            output.say(words);
        }
        signed.push(json!({
            "kind": order.kind.name(),
            "name": order.name,
            "serial": certificate.serial().to_string(),
            "not_after": certificate.validity().not_after.rfc3339(),
            "ends_with_authority": capped.is_some(),
            "certificate": path.to_string_lossy(),
            "not_given": order.request.extras(Some(order.kind)),
        }));
    }
    if output.json() {
        output.print_json(json!({ "changed": true, "signed": signed }))?;
    }
    Ok(())
}

/// Where every certificate will be written has to be free, before the first serial is taken.
fn vet_targets(asked: &[Order]) -> Result<(), Failure> {
    for (number, order) in asked.iter().enumerate() {
        let path = &order.certificate;
        request::vacant(path)?;
        if asked[..number]
            .iter()
            .any(|earlier| earlier.certificate == *path)
        {
            return Err(Failure::new(format!(
                "{} would be written twice: two of the requests are for {}",
                path.display(),
                order.name
            ))
            .hint("sign them one by one, each with its own --out"));
        }
    }
    Ok(())
}

/// A request, and what will be made of it.
struct Order {
    path: PathBuf,
    request: SigningRequest,
    kind: Kind,
    name: String,
    subject: Subject,
    alt_names: Vec<AltName>,
    certificate: PathBuf,
}

impl Order {
    fn in_words(&self) -> String {
        let names: Vec<_> = self.alt_names.iter().map(ToString::to_string).collect();
        // Each part by itself: no name in a request may look like a line of ours.
        let part = |text: &str| escape_name(text);
        let mut text = format!("{} certificate for {}", self.kind, part(&self.name));
        if !names.is_empty() {
            text.push_str(&format!(", names {}", part(&names.join(" "))));
        }
        text.push_str(&format!(
            "\n  subject {}\n  request sha256 {}",
            part(&self.subject.with_common_name(&self.name).to_string()),
            self.request.fingerprint()
        ));
        for extra in self.request.extras(Some(self.kind)) {
            text.push_str(&format!("\n  asked for, but not given: {}", part(&extra)));
        }
        text
    }
}

fn read(path: &Path, args: &Sign) -> Result<Order, Failure> {
    let shown = path.display();
    let bytes = hostfile::read_stream(path)
        .map_err(|error| Failure::because("a request cannot be read", &error))?;
    let request = SigningRequest::from_pem(&bytes)
        .map_err(|error| Failure::because(format_args!("{shown} cannot be signed"), &error))?;
    let kind = args.kind.or_else(|| request.kind()).ok_or_else(|| {
        Failure::usage(format!("{shown} does not say what it is for"))
            .hint("--kind server or --kind client says so")
    })?;
    // No request can talk itself into becoming an authority.
    if !matches!(kind, Kind::Server | Kind::Client) && args.kind != Some(kind) {
        return Err(Failure::usage(format!("{shown} asks for an authority"))
            .hint("--kind intermediate signs it as one"));
    }
    if kind != Kind::Intermediate && args.scope.scope() != Scope::default() {
        return Err(Failure::usage(
            "--for, --permit-dns and --permit-ip limit an authority, and none is signed",
        )
        .hint("with --kind intermediate"));
    }
    let name = match (request.common_name(), request.alt_names().first()) {
        (Some(name), _) => name,
        (None, Some(first)) if kind == Kind::Server => first.bare(),
        _ => {
            return Err(Failure::new(format!(
                "{shown} has no common name: PostgreSQL would not know the role"
            ))
            .hint("pgcert request client ROLE makes a request that has one"));
        }
    };
    let mut alt_names = request.alt_names();
    if alt_names.is_empty() && kind == Kind::Server {
        // Without one, verify-full would rest on the common name alone, which newer clients ignore.
        alt_names.push(name.parse().map_err(|error| {
            Failure::because(
                format_args!("the common name of {shown} is no host name"),
                &error,
            )
        })?);
    }
    let subject = request.wanted_subject().map_err(|error| {
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
        path: path.to_owned(),
        request,
        kind,
        name,
        subject,
        alt_names,
        certificate: absolute(certificate)?,
    })
}

fn sign(
    order: &Order,
    args: &Sign,
    authority: &Authority,
    unlocked: &Unlocked<'_>,
    context: &Context,
) -> Result<Certificate, Failure> {
    let (public_key, fingerprint) = (order.request.public_key(), order.request.fingerprint());
    let by = &context.account.name;
    let signed = if order.kind == Kind::Intermediate {
        let wanted = AuthorityOrder {
            name: &order.name,
            subject: &order.subject,
            days: lifetime(order, args),
            public_key: &public_key,
            scope: &args.scope.scope(),
            by,
            request: Some(&fingerprint),
        };
        unlocked.issue_authority(&wanted, context.now)
    } else {
        let wanted = IssueOrder {
            kind: order.kind,
            name: &order.name,
            subject: &order.subject,
            alt_names: &order.alt_names,
            days: lifetime(order, args),
            public_key: &public_key,
            by,
            request: Some(&fingerprint),
        };
        unlocked.issue(&wanted, context.now)
    };
    let certificate = signed.map_err(|error| {
        advice::authority_failed(
            format_args!("{} cannot be signed", order.path.display()),
            &error,
        )
    })?;
    let pem = certificate.to_pem_with(authority.chain());
    request::write_new(&order.certificate, pem.as_bytes(), 0o644)
        .inspect_err(|_| issuer::nobody_has(&certificate, authority, context))?;
    Ok(certificate)
}

fn lifetime(order: &Order, args: &Sign) -> u32 {
    args.days.unwrap_or(match order.kind {
        Kind::Root | Kind::Intermediate => INTERMEDIATE_DAYS,
        Kind::Server | Kind::Client => LEAF_DAYS,
    })
}
