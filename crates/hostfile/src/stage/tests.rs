//! Staging, swapping, keeping and undoing on healthy and on hostile ground.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use rustix::fs::IFlags;

use super::*;
use crate::create_new;
use crate::ground::{Flag, Mount, PLAIN, STRANGER};
use crate::ground::{contents, folder, inode, is_root, with_and_without_exchange};
use crate::swap::tests::WITHOUT_FLAGS;

fn refusal(path: &Path) -> Error {
    let before = contents(path.parent().unwrap());
    let error = stage(path, b"new", &PLAIN, Trust::Owner).unwrap_err();
    assert_eq!(contents(path.parent().unwrap()), before, "left behind");
    error
}

#[test]
fn a_file_is_replaced_and_put_back_whole() {
    with_and_without_exchange(|| {
        let ground = folder();
        let path = ground.path().join("pg_hba.conf");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o604)).unwrap();
        let before = fs::metadata(&path).unwrap();

        let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
        let record = staged.record().clone();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read(&record.staged).unwrap(), b"new");
        let swapped = staged.swap().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read(&record.staged).unwrap(), b"old");
        assert_eq!(fs::metadata(&path).unwrap().mode(), before.mode());
        assert_eq!(inode(&path), record.new.unwrap().ino);
        assert_eq!(inode(&record.staged), record.old.unwrap().ino);

        swapped.undo().unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(
            (after.ino(), after.mtime_nsec()),
            (before.ino(), before.mtime_nsec())
        );
        assert_eq!(contents(ground.path()).len(), 1);

        let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
        staged.swap().unwrap().keep().unwrap();
        assert_eq!(
            contents(ground.path()),
            [("pg_hba.conf".into(), "new".into())].into()
        );
    });
}

#[test]
fn a_new_file_is_made_and_taken_away() {
    with_and_without_exchange(|| {
        let ground = folder();
        let path = ground.path().join("server.key");
        let new = Ground {
            owner: None,
            mode: 0o600,
        };
        let staged = stage(&path, b"key", &new, Trust::Owner).unwrap();
        assert!(!path.exists());
        let name = staged.record().staged.file_name().unwrap().to_owned();
        let name = name.to_str().unwrap();
        assert!(
            name.starts_with('.') && !name.ends_with(".conf"),
            "include_dir reads {name}"
        );
        let swapped = staged.swap().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(contents(ground.path()).len(), 1);
        swapped.undo().unwrap();
        assert_eq!(contents(ground.path()).len(), 0);
        let staged = stage(&path, b"key", &new, Trust::Owner).unwrap();
        staged.swap().unwrap().keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"key");
    });
}

#[test]
fn a_file_is_removed_and_put_back() {
    with_and_without_exchange(|| {
        let ground = folder();
        let path = ground.path().join("client.crt");
        fs::write(&path, "old").unwrap();
        let ino = inode(&path);
        let swapped = stage_removal(&path, Trust::Owner).unwrap().swap().unwrap();
        assert!(!path.exists());
        swapped.undo().unwrap();
        assert_eq!(inode(&path), ino);
        let swapped = stage_removal(&path, Trust::Owner).unwrap().swap().unwrap();
        swapped.keep().unwrap();
        assert_eq!(contents(ground.path()).len(), 0);
        let gone = stage_removal(&path, Trust::Owner).unwrap_err();
        assert!(gone.is_not_found());
    });
}

#[test]
fn readers_see_the_old_or_the_new_file_at_every_moment() {
    let ground = folder();
    let path = ground.path().join("postgresql.conf");
    let (old, new) = ("o".repeat(100_000), "n".repeat(50_000));
    fs::write(&path, &old).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let relaxed = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = (0, 0);
            while !stop.load(relaxed) {
                match fs::read_to_string(&path).unwrap() {
                    text if text == old => seen.0 += 1,
                    text if text == new => seen.1 += 1,
                    text => panic!("{} bytes of neither", text.len()),
                }
            }
            seen
        });
        with_and_without_exchange(|| {
            for _ in 0..50 {
                let staged = stage(&path, new.as_bytes(), &PLAIN, Trust::Owner).unwrap();
                staged.swap().unwrap().undo().unwrap();
            }
        });
        stop.store(true, relaxed);
        let (old, new) = reader.join().unwrap();
        assert!(old > 0 && new > 0, "{old} old, {new} new");
    });
}

