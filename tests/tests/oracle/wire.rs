//! What the rules mean, judged by servers of every version: each is given rules whose method is `password`, is called by
//! clients with a wrong one, and says in its log by which line it judged each. (`password` is the one method whose
//! refusal names the line on all versions.) What the servers say has to be what the judge in `first_match` says, which
//! so is judged itself, and what pg-config says.
//!
//! Clients under GSS are missing: these servers are built without it. The judge and pg-config are compared about them in
//! `meaning`.
//!
//! `PGCERT_GENERATED` says how many files a version gets, `PGCERT_SEED` from which seed.

mod bench;
mod edits;
mod namespace;
mod probe;
mod verdicts;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Instant;

use e2e::first_match::Client;
use e2e::generated::Dice;
use e2e::generated::meaning::Meant;
use e2e::given;
use pg_config::hba::{Decision, Reach, decide, reach};

use crate::generated::number;
use crate::meaning::connection;
use crate::servers::Server;
use bench::{Bench, Loaded, shown};
use world::VOCABULARY;

/// How many files a version are tried where nothing else is said.
const FEW: u64 = 5;
/// How many clients call for each file.
const CLIENTS: usize = 30;
/// How many differences are shown of one version.
const SHOWN: usize = 5;

#[test]
fn rules_decide_as_servers_do() {
    if !namespace::is_inside() {
        return namespace::run("wire::rules_decide_as_servers_do");
    }
    let count = number("PGCERT_GENERATED").unwrap_or(FEW);
    let seed = number("PGCERT_SEED").unwrap_or(1);
    let mut run = Run::default();
    let begun = Instant::now();
    Server::each_alone(bench::OPTIONS, |server| {
        let mut bench = Bench::new(server);
        for index in 0..count {
            let mut dice = Dice::of_file(seed, index);
            run.judge(&mut bench, &mut dice, index);
            if run.is_enough() {
                break;
            }
        }
        run.edit(&mut bench, seed, count.max(edits::FEW));
        run.shown = 0;
    });
    given::note(&format!(
        "wire, {count} files a version from seed {seed}: {} decisions by {} rules, {} by none, {} that pg-config left open; {} dead rules; {} edits, {} clients changed; {} s",
        run.decisions,
        run.rules,
        run.none,
        run.open,
        run.dead,
        run.edits,
        run.changed,
        begun.elapsed().as_secs()
    ));
    assert!(
        run.found.is_empty(),
        "differences, from seed {seed}:\n{}",
        run.found.join("\n")
    );
    assert!(run.rules > 0 && run.none > 0, "nothing was tried");
}

/// What a run has come to.
#[derive(Default)]
struct Run {
    /// Clients whose judgement was compared.
    decisions: usize,
    /// Of these, those that no rule matched.
    none: usize,
    /// Of these, those about which pg-config named more than one rule.
    open: usize,
    /// Rules that decided at least one.
    rules: usize,
    /// Rules that pg-config calls dead.
    dead: usize,
    /// Edits that were made.
    edits: usize,
    /// Clients whose outcome an edit changed.
    changed: usize,
    /// The differences.
    found: Vec<String>,
    /// How many of them are of this version.
    shown: usize,
}

impl Run {
    /// One file on one server.
    fn judge(&mut self, bench: &mut Bench<'_>, dice: &mut Dice, index: u64) {
        let version = bench.server.cluster.version;
        let rules = dice.between(2, 14);
        let meant = Meant::by_chance(dice, &VOCABULARY, version, rules);
        let loaded = bench.prepare(meant);
        bench.load(&loaded);
        let reach = reach(&loaded.read, &world::site());
        let dead = |rule: usize| matches!(reach[rule], Reach::Never { .. });
        self.dead += (0..reach.len()).filter(|rule| dead(*rule)).count();
        let clients = clients(dice, &loaded);
        let told = bench.call(&clients);
        let mut met = BTreeSet::new();
        for (client, (told, verdict)) in clients.iter().zip(told) {
            self.decisions += 1;
            let ours = loaded.judge(client);
            let theirs = match loaded.place(&verdict) {
                Ok(theirs) => theirs,
                Err(what) => {
                    self.differ(
                        &loaded,
                        index,
                        version,
                        client,
                        &format!("{what}, {told:?}"),
                    );
                    continue;
                }
            };
            match theirs {
                Some(rule) => drop(met.insert(rule)),
                None => self.none += 1,
            }
            let decision = decide(&loaded.read, &connection(client), &world::site());
            let (agrees, open) = match &decision {
                Decision::Rule(rule) => (theirs == Some(*rule), false),
                Decision::NoRule => (theirs.is_none(), false),
                Decision::May { rules, none } => {
                    (theirs.map_or(*none, |rule| rules.contains(&rule)), true)
                }
            };
            self.open += usize::from(open);
            if theirs.is_some_and(dead) {
                let what = format!("the server says {theirs:?}, which is dead: {reach:?}");
                self.differ(&loaded, index, version, client, &what);
            }
            if ours != theirs || !agrees {
                let what = format!(
                    "the server says {theirs:?}, the judge {ours:?}, pg-config {decision:?}"
                );
                self.differ(&loaded, index, version, client, &what);
            }
        }
        self.rules += met.len();
    }

    /// Whether enough differences of this version are known.
    fn is_enough(&self) -> bool {
        self.shown >= SHOWN
    }

    /// Notes a difference.
    fn differ(
        &mut self,
        loaded: &Loaded,
        index: u64,
        version: u16,
        client: &Client<'_>,
        what: &str,
    ) {
        self.shown += 1;
        if self.shown > SHOWN {
            return;
        }
        let mut text = format!("file {index} on PostgreSQL {version}: {what}\n{client:?}\n");
        for (at, placed) in loaded.rules.iter().enumerate() {
            let _ = writeln!(
                text,
                "{at} {:?}:{} {:?}",
                placed.file, placed.line, placed.rule
            );
        }
        text += &shown(&loaded.made);
        self.found.push(text);
    }
}

/// Clients for these rules: of many, those whose rules have had the fewest so far.
fn clients(dice: &mut Dice, loaded: &Loaded) -> Vec<Client<'static>> {
    let mut by_rule: BTreeMap<Option<usize>, Vec<Client<'static>>> = BTreeMap::new();
    let mut add = |client: Client<'static>| {
        let decided = loaded.judge(&client);
        by_rule.entry(decided).or_default().push(client);
    };
    for _ in 0..3 * CLIENTS {
        add(world::client(dice));
        let rule = dice.below(loaded.rules.len());
        add(world::client_of(dice, &loaded.rules[rule].rule));
    }
    let mut chosen = Vec::new();
    while chosen.len() < CLIENTS && !by_rule.is_empty() {
        by_rule.retain(|_, clients| match clients.pop() {
            Some(client) => {
                chosen.push(client);
                true
            }
            None => false,
        });
    }
    chosen
}
