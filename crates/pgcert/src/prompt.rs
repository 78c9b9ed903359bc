//! Questions on a terminal. Where there is none, nothing is asked and nothing is assumed.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::failure::{Failure, escape};

/// Whether there is somebody to ask.
pub(crate) fn somebody_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A yes-or-no question; only `y` and `yes` are a yes.
pub(crate) fn agree(question: &str) -> Result<bool, Failure> {
    let answer = ask_line(&format!("{} [y/N] ", escape(question)))?;
    Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// A question with the answer that an empty line gives.
pub(crate) fn ask(question: &str, default: Option<&str>) -> Result<String, Failure> {
    let shown = default
        .map(|d| format!(" [{}]", escape(d)))
        .unwrap_or_default();
    let answer = ask_line(&format!("{}{shown}: ", escape(question)))?;
    Ok(if answer.is_empty() {
        default.unwrap_or_default().to_owned()
    } else {
        answer
    })
}

fn ask_line(prompt: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::because("the terminal cannot be read", &error);
    let mut err = io::stderr().lock();
    err.write_all(prompt.as_bytes())
        .and_then(|()| err.flush())
        .map_err(failed)?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line).map_err(failed)? == 0 {
        return Err(Failure::new(
            "no answer: the terminal was closed, so nothing is done",
        ));
    }
    Ok(line.trim().to_owned())
}
