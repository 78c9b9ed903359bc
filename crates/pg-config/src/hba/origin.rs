//! Where TCP connections come from, as a conjunction of address fields: addresses, networks of the server, host names.

use alloc::string::String;
use alloc::vec::Vec;

use super::cube::Cube;
use super::{Address, HostName, Interface, List, Site};

/// All clients that several address fields match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    /// Their addresses: those of any of these.
    pub(super) cubes: Cubes,
    /// Which of the server's own networks they are in, where its interfaces are not known.
    pub(super) near: Near,
    /// Their host name, or the end of it that begins with a dot.
    pub(super) name: Option<&'a [u8]>,
}

/// A union of sets of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cubes {
    /// All addresses of both families.
    All,
    /// Those of any of these.
    Of(List<Cube>),
}

impl Cubes {
    pub(super) fn each(&self) -> &[Cube] {
        match self {
            Self::All => &Cube::ALL,
            Self::Of(cubes) => cubes,
        }
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, some) | (some, Self::All) => some.clone(),
            (Self::Of(ours), Self::Of(theirs)) => {
                let pairs = ours.iter().flat_map(|a| theirs.iter().map(|b| a.and(*b)));
                pairs.flatten().collect()
            }
        }
    }
}

impl FromIterator<Cube> for Cubes {
    fn from_iter<I: IntoIterator<Item = Cube>>(cubes: I) -> Self {
        Self::Of(cubes.into_iter().collect())
    }
}

/// `samehost` and `samenet` while nobody knows the interfaces: an address of the server is in a network of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Near {
    No,
    Net,
    Host,
}

impl<'a> Origin<'a> {
    /// From anywhere.
    pub(super) const fn anywhere() -> Self {
        Self {
            cubes: Cubes::All,
            near: Near::No,
            name: None,
        }
    }

    /// What an address field matches; `local` rules have none, and match any.
    pub(super) fn of(address: Option<&'a Address>, site: &Site) -> Self {
        let mut origin = Self::anywhere();
        match (address, &site.interfaces) {
            (None | Some(Address::All), _) => {}
            (Some(Address::Masked(masked)), _) => {
                let cube = Cube::masked(masked.address(), masked.mask());
                origin.cubes = cube.into_iter().collect();
            }
            // Nobody is called nothing.
            (Some(Address::HostName(name)), _) if name.is_empty() => {
                origin.cubes = Cubes::from_iter([]);
            }
            (Some(Address::HostName(name)), _) => origin.name = Some(name),
            (Some(own), Some(interfaces)) => {
                let cubes = interfaces
                    .iter()
                    .filter_map(|interface| interface.cube(own));
                origin.cubes = cubes.collect();
            }
            (Some(Address::SameHost), None) => origin.near = Near::Host,
            (Some(Address::SameNet), None) => origin.near = Near::Net,
        }
        origin
    }

    /// The clients of both; none where there are none.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        let cubes = self.cubes.and(&other.cubes);
        let name = match (self.name, other.name) {
            (Some(a), Some(b)) => Some(both_names(a, b)?),
            (a, b) => a.or(b),
        };
        (!cubes.each().is_empty()).then_some(Self {
            cubes,
            near: self.near.max(other.near),
            name,
        })
    }

    /// The name that a client of these bears who is in as few rules as may be; empty where it needs none.
    pub(super) fn example_name(&self, stranger: &str) -> Vec<u8> {
        match self.name {
            None => Vec::new(),
            Some(name @ [b'.', ..]) => [stranger.as_bytes(), name].concat(),
            Some(name) => name.to_vec(),
        }
    }
}

/// What a server finds that finds this name; none where it is no text.
pub(super) fn found(name: &[u8]) -> Option<HostName> {
    match name {
        [] => Some(HostName::Unverified),
        name => core::str::from_utf8(name)
            .ok()
            .map(|name| HostName::Verified(String::from(name))),
    }
}

impl Interface {
    /// The addresses that `samehost` or `samenet` takes from it (`hba.c`, `check_network_callback`).
    pub(super) fn cube(&self, field: &Address) -> Option<Cube> {
        match field {
            Address::SameHost => Some(Cube::of_one(self.address)),
            // A mask of zeros, or of the other family, is as good as none (`ifaddr.c`, `run_ifaddr_callback`).
            Address::SameNet if self.netmask.is_unspecified() => Some(Cube::of_one(self.address)),
            Address::SameNet => {
                Cube::masked(self.address, self.netmask).or(Some(Cube::of_one(self.address)))
            }
            _ => None,
        }
    }
}

/// The stricter of two names or ends of names; none where no name meets both.
fn both_names<'a>(a: &'a [u8], b: &'a [u8]) -> Option<&'a [u8]> {
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let end = &long[long.len() - short.len()..];
    let met =
        end.eq_ignore_ascii_case(short) && (long.len() == short.len() || short.starts_with(b"."));
    met.then_some(long)
}

/// A host name as a key: without case.
pub(super) fn folded(name: &[u8]) -> Vec<u8> {
    name.to_ascii_lowercase()
}
