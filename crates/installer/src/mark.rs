//! How a file of trusted authorities says that one of them is pgcert's: a line of explanatory text
//! before the certificate (RFC 7468, section 2, has room for it; OpenSSL, libpq and Java skip it).

use pki_core::{Certificate, Fingerprint};

/// The authority's certificate in PEM, behind its mark.
#[must_use]
pub fn marked(authority: &Certificate) -> String {
    format!(
        "{MARK}{} {}\n{}",
        authority.fingerprint(),
        authority.subject(),
        authority.to_pem()
    )
}

/// The pgcert authorities that a file names: fingerprint and subject.
#[must_use]
pub fn marks(file: &[u8]) -> Vec<(Fingerprint, String)> {
    file.split(|b| *b == b'\n')
        .filter_map(|line| {
            let (fingerprint, subject) = std::str::from_utf8(line)
                .ok()?
                .strip_prefix(MARK)?
                .split_once(' ')?;
            Some((fingerprint.parse().ok()?, subject.trim_end().to_owned()))
        })
        .collect()
}

const MARK: &str = "# pgcert authority ";
