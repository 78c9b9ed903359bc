//! Looking at an authority leaves no trace on it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use authority::{Filter, State};
use pki_core::Kind;

use crate::{Place, issue, now};

#[test]
fn opening_reading_and_saying_what_is_so_already_write_nothing() {
    let place = Place::new();
    let authority = place.found();
    let serial = issue(&authority.unlock(None).unwrap(), Kind::Client, "slardiere")
        .unwrap()
        .serial();
    drop(authority);
    let before = traces(&place.dir);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        ["ca.crt", "ca.key", "store.db"]
    );
    thread::sleep(Duration::from_millis(20));

    for _ in 0..2 {
        let authority = place.open();
        authority.unlock(None).unwrap();
        authority.list(&Filter::default()).unwrap();
        authority.issued(&serial).unwrap();
        authority.current(Kind::Client, "slardiere", now()).unwrap();
        authority
            .mark(&serial, State::Issued, "alice", now())
            .unwrap();
    }
    assert_eq!(traces(&place.dir), before);
}

/// Inode, owner, mode, size, mtime and ctime of each file.
fn traces(folder: &Path) -> BTreeMap<String, [i128; 7]> {
    let trace = |entry: fs::DirEntry| {
        let m = entry.metadata().unwrap();
        let nanos =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let values = [
            m.ino().into(),
            m.uid().into(),
            m.gid().into(),
            m.mode().into(),
            m.size().into(),
            nanos(m.mtime(), m.mtime_nsec()),
            nanos(m.ctime(), m.ctime_nsec()),
        ];
        (entry.file_name().into_string().unwrap(), values)
    };
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| trace(entry.unwrap()))
        .collect()
}