#[test]
fn dropping_and_discarding_leave_nothing() {
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    drop(stage(&path, b"new", &PLAIN, Trust::Owner).unwrap());
    let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
    staged.discard().unwrap();
    let removal = stage_removal(&path, Trust::Owner).unwrap();
    removal.discard().unwrap();
    assert_eq!(contents(ground.path()), [("a".into(), "old".into())].into());
}

#[test]
fn two_files_are_swapped_together_or_not_at_all() {
    with_and_without_exchange(|| {
        let ground = folder();
        let inner = ground.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let paths = [ground.path().join("key"), inner.join("certificate")];
        for path in &paths {
            fs::write(path, "old").unwrap();
        }
        let staged = || {
            let stage = |path| stage(path, b"new", &PLAIN, Trust::Owner).unwrap();
            (stage(&paths[0]), stage(&paths[1]))
        };
        let bytes = || {
            paths
                .each_ref()
                .map(|path| fs::read_to_string(path).unwrap())
        };
        let before = (contents(ground.path()), contents(&inner));
        let after = || (contents(ground.path()), contents(&inner));

        let (key, certificate) = staged();
        let (key, certificate) = key.swap_with(certificate).unwrap();
        assert_eq!(bytes(), ["new", "new"]);
        certificate.undo().unwrap();
        key.undo().unwrap();
        assert_eq!(after(), before);

        // Either is no longer what it was.
        for changed in &paths {
            let (key, certificate) = staged();
            fs::write(changed, "theirs").unwrap();
            let error = key.swap_with(certificate).unwrap_err();
            assert!(matches!(error, Error::Changed { path } if path == *changed));
            fs::write(changed, "old").unwrap();
            assert_eq!(after(), before);
        }
        // The second one cannot be exchanged when the first one was.
        if is_root("to freeze a folder") {
            let (key, certificate) = staged();
            let beside = certificate.record().staged.clone();
            let Some(frozen) = Flag::set(&inner, IFlags::IMMUTABLE) else {
                return;
            };
            let error = key.swap_with(certificate).unwrap_err();
            assert!(matches!(error, Error::Io { .. }), "{error}");
            drop(frozen);
            fs::remove_file(beside).unwrap();
            assert_eq!(after(), before);
        }
    });
}

#[test]
fn a_target_that_changed_since_is_not_swapped() {
    type Meddling = fn(&Path);
    let meddlings: [(&str, Meddling); 6] = [
        ("written into", |path| fs::write(path, "OLD").unwrap()),
        ("replaced, same bytes", |path| {
            fs::write(path.with_extension("x"), "old").unwrap();
            fs::rename(path.with_extension("x"), path).unwrap();
        }),
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("given another mode", |path| {
            fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
        }),
        ("linked", |path| {
            fs::hard_link(path, path.with_extension("x")).unwrap();
        }),
        ("made a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    with_and_without_exchange(|| {
        for (what, meddle) in meddlings {
            let ground = folder();
            let path = ground.path().join("a");
            fs::write(&path, "old").unwrap();
            let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
            meddle(&path);
            let (before, ino) = (contents(ground.path()), fs::metadata(&path).ok());
            let staged_name = staged.record().staged.file_name().unwrap().to_owned();
            let error = staged.swap().unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Changed { .. } | Error::HardLinks { .. } | Error::NotAFile { .. }
                ),
                "{what}: {error}"
            );
            let mut after = contents(ground.path());
            after.insert(staged_name.into_string().unwrap(), "new".into());
            assert_eq!(after, before, "{what}");
            assert_eq!(
                fs::metadata(&path).ok().map(|m| m.ino()),
                ino.map(|m| m.ino()),
                "{what}"
            );
        }
    });
}

#[test]
fn a_file_that_appeared_since_is_not_overwritten() {
    with_and_without_exchange(|| {
        let ground = folder();
        let path = ground.path().join("a");
        let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(staged.swap(), Err(Error::Changed { .. })));
        // The kernel itself refuses too, where the look came a moment too early.
        let staged = {
            let aside = ground.path().join("aside");
            fs::rename(&path, &aside).unwrap();
            let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
            fs::rename(&aside, &path).unwrap();
            staged
        };
        assert!(matches!(staged.pair.swap(), Err(Error::Changed { .. })));
        drop(staged);
        assert_eq!(
            contents(ground.path()),
            [("a".into(), "theirs".into())].into()
        );
    });
}

#[test]
fn a_staged_file_that_somebody_exchanged_is_not_swapped_in() {
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
    let beside = staged.record().staged.clone();
    fs::remove_file(&beside).unwrap();
    fs::write(&beside, "theirs").unwrap();
    assert!(matches!(staged.swap(), Err(Error::Changed { path }) if path == beside));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read(&beside).unwrap(), b"theirs");
}

