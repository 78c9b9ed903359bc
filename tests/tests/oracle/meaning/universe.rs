//! A world small enough to look at every connection of it, and large enough that whatever there can be outside of it is
//! told apart by no rule: for each thing that rules may name there is one that none names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use e2e::first_match::{Client, Interface, Pattern, Rule, Way};
use e2e::generated::Dice;
use e2e::generated::meaning::{Addresses, Vocabulary};

/// Words without regular expressions.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    databases: &["d0", "r0", "g0"],
    roles: &["r0", "r1", "g0"],
    groups: &["g0", "g1", "r0"],
    patterns: &[],
    pattern_names: &[],
    hosts: &["ex", "a.ex", ".ex", ".A.ex", "A.EX", "b.a.ex"],
    addresses: Addresses {
        addresses: &[
            "10.0.0.0",
            "10.0.0.1",
            "10.0.0.5",
            "10.0.0.6",
            "10.0.0.11",
            "10.0.0.12",
            "10.0.0.14",
            "fd00::",
            "fd00::1",
            "fd00::2",
        ],
        bits4: &[0, 28, 28, 29, 29, 29, 30, 31, 32],
        bits6: &[0, 126, 127, 128],
        odd: &[
            "255.255.255.245",
            "255.255.255.250",
            "255.255.255.241",
            "0.0.0.1",
            "0.0.0.10",
            "0.0.0.4",
            "255.255.255.254",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffd",
            "::1",
            "::2",
        ],
        whole: &[],
    },
    methods: METHODS,
    own_addresses: 0,
};

/// The same and regular expressions. That some match a name that is not here is why there are more names.
pub(super) const WITH_PATTERNS: Vocabulary = Vocabulary {
    patterns: &[
        Pattern {
            text: "^r",
            found_in: |name| name.starts_with('r'),
        },
        Pattern {
            text: "",
            found_in: |_| true,
        },
        Pattern {
            text: "^[gd]0$",
            found_in: |name| name == "g0" || name == "d0",
        },
        Pattern {
            text: "^(r|g)0",
            found_in: |name| name.starts_with("r0") || name.starts_with("g0"),
        },
        Pattern {
            text: "1|^x",
            found_in: |name| name.contains('1') || name.starts_with('x'),
        },
        Pattern {
            text: "^r0$",
            found_in: |name| name == "r0",
        },
        Pattern {
            text: "^r[0-9]",
            found_in: |name| {
                name.strip_prefix('r')
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            },
        },
    ],
    pattern_names: &[
        "/^r", "/", "/^[gd]0$", "/^(r|g)0", "/1|^x", "/^r0$", "/^r[0-9]",
    ],
    ..VOCABULARY
};

/// How roles prove themselves, as it is written.
const METHODS: &[&str] = &[
    "md5",
    "md5",
    "trust",
    "reject",
    "reject",
    "pam pamservice=a",
    "pam pamservice=b",
    "pam pamservice=b pamservice=a",
];

/// What comes of it, told apart by a letter; `reject` is the same as to match no rule.
pub(super) fn outcome(rule: Option<&Rule>) -> char {
    match rule.map(|rule| rule.method) {
        None | Some("reject") => 'r',
        Some("md5") => 'm',
        Some("trust") => 't',
        Some("pam pamservice=b") => 'b',
        Some(_) => 'a',
    }
}

/// The server's addresses, where they are known.
pub(super) fn interfaces() -> Vec<Interface> {
    [
        ("10.0.0.5", "255.255.255.252"),
        ("10.0.0.14", "255.255.255.255"),
        ("fd00::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
    ]
    .iter()
    .map(|(address, mask)| (address.parse().unwrap(), mask.parse().unwrap()))
    .collect()
}

/// Roles; those that are called like databases are here for `sameuser`.
const ROLES: [&str; 6] = ["r0", "r1", "g0", "g1", "d0", "somebody"];
/// Roles and names that only patterns tell from the others.
const MORE: [&str; 4] = ["r", "r2", "x", "y1"];
/// What a role may be a member of.
const GROUPS: [&str; 5] = ["g0", "g1", "r0", "d0", "a group"];
/// Databases; that of a role's own name comes with the role.
const DATABASES: [&str; 6] = ["d0", "r0", "g0", "g1", "a group", "another"];
const HOSTS: [&str; 8] = [
    "ex", "a.ex", "b.a.ex", "c.ex", "c.a.ex", "c.b.a.ex", "bex", "host",
];

/// One connection of the world, by chance.
pub(super) fn client(dice: &mut Dice, with_patterns: bool) -> Client<'static> {
    let more: &[&str] = if with_patterns { &MORE } else { &[] };
    let role = dice.one_of(&[&ROLES, more].concat());
    let way = dice.one_of(&Way::ALL);
    let far = way != Way::Socket;
    Client {
        way,
        database: (!dice.once_in(6)).then(|| dice.one_of(&[&DATABASES, more, &[role]].concat())),
        role,
        member_of: GROUPS.into_iter().filter(|_| dice.once_in(3)).collect(),
        address: far.then(|| dice.one_of(&addresses())),
        host_name: (far && dice.once_in(2)).then(|| dice.one_of(&HOSTS)),
    }
}

