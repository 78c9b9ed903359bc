//! `tls-server-end-point` (RFC 5929 section 4): the hash of the server's certificate that SCRAM is bound to, computed as libpq does
//! (fe-secure-openssl.c, `pgtls_get_peer_certificate_hash`).

use aws_lc_rs::digest;

use crate::der;

/// The hash, by the digest of the certificate's own signature (MD5 and SHA-1 are replaced by SHA-256). `None` where the signature
/// has no digest (Ed25519): libpq then fails with "could not find digest for NID UNDEF".
pub(crate) fn tls_server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (oid, parameters) = der::signature_algorithm(certificate)?;
    let algorithm = if oid == RSA_PSS {
        match der::pss_hash(parameters)? {
            None => &digest::SHA256,
            Some(hash) => find(PSS_HASHES, hash)?,
        }
    } else {
        find(SIGNATURES, oid)?
    };
    Some(digest::digest(algorithm, certificate).as_ref().to_vec())
}

type Table = [(&'static [u8], &'static digest::Algorithm)];

fn find(table: &Table, oid: &[u8]) -> Option<&'static digest::Algorithm> {
    table
        .iter()
        .find(|(known, _)| *known == oid)
        .map(|(_, algorithm)| *algorithm)
}

/// 1.2.840.113549.1.1.10
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];

const SIGNATURES: &Table = &[
    // 1.2.840.113549.1.1: PKCS#1 version 1.5 with MD5, SHA-1, SHA-256, SHA-384, SHA-512, SHA-224
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4],
        &digest::SHA256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5],
        &digest::SHA256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11],
        &digest::SHA256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12],
        &digest::SHA384,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13],
        &digest::SHA512,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 14],
        &digest::SHA224,
    ),
    // 1.2.840.10045.4: ECDSA with SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], &digest::SHA256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1], &digest::SHA224),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], &digest::SHA256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], &digest::SHA384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], &digest::SHA512),
];

const PSS_HASHES: &Table = &[
    // 1.3.14.3.2.26: SHA-1
    (&[0x2b, 0x0e, 3, 2, 0x1a], &digest::SHA256),
    // 2.16.840.1.101.3.4.2: SHA-256, SHA-384, SHA-512, SHA-224
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1], &digest::SHA256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2], &digest::SHA384),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3], &digest::SHA512),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4], &digest::SHA224),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell of a certificate: nothing but the signature's algorithm counts.
    fn signed_with(algorithm: &[u8]) -> Vec<u8> {
        element(
            0x30,
            &[element(0x30, b"tbs"), element(0x30, algorithm)].concat(),
        )
    }

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn pss(parameters: &[u8]) -> Vec<u8> {
        signed_with(&[element(0x06, RSA_PSS), element(0x30, parameters)].concat())
    }

    fn length(certificate: &[u8]) -> Option<usize> {
        tls_server_end_point(certificate).map(|hash| hash.len())
    }

    #[test]
    fn the_signature_decides_the_digest() {
        let expected = [(4, 32), (5, 32), (11, 32), (12, 48), (13, 64), (14, 28)];
        for (arc, bytes) in expected {
            let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, arc];
            assert_eq!(
                length(&signed_with(&element(0x06, &oid))),
                Some(bytes),
                "{arc}"
            );
        }
        let sha512 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
        assert_eq!(length(&signed_with(&element(0x06, &sha512))), Some(64));
    }

    #[test]
    fn of_rsa_pss_the_parameters_decide() {
        let sha384 = element(0x06, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2]);
        assert_eq!(
            length(&pss(&element(0xa0, &element(0x30, &sha384)))),
            Some(48)
        );
        // The default is SHA-1, which is replaced.
        assert_eq!(length(&pss(&[])), Some(32));
        let unknown = element(0x06, &[0x2a, 3]);
        assert_eq!(length(&pss(&element(0xa0, &element(0x30, &unknown)))), None);
    }

    #[test]
    fn ed25519_has_none() {
        assert_eq!(
            length(&signed_with(&element(0x06, &[0x2b, 0x65, 0x70]))),
            None
        );
        assert_eq!(length(b"no certificate"), None);
    }
}