#[test]
fn undo_and_keep_touch_nothing_that_somebody_changed() {
    with_and_without_exchange(|| {
        let ground = folder();
        let path = ground.path().join("a");
        fs::write(&path, "old").unwrap();
        let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
        let swapped = staged.swap().unwrap();
        fs::write(&path, "theirs").unwrap();
        let before = contents(ground.path());
        assert!(matches!(swapped.undo(), Err(Error::Foreign { path: p }) if p == path));
        assert_eq!(contents(ground.path()), before);

        fs::write(&path, "old").unwrap();
        let mut editor = OpenOptions::new().append(true).open(&path).unwrap();
        let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
        let swapped = staged.swap().unwrap();
        editor.write_all(b" and more").unwrap();
        let saved = swapped.record().staged.clone();
        assert!(matches!(swapped.keep(), Err(Error::Foreign { .. })));
        assert_eq!(fs::read(saved).unwrap(), b"old and more");
    });
}

#[test]
fn what_is_behind_a_trusted_link_is_replaced() {
    let ground = folder();
    let (data, link) = (ground.path().join("data"), ground.path().join("link"));
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a"), "old").unwrap();
    symlink("data/a", &link).unwrap();
    let staged = stage(&link, b"new", &PLAIN, Trust::Owner).unwrap();
    assert_eq!(staged.followed().len(), 1);
    assert_eq!(staged.record().target, data.join("a"));
    staged.swap().unwrap().keep().unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("data/a"));
    assert_eq!(fs::read(data.join("a")).unwrap(), b"new");
}

#[test]
fn only_regular_files_with_one_name_are_replaced() {
    let ground = folder();
    let at = |name: &str| ground.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(at("pipe"))
        .status();
    assert!(pipe.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    fs::write(at("one"), "old").unwrap();
    fs::hard_link(at("one"), at("two")).unwrap();
    let error = |name| {
        let error = refusal(&at(name)).to_string();
        error.replace(ground.path().to_str().unwrap(), "")
    };
    insta::assert_snapshot!(error("folder"), @"/folder is a folder, not a file");
    insta::assert_snapshot!(error("pipe"), @"/pipe is a pipe, not a file");
    insta::assert_snapshot!(error("socket"), @"/socket is a socket, not a file");
    insta::assert_snapshot!(error("one"), @"/one has 2 hard links");
}

#[test]
fn a_file_that_is_not_different_is_known_without_touching_it() {
    let ground = folder();
    let path = ground.path().join("a");
    let owner = Some((geteuid().as_raw(), rustix::process::getegid().as_raw()));
    let wanted = Ground { owner, mode: 0o640 };
    let look = |bytes: &[u8]| differs(&path, bytes, &wanted, Trust::Owner).unwrap();
    assert!(look(b"x").missing && look(b"x").in_contents());
    create_new(&path, b"x", &wanted, Trust::Owner).unwrap();
    let before = fs::metadata(&path).unwrap().ctime_nsec();
    assert!(!look(b"x").in_contents() && !look(b"x").in_attributes());
    assert!(look(b"y").in_contents() && look(b"").in_contents());
    assert_eq!(fs::metadata(&path).unwrap().ctime_nsec(), before);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(look(b"x").mode && !look(b"x").owner && !look(b"x").in_contents());
    let other = Ground {
        owner: Some((STRANGER, STRANGER)),
        mode: 0o600,
    };
    assert!(differs(&path, b"x", &other, Trust::Owner).unwrap().owner);
}

#[test]
fn leftovers_are_found() {
    let ground = folder();
    let path = ground.path().join("a");
    for name in [".pgcert-", ".pgcert-note", ".pgcert-0123456789abcdefg", "b"] {
        fs::write(ground.path().join(name), "").unwrap();
    }
    let staged = stage(&path, b"new", &PLAIN, Trust::Owner).unwrap();
    let name = staged.record().staged.clone();
    let mut spare = name.clone().into_os_string();
    spare.push(SPARE);
    fs::write(&spare, "").unwrap();
    assert_eq!(leftovers(ground.path()).unwrap(), [name, spare.into()]);
}

#[test]
fn an_owner_is_kept_or_given() {
    if !is_root("to give files away") {
        return;
    }
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    chown(&path, Some(STRANGER), Some(STRANGER + 1)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o2640)).unwrap();
    let replace = |path: &Path| {
        let new = Ground {
            owner: Some((7, 8)),
            mode: 0o600,
        };
        let staged = stage(path, b"new", &new, Trust::Owner).unwrap();
        let staged_as = fs::metadata(&staged.record().staged).unwrap();
        staged.swap().unwrap().keep().unwrap();
        let now = fs::metadata(path).unwrap();
        assert_eq!(now.mode(), staged_as.mode());
        (now.uid(), now.gid(), now.mode() & 0o7777)
    };
    assert_eq!(replace(&path), (STRANGER, STRANGER + 1, 0o2640));
    assert_eq!(replace(&ground.path().join("b")), (7, 8, 0o600));
}

