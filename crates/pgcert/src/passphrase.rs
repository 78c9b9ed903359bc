//! Passphrases: from a file, a descriptor, a command, or the terminal. Never from the command line
//! or the environment, where other processes and shell histories could read them.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one program that pgcert runs itself: the passphrase command"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use pki_core::Secret;

use crate::args::{FilePassphrase, NewPassphrase, Passphrase};
use crate::failure::Failure;
use crate::prompt;

/// The passphrase of a key that is there.
pub(crate) fn of_authority(options: &Passphrase) -> Result<Secret, Failure> {
    match given(options)? {
        Some(passphrase) => Ok(passphrase),
        None if prompt::somebody_there() => ask("Passphrase of the authority's key: "),
        None => Err(nobody_to_ask()),
    }
}

/// The passphrase for a key that is made now, so that a terminal asks twice. `None` only for
/// `--no-passphrase`.
pub(crate) fn of_new_authority(options: &NewPassphrase) -> Result<Option<Secret>, Failure> {
    if options.no_passphrase {
        return Ok(None);
    }
    if let Some(passphrase) = given(&options.from)? {
        return Ok(Some(passphrase));
    }
    if !prompt::somebody_there() {
        return Err(nobody_to_ask().hint("--no-passphrase keeps the key unencrypted: whoever can read its file can issue certificates"));
    }
    ask_twice("New passphrase for the authority's key: ").map(Some)
}

/// The passphrase for a server's or client's key that is made now, from the terminal.
pub(crate) fn of_new_key() -> Result<Secret, Failure> {
    if !prompt::somebody_there() {
        return Err(Failure::usage(
            "the new key needs a passphrase, and there is no terminal to ask on",
        )
        .hint("--key-passphrase-file FILE has it in its first line"));
    }
    ask_twice("New passphrase for the key that is made: ")
}

/// The passphrase of a file that is there, where it is given.
pub(crate) fn given_for_file(options: &FilePassphrase) -> Result<Option<Secret>, Failure> {
    given(&options.into())
}

/// The passphrase of a file that is there and cannot be used without.
pub(crate) fn of_file(options: &FilePassphrase, name: &str) -> Result<Secret, Failure> {
    match given_for_file(options)? {
        Some(passphrase) => Ok(passphrase),
        None if prompt::somebody_there() => ask_for_file(name),
        None => Err(Failure::usage(format!(
            "{name} is encrypted, and there is no terminal to ask for its passphrase on"
        ))
        .hint(SOURCES)),
    }
}

/// The passphrase of a file that is there, from the terminal.
pub(crate) fn ask_for_file(name: &str) -> Result<Secret, Failure> {
    ask(&format!("Passphrase of {name}: "))
}

/// The same question twice, for a passphrase that is new.
pub(crate) fn ask_twice(question: &str) -> Result<Secret, Failure> {
    let passphrase = ask(question)?;
    if passphrase.as_bytes() != ask("The same again: ")?.as_bytes() {
        return Err(Failure::new("the two passphrases differ").hint("nothing was made: try again"));
    }
    Ok(passphrase)
}

/// What the options say; `None`: they say nothing. Read once: a descriptor has it only once.
pub(crate) fn given(options: &Passphrase) -> Result<Option<Secret>, Failure> {
    if let Some(path) = &options.passphrase_file {
        return from_file(path).map(Some);
    }
    if let Some(fd) = options.passphrase_fd {
        return from_descriptor(fd).map(Some);
    }
    if let Some(command) = &options.passphrase_command {
        return from_command(command).map(Some);
    }
    Ok(None)
}

fn nobody_to_ask() -> Failure {
    Failure::usage("the authority's key needs a passphrase, and there is no terminal to ask on")
        .hint(SOURCES)
}

/// Where else than from a terminal the passphrase can come.
pub(crate) const SOURCES: &str =
    "--passphrase-file, --passphrase-fd or --passphrase-command says where it comes from";

/// The first line of a file.
pub(crate) fn from_file(path: &Path) -> Result<Secret, Failure> {
    let bytes = hostfile::read_stream(path)
        .map_err(|error| Failure::because("the passphrase cannot be read", &error))?;
    first_line(bytes, &path.display().to_string())
}

fn from_descriptor(fd: u32) -> Result<Secret, Failure> {
    let bytes = hostfile::read_stream(Path::new(&format!("/dev/fd/{fd}"))).map_err(|error| {
        if error.is_not_found() {
            return Failure::new(format!("no file is open as descriptor {fd}")).hint(format!(
                "as in --passphrase-fd {fd} {fd}<FILE: the shell opens it"
            ));
        }
        Failure::because("the passphrase cannot be read", &error)
    })?;
    first_line(bytes, &format!("descriptor {fd}"))
}

fn from_command(command: &str) -> Result<Secret, Failure> {
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::because("the passphrase command cannot be run", &error))?;
    if !output.status.success() {
        return Err(
            Failure::new(format!("the passphrase command failed: {}", output.status))
                .hint(format!("it was run as: /bin/sh -c '{command}'")),
        );
    }
    first_line(output.stdout, "the passphrase command")
}

/// From the terminal, without showing it.
pub(crate) fn ask(question: &str) -> Result<Secret, Failure> {
    let answer = rpassword::prompt_password(question)
        .map_err(|error| Failure::because("the passphrase cannot be asked for", &error))?;
    first_line(answer.into_bytes(), "the terminal")
}

/// The first line without its end; an empty passphrase is a mistake, never an answer.
fn first_line(bytes: Vec<u8>, source: &str) -> Result<Secret, Failure> {
    let all = Secret::new(bytes);
    let line = all
        .as_bytes()
        .split(|b| *b == b'\n')
        .next()
        .unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(
            Failure::new(format!("the passphrase from {source} is empty"))
                .hint("its first line is the passphrase"),
        );
    }
    Ok(Secret::new(line.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_counts() {
        let line = |text: &str| {
            first_line(text.as_bytes().to_vec(), "x")
                .map(|s| s.as_bytes().to_vec())
                .ok()
        };
        assert_eq!(line("secret\nrest\n"), Some(b"secret".to_vec()));
        assert_eq!(line("secret\r\n"), Some(b"secret".to_vec()));
        assert_eq!(line(" s p a c e "), Some(b" s p a c e ".to_vec()));
        assert_eq!(line("\nsecret"), None);
        assert_eq!(line(""), None);
    }
}
