//! `pgcert request`: a key and a certificate request, made where the key is used. The key stays.

use std::path::Path;

use hostfile::{Ground, Trust};
use pki_core::{AltName, Kind, PrivateKey, Secret, SigningRequest};
use serde_json::json;

use super::advice;
use crate::args::{Request, RequestOptions};
use crate::context::{Context, absolute};
use crate::failure::{Failure, shown};
use crate::output::Output;
use crate::passphrase;

/// Runs `pgcert request server`, `client` or `intermediate`.
pub(crate) fn run(args: &Request, _context: &Context, output: &mut Output) -> Result<(), Failure> {
    match args {
        Request::Server { name, san, request } => make(
            &Wanted {
                kind: Kind::Server,
                name: &name.bare(),
                names: server_names(name, san),
                passphrase: None,
                options: request,
            },
            output,
        ),
        Request::Client {
            role,
            key_passphrase_file,
            request,
        } => {
            let passphrase = key_passphrase_file
                .as_deref()
                .map(passphrase::from_file)
                .transpose()?;
            make(
                &Wanted {
                    kind: Kind::Client,
                    name: role.as_str(),
                    names: Vec::new(),
                    passphrase,
                    options: request,
                },
                output,
            )
        }
        Request::Intermediate {
            name,
            passphrase,
            request,
        } => make(
            &Wanted {
                kind: Kind::Intermediate,
                name,
                names: Vec::new(),
                passphrase: passphrase::of_new_authority(passphrase)?,
                options: request,
            },
            output,
        ),
    }
}

/// A server's names, the one that clients use first.
pub(crate) fn server_names(name: &AltName, more: &[AltName]) -> Vec<AltName> {
    let more = more.iter().filter(|other| *other != name);
    std::iter::once(name).chain(more).cloned().collect()
}

struct Wanted<'a> {
    kind: Kind,
    name: &'a str,
    names: Vec<AltName>,
    passphrase: Option<Secret>,
    options: &'a RequestOptions,
}

fn make(wanted: &Wanted<'_>, output: &mut Output) -> Result<(), Failure> {
    let options = wanted.options;
    let stem = installer::stem(wanted.name);
    let folder = absolute(options.out.clone())?;
    let (key_path, request_path) = (
        folder.join(format!("{stem}.key")),
        folder.join(format!("{stem}.csr")),
    );

    let subject = options
        .subject
        .clone()
        .unwrap_or_default()
        .with_common_name(wanted.name);
    let key = PrivateKey::generate(options.key_type)
        .map_err(|error| Failure::because("no key could be made", &error))?;
    let request = SigningRequest::create(wanted.kind, &key, &subject, &wanted.names)
        .map_err(|error| Failure::because("the request cannot be made", &error))?;
    let key = match &wanted.passphrase {
        Some(passphrase) => key
            .to_encrypted_pem(passphrase)
            .map_err(|error| Failure::because("the key cannot be encrypted", &error))?,
        None => key.to_pkcs8_pem(),
    };
    hostfile::clear_abandoned(&folder);
    write_new(&key_path, key.as_bytes(), 0o600)?;
    if let Err(failure) = write_new(&request_path, request.to_pem().as_bytes(), 0o644) {
        // A key without a request is of no use, and would stand in the way of the next try.
        let _ = hostfile::remove(&key_path, Trust::Owner);
        return Err(failure);
    }

    output.say(&format!(
        "{} is the key: it stays on this machine",
        shown(&key_path)
    ));
    let (kind, after) = match wanted.kind {
        Kind::Intermediate => (
            " --kind intermediate",
            format!(
                "\nand make the authority of it here, with the root's certificate, with\n  pgcert ca import --key {stem}.key --cert {stem}.crt --chain root.crt"
            ),
        ),
        _ => ("", String::new()),
    };
    output.say(&format!(
        "{} is the request: have it signed on the authority's machine with\n  pgcert sign {stem}.csr{kind} --expect-fingerprint {}{after}",
        shown(&request_path),
        request.fingerprint()
    ));
    if output.json() {
        output.print_json(json!({
            "changed": true,
            "key": key_path.to_string_lossy(), "request": request_path.to_string_lossy(),
            "kind": wanted.kind.name(), "name": wanted.name, "fingerprint": request.fingerprint().to_string(),
        }))?;
    }
    Ok(())
}

/// Whether a file could be written: nothing has its name, and its folder is there.
pub(crate) fn vacant(path: &Path) -> Result<(), Failure> {
    let cannot =
        |error| Failure::because(format_args!("{} cannot be written", path.display()), &error);
    if hostfile::link_metadata(path).map_err(cannot)?.is_some() {
        return Err(Failure::new(format!("{} exists already", path.display()))
            .hint("move it away, or name another folder with --out"));
    }
    let folder = path.parent().unwrap_or(path);
    if hostfile::metadata(folder).map_err(cannot)?.is_none() {
        return Err(
            Failure::new(format!("the folder {} does not exist", folder.display()))
                .hint("make it first, or name another one with --out"),
        );
    }
    Ok(())
}

/// Writes a file that must not exist yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    hostfile::create_new(path, bytes, &Ground { owner: None, mode }, Trust::Owner).map_err(
        |error| {
            let failure =
                Failure::because(format_args!("{} cannot be written", path.display()), &error);
            match &error {
                hostfile::Error::Exists { .. } => failure.hint(
                    "it is never overwritten: move it away, or name another folder with --out",
                ),
                _ if error.is_not_found() => {
                    failure.hint("make the folder first, or name another one with --out")
                }
                _ => advice::about_file(failure, &error),
            }
        },
    )
}
