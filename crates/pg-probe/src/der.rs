//! The two places of a certificate that the handshake needs in DER and nobody else does: the raw key, and the algorithm of the
//! signature. No general ASN.1 here.

/// The algorithm identifier (its content, as rustls names algorithms) and the key's bits of a SubjectPublicKeyInfo
/// (RFC 5280 4.1.2.7).
pub(crate) fn public_key(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut inner, rest) = take(spki, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    let (algorithm, after) = take(inner, SEQUENCE)?;
    inner = after;
    let (bits, _) = take(inner, BIT_STRING)?;
    match bits {
        [0, key @ ..] => Some((algorithm, key)),
        _ => None,
    }
}

/// The signature algorithm of a certificate: the OID's content, and the parameters that follow it (RFC 5280 4.1.1.2).
pub(crate) fn signature_algorithm(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inner, _) = take(certificate, SEQUENCE)?;
    let (_, after) = take(inner, SEQUENCE)?;
    let (algorithm, _) = take(after, SEQUENCE)?;
    take(algorithm, OBJECT_IDENTIFIER)
}

/// The hash of RSASSA-PSS-params (RFC 4055 3.1): its OID's content; `None` in the second place means the default, SHA-1.
pub(crate) fn pss_hash(parameters: &[u8]) -> Option<Option<&[u8]>> {
    let (inner, _) = take(parameters, SEQUENCE)?;
    let Some((hash, _)) = take(inner, CONTEXT_0) else {
        return Some(None);
    };
    let (algorithm, _) = take(hash, SEQUENCE)?;
    take(algorithm, OBJECT_IDENTIFIER).map(|(oid, _)| Some(oid))
}

/// The content of the element at the front, if it has this tag, and what follows it (X.690 8.1; definite lengths only).
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    if found != tag {
        return None;
    }
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, after) = rest.split_at_checked(count)?;
        length = digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        rest = after;
    }
    rest.split_at_checked(length)
}

const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_short_and_long_lengths() {
        assert_eq!(take(&[0x30, 1, 7, 9], SEQUENCE), Some((&[7][..], &[9][..])));
        let long: Vec<u8> = [0x30, 0x81, 200]
            .into_iter()
            .chain(std::iter::repeat_n(5, 201))
            .collect();
        assert_eq!(take(&long, SEQUENCE), Some((&[5; 200][..], &[5][..])));
        assert_eq!(take(&[0x30, 0x80, 0, 0], SEQUENCE), None);
        assert_eq!(take(&[0x30, 2, 7], SEQUENCE), None);
        assert_eq!(take(&[], SEQUENCE), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = public_key(&bytes);
            let _ = signature_algorithm(&bytes);
            let _ = pss_hash(&bytes);
        }
    }
}
