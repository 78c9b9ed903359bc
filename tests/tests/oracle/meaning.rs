//! What rules decide, what they never can, and what an edit changes, judged by looking at every connection of a small
//! world: pg-config's answers about all connections against those of the judge in `first_match`, one by one. That the
//! judge is right is what `wire` shows.
//!
//! `PGCERT_GENERATED` says how many files, `PGCERT_SEED` from which seed.

mod universe;

use std::collections::{BTreeMap, BTreeSet};

use e2e::first_match::{Client, Interface, Rule, Way, first_match};
use e2e::generated::meaning::Meant;
use e2e::generated::{Dice, edit};
use e2e::given;
use pg_config::Version;
use pg_config::hba::{
    Change, Connection, Decision, HostName, Reach, RuleSet, Site, Transport, changes, decide,
    reach, without_effect,
};

use crate::generated::number;
use universe::{Mask, Universe, VOCABULARY, WITH_PATTERNS, outcome};

/// How many files where nothing else is said.
const FEW: u64 = 1000;

/// How many clients of each are judged one by one.
const CLIENTS: usize = 20;

/// One file, and what is known of the server.
struct Case {
    version: u16,
    with_patterns: bool,
    interfaces: Option<Vec<Interface>>,
    /// How it came about.
    label: String,
}

impl Case {
    fn by_chance(dice: &mut Dice, seed: u64, index: u64) -> Self {
        let with_patterns = dice.once_in(4);
        Self {
            version: if with_patterns {
                17
            } else {
                dice.one_of(&[12, 14, 16, 18])
            },
            with_patterns,
            interfaces: (!dice.once_in(5)).then(universe::interfaces),
            label: format!("file {index} from seed {seed}"),
        }
    }

    fn vocabulary(&self, dice: &mut Dice) -> e2e::generated::meaning::Vocabulary {
        let mut vocabulary = if self.with_patterns {
            WITH_PATTERNS
        } else {
            VOCABULARY
        };
        if dice.once_in(3) {
            vocabulary.own_addresses = 25;
        }
        vocabulary
    }

    fn site(&self) -> Site {
        Site {
            interfaces: self.interfaces.as_ref().map(|all| {
                all.iter()
                    .map(|&(address, netmask)| pg_config::hba::Interface { address, netmask })
                    .collect()
            }),
        }
    }

    /// The files as pg-config reads them, and the rules as they were meant.
    fn read(&self, meant: &Meant) -> (RuleSet, Vec<Rule>, String) {
        let made = meant.files(None);
        let named = made.named.iter();
        let files: BTreeMap<String, Vec<u8>> = named
            .map(|(name, bytes)| (format!("/{name}"), bytes.clone()))
            .collect();
        let version = Version::new(self.version).unwrap();
        let set = RuleSet::of_bytes(&files, "/pg_hba.conf", &made.main, version);
        let rules: Vec<Rule> = meant
            .rules()
            .into_iter()
            .map(|placed| placed.rule)
            .collect();
        assert_eq!(set.rules.len(), rules.len(), "{}", self.label);
        let mut text = format!(
            "{}, PostgreSQL {}, {:?}\n",
            self.label, self.version, self.interfaces
        );
        for (at, rule) in rules.iter().enumerate() {
            text += &format!("{at} {rule:?}\n");
        }
        (set, rules, text)
    }

    /// The rules that decide a connection that pg-config names: one, or where the server's own addresses are not known,
    /// one for each that they may be.
    fn decided(&self, rules: &[Rule], connection: &Connection) -> BTreeSet<Option<usize>> {
        self.judged(rules, &client(connection))
    }

    /// The same for any client.
    fn judged(&self, rules: &[Rule], client: &Client<'_>) -> BTreeSet<Option<usize>> {
        let possible = match (&self.interfaces, client.address) {
            (Some(known), _) => vec![known.clone()],
            (None, Some(address)) => universe::possible(address),
            (None, None) => vec![vec![]],
        };
        possible
            .iter()
            .map(|interfaces| first_match(rules, client, interfaces))
            .collect()
    }

    /// Whether anything about these rules cannot be known.
    fn is_open<'r>(&self, mut rules: impl Iterator<Item = &'r Rule>) -> bool {
        rules.any(|rule| {
            let looks_ahead = rule.patterns().any(universe::looks_ahead);
            looks_ahead || self.interfaces.is_none() && rule.has_own_addresses()
        })
    }
}

/// A client as pg-config takes it.
pub(crate) fn connection(client: &Client<'_>) -> Connection {
    Connection {
        transport: match client.way {
            Way::Socket => Transport::Local,
            Way::Plain => Transport::Plain,
            Way::Tls => Transport::Tls,
            Way::Gss => Transport::Gss,
        },
        database: client.database.unwrap_or("ignored").to_owned(),
        role: client.role.to_owned(),
        member_of: Some(
            client
                .member_of
                .iter()
                .map(|&group| group.to_owned())
                .collect(),
        ),
        address: client.address,
        host_name: client.host_name.map_or(HostName::Unverified, |name| {
            HostName::Verified(name.to_owned())
        }),
        physical_replication: client.database.is_none(),
    }
}

