//! What an interrupted run has left in the folder. Only what is seen to have been issued here for that
//! very name is ever touched; anything else is in the way.

use std::path::Path;

use authority::Authority;
use pki_core::{Certificate, Kind, PrivateKey, Secret, Time};

use super::Files;
use crate::command::advice;
use crate::failure::Failure;

/// What stands in the places of a name's two files.
pub(super) enum Standing {
    /// Nothing, or files without a byte: a crash came before their bytes were on the disk.
    Nothing,
    /// The key, and of its certificate nothing or only a beginning.
    Key(Certificate),
    /// Both.
    Both,
}

/// Looks at the places of a name's files. Changes nothing.
pub(super) fn standing(
    (kind, name): (Kind, &str),
    files: &Files,
    authority: &Authority,
    now: Time,
) -> Result<Standing, Failure> {
    let key = Secret::new(read(&files.key)?);
    let there = read(&files.certificate)?;
    let in_the_way = |path: &Path, why: &str| {
        Failure::new(format!("{}: {why}", path.display()))
            .hint("move it away, or name another folder with --out")
    };
    if key.as_bytes().is_empty() {
        return if there.is_empty() {
            Ok(Standing::Nothing)
        } else {
            Err(in_the_way(&files.certificate, "its key is not there"))
        };
    }
    let public_key = PrivateKey::from_pem(key.as_bytes(), None)
        .map_err(|error| in_the_way(&files.key, &error.to_string()))?
        .public_key()
        .fingerprint();
    let store = |error| advice::authority_failed("the store cannot be read", &error);
    let entry = authority
        .current(kind, name, now)
        .map_err(store)?
        .into_iter()
        .find(|entry| entry.public_key == public_key);
    let Some(entry) = entry else {
        return Err(in_the_way(
            &files.key,
            "nothing that holds was issued here for this name and key",
        ));
    };
    let Some(certificate) = authority.issued(&entry.serial).map_err(store)? else {
        return Err(in_the_way(
            &files.key,
            "its certificate is not in the store",
        ));
    };
    let whole = certificate.to_pem_with(authority.chain());
    if there == whole.as_bytes() {
        Ok(Standing::Both)
    } else if whole.as_bytes().starts_with(&there) {
        Ok(Standing::Key(certificate))
    } else {
        Err(in_the_way(
            &files.certificate,
            "another certificate than the one of the key beside it",
        ))
    }
}

/// The bytes of a file; none where there is no file.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let found = hostfile::read_if_exists(path)
        .map_err(|error| Failure::because("what is there cannot be read", &error))?;
    Ok(found.unwrap_or_default())
}
