//! The place of a rule that nobody named: where it takes effect and those that must keep their say keep it. Rules that let
//! one role in by its certificate are placed as setup places them.

use pg_config::hba::{
    Address, Conflict, ConnType, Database, Databases, Document, EditError, MapUse, Method, Network,
    Placement, Rule, RuleInFile, RulePlace, RuleSet, Source, User, Wanted, matches_nobody, place,
    place_rule, prefix_length,
};
use pg_config::resolve::Files as _;

use super::opened::{Opened, one_rule, read_in, refused, unreadable};
use super::outcomes::Outcomes;
use super::words;
use crate::args::ServerEditing;
use crate::command::edit::Edits;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;

/// Adds the rule where it has to stand.
pub(super) fn add(
    line: &str,
    opened: Opened,
    editing: &ServerEditing,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let Opened {
        found,
        bytes,
        mut document,
        was: set,
        ..
    } = opened;
    let given = one_rule(line, &found)?;
    let Some(given) = given.rules().next() else {
        return Err(refused(&EditError::NoRule, &found));
    };
    let disk = found.files();
    let site = found.site();
    let rule = read_in(line, &found.path, &found)?;
    if matches_nobody(&rule, &site) {
        return Err(no_place(&Conflict::Nobody, &set));
    }
    // What is written, and where.
    let mut written = None;
    let placed = match wanted(given) {
        Some(wanted) => {
            let placement = place(&set, &wanted, &site).map_err(|c| no_place(&c, &set))?;
            if let Some(insertion) = placement.insertions.first() {
                let same = insertion.rule.databases[..] == given.databases[..];
                let text = match same {
                    true => Ok(line.as_bytes().to_vec()),
                    false => insertion.line_like(line.as_bytes(), found.version),
                };
                let text = text.map_err(|error| refused(&error, &found))?;
                written = Some((insertion.place, text));
            } else if let Some(other) = other_map(&placement, &wanted) {
                return Err(by_other_map(other, &wanted, &set));
            }
            Placed::Certificate(placement)
        }
        None => {
            let placed = place_rule(&set, &rule, &site).map_err(|c| no_place(&c, &set))?;
            written = placed.place.map(|place| (place, line.as_bytes().to_vec()));
            Placed::Any(placed)
        }
    };
    let mut edits = Edits::new(&disk, "rules", 0o600);
    if let Some((place, text)) = written {
        let (path, position) = set.spot(place);
        if !read_in(line, path, &found)?.says_the_same(&rule) {
            return Err(other_lists(path));
        }
        let mut included;
        let (was, changed) = match path == found.path {
            true => (bytes, &mut document),
            false => {
                let was = disk.read(path).map_err(|error| unreadable(path, &error))?;
                included = Document::parse(was.as_slice(), found.version);
                (was, &mut included)
            }
        };
        changed
            .insert_line(position, &text)
            .map_err(|error| refused(&error, &found))?;
        edits.set(path, Some(was), changed.to_bytes());
    }
    let rejects = rule.method == Method::Reject;
    let after = RuleSet::of_document(&edits, &found.path, &document);
    edits.must_not_add_errors(&set.errors, &after.errors)?;
    if placed.adds() {
        Outcomes::between(&set, &after, &site).of_edit(&mut edits, output);
    }
    placed.say(rejects, &set, &mut edits);
    edits.finish_on(&found, editing, context, output)
}

/// The map that decides in place of the one that was asked for.
fn other_map<'p>(placement: &'p Placement, wanted: &Wanted) -> Option<&'p MapUse> {
    let asked = wanted.map.as_ref()?;
    let mut maps = placement.maps.iter();
    maps.find(|used| used.map != *asked || used.by_dn)
}

fn by_other_map(used: &MapUse, wanted: &Wanted, set: &RuleSet) -> Failure {
    let place = lines(&[used.rule], set);
    let asked = wanted.map.as_deref().unwrap_or_default();
    let what = match used.map == asked {
        true => format!("{place} decides, and compares the certificate's DN"),
        false => format!("{place} decides by the map {}, not by {asked}", used.map),
    };
    Failure::new(format!("nothing was changed: {what}")).hint(format!(
        "--before LINE puts the rule where you say; or pgcert ident add {} NAME ROLE lets the certificate in as it is",
        used.map
    ))
}

fn other_lists(path: &str) -> Failure {
    Failure::new(format!(
        "nothing was changed: the rule would have to stand in {}, beside which its lists hold other names",
        escape_name(path)
    ))
    .hint("give the lists by their whole paths: @/PATH/OF/LIST")
}

