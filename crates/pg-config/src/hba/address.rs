//! The address field: what it may say, how PostgreSQL reads the forms it may be written in, and networks.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// The address field of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// `all`: any address of either family.
    All,
    /// `samehost`: an address of the server itself.
    SameHost,
    /// `samenet`: an address in a network that the server has an interface in.
    SameNet,
    /// Addresses of the same family that equal `address` in the bits of `mask`. Both are as written: bits outside
    /// the mask may be set, the mask may have holes.
    Masked {
        /// The address.
        address: IpAddr,
        /// The mask, of the same family.
        mask: IpAddr,
    },
    /// A host name, or with a leading dot the end of one; found by reverse lookup, so only the server can tell.
    HostName(Vec<u8>),
}

/// A network in CIDR notation. Bits outside the prefix are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The network of `bits` bits that holds `address`.
    ///
    /// # Errors
    /// [`InvalidNetwork`] where `bits` is more than 32 or 128.
    pub fn new(address: IpAddr, bits: u8) -> Result<Self, InvalidNetwork> {
        let _ = bits;
        let _ = address;
        todo!()
    }

    /// The first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// The length of the prefix: at most 32 or 128.
    pub const fn bits(self) -> u8 {
        self.bits
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    /// Reads `192.168.1.0/24`, `fd00::/8`, and a single address as a network of one.
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let _ = text;
        todo!()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Not an address, optionally with `/` and the length of a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a network such as 192.168.1.0/24")]
pub struct InvalidNetwork;

/// Where connections may come from: the address field of a rule to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `all`
    All,
    /// `samehost`
    SameHost,
    /// `samenet`
    SameNet,
    /// A network.
    Network(Network),
}

impl FromStr for Source {
    type Err = InvalidNetwork;

    /// Reads a keyword or a network.
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        Ok(match text {
            "all" => Self::All,
            "samehost" => Self::SameHost,
            "samenet" => Self::SameNet,
            network => Self::Network(network.parse()?),
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::SameHost => f.write_str("samehost"),
            Self::SameNet => f.write_str("samenet"),
            Self::Network(network) => network.fmt(f),
        }
    }
}
