//! How tokens of `pg_hba.conf` and `pg_ident.conf` may be spelled: bare, in quotes, half in quotes, in lists, and what
//! stands between them.

use super::Dice;

/// A token spelled so that it is read as `text`, in whatever way that can be done; now and then not so.
pub fn token(dice: &mut Dice, text: &[u8]) -> Vec<u8> {
    let plain = !text.is_empty() && !text.iter().any(|b| b" \t\r\n,#\"".contains(b));
    match dice.below(if plain { 24 } else { 6 }) {
        0 => [b"\"\"", &bare_or_quoted(plain, text)[..]].concat(),
        1 => {
            let at = dice.below(text.len() + 1);
            [quoted(&text[..at]), quoted(&text[at..])].concat()
        }
        2 if plain => {
            let at = dice.below(text.len() + 1);
            [&text[..at], &quoted(&text[at..])[..]].concat()
        }
        3 | 4 => quoted(text),
        // Not what was meant, wherever it has to be quoted.
        5 => text.to_vec(),
        _ => bare_or_quoted(plain, text),
    }
}

fn bare_or_quoted(plain: bool, text: &[u8]) -> Vec<u8> {
    if plain { text.to_vec() } else { quoted(text) }
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in text {
        out.push(byte);
        if byte == b'"' {
            out.push(byte);
        }
    }
    out.push(b'"');
    out
}

/// A list of tokens as one field, mostly.
pub fn list(dice: &mut Dice, tokens: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(dice.weighted(&[
                (12, &b","[..]),
                (4, b", "),
                (1, b" ,"),
                (1, b" , "),
                (1, b",,"),
                (1, b",\t "),
            ]));
        }
        out.extend_from_slice(token);
    }
    if dice.once_in(60) {
        out.push(b',');
    }
    if dice.once_in(60) {
        out.insert(0, b',');
    }
    out
}

/// Fields as a line: blanks between them, perhaps a comment, perhaps over several physical lines.
pub fn line(dice: &mut Dice, fields: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    if dice.once_in(10) {
        out.extend_from_slice(dice.one_of(&[&b" "[..], b"\t", b"   ", b",", b" , "]));
    }
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(dice.weighted(&[
                (40, &b" "[..]),
                (12, b"\t"),
                (12, b"    "),
                (2, b" \t "),
                (2, b" \\\n  "),
                (1, b" \\\r\n"),
                (1, b"\\\n"),
                (1, b"\r"),
                (1, b" \\ "),
                (1, b"\x0b"),
            ]));
        }
        out.extend_from_slice(field);
    }
    if dice.once_in(12) {
        out.extend_from_slice(dice.one_of(&[
            &b" # why"[..],
            b"#why",
            b"\t# \"quoted\" #",
            b" # on\\",
            b" ",
            b"\t",
            b" \\",
            b",",
        ]));
    }
    out
}

/// A token of a length at which some version's buffer ends.
pub fn long(dice: &mut Dice) -> Vec<u8> {
    let length = dice.one_of(&[254, 255, 256, 10_238, 10_239, 10_240, 10_241, 20_400]);
    let mut token = vec![b'x'; length];
    match dice.below(6) {
        0 => token.splice(10..10, *b"\"a b\"").for_each(drop),
        1 => token.splice(10..10, *b"\"\"\"\"").for_each(drop),
        2 => token.splice(0..0, *b"\"").for_each(drop),
        _ => {}
    }
    token
}

/// A comment or blanks to bring what comes with it to a physical line of about `MAX_LINE` bytes.
pub fn filler(dice: &mut Dice, before: usize) -> Vec<u8> {
    let length = dice.between(20_474, 20_484).saturating_sub(before);
    let byte = dice.one_of(b" #x,");
    let mut out = vec![byte; length];
    if let (b'#' | b'x', Some(first)) = (byte, out.first_mut()) {
        *first = b'#';
    }
    out
}
