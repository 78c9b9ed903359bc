//! How a command ends when it does not succeed: what failed, because of what, what to do, and the
//! exit code. Libraries report facts; the advice is here.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::path::Path;

/// The exit codes. They are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// It failed, and nothing is left changed.
    Failed = 1,
    /// The command line does not make sense.
    Usage = 2,
    /// The check found problems.
    Problems = 3,
    /// A part could not be put back.
    NotPutBack = 4,
}

/// A command's failure.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: Code,
    message: String,
    hints: Vec<String>,
}

impl Failure {
    /// It failed, and nothing is left changed.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure {
            code: Code::Failed,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// The command line does not make sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure {
            code: Code::Usage,
            ..Failure::new(message)
        }
    }

    /// `what` failed because of `error` and everything that caused it.
    pub(crate) fn because(what: impl fmt::Display, error: &dyn Error) -> Self {
        let mut last = without_errno(&error.to_string());
        let mut message = format!("{what}: {last}");
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = without_errno(&error.to_string());
            // Many error types repeat their source in their own text.
            if !last.contains(&text) {
                let _ = write!(message, ": {text}");
            }
            last = text;
            cause = error.source();
        }
        Failure::new(message)
    }

    /// What failed, and because of what.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// With another exit code.
    pub(crate) fn code(self, code: Code) -> Self {
        Failure { code, ..self }
    }

    /// With a word about what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", escape(&self.message))?;
        for hint in &self.hints {
            write!(f, "\nhint: {}", escape(hint))?;
        }
        Ok(())
    }
}

/// The system's words without the number that Rust's standard library adds to them.
fn without_errno(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(ERRNO) {
        out.push_str(before);
        match after.split_once(')') {
            Some((number, after)) if number.bytes().all(|b| b.is_ascii_digit()) => rest = after,
            _ => {
                out.push_str(ERRNO);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

const ERRNO: &str = " (os error ";

/// Text that came from files or servers, with control characters made visible: a role's name must
/// not be able to move the cursor, nor to turn the direction of what stands beside it. Line ends
/// stay: for one name see [`escape_name`].
pub(crate) fn escape(text: &str) -> String {
    escape_but(text, '\n')
}

/// The same for a name, which must not be able to begin a line of its own either.
pub(crate) fn escape_name(name: &str) -> String {
    // No name holds a NUL.
    escape_but(name, '\0')
}

/// A path as it is shown.
pub(crate) fn shown(path: &Path) -> String {
    escape_name(&path.display().to_string())
}

fn escape_but(text: &str, kept: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != kept) || turns_text(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Invisible characters that make a terminal show text in another order, or two names alike.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        insta::assert_snapshot!(Failure::new("no role \"a\u{1b}[2Jb\"").hint("create it").to_string(), @r#"
        error: no role "a\u{1b}[2Jb"
        hint: create it
        "#);
    }

    #[test]
    fn text_cannot_be_turned_and_a_name_stays_in_its_line() {
        assert_eq!(escape("a\u{202e}b\nc"), "a\\u{202e}b\nc");
        assert_eq!(escape_name("a\nhint: b\u{200b}"), "a\\nhint: b\\u{200b}");
        assert_eq!(escape_name("Zoë 🐘 اسم"), "Zoë 🐘 اسم");
    }

    #[test]
    fn the_systems_words_come_without_numbers() {
        let error = std::io::Error::from_raw_os_error(2);
        assert_eq!(
            Failure::because("it cannot be read", &error).to_string(),
            "error: it cannot be read: No such file or directory"
        );
        assert_eq!(without_errno("a (os error x) b"), "a (os error x) b");
        assert_eq!(without_errno("a (os error 2): b (os error 13)"), "a: b");
    }
}
