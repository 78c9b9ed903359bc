//! What the servers of the wire oracle live in: their roles, the databases that are asked for, the addresses that
//! clients come from and the names of those. And the words that rules may have about all of it.

use std::net::IpAddr;

use e2e::first_match::{Client, Interface, Pattern, Rule, Way};
use e2e::generated::Dice;
use e2e::generated::meaning::{Addresses, Placed, Vocabulary};
use pg_config::hba::Site;

/// The roles, and the groups that each is directly a member of.
pub(super) const ROLES: &[(&str, &[&str])] = &[
    ("people", &[]),
    ("staff", &["people"]),
    ("ops", &["staff"]),
    ("alice", &["ops"]),
    ("bob", &["staff"]),
    ("carol", &[]),
    ("Alice", &["all"]),
    ("all", &[]),
    ("sameuser", &[]),
    ("replication", &["with space"]),
    ("+staff", &[]),
    ("with space", &["say\"so"]),
    ("a,b", &["+staff", "ops"]),
    ("say\"so", &[]),
    ("/^a", &["people"]),
    // A superuser, who is a member of nothing.
    ("boss", &[]),
];

/// A role whose membership gives it nothing unless it asks: it is a member all the same.
pub(super) const NO_INHERIT: &str = "bob";
/// A role that may do anything.
pub(super) const SUPERUSER: &str = "boss";

/// The databases that are asked for. None needs to be there: that is looked at after the rules.
const DATABASES: &[&str] = &[
    "app",
    "App",
    "app2",
    "alice",
    "staff",
    "people",
    "bob",
    "replication",
    "all",
    "sameuser",
    "samerole",
    "+staff",
    "with space",
    "a,b",
    "say\"so",
    "zzz",
    "/^a",
    "@lists",
    "#",
];

/// The addresses that clients come from.
const ADDRESSES: &[&str] = &[
    "127.0.0.1",
    "127.0.0.2",
    "127.1.2.3",
    "10.0.0.5",
    "10.0.0.77",
    "10.0.1.9",
    "10.1.0.5",
    "11.0.0.5",
    "192.168.1.5",
    "192.168.1.200",
    "172.16.5.4",
    "172.16.5.5",
    "203.0.113.9",
    "::1",
    "fd00::5",
    "fd00::1:5",
    "fd00:0:0:1::5",
    "fd20::9",
    "2001:db8::7",
];

/// The addresses of the server itself, and their networks' masks.
pub(super) const INTERFACES: &[(&str, &str)] = &[
    ("127.0.0.1/8", "255.0.0.0"),
    ("10.0.0.5/24", "255.255.255.0"),
    ("192.168.1.5/25", "255.255.255.128"),
    ("172.16.5.4/32", "255.255.255.255"),
    ("::1/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fd00::5/64", "ffff:ffff:ffff:ffff::"),
];

/// The names of addresses, and whether they lead back to them. A name leads to the first address that has it.
pub(super) const NAMES: &[(&str, &str, bool)] = &[
    ("127.0.0.1", "localhost", true),
    ("::1", "localhost", false),
    ("10.0.0.77", "db.example.com", true),
    ("10.0.1.9", "Web.Example.COM", true),
    ("10.1.0.5", "example.com", true),
    ("11.0.0.5", "badexample.com", true),
    // A name that is an address, and not this one.
    ("192.168.1.200", "10.0.0.5", false),
    ("fd00::1:5", "six.example.com", true),
    ("fd20::9", "db.example.com", false),
    ("2001:db8::7", "DB.example.org", true),
];

pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    databases: &[
        "app",
        "app",
        "App",
        "app2",
        "alice",
        "staff",
        "people",
        "bob",
        "replication",
        "all",
        "sameuser",
        "samerole",
        "+staff",
        "with space",
        "a,b",
        "say\"so",
        "",
        "/^a",
        "@lists",
        "@",
        "#",
        "nosuch",
    ],
    roles: &[
        "alice",
        "alice",
        "bob",
        "bob",
        "carol",
        "staff",
        "ops",
        "Alice",
        "all",
        "sameuser",
        "replication",
        "+staff",
        "with space",
        "a,b",
        "say\"so",
        "/^a",
        "boss",
        "nosuch",
        "+",
        "@x",
    ],
    groups: &[
        "staff",
        "staff",
        "people",
        "ops",
        "alice",
        "all",
        "+staff",
        "with space",
        "say\"so",
        "nosuch",
        "",
        "boss",
    ],
    patterns: PATTERNS,
    pattern_names: PATTERN_NAMES,
    hosts: &[
        "db.example.com",
        "DB.example.COM",
        "web.example.com",
        ".example.com",
        ".Example.Com",
        "example.com",
        ".com",
        "localhost",
        ".0.5",
        "six.example.com",
        "db",
        "none.example.com",
        ".",
        "ALL",
        "*.example.com",
        "all",
        "samehost",
        "10.0.0.256",
    ],
    addresses: Addresses {
        addresses: &[
            "127.0.0.1",
            "127.0.0.2",
            "10.0.0.5",
            "10.0.0.77",
            "10.0.1.9",
            "10.1.0.5",
            "11.0.0.5",
            "192.168.1.5",
            "192.168.1.200",
            "172.16.5.4",
            "203.0.113.9",
            "0.0.0.0",
            "10.0.0.0",
            "255.255.255.255",
            "::1",
            "::",
            "fd00::5",
            "fd00::1:5",
            "fd20::9",
            "2001:db8::7",
            "::ffff:10.0.0.5",
        ],
        bits4: &[0, 1, 4, 7, 8, 9, 15, 16, 23, 24, 25, 31, 32],
        bits6: &[0, 1, 8, 10, 16, 32, 48, 63, 64, 96, 112, 127, 128],
        odd: &[
            "255.0.255.0",
            "0.0.0.255",
            "255.255.0.255",
            "0.0.0.1",
            "170.170.170.170",
            "254.0.0.4",
            "ffff::ffff",
            "::1",
            "ff00:0:0:ffff::",
            "::f",
        ],
        whole: &[
            ("10/8", ("0.0.0.10", "255.0.0.0")),
            ("127.1/8", ("127.0.0.1", "255.0.0.0")),
            ("192.168.1/24", ("192.168.0.1", "255.255.255.0")),
            ("0x7f000001/8", ("127.0.0.1", "255.0.0.0")),
            ("0/0", ("0.0.0.0", "0.0.0.0")),
            ("10.0.0.5/+24", ("10.0.0.5", "255.255.255.0")),
            ("012.0.0.0/8", ("10.0.0.0", "255.0.0.0")),
        ],
    },
    methods: &["md5", "trust", "reject", "scram-sha-256", "password"],
    own_addresses: 15,
};

macro_rules! patterns {
    ($($text:literal $found:expr,)*) => {
        const PATTERNS: &[Pattern] = &[$(Pattern { text: $text, found_in: $found }),*];
        const PATTERN_NAMES: &[&str] = &[$(concat!("/", $text)),*];
    };
}

