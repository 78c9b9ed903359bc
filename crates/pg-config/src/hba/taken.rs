//! What rules take, by login and origin: asked for each rule what those before it leave of it.
//!
//! Rules that give the same role word and the same database word lie together, in a tree of networks. A login is met by
//! few such pairs of words, however many rules there are, and what they take of a network is found by walking along it
//! from one taken network to the next.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::IpAddr;

use hashbrown::{HashMap, HashSet};

use super::cube::{Cube, Family, PATIENCE, address};
use super::logins::{Asks, Login};
use super::names::Names;
use super::origin::{Near, Origin, folded};
use super::transports::Transports;
use super::{Address, Rule, Site, Transport};

/// The rules so far.
pub(super) struct Taken<'a> {
    names: &'a Names,
    /// The role words, numbered.
    users: HashMap<Asks<'a>, u32>,
    pairs: HashMap<(u32, Asks<'a>), Pair>,
    /// The words of which nobody knows who meets them.
    open_users: Vec<Asks<'a>>,
    open_databases: HashSet<Asks<'a>>,
    /// The networks of a bucket by length and first address, and the first rule that takes each. None is in another that
    /// an earlier rule takes.
    networks: BTreeMap<Network, usize>,
    /// How long the prefixes are that a bucket has networks of.
    lengths: HashMap<(Bucket, Family), Vec<u8>>,
    rest: HashMap<Bucket, Rest>,
}

/// The rules of one role word, one database word and one set of transports.
type Bucket = (u32, Transports);

/// A bucket, a family, the length of a prefix and the first address behind it.
type Network = (Bucket, Family, u8, u128);

/// One role word and one database word.
struct Pair {
    number: u32,
    /// The sets of transports that its rules are for: a bit for each.
    ways: u16,
}

impl Pair {
    fn buckets(&self, transport: Transport) -> impl Iterator<Item = Bucket> {
        let used = Transports::every().filter(|ways| self.ways & (1 << ways.number()) != 0);
        used.filter(move |ways| ways.has(transport))
            .map(|ways| (self.number, ways))
    }
}

/// The rare forms of address fields, and whose they are.
#[derive(Default)]
struct Rest {
    with_holes: Vec<(Cube, usize)>,
    /// Of the server's own networks, while nobody knows them.
    near: Vec<(Near, usize)>,
    names: BTreeMap<Vec<u8>, usize>,
}

/// What is left of logins that come from somewhere.
#[derive(Debug)]
pub(super) enum Left {
    /// Something: the login looked at, from this address.
    Some(IpAddr),
    /// Perhaps something: that login from this address, if it is one.
    Perhaps(Option<IpAddr>),
    /// Nothing: these rules take it all.
    Nothing(BTreeSet<usize>),
}

impl<'a> Taken<'a> {
    /// None yet.
    pub(super) fn new(names: &'a Names) -> Self {
        Self {
            names,
            users: HashMap::new(),
            pairs: HashMap::new(),
            open_users: Vec::new(),
            open_databases: HashSet::new(),
            networks: BTreeMap::new(),
            lengths: HashMap::new(),
            rest: HashMap::new(),
        }
    }

    /// Takes what a rule matches, for these transports.
    pub(super) fn take(&mut self, owner: usize, rule: &'a Rule, ways: Transports, site: &Site) {
        for user in &rule.users {
            for database in &rule.databases {
                let bucket = self.bucket(user.into(), database.into(), ways);
                self.take_origin(bucket, owner, rule.address.as_ref(), site);
            }
        }
    }

    fn bucket(&mut self, user: Asks<'a>, database: Asks<'a>, ways: Transports) -> Bucket {
        let is_open = |word| matches!(word, Asks::Regex(pattern) if self.names.is_open(pattern));
        let count = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
        let user = *self.users.entry(user).or_insert_with(|| {
            if is_open(user) {
                self.open_users.push(user);
            }
            count
        });
        let count = u32::try_from(self.pairs.len()).unwrap_or(u32::MAX);
        let pair = self.pairs.entry((user, database)).or_insert_with(|| {
            if is_open(database) {
                self.open_databases.insert(database);
            }
            Pair {
                number: count,
                ways: 0,
            }
        });
        pair.ways |= 1 << ways.number();
        (pair.number, ways)
    }

