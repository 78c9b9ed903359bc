//! How a command ends when it does not succeed: what failed, because of what, what to do, and the
//! exit code. Libraries report facts; the advice is here.

use std::error::Error;
use std::fmt::{self, Write as _};

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
        let mut message = format!("{what}: {error}");
        let mut last = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many error types repeat their source in their own text.
            if !last.contains(&text) {
                let _ = write!(message, ": {text}");
            }
            last = text;
            cause = error.source();
        }
        Failure::new(message)
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

/// Text that came from files or servers, with control characters made visible: a role's name must
/// not be able to move the cursor.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
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
}
