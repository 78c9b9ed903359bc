//! A swap that the disk refuses, and what is left for the next run.
#![expect(
    clippy::disallowed_methods,
    reason = "the ground of the test is made by other hands than those that are tested"
)]

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use hostfile::Account;
use pki_core::Time;

use crate::failure::Failed;
use crate::plan::{Before, Part, Plan, Side, Step, Write};
use crate::workshop::{Way, Workshop};
use crate::{apply, recover};

/// Somebody whom modes stop.
fn somebody() -> Account {
    match Account::current().unwrap() {
        root if root.uid == 0 => Account::by_name("nobody").unwrap(),
        me => me,
    }
}

fn folder(path: PathBuf, owner: &Account) -> PathBuf {
    fs::create_dir(&path).unwrap();
    if Account::current().unwrap().uid == 0 {
        chown(&path, Some(owner.uid), Some(owner.gid)).unwrap();
    }
    path
}

fn set_mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

fn write(path: PathBuf, owner: &Account, before: Before) -> Step {
    Step::Write(Write {
        path,
        owner: owner.clone(),
        mode: 0o600,
        before,
        content: vec![Part::Bytes(b"new".to_vec())],
        what: "file",
        side: Side::Client,
        with_next: false,
    })
}

/// Applies the plan; `between` is called before each of its steps and once more before the proof.
fn try_out(plan: Plan, state: &Path, between: &dyn Fn()) -> Failed {
    let approved = plan.approve(&[].into()).unwrap();
    let mut workshop = Workshop {
        now: Time::from_unix(1_800_000_000),
        account: Account::current().unwrap(),
        state: state.to_owned(),
        authority: None,
        server: None,
        way: Way::Socket,
        client: None,
        interrupted: &|| {
            between();
            false
        },
    };
    apply(&approved, &mut workshop).unwrap_err()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<_> = names
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_swap_that_cannot_be_taken_back_at_once_is_by_the_next_run() {
    let owner = somebody();
    let ground = tempfile::tempdir().unwrap();
    set_mode(ground.path(), 0o755);
    let (good, bad) = (
        folder(ground.path().join("good"), &owner),
        folder(ground.path().join("bad"), &owner),
    );
    let state = ground.path().join("state");
    let old = bad.join("file");
    fs::write(&old, "old").unwrap();
    if Account::current().unwrap().uid == 0 {
        chown(&old, Some(owner.uid), Some(owner.gid)).unwrap();
    }
    let plan = Plan {
        steps: vec![
            write(good.join("file"), &owner, Before::Nothing),
            write(old.clone(), &owner, Before::Bytes(b"old".to_vec())),
        ],
        ..Plan::default()
    };
    // Everything is prepared when the second step comes.
    let calls = Cell::new(0);
    let failed = try_out(plan, &state, &|| {
        calls.set(calls.get() + 1);
        if calls.get() == 2 {
            set_mode(&bad, 0o500);
        }
    });
    assert_eq!(names(&good), [""; 0], "what was swapped is taken back");
    let left: Vec<_> = failed.left.iter().map(|l| (&*l.what, &l.saved)).collect();
    assert_eq!(left, [(old.to_str().unwrap(), &None)], "{failed:?}");
    assert_eq!(fs::read(&old).unwrap(), b"old");
    assert_eq!(names(&bad).len(), 2);

    let now = Time::from_unix(1_800_000_001);
    set_mode(&bad, 0o700);
    let recovery = recover(&state, &Way::Socket, now).unwrap().unwrap();
    assert!(recovery.left.is_empty(), "{recovery:?}");
    assert_eq!(names(&bad), ["file"]);
    assert_eq!(fs::read(&old).unwrap(), b"old");
    assert!(recover(&state, &Way::Socket, now).unwrap().is_none());
}
