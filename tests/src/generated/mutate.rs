//! Damage: a file with a few of its bytes changed, as slips of editors, disks and people would.

use super::Dice;

/// Bytes and pieces that mean something to one of the readers, or that one of them might stumble over.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\"\"",
    b"'",
    b"''",
    b",",
    b" , ",
    b"#",
    b"\\",
    b"\\\n",
    b"\\\r\n",
    b"\\ \n",
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\0",
    b" ",
    b"\t",
    b"\x0b",
    b"\x0c",
    b"@",
    b"+",
    b"/",
    b"=",
    b"!",
    b".",
    b":",
    b"%",
    b"[",
    b"]",
    b"(",
    b")",
    b"*",
    b"{",
    b"-",
    b"0",
    b"\xff",
    b"\xc3",
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa9",
    b"all",
    b"include ",
];

/// Changes a few places of the file.
pub fn mutate(dice: &mut Dice, file: &mut Vec<u8>) {
    for _ in 0..dice.weighted(&[(6, 1), (3, 2), (1, 5)]) {
        let at = dice.below(file.len() + 1);
        let until = (at + dice.weighted(&[(6, 1), (2, 3), (1, 12)])).min(file.len());
        match dice.below(8) {
            0..=3 => {
                let piece = dice.one_of(PIECES);
                file.splice(at..at, piece.iter().copied());
            }
            4 => {
                file.drain(at..until);
            }
            5 => {
                let piece = dice.one_of(PIECES);
                file.splice(at..until, piece.iter().copied());
            }
            6 => {
                let copy = file[at..until].to_vec();
                let to = dice.below(file.len() + 1);
                file.splice(to..to, copy);
            }
            _ => {
                let byte = u8::try_from(dice.below(256)).unwrap_or(0);
                file.splice(at..until, [byte]);
            }
        }
    }
}
