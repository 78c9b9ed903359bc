//! The trusted roots and the revocation lists of a connection (`fe-secure-openssl.c`, `initialize_SSL`).

use std::path::{Path, PathBuf};

use pg_config::Version;
use pg_config::conninfo::{Resolved, SslMode};
use pki_core::{Certificate, Crl};

use super::error::reason;
use super::{ClientError, ClientFiles, ClientNote, Sought, View};

/// What the server's certificate is verified with.
#[derive(Default)]
pub(super) struct Trust {
    /// `None`: not verified.
    pub(super) roots: Option<Vec<Certificate>>,
    pub(super) crls: Vec<Crl>,
}

pub(super) fn read(
    resolved: &Resolved,
    mode: SslMode,
    folder: &Path,
    view: &View<'_>,
    files: &mut ClientFiles,
    notes: &mut Vec<ClientNote>,
) -> Result<Trust, ClientError> {
    let version = view.libpq.version;
    let named = resolved.get("sslrootcert").filter(|name| !name.is_empty());
    if named == Some("system") && version >= Version::V16 {
        let path = view
            .environment
            .get("SSL_CERT_FILE")
            .map_or_else(|| view.libpq.system_roots.clone(), PathBuf::from);
        // OpenSSL takes what it finds; a missing bundle trusts nobody.
        let roots = hostfile::read_if_exists(&path).ok().flatten();
        files.roots = Some(Sought {
            path: path.clone(),
            found: roots.is_some(),
        });
        let roots = roots
            .map(|bytes| certificates(&path, &bytes))
            .transpose()?
            .unwrap_or_default();
        return finish(roots, resolved, folder, files, notes);
    }
    if named.is_none()
        && folder
            .parent()
            .is_none_or(|home| home.as_os_str().is_empty())
    {
        return match mode {
            SslMode::VerifyCa | SslMode::VerifyFull => Err(ClientError::NoHome { version }),
            _ => Ok(Trust::default()),
        };
    }
    let path = named.map_or_else(|| folder.join("root.crt"), PathBuf::from);
    // The file is tested with stat() only: what cannot be looked at is as good as not there.
    let found = matches!(hostfile::metadata(&path), Ok(Some(_)));
    files.roots = Some(Sought {
        path: path.clone(),
        found,
    });
    if found {
        let bytes = hostfile::read(&path).map_err(|error| ClientError::Roots {
            path: path.clone(),
            reason: reason(&error),
        })?;
        let roots = certificates(&path, &bytes)?;
        return finish(roots, resolved, folder, files, notes);
    }
    match mode {
        SslMode::VerifyCa | SslMode::VerifyFull => Err(ClientError::NoRoots { path, version }),
        _ => {
            if named.is_some() {
                notes.push(ClientNote::NamedRootsMissing(path));
            }
            Ok(Trust::default())
        }
    }
}

fn finish(
    roots: Vec<Certificate>,
    resolved: &Resolved,
    folder: &Path,
    files: &mut ClientFiles,
    notes: &mut Vec<ClientNote>,
) -> Result<Trust, ClientError> {
    Ok(Trust {
        roots: Some(roots),
        crls: crls(resolved, folder, files, notes),
    })
}

/// The revocation lists: a file, a folder of files named by OpenSSL's hash, or the default file; whatever cannot be read is passed over in
/// silence.
fn crls(
    resolved: &Resolved,
    folder: &Path,
    files: &mut ClientFiles,
    notes: &mut Vec<ClientNote>,
) -> Vec<Crl> {
    let named = |keyword| {
        resolved
            .get(keyword)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
    };
    let (file, dir) = (named("sslcrl"), named("sslcrldir"));
    let mut all = Vec::new();
    let in_use = file
        .clone()
        .or_else(|| dir.is_none().then(|| folder.join("root.crl")));
    if let Some(path) = in_use {
        let lists = hostfile::read_if_exists(&path)
            .ok()
            .flatten()
            .and_then(|bytes| Crl::all_from_pem(&bytes).ok())
            .filter(|lists| !lists.is_empty());
        files.crls = Some(Sought {
            path: path.clone(),
            found: lists.is_some(),
        });
        match lists {
            Some(lists) => all.extend(lists),
            // With a file that cannot be loaded OpenSSL does not get as far as the folder.
            None => {
                if file.is_some() {
                    notes.push(ClientNote::CrlUnusable(path));
                }
                return Vec::new();
            }
        }
    }
    if let Some(dir) = dir {
        let lists = crls_in(&dir);
        if lists.is_empty() {
            notes.push(ClientNote::CrlUnusable(dir.clone()));
        }
        files.crls.get_or_insert(Sought {
            path: dir,
            found: !lists.is_empty(),
        });
        all.extend(lists);
    }
    all
}

/// The lists in a folder under the names that `openssl rehash` gives them: eight hexadecimal digits, `.r`, a number.
fn crls_in(dir: &Path) -> Vec<Crl> {
    let names = hostfile::list(dir).unwrap_or_default();
    names
        .iter()
        .filter(|name| name.to_str().is_some_and(is_hash_name))
        .filter_map(|name| hostfile::read(&dir.join(name)).ok())
        .filter_map(|bytes| Crl::all_from_pem(&bytes).ok())
        .flatten()
        .collect()
}

fn is_hash_name(name: &str) -> bool {
    name.split_once(".r").is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|b| b.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<Certificate>, ClientError> {
    let roots = |reason: String| ClientError::Roots {
        path: path.to_owned(),
        reason,
    };
    let all = Certificate::all_from_pem(bytes).map_err(|error| roots(error.to_string()))?;
    if all.is_empty() {
        return Err(roots("no certificate or crl found".to_owned()));
    }
    Ok(all)
}
