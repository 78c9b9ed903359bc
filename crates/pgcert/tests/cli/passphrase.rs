//! Where the passphrase of the authority's key comes from, and where it must never go.

use std::fs::{self, File};
use std::io::Write as _;

use crate::place::{PASSPHRASE, Place, Said, binary, said};

/// Whether the authority's key opens: a signature needs it.
fn sign(place: &Place, from: &[&str]) -> Said {
    let _ = fs::remove_file(place.path("slardiere.crt"));
    place.run(&[&["sign", "slardiere.csr", "--yes", "--quiet"], from].concat())
}

fn asked() -> Place {
    let place = Place::with_authority();
    place.must(&["request", "client", "slardiere"]);
    place
}

#[test]
fn from_a_file() {
    let place = asked();
    assert_eq!(sign(&place, &["--passphrase-file", "pp"]).code, Some(0));
    place.write("dos", &format!("{PASSPHRASE}\r\nsecond line\n"));
    assert_eq!(sign(&place, &["--passphrase-file", "dos"]).code, Some(0));
    insta::assert_snapshot!(sign(&place, &["--passphrase-file", "nowhere"]), @"
    --- on standard error
    error: the passphrase cannot be read: cannot open nowhere: No such file or directory
    --- exit code 1
    ");
    insta::assert_snapshot!(sign(&place, &["--passphrase-file", "home"]), @"
    --- on standard error
    error: the passphrase cannot be read: home is a folder, not a file
    --- exit code 1
    ");
    place.write("empty", "");
    insta::assert_snapshot!(sign(&place, &["--passphrase-file", "empty"]), @"
    --- on standard error
    error: the passphrase from empty is empty
    hint: its first line is the passphrase
    --- exit code 1
    ");
    place.write("blank", "  \n");
    insta::assert_snapshot!(sign(&place, &["--passphrase-file", "blank"]), @"
    --- on standard error
    error: the authority's key cannot be used: [here]/authority/ca.key: wrong passphrase
    hint: only the first line counts, without its end; blanks count too
    --- exit code 1
    ");
}

#[test]
fn from_a_descriptor() {
    let place = asked();
    let shell = |script: &str| {
        let _ = fs::remove_file(place.path("slardiere.crt"));
        let mut command = place.program("/bin/sh");
        command.args(["-c", script, "sh"]).arg(binary());
        said(command)
    };
    let sign = "\"$1\" sign slardiere.csr --yes --quiet";
    let file = shell(&format!("{sign} --passphrase-fd 3 3<pp"));
    assert_eq!(file.code, Some(0), "{file}");
    let pipe = shell(&format!("cat pp | {sign} --passphrase-fd 0"));
    assert_eq!(pipe.code, Some(0), "{pipe}");
    let pipe = shell(&format!("cat pp | {sign} --passphrase-file /dev/stdin"));
    assert_eq!(pipe.code, Some(0), "{pipe}");
    insta::assert_snapshot!(shell(&format!("{sign} --passphrase-fd 9 9<&-")), @"
    --- on standard error
    error: no file is open as descriptor 9
    hint: as in --passphrase-fd 9 9<FILE: the shell opens it
    --- exit code 1
    ");
    insta::assert_snapshot!(shell(&format!("{sign} --passphrase-fd 3 3</dev/null")), @"
    --- on standard error
    error: the passphrase from descriptor 3 is empty
    hint: its first line is the passphrase
    --- exit code 1
    ");
}

#[test]
fn from_a_command() {
    let place = asked();
    assert_eq!(
        sign(&place, &["--passphrase-command", "cat pp"]).code,
        Some(0)
    );
    insta::assert_snapshot!(sign(&place, &["--passphrase-command", "exit 3"]), @"
    --- on standard error
    error: the passphrase command failed: exit status: 3
    hint: it was run as: /bin/sh -c 'exit 3'
    --- exit code 1
    ");
    insta::assert_snapshot!(sign(&place, &["--passphrase-command", "true"]), @"
    --- on standard error
    error: the passphrase from the passphrase command is empty
    hint: its first line is the passphrase
    --- exit code 1
    ");
    insta::assert_snapshot!(sign(&place, &["--passphrase-command", "kill $$"]), @"
    --- on standard error
    error: the passphrase command failed: signal: 15 (SIGTERM)
    hint: it was run as: /bin/sh -c 'kill $$'
    --- exit code 1
    ");
}

#[test]
fn from_nowhere() {
    let place = asked();
    insta::assert_snapshot!(sign(&place, &[]), @"
    --- on standard error
    error: the authority's key needs a passphrase, and there is no terminal to ask on
    hint: --passphrase-file, --passphrase-fd or --passphrase-command says where it comes from
    --- exit code 2
    ");
    insta::assert_snapshot!(place.run(&["ca", "init", "--authority", "another"]), @"
    --- on standard error
    error: the authority's key needs a passphrase, and there is no terminal to ask on
    hint: --passphrase-file, --passphrase-fd or --passphrase-command says where it comes from
    hint: --no-passphrase keeps the key unencrypted: whoever can read its file can issue certificates
    --- exit code 2
    ");
    assert!(!place.path("another").exists());
}

#[test]
fn the_wrong_one() {
    let place = asked();
    place.write("wrong", "guess");
    insta::assert_snapshot!(sign(&place, &["--passphrase-file", "wrong"]), @"
    --- on standard error
    error: the authority's key cannot be used: [here]/authority/ca.key: wrong passphrase
    hint: only the first line counts, without its end; blanks count too
    --- exit code 1
    ");
    assert!(!place.path("slardiere.crt").exists());
}

/// [`said`] looks for it in all that any command here prints. This looks everywhere else.
#[test]
fn it_goes_nowhere_else() {
    let place = Place::new();
    let spy = "cat /proc/$$/cmdline /proc/$$/environ > seen-by-child; cat pp";
    place.must(&[
        "ca",
        "init",
        "--passphrase-command",
        spy,
        "--json",
        "--verbose",
    ]);
    place.must(&[
        "request",
        "client",
        "slardiere",
        "--key-passphrase-file",
        "pp",
        "--json",
        "-v",
    ]);
    place.must(&[
        "sign",
        "slardiere.csr",
        "--yes",
        "--passphrase-command",
        spy,
        "--json",
        "-v",
    ]);
    place.must(&[
        "inspect",
        "slardiere.key",
        "--passphrase-file",
        "pp",
        "--json",
    ]);
    fs::remove_file(place.path("pp")).unwrap();
    let files = place.everything("");
    assert!(files.len() > 6, "{files:?}");
    for file in files {
        assert!(!file.holds(PASSPHRASE.as_bytes()), "{file:?}");
    }
}

#[test]
fn a_pipe_that_comes_late_is_waited_for() {
    let place = asked();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        place.path("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let child = place
        .pgcert(&[
            "sign",
            "slardiere.csr",
            "--yes",
            "--passphrase-file",
            "fifo",
        ])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut fifo = File::options()
        .write(true)
        .open(place.path("fifo"))
        .unwrap();
    writeln!(fifo, "{PASSPHRASE}").unwrap();
    drop(fifo);
    assert!(child.wait_with_output().unwrap().status.success());
}
