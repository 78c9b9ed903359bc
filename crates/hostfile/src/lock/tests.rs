//! One at a time.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use super::*;
use crate::ground::folder;

#[test]
fn the_second_is_told_who_holds_it() {
    let ground = folder();
    let path = ground.path().join("lock");
    let lock = Lock::acquire(&path, 0o600, Trust::Owner).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    match Lock::acquire(&path, 0o600, Trust::Owner) {
        Err(Error::Locked { holder, .. }) => assert_eq!(holder, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
    drop(lock);
    Lock::acquire(&path, 0o600, Trust::Owner).unwrap();
}

#[test]
fn another_process_waits_and_programs_do_not_inherit_it() {
    let ground = folder();
    let path = ground.path().join("lock");
    let lock = Lock::acquire(&path, 0o600, Trust::Owner).unwrap();
    let mut child = Command::new("sleep").arg("30").spawn().unwrap();
    drop(lock);
    let mut other = Command::new("flock")
        .arg(&path)
        .args(["sleep", "0.3"])
        .spawn()
        .unwrap();
    while Lock::acquire(&path, 0o600, Trust::Owner).is_ok() {
        std::thread::sleep(PAUSE);
    }
    Lock::acquire_within(&path, 0o600, Trust::Owner, Duration::from_secs(20)).unwrap();
    other.wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn many_threads_are_let_in_one_by_one() {
    let ground = folder();
    let path = ground.path().join("lock");
    let inside = std::sync::atomic::AtomicU32::new(0);
    let relaxed = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for round in 0..8 {
            let (path, inside) = (&path, &inside);
            scope.spawn(move || {
                let patience = Duration::from_secs(30);
                let lock = Lock::acquire_within(path, 0o600, Trust::Owner, patience).unwrap();
                assert_eq!(inside.fetch_add(1, relaxed), 0);
                // Taking the file away must not let a second one in beside us.
                if round % 2 == 0 {
                    fs::remove_file(path).unwrap();
                }
                inside.fetch_sub(1, relaxed);
                drop(lock);
            });
        }
    });
}

#[test]
fn a_lock_file_that_was_taken_away_is_no_lock() {
    let ground = folder();
    let path = ground.path().join("lock");
    let lock = Lock::acquire(&path, 0o600, Trust::Owner).unwrap();
    let spot = walk(&path, Trust::Owner, Last::Stay).unwrap();
    assert!(lock.has_name(&spot).unwrap());
    fs::remove_file(&path).unwrap();
    assert!(!lock.has_name(&spot).unwrap());
    fs::write(&path, "").unwrap();
    assert!(!lock.has_name(&spot).unwrap());
}

#[test]
fn a_link_is_not_locked() {
    let ground = folder();
    let path = ground.path().join("lock");
    symlink("elsewhere", &path).unwrap();
    let refused = Lock::acquire(&path, 0o600, Trust::Owner);
    assert!(matches!(refused, Err(Error::NotAFile { .. })));
}
