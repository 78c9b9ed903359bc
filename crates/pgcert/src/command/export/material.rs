//! What is exported: the key, its certificates and the roots, read from files.

use std::path::{Path, PathBuf};

use pki_core::{Bundle, Certificate, Kind, PrivateKey, Secret, Time};

use crate::args::Export;
use crate::context::Context;
use crate::failure::{Failure, shown};
use crate::passphrase;

/// Key, certificates and roots.
pub(super) struct Material {
    pub(super) bundle: Bundle,
    /// Empty where none was named.
    pub(super) roots: Vec<Certificate>,
    /// The certificate's common name.
    pub(super) role: Option<String>,
    /// The same as the beginning of file names.
    pub(super) stem: String,
}

impl Material {
    /// Reads what the options name, else the files that libpq would take.
    pub(super) fn read(args: &Export, context: &Context) -> Result<Self, Failure> {
        let usual = |name: &str| home(context).join(".postgresql").join(name);
        let key_file = args.key.clone().unwrap_or_else(|| usual("postgresql.key"));
        let cert_file = args.cert.clone().unwrap_or_else(|| usual("postgresql.crt"));
        let certificates = certificates(&cert_file)?;
        let roots = match (&args.root, &args.key) {
            (Some(file), _) => certificates_of_root(file)?,
            (None, Some(_)) => Vec::new(),
            (None, None) => {
                let file = usual("root.crt");
                match hostfile::metadata(&file) {
                    Ok(Some(_)) => certificates_of_root(&file)?,
                    _ => Vec::new(),
                }
            }
        };
        let key = key(&key_file, args)?;
        let bundle = Bundle::new(key, &certificates).map_err(|error| {
            let (key, cert) = (shown(&key_file), shown(&cert_file));
            Failure::because(format_args!("{key} and {cert} do not fit together"), &error)
                .hint("the certificate's public key has to be the key's: pgcert inspect shows both")
        })?;
        let role = bundle.leaf().common_name();
        Ok(Self {
            stem: installer::stem(role.as_deref().unwrap_or("client")),
            role,
            roots,
            bundle,
        })
    }

    /// What is odd about it: code and words.
    pub(super) fn notes(&self, now: Time) -> Vec<(&'static str, String)> {
        let leaf = self.bundle.leaf();
        let mut notes = Vec::new();
        if leaf.validity().not_after < now {
            notes.push(("expired", "the certificate has expired".to_owned()));
        }
        if self.role.is_none() {
            let text = "the certificate has no common name: PostgreSQL finds no user in it";
            notes.push(("no-common-name", text.to_owned()));
        }
        if leaf.kind() == Kind::Server {
            let text = "the certificate is for a server: PostgreSQL takes it from no client";
            notes.push(("wrong-kind", text.to_owned()));
        }
        let highest = self.bundle.chain().last().unwrap_or(leaf);
        if self.roots.is_empty() {
            let text = "no root is exported: without one the server's identity is not verified; --root names it";
            notes.push(("no-root", text.to_owned()));
        } else if !self.roots.iter().any(|root| highest.is_issued_by(root)) {
            let text = format!(
                "{} is not issued by the root: if the server trusts a higher authority alone, \
                 the certificates between belong into the file of --cert",
                highest.subject()
            );
            notes.push(("chain-gap", text));
        }
        notes
    }
}

/// `HOME`, as libpq has it (`pqGetHomeDirectory`), else the user database's.
fn home(context: &Context) -> PathBuf {
    match context.env("HOME").map(PathBuf::from) {
        Some(home) if home.is_absolute() => home,
        _ => context.account.home.clone(),
    }
}

fn key(file: &Path, args: &Export) -> Result<PrivateKey, Failure> {
    let bytes = Secret::new(read(file)?);
    let passphrase = match PrivateKey::is_encrypted(bytes.as_bytes()) {
        true => Some(passphrase::of_file(&args.passphrase, &shown(file))?),
        false => None,
    };
    PrivateKey::from_file(bytes.as_bytes(), passphrase.as_ref())
        .map_err(|error| Failure::because(format_args!("{} cannot be used", shown(file)), &error))
}

fn certificates_of_root(file: &Path) -> Result<Vec<Certificate>, Failure> {
    let all = certificates(file)?;
    match all.is_empty() {
        true => Err(Failure::new(format!(
            "{} holds no certificate",
            shown(file)
        ))),
        false => Ok(all),
    }
}

/// PEM, or one in DER.
fn certificates(file: &Path) -> Result<Vec<Certificate>, Failure> {
    let bytes = read(file)?;
    let read = match Certificate::from_der(&bytes) {
        Ok(certificate) => Ok(vec![certificate]),
        Err(_) => Certificate::all_from_pem(&bytes),
    };
    read.map_err(|error| Failure::because(format_args!("{} cannot be used", shown(file)), &error))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    hostfile::read_stream(file).map_err(|error| {
        let failure = Failure::because(format_args!("{} cannot be read", shown(file)), &error);
        match error.is_not_found() {
            true => failure.hint("--key and --cert name the files to export"),
            false => failure,
        }
    })
}
