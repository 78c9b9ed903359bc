//! The way into a container: its first process runs what the test asks for and answers. The engine
//! would need a tenth of a second for each command, and as much of a processor.

use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};

/// What the first process of a container runs, after its image.
pub(super) const FIRST: [&str; 3] = ["perl", "-e", include_str!("inside.pl")];

/// A container, for as long as this lives.
#[derive(Debug)]
pub(super) struct Inside {
    engine: Child,
    /// `None` when the container has been told to end.
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Inside {
    /// Starts a container. `run` is the engine's command for it: one that stays, hands on its input
    /// and takes the container away at the end.
    ///
    /// # Panics
    /// When the engine cannot be run.
    pub(super) fn start(run: &mut Command) -> Self {
        let mut engine = run
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot run {run:?}: {e}"));
        let to = engine.stdin.take();
        let from = BufReader::new(engine.stdout.take().expect("a pipe"));
        Self { engine, to, from }
    }

    /// Runs a command as `account` to its end; its standard input is `input`, or nothing.
    ///
    /// # Errors
    /// When the container has ended or does not start; the engine has said why on standard error.
    pub(super) fn run(
        &mut self,
        account: &str,
        words: &[&str],
        input: Option<&[u8]>,
    ) -> std::io::Result<Output> {
        let mut command = Vec::new();
        put_text(&mut command, account.as_bytes());
        put_number(&mut command, words.len());
        for word in words {
            put_text(&mut command, word.as_bytes());
        }
        put_number(&mut command, usize::from(input.is_some()));
        if let Some(input) = input {
            put_text(&mut command, input);
        }
        let to = self.to.as_mut().expect("it was not told to end");
        to.write_all(&command)?;
        to.flush()?;
        let code = self.number()?;
        Ok(Output {
            status: ExitStatus::from_raw(i32::try_from(code << 8).expect("a byte")),
            stdout: self.text()?,
            stderr: self.text()?,
        })
    }

    fn number(&mut self) -> std::io::Result<u32> {
        let mut bytes = [0; 4];
        self.from.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn text(&mut self) -> std::io::Result<Vec<u8>> {
        let length = self.number()?;
        let mut bytes = vec![0; usize::try_from(length).expect("64 bits")];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Drop for Inside {
    /// Ends the container, with all that runs in it, and waits until it is gone.
    fn drop(&mut self) {
        drop(self.to.take());
        let _ = self.engine.wait();
    }
}

fn put_number(bytes: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("no more than four bytes");
    bytes.extend(number.to_be_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    put_number(bytes, text.len());
    bytes.extend(text);
}
