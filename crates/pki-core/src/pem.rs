//! PEM blocks, found in a file as OpenSSL finds them (`PEM_read_bio`): text around them is passed over, a block that
//! does not end is an error. Which labels mean what is known to the callers.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::{certificate::ParseError, secret::Secret};

/// One block.
pub(crate) struct Block {
    pub(crate) label: String,
    /// Whether the block has the header of OpenSSL's own, older encryption (RFC 1421 `Proc-Type: 4,ENCRYPTED`).
    pub(crate) encrypted: bool,
    /// The header that goes with it, `DEK-Info`: cipher and initialization vector.
    pub(crate) dek_info: Option<String>,
    /// The bytes, wiped afterwards: it may be a key.
    pub(crate) contents: Secret,
}

/// A block that cannot be read.
#[derive(Clone, Debug)]
pub(crate) struct BrokenBlock {
    pub(crate) label: String,
    pub(crate) reason: &'static str,
}

/// All blocks, in order. An error ends the iteration.
pub(crate) fn blocks(file: &[u8]) -> impl Iterator<Item = Result<Block, BrokenBlock>> + '_ {
    let mut lines = file.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
    let mut broken = false;
    std::iter::from_fn(move || {
        if broken {
            return None;
        }
        let label = lines.find_map(begin)?;
        let block = read(&label, &mut lines).map_err(|reason| BrokenBlock { label, reason });
        broken = block.is_err();
        Some(block)
    })
}

/// What `from_der` makes of the blocks of one kind (`what`, in words), in order; the others are passed over. A broken
/// block of any kind is an error, for it may have been one of them.
pub(crate) fn read_each<'a, T, E: From<ParseError>>(
    file: &'a [u8],
    what: &'static str,
    is_label: impl Fn(&str) -> bool + 'a,
    from_der: impl Fn(&[u8]) -> Result<T, E> + 'a,
) -> impl Iterator<Item = Result<T, E>> + 'a {
    blocks(file).filter_map(move |block| match block {
        Ok(block) if is_label(&block.label) => Some(from_der(block.contents.as_bytes())),
        Ok(_) => None,
        Err(BrokenBlock { label, reason }) => {
            let reason = format!("{label}: {reason}");
            Some(Err(ParseError::Malformed { what, reason }.into()))
        }
    })
}

/// Whether the file has any block at all, whole or not.
pub(crate) fn is_pem(file: &[u8]) -> bool {
    file.split(|b| *b == b'\n')
        .any(|line| begin(line.trim_ascii_end()).is_some())
}

/// A block in lines of 64, ended by `\n`. Wiped in the end, and written in one piece, for it may be a key.
pub(crate) fn encode(label: &str, contents: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(Base64::encode_string(contents));
    let room =
        base64.len() + base64.len().div_ceil(64) + 2 * (label.len() + "-----BEGIN -----\n".len());
    let mut text = Zeroizing::new(String::with_capacity(room));
    text.extend(["-----BEGIN ", label, "-----\n"]);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

/// The same for what is no secret, in pieces: a revocation list may have tens of megabytes.
pub(crate) fn pieces<'a>(
    label: &'a str,
    contents: &'a [u8],
) -> impl Iterator<Item = String> + use<'a> {
    let begin = std::iter::once_with(move || format!("-----BEGIN {label}-----\n"));
    let end = std::iter::once_with(move || format!("-----END {label}-----\n"));
    begin.chain(contents.chunks(PIECE).map(lines)).chain(end)
}

/// Base64 in lines.
fn lines(contents: &[u8]) -> String {
    let mut text = Vec::with_capacity(contents.len().div_ceil(LINE) * (LINE / 3 * 4 + 1));
    let (whole, rest) = contents.as_chunks::<LINE>();
    for bytes in whole {
        text.extend_from_slice(&line(bytes));
        text.push(b'\n');
    }
    let mut last = [0; LINE / 3 * 4];
    match Base64::encode(rest, &mut last) {
        Ok(digits) if !digits.is_empty() => text.extend([digits.as_bytes(), b"\n"].concat()),
        _ => {}
    }
    // Nothing but ASCII is in it.
    String::from_utf8(text).unwrap_or_default()
}

/// A whole line, by a table: not for secrets, which the time would tell about.
fn line(bytes: &[u8; LINE]) -> [u8; LINE / 3 * 4] {
    let mut line = [0; LINE / 3 * 4];
    let (threes, _) = bytes.as_chunks::<3>();
    let (fours, _) = line.as_chunks_mut::<4>();
    for (digits, [a, b, c]) in fours.iter_mut().zip(threes) {
        let bits = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let ([first, second], [third, fourth]) = (PAIRS[bits >> 12], PAIRS[bits & 0xfff]);
        *digits = [first, second, third, fourth];
    }
    line
}

/// How many bytes stand in a line.
const LINE: usize = 48;