patterns! {
    "^a" |name| name.starts_with('a'),
    "p$" |name| name.ends_with('p'),
    "" |_| true,
    "^app[0-9]*$" |name| name.strip_prefix("app").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())),
    "^app.*" |name| name.starts_with("app"),
    "s" |name| name.contains('s'),
    "^.o+b?$" |name| {
        let rest = name.get(1..).unwrap_or_default();
        let rest = rest.strip_suffix('b').unwrap_or(rest);
        !rest.is_empty() && rest.bytes().all(|b| b == b'o')
    },
    "^a,b$" |name| name == "a,b",
    "h s" |name| name.contains("h s"),
    "^\\+" |name| name.starts_with('+'),
    "^[^as]" |name| !name.starts_with(['a', 's']),
    "y\"s" |name| name.contains("y\"s"),
    "A|^b" |name| name.contains('A') || name.starts_with('b'),
    "^bo?" |name| name.starts_with('b'),
    "#" |name| name.contains('#'),
    "^(alice|bob)$" |name| name == "alice" || name == "bob",
    "[[:upper:]]" |name| name.bytes().any(|b| b.is_ascii_uppercase()),
    "^.{3}$" |name| name.len() == 3,
    "\\d" |name| name.bytes().any(|b| b.is_ascii_digit()),
    "(?i)^ALICE$" |name| name.eq_ignore_ascii_case("alice"),
    "***=a,b" |name| name.contains("a,b"),
    "^(a|b)+" |name| name.starts_with(['a', 'b']),
}

/// What comes of it; `reject` is the same as to match no rule.
pub(super) fn outcome(rule: Option<&Placed>) -> &'static str {
    rule.map_or("reject", |placed| placed.rule.method)
}

/// The interfaces as the judge takes them.
pub(super) fn interfaces() -> Vec<Interface> {
    INTERFACES
        .iter()
        .map(|(address, mask)| {
            let (address, _) = address.split_once('/').unwrap();
            (address.parse().unwrap(), mask.parse().unwrap())
        })
        .collect()
}

/// The same for pg-config.
pub(super) fn site() -> Site {
    let interfaces = interfaces().into_iter();
    Site {
        interfaces: Some(
            interfaces
                .map(|(address, netmask)| pg_config::hba::Interface { address, netmask })
                .collect(),
        ),
    }
}

/// A client that these servers can have: all but those under GSS.
pub(super) fn client(dice: &mut Dice) -> Client<'static> {
    let role = dice.one_of(ROLES).0;
    let mut client = Client {
        way: dice.weighted(&[(2, Way::Socket), (4, Way::Plain), (4, Way::Tls)]),
        database: match dice.below(14) {
            0 | 1 => None,
            // So that there are connections for `sameuser`.
            2 | 3 => Some(role),
            _ => Some(dice.one_of(DATABASES)),
        },
        role,
        member_of: groups(role),
        address: None,
        host_name: None,
    };
    if client.way != Way::Socket {
        let address: IpAddr = dice.one_of(ADDRESSES).parse().unwrap();
        client.host_name = name_of(address);
        client.address = Some(address);
    }
    client
}

/// The same, of those that a rule matches if some are soon found.
pub(super) fn client_of(dice: &mut Dice, rule: &Rule) -> Client<'static> {
    let interfaces = interfaces();
    let mut found = client(dice);
    for _ in 0..TRIES {
        let login = rule.takes_login(found.database, found.role, &found.member_of);
        let from = found.way == Way::Socket
            || rule.takes_origin(found.address, found.host_name, &interfaces);
        let origin = rule.takes_way(found.way) && from;
        if login && origin {
            break;
        }
        let other = client(dice);
        if !login {
            found.database = other.database;
            found.role = other.role;
            found.member_of = other.member_of;
        }
        if !origin {
            found.way = other.way;
            found.address = other.address;
            found.host_name = other.host_name;
        }
    }
    found
}

/// How often another client is tried for a rule.
const TRIES: usize = 40;

/// All that a role is a member of.
fn groups(role: &str) -> Vec<&'static str> {
    let direct = ROLES.iter().find(|(name, _)| *name == role).unwrap().1;
    let mut all = Vec::new();
    for group in direct {
        all.push(*group);
        all.extend(groups(group));
    }
    all
}

/// The name of an address that leads back to it.
fn name_of(address: IpAddr) -> Option<&'static str> {
    let found = NAMES
        .iter()
        .find(|(own, ..)| own.parse::<IpAddr>().unwrap() == address);
    found
        .filter(|(.., leads_back)| *leads_back)
        .map(|(_, name, _)| *name)
}
