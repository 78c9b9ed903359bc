//! The client's certificate and key (`fe-secure-openssl.c`, `initialize_SSL`).

use std::io;
use std::path::{Path, PathBuf};

use hostfile::{FileKind, Metadata};
use pg_config::Version;
use pg_config::conninfo::{Resolved, SslCertMode};
use pg_probe::Credentials;
use pki_core::{Certificate, KeyError, PrivateKey};

use super::error::reason;
use super::{ClientError, ClientFiles, ClientNote, Libpq, Sought, secret};

pub(super) fn read(
    resolved: &Resolved,
    folder: &Path,
    libpq: &Libpq,
    roots: Option<&[Certificate]>,
    files: &mut ClientFiles,
    notes: &mut Vec<ClientNote>,
) -> Result<Option<Credentials>, ClientError> {
    let named = |keyword| {
        resolved
            .get(keyword)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
    };
    if resolved.sslcertmode()? == SslCertMode::Disable {
        return Ok(None);
    }
    let path = named("sslcert").unwrap_or_else(|| folder.join("postgresql.crt"));
    let is_there = is_there(&path)?;
    files.certificate = Some(Sought {
        path: path.clone(),
        found: is_there,
    });
    if !is_there {
        if named("sslcert").is_some() {
            notes.push(ClientNote::NamedCertificateMissing(path));
        }
        return Ok(None);
    }
    let mut chain = chain(&path)?;
    if let (Some(roots), [leaf]) = (roots, &chain[..]) {
        let intermediates = intermediates(leaf, roots);
        chain.extend(intermediates);
    }

    if let Some((engine, _)) = resolved.get("sslkey").and_then(|name| name.split_once(':')) {
        return Err(ClientError::Engine(engine.to_owned()));
    }
    let key_path = named("sslkey").unwrap_or_else(|| folder.join("postgresql.key"));
    let key = key(&key_path, resolved.get("sslpassword"), libpq.version);
    files.key = Some(Sought {
        path: key_path.clone(),
        found: !matches!(key, Err(ClientError::NoKey(_))),
    });
    let key = key?;
    if chain
        .first()
        .is_some_and(|leaf| leaf.public_key() != key.public_key())
    {
        return Err(ClientError::KeyMismatch(key_path));
    }
    Ok(Some(Credentials { chain, key }))
}

/// Whether there is a certificate. Only a name that leads nowhere means none; all else is an error.
fn is_there(path: &Path) -> Result<bool, ClientError> {
    match hostfile::metadata(path) {
        Ok(found) => Ok(found.is_some()),
        Err(error) if error.io_kind() == Some(io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(ClientError::CertificateUnreachable {
            path: path.to_owned(),
            reason: reason(&error),
        }),
    }
}

fn chain(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let unusable = |reason: String| ClientError::Certificate {
        path: path.to_owned(),
        reason,
    };
    let bytes = hostfile::read(path).map_err(|error| unusable(reason(&error)))?;
    let chain = Certificate::all_from_pem(&bytes).map_err(|error| unusable(error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable("no start line".to_owned()));
    }
    Ok(chain)
}

/// The intermediates between a lone certificate and its root: OpenSSL sends along what it finds in the root file.
fn intermediates(leaf: &Certificate, roots: &[Certificate]) -> Vec<Certificate> {
    let mut found: Vec<Certificate> = Vec::new();
    let mut issuer = leaf.issuer_der().to_vec();
    while let Some(next) = roots
        .iter()
        .find(|c| c.subject_der() == issuer && !c.is_self_signed() && !found.contains(*c))
    {
        issuer = next.issuer_der().to_vec();
        found.push(next.clone());
    }
    found
}

fn key(path: &Path, passphrase: Option<&str>, version: Version) -> Result<PrivateKey, ClientError> {
    let metadata = match hostfile::metadata(path) {
        Ok(Some(metadata)) => metadata,
        Ok(None) => return Err(ClientError::NoKey(path.to_owned())),
        Err(error) => {
            return Err(ClientError::KeyUnreachable {
                path: path.to_owned(),
                reason: reason(&error),
            });
        }
    };
    if metadata.kind != FileKind::File {
        return Err(ClientError::KeyNotAFile(path.to_owned()));
    }
    if is_too_open(&metadata) {
        return Err(ClientError::KeyTooOpen {
            path: path.to_owned(),
            mode: metadata.mode,
        });
    }
    let unusable = |reason: String| ClientError::Key {
        path: path.to_owned(),
        reason,
    };
    let bytes = hostfile::read(path).map_err(|error| unusable(reason(&error)))?;
    // sslpassword came with 13; an empty one is none.
    let passphrase = passphrase
        .filter(|text| !text.is_empty() && version >= Version::V13)
        .map(secret);
    match PrivateKey::from_pem(&bytes, passphrase.as_ref()) {
        // OpenSSL's word for it.
        Ok(_) if PrivateKey::is_under_des(&bytes) => Err(unusable("unsupported".to_owned())),
        Ok(key) => Ok(key),
        Err(KeyError::Encrypted) => Err(ClientError::KeyEncrypted(path.to_owned())),
        Err(KeyError::WrongPassphrase) => Err(unusable("bad decrypt".to_owned())),
        // Since 13 a file that is no PEM is tried as DER, which OpenSSL opens without a passphrase alone.
        Err(error) if version >= Version::V13 => {
            PrivateKey::from_der(&bytes, None).map_err(|_| unusable(error.to_string()))
        }
        Err(error) => Err(unusable(error.to_string())),
    }
}

/// Root's key may be readable for its group, anybody else's for nobody else.
pub(super) fn is_too_open(key: &Metadata) -> bool {
    key.mode & (if key.uid == 0 { 0o037 } else { 0o077 }) != 0
}
