//! Every state that a crash can leave, and many that it cannot.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::Trust;
use crate::ground::{PLAIN, contents, folder, with_and_without_exchange};
use crate::{FileId, stage, stage_removal};

const STAGED: &str = ".pgcert-0123456789abcdef";
const SPARE: &str = ".pgcert-0123456789abcdef.old";

fn id(bytes: &str) -> FileId {
    use sha2::{Digest, Sha256};
    FileId {
        dev: 0,
        ino: 0,
        sha256: Sha256::digest(bytes).into(),
    }
}

/// A journal's record after a boot: device and inode numbers say nothing any more.
fn record(at: &Path, old: Option<&str>, new: Option<&str>) -> SwapRecord {
    SwapRecord {
        target: at.join("a"),
        staged: at.join(STAGED),
        old: old.map(id),
        new: new.map(id),
    }
}

/// Replacing, making, removing.
const KINDS: [(Option<&str>, Option<&str>); 3] = [
    (Some("old"), Some("new")),
    (None, Some("new")),
    (Some("old"), None),
];

/// Lays out the three names; equal contents are hard links, as an unfinished exchange by spare name leaves them.
fn lay_out(at: &Path, names: [(&str, Option<&str>); 3]) {
    let mut laid: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, bytes) in names {
        let Some(bytes) = bytes else { continue };
        match laid.get(bytes) {
            Some(first) => fs::hard_link(at.join(first), at.join(name)).unwrap(),
            None => fs::write(at.join(name), bytes).unwrap(),
        }
        laid.entry(bytes).or_insert(name);
    }
}

/// What a crash leaves between any two system calls of swap, undo and keep: target, staged, spare.
fn crash_states(
    old: Option<&'static str>,
    new: Option<&'static str>,
) -> Vec<[Option<&'static str>; 3]> {
    let mut states = vec![[old, new, None], [new, old, None]];
    match (old, new) {
        (Some(_), Some(_)) => {
            states.extend([
                // swap by spare name: linked, renamed
                [old, new, old],
                [new, None, old],
                // undo by spare name: linked, renamed
                [new, old, new],
                [old, None, new],
            ]);
        }
        (None, _) => states.push([new, new, None]),
        (_, None) => states.push([old, old, None]),
    }
    states
}

#[test]
fn every_crash_settles_on_either_state() {
    with_and_without_exchange(|| {
        for (old, new) in KINDS {
            for state in crash_states(old, new) {
                for wanted in [Wanted::Old, Wanted::New] {
                    let ground = folder();
                    let [target, staged, spare] = state;
                    lay_out(
                        ground.path(),
                        [("a", target), (STAGED, staged), (SPARE, spare)],
                    );
                    let record = record(ground.path(), old, new);
                    let (recovered, want) = match wanted {
                        Wanted::Old => (recover_undo(&record), old),
                        Wanted::New => (recover_keep(&record), new),
                    };
                    let what = format!("{state:?} to {want:?}");
                    let expected = match target == want {
                        true => Recovered::Already,
                        false => Recovered::Swapped,
                    };
                    assert_eq!(recovered.expect(&what), expected, "{what}");
                    let file = want.map(|bytes| ("a".to_owned(), bytes.to_owned()));
                    assert_eq!(
                        contents(ground.path()),
                        file.into_iter().collect(),
                        "{what}"
                    );
                }
            }
        }
    });
}

