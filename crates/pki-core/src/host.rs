//! Does this certificate belong to the host that was dialled? As libpq asks under `sslmode=verify-full`. Whether the
//! certificate can be trusted at all is asked in `verify`.

use std::net::Ipv6Addr;

use crate::certificate::{Certificate, GeneralName, address};

/// Whose rules: they changed with iPAddress names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostRules {
    /// libpq 12 to 14: dNSName only, addresses compared as strings, CN if there is no dNSName.
    Libpq12,
    /// libpq 15 and later: iPAddress too, CN if there is no name of the host's type.
    #[default]
    Libpq15,
}

/// Whether the certificate is for this host (fe-secure-common.c `pq_verify_peer_name_matches_certificate`,
/// fe-secure-openssl.c `pgtls_verify_peer_name_matches_certificate_guts`).
///
/// # Errors
/// [`HostMismatch`].
pub fn verify_host(
    certificate: &Certificate,
    host: &str,
    rules: HostRules,
) -> Result<(), HostMismatch> {
    if host.is_empty() {
        return Err(HostMismatch::NoHost);
    }
    let host = Host {
        name: host,
        v4: inet_aton(host),
        v6: host.parse::<Ipv6Addr>().ok(),
    };
    let is_address = host.v4.is_some() || host.v6.is_some();
    let mut names = Vec::new();
    let mut try_common_name = true;
    for name in certificate.parts().extensions.alt_names() {
        match (name, rules) {
            (GeneralName::Dns(name), _) => {
                try_common_name &= is_address && rules == HostRules::Libpq15;
                if host.is_named(name)? {
                    return Ok(());
                }
                names.push(name.clone());
            }
            (GeneralName::Ip(bytes), HostRules::Libpq15) => {
                try_common_name &= !is_address;
                if host.is_at(bytes)? {
                    return Ok(());
                }
                names.extend(address(bytes).map(|a| a.to_string()));
            }
            _ => {}
        }
    }
    if let Some(name) = certificate.common_name().filter(|_| try_common_name) {
        if host.is_named(&name)? {
            return Ok(());
        }
        names.push(name);
    }
    Err(HostMismatch::OtherHost {
        host: host.name.to_owned(),
        names,
    })
}

/// A certificate that is for another host, or cannot tell. Displayed in libpq's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostMismatch {
    /// No host was given (only an address, `hostaddr`).
    NoHost,
    /// None of the names is the host's.
    OtherHost {
        /// The host that was dialled.
        host: String,
        /// The names that were compared, in the order in which libpq looks at them.
        names: Vec<String>,
    },
    /// A name holds a NUL.
    EmbeddedNull,
    /// An iPAddress of neither 4 nor 16 bytes.
    AddressLength {
        /// How many it has.
        len: usize,
    },
}

impl HostMismatch {
    /// The names that were compared, in the order in which libpq looks at them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::OtherHost { names, .. } => names,
            _ => &[],
        }
    }
}

impl std::error::Error for HostMismatch {}

impl std::fmt::Display for HostMismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoHost => {
                f.write_str("host name must be specified for a verified SSL connection")
            }
            Self::EmbeddedNull => f.write_str("SSL certificate's name contains embedded null"),
            Self::AddressLength { len } => write!(
                f,
                "certificate contains IP address with invalid length {len}"
            ),
            Self::OtherHost { host, names } => match names.as_slice() {
                [] => f.write_str("could not get server's host name from server certificate"),
                [name] => write!(
                    f,
                    "server certificate for \"{name}\" does not match host name \"{host}\""
                ),
                [first, others @ ..] => {
                    let s = if others.len() == 1 { "" } else { "s" };
                    let n = others.len();
                    write!(
                        f,
                        "server certificate for \"{first}\" (and {n} other name{s}) does not match host name \"{host}\""
                    )
                }
            },
        }
    }
}

struct Host<'a> {
    name: &'a str,
    v4: Option<[u8; 4]>,
    v6: Option<Ipv6Addr>,
}

impl Host<'_> {
    /// `pq_verify_peer_name_matches_certificate_name`
    fn is_named(&self, name: &str) -> Result<bool, HostMismatch> {
        if name.contains('\0') {
            return Err(HostMismatch::EmbeddedNull);
        }
        Ok(name.eq_ignore_ascii_case(self.name) || self.fits_wildcard(name))
    }

    /// `wildcard_certificate_match`: `*.` stands for exactly one label, and only in front.
    fn fits_wildcard(&self, pattern: &str) -> bool {
        let (pattern, host) = (pattern.as_bytes(), self.name.as_bytes());
        if pattern.len() < 3 || !pattern.starts_with(b"*.") || pattern.len() > host.len() {
            return false;
        }
        let (label, rest) = host.split_at(host.len() - pattern.len() + 1);
        rest.eq_ignore_ascii_case(&pattern[1..]) && !label.contains(&b'.')
    }

    /// `pq_verify_peer_name_matches_certificate_ip`
    fn is_at(&self, bytes: &[u8]) -> Result<bool, HostMismatch> {
        match bytes.len() {
            4 => Ok(self.v4.is_some_and(|v4| v4 == bytes)),
            16 => Ok(self.v6.is_some_and(|v6| v6.octets() == bytes)),
            len => Err(HostMismatch::AddressLength { len }),
        }
    }
}

/// inet_aton(3): one to four parts, each decimal, octal or hexadecimal, the last one filling what is left.
fn inet_aton(text: &str) -> Option<[u8; 4]> {
    let parts: Vec<u32> = text
        .split('.')
        .map(|part| match part.as_bytes() {
            [b'0', b'x' | b'X', _, ..] => u32::from_str_radix(&part[2..], 16).ok(),
            [b'0', _, ..] => u32::from_str_radix(part, 8).ok(),
            [b'0'..=b'9', ..] => part.parse().ok(),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 32 - 8 * u32::try_from(first.len()).ok()?;
    if u64::from(*last) >= 1 << room {
        return None;
    }
    let mut address = last.to_be_bytes();
    for (byte, part) in address.iter_mut().zip(first) {
        *byte = u8::try_from(*part).ok()?;
    }
    Some(address)
}
