//! What an authority may sign, said in its own certificate, so that everybody who verifies holds it to that: name
//! constraints (RFC 5280 4.2.1.10) and the extended key usage (OpenSSL, Go and Java take one in an authority as a limit
//! for all that is below it).

use std::{fmt, net::IpAddr, str::FromStr};

use rcgen::{CidrSubnet, ExtendedKeyUsagePurpose, GeneralSubtree, NameConstraints};

use crate::{
    name::{DnsName, NameError},
    profile::Kind,
};

/// The limits of an authority. The default has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only [`Kind::Server`] or only [`Kind::Client`].
    pub only: Option<Kind>,
    /// Host names: each of these and all below it.
    pub dns: Vec<DnsName>,
    /// Addresses.
    pub networks: Vec<Network>,
}

impl Scope {
    pub(crate) fn extended(&self) -> Vec<ExtendedKeyUsagePurpose> {
        match self.only {
            Some(kind) => kind.profile().extended.to_vec(),
            None => Vec::new(),
        }
    }

    /// Once names of one form are listed, names of the other form are excluded as a whole: a list of hosts shall not
    /// leave all addresses free.
    pub(crate) fn constraints(&self) -> Option<NameConstraints> {
        if self.dns.is_empty() && self.networks.is_empty() {
            return None;
        }
        let dns = self.dns.iter();
        let dns = dns.map(|name| GeneralSubtree::DnsName(name.to_string()));
        let networks = self.networks.iter().map(|network| network.subtree());
        let mut excluded = Vec::new();
        if self.dns.is_empty() {
            // The empty name: everything is below it.
            excluded.push(GeneralSubtree::DnsName(String::new()));
        }
        if self.networks.is_empty() {
            for all in [[0; 4].into(), [0; 16].into()] {
                excluded.push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
                    all, 0,
                )));
            }
        }
        Some(NameConstraints {
            permitted_subtrees: dns.chain(networks).collect(),
            excluded_subtrees: excluded,
        })
    }
}

/// A network of IP addresses: `10.0.0.0/8`, `fd00::/8`; an address alone is the network of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    fn subtree(self) -> GeneralSubtree {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(self.address, self.prefix))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |reason| NameError::Form {
            what: "network",
            text: text.to_owned(),
            reason,
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| bad("its address is neither IPv4 nor IPv6"))?;
        let (bits, length) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let prefix: u8 = match prefix {
            None => length,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|prefix| *prefix <= length)
                .ok_or_else(|| bad("the number of its bits is too large, or none"))?,
        };
        if bits.checked_shl(prefix.into()).unwrap_or(0) != 0 {
            return Err(bad("it has bits outside of its mask"));
        }
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn networks() {
        for (text, read) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.168.1.1", "192.168.1.1/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), read);
        }
        for text in [
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "example.org",
            "fd00::1/64",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
