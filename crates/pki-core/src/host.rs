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

#[cfg(test)]
mod tests {
    use super::{HostMismatch, HostRules, inet_aton, verify_host};
    use crate::{certificate::Certificate, fixture::Authority};

    fn certificate(common_name: &str, alt_names: &[&str]) -> Certificate {
        let names: Vec<rcgen::SanType> = alt_names
            .iter()
            .map(|name| match name.split_once(':').unwrap() {
                ("dns", name) => rcgen::SanType::DnsName(name.try_into().unwrap()),
                (_, address) => rcgen::SanType::IpAddress(address.parse().unwrap()),
            })
            .collect();
        Authority::root("r").odd(common_name, |params| params.subject_alt_names = names)
    }

    /// The verdicts of libpq 14 and of libpq 15.
    fn verdicts(common_name: &str, alt_names: &[&str], host: &str) -> (bool, bool) {
        let certificate = certificate(common_name, alt_names);
        let ok = |rules| verify_host(&certificate, host, rules).is_ok();
        (ok(HostRules::Libpq12), ok(HostRules::Libpq15))
    }

    #[test]
    fn tried_with_psql_of_both_ages() {
        assert_eq!(
            verdicts("127.0.0.1", &["dns:foo"], "127.0.0.1"),
            (false, true)
        );
        assert_eq!(
            verdicts("127.0.0.1", &["ip:127.0.0.2"], "127.0.0.1"),
            (true, false)
        );
        assert_eq!(verdicts("x", &["ip:127.0.0.1"], "127.0.0.1"), (false, true));
        assert_eq!(verdicts("x", &["dns:127.0.0.1"], "127.0.0.1"), (true, true));
        assert_eq!(verdicts("b", &["dns:a"], "b"), (false, false));
        assert_eq!(verdicts("b", &["ip:127.0.0.1"], "b"), (true, true));
        assert_eq!(verdicts("x", &["ip:127.0.0.1"], "127.1"), (false, true));
        assert_eq!(
            verdicts("x", &["ip:127.0.0.1"], "2130706433"),
            (false, true)
        );
        assert_eq!(verdicts("x", &["ip:::1"], "::1"), (false, true));
        assert_eq!(verdicts("x", &["ip:::1"], "0:0:0:0:0:0:0:1"), (false, true));
    }

    #[test]
    fn names_and_wildcards() {
        let ok = |name: &str, host| verdicts("x", &[&format!("dns:{name}")], host) == (true, true);
        assert!(ok("Foo.Test", "fOO.test"));
        assert!(!ok("foo.test", "foo.test."));
        assert!(ok("*.test", "a.test"));
        assert!(ok("*.example.test", "A.Example.test"));
        assert!(!ok("*.test", "a.b.test"));
        assert!(!ok("*.test", ".test"));
        assert!(!ok("*.test", "test"));
        assert!(!ok("*", "test"));
        assert!(!ok("a*.test", "ab.test"));
        assert!(!ok("*.", "a."));
        assert!(ok("*.b", "a.b"));
    }

    #[test]
    fn in_libpqs_words() {
        let told = |cn: &str, names: &[&str], host: &str| {
            verify_host(&certificate(cn, names), host, HostRules::Libpq15)
                .unwrap_err()
                .to_string()
        };
        insta::assert_snapshot!(told("b", &["dns:a"], "c"), @r#"server certificate for "a" does not match host name "c""#);
        insta::assert_snapshot!(told("b", &["dns:a", "ip:10.0.0.1"], "c"), @r#"server certificate for "a" (and 1 other name) does not match host name "c""#);
        insta::assert_snapshot!(told("b", &["dns:a", "dns:d", "ip:10.0.0.1"], "c"), @r#"server certificate for "a" (and 2 other names) does not match host name "c""#);
        insta::assert_snapshot!(told("b", &["dns:a"], ""), @"host name must be specified for a verified SSL connection");
        insta::assert_snapshot!(told("a\0b", &[], "a"), @"SSL certificate's name contains embedded null");
        let nameless = Authority::root("r").odd("x", |params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
        });
        let error = verify_host(&nameless, "a", HostRules::Libpq15).unwrap_err();
        assert_eq!(
            error,
            HostMismatch::OtherHost {
                host: "a".to_owned(),
                names: vec![]
            }
        );
        insta::assert_snapshot!(error, @"could not get server's host name from server certificate");
    }

    #[test]
    fn addresses_as_inet_aton_reads_them() {
        for (text, is) in [
            ("10.1.2.3", Some([10, 1, 2, 3])),
            ("10.1.515", Some([10, 1, 2, 3])),
            ("10.66051", Some([10, 1, 2, 3])),
            ("0x0a010203", Some([10, 1, 2, 3])),
            ("012.1.2.3", Some([10, 1, 2, 3])),
            ("0", Some([0; 4])),
            ("256.1.2.3", None),
            ("10.1.2.256", None),
            ("10.1.2.3.4", None),
            ("10.1.2.", None),
            ("4294967296", None),
            ("08.1.1.1", None),
            ("tolva", None),
            ("", None),
        ] {
            assert_eq!(inet_aton(text), is, "{text}");
        }
    }
}
