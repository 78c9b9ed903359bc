//! Pipes that close: what only prints ends quietly, what changes something goes on to its end. A
//! full disk is said.

use std::fs::File;
use std::process::Stdio;

use crate::place::{Place, said};

/// An end of a pipe whose reader is gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Stdio::from(writer)
}

#[test]
fn what_prints_ends_quietly() {
    let place = Place::with_certificates();
    for line in [
        "--help",
        "setup --help",
        "--version",
        "ca show",
        "ca show --json",
        "ca export",
        "list",
        "list --json",
        "inspect slardiere.crt root.crt",
        "inspect slardiere.crt --json",
        "completions bash",
        "man",
    ] {
        let mut command = place.pgcert(&line.split(' ').collect::<Vec<_>>());
        let child = command
            .stdout(closed())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    }
}

#[test]
fn what_changes_something_goes_on() {
    let place = Place::with_certificates();
    let install = "install client --key slardiere.key --cert slardiere.crt --root root.crt --host localhost --client-home home --no-proof --yes";
    for json in ["", " --json"] {
        let _ = std::fs::remove_dir_all(place.path("home"));
        std::fs::create_dir(place.path("home")).unwrap();
        let line = format!("{install}{json}");
        let mut command = place.pgcert(&line.split(' ').collect::<Vec<_>>());
        let status = command.stdout(closed()).stderr(closed()).status().unwrap();
        assert_eq!(status.code(), Some(0), "{line}");
        assert!(place.path("home/.pg_service.conf").exists());
        assert!(place.path("home/.postgresql/postgresql.key").exists());
    }
}

#[test]
fn an_error_that_nobody_reads_is_still_an_error() {
    let place = Place::new();
    let mut command = place.pgcert(&["ca", "show"]);
    assert_eq!(command.stderr(closed()).status().unwrap().code(), Some(1));
}

#[test]
fn a_full_disk_is_said() {
    let place = Place::with_authority();
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return;
    };
    let mut command = place.pgcert(&["list"]);
    let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"error: the result cannot be written: No space left on device");
}

#[test]
fn standard_streams_that_are_not_open() {
    let place = Place::with_authority();
    let mut command = place.program("/bin/sh");
    command
        .args(["-c", "\"$0\" list <&- >&-; echo $?"])
        .arg(crate::place::binary());
    assert_eq!(said(command).out, "0\n");
}
