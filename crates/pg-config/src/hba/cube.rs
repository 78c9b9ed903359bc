//! Addresses as rules write them: all that agree with one in the bits of a mask, whatever the mask's shape.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses of a family that have these bits where the mask has ones (`ifaddr.c`, `pg_range_sockaddr`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cube {
    pub(super) family: Family,
    /// Zero outside the mask.
    bits: u128,
    mask: u128,
}

/// Rules of one family never match clients of the other (`hba.c`, `check_ip`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// Ones where its addresses have bits.
    const fn full(self) -> u128 {
        match self {
            Self::V4 => u32::MAX as u128,
            Self::V6 => u128::MAX,
        }
    }

    /// Ones behind a prefix of so many bits.
    fn behind(self, length: u8) -> u128 {
        self.full().checked_shr(u32::from(length)).unwrap_or(0)
    }

    /// The first address of the network with this prefix length that an address is in.
    pub(super) fn start(self, address: u128, length: u8) -> u128 {
        address & !self.behind(length)
    }

    /// The last address of the network that begins there.
    pub(super) fn end(self, start: u128, length: u8) -> u128 {
        start | self.behind(length)
    }
}

/// Whether a client's address is among those that agree with `address` in the bits of `mask`: [`Cube::holds`] for one.
pub(super) fn agree(address: IpAddr, mask: IpAddr, client: IpAddr) -> bool {
    match (address, mask, client) {
        (IpAddr::V4(a), IpAddr::V4(m), IpAddr::V4(c)) => {
            (a.to_bits() ^ c.to_bits()) & m.to_bits() == 0
        }
        (IpAddr::V6(a), IpAddr::V6(m), IpAddr::V6(c)) => {
            (a.to_bits() ^ c.to_bits()) & m.to_bits() == 0
        }
        _ => false,
    }
}

/// The search for a free address was given up: masks with holes make it exponential.
#[derive(Debug)]
pub(super) struct GivenUp;

/// How many parts a cube is cut into before [`GivenUp`].
pub(super) const PATIENCE: u32 = 20_000;

impl Cube {
    /// Every address.
    pub(super) const ALL: [Self; 2] = [Self::whole(Family::V4), Self::whole(Family::V6)];

    const fn whole(family: Family) -> Self {
        Self {
            family,
            bits: 0,
            mask: 0,
        }
    }

    /// A single address.
    pub(super) const fn of_one(address: IpAddr) -> Self {
        let (family, bits) = match address {
            IpAddr::V4(a) => (Family::V4, a.to_bits() as u128),
            IpAddr::V6(a) => (Family::V6, a.to_bits()),
        };
        Self {
            family,
            bits,
            mask: family.full(),
        }
    }

    /// None where the families differ.
    pub(super) fn masked(address: IpAddr, mask: IpAddr) -> Option<Self> {
        let (family, bits, mask) = match (address, mask) {
            (IpAddr::V4(a), IpAddr::V4(m)) => (Family::V4, a.to_bits().into(), m.to_bits().into()),
            (IpAddr::V6(a), IpAddr::V6(m)) => (Family::V6, a.to_bits(), m.to_bits()),
            _ => return None,
        };
        Some(Self {
            family,
            bits: bits & mask,
            mask,
        })
    }

