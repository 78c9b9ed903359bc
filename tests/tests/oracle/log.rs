//! A server's log, read as it grows: a long run's is long, and nothing of it is read twice.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::{Duration, Instant};

/// A log, read as it grows.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    /// The last line as far as it was there.
    rest: String,
}

impl Log {
    /// A log from where it ends now.
    pub(crate) fn at_end(path: &str) -> Self {
        let mut file = File::open(path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        Self {
            file,
            rest: String::new(),
        }
    }

    /// What has been written since, as text.
    pub(crate) fn text(&mut self) -> String {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes).unwrap();
        let mut text = std::mem::take(&mut self.rest);
        text += &String::from_utf8_lossy(&bytes);
        let end = text.rfind('\n').map_or(0, |at| at + 1);
        self.rest = text.split_off(end);
        text
    }

    /// What has been written since, once these words are in it, or as much as has come in this time.
    pub(crate) fn text_until(&mut self, words: &str, patience: Duration) -> String {
        let (begun, mut text) = (Instant::now(), String::new());
        loop {
            text += &self.text();
            if text.contains(words) || begun.elapsed() > patience {
                return text;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
