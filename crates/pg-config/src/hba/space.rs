//! Sets of addresses, exact, and how far the address field of a rule reaches in them.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Address, Connection, Site};

/// A set of addresses of both families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AddressSet {
    v4: Ranges,
    v6: Ranges,
}

/// Ascending, apart, ends included.
type Ranges = Vec<(u128, u128)>;

impl AddressSet {
    pub(super) fn all() -> Self {
        Self {
            v4: alloc::vec![(0, u128::from(u32::MAX))],
            v6: alloc::vec![(0, u128::MAX)],
        }
    }

    pub(super) const fn empty() -> Self {
        Self {
            v4: Vec::new(),
            v6: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// An address of the set: the lowest, but for the first one of a network where there is another.
    pub(super) fn example(&self) -> Option<IpAddr> {
        let pick = |ranges: &Ranges| {
            ranges
                .first()
                .map(|&(low, high)| if low < high { low + 1 } else { low })
        };
        let v4 = pick(&self.v4).and_then(|bits| u32::try_from(bits).ok());
        let v4 = v4.map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
        v4.or_else(|| pick(&self.v6).map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))))
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        Self {
            v4: intersect(&self.v4, &other.v4),
            v6: intersect(&self.v6, &other.v6),
        }
    }

    pub(super) fn subtract(&self, other: &Self) -> Self {
        Self {
            v4: subtract(&self.v4, &other.v4),
            v6: subtract(&self.v6, &other.v6),
        }
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self {
            v4: union(&self.v4, &other.v4),
            v6: union(&self.v6, &other.v6),
        }
    }

    fn range(family: IpAddr, low: u128, high: u128) -> Self {
        let ranges = alloc::vec![(low, high)];
        match family {
            IpAddr::V4(_) => Self {
                v4: ranges,
                v6: Vec::new(),
            },
            IpAddr::V6(_) => Self {
                v4: Vec::new(),
                v6: ranges,
            },
        }
    }
}

/// The addresses that a rule surely matches, and those that it may match, which are no fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) sure: AddressSet,
    pub(super) may: AddressSet,
}

impl Reach {
    /// How far an address field reaches; none of it on a Unix socket is all.
    pub(super) fn of(address: Option<&Address>, site: &Site) -> Self {
        match address {
            None | Some(Address::All) => Self::exactly(AddressSet::all()),
            Some(Address::Masked { address, mask }) => Self::masked(*address, *mask),
            Some(Address::HostName(_)) => Self::unknown(),
            Some(keyword) => {
                let Some(interfaces) = &site.interfaces else {
                    return Self::unknown();
                };
                let mut all = Self::exactly(AddressSet::empty());
                for interface in interfaces {
                    let reach = match keyword {
                        Address::SameHost => {
                            Self::masked(interface.address, all_ones(interface.address))
                        }
                        _ => Self::masked(interface.address, interface.netmask),
                    };
                    all.sure = all.sure.union(&reach.sure);
                    all.may = all.may.union(&reach.may);
                }
                all
            }
        }
    }

    fn exactly(set: AddressSet) -> Self {
        Self {
            sure: set.clone(),
            may: set,
        }
    }

    fn unknown() -> Self {
        Self {
            sure: AddressSet::empty(),
            may: AddressSet::all(),
        }
    }

    /// A mask with holes gives a range that holds all of its addresses, and others.
    fn masked(address: IpAddr, mask: IpAddr) -> Self {
        let ((address_bits, mask_bits), width) = match (address, mask) {
            (IpAddr::V4(a), IpAddr::V4(m)) => ((a.to_bits().into(), m.to_bits().into()), 32),
            (IpAddr::V6(a), IpAddr::V6(m)) => ((a.to_bits(), m.to_bits()), 128),
            _ => return Self::exactly(AddressSet::empty()),
        };
        let full = u128::MAX >> (128 - width);
        let rest: u128 = full & !mask_bits;
        let low = address_bits & mask_bits;
        let range = AddressSet::range(address, low, low | rest);
        let contiguous = rest & (rest.wrapping_add(1)) == 0;
        if contiguous {
            return Self::exactly(range);
        }
        Self {
            sure: AddressSet::empty(),
            may: range,
        }
    }
}

/// Whether an address field matches an address; none where only the server can tell.
pub(super) fn address_matches(
    field: Option<&Address>,
    connection: &Connection,
    site: &Site,
) -> Option<bool> {
    let field = match field {
        None | Some(Address::All) => return Some(true),
        Some(Address::HostName(name)) => return connection.host_name.is_met_by(name),
        Some(field) => field,
    };
    let address = connection.address?;
    match field {
        Address::Masked { address: own, mask } => Some(in_range(address, *own, *mask)),
        _ => {
            let interfaces = site.interfaces.as_ref()?;
            Some(interfaces.iter().any(|i| {
                let mask = if *field == Address::SameHost {
                    all_ones(i.address)
                } else {
                    i.netmask
                };
                in_range(address, i.address, mask)
            }))
        }
    }
}

