//! Words of `pg_hba.conf` spelled so that they surely are what they are meant to be (`hba.c`, `next_token`): where the
//! first character is in quotes, a word is no keyword and has no sign.

use crate::generated::Dice;

/// A keyword: its first character stands outside of quotes.
pub(super) fn keyword(dice: &mut Dice, word: &str) -> String {
    if !dice.once_in(10) {
        return word.to_owned();
    }
    let at = dice.between(1, word.len());
    format!("{}{}", &word[..at], quoted(&word[at..]))
}

/// A sign outside of quotes, and a name behind it.
pub(super) fn signed(dice: &mut Dice, sign: char, name: &str) -> String {
    if is_plain(name) && !dice.once_in(6) {
        format!("{sign}{name}")
    } else {
        format!("{sign}{}", quoted(name))
    }
}

/// A name; `special` where it would be something else if it did not begin with a quote.
pub(super) fn name(dice: &mut Dice, name: &str, special: bool) -> String {
    let special = special || name.is_empty() || (name.starts_with('@') && name.len() > 1);
    if !is_plain(name) {
        return quoted(name);
    }
    match (dice.below(12), special) {
        (0, _) => format!("\"\"{name}"),
        (1, _) => {
            let at = dice.between(1, name.len());
            format!("{}{}", quoted(&name[..at]), &name[at..])
        }
        (2, false) => keyword(dice, name),
        (3, _) | (_, true) => quoted(name),
        _ => name.to_owned(),
    }
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && !word.bytes().any(|byte| b" \t\r\n,#\"".contains(&byte))
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}
