//! Which rules may have to do with a rule or a connection: found by role, database or network, whichever leaves the
//! fewest, so that a question about each of many rules need not try all of them.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use hashbrown::HashMap;

use super::cube::{Cube, Family};
use super::{Address, ConnType, Connection, Database, Decision, List, Rule, RuleSet, Site};
use super::{Transport, User, matches};

/// Rules by what they ask for.
pub(crate) struct Neighbours<'a> {
    rules: Vec<&'a Rule>,
    local: Index<'a>,
    tcp: Index<'a>,
}

impl<'a> Neighbours<'a> {
    /// Of these rules, which are numbered from zero.
    pub(super) fn of(rules: impl Iterator<Item = &'a Rule>) -> Self {
        let rules: Vec<&Rule> = rules.collect();
        let numbered = rules.iter().copied().enumerate();
        let (local, tcp): (Vec<_>, Vec<_>) =
            numbered.partition(|(_, rule)| rule.kind == ConnType::Local);
        Self {
            local: Index::of(&local),
            tcp: Index::of(&tcp),
            rules,
        }
    }

    pub(crate) fn of_set(set: &'a RuleSet) -> Self {
        Self::of(set.rules.iter().map(|at| &at.rule))
    }

    /// The rules that may have connections in common with this one, which may be one of them, ascending.
    pub(super) fn of_rule(&self, rule: &Rule) -> Vec<usize> {
        merged(
            &self
                .index(rule.kind == ConnType::Local)
                .near(&Asked::by(rule)),
        )
    }

    /// The same with patience.
    pub(crate) fn of_rule_within(
        &self,
        rule: &Rule,
        patience: &mut Patience,
    ) -> Result<Vec<usize>, Tired> {
        let index = self.index(rule.kind == ConnType::Local);
        patience.merged(&index.near(&Asked::by(rule)))
    }

    /// What [`decide`](super::decide) says of a connection, if there were only the rules that are `counted`.
    pub(crate) fn decide(
        &self,
        counted: impl Fn(usize) -> bool,
        connection: &Connection,
        site: &Site,
        patience: &mut Patience,
    ) -> Result<Decision, Tired> {
        let sought = Asked {
            users: Some([connection.role_name()].into_iter().collect()),
            databases: Some(connection.database_name().into_iter().collect()),
            network: connection.address.map(Cube::of_one),
        };
        let index = self.index(connection.transport == Transport::Local);
        let near = patience.merged(&index.near(&sought))?;
        let tried = near.into_iter().filter(|index| counted(*index));
        let answers = tried.map(|index| {
            let answer = matches(self.rules[index], connection, site);
            (index, answer)
        });
        Ok(answers.collect())
    }

    fn index(&self, local: bool) -> &Index<'a> {
        match local {
            true => &self.local,
            false => &self.tcp,
        }
    }
}

/// How many rules a search may still look at. Where nothing tells them apart, each has to be compared with all.
pub(crate) struct Patience(usize);

impl Patience {
    /// Enough for each pair of some seven hundred rules, and for ten neighbours, twice, of each of many.
    pub(crate) fn of(set: &RuleSet) -> Self {
        Self(1_000_000.max(20 * set.rules.len()))
    }

    fn merged(&mut self, parts: &Parts<'_>) -> Result<Vec<usize>, Tired> {
        self.0 = self.0.checked_sub(count(parts)).ok_or(Tired)?;
        Ok(merged(parts))
    }
}

/// Patience is at its end.
pub(crate) struct Tired;

/// What a rule or a connection asks for by name and network; none where it is more than those.
struct Asked<'a> {
    users: Option<List<&'a [u8]>>,
    databases: Option<List<&'a [u8]>>,
    network: Option<Cube>,
}

impl<'a> Asked<'a> {
    fn by(rule: &'a Rule) -> Self {
        let users = rule.users.iter().map(|word| match word {
            User::Name(name) => Some(&**name),
            _ => None,
        });
        let databases = rule.databases.iter().map(|word| match word {
            Database::Name(name) => Some(&**name),
            _ => None,
        });
        let network = match &rule.address {
            Some(Address::Masked(masked)) => Cube::masked(masked.address(), masked.mask()),
            _ => None,
        };
        Self {
            users: users.collect(),
            databases: databases.collect(),
            network: network.filter(|cube| cube.is_network()),
        }
    }
}

/// Rules by what they ask for.
struct Index<'a> {
    all: Vec<usize>,
    users: Named<'a>,
    databases: Named<'a>,
    networks: Networks,
}

/// Numbers of rules, ascending in each part.
type Parts<'i> = Vec<&'i [usize]>;

