//! Placing tried against a naive enumeration of a small universe: every connection that its lines can tell apart.

use super::*;

const DATABASES: [&str; 4] = ["app", "shop", "all", "zzz"];
const ADDRESSES: [&str; 7] = [
    "10.0.0.1", "10.0.0.2", "10.0.1.1", "11.0.0.1", "12.0.0.1", "fd00::1", "::1",
];

/// A name that no role or database has, for it is too long.
const LONG: &str = "a234567890123456789012345678901234567890123456789012345678901234";

/// A line of a small universe.
fn line() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec![
            "host",
            "host",
            "hostssl",
            "hostssl",
            "hostnossl",
            "hostgssenc",
            "hostnogssenc",
            "local",
        ]),
        prop::sample::select(vec![
            "all",
            "all",
            "app",
            "app,shop",
            "sameuser",
            "samerole",
            "replication",
            "\"all\"",
            LONG,
        ]),
        prop::sample::select(vec![
            "all",
            "all",
            "bob",
            "amy",
            "+staff",
            "+bob",
            "amy,bob",
            "+staff,amy",
            LONG,
        ]),
        prop::sample::select(vec![
            "all",
            "10.0.0.0/24",
            "10.0.0.1/32",
            "10.0.0.0/8",
            "0.0.0.0/0",
            "::/0",
            "samehost",
        ]),
        prop::sample::select(vec![
            "md5",
            "trust",
            "reject",
            "cert",
            "md5 clientcert=verify-full",
            "cert map=m",
        ]),
    )
        .prop_map(|(kind, database, user, address, method)| {
            let word = method.split(' ').next().unwrap();
            let method = match kind {
                "hostssl" => method,
                _ if word == "cert" => "md5",
                _ => word,
            };
            let address = if kind == "local" { "" } else { address };
            format!("{kind} {database} {user} {address} {method}\n")
        })
}

fn site() -> Site {
    Site {
        interfaces: Some(vec![crate::hba::Interface {
            address: "11.0.0.1".parse().unwrap(),
            netmask: "255.255.255.0".parse().unwrap(),
        }]),
    }
}

fn universe(member_of: &[String]) -> Vec<Connection> {
    let mut all = Vec::new();
    for role in ["bob", "amy"] {
        for database in DATABASES
            .iter()
            .map(|d| Some(*d))
            .chain([Some(role), Some("staff"), None])
        {
            for transport in Transport::ALL {
                let addresses = match transport {
                    Transport::Local => vec![None],
                    _ => ADDRESSES.iter().map(|a| Some(a.parse().unwrap())).collect(),
                };
                for address in addresses {
                    all.push(Connection {
                        transport,
                        database: database.unwrap_or_default().to_string(),
                        role: role.to_string(),
                        member_of: Some(if role == "bob" {
                            member_of.to_vec()
                        } else {
                            Vec::new()
                        }),
                        address,
                        host_name: HostName::Unknown,
                        physical_replication: database.is_none(),
                    });
                }
            }
        }
    }
    all
}

/// Whether the connection is one of those asked for, by any TCP transport.
fn asked(wanted: &Wanted, connection: &Connection) -> bool {
    let database = match &wanted.databases {
        Databases::All => !connection.physical_replication,
        Databases::Replication => connection.physical_replication,
        Databases::Named(names) => {
            !connection.physical_replication && names.contains(&connection.database)
        }
    };
    let from = |source: &Source| match (source, connection.address) {
        (_, None) => false,
        (Source::All, _) => true,
        (Source::Network(network), Some(address)) => network.contains(address),
        (_, Some(address)) => address == site().interfaces.unwrap()[0].address,
    };
    database && connection.role == wanted.role && wanted.from.iter().any(from)
}

