//! Making folders, taking them away.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use super::*;
use crate::ground::{PLAIN, STRANGER, folder, is_root};

#[test]
fn a_folder_is_made_once() {
    let ground = folder();
    let path = ground.path().join("authority");
    let closed = Ground {
        owner: None,
        mode: 0o700,
    };
    assert!(make_folder(&path, &closed, Trust::Owner).unwrap());
    assert!(!make_folder(&path, &PLAIN, Trust::Owner).unwrap());
    let mode = fs::metadata(&path).unwrap().mode() & 0o7777;
    assert_eq!(mode, 0o700, "one that exists is left as it is");
    let deep = make_folder(&ground.path().join("a/b"), &closed, Trust::Owner);
    assert!(deep.unwrap_err().is_not_found());
    symlink("authority", ground.path().join("link")).unwrap();
    assert!(!make_folder(&ground.path().join("link"), &closed, Trust::Owner).unwrap());
    assert!(!make_folder(Path::new("/"), &closed, Trust::Owner).unwrap());
    fs::write(path.join("file"), "").unwrap();
    let refused = make_folder(&path.join("file"), &closed, Trust::Owner);
    assert!(matches!(refused, Err(Error::NotAFolder { .. })));
}

#[test]
fn a_folder_is_given_to_its_owner() {
    if !is_root("to give folders away") {
        return;
    }
    let ground = folder();
    let path = ground.path().join(".postgresql");
    let theirs = Ground {
        owner: Some((STRANGER, STRANGER + 1)),
        mode: 0o2750,
    };
    make_folder(&path, &theirs, Trust::Owner).unwrap();
    let made = fs::metadata(&path).unwrap();
    assert_eq!(
        (made.uid(), made.gid(), made.mode() & 0o7777),
        (STRANGER, STRANGER + 1, 0o2750)
    );
}

#[test]
fn only_empty_folders_are_taken_away() {
    let ground = folder();
    let path = ground.path().join("a");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("file"), "").unwrap();
    assert!(!remove_folder_if_empty(&path, Trust::Owner).unwrap());
    let refused = remove_folder_if_empty(&path.join("file"), Trust::Owner);
    assert!(matches!(refused, Err(Error::NotAFolder { .. })));
    fs::remove_file(path.join("file")).unwrap();
    assert!(remove_folder_if_empty(&path, Trust::Owner).unwrap());
    assert!(!remove_folder_if_empty(&path, Trust::Owner).unwrap());
}
