//! The address field: what it may say, how PostgreSQL reads the forms it may be written in, and networks.

use alloc::boxed::Box;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use super::Word;

/// The address field of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// `all`: any address of either family.
    All,
    /// `samehost`: an address of the server itself.
    SameHost,
    /// `samenet`: an address in a network that the server has an interface in.
    SameNet,
    /// An address and a mask.
    Masked(Masked),
    /// A host name, or with a leading dot the end of one; found by reverse lookup, so only the server can tell.
    HostName(Box<Word>),
}

/// The addresses of the same family that equal an address in the bits of a mask. Both are as written: bits outside the
/// mask may be set, the mask may have holes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Masked(Family);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Family {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, u8),
    /// A mask with holes.
    Holed(Box<(Ipv6Addr, Ipv6Addr)>),
}

impl Masked {
    /// None where the mask is of the other family.
    pub fn new(address: IpAddr, mask: IpAddr) -> Option<Self> {
        Some(Self(match (address, mask) {
            (IpAddr::V4(address), IpAddr::V4(v4)) => Family::V4(address, v4),
            (IpAddr::V6(address), IpAddr::V6(v6)) => match prefix_length(mask) {
                Some(bits) => Family::V6(address, bits),
                None => Family::Holed(Box::new((address, v6))),
            },
            _ => return None,
        }))
    }

    /// The addresses that equal this one in so many bits, at most 32 or 128.
    pub(super) const fn of_prefix(address: IpAddr, bits: u8) -> Self {
        Self(match address {
            IpAddr::V4(address) => Family::V4(address, v4_mask(bits)),
            IpAddr::V6(address) => Family::V6(address, bits),
        })
    }

    /// The address.
    pub fn address(&self) -> IpAddr {
        match &self.0 {
            Family::V4(address, _) => IpAddr::V4(*address),
            Family::V6(address, _) => IpAddr::V6(*address),
            Family::Holed(pair) => IpAddr::V6(pair.0),
        }
    }

    /// The mask, of the same family.
    pub fn mask(&self) -> IpAddr {
        match &self.0 {
            Family::V4(_, mask) => IpAddr::V4(*mask),
            Family::V6(_, bits) => IpAddr::V6(v6_mask(*bits)),
            Family::Holed(pair) => IpAddr::V6(pair.1),
        }
    }
}

impl From<Source> for Address {
    fn from(source: Source) -> Self {
        match source {
            Source::All => Self::All,
            Source::SameHost => Self::SameHost,
            Source::SameNet => Self::SameNet,
            Source::Network(network) => {
                Self::Masked(Masked::of_prefix(network.address, network.bits))
            }
        }
    }
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
        if bits > width(address) {
            return Err(InvalidNetwork);
        }
        let address = match address {
            IpAddr::V4(address) => IpAddr::V4(address & v4_mask(bits)),
            IpAddr::V6(address) => IpAddr::V6(address & v6_mask(bits)),
        };
        Ok(Self { address, bits })
    }

    /// The first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// The length of the prefix: at most 32 or 128.
    pub const fn bits(self) -> u8 {
        self.bits
    }

    /// Whether the address is in it.
    pub fn contains(self, address: IpAddr) -> bool {
        Self::new(address, self.bits) == Ok(self) && address.is_ipv4() == self.address.is_ipv4()
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    /// Reads `192.168.1.0/24`, `fd00::/8`, and a single address as a network of one. Stricter than PostgreSQL: no
    /// short forms, no zone.
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let bits = match bits {
            None => width(address),
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().map_err(|_| InvalidNetwork)?
            }
            Some(_) => return Err(InvalidNetwork),
        };
        Self::new(address, bits)
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

/// The address that `getaddrinfo(AI_NUMERICHOST)` of the GNU C library makes of a text; none where it takes it for a
/// name. Zones are dropped, as matching does (`ifaddr.c`). A zone that names an interface is accepted for link-local
/// addresses without asking whether there is such an interface.
pub(super) fn numeric(text: &[u8]) -> Option<IpAddr> {
    if let Some(address) = inet_aton(text) {
        return Some(IpAddr::V4(address));
    }
    let text = core::str::from_utf8(text).ok()?;
    let Some((address, zone)) = text.split_once('%') else {
        return text.parse().ok().map(IpAddr::V6);
    };
    let address: Ipv6Addr = address.parse().ok()?;
    // Multicast to the interface's own node, or to its link, counts too (`__inet6_scopeid_pton`).
    let multicast = matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02);
    let link_local = address.is_unicast_link_local() || multicast;
    let number = zone.bytes().all(|b| b.is_ascii_digit());
    (!zone.is_empty() && (number || link_local)).then_some(IpAddr::V6(address))
}

/// The length of the prefix that stands behind the slash (`ifaddr.c`, `pg_sockaddr_cidr_mask`: `strtol`).
pub(super) fn prefix(address: IpAddr, bits: &[u8]) -> Option<u8> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let bits = &bits[bits.iter().take_while(|byte| blank(byte)).count()..];
    let (negative, digits) = match bits {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_u32;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        value = value.saturating_mul(10).saturating_add(digit);
    }
    let bits = u8::try_from(value)
        .ok()
        .filter(|&bits| bits <= width(address))?;
    (bits == 0 || !negative).then_some(bits)
}

/// The mask of a prefix of so many bits, at most 32.
const fn v4_mask(bits: u8) -> Ipv4Addr {
    match u32::MAX.checked_shl(32 - bits as u32) {
        Some(mask) => Ipv4Addr::from_bits(mask),
        None => Ipv4Addr::UNSPECIFIED,
    }
}

