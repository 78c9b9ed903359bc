//! What a new file takes over, what it must not inherit, and mending a file in place.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use rustix::fs::{getxattr, setxattr};

use super::*;
use crate::ground::{PLAIN, STRANGER, folder, inode, is_root};
use crate::{create_new, make_folder, stage};

const ACL: &str = "system.posix_acl_access";

/// Linux's acl(5) as its extended attribute: version 2, then tag, permissions and id of each entry.
fn acl(others: u16) -> Vec<u8> {
    let none = u32::MAX;
    let entries = [
        (0x01, 6, none),
        (0x02, 4, STRANGER),
        (0x04, 4, none),
        (0x10, 4, none),
        (0x20, others, none),
    ];
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        bytes.extend(u16::to_le_bytes(tag));
        bytes.extend(u16::to_le_bytes(rights));
        bytes.extend(u32::to_le_bytes(id));
    }
    bytes
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 256];
    let len = getxattr(path, name, &mut value).ok()?;
    Some(value[..len].to_vec())
}

fn set(path: &Path, name: &str, value: &[u8]) -> bool {
    let set = setxattr(path, name, value, XattrFlags::empty());
    if let Err(errno) = set {
        println!("skipped: cannot set {name}: {errno}");
    }
    set.is_ok()
}

fn replace(path: &Path) {
    let staged = stage(path, b"new", &PLAIN, Trust::Owner).unwrap();
    staged.swap().unwrap().keep().unwrap();
    assert_eq!(fs::read(path).unwrap(), b"new");
}

#[test]
fn the_acl_goes_along_and_an_inherited_one_does_not() {
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    if !set(&path, ACL, &acl(0)) {
        return;
    }
    let mode = fs::metadata(&path).unwrap().mode();
    replace(&path);
    assert_eq!(attribute(&path, ACL), Some(acl(0)));
    assert_eq!(fs::metadata(&path).unwrap().mode(), mode);

    let plain = ground.path().join("plain");
    fs::write(&plain, "old").unwrap();
    assert!(set(ground.path(), "system.posix_acl_default", &acl(4)));
    replace(&plain);
    let new = ground.path().join("new");
    create_new(&new, b"", &PLAIN, Trust::Owner).unwrap();
    let inner = ground.path().join("inner");
    make_folder(&inner, &PLAIN, Trust::Owner).unwrap();
    for path in [&plain, &new, &inner] {
        assert_eq!(attribute(path, ACL), None, "{path:?}");
    }
    assert_eq!(attribute(&inner, "system.posix_acl_default"), None);
    assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, PLAIN.mode);
}

#[test]
fn labels_and_other_attributes_go_along_and_signatures_do_not() {
    let ground = folder();
    let path = ground.path().join("a");
    fs::write(&path, "old").unwrap();
    if !set(&path, "user.note", b"kept") {
        return;
    }
    let long = vec![b'x'; 2000];
    set(&path, "user.long", &long);
    let mut names = vec![("user.note", true)];
    if is_root("to set a label and a capability") {
        let label = b"system_u:object_r:postgresql_db_t:s0\0";
        if set(&path, "security.selinux", label) {
            names.push(("security.selinux", true));
        }
        // CAP_NET_BIND_SERVICE, permitted: struct vfs_cap_data.
        let capability = [0, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        if set(&path, "security.capability", &capability) {
            names.push(("security.capability", false));
        }
    }
    let before: Vec<_> = names
        .iter()
        .map(|(name, _)| attribute(&path, name))
        .collect();
    replace(&path);
    for ((name, kept), before) in names.iter().zip(before) {
        assert!(before.is_some());
        let wanted = if *kept { before } else { None };
        assert_eq!(attribute(&path, name), wanted, "{name}");
    }
    assert_eq!(
        getxattr(&path, "user.long", &mut vec![0; 4000][..]).unwrap(),
        2000
    );
}

#[test]
fn owner_and_mode_are_mended_in_place() {
    let ground = folder();
    let path = ground.path().join("key");
    fs::write(&path, "key").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let before = inode(&path);
    let mend = |owner, mode| set_attributes(&path, &Ground { owner, mode }, Trust::Owner);
    assert!(mend(None, 0o600).unwrap());
    assert!(!mend(None, 0o600).unwrap(), "nothing left to do");
    let now = || {
        let now = fs::metadata(&path).unwrap();
        (now.uid(), now.gid(), now.mode() & 0o7777)
    };
    assert_eq!(now().2, 0o600);
    if is_root("to give files away") {
        assert!(mend(Some((STRANGER, STRANGER)), 0o640).unwrap());
        assert_eq!(now(), (STRANGER, STRANGER, 0o640));
    }
    assert_eq!(inode(&path), before);
    fs::hard_link(&path, ground.path().join("second")).unwrap();
    assert!(matches!(mend(None, 0o600), Err(Error::HardLinks { .. })));
}

#[test]
fn a_user_who_may_not_give_a_file_away_changes_nothing() {
    if !is_root("to act as somebody else") {
        return;
    }
    let ground = folder();
    let nobody = crate::Account::by_name("nobody").unwrap();
    chown(ground.path(), Some(nobody.uid), None).unwrap();
    let path = ground.path().join("key");
    fs::write(&path, "key").unwrap();
    chown(&path, Some(nobody.uid), Some(nobody.gid)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let wanted = Ground {
        owner: Some((0, 0)),
        mode: 0o600,
    };
    let error = crate::acting_as(&nobody, || set_attributes(&path, &wanted, Trust::Owner));
    let error = error.unwrap().unwrap_err();
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::PermissionDenied));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
}

#[test]
fn a_mount_is_known_without_statx() {
    let ground = folder();
    let path = ground.path().join("a b\\c");
    let table = || fs::read("/proc/self/mountinfo").unwrap();
    fs::write(&path, "").unwrap();
    assert!(!is_mount_in(&table(), &path));
    assert!(is_mount_in(&table(), Path::new("/proc")));
    if is_root("to mount")
        && let Some(_mount) = crate::ground::Mount::new(&["--bind", "/etc/passwd"], &path)
    {
        assert!(is_mount_in(&table(), &path));
    }
}