/// What a rule asks for, where that is what places are known for.
fn wanted(rule: &Rule) -> Option<Wanted> {
    let role = match &rule.users[..] {
        [User::Name(name)] => String::from_utf8(name.to_vec()).ok()?,
        _ => return None,
    };
    let databases = match &rule.databases[..] {
        [Database::All] => Databases::All,
        [Database::Replication] => Databases::Replication,
        names => Databases::Named(
            names
                .iter()
                .map(|database| match database {
                    Database::Name(name) => String::from_utf8(name.to_vec()).ok(),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        ),
    };
    let from = match rule.address.as_ref()? {
        Address::All => Source::All,
        Address::SameHost => Source::SameHost,
        Address::SameNet => Source::SameNet,
        Address::Masked(masked) => {
            let bits = prefix_length(masked.mask())?;
            Source::Network(Network::new(masked.address(), bits).ok()?)
        }
        Address::HostName(_) => return None,
    };
    let map = match &rule.options[..] {
        [] => None,
        // An empty name is no map.
        [option] if option.name() == "map" => {
            Some(option.value().to_owned()).filter(|map| !map.is_empty())
        }
        _ => return None,
    };
    (rule.kind == ConnType::HostSsl && rule.method == Method::Cert).then_some(Wanted {
        role,
        member_of: None,
        databases,
        from: vec![from],
        map,
    })
}

/// What was found out about the place.
enum Placed {
    Certificate(Placement),
    Any(RulePlace),
}

impl Placed {
    /// Whether a rule is added.
    fn adds(&self) -> bool {
        match self {
            Self::Certificate(placement) => !placement.insertions.is_empty(),
            Self::Any(placed) => placed.place.is_some(),
        }
    }

    /// `rejects`: whether the rule is one that lets nobody in.
    fn say(&self, rejects: bool, set: &RuleSet, edits: &mut Edits<'_>) {
        // Their numbers change where a rule is added.
        let lines = |rules: &[usize]| match self.adds() {
            true => quoted(rules, set),
            false => lines(rules, set),
        };
        let (overrides, keeps_say) = match self {
            Self::Certificate(placement) => (&placement.overrides, &placement.keeps_say),
            Self::Any(placed) => (&placed.overrides, &placed.keeps_say),
        };
        if self.adds() {
            if !overrides.is_empty() {
                edits.note(
                    "overrides",
                    format!(
                        "it decides before {}, by which these connections went until now",
                        lines(overrides)
                    ),
                );
            }
            edits.note_reload();
        }
        match self {
            Self::Certificate(placement) if !placement.already.is_empty() => edits.note(
                "already",
                format!(
                    "{} {} the role in by its certificate already",
                    lines(&placement.already),
                    verb(&placement.already, "lets", "let")
                ),
            ),
            Self::Any(placed) if !placed.instead.is_empty() => edits.note(
                "already",
                format!(
                    "{} {} all of it in the same way already",
                    lines(&placed.instead),
                    verb(&placed.instead, "decides", "decide")
                ),
            ),
            _ => {}
        }
        let let_in = |rule: &usize| set.rules[*rule].rule.method != Method::Reject;
        if rejects {
            // Others that reject end these connections as the rule would.
            let let_in: Vec<usize> = keeps_say.iter().copied().filter(let_in).collect();
            if !let_in.is_empty() {
                edits.note(
                    "keeps-say",
                    format!(
                        "{} still {} some of these connections in: --first shuts them out too",
                        lines(&let_in),
                        verb(&let_in, "lets", "let")
                    ),
                );
            }
        } else if !keeps_say.is_empty() {
            edits.note(
                "keeps-say",
                format!(
                    "{} {} on deciding some of these connections",
                    lines(keeps_say),
                    verb(keeps_say, "goes", "go")
                ),
            );
        }
        let Self::Certificate(placement) = self else {
            return;
        };
        for used in &placement.maps {
            edits.note(
                "map",
                format!(
                    "{} decides by the map {}: pgcert ident add {} NAME ROLE lets the certificate in",
                    lines(&[used.rule]),
                    used.map,
                    used.map
                ),
            );
        }
    }
}

/// Rules by what they say, with the places that they had.
fn quoted(rules: &[usize], set: &RuleSet) -> String {
    let rules: Vec<_> = rules
        .iter()
        .filter_map(|rule| set.rules.get(*rule))
        .collect();
    let quote = |at: &&RuleInFile| format!("{} (was {})", words::line(&at.rule), words::place(at));
    let mut places: Vec<_> = rules.iter().take(MOST).map(quote).collect();
    if rules.len() > MOST {
        places.push(format!("and {} more", rules.len() - MOST));
    }
    places.join(", ")
}

/// How many rules are quoted at most.
const MOST: usize = 5;

fn lines(rules: &[usize], set: &RuleSet) -> String {
    let places: Vec<_> = rules
        .iter()
        .filter_map(|rule| set.rules.get(*rule))
        .map(words::place)
        .collect();
    places.join(", ")
}

/// The verb for one rule or several.
fn verb(rules: &[usize], one: &'static str, several: &'static str) -> &'static str {
    if rules.len() == 1 { one } else { several }
}

fn no_place(conflict: &Conflict, set: &RuleSet) -> Failure {
    let failure = Failure::because("nothing was changed", conflict);
    match conflict {
        Conflict::Broken => failure.hint("pgcert hba lint says what is wrong with it"),
        Conflict::Order { before, behind, .. } => failure.hint(format!(
            "it would have to stand before {} and behind {}; --before LINE puts it where you say",
            lines(&[*before], set),
            lines(behind, set)
        )),
        Conflict::Decided { rules, .. } => failure.hint(format!(
            "they are {}; --before LINE puts it where you say",
            lines(rules, set)
        )),
        Conflict::Nobody => {
            failure.hint("--before LINE, --after LINE, --first or --last writes it all the same")
        }
        _ => failure,
    }
}