/// Any four contents under any of the three names: a wanted state is reached, or nothing is lost.
#[test]
fn recovery_never_touches_what_it_does_not_know() {
    let choices = [None, Some("old"), Some("new"), Some("theirs")];
    with_and_without_exchange(|| {
        for (old, new) in KINDS {
            for state in 0..64 {
                for wanted in [Wanted::Old, Wanted::New] {
                    let ground = folder();
                    let at = ground.path();
                    let names = [
                        ("a", choices[state % 4]),
                        (STAGED, choices[state / 4 % 4]),
                        (SPARE, choices[state / 16]),
                    ];
                    lay_out(at, names);
                    let before = contents(at);
                    let record = record(at, old, new);
                    let (result, want) = match wanted {
                        Wanted::Old => (recover_undo(&record), old),
                        Wanted::New => (recover_keep(&record), new),
                    };
                    let after = contents(at);
                    let what = format!("{names:?} {old:?}->{new:?} to {want:?}: {result:?}");
                    match result {
                        Ok(_) => {
                            let file = want.map(|bytes| ("a".to_owned(), bytes.to_owned()));
                            assert_eq!(after, file.into_iter().collect(), "{what}");
                            let known = [old, new];
                            assert!(
                                names.iter().all(|(_, b)| b.is_none() || known.contains(b)),
                                "{what}"
                            );
                        }
                        Err(Error::Foreign { path }) => {
                            assert!(path.exists() || names[0].1.is_none(), "{what}");
                            assert_eq!(after, before, "{what}");
                        }
                        Err(Error::NoSavedCopy { .. }) => assert_eq!(after, before, "{what}"),
                        Err(error) => panic!("{what} {error}"),
                    }
                }
            }
        }
    });
}

#[test]
fn a_live_swap_is_recovered_from_its_record() {
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    for _ in 0..2 {
        let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
        let record = staged.record().clone();
        drop(staged.swap().unwrap());
        assert_eq!(recover_undo(&record).unwrap(), Recovered::Swapped);
        assert_eq!(recover_undo(&record).unwrap(), Recovered::Already);
        // The new bytes are gone with the undo: nothing to go forward to.
        assert!(matches!(
            recover_keep(&record),
            Err(Error::NoSavedCopy { .. })
        ));
    }
    let removal = stage_removal(&path, Trust::Owner).unwrap();
    let record = removal.record().clone();
    drop(removal.swap().unwrap());
    assert_eq!(recover_keep(&record).unwrap(), Recovered::Already);
    assert!(contents(ground.path()).is_empty());
}

#[test]
fn equal_bytes_are_told_apart_by_inode() {
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "same").unwrap();
    let staged = stage(&path, b"same", &PLAIN, Trust::Owner).unwrap();
    let record = staged.record().clone();
    drop(staged.swap().unwrap());
    let ino = crate::ground::inode;
    assert_eq!(ino(&path), record.new.unwrap().ino);
    assert_eq!(recover_undo(&record).unwrap(), Recovered::Swapped);
    assert_eq!(ino(&path), record.old.unwrap().ino);
}

#[test]
fn what_was_new_in_a_folder_that_is_gone_is_gone() {
    let ground = folder();
    let gone = ground.path().join("gone");
    let made = record(&gone, None, Some("new"));
    assert_eq!(recover_undo(&made).unwrap(), Recovered::Already);
    assert!(recover_keep(&made).unwrap_err().is_not_found());
    let replaced = record(&gone, Some("old"), Some("new"));
    assert!(recover_undo(&replaced).unwrap_err().is_not_found());
}

#[test]
fn a_record_that_names_another_folder_is_refused() {
    let ground = folder();
    let mut record = record(ground.path(), Some("old"), Some("new"));
    fs::write(ground.path().join("a"), "new").unwrap();
    record.staged = "/etc/passwd".into();
    assert!(matches!(recover_undo(&record), Err(Error::Foreign { .. })));
}

#[test]
fn a_link_that_came_later_is_not_followed() {
    let ground = folder();
    let real = ground.path().join("real");
    fs::create_dir(&real).unwrap();
    lay_out(
        &real,
        [("a", Some("new")), (STAGED, Some("old")), (SPARE, None)],
    );
    std::os::unix::fs::symlink("real", ground.path().join("link")).unwrap();
    let record = record(&ground.path().join("link"), Some("old"), Some("new"));
    assert!(matches!(
        recover_undo(&record),
        Err(Error::LinkRefused { .. })
    ));
    assert_eq!(fs::read(real.join("a")).unwrap(), b"new");
}