/// The set with the insertions made, and which of the new rules was which of the old.
fn with(set: &RuleSet, insertions: &[(Place, Rule)]) -> (RuleSet, Vec<Option<usize>>) {
    let mut rules = Vec::new();
    let mut origin = Vec::new();
    let put = |rules: &mut Vec<_>, origin: &mut Vec<_>, place: Place| {
        for (_, rule) in insertions.iter().filter(|(at, _)| *at == place) {
            let mut at = set.rules[0].clone();
            at.rule = rule.clone();
            rules.push(at);
            origin.push(None);
        }
    };
    for (index, at) in set.rules.iter().enumerate() {
        put(&mut rules, &mut origin, Place::Before(index));
        rules.push(at.clone());
        origin.push(Some(index));
    }
    put(&mut rules, &mut origin, Place::AtEnd);
    (
        RuleSet {
            rules,
            ..set.clone()
        },
        origin,
    )
}

fn rules_of(insertions: &[Insertion]) -> Vec<(Place, Rule)> {
    let rule = |insertion: &Insertion| (insertion.place, insertion.rule.as_rule());
    insertions.iter().map(rule).collect()
}

fn decider(set: &RuleSet, connection: &Connection) -> Option<usize> {
    match decide(set, connection, &site()) {
        Decision::Rule(rule) => Some(rule),
        Decision::NoRule => None,
        may @ Decision::May { .. } => panic!("{may:?} in a universe where all is known"),
    }
}

