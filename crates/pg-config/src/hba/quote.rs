//! Names and patterns as tokens that mean them and nothing else. Where the tokens go is `write`'s business.

use alloc::string::String;
use alloc::vec::Vec;

use super::EditError;
use crate::Version;

/// A database or role of this name and no other.
pub(super) fn literal(name: &[u8], version: Version) -> Result<Vec<u8>, EditError> {
    writable(name)?;
    if name.is_empty() {
        return Err(EditError::Unwritable {
            name: String::new(),
        });
    }
    if name.starts_with(b"/") && version >= Version::V16 {
        let mut pattern = b"^".to_vec();
        for &byte in name {
            if byte.is_ascii_punctuation() && !matches!(byte, b'/' | b'_') {
                pattern.push(b'\\');
            }
            pattern.push(byte);
        }
        pattern.push(b'$');
        return signed(b'/', &pattern, Quote::Whole);
    }
    let keyword = [
        &b"all"[..],
        b"sameuser",
        b"samerole",
        b"samegroup",
        b"replication",
    ]
    .contains(&name);
    Ok(quoted_if(
        keyword || !name.iter().copied().all(is_plain),
        name,
    ))
}

/// What the quotes go around.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quote {
    /// The sign as well; only a `/` keeps its meaning in quotes.
    Whole,
    /// What follows the sign.
    Rest,
}

pub(super) fn signed(sign: u8, text: &[u8], quote: Quote) -> Result<Vec<u8>, EditError> {
    writable(text)?;
    let plain = text
        .iter()
        .all(|&b| is_plain(b) || (b == b'/' && sign == b'@'));
    let mut out = alloc::vec![sign];
    if quote == Quote::Whole {
        out.extend_from_slice(text);
        return Ok(quoted_if(!plain, &out));
    }
    out.extend(quoted_if(!plain, text));
    Ok(out)
}

/// Whether the bytes can stand in a line at all.
pub(super) fn writable(text: &[u8]) -> Result<(), EditError> {
    if text.iter().any(|b| matches!(b, b'\n' | b'\r' | 0)) {
        return Err(EditError::Unwritable {
            name: String::from_utf8_lossy(text).into_owned(),
        });
    }
    Ok(())
}

pub(super) fn quoted_if(needed: bool, text: &[u8]) -> Vec<u8> {
    if !needed {
        return text.to_vec();
    }
    let mut out = alloc::vec![b'"'];
    for &byte in text {
        out.extend(core::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
    }
    out.push(b'"');
    out
}

/// Bytes that mean nothing but themselves, in every version.
pub(super) const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$') || byte >= 0x80
}
