//! Completion scripts and the manual page, as far as the programs that read them are here.

use std::path::PathBuf;

use crate::help::tree;
use crate::place::{Place, said};

fn found(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

#[test]
fn completions_know_every_command_and_are_good_scripts() {
    let place = Place::new();
    for (shell, check) in [
        ("bash", Some("-n")),
        ("zsh", Some("-n")),
        ("fish", Some("--no-execute")),
        ("elvish", None),
        ("powershell", None),
    ] {
        let script = place.must(&["completions", shell]).out;
        for (command, _) in tree(&place) {
            let last = command.last().map_or("pgcert", String::as_str);
            assert!(script.contains(last), "{shell}: {last}");
        }
        assert!(
            script.contains("--passphrase-file") || script.contains("passphrase-file"),
            "{shell}"
        );
        place.write("script", &script);
        if let (Some(option), Some(program)) = (check, found(shell)) {
            let mut command = place.program(program);
            command.args([option, "script"]);
            let said = said(command);
            assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{shell}");
        }
    }
}

#[test]
fn bash_completes() {
    let Some(bash) = found("bash") else { return };
    let place = Place::new();
    place.write("script", &place.must(&["completions", "bash"]).out);
    let complete = r#". ./script; COMP_WORDS=(pgcert ca ini); COMP_CWORD=2; _pgcert pgcert ini ca; echo "${COMPREPLY[@]}""#;
    let mut command = place.program(bash);
    command.args(["--norc", "-c", complete]);
    assert_eq!(said(command).out, "init\n");
}

#[test]
fn the_manual_page_has_every_command() {
    let place = Place::new();
    let page = place.must(&["man"]).out;
    assert!(page.contains(".TH pgcert 1"), "{page}");
    for (command, _) in tree(&place) {
        let name = [&["pgcert".to_owned()], command.as_slice()]
            .concat()
            .join("\\-");
        assert!(page.contains(&name), "{name}");
    }
    place.write("pgcert.1", &page);
    if let Some(groff) = found("groff") {
        let mut command = place.program(groff);
        command.args(["-man", "-ww", "-Tutf8", "pgcert.1"]);
        let said = said(command);
        assert_eq!(said.code, Some(0));
        assert_eq!(said.err, "");
    }
}
