//! Running other programs: shown while they run, or silent until they fail.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context as _, bail};

/// Lines of a silent program's output that its error carries.
const TAIL: usize = 25;

/// Runs the command with its output shown, a line at a time, each handed to `look` first.
///
/// # Errors
/// When it cannot be started; its own failure is in the answer.
pub(crate) fn watched(
    command: &mut Command,
    mut look: impl FnMut(&str),
) -> anyhow::Result<ExitStatus> {
    let (reader, writer) = std::io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {}", shown(command)))?;
    // The command holds the writing ends; the reader would wait for them for ever.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches('\n');
        look(text);
        println!("{text}");
        line.clear();
    }
    Ok(child.wait()?)
}

/// Runs the command to a good end, with its output shown.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = watched(command, |_| {})?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs the command silently to a good end and answers its standard output, trimmed. The error
/// carries the end of what it said.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", shown(command)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let said = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
        let lines: Vec<&str> = said.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n  ");
        bail!("{} failed ({}):\n  {tail}", shown(command), output.status);
    }
    Ok(text.trim().to_owned())
}

/// Whether the command can be started and ends well; silent.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|o| o.status.success())
}

/// This program once more, as it is now: a build on the way may have put another one under its name.
pub(crate) fn this_program() -> Command {
    Command::new("/proc/self/exe")
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
        if !word.is_empty() && word.chars().all(harmless) {
            word.into_owned()
        } else {
            format!("'{word}'")
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
