//! New files, journals, databases, removal.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;
use crate::ground::{contents, folder, with_and_without_exchange};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_new_file_is_whole_and_never_overwrites() {
    with_and_without_exchange(|| {
        let ground = folder();
        let path = ground.path().join("ca.key");
        let key = Ground {
            owner: None,
            mode: 0o600,
        };
        create_new(&path, b"key", &key, Trust::Owner).unwrap();
        assert_eq!(
            (mode(&path), fs::read(&path).unwrap()),
            (0o600, b"key".to_vec())
        );
        let again = create_new(&path, b"other", &key, Trust::Owner);
        assert!(matches!(again, Err(Error::Exists { path: p }) if p == path));
        // A link is a taken name, wherever it points.
        let link = ground.path().join("link");
        symlink("nowhere", &link).unwrap();
        let through = create_new(&link, b"other", &key, Trust::Owner);
        assert!(matches!(through, Err(Error::Exists { .. })));
        assert_eq!(contents(ground.path()).len(), 2);
    });
}

#[test]
fn what_is_replaced_keeps_its_attributes_and_nothing_else_stays() {
    let ground = folder();
    let path = ground.path().join("root.crl");
    let new = Ground {
        owner: None,
        mode: 0o644,
    };
    replace(&path, b"one", &new, Trust::Owner).unwrap();
    assert_eq!(mode(&path), 0o644);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    replace(&path, b"two", &new, Trust::Owner).unwrap();
    assert_eq!(
        (mode(&path), fs::read(&path).unwrap()),
        (0o600, b"two".to_vec())
    );
    fs::create_dir(ground.path().join("folder")).unwrap();
    let folder = replace(&ground.path().join("folder"), b"x", &new, Trust::Owner);
    assert!(matches!(folder, Err(Error::NotAFile { .. })));
    assert_eq!(contents(ground.path()).len(), 2);
}

#[test]
fn a_journal_grows_line_by_line() {
    let ground = folder();
    let path = ground.path().join("journal");
    append(&path, b"one\n").unwrap();
    append(&path, b"two\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
    assert_eq!(mode(&path), 0o600);
    let link = ground.path().join("link");
    symlink("journal", &link).unwrap();
    assert!(matches!(append(&link, b"x"), Err(Error::NotAFile { .. })));
}

#[test]
fn a_database_file_is_made_empty_and_named_without_links() {
    let ground = folder();
    let real = ground.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink("real", ground.path().join("link")).unwrap();
    let asked = ground.path().join("link/store.db");
    for _ in 0..2 {
        let path = open_for_database(&asked, 0o600, Trust::Owner).unwrap();
        assert_eq!(path, real.join("store.db"));
        assert_eq!(mode(&path), 0o600);
    }
    let refused = open_for_database(&asked, 0o600, Trust::NoLinks);
    assert!(matches!(refused, Err(Error::LinkRefused { .. })));
    let refused = open_for_database(&real, 0o600, Trust::Owner);
    assert!(matches!(refused, Err(Error::NotAFile { .. })));
}

#[test]
fn only_files_are_removed() {
    let ground = folder();
    let (file, link) = (ground.path().join("file"), ground.path().join("link"));
    fs::write(&file, "").unwrap();
    symlink("file", &link).unwrap();
    for path in [&link, &ground.path().to_owned()] {
        let refused = remove(path, Trust::Owner);
        assert!(matches!(refused, Err(Error::NotAFile { .. })));
    }
    assert!(remove(&file, Trust::Owner).unwrap());
    assert!(!remove(&file, Trust::Owner).unwrap());
}

/// A store with a long history, a revocation list with millions of entries.
#[test]
fn what_is_written_may_be_larger_than_what_is_read() {
    let folder = folder();
    let path = folder.path().join("large");
    let bytes = vec![b'x'; usize::try_from(crate::READ_LIMIT).unwrap() + 1];
    let ground = Ground {
        owner: None,
        mode: 0o600,
    };
    create_new(&path, &bytes, &ground, Trust::NoLinks).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes.len() as u64);
}
