//! Edits of files that servers have loaded: what they say before and after has to be what was announced.

use std::collections::BTreeMap;

use e2e::first_match::Client;
use e2e::generated::meaning::Meant;
use e2e::generated::{Dice, edit};
use pg_config::hba::changes;

use super::Run;
use super::bench::{Bench, Loaded, shown};
use super::world::{self, VOCABULARY};

/// How many edits of each version's files at least: 200 over all versions.
pub(super) const FEW: u64 = 29;
/// After how many edits another file is begun with.
const OF_A_FILE: u64 = 8;
/// How many clients are looked for, and how many call before and after.
const LOOKED_FOR: usize = 60;
const CALLING: usize = 5;

impl Run {
    /// So many edits on one server.
    pub(super) fn edit(&mut self, bench: &mut Bench<'_>, seed: u64, count: u64) {
        let version = bench.server.cluster.version;
        let mut meant = Meant::default();
        let mut loaded = None;
        for index in 0..count {
            let mut dice = Dice::of_file(!seed, index);
            if index % OF_A_FILE == 0 {
                let rules = dice.between(2, 9);
                meant = Meant::by_chance(&mut dice, &VOCABULARY, version, rules);
                loaded = None;
            }
            let before = loaded.unwrap_or_else(|| {
                let before = bench.prepare(meant.clone());
                bench.load(&before);
                before
            });
            let what = edit::by_chance(&mut dice, &VOCABULARY, version, &mut meant);
            let after = bench.prepare(meant.clone());
            let announced = changes(&before.read, &after.read, &world::site());
            let clients = clients(&mut dice, &before, &after);
            let first = bench.call(&clients);
            bench.load(&after);
            let second = bench.call(&clients);
            self.edits += 1;
            for (client, ((_, first), (_, second))) in clients.iter().zip(first.iter().zip(&second))
            {
                self.decisions += 2;
                let server = (before.place(first), after.place(second));
                let ours = (before.judge(client), after.judge(client));
                let differs = differs(&before, &after, ours);
                self.changed += usize::from(differs);
                let told = announced
                    .iter()
                    .any(|change| (change.before, change.after) == ours);
                if server != (Ok(ours.0), Ok(ours.1)) || differs && !told {
                    let what = format!(
                        "edit {index}, {what}: the server says {server:?}, the judge {ours:?}, announced is {announced:?}; before:\n{}\nafter:",
                        shown(&before.made)
                    );
                    self.differ(&after, index, version, client, &what);
                }
            }
            if self.is_enough() {
                return;
            }
            loaded = Some(after);
        }
    }
}

/// Whether these two rules have different outcomes.
fn differs(before: &Loaded, after: &Loaded, rules: (Option<usize>, Option<usize>)) -> bool {
    world::outcome(rules.0.map(|at| &before.rules[at]))
        != world::outcome(rules.1.map(|at| &after.rules[at]))
}

/// Clients for an edit: those whose outcome changes, as far as they are soon found, and others.
fn clients(dice: &mut Dice, before: &Loaded, after: &Loaded) -> Vec<Client<'static>> {
    let (mut changed, mut same) = (BTreeMap::new(), Vec::new());
    for at in 0..LOOKED_FOR {
        let all = if at % 2 == 0 { before } else { after };
        let rule = dice.below(all.rules.len());
        let client = world::client_of(dice, &all.rules[rule].rule);
        let rules = (before.judge(&client), after.judge(&client));
        if differs(before, after, rules) {
            changed.insert(rules, client);
        } else {
            same.push(client);
        }
    }
    let changed = changed.into_values().take(CALLING - 1);
    let mut chosen: Vec<_> = changed.chain(same).collect();
    chosen.truncate(CALLING);
    chosen
}
