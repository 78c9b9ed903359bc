//! The entries of a list, read where they lie: a list may have a million.

use super::{
    Revocation,
    der::{ENUMERATED, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, time},
};

/// Entries one after the other: the content octets of the serial, and the rest.
#[derive(Clone, Debug)]
pub(super) struct Entries<'a>(Reader<'a>);

impl<'a> Entries<'a> {
    /// Of the content of `revokedCertificates` (RFC 5280 5.1.2.6).
    pub(super) const fn new(content: &'a [u8]) -> Self {
        Self(Reader::new(content))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(&'a [u8], Revocation), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| entry(&mut self.0))
    }
}

fn entry<'a>(list: &mut Reader<'a>) -> Result<(&'a [u8], Revocation), &'static str> {
    let mut fields = Reader::new(list.expect(SEQUENCE)?.content);
    let serial = fields.expect(INTEGER)?.content;
    let since = time(fields.next()?)?;
    let mut reason = None;
    if let Some(extensions) = fields.optional(SEQUENCE)? {
        let mut extensions = Reader::new(extensions.content);
        while !extensions.is_empty() {
            let mut extension = Reader::new(extensions.expect(SEQUENCE)?.content);
            if extension.expect(OBJECT_IDENTIFIER)?.content != REASON_CODE {
                continue;
            }
            // BOOLEAN: critical.
            extension.optional(1)?;
            let mut value = Reader::new(extension.expect(OCTET_STRING)?.content);
            reason = value.expect(ENUMERATED)?.content.last().copied();
        }
    }
    if serial.is_empty() || !fields.is_empty() {
        return Err("an entry that RFC 5280 does not have");
    }
    Ok((serial, Revocation { since, reason }))
}

/// 2.5.29.21 (RFC 5280 5.3.1).
pub(super) const REASON_CODE: &[u8] = &[0x55, 0x1d, 21];