/// The mask of a prefix of so many bits, at most 128.
const fn v6_mask(bits: u8) -> Ipv6Addr {
    match u128::MAX.checked_shl(128 - bits as u32) {
        Some(mask) => Ipv6Addr::from_bits(mask),
        None => Ipv6Addr::UNSPECIFIED,
    }
}

/// How many bits an address of this family has.
const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// One to four numbers, decimal, octal or hexadecimal, the last one filling what is left (`inet_aton(3)`).
fn inet_aton(mut text: &[u8]) -> Option<Ipv4Addr> {
    let mut address = 0_u32;
    let mut left = 32;
    loop {
        let (value, behind) = c_number(text)?;
        text = match behind {
            [] => {
                let fits = left == 32 || value >> left == 0;
                return fits.then(|| Ipv4Addr::from_bits(address | value));
            }
            [b'.', next @ ..] => next,
            _ => return None,
        };
        if value > 0xff || left == 8 {
            return None;
        }
        left -= 8;
        address |= value << left;
    }
}

/// The number that a text begins with (`strtoul` with base 0, but no sign and no blanks), and what stands behind it.
fn c_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, radix) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', ..] => (text, 8),
        _ => (text, 10),
    };
    let mut value = 0_u32;
    let mut rest = digits;
    while let [byte, behind @ ..] = rest
        && let Some(digit) = char::from(*byte).to_digit(radix)
    {
        value = value.checked_mul(radix)?.checked_add(digit)?;
        rest = behind;
    }
    (rest.len() < digits.len()).then_some((value, rest))
}

/// How many bits of an address a mask asks for, from the first on; none for one with holes.
pub fn prefix_length(mask: IpAddr) -> Option<u8> {
    let (ones, leading) = match mask {
        IpAddr::V4(mask) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
        IpAddr::V6(mask) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
    };
    u8::try_from(ones).ok().filter(|_| ones == leading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Option<IpAddr> {
        Some(IpAddr::V4(text.parse().unwrap()))
    }

    #[test]
    fn numbers_are_read_as_inet_aton_does() {
        for (text, address) in [
            ("10", v4("0.0.0.10")),
            ("127.1", v4("127.0.0.1")),
            ("192.168.1", v4("192.168.0.1")),
            ("0x7f000001", v4("127.0.0.1")),
            ("010.0.0.1", v4("8.0.0.1")),
            ("4294967295", v4("255.255.255.255")),
        ] {
            assert_eq!(numeric(text.as_bytes()), address, "{text}");
        }
        for name in [
            "10.0.0.256",
            "",
            "ALL",
            "*.example.com",
            "1.2.3.4.5",
            "08",
            "0x",
            "+1",
            "1.",
            ".1",
            "256.1",
            "[::1]",
            "::1%",
            "::1%lo",
            "4294967296",
            "1.2.3.",
            "0x+1",
            "0+1",
        ] {
            assert_eq!(numeric(name.as_bytes()), None, "{name}");
        }
        for scoped in ["fe80::1", "ff01::1", "ff02::1", "ff12::1"] {
            let zoned = alloc::format!("{scoped}%lo");
            assert_eq!(numeric(zoned.as_bytes()), Some(scoped.parse().unwrap()));
        }
        assert_eq!(numeric(b"ff0e::1%lo"), None);
        assert_eq!(numeric(b"::1%1"), Some("::1".parse().unwrap()));
    }

    #[test]
    fn prefixes_are_read_as_strtol_does() {
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        for (text, bits) in [
            ("24", Some(24)),
            ("024", Some(24)),
            ("+24", Some(24)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("32", Some(32)),
            ("", None),
            ("33", None),
            ("24x", None),
            ("-1", None),
            ("255.255.255.0", None),
            ("99999999999", None),
        ] {
            assert_eq!(prefix(any, text.as_bytes()), bits, "{text}");
        }
    }

    #[test]
    fn an_address_and_its_mask_are_given_back() {
        let of = |address: &str, mask: &str| {
            Masked::new(address.parse().unwrap(), mask.parse().unwrap())
        };
        for (address, mask) in [
            ("10.0.0.7", "255.0.255.0"),
            ("10.0.0.7", "0.0.0.0"),
            ("fd00::7", "ffff::"),
            ("fd00::7", "::"),
            ("fd00::7", "ffff:0:ffff::1"),
        ] {
            let masked = of(address, mask).unwrap();
            assert_eq!(alloc::format!("{}", masked.address()), address);
            assert_eq!(alloc::format!("{}", masked.mask()), mask);
        }
        assert_eq!(of("10.0.0.7", "ffff::"), None);
        assert_eq!(of("fd00::7", "255.0.0.0"), None);
        assert_eq!(
            of("fd00::7", "ffff::"),
            Some(Masked::of_prefix("fd00::7".parse().unwrap(), 16))
        );
    }

    #[test]
    fn networks_drop_the_bits_outside_their_prefix() {
        let network: Network = "192.168.1.5/24".parse().unwrap();
        assert_eq!(alloc::format!("{network}"), "192.168.1.0/24");
        assert!(network.contains("192.168.1.255".parse().unwrap()));
        assert!(!network.contains("192.168.2.0".parse().unwrap()));
        assert!(
            !"::/0"
                .parse::<Network>()
                .unwrap()
                .contains("1.2.3.4".parse().unwrap())
        );
        assert_eq!("10.0.0.1".parse::<Network>().unwrap().bits(), 32);
        for text in [
            "10",
            "10/8",
            "::1%lo",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "x",
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork), "{text}");
        }
    }
}