    /// The addresses of both.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let differ = (self.bits ^ other.bits) & self.mask & other.mask != 0;
        (self.family == other.family && !differ).then_some(Self {
            bits: self.bits | other.bits,
            mask: self.mask | other.mask,
            ..self
        })
    }

    /// Whether all addresses of the other are in it.
    pub(super) fn holds(self, other: Self) -> bool {
        self.mask & !other.mask == 0 && self.and(other).is_some()
    }

    fn free_bits(self) -> u128 {
        self.family.full() & !self.mask
    }

    /// The lowest and the highest address as numbers.
    pub(super) fn ends(self) -> (u128, u128) {
        (self.bits, self.bits | self.free_bits())
    }

    /// Whether it is a network in CIDR notation: its mask has no holes.
    pub(super) fn is_network(self) -> bool {
        let free = self.free_bits();
        free & free.wrapping_add(1) == 0
    }

    /// How many bits a network's prefix has.
    pub(super) fn length(self) -> u8 {
        u8::try_from(self.mask.count_ones()).unwrap_or(u8::MAX)
    }

    /// The network from `low` to `high`.
    pub(super) fn network(family: Family, low: u128, high: u128) -> Self {
        Self {
            family,
            bits: low,
            mask: family.full() & !(low ^ high),
        }
    }

    /// One of its addresses: the lowest, but for the first one of a network.
    fn example(self) -> u128 {
        self.bits | (self.free_bits() & 1)
    }

    /// An address of it that is in none of `taken`; none where they take all of it, then `owners` has got the owners of
    /// enough of them.
    pub(super) fn outside(
        self,
        taken: &[(Self, usize)],
        owners: &mut BTreeSet<usize>,
        patience: &mut u32,
    ) -> Result<Option<u128>, GivenUp> {
        *patience = patience.checked_sub(1).ok_or(GivenUp)?;
        let met: Vec<(Self, usize)> = taken
            .iter()
            .filter(|(cube, _)| cube.and(self).is_some())
            .copied()
            .collect();
        if let Some((_, owner)) = met.iter().find(|(cube, _)| cube.holds(self)) {
            owners.insert(*owner);
            return Ok(None);
        }
        // Where the one that needs the fewest bits more begins to differ.
        let missing = met.iter().map(|(cube, _)| cube.mask & !self.mask);
        let Some(bits) = missing.min_by_key(|bits| bits.count_ones()) else {
            return Ok(Some(self.example()));
        };
        let bit = 1 << bits.ilog2();
        for value in [0, bit] {
            let half = Self {
                bits: self.bits | value,
                mask: self.mask | bit,
                ..self
            };
            if let Some(free) = half.outside(&met, owners, patience)? {
                return Ok(Some(free));
            }
        }
        Ok(None)
    }
}

/// The address that is this number.
pub(super) fn address(family: Family, bits: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX))),
        Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Cubes that differ in the last four bits only.
    fn small() -> impl Strategy<Value = Cube> {
        (0_u32..16, 0_u32..16).prop_map(|(bits, mask)| {
            let address = Ipv4Addr::from_bits(0x0a00_0000 | bits);
            let mask = Ipv4Addr::from_bits(0xffff_fff0 | mask);
            Cube::masked(address.into(), mask.into()).unwrap()
        })
    }

    fn has(cube: Cube, number: u128) -> bool {
        (number ^ cube.bits) & cube.mask == 0
    }

    proptest! {
        #[test]
        fn cubes_are_sets(a in small(), b in small(), taken in proptest::collection::vec(small(), 0..6)) {
            let numbers = || 0x0a00_0000..0x0a00_0010;
            for number in numbers() {
                let both = a.and(b).is_some_and(|both| has(both, number));
                prop_assert_eq!(both, has(a, number) && has(b, number));
            }
            let holds = numbers().all(|number| !has(b, number) || has(a, number));
            prop_assert_eq!(a.holds(b), holds);

            let taken: Vec<_> = taken.into_iter().zip(0..).collect();
            let in_one = |number, by: &dyn Fn(usize) -> bool| {
                taken.iter().any(|(cube, owner)| by(*owner) && has(*cube, number))
            };
            let mut owners = BTreeSet::new();
            match a.outside(&taken, &mut owners, &mut PATIENCE.clone()).unwrap() {
                Some(free) => prop_assert!(has(a, free) && !in_one(free, &|_| true)),
                None => for number in numbers().filter(|number| has(a, *number)) {
                    prop_assert!(in_one(number, &|owner| owners.contains(&owner)));
                },
            }
        }
    }

    #[test]
    fn networks_are_known_by_their_ends() {
        let cube = |address: &str, mask: &str| {
            Cube::masked(address.parse().unwrap(), mask.parse().unwrap()).unwrap()
        };
        let network = cube("10.1.2.3", "255.255.0.0");
        let (low, high) = network.ends();
        assert_eq!(Cube::network(Family::V4, low, high), network);
        assert!(network.is_network() && cube("::", "::").is_network());
        assert!(!cube("10.0.0.7", "255.0.0.255").is_network());
        assert_eq!(cube("::", "::").ends(), (0, u128::MAX));
        assert_eq!(
            address(Family::V4, network.example()),
            "10.1.0.1".parse::<IpAddr>().unwrap()
        );
    }

    #[test]
    fn what_would_take_ages_is_given_up() {
        // Every pair of neighbouring bits, one and zero: no prefix of bits settles anything.
        let taken: Vec<_> = (0..127)
            .map(|bit| Cube {
                family: Family::V6,
                bits: 1 << bit,
                mask: 3 << bit,
            })
            .zip(0..)
            .collect();
        let mut patience = 50;
        let all = Cube::ALL[1];
        assert!(
            all.outside(&taken, &mut BTreeSet::new(), &mut patience)
                .is_err()
        );
    }
}
