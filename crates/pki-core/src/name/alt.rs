//! The names that a client may dial: host names and addresses.

use std::{fmt, net::IpAddr, str::FromStr};

use super::{DnsName, NameError};

/// A subject alternative name of the two forms that libpq looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AltName {
    /// dNSName.
    Dns(DnsName),
    /// iPAddress. Looked at by libpq 15 and later only.
    Ip(IpAddr),
}

impl AltName {
    /// The name without its form: `tolva`, `192.168.1.1`.
    #[must_use]
    pub fn bare(&self) -> String {
        match self {
            Self::Dns(name) => name.to_string(),
            Self::Ip(address) => address.to_string(),
        }
    }
}

/// With its form: `dns:tolva`, `ip:192.168.1.1`.
impl fmt::Display for AltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
        }
    }
}

/// `dns:tolva` and `ip:192.168.1.1` (the form in any case); without a form an address if it reads as one, else a host
/// name. `dns:192.168.1.1` is the spelling that libpq before 15 needs for a server dialled by its address.
impl FromStr for AltName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let form = |prefix: &str| {
            text.get(..prefix.len())
                .filter(|p| p.eq_ignore_ascii_case(prefix))
                .map(|_| &text[prefix.len()..])
        };
        if let Some(name) = form("dns:") {
            DnsName::parse(name).map(Self::Dns)
        } else if let Some(address) = form("ip:") {
            address.parse().map(Self::Ip).map_err(|_| NameError::Form {
                what: "address",
                text: address.to_owned(),
                reason: "neither IPv4 nor IPv6",
            })
        } else if let Ok(address) = text.parse() {
            Ok(Self::Ip(address))
        } else {
            DnsName::parse(text).map(Self::Dns)
        }
    }
}

impl From<DnsName> for AltName {
    fn from(name: DnsName) -> Self {
        Self::Dns(name)
    }
}

impl From<IpAddr> for AltName {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

#[cfg(test)]
mod tests {
    use super::AltName;

    #[test]
    fn the_form_is_guessed_unless_given() {
        let read = |text: &str| text.parse::<AltName>().map(|name| name.to_string());
        assert_eq!(read("tolva").unwrap(), "dns:tolva");
        assert_eq!(read("DNS:tolva").unwrap(), "dns:tolva");
        assert_eq!(read("192.168.1.1").unwrap(), "ip:192.168.1.1");
        assert_eq!(read("dns:192.168.1.1").unwrap(), "dns:192.168.1.1");
        assert_eq!(read("ip:::1").unwrap(), "ip:::1");
        assert_eq!(read("2001:DB8::1").unwrap(), "ip:2001:db8::1");
        insta::assert_snapshot!(read("ip:tolva").unwrap_err(), @"`tolva` is no address: neither IPv4 nor IPv6");
        insta::assert_snapshot!(read("éé:x").unwrap_err(), @"`éé:x` is no host name: 'é' cannot stand in it");
    }
}