/// How many bytes stand in a piece.
const PIECE: usize = LINE * 1024;

/// The two digits of each twelve bits (RFC 4648 section 4).
static PAIRS: [[u8; 2]; 1 << 12] = {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut pairs = [[0; 2]; 1 << 12];
    let mut bits = 0;
    while bits < pairs.len() {
        pairs[bits] = [digits[bits >> 6], digits[bits & 0x3f]];
        bits += 1;
    }
    pairs
};

fn begin(line: &[u8]) -> Option<String> {
    let label = line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")?;
    Some(String::from_utf8_lossy(label).into_owned())
}

fn read<'a>(
    label: &str,
    lines: &mut impl Iterator<Item = &'a [u8]>,
) -> Result<Block, &'static str> {
    let end = format!("-----END {label}-----");
    let mut content: Vec<&[u8]> = Vec::new();
    let mut encrypted = false;
    let mut dek_info = None;
    let mut header = false;
    for line in lines {
        if line == end.as_bytes() {
            return Ok(Block {
                label: label.to_owned(),
                encrypted,
                dek_info,
                contents: decode(&content).ok_or("not base64")?,
            });
        }
        if line.starts_with(b"-----") {
            return Err("another line of dashes comes before its end");
        }
        // Headers end at the first empty line; their long ones go on with white space.
        if line.contains(&b':') {
            header = true;
            encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
            if let Some(value) = line.strip_prefix(b"DEK-Info:") {
                dek_info = Some(String::from_utf8_lossy(value.trim_ascii()).into_owned());
            }
        } else if !header {
            content.push(line);
        } else if line.is_empty() {
            header = false;
        }
    }
    Err("it does not end")
}

/// Decodes in one buffer of the right size, so that no copy is left behind where it grew.
fn decode(lines: &[&[u8]]) -> Option<Secret> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(lines.iter().map(|l| l.len()).sum()));
    for line in lines {
        if line.iter().any(u8::is_ascii_whitespace) {
            buffer.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        } else {
            buffer.extend_from_slice(line);
        }
    }
    let bytes = Base64::decode_in_place(&mut buffer).ok()?;
    Some(Secret::new(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PIECE, blocks, encode, is_pem, pieces};

    fn told(file: &[u8]) -> String {
        let told = blocks(file).map(|b| match b {
            Ok(b) => {
                let dek_info = b
                    .dek_info
                    .map(|info| format!(" {info}"))
                    .unwrap_or_default();
                format!(
                    "{} {}{dek_info} {:?}",
                    b.label,
                    b.encrypted,
                    b.contents.as_bytes()
                )
            }
            Err(b) => format!("{}: {}", b.label, b.reason),
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn blocks_among_other_text() {
        let file = b"caf\xe9 ------BEGIN X-----\r\n# a comment\n-----BEGIN A B-----\r\nAQID\r\n-----END A B-----\r\n\n  \
            -----BEGIN C-----\n-----BEGIN KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES\n\nAQ\nID\n-----END KEY-----";
        insta::assert_snapshot!(told(file), @r"
        A B false [1, 2, 3]
        KEY true DES [1, 2, 3]
        ");
        assert!(is_pem(file));
        assert!(!is_pem(b"-----BEGIN"));
    }

    #[test]
    fn broken_blocks() {
        insta::assert_snapshot!(told(b"-----BEGIN A-----\nAQID\n"), @"A: it does not end");
        insta::assert_snapshot!(told(b"-----BEGIN A-----\nA*ID\n-----END A-----\n-----BEGIN B-----\n-----END B-----"), @"A: not base64");
        insta::assert_snapshot!(told(b"-----BEGIN A-----\nAQID\n-----END B-----\n"), @"A: another line of dashes comes before its end");
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(bytes in proptest::collection::vec(any::<u8>(), 1..200), before in ".{0,40}") {
            let file = format!("{before}\n{}", encode("SOME THING", &bytes).as_str());
            let all: Vec<_> = blocks(file.as_bytes()).map(|b| b.ok().unwrap()).collect();
            prop_assert_eq!(all.len(), 1);
            prop_assert_eq!(all[0].contents.as_bytes(), bytes);
        }

        #[test]
        fn pieces_are_the_same_text(
            length in prop_oneof![0..200_usize, PIECE - 50..PIECE + 50],
            bytes in proptest::collection::vec(any::<u8>(), 1..200),
        ) {
            let bytes: Vec<u8> = bytes.into_iter().cycle().take(length).collect();
            let text: String = pieces("X", &bytes).collect();
            let whole = encode("X", &bytes);
            prop_assert_eq!(text.as_str(), whole.as_str());
        }

        #[test]
        fn never_panics(text in "(-----(BEGIN|END) A-----\n|[A-Za-z0-9:=]{0,8}\n){0,8}") {
            blocks(text.as_bytes()).for_each(drop);
        }
    }
}
