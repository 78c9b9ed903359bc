//! Configuration files made by chance from a seed: mostly well formed, sometimes nearly so, now and then with bytes
//! that nobody would write. The same seed always makes the same file. What the files mean, and who judges that, is not
//! known here.

pub mod conf;
pub mod conninfo;
pub mod dice;
pub mod edit;
pub mod hba;
pub mod ident;
pub mod meaning;
pub mod mutate;
pub mod passfile;
pub mod regex;
pub mod service;
pub mod spelling;

pub use dice::Dice;

use std::collections::BTreeMap;

/// A file, and the files beside it that it may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The file itself.
    pub main: Vec<u8>,
    /// The others, by their paths relative to its folder.
    pub named: BTreeMap<String, Vec<u8>>,
}

/// The lines of a file put together as one, with the line ends and the beginning and end that chance gives it.
pub fn joined(dice: &mut Dice, lines: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    if dice.once_in(40) {
        file.extend_from_slice(b"\xef\xbb\xbf");
    }
    let end: &[u8] = if dice.once_in(6) { b"\r\n" } else { b"\n" };
    for line in lines {
        file.extend_from_slice(line);
        file.extend_from_slice(if dice.once_in(60) { b"\r" } else { b"" });
        file.extend_from_slice(end);
    }
    if dice.once_in(4) {
        file.truncate(file.len().saturating_sub(end.len()));
    }
    file
}
