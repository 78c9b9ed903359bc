//! `pgcert export`: a client's key and certificates in the form that a driver reads, and how to use them.

mod connect;
mod driver;
mod material;

use std::path::{Path, PathBuf};

use hostfile::Trust;
use pki_core::{Certificate, Secret};
use serde_json::json;

use self::connect::Files;
use self::driver::Choice;
use self::material::Material;
use super::request::write_new;
use crate::args::{Export, Format};
use crate::context::{Context, absolute};
use crate::failure::{Failure, shown};
use crate::output::{Output, WARN, styled};
use crate::passphrase;

/// Runs `pgcert export`.
pub(crate) fn run(args: &Export, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let encrypted = args.encrypt_key || args.key_passphrase_file.is_some();
    let choice = Choice {
        driver: args.driver,
        format: args
            .format
            .unwrap_or_else(|| driver::usual_format(args.driver, encrypted)),
        encrypted,
    };
    driver::check(&choice)?;
    let material = Material::read(args, context)?;
    driver::check_key(&choice, &material.bundle.key().public_key())?;
    let passphrase = match &args.key_passphrase_file {
        Some(file) => Some(passphrase::from_file(file)?),
        None if encrypted || choice.format == Format::Pkcs12 => Some(passphrase::of_new_key()?),
        None => None,
    };

    let folder = absolute(args.out.clone())?;
    let files = Files::new(&folder, &material.stem, &choice, !material.roots.is_empty());
    let contents = contents(&files, &material, &choice, passphrase.as_ref())?;
    let written = write(&contents)?;

    let mut notes = material.notes(context.now);
    notes.extend(driver::notes(&choice, &material.bundle.key().public_key()));
    let used = connect::used(&choice, material.role.as_deref(), &files);
    for (content, is_new) in contents.iter().zip(&written) {
        let what = if *is_new { "is written" } else { "is there" };
        output.say(&format!(
            "{} {what}: {}",
            shown(&content.path),
            content.what
        ));
    }
    for (_, text) in &notes {
        output.say(&format!("{} {text}", styled(WARN, "note:")));
    }
    if output.json() {
        let steps: Vec<_> = contents
            .iter()
            .zip(&written)
            .map(|(content, is_new)| {
                json!({ "kind": "write", "path": content.path.to_string_lossy(), "done": is_new })
            })
            .collect();
        let notes: Vec<_> = notes
            .into_iter()
            .map(|(code, text)| json!({ "code": code, "text": text }))
            .collect();
        return output.print_json(json!({
            "changed": true, "steps": steps, "notes": notes, "consequences": [],
            "use": used.line, "how": used.how,
        }));
    }
    output.say(&used.how);
    output.print(&format!("{}\n", used.line))
}

/// One file that is written.
struct Content {
    path: PathBuf,
    bytes: Secret,
    mode: u32,
    what: &'static str,
}

fn contents(
    files: &Files,
    material: &Material,
    choice: &Choice,
    passphrase: Option<&Secret>,
) -> Result<Vec<Content>, Failure> {
    let bundle = &material.bundle;
    let encrypted = |error| Failure::because("the key cannot be encrypted", &error);
    let secret = match (&files.secret, choice.format, passphrase) {
        (Some(_), _, _) => bundle.to_kubernetes_secret(&files.secret_name, &material.roots),
        (None, Format::Pem, None) => bundle.key().to_pkcs8_pem(),
        (None, Format::Der, None) => bundle.key().to_pkcs8_der(),
        (None, Format::Pem, Some(passphrase)) => bundle
            .key()
            .to_encrypted_pem(passphrase)
            .map_err(encrypted)?,
        (None, Format::Der, Some(passphrase)) => bundle
            .key()
            .to_encrypted_der(passphrase)
            .map_err(encrypted)?,
        (None, Format::Pkcs12, passphrase) => {
            let empty = Secret::new(Vec::new());
            bundle
                .to_pkcs12(ALIAS, passphrase.unwrap_or(&empty))
                .map_err(|error| Failure::because("PKCS#12 cannot be written", &error))?
        }
    };
    let mut contents = vec![Content {
        path: files.key_file().to_owned(),
        bytes: secret,
        mode: 0o600,
        what: match (&files.secret, choice.format) {
            (Some(_), _) => "key, certificates and root; for nobody else's eyes",
            (None, Format::Pkcs12) => "key and certificates; for nobody else's eyes",
            (None, _) => "the key; for nobody else's eyes",
        },
    }];
    let mut public = |path: &Option<PathBuf>, text: String, what| {
        if let Some(path) = path {
            contents.push(Content {
                path: path.clone(),
                bytes: Secret::new(text.into_bytes()),
                mode: 0o644,
                what,
            });
        }
    };
    let roots = material.roots.iter().map(Certificate::to_pem);
    public(&files.certificate, bundle.chain_pem(), "the certificate");
    public(
        &files.root,
        roots.collect(),
        "the authority that the server's certificate comes from",
    );
    Ok(contents)
}

/// Writes all of it or nothing; says of each file whether it is new. A public one that is there already with the same
/// certificates is no obstacle: the root is the same for every role.
fn write(contents: &[Content]) -> Result<Vec<bool>, Failure> {
    let mut written = Vec::new();
    for content in contents {
        let is_there = content.mode != 0o600 && has_the_same(&content.path, &content.bytes);
        if !is_there
            && let Err(failure) = write_new(&content.path, content.bytes.as_bytes(), content.mode)
        {
            for (content, _) in contents.iter().zip(written).filter(|(_, is_new)| *is_new) {
                let _ = hostfile::remove(&content.path, Trust::Owner);
            }
            return Err(failure);
        }
        written.push(!is_there);
    }
    Ok(written)
}

fn has_the_same(path: &Path, bytes: &Secret) -> bool {
    let Ok(Some(there)) = hostfile::read_if_exists(path) else {
        return false;
    };
    let all = Certificate::all_from_pem(&there);
    all.is_ok() && all == Certificate::all_from_pem(bytes.as_bytes())
}

/// The alias that pgjdbc looks for (`PKCS12KeyManager`).
const ALIAS: &str = "user";
