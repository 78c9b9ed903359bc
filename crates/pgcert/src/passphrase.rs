//! Passphrases: from a file, a descriptor, a command, or the terminal. Never from the command line
//! or the environment, where other processes and shell histories could read them.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pki_core::Secret;

use crate::args::Passphrase;
use crate::failure::Failure;

/// The passphrase of the authority's key, where the options or the terminal give one.
///
/// `new`: it is chosen now, so a terminal asks twice. `Ok(None)` only for `--no-passphrase`.
pub(crate) fn of_authority(options: &Passphrase, new: bool) -> Result<Option<Secret>, Failure> {
    if options.no_passphrase {
        return Ok(None);
    }
    if let Some(path) = &options.passphrase_file {
        return from_file(path).map(Some);
    }
    if let Some(fd) = options.passphrase_fd {
        return from_file(Path::new(&format!("/dev/fd/{fd}"))).map(Some);
    }
    if let Some(command) = &options.passphrase_command {
        return from_command(command).map(Some);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("the authority's key needs a passphrase, and there is no terminal to ask on")
            .hint("--passphrase-file, --passphrase-fd or --passphrase-command says where it comes from")
            .hint("--no-passphrase keeps the key unencrypted: whoever can read the file can then issue certificates"));
    }
    let passphrase = prompt(if new {
        "New passphrase for the authority's key: "
    } else {
        "Passphrase of the authority's key: "
    })?;
    if new && passphrase.as_bytes() != prompt("Again: ")?.as_bytes() {
        return Err(Failure::new("the two passphrases differ"));
    }
    Ok(Some(passphrase))
}

/// The first line of a file.
pub(crate) fn from_file(path: &Path) -> Result<Secret, Failure> {
    let bytes = hostfile::read(path).map_err(|error| {
        Failure::because(
            format_args!("the passphrase cannot be read from {}", path.display()),
            &error,
        )
    })?;
    first_line(bytes, &path.display().to_string())
}

fn from_command(command: &str) -> Result<Secret, Failure> {
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::because("the passphrase command cannot be run", &error))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "the passphrase command failed: {}",
            output.status
        )));
    }
    first_line(output.stdout, "the passphrase command")
}

fn prompt(question: &str) -> Result<Secret, Failure> {
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
        return Err(Failure::new(format!(
            "the passphrase from {source} is empty"
        )));
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
