//! An authority of one user, worked on by root: its files stay that user's. Needs root for that and
//! looks on at nothing where it is run by somebody else.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::Path;

use authority::{Init, init};
use pki_core::{Kind, Subject};

use crate::{Place, issue, now, wish};

/// Some user who is not root; it need not exist.
const USER: u32 = 4_711;

#[test]
fn in_a_folder_of_another_user_every_file_is_that_users() {
    let place = Place::new();
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&place.dir)
        .unwrap();
    if chown(&place.dir, Some(USER), Some(USER + 1)).is_err() {
        return;
    }
    // The folder decides, not what was asked for.
    let subject = Subject::empty();
    let authority = init(
        &place.dir,
        &Init {
            owner: Some((0, 0)),
            ..wish(&subject)
        },
        now(),
    )
    .unwrap();
    issue(&authority.unlock(None).unwrap(), Kind::Client, "slardiere").unwrap();

    let owners = owners(&place.dir);
    assert!(
        owners.iter().any(|(name, _)| name == "store.db-wal"),
        "{owners:?}"
    );
    for (name, owner) in owners {
        assert_eq!(owner, (USER, USER + 1), "{name}");
    }
    drop(authority);
    place.open().unlock(None).unwrap();
}

#[test]
fn a_new_folder_gets_the_owner_that_was_asked_for() {
    let place = Place::new();
    let probe = place.dir.with_file_name("probe");
    fs::write(&probe, "").unwrap();
    if chown(&probe, Some(USER), None).is_err() {
        return;
    }
    let subject = Subject::empty();
    let dir = place.dir.join("inner");
    drop(
        init(
            &dir,
            &Init {
                owner: Some((USER, USER + 1)),
                ..wish(&subject)
            },
            now(),
        )
        .unwrap(),
    );
    let outer = fs::metadata(&place.dir).unwrap();
    assert_eq!((outer.uid(), outer.gid()), (USER, USER + 1));
    for (name, owner) in owners(&dir) {
        assert_eq!(owner, (USER, USER + 1), "{name}");
    }
}

/// The folder itself, and what is in it.
fn owners(folder: &Path) -> Vec<(String, (u32, u32))> {
    let own = fs::metadata(folder).unwrap();
    let mut all = vec![(".".to_owned(), (own.uid(), own.gid()))];
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        all.push((
            entry.file_name().into_string().unwrap(),
            (metadata.uid(), metadata.gid()),
        ));
    }
    all
}
