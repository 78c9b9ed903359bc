//! A world small enough to look at every connection of it, and large enough that whatever there can be outside of it is
//! told apart by no rule: for each thing that rules may name there is one that none names.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::OnceLock;

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

/// The same and regular expressions.
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
            found_in: |name| name.starts_with('r') && is_digit(name, 1),
        },
        Pattern {
            text: "^[^r]",
            found_in: |name| !name.starts_with('r'),
        },
        Pattern {
            text: "^(r0|r1|g0)$",
            found_in: |name| ["r0", "r1", "g0"].contains(&name),
        },
        Pattern {
            text: "^(?:d0|r0|g0)+$",
            found_in: |name| {
                !name.is_empty()
                    && name
                        .as_bytes()
                        .chunks(2)
                        .all(|two| [b"d0", b"r0", b"g0"].iter().any(|one| *one == two))
            },
        },
        Pattern {
            text: "^d[0-9]$",
            found_in: |name| name.len() == 2 && name.starts_with('d') && is_digit(name, 1),
        },
        Pattern {
            text: "^d[0-4]",
            found_in: |name| {
                name.starts_with('d') && matches!(name.as_bytes().get(1), Some(b'0'..=b'4'))
            },
        },
        Pattern {
            text: "^d[5-9]|^[^d]",
            found_in: |name| match name.as_bytes() {
                [b'd', digit, ..] => (b'5'..=b'9').contains(digit),
                [first, ..] => *first != b'd',
                [] => false,
            },
        },
        Pattern {
            text: "^.{2}$",
            found_in: |name| name.len() == 2,
        },
        Pattern {
            text: "(?i)^R",
            found_in: |name| name.starts_with(['r', 'R']),
        },
        Pattern {
            text: "^\\w+$",
            found_in: |name| name.chars().all(|c| c.is_ascii_alphanumeric()),
        },
        Pattern {
            text: "0\\Z",
            found_in: |name| name.ends_with('0'),
        },
        Pattern {
            text: "^[^0-9]*$",
            found_in: |name| !name.contains(|c: char| c.is_ascii_digit()),
        },
        Pattern {
            text: "^x1$",
            found_in: |name| name == "x1",
        },
        Pattern {
            text: "^(?!r)",
            found_in: |name| !name.starts_with('r'),
        },
    ],
    pattern_names: &[
        "/^r",
        "/",
        "/^[gd]0$",
        "/^(r|g)0",
        "/1|^x",
        "/^r0$",
        "/^r[0-9]",
        "/^[^r]",
        "/^(r0|r1|g0)$",
        "/^(?:d0|r0|g0)+$",
        "/^d[0-9]$",
        "/^d[0-4]",
        "/^d[5-9]|^[^d]",
        "/^.{2}$",
        "/(?i)^R",
        "/^\\w+$",
        "/0\\Z",
        "/^[^0-9]*$",
        "/^x1$",
        "/^(?!r)",
    ],
    ..VOCABULARY
};

fn is_digit(name: &str, at: usize) -> bool {
    name.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
}

/// Whether pg-config leaves it open where this is found.
pub(super) fn looks_ahead(pattern: &Pattern) -> bool {
    pattern.text.contains("(?!")
}

/// Names of every kind that the patterns tell apart, three of each: out of all that have up to five of these characters,
/// which is as many as it takes for each set of patterns that a name can meet at all.
fn names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..5 {
            let to = all.len();
            for at in from..to {
                for character in "rRgdx0158-".chars() {
                    all.push(format!("{}{character}", all[at]));
                }
            }
            from = to;
        }
        let known = |name: &String| ROLES.contains(&&**name) || DATABASES.contains(&&**name);
        all.retain(|name| !name.is_empty() && !known(name));
        let patterns: Vec<&Pattern> = WITH_PATTERNS.patterns.iter().collect();
        few_of_each(&all, &patterns, 3)
            .into_iter()
            .cloned()
            .collect()
    })
}

/// Of the names that these patterns do not tell apart, so many.
fn few_of_each<'n>(names: &'n [String], patterns: &[&Pattern], few: usize) -> Vec<&'n String> {
    let mut kinds: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for name in names {
        let met = patterns.iter().map(|pattern| (pattern.found_in)(name));
        let count = kinds.entry(met.collect()).or_default();
        *count += 1;
        if *count <= few {
            kept.push(name);
        }
    }
    kept
}

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
/// A few names that only patterns tell from the others.
const MORE: [&str; 8] = ["r", "r2", "x", "y1", "R0", "d5", "x1", "r-0"];
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
    pub(super) fn of(rules: &[&Rule], known: Option<&[Interface]>) -> Self {
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
        let mut patterns: Vec<&Pattern> = rules.iter().flat_map(|rule| rule.patterns()).collect();
        patterns.sort_by_key(|pattern| pattern.text);
        patterns.dedup();
        let more: Vec<&str> = match patterns.is_empty() {
            true => Vec::new(),
            false => few_of_each(names(), &patterns, 2)
                .into_iter()
                .map(String::as_str)
                .collect(),
        };
        let mut logins = BTreeSet::new();
        for role in ROLES.iter().chain(&more) {
            for chosen in 0..1_u32 << groups.len() {
                let groups: Vec<&str> = (0..groups.len())
                    .filter(|at| chosen >> at & 1 == 1)
                    .map(|at| groups[at])
                    .collect();
                let mut add = |database: Option<&str>, groups: &[&str]| {
                    logins.insert(mask(&|rule| rule.takes_login(database, role, groups)));
                };
                for database in DATABASES.iter().chain([role]) {
                    add(Some(database), &groups);
                }
                add(None, &groups);
                // Patterns may find a role's name in a database's; and one may be called like a group that no rule names.
                let of_roles = ROLES.iter().filter(|_| !patterns.is_empty());
                for database in more.iter().chain(of_roles) {
                    add(Some(database), &groups);
                    add(Some(database), &[&groups[..], &[database]].concat());
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