    fn take_origin(&mut self, bucket: Bucket, owner: usize, field: Option<&Address>, site: &Site) {
        let origin = Origin::of(field, site);
        if let Some(name) = origin.name {
            let rest = self.rest.entry(bucket).or_default();
            rest.names.entry(folded(name)).or_insert(owner);
            return;
        }
        if origin.near != Near::No {
            let rest = self.rest.entry(bucket).or_default();
            rest.near.push((origin.near, owner));
            return;
        }
        for &cube in origin.cubes.each() {
            if cube.is_network() {
                self.take_network(bucket, owner, cube);
            } else {
                let rest = self.rest.entry(bucket).or_default();
                rest.with_holes.push((cube, owner));
            }
        }
    }

    /// Networks are apart or one in the other: one that is in a known one adds nothing.
    fn take_network(&mut self, bucket: Bucket, owner: usize, network: Cube) {
        let length = network.length();
        let (low, _) = network.ends();
        let known = self.lengths.entry((bucket, network.family)).or_default();
        let holds = |known: &u8| {
            let holder = (
                bucket,
                network.family,
                *known,
                network.family.start(low, *known),
            );
            *known <= length && self.networks.contains_key(&holder)
        };
        if known.iter().any(holds) {
            return;
        }
        if !known.contains(&length) {
            known.push(length);
        }
        self.networks
            .insert((bucket, network.family, length, low), owner);
    }

    /// What is left of a login from an origin by a transport.
    pub(super) fn left(
        &self,
        login: &Login<'_>,
        origin: &Origin<'_>,
        name: &[u8],
        transport: Transport,
    ) -> Left {
        let met = self.buckets(login, transport);
        let mut whole = Vec::new();
        for &(bucket, is_sure) in &met {
            let Some(rest) = self.rest.get(&bucket) else {
                continue;
            };
            whole.extend(rest.by_name(name).map(|owner| (owner, is_sure)));
            for (reach, owner) in &rest.near {
                // Who is not known to be near may be.
                whole.push((*owner, is_sure && *reach <= origin.near));
            }
        }
        let search = |perhaps: bool| {
            let known = whole.iter().filter(|(_, is_sure)| perhaps || *is_sure);
            if let Some(owner) = known.map(|(owner, _)| *owner).min() {
                return Left::Nothing(BTreeSet::from([owner]));
            }
            let buckets = met.iter().filter(|(_, is_sure)| perhaps || *is_sure);
            let buckets: Vec<Bucket> = buckets.map(|(bucket, _)| *bucket).collect();
            self.outside(origin.cubes.each(), &buckets)
        };
        let all_sure =
            met.iter().all(|(_, is_sure)| *is_sure) && whole.iter().all(|(_, is_sure)| *is_sure);
        match search(true) {
            Left::Nothing(_) if !all_sure => match search(false) {
                Left::Some(address) => Left::Perhaps(Some(address)),
                left => left,
            },
            left => left,
        }
    }

    /// The buckets whose words the login meets, and whether that is sure.
    fn buckets(&self, login: &Login<'_>, transport: Transport) -> Vec<(Bucket, bool)> {
        let users = login.user_words(self.names);
        let databases = login.database_words(self.names);
        let open = self.open_users.iter().filter(|word| !users.contains(word));
        let users: Vec<_> = users
            .iter()
            .map(|word| (*word, true))
            .chain(open.map(|word| (*word, false)))
            .collect();
        let to_database = !databases.contains(&Asks::Replication);
        let open = self
            .open_databases
            .iter()
            .filter(|word| to_database && !databases.contains(word));
        let databases: Vec<_> = databases
            .iter()
            .map(|word| (*word, true))
            .chain(open.map(|word| (*word, false)))
            .collect();
        let mut found = Vec::new();
        for (user, by_user) in users {
            let Some(user) = self.users.get(&user) else {
                continue;
            };
            for &(database, by_database) in &databases {
                if let Some(pair) = self.pairs.get(&(*user, database)) {
                    let is_sure = by_user && by_database;
                    found.extend(pair.buckets(transport).map(|bucket| (bucket, is_sure)));
                }
            }
        }
        found
    }

