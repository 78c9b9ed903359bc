//! Many at once: threads with connections of their own, and processes, which are this test binary
//! started again.

use std::collections::HashSet;
use std::env;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;

use authority::{Authority, Error, Filter, State, init};
use pki_core::{Kind, Subject};

use crate::{Place, issue, now, wish};

const EACH: usize = 12;

#[test]
fn threads_and_processes_lose_no_certificate_and_give_no_serial_twice() {
    let place = Place::new();
    drop(place.found());
    let processes: Vec<Child> = (0..4)
        .map(|_| again("worker::issues", &place.dir))
        .collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| issue_some(&place.dir));
        }
    });
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }

    let authority = place.open();
    let clients = Filter {
        kind: Some(Kind::Client),
        ..Filter::default()
    };
    let entries = authority.list(&clients).unwrap();
    assert_eq!(entries.len(), 8 * EACH);
    assert!(entries.iter().all(|entry| entry.state == State::Issued));
    let serials: HashSet<_> = entries.iter().map(|entry| &entry.serial).collect();
    assert_eq!(serials.len(), entries.len());
    for entry in &entries {
        let certificate = authority.issued(&entry.serial).unwrap().unwrap();
        assert_eq!(certificate.serial(), entry.serial);
        assert_eq!(certificate.public_key().fingerprint(), entry.public_key);
    }
}

#[test]
fn of_many_that_make_the_same_authority_one_succeeds_and_it_is_whole() {
    for _ in 0..5 {
        let place = Place::new();
        let processes: Vec<Child> = (0..3)
            .map(|_| again("worker::founds", &place.dir))
            .collect();
        let here = thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| found(&place.dir))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|won| *won)
                .count()
        });
        let there = processes
            .into_iter()
            .map(|mut process| process.wait().unwrap().code().unwrap());
        let won = here
            + there
                .inspect(|code| assert!([0, 3].contains(code)))
                .filter(|code| *code == 3)
                .count();
        assert_eq!(won, 1);
        place.open().unlock(None).unwrap();
    }
}

/// What the processes run. Without its variable each of these does nothing.
mod worker {
    use std::env;
    use std::path::Path;
    use std::process;

    #[test]
    fn issues() {
        if let Some(dir) = env::var_os(super::FOLDER) {
            super::issue_some(Path::new(&dir));
        }
    }

    #[test]
    fn founds() {
        if let Some(dir) = env::var_os(super::FOLDER) {
            process::exit(if super::found(Path::new(&dir)) { 3 } else { 0 });
        }
    }
}

/// Names the folder for a process that was started by a test.
const FOLDER: &str = "AUTHORITY_TEST_FOLDER";

fn again(test: &str, dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("concurrency::{test}")])
        .env(FOLDER, dir)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

/// Each certificate with a connection of its own, so that opening and closing are tried as well.
fn issue_some(dir: &Path) {
    for _ in 0..EACH {
        let authority = Authority::open(dir).unwrap().unwrap();
        issue(&authority.unlock(None).unwrap(), Kind::Client, "slardiere").unwrap();
    }
}

/// Whether this one made it. Coming too late is the only error.
fn found(dir: &Path) -> bool {
    match init(dir, &wish(&Subject::empty()), now()) {
        Ok(authority) => authority.unlock(None).is_ok(),
        Err(Error::Exists { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}
