//! What a program said and how it ended, with assertions that show all of it when they fail.

use std::fmt;
use std::process::Output;

/// The end of a program.
#[derive(Debug, Clone)]
pub struct Said {
    /// The command, as typed.
    pub command: String,
    /// Its exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Said {
    /// From what a finished process left.
    pub fn new(command: String, output: &Output) -> Self {
        Self {
            command,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, having ended well.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// The same, having ended with `code`.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(self.code == code, "wanted exit code {code}\n{self}");
        self
    }

    /// The same, having failed.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code != 0, "wanted a failure\n{self}");
        self
    }

    /// The same, with `text` somewhere in what it said.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "wanted: {text}\n{self}"
        );
        self
    }

    /// The same, with one of two texts somewhere in what it said.
    ///
    /// # Panics
    /// When neither is there.
    #[track_caller]
    pub fn says_either(self, one: &str, other: &str) -> Self {
        let there = |text: &str| self.stdout.contains(text) || self.stderr.contains(text);
        assert!(
            there(one) || there(other),
            "wanted: {one}\nor: {other}\n{self}"
        );
        self
    }

    /// The same, with `text` nowhere in what it said.
    ///
    /// # Panics
    /// When it is there.
    #[track_caller]
    pub fn says_not(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "not wanted: {text}\n{self}"
        );
        self
    }

    /// Standard output without blanks around it.
    pub fn answer(&self) -> &str {
        self.stdout.trim()
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}\nexit code {}", self.command, self.code)?;
        writeln!(
            f,
            "--- stdout\n{}\n--- stderr\n{}",
            self.stdout.trim_end(),
            self.stderr.trim_end()
        )
    }
}