/// `ifaddr.c`, `pg_range_sockaddr`, after `hba.c`, `check_ip` has compared the families.
fn in_range(address: IpAddr, own: IpAddr, mask: IpAddr) -> bool {
    match (address, own, mask) {
        (IpAddr::V4(a), IpAddr::V4(o), IpAddr::V4(m)) => {
            (a.to_bits() ^ o.to_bits()) & m.to_bits() == 0
        }
        (IpAddr::V6(a), IpAddr::V6(o), IpAddr::V6(m)) => {
            (a.to_bits() ^ o.to_bits()) & m.to_bits() == 0
        }
        _ => false,
    }
}

fn all_ones(address: IpAddr) -> IpAddr {
    super::address::mask_of(address, 128)
}

fn intersect(a: &Ranges, b: &Ranges) -> Ranges {
    let mut out = Ranges::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(&(a_low, a_high)), Some(&(b_low, b_high))) = (a.get(i), b.get(j)) {
        let (low, high) = (a_low.max(b_low), a_high.min(b_high));
        if low <= high {
            out.push((low, high));
        }
        if a_high < b_high {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

fn subtract(a: &Ranges, b: &Ranges) -> Ranges {
    let mut out = Ranges::new();
    let mut first = 0;
    for &(mut low, high) in a {
        while b.get(first).is_some_and(|&(_, b_high)| b_high < low) {
            first += 1;
        }
        let mut covered = false;
        for &(b_low, b_high) in &b[first..] {
            if b_low > high {
                break;
            }
            if b_low > low {
                out.push((low, b_low - 1));
            }
            if b_high >= high {
                covered = true;
                break;
            }
            low = b_high + 1;
        }
        if !covered {
            out.push((low, high));
        }
    }
    out
}

fn union(a: &Ranges, b: &Ranges) -> Ranges {
    let mut all: Ranges = a.iter().chain(b).copied().collect();
    all.sort_unstable();
    let mut out = Ranges::new();
    for (low, high) in all {
        match out.last_mut() {
            Some((_, last)) if low <= last.saturating_add(1) => *last = (*last).max(high),
            _ => out.push((low, high)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hba::{HostName, Transport};
    use alloc::string::String;
    use proptest::prelude::*;

    fn small() -> impl Strategy<Value = Ranges> {
        proptest::collection::vec((0_u128..20, 0_u128..6), 0..4).prop_map(|list| {
            list.into_iter().fold(Ranges::new(), |all, (low, length)| {
                union(&all, &alloc::vec![(low, low + length)])
            })
        })
    }

    fn holds(ranges: &Ranges, x: u128) -> bool {
        ranges.iter().any(|&(low, high)| low <= x && x <= high)
    }

    proptest! {
        #[test]
        fn the_algebra_is_that_of_sets(a in small(), b in small()) {
            for x in 0..30 {
                prop_assert_eq!(holds(&intersect(&a, &b), x), holds(&a, x) && holds(&b, x));
                prop_assert_eq!(holds(&subtract(&a, &b), x), holds(&a, x) && !holds(&b, x));
                prop_assert_eq!(holds(&union(&a, &b), x), holds(&a, x) || holds(&b, x));
            }
            for result in [intersect(&a, &b), subtract(&a, &b), union(&a, &b)] {
                prop_assert!(result.windows(2).all(|w| w[0].1 < w[1].0), "{result:?}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_hold() {
        let all = AddressSet::all();
        assert!(all.subtract(&all).is_empty());
        assert_eq!(all.intersect(&all), all);
        assert_eq!(all.union(&all), all);
        let zero = Reach::masked("0.0.0.0".parse().unwrap(), "0.0.0.0".parse().unwrap());
        assert_eq!(zero.sure.v4, all.v4);
        let six = Reach::masked("::".parse().unwrap(), "::".parse().unwrap());
        assert_eq!(six.sure.union(&zero.sure), all);
    }

    #[test]
    fn a_mask_with_holes_is_known_for_single_addresses_only() {
        let field = Address::Masked {
            address: "10.0.0.7".parse().unwrap(),
            mask: "255.0.0.255".parse().unwrap(),
        };
        let site = Site::default();
        let matches = |address: &str| {
            let connection = Connection {
                transport: Transport::Plain,
                database: String::new(),
                role: String::new(),
                member_of: None,
                address: Some(address.parse().unwrap()),
                host_name: HostName::Unknown,
                physical_replication: false,
            };
            address_matches(Some(&field), &connection, &site)
        };
        assert_eq!(matches("10.1.2.7"), Some(true));
        assert_eq!(matches("10.1.2.8"), Some(false));
        let reach = Reach::of(Some(&field), &site);
        assert!(reach.sure.is_empty());
        assert_eq!(reach.may.v4, [(0x0a00_0007, 0x0aff_ff07)]);
    }
}