/// A connection as the judge takes it.
fn client(connection: &Connection) -> Client<'_> {
    let groups = connection.member_of.as_ref().unwrap();
    Client {
        way: match connection.transport {
            Transport::Local => Way::Socket,
            Transport::Plain => Way::Plain,
            Transport::Tls => Way::Tls,
            Transport::Gss => Way::Gss,
        },
        database: (!connection.physical_replication).then_some(&*connection.database),
        role: &connection.role,
        member_of: groups.iter().map(String::as_str).collect(),
        address: connection.address,
        host_name: match &connection.host_name {
            HostName::Verified(name) => Some(name),
            _ => None,
        },
    }
}

fn lowest(mask: Mask) -> Option<usize> {
    (mask != 0).then(|| usize::try_from(mask.trailing_zeros()).unwrap())
}

/// The rules between which a connection of the world goes over, to another outcome.
fn changed(world: &[Mask], old: &[Rule], new: &[Rule]) -> BTreeSet<(Option<usize>, Option<usize>)> {
    let of_old = (1 << old.len()) - 1;
    let mut pairs: BTreeSet<_> = BTreeSet::new();
    let mut last = None;
    for mask in world {
        let pair = (lowest(mask & of_old), lowest(mask >> old.len()));
        if last != Some(pair) {
            pairs.insert(pair);
            last = Some(pair);
        }
    }
    pairs.retain(|(before, after)| {
        outcome(before.map(|at| &old[at])) != outcome(after.map(|at| &new[at]))
    });
    pairs
}

/// Files by chance, each with the dice that made it, for what else is left to them; says how many these were and from
/// which seed.
fn each_file(mut judge: impl FnMut(&Case, &RuleSet, &[Rule], &str, &mut Dice)) -> String {
    let count = number("PGCERT_GENERATED").unwrap_or(FEW);
    let seed = number("PGCERT_SEED").unwrap_or(1);
    for index in 0..count {
        let mut dice = Dice::of_file(seed, index);
        let case = Case::by_chance(&mut dice, seed, index);
        let vocabulary = case.vocabulary(&mut dice);
        let length = dice.between(2, 10);
        let meant = Meant::by_chance(&mut dice, &vocabulary, case.version, length);
        let (set, rules, text) = case.read(&meant);
        judge(&case, &set, &rules, &text, &mut dice);
    }
    format!("{count} files from seed {seed}")
}

#[test]
fn rules_decide_as_the_judge_does() {
    let (mut sure, mut open) = (0, 0);
    let files = each_file(|case, set, rules, text, dice| {
        for _ in 0..CLIENTS {
            let client = universe::client(dice, case.with_patterns);
            let judged = case.judged(rules, &client);
            let decision = decide(set, &connection(&client), &case.site());
            let agrees = match &decision {
                Decision::Rule(rule) => judged == BTreeSet::from([Some(*rule)]),
                Decision::NoRule => judged == BTreeSet::from([None]),
                Decision::May { rules: named, none } => {
                    open += 1;
                    case.is_open(named.iter().map(|rule| &rules[*rule]))
                        && judged
                            .iter()
                            .all(|rule| rule.map_or(*none, |rule| named.contains(&rule)))
                }
            };
            sure += 1;
            assert!(agrees, "{client:?}: {judged:?}, but {decision:?}: {text}");
        }
    });
    given::note(&format!(
        "decisions under GSS too, {files}: {sure}, of which {open} open"
    ));
    assert!(sure > open && open > 0);
}

#[test]
fn rules_reach_what_they_can() {
    let (mut decides, mut never, mut open) = (0, 0, 0);
    let files = each_file(|case, set, rules, text, _| {
        if rules.is_empty() {
            return;
        }
        let all: Vec<&Rule> = rules.iter().collect();
        let world = Universe::of(&all, case.interfaces.as_deref()).matches();
        let alive = world
            .iter()
            .fold(0, |all, mask| all | mask & mask.wrapping_neg());
        let alive = |at: usize| alive >> at & 1 == 1;
        for (at, found) in reach(set, &case.site()).iter().enumerate() {
            let open_so_far = case.is_open(rules[..=at].iter());
            match found {
                Reach::Decides(example) => {
                    decides += 1;
                    let decided = case.decided(rules, example);
                    assert_eq!(decided, BTreeSet::from([Some(at)]), "{example:?}, {text}");
                    assert!(open_so_far || alive(at), "{at} never matches: {text}");
                }
                Reach::Open(example) => {
                    open += 1;
                    assert!(
                        open_so_far,
                        "nothing is open about {at}, {example:?}: {text}"
                    );
                }
                Reach::Never { hidden_by } => {
                    never += 1;
                    assert!(!alive(at), "{at} matches something: {text}");
                    assert!(
                        hidden_by.iter().all(|earlier| *earlier < at),
                        "{at}, {hidden_by:?}: {text}"
                    );
                    let hiding = hidden_by.iter().fold(0, |all, earlier| all | 1 << earlier);
                    let shown = world
                        .iter()
                        .find(|mask| *mask >> at & 1 == 1 && *mask & hiding == 0);
                    assert!(shown.is_none(), "{hidden_by:?} do not hide {at}: {text}");
                }
            }
        }
    });
    given::note(&format!(
        "reachability, {files}: {decides} rules decide something, {never} never do, {open} are open"
    ));
    assert!(decides > 0 && never > 0 && open > 0);
}