fn count(parts: &Parts<'_>) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// All of them, ascending, each once.
fn merged(parts: &Parts<'_>) -> Vec<usize> {
    let mut all = parts.concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// So few rules need not be fewer.
const FEW_ENOUGH: usize = 16;

/// A network: its family, its first address, the length of its prefix.
type Prefix = (Family, u128, u8);

impl<'a> Index<'a> {
    fn of(rules: &[(usize, &'a Rule)]) -> Self {
        let asked = rules
            .iter()
            .map(|(number, rule)| (*number, Asked::by(rule)));
        let asked: Vec<(usize, Asked<'a>)> = asked.collect();
        Self {
            all: rules.iter().map(|(number, _)| *number).collect(),
            users: Named::of(&asked, |asked| asked.users.as_ref()),
            databases: Named::of(&asked, |asked| asked.databases.as_ref()),
            networks: Networks::of(&asked),
        }
    }

    /// The rules that may have to do with what is asked for.
    fn near<'i>(&'i self, asked: &'i Asked<'_>) -> Parts<'i> {
        let by_network = || Some(self.networks.near(asked.network?));
        let by_user = || Some(self.users.any_of(asked.users.as_ref()?));
        let by_database = || Some(self.databases.any_of(asked.databases.as_ref()?));
        // The cheapest to look up comes first.
        let ways: [&dyn Fn() -> Option<Parts<'i>>; 3] = [&by_user, &by_database, &by_network];
        let mut fewest = Parts::from([&self.all[..]]);
        for way in ways {
            if count(&fewest) <= FEW_ENOUGH {
                break;
            }
            let fewer = |parts: &Parts<'_>| count(parts) < count(&fewest);
            fewest = way().filter(fewer).unwrap_or(fewest);
        }
        fewest
    }
}

/// Rules by a name that they ask for.
struct Named<'a> {
    names: HashMap<&'a [u8], usize>,
    /// Where in `numbers` those of a name begin, and after the last name where they end.
    starts: Vec<usize>,
    /// Ascending for each name.
    numbers: Vec<usize>,
    /// Rules that ask for more than names.
    others: Vec<usize>,
}

impl<'a> Named<'a> {
    fn of<'r>(
        rules: &'r [(usize, Asked<'a>)],
        field: impl Fn(&'r Asked<'a>) -> Option<&'r List<&'a [u8]>>,
    ) -> Self {
        let mut names = HashMap::new();
        let mut others = Vec::new();
        let mut entries = Vec::new();
        for (number, asked) in rules {
            let Some(asked) = field(asked) else {
                others.push(*number);
                continue;
            };
            for name in &**asked {
                let next = names.len();
                entries.push((*names.entry(*name).or_insert(next), *number));
            }
        }
        // How many each name has, summed up, is where the next one begins.
        let mut starts = alloc::vec![0; names.len() + 1];
        for (name, _) in &entries {
            starts[name + 1] += 1;
        }
        for name in 0..names.len() {
            starts[name + 1] += starts[name];
        }
        let mut free = starts.clone();
        let mut numbers = alloc::vec![0; entries.len()];
        for (name, number) in entries {
            numbers[free[name]] = number;
            free[name] += 1;
        }
        Self {
            names,
            starts,
            numbers,
            others,
        }
    }

    /// The rules that ask for one of these names, or for more than names.
    fn any_of(&self, asked: &[&[u8]]) -> Parts<'_> {
        let known = asked.iter().filter_map(|name| self.names.get(name));
        let named = known.map(|name| &self.numbers[self.starts[*name]..self.starts[name + 1]]);
        named.chain([&self.others[..]]).collect()
    }
}

/// Rules by the network that they ask for.
struct Networks {
    /// Ascending; each is the network of the number in the same place.
    networks: Vec<Prefix>,
    numbers: Vec<usize>,
    /// How long the prefixes are.
    lengths: BTreeSet<(Family, u8)>,
    /// Rules that ask for more than a network.
    others: Vec<usize>,
}

