//! What the command says: results on standard output, talk on standard error, and nothing that
//! panics when a pipe closes.

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::args::{Color, Common};
use crate::failure::Failure;

/// The two streams, and how much is said on them.
pub(crate) struct Output {
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
    json: bool,
    quiet: bool,
    verbose: bool,
}

impl Output {
    /// As the common options say.
    pub(crate) fn new(common: &Common) -> Self {
        let choice = match common.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Output {
            out: AutoStream::new(io::stdout(), choice),
            err: AutoStream::new(io::stderr(), choice),
            json: common.json,
            quiet: common.quiet,
            verbose: common.verbose,
        }
    }

    /// Whether the result is to be one JSON document.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Whether to say more than usual.
    pub(crate) fn verbose(&self) -> bool {
        self.verbose
    }

    /// A result, on standard output. A closed pipe is nobody's error.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), Failure> {
        settle(
            self.out
                .write_all(text.as_bytes())
                .and_then(|()| self.out.flush()),
        )
    }

    /// The result as one JSON document.
    pub(crate) fn print_json(&mut self, document: serde_json::Value) -> Result<(), Failure> {
        let document = versioned(document);
        self.print(&format!("{document:#}\n"))
    }

    /// One of several results, as a JSON document in a line of its own.
    pub(crate) fn print_json_line(&mut self, document: serde_json::Value) -> Result<(), Failure> {
        let document = versioned(document);
        self.print(&format!("{document}\n"))
    }

    /// A word to the person at the terminal, on standard error.
    pub(crate) fn say(&mut self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Something good to know, on standard error. Names in it have to be escaped.
    pub(crate) fn note(&mut self, text: &str) {
        self.say(&format!("{} {text}", styled(HEAD, "note:")));
    }

    /// As [`say`](Self::say), but said even when quiet: what a question that follows is about.
    pub(crate) fn insist(&mut self, text: &str) {
        // Talk that nobody hears must not stop the work.
        let _ = writeln!(self.err, "{text}");
    }

    /// How far a long work is, in one line that is written over; only on a terminal.
    pub(crate) fn progress(&mut self, done: u64, all: u64, what: &str) {
        if self.quiet || !self.err.is_terminal() {
            return;
        }
        let part = usize::try_from(done * BAR.len() as u64 / all.max(1)).unwrap_or(0);
        let bar = BAR.get(..part).unwrap_or(BAR);
        let _ = write!(self.err, "\r[{bar:<0$}] {done} of {all} {what}", BAR.len());
        if done >= all {
            let _ = writeln!(self.err);
        }
        let _ = self.err.flush();
    }

    /// Why it failed. Said even when quiet.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        let text = failure.to_string();
        let text = text.replacen("error:", &styled(BAD, "error:"), 1);
        self.insist(&text.replace("\nhint:", &format!("\n{}", styled(HEAD, "hint:"))));
    }
}

fn versioned(mut document: serde_json::Value) -> serde_json::Value {
    if let Some(object) = document.as_object_mut() {
        object.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
    }
    document
}

fn settle(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::because("the result cannot be written", &error)),
        Ok(()) => Ok(()),
    }
}

/// `text` in `style`, with the codes that [`Output`] strips where colour is not wanted.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Something is right, or added.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something is wrong, or removed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// Something to look at.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// A heading.
pub(crate) const HEAD: Style = Style::new().bold();

/// The whole of a progress bar.
const BAR: &str = "========================================";

/// Grows when a key changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;