#[test]
fn a_user_cannot_be_made_to_lose_somebody_elses_file() {
    if !is_root("to act as somebody else") {
        return;
    }
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "root's").unwrap();
    let nobody = crate::Account::by_name("nobody").unwrap();
    // In a folder of their own users may rename what is root's; giving the new file to root is what they cannot.
    chown(ground.path(), Some(nobody.uid), Some(nobody.gid)).unwrap();
    let error = crate::acting_as(&nobody, || refusal(&path)).unwrap();
    insta::assert_snapshot!(error.to_string().replace(ground.path().to_str().unwrap(), ""), @"/a belongs to user id 0, group id 0, and a new file cannot be given to them");
    // In a folder like /tmp the swap itself would be refused: known before.
    chown(ground.path(), Some(0), Some(0)).unwrap();
    fs::set_permissions(ground.path(), Permissions::from_mode(0o1777)).unwrap();
    let error = crate::acting_as(&nobody, || refusal(&path)).unwrap();
    insta::assert_snapshot!(error.to_string().replace(ground.path().to_str().unwrap(), ""), @"cannot replace /a: Operation not permitted (os error 1)");
}

#[test]
fn immutable_and_append_only_files_and_folders_are_refused_at_once() {
    if !is_root("to set attributes") {
        return;
    }
    let ground = folder();
    let inner = ground.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let path = inner.join("a");
    fs::write(&path, "old").unwrap();
    for (on, flag) in [
        (&path, IFlags::IMMUTABLE),
        (&path, IFlags::APPEND),
        (&inner, IFlags::IMMUTABLE),
        (&inner, IFlags::APPEND),
    ] {
        let Some(_flag) = Flag::set(on, flag) else {
            return;
        };
        match refusal(&path) {
            Error::Immutable { path, append_only } => {
                assert_eq!((&path, append_only), (on, flag == IFlags::APPEND));
            }
            other => panic!("{other}"),
        }
        let removal = stage_removal(&path, Trust::Owner);
        assert!(matches!(removal, Err(Error::Immutable { .. })));
    }
}

#[test]
fn a_mounted_file_and_a_read_only_mount_are_refused_at_once() {
    if !is_root("to mount") {
        return;
    }
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    let other = ground.path().join("other");
    fs::write(&other, "other").unwrap();
    if let Some(_mount) = Mount::new(&["--bind", other.to_str().unwrap()], &path) {
        assert!(matches!(refusal(&path), Error::MountPoint { .. }));
    }
    let sealed = ground.path().join("sealed");
    fs::create_dir(&sealed).unwrap();
    if let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "ro", "none"], &sealed) {
        let kind = refusal(&sealed.join("a")).io_kind();
        assert_eq!(kind, Some(std::io::ErrorKind::ReadOnlyFilesystem));
    }
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    if !is_root("to mount") {
        return;
    }
    let ground = folder();
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "size=64k", "none"], ground.path()) else {
        return;
    };
    fs::set_permissions(ground.path(), Permissions::from_mode(0o755)).unwrap();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    let large = vec![b'x'; 100_000];
    let error = stage(&path, &large, &PLAIN, Trust::Owner).unwrap_err();
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::StorageFull));
    let error = create_new(&ground.path().join("b"), &large, &PLAIN, Trust::Owner).unwrap_err();
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::StorageFull));
    // Half of the journal's line fits: it is taken back.
    let filler = ground.path().join("filler");
    fs::write(&filler, vec![b'x'; 40_000]).unwrap();
    let journal = ground.path().join("journal");
    crate::append(&journal, b"first\n").unwrap();
    let error = crate::append(&journal, &large).unwrap_err();
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::StorageFull));
    assert_eq!(fs::read(&journal).unwrap(), b"first\n");
    fs::remove_file(filler).unwrap();
    assert_eq!(contents(ground.path()).len(), 2);
    assert!(!WITHOUT_FLAGS.get());
}
