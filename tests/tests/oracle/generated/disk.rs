//! The files of the test's server, as the library asks for them.

use std::fs;
use std::io::{Error, ErrorKind};

use pg_config::resolve::{Files, ReadError};

/// This machine's disk.
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        fs::read(path).map_err(|error| failed(&error))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let entries = fs::read_dir(folder).map_err(|error| failed(&error))?;
        Ok(entries
            .flatten()
            .filter(|entry| !entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect())
    }
}

fn failed(error: &Error) -> ReadError {
    // The words of the C library, without Rust's number behind them.
    let text = error.to_string();
    match error.kind() {
        ErrorKind::NotFound => ReadError::Missing,
        ErrorKind::IsADirectory => ReadError::Folder,
        _ => ReadError::Failed(text.split(" (os error").next().unwrap_or(&text).to_owned()),
    }
}