    /// An address of the cubes that no network of the buckets takes.
    fn outside(&self, cubes: &[Cube], buckets: &[Bucket]) -> Left {
        let mut owners = BTreeSet::new();
        for &cube in cubes {
            let with_holes = buckets
                .iter()
                .filter_map(|bucket| self.rest.get(bucket))
                .flat_map(|rest| &rest.with_holes);
            let mut met: Vec<(Cube, usize)> = with_holes
                .filter(|(taken, _)| taken.and(cube).is_some())
                .copied()
                .collect();
            let free = if met.is_empty() && cube.is_network() {
                self.outside_networks(cube, buckets, &mut owners)
            } else {
                met.extend(self.networks_in(cube, buckets));
                match cube.outside(&met, &mut owners, &mut PATIENCE.clone()) {
                    Ok(free) => free,
                    Err(_) => return Left::Perhaps(None),
                }
            };
            if let Some(free) = free {
                return Left::Some(address(cube.family, free));
            }
        }
        Left::Nothing(owners)
    }

    /// Walks along a network, from the end of the longest taken one to the next.
    fn outside_networks(
        &self,
        network: Cube,
        buckets: &[Bucket],
        owners: &mut BTreeSet<usize>,
    ) -> Option<u128> {
        let (low, high) = network.ends();
        let lengths = self.lengths_of(network.family, buckets);
        // Of those that hold an address: the earliest of those that go to the end, or else the longest.
        let taken = |at: u128| {
            let holders = lengths.iter().filter_map(|(bucket, length)| {
                let start = network.family.start(at, *length);
                let owner = self
                    .networks
                    .get(&(*bucket, network.family, *length, start))?;
                Some((network.family.end(start, *length).min(high), *owner))
            });
            holders.max_by_key(|(end, owner)| (*end, Reverse(*owner)))
        };
        // The first address of a network is nobody's.
        let second = low + u128::from(low < high);
        if taken(second).is_none() {
            return Some(second);
        }
        let mut at = low;
        while let Some((end, owner)) = taken(at) {
            owners.insert(owner);
            if end >= high {
                return None;
            }
            at = end + 1;
        }
        Some(at)
    }

    /// The buckets with the lengths of their prefixes.
    fn lengths_of(&self, family: Family, buckets: &[Bucket]) -> Vec<(Bucket, u8)> {
        let of_bucket = |bucket: &Bucket| {
            let lengths = self.lengths.get(&(*bucket, family)).into_iter().flatten();
            lengths.map(|length| (*bucket, *length)).collect::<Vec<_>>()
        };
        buckets.iter().flat_map(of_bucket).collect()
    }

    /// The taken networks that may have to do with a cube.
    fn networks_in(&self, cube: Cube, buckets: &[Bucket]) -> Vec<(Cube, usize)> {
        let (low, high) = cube.ends();
        let mut found = Vec::new();
        for (bucket, length) in self.lengths_of(cube.family, buckets) {
            let key = |at| (bucket, cube.family, length, cube.family.start(at, length));
            for ((.., start), owner) in self.networks.range(key(low)..=key(high)) {
                let end = cube.family.end(*start, length);
                found.push((Cube::network(cube.family, *start, end), *owner));
            }
        }
        found
    }
}

impl Rest {
    /// Who takes a client by its name: by all of it or by an end of it.
    fn by_name(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let name = folded(name);
        let dots = name
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'.')
            .map(|(at, _)| at);
        let ends: Vec<usize> = core::iter::once(0).chain(dots).collect();
        ends.into_iter().filter_map(move |at| {
            let end = &name[at..];
            let whole = at == 0 && !end.is_empty();
            (whole || end.starts_with(b".")).then(|| self.names.get(end).copied())?
        })
    }
}
