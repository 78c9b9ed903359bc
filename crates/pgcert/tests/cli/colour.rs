//! Colour: only where it is wanted, and never the only carrier of a meaning.

use crate::place::{Place, Said, said};

fn with(arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let place = Place::with_authority();
    let mut command = place.pgcert(arguments);
    command.envs(environment.iter().copied());
    said(command)
}

fn coloured(said: &Said) -> bool {
    said.out.contains('\u{1b}') || said.err.contains('\u{1b}')
}

#[test]
fn none_in_a_pipe() {
    assert!(!coloured(&with(&["list"], &[("TERM", "xterm-256color")])));
    assert!(!coloured(&with(
        &["list", "--color", "never"],
        &[("CLICOLOR_FORCE", "1")]
    )));
    assert!(!coloured(&with(&["show", "12"], &[])));
}

#[test]
fn always_means_always() {
    for environment in [&[][..], &[("NO_COLOR", "1")], &[("TERM", "dumb")]] {
        assert!(
            coloured(&with(&["list", "--color", "always"], environment)),
            "{environment:?}"
        );
        assert!(
            coloured(&with(&["show", "12", "--color=always"], environment)),
            "{environment:?}"
        );
    }
}

#[test]
fn no_color_wins_over_a_terminal_that_has_some() {
    let force = ("CLICOLOR_FORCE", "1");
    assert!(coloured(&with(&["list"], &[force])));
    assert!(!coloured(&with(&["list"], &[force, ("NO_COLOR", "1")])));
}

#[test]
fn the_words_are_the_same() {
    let plain = with(&["list", "--color", "never"], &[]);
    let colour = with(&["list", "--color", "always"], &[]);
    let strip = |text: &str| text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
    let columns = |text: &str| text.lines().next().map(str::to_owned);
    assert_eq!(columns(&strip(&colour.out)), columns(&plain.out));
}

#[test]
fn json_has_none() {
    assert!(!coloured(&with(
        &["list", "--json", "--color", "always"],
        &[]
    )));
}
