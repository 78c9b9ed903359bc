//! What is abandoned, and what only looks so.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::create_new;
use crate::ground::{PLAIN, contents, folder};
use crate::made::After;
use crate::stage::stage_at;

#[test]
fn what_a_killed_process_left_goes_and_nothing_else() {
    let ground = folder();
    let left = ".pgcert-0123456789abcdef.new";
    let others = [
        ".pgcert-0123456789abcdef",
        ".pgcert-0123456789abcdef.old",
        ".pgcert-0123.new",
        "a.new",
    ];
    for name in others.iter().chain([&left]) {
        fs::write(ground.path().join(name), "").unwrap();
    }
    fs::create_dir(ground.path().join(".pgcert-1123456789abcdef.new")).unwrap();
    assert_eq!(clear_abandoned(ground.path()), 1);
    let there = contents(ground.path());
    assert!(!there.contains_key(left));
    assert_eq!(there.len(), others.len() + 1);
    assert_eq!(clear_abandoned(&ground.path().join("nowhere")), 0);
}

#[test]
fn what_is_being_written_stays() {
    let ground = folder();
    let spot = walk(&ground.path().join("a"), Trust::Owner, Last::Stay).unwrap();
    let staged = stage_at(spot, b"new", &PLAIN, After::Nobody).unwrap();
    assert_eq!(contents(ground.path()).len(), 1);
    assert_eq!(clear_abandoned(ground.path()), 0);
    staged.swap().unwrap().keep().unwrap();
    assert_eq!(contents(ground.path())["a"], "new");
}

#[test]
fn no_new_file_is_lost_to_somebody_who_clears_all_the_time() {
    let ground = folder();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clearing = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                clear_abandoned(ground.path());
            }
        });
        for n in 0..200 {
            let path = ground.path().join(n.to_string());
            create_new(&path, b"whole", &PLAIN, Trust::Owner).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        clearing.join().unwrap();
    });
    let there = contents(ground.path());
    assert_eq!(there.len(), 200);
    assert!(there.values().all(|bytes| bytes == "whole"));
}
