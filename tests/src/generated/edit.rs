//! Edits of `pg_hba.conf` by chance, as people make them: a rule added, taken out, moved, or exchanged for another.

use super::Dice;
use super::meaning::{Item, Meant, Vocabulary};

/// Changes the main file, and says how.
pub fn by_chance(dice: &mut Dice, vocabulary: &Vocabulary, version: u16, of: &mut Meant) -> String {
    let rules: Vec<usize> = (0..of.items.len())
        .filter(|at| matches!(of.items[*at], Item::Rule { .. }))
        .collect();
    let to = dice.below(of.items.len() + 1);
    let kind = if rules.is_empty() { 0 } else { dice.below(8) };
    if kind <= 2 {
        let rule = Meant::one_more(dice, vocabulary, version);
        of.items.insert(to, rule);
        return format!("added at {to}");
    }
    let from = dice.one_of(&rules);
    match kind {
        3 | 4 if rules.len() > 1 => {
            of.items.remove(from);
            format!("removed at {from}")
        }
        5 => {
            let other = Meant::one_more(dice, vocabulary, version);
            let method = dice.one_of(vocabulary.methods);
            match &mut of.items[from] {
                Item::Rule { rule, .. } if dice.once_in(2) => rule.method = method,
                item => *item = other,
            }
            format!("exchanged at {from}")
        }
        _ => {
            let rule = of.items.remove(from);
            let to = to.min(of.items.len());
            of.items.insert(to, rule);
            format!("moved from {from} to {to}")
        }
    }
}
