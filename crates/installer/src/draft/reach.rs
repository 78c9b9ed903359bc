//! Which addresses lead to the server from its own machine, and whether a rule covers them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pg_config::hba::Source;
use pg_host::ServerFacts;

/// What the server listens on, as `listen_addresses` says (`postmaster.c`, `PostmasterMain`).
pub(super) struct Listening {
    entries: Vec<Entry>,
    own: Vec<IpAddr>,
}

enum Entry {
    Any,
    AnyV4,
    AnyV6,
    Address(IpAddr),
    /// A name whose addresses are not known here.
    Name,
}

impl Listening {
    /// As the setting says; `listen` is the value that it will have.
    pub(super) fn of(host: &ServerFacts, listen: Option<&str>) -> Self {
        let setting = listen.unwrap_or_else(|| host.settings.value("listen_addresses"));
        let mut entries = Vec::new();
        for entry in setting
            .split(',')
            .map(|entry| entry.trim().trim_matches('"'))
            .filter(|entry| !entry.is_empty())
        {
            match entry.parse::<IpAddr>() {
                Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => entries.push(Entry::AnyV4),
                Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => entries.push(Entry::AnyV6),
                Ok(address) => entries.push(Entry::Address(address)),
                Err(_) if entry == "*" => entries.push(Entry::Any),
                Err(_) if entry == "localhost" => entries.extend(LOOPBACK.map(Entry::Address)),
                Err(_) => entries.push(Entry::Name),
            }
        }
        let mut own = LOOPBACK.to_vec();
        own.extend(
            host.interfaces
                .iter()
                .map(|interface| interface.address)
                .filter(|address| !is_link_local(*address)),
        );
        Listening { entries, own }
    }

    /// The machine's own addresses that lead to the server, loopback first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.own.iter().copied().filter(|address| self.on(*address))
    }

    /// Whether a connection to this address reaches the server.
    pub(super) fn on(&self, address: IpAddr) -> bool {
        // All of 127.0.0.0/8 leads here; a server on 127.0.0.1 hears only that one.
        let own = self.own.contains(&address) || address.is_loopback();
        own && self.entries.iter().any(|entry| match entry {
            Entry::Any => true,
            Entry::AnyV4 => address.is_ipv4(),
            Entry::AnyV6 => address.is_ipv6(),
            Entry::Address(listening) => *listening == address,
            Entry::Name => !address.is_loopback(),
        })
    }

    /// Whether it listens to other machines, by IPv4 (`true`) or IPv6 as `family` admits.
    fn hears(&self, family: impl Fn(bool) -> bool) -> bool {
        self.entries.iter().any(|entry| match entry {
            Entry::Any | Entry::Name => true,
            Entry::AnyV4 => family(true),
            Entry::AnyV6 => family(false),
            Entry::Address(address) => !address.is_loopback() && family(address.is_ipv4()),
        })
    }

    /// Whether somebody in these networks can reach the server at all.
    pub(super) fn reachable_from(&self, from: &Source) -> bool {
        match from {
            Source::All | Source::SameHost => !self.entries.is_empty(),
            Source::Network(network) if network.address().is_loopback() => {
                self.addresses().any(|address| address.is_loopback())
            }
            Source::SameNet => self.hears(|_| true),
            Source::Network(network) => self.hears(|v4| v4 == network.address().is_ipv4()),
        }
    }
}

/// Whether a connection from this machine to its own `address` comes from one of these networks.
pub(super) fn covers(from: &[Source], address: IpAddr) -> bool {
    // The kernel takes the address itself as the source, but 127.0.0.1 for all of 127.0.0.0/8.
    let source = if address.is_ipv4() && address.is_loopback() {
        LOOPBACK[0]
    } else {
        address
    };
    from.iter().any(|from| match from {
        Source::All | Source::SameHost | Source::SameNet => true,
        Source::Network(network) => network.contains(source),
    })
}

/// An address that needs an interface beside it to mean anything.
fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

const LOOPBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];