fn wish() -> impl Strategy<Value = Wanted> {
    (
        prop::sample::select(vec![
            &["all"][..],
            &["app"],
            &["app", "shop"],
            &["replication"],
        ]),
        prop::sample::select(vec![
            &["all"][..],
            &["10.0.0.0/24"],
            &["10.0.0.0/8", "::1"],
            &["samehost"],
            &["0.0.0.0/0"],
        ]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(databases, from, member, map)| Wanted {
            member_of: Some(if member {
                vec!["staff".to_string()]
            } else {
                Vec::new()
            }),
            map: map.then(|| "m".to_string()),
            ..wanted(databases, from)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_placed_rule_takes_what_was_asked_and_nothing_else(
        lines in prop::collection::vec(line(), 1..7),
        wish in wish(),
    ) {
        let before = set(&lines.concat());
        prop_assert_eq!(&before.errors, &[]);
        let universe = universe(wish.member_of.as_deref().unwrap());
        let keeps = |rule: usize| before.rules[rule].rule.keeps_its_say();
        let inside = |c: &&Connection| c.transport == Transport::Tls && asked(&wish, c);
        match place(&before, &wish, &site()) {
            Ok(placement) => {
                let (after, origin) = with(&before, &rules_of(&placement.insertions));
                for connection in &universe {
                    let (was, is) = (decider(&before, connection), decider(&after, connection));
                    let is_old = is.map(|rule| origin[rule]);
                    if inside(&connection) && !was.is_some_and(keeps) {
                        prop_assert_eq!(is_old, Some(None), "not the new rule: {:?}", connection);
                        prop_assert!(was.is_none_or(|rule| placement.overrides.contains(&rule)));
                    } else {
                        prop_assert_eq!(is_old.flatten(), was, "changed: {:?}", connection);
                    }
                    if inside(&connection) && was.is_some_and(keeps) {
                        let rule = was.unwrap();
                        let listed = placement.keeps_say.contains(&rule)
                            || placement.already.contains(&rule)
                            || placement.maps.iter().any(|m| m.rule == rule);
                        prop_assert!(listed, "{:?}", connection);
                    }
                }
                // Once more, and nothing is left to do.
                let again = place(&after, &wish, &site());
                prop_assert_eq!(again.map(|p| p.insertions), Ok(Vec::new()));
                // The ways in are those found one by one.
                let ways = ways_in(&before, &wish, &placement.insertions, &site());
                for way in Transport::ALL {
                    let mut naive: Vec<usize> = universe
                        .iter()
                        .filter(|c| c.role == wish.role && c.transport == way)
                        .filter_map(|c| origin[decider(&after, c)?])
                        .filter(|&rule| !keeps(rule))
                        .collect();
                    naive.sort_unstable();
                    naive.dedup();
                    let found: Vec<usize> = ways.iter().filter(|w| w.transports.contains(&way)).map(|w| w.rule).collect();
                    prop_assert_eq!(&naive, &found, "{:?}", way);
                }
                prop_assert!(ways.iter().all(|w| w.certain));
                // Refusing without TLS does just that.
                let refusing = refuse_without_tls(&before, &wish, &placement, &site()).unwrap();
                let all: Vec<_> = placement.insertions.iter().cloned().chain(refusing).collect();
                let (strict, _) = with(&before, &rules_of(&all));
                for connection in &universe {
                    let is = decider(&strict, connection);
                    let clear = matches!(connection.transport, Transport::Plain | Transport::Gss);
                    if clear && asked(&wish, connection) {
                        let refused = is.is_none_or(|rule| strict.rules[rule].rule.method == Method::Reject);
                        prop_assert!(refused, "{:?}", connection);
                    } else {
                        let was = decider(&after, connection);
                        let same = was.map(|r| after.rules[r].rule.clone()) == is.map(|r| strict.rules[r].rule.clone());
                        prop_assert!(same, "{:?}", connection);
                    }
                }
            }
            Err(Conflict::Order { before: other, behind, .. }) => {
                prop_assert!(!keeps(other) && behind.iter().all(|&rule| keeps(rule) && rule > other));
                for rule in behind.iter().chain([&other]) {
                    let met = universe.iter().filter(inside).any(|c| decider(&before, c) == Some(*rule));
                    prop_assert!(met, "{} decides nothing asked for", rule);
                }
            }
            Err(Conflict::Decided { rules, .. }) => {
                prop_assert!(rules.iter().all(|&rule| keeps(rule)));
                prop_assert!(universe.iter().filter(inside).any(|c| decider(&before, c).is_some_and(|r| rules.contains(&r))));
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(700))]

    #[test]
    fn any_rule_takes_what_it_is_for_and_nothing_else(
        lines in prop::collection::vec(line(), 1..7),
        line in line(),
    ) {
        let (before, one) = (set(&lines.concat()), set(&line));
        let rule = &one.rules[0].rule;
        let keeps = |index: usize| before.rules[index].rule.keeps_its_say();
        let alike = |index: usize| before.rules[index].rule.decides_like(rule);
        // Whatever the role is a member of.
        let mut universe = universe(&[]);
        universe.extend(self::universe(&["staff".to_string()]));
        let inside = |c: &&Connection| decider(&one, c).is_some();
        let deciders: Vec<Option<usize>> =
            universe.iter().filter(inside).map(|c| decider(&before, c)).collect();
        match place_rule(&before, rule, &site()) {
            Ok(RulePlace { place: Some(place), keeps_say, overrides, .. }) => {
                let (after, origin) = with(&before, &[(place, rule.clone())]);
                for connection in &universe {
                    let (was, is) = (decider(&before, connection), decider(&after, connection));
                    let is_old = is.map(|rule| origin[rule]);
                    if inside(&connection) && was.is_some_and(alike) {
                        prop_assert!(is_old == Some(None) || is_old.flatten() == was);
                    } else if inside(&connection) && !was.is_some_and(keeps) {
                        prop_assert_eq!(is_old, Some(None), "not the new rule: {:?}", connection);
                        prop_assert!(was.is_none_or(|rule| overrides.contains(&rule)));
                    } else {
                        prop_assert_eq!(is_old.flatten(), was, "changed: {:?}", connection);
                        prop_assert!(!inside(&connection) || keeps_say.contains(&was.unwrap()));
                    }
                }
            }
            Ok(RulePlace { instead, .. }) => {
                prop_assert!(!instead.is_empty());
                for decider in deciders {
                    let alike = decider.is_some_and(|d| before.rules[d].rule.decides_like(rule));
                    prop_assert!(alike && instead.contains(&decider.unwrap()));
                }
            }
            Err(Conflict::Nobody) => prop_assert!(deciders.is_empty()),
            Err(Conflict::Decided { rules, .. }) => prop_assert!(
                deciders.iter().all(|d| d.is_some_and(|d| alike(d) || keeps(d) && rules.contains(&d)))
            ),
            Err(Conflict::Order { before: other, behind, .. }) => {
                prop_assert!(!alike(other) && !behind.iter().any(|&rule| alike(rule)));
                prop_assert!(!keeps(other) && behind.iter().all(|&rule| keeps(rule) && rule > other));
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}