impl Networks {
    fn of(rules: &[(usize, Asked<'_>)]) -> Self {
        let mut entries = Vec::new();
        let mut others = Vec::new();
        for (number, asked) in rules {
            match asked.network {
                Some(cube) => entries.push(((cube.family, cube.ends().0, cube.length()), *number)),
                None => others.push(*number),
            }
        }
        entries.sort_unstable();
        let (networks, numbers): (Vec<Prefix>, _) = entries.into_iter().unzip();
        let lengths = networks
            .iter()
            .map(|(family, _, length)| (*family, *length));
        Self {
            lengths: lengths.collect(),
            networks,
            numbers,
            others,
        }
    }

    /// Those for networks that this one is in, or that are in it, and those for more than a network.
    fn near(&self, network: Cube) -> Parts<'_> {
        let (family, length) = (network.family, network.length());
        let (low, high) = network.ends();
        let shorter = self.lengths.range((family, 0)..(family, length));
        let around = shorter.map(|(_, length)| {
            let prefix = (family, family.start(low, *length), *length);
            self.between(prefix, prefix)
        });
        let within = self.between((family, low, length), (family, high, u8::MAX));
        around.chain([within, &self.others]).collect()
    }

    /// The numbers of the networks from one to another.
    fn between(&self, first: Prefix, last: Prefix) -> &[usize] {
        let from = self.networks.partition_point(|network| *network < first);
        let behind = &self.networks[from..];
        let count = match behind.first() {
            Some(network) if *network <= last => behind.partition_point(|network| *network <= last),
            _ => 0,
        };
        &self.numbers[from..from + count]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::Version;
    use crate::hba::{HostName, decide};
    use alloc::collections::BTreeMap;
    use alloc::string::String;
    use core::net::IpAddr;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    /// A rule by chance, as a line.
    pub(in crate::hba) fn rule() -> impl Strategy<Value = String> {
        let kind = select(&["local", "host", "hostssl", "hostnossl", "hostgssenc"][..]);
        let database = select(
            &[
                "all",
                "a",
                "b",
                "a,b",
                "sameuser",
                "samerole",
                "replication",
                "/^a",
            ][..],
        );
        let method = select(&["md5", "trust", "reject"][..]);
        let user = select(&["all", "a", "b", "c,a", "+g", "/^[ab]"][..]);
        let address = select(
            &[
                "all",
                "samenet",
                "10.0.0.0/8",
                "10.1.0.0/16",
                "10.1.2.0/24",
                "10.1.2.3/32",
                "10.2.0.0/15",
                "0.0.0.0/0",
                "::/0",
                "fd00::/64",
                "fd00::1/128",
                "10.0.0.1 255.0.0.1",
                ".example.org",
            ][..],
        );
        (kind, database, user, address, method).prop_map(
            |(kind, database, user, address, method)| {
                let address = if kind == "local" { "" } else { address };
                alloc::format!("{kind} {database} {user} {address} {method}\n")
            },
        )
    }

    fn connection() -> impl Strategy<Value = Connection> {
        let address = select(
            &[
                "10.1.2.3", "10.1.2.4", "10.2.0.1", "10.9.9.9", "11.0.0.1", "fd00::1", "fe80::1",
            ][..],
        );
        let groups = select(alloc::vec![
            None,
            Some(alloc::vec![]),
            Some(alloc::vec![String::from("g")])
        ]);
        let name = || select(&["a", "b", "c", "d"][..]);
        let ways = (select(&Transport::ALL[..]), any::<bool>());
        (ways, name(), name(), groups, address).prop_map(
            |(ways, database, role, member_of, address)| {
                let (transport, physical_replication) = ways;
                let address: Option<IpAddr> = address.parse().ok();
                Connection {
                    transport,
                    database: database.into(),
                    role: role.into(),
                    member_of,
                    address: address.filter(|_| transport != Transport::Local),
                    host_name: HostName::Unverified,
                    physical_replication,
                }
            },
        )
    }

    fn set(rules: &[String]) -> RuleSet {
        RuleSet::of_bytes(
            &BTreeMap::new(),
            "hba",
            rules.concat().as_bytes(),
            Version::V16,
        )
    }

    proptest! {
        #[test]
        fn whoever_may_match_is_near(rules in vec(rule(), 1..60), asked in vec(connection(), 1..20)) {
            let set = set(&rules);
            prop_assert_eq!(&set.errors, &[]);
            let site = Site::default();
            let neighbours = Neighbours::of_set(&set);
            let mut patience = Patience::of(&set);
            let near: Vec<_> = set.rules.iter().map(|at| neighbours.of_rule(&at.rule)).collect();
            for connection in &asked {
                let matching: Vec<usize> = (0..set.rules.len())
                    .filter(|at| !matches!(matches(&set.rules[*at].rule, connection, &site), crate::hba::Match::No(_)))
                    .collect();
                for at in &matching {
                    let near = &near[*at];
                    prop_assert!(matching.iter().all(|other| near.contains(other)), "{at} {near:?} {matching:?}");
                }
                for from in [0, set.rules.len() / 2] {
                    let mut behind = set.clone();
                    behind.rules.drain(..from);
                    let decided = match decide(&behind, connection, &site) {
                        Decision::Rule(rule) => Decision::Rule(rule + from),
                        Decision::NoRule => Decision::NoRule,
                        Decision::May { rules, none } => Decision::May {
                            rules: rules.iter().map(|rule| rule + from).collect(),
                            none,
                        },
                    };
                    prop_assert_eq!(neighbours.decide(|at| at >= from, connection, &site, &mut patience).ok(), Some(decided));
                }
            }
        }
    }

    #[test]
    fn the_fewest_are_near() {
        let by = |other: &str, patience: usize| {
            let others = core::iter::repeat_n(other, 20);
            let rules = core::iter::once("host a b 10.0.0.0/24 md5\n").chain(others);
            let set = set(&rules.map(String::from).collect::<Vec<_>>());
            let mut patience = Patience(patience);
            let rule = &set.rules[0].rule;
            Neighbours::of_set(&set)
                .of_rule_within(rule, &mut patience)
                .ok()
        };
        // By role, by database, by network, by the socket; and one for everybody.
        assert_eq!(by("host all c all md5\n", 1), Some(alloc::vec![0]));
        assert_eq!(by("host c all all md5\n", 1), Some(alloc::vec![0]));
        assert_eq!(
            by("host all all 10.0.1.0/24 md5\n", 1),
            Some(alloc::vec![0])
        );
        assert_eq!(by("local all all md5\n", 1), Some(alloc::vec![0]));
        assert_eq!(by("host all +g 10.0.0.0/8 md5\n", 20), None);
        assert_eq!(
            by("host all +g 10.0.0.0/8 md5\n", 21),
            Some((0..=20).collect())
        );
    }
}
