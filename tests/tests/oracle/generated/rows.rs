//! A reading of a file, ours or a server's, in a form that can be compared.

use pg_config::resolve::FileError;
use serde_json::Value;

/// What is made of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The file, where the reader says it.
    pub(super) file: String,
    /// From 1; 0 where it is about the file.
    pub(super) line: u64,
    /// What was read, field by field.
    pub(super) read: Option<Vec<String>>,
    /// What is said against it.
    pub(super) error: Option<String>,
}

impl Row {
    /// The file and line.
    pub(super) fn at(&self) -> (String, u64) {
        (self.file.clone(), self.line)
    }

    /// A line that is refused.
    pub(super) fn refused(error: &FileError) -> Self {
        Self {
            file: error.file.clone(),
            line: u64::from(error.line),
            read: None,
            error: Some(error.message.clone()),
        }
    }
}

/// The rows in an answer of `json_agg`, each a list of values. Its bytes are taken for what they are: one character
/// each, so that what is not UTF-8 gets here too.
pub(super) fn of_answer(answer: &[u8]) -> Vec<Vec<Option<String>>> {
    let text: String = answer.iter().map(|&byte| char::from(byte)).collect();
    let rows: Vec<Vec<Value>> = serde_json::from_str(&text).unwrap();
    rows.into_iter()
        .map(|row| row.into_iter().map(text_of).collect())
        .collect()
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text_of_bytes(&text)),
        Value::Array(list) => {
            let items = list.into_iter().map(|v| text_of(v).unwrap_or_default());
            Some(items.collect::<Vec<_>>().join("\u{1f}"))
        }
        other => Some(other.to_string()),
    }
}

/// As the library shows bytes that are not UTF-8.
fn text_of_bytes(text: &str) -> String {
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