#[test]
fn rules_without_effect_change_nothing() {
    let (mut idle, mut alone, mut kept) = (0, 0, 0);
    let files = each_file(|case, set, rules, text, _| {
        let all: Vec<&Rule> = rules.iter().collect();
        let world = Universe::of(&all, case.interfaces.as_deref()).matches();
        let found = without_effect(set, &case.site());
        assert_eq!(found.from, 0, "{text}");
        let reached = reach(set, &case.site());
        let dead = |at: usize| matches!(reached[at], Reach::Never { .. });
        let named: Vec<usize> = found.rules.iter().map(|found| found.rule).collect();
        let stays = |at: &usize| !named.contains(at) && !dead(*at);
        let rest: Mask = (0..rules.len()).filter(stays).map(|at| 1 << at).sum();
        // A refusal by a rule is not to be one for want of a rule.
        let decided = |mask: Mask| lowest(mask).map(|at| outcome(Some(&rules[at])));
        for mask in &world {
            assert_eq!(decided(*mask), decided(mask & rest), "{named:?} of {text}");
        }
        for found in &found.rules {
            idle += 1;
            alone += usize::from(found.instead.len() == 1);
            let enough: Mask = found.instead.iter().map(|later| 1 << later).sum();
            assert_eq!(enough & !rest, 0, "{found:?} of {named:?}: {text}");
            let mut own = world
                .iter()
                .filter(|mask| lowest(**mask) == Some(found.rule));
            assert!(own.all(|mask| mask & enough != 0), "{found:?}: {text}");
        }
        let is_open = case.is_open(rules.iter());
        for at in (0..rules.len()).filter(stays) {
            kept += 1;
            let differs = |mask: &Mask| decided(mask & rest) != decided(mask & rest & !(1 << at));
            let decides_nothing = || !world.iter().any(|mask| lowest(mask & rest) == Some(at));
            assert!(
                is_open || world.iter().any(differs) || decides_nothing(),
                "{at} has no effect: {text}"
            );
        }
    });
    given::note(&format!(
        "rules without effect, {files}: {idle}, {alone} of them because of one other; {kept} rules have some"
    ));
    assert!(idle > 0 && kept > 0);
}

#[test]
fn edits_change_what_is_announced() {
    let count = number("PGCERT_GENERATED").unwrap_or(FEW);
    let seed = number("PGCERT_SEED").unwrap_or(1);
    let (mut certain, mut open, mut nothing) = (0, 0, 0);
    for index in 0..count {
        let mut dice = Dice::of_file(seed, index);
        let case = Case::by_chance(&mut dice, seed, index);
        let vocabulary = case.vocabulary(&mut dice);
        let length = dice.between(1, 8);
        let mut meant = Meant::by_chance(&mut dice, &vocabulary, case.version, length);
        let (old_set, old, old_text) = case.read(&meant);
        let what = edit::by_chance(&mut dice, &vocabulary, case.version, &mut meant);
        let (new_set, new, new_text) = case.read(&meant);
        let text = format!("{old_text}{what}\n{new_text}");
        let announced = changes(&old_set, &new_set, &case.site());

        let all: Vec<&Rule> = old.iter().chain(&new).collect();
        let world = Universe::of(&all, case.interfaces.as_deref()).matches();
        let changed = changed(&world, &old, &new);
        let told: BTreeSet<_> = announced
            .iter()
            .map(|change| (change.before, change.after))
            .collect();
        assert_eq!(told.len(), announced.len(), "twice: {announced:?}, {text}");
        for pair in &changed {
            assert!(
                told.contains(pair),
                "{pair:?} is not announced: {announced:?}, {text}"
            );
        }
        let is_open = case.is_open(old.iter().chain(&new));
        nothing += usize::from(announced.is_empty());
        for Change {
            before,
            after,
            example,
            certain: sure,
        } in &announced
        {
            if *sure {
                certain += 1;
                let example = example.as_ref().unwrap();
                assert_eq!(
                    case.decided(&old, example),
                    BTreeSet::from([*before]),
                    "{example:?}, {text}"
                );
                assert_eq!(
                    case.decided(&new, example),
                    BTreeSet::from([*after]),
                    "{example:?}, {text}"
                );
                assert_ne!(
                    outcome(before.map(|at| &old[at])),
                    outcome(after.map(|at| &new[at])),
                    "{text}"
                );
                assert!(
                    is_open || changed.contains(&(*before, *after)),
                    "{before:?} {after:?}: {text}"
                );
            } else {
                open += 1;
                assert!(
                    is_open,
                    "nothing is open about {before:?} {after:?}: {text}"
                );
            }
        }
    }
    given::note(&format!(
        "edits, {count} from seed {seed}: {certain} changes announced for sure, {open} perhaps; {nothing} edits change nothing"
    ));
    assert!(certain > 0 && open > 0 && nothing > 0);
}
