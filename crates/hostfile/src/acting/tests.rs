//! Whose rights are in use, inside and outside.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Command;

use rustix::process::{getegid, getgroups};

use super::*;
use crate::ground::{folder, is_root};
use crate::read;

fn ids() -> (u32, u32, u32) {
    (geteuid().as_raw(), getuid().as_raw(), getegid().as_raw())
}

#[test]
fn the_acting_user_needs_no_change() {
    let Ok(me) = Account::current() else {
        println!("skipped: this user id has no account");
        return;
    };
    let outside = std::thread::current().id();
    let inside = || std::thread::current().id();
    assert_eq!(acting_as(&me, inside).unwrap(), outside);
    assert_eq!(becoming(&me, inside).unwrap(), outside);
}

#[test]
fn files_are_read_and_made_with_the_users_rights() {
    if !is_root("to act as somebody else") {
        return;
    }
    let nobody = Account::by_name("nobody").unwrap();
    let ground = folder();
    let secret = ground.path().join("secret");
    fs::write(&secret, "root's").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(ground.path(), Permissions::from_mode(0o755)).unwrap();
    let inner = ground.path().join("inner");
    fs::create_dir(&inner).unwrap();
    chown(&inner, Some(nobody.uid), Some(nobody.gid)).unwrap();

    let (inside, groups, refused) = acting_as(&nobody, || {
        fs::write(inner.join("file"), "").unwrap();
        let groups = getgroups().unwrap().into_iter().map(Gid::as_raw);
        (
            ids(),
            groups.collect::<Vec<_>>(),
            read(&secret).unwrap_err(),
        )
    })
    .unwrap();
    assert_eq!(inside, (nobody.uid, 0, nobody.gid), "effective ids alone");
    assert_eq!(groups, nobody.groups().unwrap());
    assert_eq!(refused.io_kind(), Some(io::ErrorKind::PermissionDenied));
    let made = fs::metadata(inner.join("file")).unwrap();
    assert_eq!((made.uid(), made.gid()), (nobody.uid, nobody.gid));
    assert_eq!(ids(), (0, 0, 0), "outside nothing has changed");
    read(&secret).unwrap();
}

#[test]
fn programs_get_all_ids_and_groups() {
    if !is_root("to act as somebody else") {
        return;
    }
    let nobody = Account::by_name("nobody").unwrap();
    let id = || {
        let status = fs::read_to_string("/proc/thread-self/status");
        drop(status);
        let output = Command::new("grep")
            .args([
                "-E",
                "^(Uid|Gid|Groups|CapEff|CapPrm):",
                "/proc/self/status",
            ])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = "Uid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\nGroups:\t65534 \nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n";
    let expected = expected.replace("65534", &nobody.uid.to_string());
    assert_eq!(becoming(&nobody, id).unwrap(), expected);
    let nested = acting_as(&nobody, || becoming(&nobody, id).unwrap()).unwrap();
    assert_eq!(nested, expected);
}

#[test]
fn nobody_but_root_can_act_as_another() {
    if !is_root("to act as somebody else first") {
        return;
    }
    let nobody = Account::by_name("nobody").unwrap();
    let root = Account::by_name("root").unwrap();
    let daemon = Account::by_name("daemon").unwrap();
    for other in [root, daemon] {
        let error = acting_as(&nobody, || acting_as(&other, ids)).unwrap();
        let error = error.unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "cannot act as {}: Operation not permitted (os error 1)",
                other.name
            )
        );
    }
}

#[test]
fn a_panic_goes_on_outside() {
    if !is_root("to act as somebody else") {
        return;
    }
    let nobody = Account::by_name("nobody").unwrap();
    let panicking = || acting_as(&nobody, || -> () { panic!("inside") });
    let caught = std::panic::catch_unwind(panicking).unwrap_err();
    assert_eq!(*caught.downcast::<&str>().unwrap(), "inside");
    assert_eq!(ids(), (0, 0, 0));
}

#[test]
fn accounts_and_their_groups_are_those_of_the_system() {
    let root = Account::by_uid(0).unwrap();
    assert_eq!(Account::by_name("root").unwrap(), root);
    assert_eq!((root.gid, root.home.to_str()), (0, Some("/root")));
    let unknown = Account::by_name("no such user").unwrap_err();
    insta::assert_snapshot!(unknown, @"there is no user no such user");
    let unknown = Account::by_uid(crate::ground::STRANGER).unwrap_err();
    insta::assert_snapshot!(unknown, @"there is no user 54321");
    for user in fs::read_to_string("/etc/passwd").unwrap().lines() {
        let name = user.split(':').next().unwrap();
        let output = Command::new("id").args(["-G", name]).output().unwrap();
        let mut wanted: Vec<u32> = String::from_utf8(output.stdout)
            .unwrap()
            .split_whitespace()
            .map(|gid| gid.parse().unwrap())
            .collect();
        let mut groups = Account::by_name(name).unwrap().groups().unwrap();
        wanted.sort_unstable();
        groups.sort_unstable();
        assert_eq!(groups, wanted, "{name}");
    }
}
