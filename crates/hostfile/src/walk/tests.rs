//! Where walks lead, which links they refuse, and that nobody can divert them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proptest::prelude::*;
use rustix::fs::RenameFlags;

use super::*;
use crate::ground::{PLAIN, STRANGER, contents, folder, is_root};
use crate::stage;

fn refused(path: &Path) -> (PathBuf, Planter) {
    match resolve(path, Trust::Owner) {
        Err(Error::UntrustedLink { link, planter }) => (link, planter),
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_paths_lead_where_they_say() {
    let ground = folder();
    let at = ground.path();
    fs::create_dir_all(at.join("a/b")).unwrap();
    for (path, leads_to) in [
        ("a/b/new", "a/b/new"),
        ("a/./b//new", "a/b/new"),
        ("a/../a/b/../new", "a/new"),
        ("a/b/", "a/b"),
        ("a/b/..", "a"),
    ] {
        let resolved = resolve(&at.join(path), Trust::NoLinks).unwrap();
        assert_eq!(resolved.path, at.join(leads_to), "{path}");
        assert_eq!(resolved.followed, []);
    }
    let root = resolve(Path::new("/../.."), Trust::NoLinks).unwrap();
    assert_eq!(root.path, Path::new("/"));
}

#[test]
fn a_relative_path_becomes_absolute() {
    let here = std::env::current_dir().unwrap();
    let resolved = resolve(Path::new("src/../Cargo.toml"), Trust::Owner).unwrap();
    assert_eq!(resolved.path, here.join("Cargo.toml"));
}

#[test]
fn own_links_in_own_folders_are_followed_and_reported() {
    let ground = folder();
    let at = ground.path();
    fs::create_dir_all(at.join("disk/data")).unwrap();
    symlink(at.join("disk"), at.join("abs")).unwrap();
    symlink("../data/file", at.join("disk/data/rel")).unwrap();
    let resolved = resolve(&at.join("abs/data/rel"), Trust::Owner).unwrap();
    assert_eq!(resolved.path, at.join("disk/data/file"));
    let followed = |link: &str, to: PathBuf| Followed {
        link: at.join(link),
        to,
    };
    assert_eq!(
        resolved.followed,
        [
            followed("abs", at.join("disk")),
            followed("disk/data/rel", "../data/file".into())
        ]
    );
    match resolve(&at.join("abs/x"), Trust::NoLinks) {
        Err(Error::LinkRefused { link }) => assert_eq!(link, at.join("abs")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_in_a_folder_that_others_may_write_is_refused() {
    let ground = folder();
    let at = ground.path();
    symlink("elsewhere", at.join("link")).unwrap();
    fs::create_dir(at.join("elsewhere")).unwrap();
    let gid = fs::metadata(at).map(|m| std::os::unix::fs::MetadataExt::gid(&m));
    let gid = gid.unwrap();
    for (mode, planter) in [
        (0o770, Planter::Group(gid)),
        (0o702, Planter::Anybody),
        (0o1777, Planter::Anybody),
    ] {
        fs::set_permissions(at, Permissions::from_mode(mode)).unwrap();
        for path in ["link/file", "link"] {
            assert_eq!(refused(&at.join(path)), (at.join("link"), planter));
        }
        // Without a link there is nothing to plant.
        resolve(&at.join("elsewhere/file"), Trust::Owner).unwrap();
    }
    fs::set_permissions(at, Permissions::from_mode(0o755)).unwrap();
    resolve(&at.join("link/file"), Trust::Owner).unwrap();
}

#[test]
fn a_link_of_somebody_else_is_refused() {
    if !is_root("to give a link away") {
        return;
    }
    let ground = folder();
    let at = ground.path();
    symlink("/etc", at.join("link")).unwrap();
    lchown(at.join("link"), Some(STRANGER), None).unwrap();
    assert_eq!(
        refused(&at.join("link/file")),
        (at.join("link"), Planter::User(STRANGER))
    );
    lchown(at.join("link"), Some(0), None).unwrap();
    resolve(&at.join("link/file"), Trust::Owner).unwrap();
    lchown(at, Some(STRANGER), None).unwrap();
    assert_eq!(
        refused(&at.join("link/file")),
        (at.join("link"), Planter::User(STRANGER))
    );
}

#[test]
fn what_is_in_the_way_is_named() {
    let ground = folder();
    let at = ground.path();
    fs::write(at.join("file"), "").unwrap();
    symlink("b", at.join("a")).unwrap();
    symlink("a", at.join("b")).unwrap();
    let error = |path: &str| {
        let error = resolve(&at.join(path), Trust::Owner).unwrap_err();
        let text = error.to_string().replace(at.to_str().unwrap(), "");
        text.replace('\0', "<nul>")
    };
    insta::assert_snapshot!(error("none/file"), @"cannot open /none: No such file or directory (os error 2)");
    insta::assert_snapshot!(error("file/x"), @"/file is not a folder");
    insta::assert_snapshot!(error("a"), @"too many links on the way to /a");
    insta::assert_snapshot!(error("nul\0"), @"cannot open /nul<nul>: Invalid argument (os error 22)");
    let empty = resolve(Path::new(""), Trust::Owner).unwrap_err();
    assert!(empty.is_not_found());
}

#[test]
fn a_file_is_wanted_where_a_folder_stands() {
    let ground = folder();
    let spot = walk(&ground.path().join(".."), Trust::Owner, Last::Follow).unwrap();
    assert!(matches!(spot.name(), Err(Error::NotAFile { .. })));
}

/// A folder on the way is exchanged for a link all the time. Every write ends in the folder, or is refused; never where the link points to.
#[test]
fn nobody_can_divert_a_walk() {
    let ground = folder();
    let at = ground.path();
    for name in ["way", "way/sub", "victim", "victim/sub"] {
        fs::create_dir(at.join(name)).unwrap();
    }
    fs::write(at.join("way/sub/conf"), "old").unwrap();
    fs::write(at.join("victim/sub/conf"), "victim").unwrap();
    symlink(at.join("victim"), at.join("trap")).unwrap();
    // The link is the tester's own, so that Trust::Owner must be told by the folder that others write here too.
    fs::set_permissions(at, Permissions::from_mode(0o757)).unwrap();
    let stop = AtomicBool::new(false);
    let (mut through, mut turned_away) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let folder = fs::File::open(at).unwrap();
            while !stop.load(Ordering::Relaxed) {
                let exchange = RenameFlags::EXCHANGE;
                let done = rustix::fs::renameat_with(&folder, "way", &folder, "trap", exchange);
                done.expect("the test needs a filesystem with exchange");
            }
        });
        for round in 0..1_000_000 {
            let path = at.join("way/sub/conf");
            let trust = [Trust::Owner, Trust::NoLinks][round % 2];
            let bytes = round.to_string();
            match stage(&path, bytes.as_bytes(), &PLAIN, trust).map(|s| s.swap()?.keep()) {
                Ok(Ok(())) => through += 1,
                Err(Error::UntrustedLink { .. } | Error::LinkRefused { .. }) => {
                    turned_away += 1;
                    thread::yield_now();
                }
                other => panic!("{other:?}"),
            }
            if round > 300 && through > 50 && turned_away > 50 {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(
        through > 0 && turned_away > 0,
        "{through} through, {turned_away} turned away"
    );
    assert_eq!(contents(&at.join("victim/sub")).len(), 1);
    assert_eq!(
        fs::read(at.join("victim/sub/conf")).unwrap(),
        b"victim",
        "the trap has worked"
    );
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "..", "."]).prop_map(String::from)
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..5).prop_map(|names| names.join("/"))
}

proptest! {
    /// Where every link can be trusted, the walk leads where the kernel's own would.
    #[test]
    fn walks_agree_with_the_kernel(
        folders in prop::collection::vec(path(), 0..4),
        links in prop::collection::vec((path(), path(), any::<bool>()), 0..5),
        asked in path(),
    ) {
        let ground = folder();
        let at = ground.path().join("deep/er/and/deeper/still");
        fs::create_dir_all(&at).unwrap();
        for path in &folders {
            let _ = fs::create_dir_all(at.join(path));
        }
        for (link, to, absolute) in &links {
            let to = if *absolute { at.join(to) } else { to.into() };
            let _ = symlink(to, at.join(link));
        }
        let asked = at.join(asked);
        let walked = resolve(&asked, Trust::Owner);
        if let Ok(there) = fs::canonicalize(&asked) {
            let walked = walked.unwrap();
            prop_assert_eq!(&walked.path, &there);
            let links = walked.followed.len();
            prop_assert_eq!(links > 0, resolve(&asked, Trust::NoLinks).is_err());
        } else if let Ok(resolved) = walked {
            // The last component alone may be missing.
            prop_assert!(resolved.path.parent().unwrap().is_dir());
            prop_assert!(fs::symlink_metadata(&resolved.path).is_err());
        }
        for last in [Last::Follow, Last::Stay] {
            if let Some(quick) = straight(&asked, last) {
                let slow = step_by_step(&asked, Trust::NoLinks, last).unwrap();
                prop_assert_eq!(quick.path(), slow.path());
                let ino = |spot: &Spot| fstat(&spot.folder).unwrap().st_ino;
                prop_assert_eq!(ino(&quick), ino(&slow));
            }
        }
    }
}