/// Which rules of a list match: a bit for each.
pub(super) type Mask = u128;

/// Every connection of the world, by which rules match the parts of it: those that the same rules match are one.
#[derive(Debug)]
pub(super) struct Universe {
    /// With each, whether it is that of the socket, where all come from the same place.
    ways: BTreeSet<(Mask, bool)>,
    logins: BTreeSet<Mask>,
    origins: BTreeSet<Mask>,
}

impl Universe {
    /// The world, seen by these rules (at most 128). Where the server's interfaces are not given, each address may be of
    /// its networks and of itself.
    pub(super) fn of(rules: &[&Rule], with_patterns: bool, known: Option<&[Interface]>) -> Self {
        assert!(rules.len() <= 128);
        let mask = |matches: &dyn Fn(&Rule) -> bool| {
            let bits = rules.iter().enumerate();
            bits.fold(0, |all, (at, rule)| all | Mask::from(matches(rule)) << at)
        };
        let ways = Way::ALL
            .iter()
            .map(|way| (mask(&|rule| rule.takes_way(*way)), *way == Way::Socket));
        // Groups that no rule asks about need not vary.
        let asked = |group: &&str| rules.iter().any(|rule| rule.asks_about(group));
        let groups: Vec<&str> = GROUPS.into_iter().filter(asked).collect();
        let mut logins = BTreeSet::new();
        let more: &[&str] = if with_patterns { &MORE } else { &[] };
        for role in ROLES.iter().chain(more) {
            for chosen in 0..1_u32 << groups.len() {
                let groups: Vec<&str> = (0..groups.len())
                    .filter(|at| chosen >> at & 1 == 1)
                    .map(|at| groups[at])
                    .collect();
                let databases = DATABASES.iter().chain(more).chain([role]);
                for database in databases.map(|name| Some(*name)).chain([None]) {
                    logins.insert(mask(&|rule| rule.takes_login(database, role, &groups)));
                }
            }
        }
        let mut origins = BTreeSet::new();
        for address in addresses() {
            let near: Vec<Vec<Interface>> = match known {
                Some(known) => vec![known.to_vec()],
                None => possible(address),
            };
            for name in HOSTS.iter().map(|name| Some(*name)).chain([None]) {
                for interfaces in &near {
                    let from = |rule: &Rule| rule.takes_origin(Some(address), name, interfaces);
                    origins.insert(mask(&from));
                }
            }
        }
        Self {
            ways: ways.collect(),
            logins,
            origins,
        }
    }

    /// Of every connection, which rules match it.
    pub(super) fn matches(&self) -> Vec<Mask> {
        let mut found = Vec::new();
        for (way, at_socket) in &self.ways {
            let seen = |parts: &BTreeSet<Mask>| -> BTreeSet<Mask> {
                parts.iter().map(|part| way & part).collect()
            };
            let origins = if *at_socket {
                BTreeSet::from([*way])
            } else {
                seen(&self.origins)
            };
            for login in seen(&self.logins) {
                found.extend(origins.iter().map(|origin| login & origin));
            }
        }
        found
    }
}

/// The interfaces that a server may have, as far as one client's address tells them apart.
pub(super) fn possible(address: IpAddr) -> Vec<Vec<Interface>> {
    let (ones, neighbour): (IpAddr, IpAddr) = match address {
        IpAddr::V4(a) => (
            [255; 4].into(),
            std::net::Ipv4Addr::from_bits(a.to_bits() ^ 1).into(),
        ),
        IpAddr::V6(a) => (
            [255_u8; 16].into(),
            std::net::Ipv6Addr::from_bits(a.to_bits() ^ 1).into(),
        ),
    };
    let zeros = if address.is_ipv4() { "0.0.0.0" } else { "::" };
    vec![
        vec![],
        vec![(neighbour, zeros.parse().unwrap())],
        vec![(address, ones)],
    ]
}

/// Those that the masks tell apart: the last four bits of IPv4 and the last two of IPv6, in the networks that rules name
/// and outside of them.
fn addresses() -> Vec<IpAddr> {
    let mut all = Vec::new();
    for last in 0..16_u8 {
        all.push(IpAddr::from([10, 0, 0, last]));
        all.push(IpAddr::from([192, 0, 2, last]));
    }
    for last in 0..4_u16 {
        all.push(IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, last]));
        all.push(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]));
    }
    all
}
