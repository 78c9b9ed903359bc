//! The place of a rule that nobody named: where it takes effect without changing what anybody else gets, as setup finds
//! it. Known for rules that let one role in by its certificate.

use pg_config::hba::{
    Address, Conflict, ConnType, Database, Databases, Method, Network, Placement, Rule, RuleSet,
    Source, User, Wanted, place,
};

use super::edit::{one_rule, refused};
use super::outcomes::Outcomes;
use crate::args::ServerEditing;
use crate::command::edit::Edits;
use crate::command::files::Found;
use crate::context::Context;
use crate::failure::{Failure, escape_name};
use crate::output::Output;

/// Adds the rule where it has to stand.
pub(super) fn add(
    line: &str,
    found: &Found,
    bytes: &[u8],
    editing: &ServerEditing,
    context: &Context,
    output: &mut Output,
) -> Result<(), Failure> {
    let rule = one_rule(line, found)?;
    let Some(wanted) = rule.rules().next().and_then(wanted) else {
        return Err(Failure::usage("it is not said where the rule shall stand")
            .hint("--before LINE, --after LINE, --first or --last says so")
            .hint("pgcert finds the place only for rules such as hostssl DATABASE ROLE NETWORK cert [map=MAP]"));
    };
    let disk = found.files();
    let set = RuleSet::of_bytes(&disk, &found.path, bytes, found.version);
    let placement =
        place(&set, &wanted, &found.site()).map_err(|conflict| no_place(&conflict, &set))?;
    let documents = set
        .written(&disk, &placement.insertions)
        .map_err(|error| refused(&error, found))?;
    let mut edits = Edits::new(&disk, "rules", 0o600);
    for (path, document) in &documents {
        let before = if *path == found.path {
            bytes.to_vec()
        } else {
            let read = pg_config::resolve::Files::read(&disk, path);
            read.map_err(|error| {
                Failure::because(format_args!("{} cannot be read", escape_name(path)), &error)
            })?
        };
        edits.set(path, Some(before), document.to_bytes());
    }
    let after = pg_config::resolve::Files::read(&edits, &found.path).unwrap_or_default();
    let after = RuleSet::of_bytes(&edits, &found.path, &after, found.version);
    edits.must_not_add_errors(&set.errors, &after.errors)?;
    if !placement.insertions.is_empty() {
        Outcomes::between(&set, &after, &found.site()).of_edit(&mut edits, output);
    }
    say(&placement, &set, &mut edits);
    edits.finish_on(found, editing, context, output)
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
        Address::Masked { address, mask } => Source::Network(network(*address, *mask)?),
        Address::HostName(_) => return None,
    };
    let map = match &rule.options[..] {
        [] => None,
        [option] if option.name() == "map" => Some(option.value().to_owned()),
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

/// The network of a mask without holes.
fn network(address: std::net::IpAddr, mask: std::net::IpAddr) -> Option<Network> {
    let (ones, leading) = match mask {
        std::net::IpAddr::V4(mask) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
        std::net::IpAddr::V6(mask) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
    };
    let bits = u8::try_from(ones).ok().filter(|_| ones == leading)?;
    Network::new(address, bits).ok()
}

fn say(placement: &Placement, set: &RuleSet, edits: &mut Edits<'_>) {
    let lines = |rules: &[usize]| lines(rules, set);
    if !placement.insertions.is_empty() {
        if !placement.overrides.is_empty() {
            edits.note(
                "overrides",
                format!(
                    "it decides before {}, by which these connections went until now",
                    lines(&placement.overrides)
                ),
            );
        }
        edits.note_reload();
    }
    if !placement.already.is_empty() {
        edits.note(
            "already",
            format!(
                "{} lets the role in by its certificate already",
                lines(&placement.already)
            ),
        );
    }
    if !placement.keeps_say.is_empty() {
        edits.note(
            "keeps-say",
            format!(
                "{} goes on deciding some of these connections",
                lines(&placement.keeps_say)
            ),
        );
    }
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

fn lines(rules: &[usize], set: &RuleSet) -> String {
    let places: Vec<_> = rules
        .iter()
        .filter_map(|rule| set.rules.get(*rule))
        .map(|at| format!("{}:{}", at.file, at.line))
        .collect();
    places.join(", ")
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
        Conflict::Decided { rules, .. } => failure.hint(format!("they are {}", lines(rules, set))),
        _ => failure,
    }
}
