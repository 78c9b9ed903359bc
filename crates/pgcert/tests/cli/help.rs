//! The whole help tree as one snapshot: help texts are part of the product and are reviewed like
//! code.

use crate::place::Place;

/// Every command with its help text, a command before its own commands.
pub(crate) fn tree(place: &Place) -> Vec<(Vec<String>, String)> {
    let mut tree = Vec::new();
    walk(place, &mut Vec::new(), &mut tree);
    tree
}

fn walk(place: &Place, command: &mut Vec<String>, tree: &mut Vec<(Vec<String>, String)>) {
    let asked = [command.as_slice(), &["--help".to_owned()]].concat();
    let said = place.must(&asked);
    assert_eq!(said.err, "");
    tree.push((command.clone(), said.out.clone()));
    let listed = said
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1);
    for line in listed.take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        if name != "help" {
            command.push(name.to_owned());
            walk(place, command, tree);
            command.pop();
        }
    }
}

#[test]
fn whole_tree() {
    let place = Place::new();
    let pages = tree(&place)
        .into_iter()
        .map(|(command, text)| format!("===== pgcert {}\n{text}", command.join(" ")));
    insta::assert_snapshot!(pages.collect::<Vec<_>>().join("\n"));
}

#[test]
fn fits_a_terminal_of_a_hundred_columns() {
    for (command, text) in tree(&Place::new()) {
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{command:?}: {line}");
        }
    }
}

#[test]
fn short_and_long_help_are_the_same() {
    let place = Place::new();
    for (command, text) in tree(&place) {
        let short = place.must(&[command.as_slice(), &["-h".to_owned()]].concat());
        assert_eq!(short.out, text);
    }
}

#[test]
fn version() {
    let place = Place::new();
    assert_eq!(
        place.must(&["--version"]).out,
        format!("pgcert {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn there_are_five_examples() {
    let place = Place::new();
    let help = place.must(&["--help"]).out;
    assert_eq!(help.matches("\n  pgcert ").count(), 5);
}
