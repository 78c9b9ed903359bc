//! The role, the rule that lets it in, the user name map, and what that changes for others.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use pg_config::hba::{
    self, Change, Conflict, ConnType, Connection, Database, Databases, Insertion, MapUse, Method,
    Placement, RuleSet, Site, Source, Transport, User, Wanted, WayIn,
};
use pg_config::ident;

use super::edits::Edits;
use super::reach::Listening;
use super::trust::Authorities;
use crate::facts::Server;
use crate::goal::{AccessGoal, ServerGoal};
use crate::plan::{Consent, Plan, Step};
use crate::refusal::Refusal;

/// What lets the role in, as it was decided.
pub(super) struct Entrance {
    placement: Placement,
    /// The rules to be added.
    insertions: Vec<Insertion>,
    authorities: Authorities,
}

impl Entrance {
    /// Whether the rules or maps change.
    fn is_new(&self) -> bool {
        !self.insertions.is_empty() || !self.placement.maps.is_empty()
    }
}

/// Adds what lets the role in.
pub(super) fn draft(
    access: &AccessGoal,
    goal: &ServerGoal,
    authorities: Authorities,
    server: &Server,
    edits: &mut Edits,
    plan: &mut Plan,
) -> Result<Entrance, Refusal> {
    role(access, server, plan)?;
    let rules = &server.host.hba.rules;
    let site = &server.host.site;
    let wanted = wanted(access, server);
    let placement =
        hba::place(rules, &wanted, site).map_err(|conflict| no_place(rules, &conflict))?;
    let mut insertions = placement.insertions.clone();
    if access.certificate_only {
        insertions.extend(
            hba::refuse_without_tls(rules, &wanted, &placement, site)
                .map_err(|conflict| no_place(rules, &conflict))?,
        );
    }
    map(access, &placement, server, edits)?;
    write(rules, &insertions, edits)?;
    spare_others(rules, access, server, edits, site)?;

    let ways_in = hba::ways_in(rules, &wanted, &insertions, site);
    note_ways_in(&ways_in, access, server, plan);
    if !insertions.is_empty() {
        unreachable_networks(access, goal, server, plan);
    }
    if !server.host.tls.on {
        tls_goes_on(rules, &hba::changes_with_tls(rules, site), plan);
    }
    standbys(server, plan);
    Ok(Entrance {
        placement,
        insertions,
        authorities,
    })
}

/// Says what this changes for the role itself. `first_certificate`: it gets a certificate that it
/// had not, which is as good as a rule where one lets it in already.
pub(super) fn consequences(
    access: &AccessGoal,
    entrance: &Entrance,
    first_certificate: bool,
    server: &Server,
    plan: &mut Plan,
) {
    if entrance.is_new() {
        logins_that_end(access, entrance, server, plan);
    }
    if entrance.is_new() || first_certificate {
        privileged_role(access, server, plan);
        other_authorities(access, &entrance.authorities, plan);
    }
}

/// Makes sure that there is a role to let in, and that the databases are open to it.
fn role(access: &AccessGoal, server: &Server, plan: &mut Plan) -> Result<(), Refusal> {
    let host = &server.host;
    let role = || access.role.to_string();
    match &host.role {
        Some(found) if !found.login => return Err(Refusal::NoLogin { role: role() }),
        Some(_) => {}
        None if !access.create_role => return Err(Refusal::NoRole { role: role() }),
        None if host.in_recovery => return Err(Refusal::Standby { role: role() }),
        None => plan.steps.push(Step::CreateRole(role())),
    }
    for facts in &host.databases {
        if !facts
            .database
            .as_ref()
            .is_some_and(|found| found.allows_connections)
        {
            return Err(Refusal::NoDatabase {
                database: facts.name.clone(),
            });
        }
        if !facts.may_connect {
            return Err(Refusal::NoConnect {
                role: role(),
                database: facts.name.clone(),
            });
        }
    }
    Ok(())
}

fn wanted(access: &AccessGoal, server: &Server) -> Wanted {
    let databases = match access.databases.as_slice() {
        [] => Databases::All,
        names => Databases::Named(names.to_vec()),
    };
    Wanted {
        role: access.role.to_string(),
        // A role that does not exist yet is a member of nothing.
        member_of: Some(
            server
                .host
                .role
                .as_ref()
                .map(|role| role.member_of.clone())
                .unwrap_or_default(),
        ),
        databases,
        from: access.from.clone(),
        map: other_name(access).map(|_| MAP.to_owned()),
    }
}

/// The certificate's common name where it is not the role's.
fn other_name(access: &AccessGoal) -> Option<&str> {
    access
        .cert_name
        .as_deref()
        .filter(|name| *name != access.role.as_str())
}

/// Writes the rules where they have to stand.
fn write(rules: &RuleSet, insertions: &[Insertion], edits: &mut Edits) -> Result<(), Refusal> {
    let written = rules.written(edits.files(), insertions);
    let written = written.map_err(|error| Refusal::Unwritable {
        path: PathBuf::from(&*rules.file),
        reason: error.to_string(),
    })?;
    for (file, document) in written {
        edits.set(&file, "rules", document.to_bytes());
    }
    Ok(())
}

/// Writes the lines of the user name map that the rules need: those of a map that is in use already,
/// or our own, which keeps a line for the role's own name.
fn map(
    access: &AccessGoal,
    placement: &Placement,
    server: &Server,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let ident = &server.host.ident;
    let path = ident.path.to_string_lossy().into_owned();
    let role = access.role.as_str();
    let name = access.cert_name.as_deref().unwrap_or(role);
    let mut lines: Vec<(&str, &str)> = Vec::new();
    for used in &placement.maps {
        if used.by_dn {
            return Err(Refusal::Unwritable {
                path: ident.path.clone(),
                reason: format!(
                    "map {} is asked about whole subjects (clientname=DN), which only their owner can name",
                    used.map
                ),
            });
        }
        lines.push((&used.map, name));
    }
    let ours = placement.insertions.iter().any(|insertion| {
        insertion
            .rule
            .options
            .iter()
            .any(|option| option.name() == "map" && option.value() == MAP)
    });
    if ours {
        lines.extend([(MAP, name), (MAP, role)]);
    }
    if lines.is_empty() {
        return Ok(());
    }
    if let Some(used) = placement
        .maps
        .iter()
        .find_map(|used| elsewhere(used, placement, &server.host.hba.rules))
    {
        return Err(used);
    }
    let view = ident.view.iter().flatten();
    let refused: Vec<_> = view
        .filter(|row| row.is_refused())
        .filter_map(|row| row.error.clone())
        .collect();
    if !refused.is_empty() {
        return Err(Refusal::Broken {
            what: "pg_ident.conf",
            errors: refused,
        });
    }
    let mut document = ident::Document::parse(edits.bytes(&path), server.host.version);
    for (map, name) in lines {
        document
            .add_line(map, name, role)
            .map_err(|error| Refusal::Unwritable {
                path: ident.path.clone(),
                reason: error.to_string(),
            })?;
    }
    edits.set(&path, "user name map", document.to_bytes());
    Ok(())
}

/// A line in a map lets the role in by every rule that uses the map: those outside of what was asked
/// for would be a gift.
fn elsewhere(used: &MapUse, placement: &Placement, rules: &RuleSet) -> Option<Refusal> {
    let asked = |rule: &usize| placement.maps.iter().any(|used| used.rule == *rule);
    let others: Vec<_> = (0..rules.rules.len())
        .filter(|rule| {
            rules
                .rules
                .get(*rule)
                .is_some_and(|at| at.rule.map() == Some(&used.map))
        })
        .filter(|rule| !asked(rule))
        .map(|rule| line(rules, rule))
        .collect();
    (!others.is_empty()).then(|| Refusal::MapElsewhere {
        map: used.map.clone(),
        lines: others,
    })
}

/// Holds the new rules against the old ones: whoever is not the role over TCP gets in, or not, as before.
fn spare_others(
    rules: &RuleSet,
    access: &AccessGoal,
    server: &Server,
    edits: &Edits,
    site: &Site,
) -> Result<(), Refusal> {
    let after = RuleSet::of_bytes(
        edits.files(),
        &rules.file,
        edits.bytes(&rules.file),
        server.host.version,
    );
    if let Some(error) = after.errors.first() {
        return Err(Refusal::Broken {
            what: "pg_hba.conf after the change",
            errors: vec![error.to_string()],
        });
    }
    let of_the_role_alone = |index: usize| {
        after.rules.get(index).is_some_and(|at| {
            let users = &at.rule.users[..];
            users == [User::name(access.role.as_str())] && at.rule.kind != ConnType::Local
        })
    };
    let touched = |change: &&Change| !change.after.is_some_and(of_the_role_alone);
    match hba::changes(rules, &after, site).iter().find(touched) {
        Some(change) => Err(Refusal::TouchesOthers {
            rule: decider(rules, change.before),
        }),
        None => Ok(()),
    }
}

fn privileged_role(access: &AccessGoal, server: &Server, plan: &mut Plan) {
    let Some(found) = server.host.role.as_ref().filter(|r| r.is_privileged()) else {
        return;
    };
    let rights = [
        (found.superuser, "is a superuser"),
        (found.replication, "has REPLICATION"),
        (found.bypass_rls, "has BYPASSRLS"),
    ];
    let rights: Vec<_> = rights
        .iter()
        .filter_map(|(holds, words)| holds.then_some(*words))
        .collect();
    plan.consequence(
        Consent::PrivilegedRole,
        format!(
            "role \"{}\" {}: whoever holds its key can do all of that",
            access.role,
            rights.join(" and ")
        ),
    );
}

/// The role's logins that are decided otherwise from now on: by a password it may have, or by
/// something outside the database that nobody here can see.
fn logins_that_end(access: &AccessGoal, entrance: &Entrance, server: &Server, plan: &mut Plan) {
    let Some(found) = &server.host.role else {
        return;
    };
    let rules = &server.host.hba.rules;
    let sessions = sessions_from(&access.from, server);
    let in_use = |rule: &usize| match rules.rules.get(*rule).map(|at| &at.rule.method) {
        Some(Method::Reject | Method::Cert) | None => false,
        Some(Method::ScramSha256 | Method::Md5 | Method::Password) => {
            found.has_password || !sessions.is_empty()
        }
        Some(_) => true,
    };
    let ended: Vec<_> = entrance
        .placement
        .overrides
        .iter()
        .filter(|rule| in_use(rule))
        .collect();
    if ended.is_empty() {
        return;
    }
    let lines: Vec<_> = ended.iter().map(|rule| shown(rules, **rule)).collect();
    let mut text = format!(
        "role \"{}\" logs in over TLS from there by {} today: from now on only its certificate lets it in",
        access.role,
        lines.join(", ")
    );
    if !sessions.is_empty() {
        text.push_str(&format!(
            "; it has open sessions from {}",
            sessions.join(", ")
        ));
    }
    plan.consequence(Consent::RoleLogins, text);
}

fn other_authorities(access: &AccessGoal, authorities: &Authorities, plan: &mut Plan) {
    if !authorities.others.is_empty() {
        plan.consequence(
            Consent::OtherAuthorities,
            format!(
                "{} can issue a certificate for role \"{}\" too, since the server trusts it",
                authorities.others.join(" and "),
                access.role
            ),
        );
    }
}

fn sessions_from(from: &[Source], server: &Server) -> Vec<String> {
    let inside = |address: IpAddr| {
        from.iter().any(|from| match from {
            Source::Network(network) => network.contains(address),
            Source::All | Source::SameHost | Source::SameNet => true,
        })
    };
    let addresses: BTreeSet<_> = server
        .host
        .sessions
        .iter()
        .map(|session| session.client)
        .filter(|a| inside(*a))
        .collect();
    addresses
        .into_iter()
        .map(|address| address.to_string())
        .collect()
}

fn unreachable_networks(access: &AccessGoal, goal: &ServerGoal, server: &Server, plan: &mut Plan) {
    let listening = Listening::of(&server.host, goal.listen.as_deref());
    let lost: Vec<_> = access
        .from
        .iter()
        .filter(|from| !listening.reachable_from(from))
        .map(ToString::to_string)
        .collect();
    if !lost.is_empty() {
        plan.consequence(
            Consent::Unreachable,
            format!(
                "nobody in {} can reach the server: listen_addresses is '{}' (--listen ADDRESSES --restart changes that)",
                lost.join(", "),
                server.host.settings.value("listen_addresses")
            ),
        );
    }
}

fn tls_goes_on(rules: &RuleSet, changes: &[Change], plan: &mut Plan) {
    if changes.is_empty() {
        return;
    }
    let logins = |example: &Option<Connection>| {
        let example = example.as_ref().map(Connection::assumed);
        example.map_or_else(
            || "logins that a regular expression matches".to_owned(),
            |example| format!("logins such as {example}"),
        )
    };
    let line = |change: &Change| {
        let may = if change.certain { "" } else { ", perhaps" };
        let (before, after) = (decider(rules, change.before), decider(rules, change.after));
        format!("  {}: {before} -> {after}{may}", logins(&change.example))
    };
    let lines: Vec<_> = changes.iter().map(line).collect();
    plan.consequence(
        Consent::TlsOn,
        format!("TLS goes on, and clients that prefer it (libpq's default) move to it; another rule then decides\n{}", lines.join("\n")),
    );
}

/// The rule that decides, in words.
fn decider(rules: &RuleSet, rule: Option<usize>) -> String {
    rule.map_or_else(|| "no rule".to_owned(), |rule| shown(rules, rule))
}

/// Rules for physical replication count for roles that may replicate only.
fn note_ways_in(ways: &[WayIn], access: &AccessGoal, server: &Server, plan: &mut Plan) {
    let rules = &server.host.hba.rules;
    let role = server.host.role.as_ref();
    let replicates = role.is_some_and(|role| role.replication || role.superuser);
    let is_replication = |way: &&WayIn| {
        rules.rules.get(way.rule).is_some_and(|at| {
            let mut databases = at.rule.databases.iter();
            databases.all(|database| *database == Database::Replication)
        })
    };
    for way in ways.iter().filter(|way| replicates || !is_replication(way)) {
        let transports: Vec<_> = way
            .transports
            .iter()
            .map(|transport| name(*transport))
            .collect();
        let elsewhere = if way.inside {
            ""
        } else {
            ", for other databases or from elsewhere"
        };
        let may = if way.certain { "gets in" } else { "may get in" };
        plan.note(
            "way-in-without-certificate",
            format!(
                "role \"{}\" still {may} without a certificate over {} by {}{elsewhere}",
                access.role,
                transports.join(", "),
                shown(rules, way.rule)
            ),
        );
    }
}

fn standbys(server: &Server, plan: &mut Plan) {
    if !server.host.standbys.is_empty() {
        plan.note(
            "standbys",
            "the server has standbys: pg_basebackup copies the server's key to them, and each should have a certificate of its own",
        );
    }
}

fn no_place(rules: &RuleSet, conflict: &Conflict) -> Refusal {
    let lines = |numbers: &[usize]| {
        numbers
            .iter()
            .map(|rule| line(rules, *rule))
            .collect::<Vec<_>>()
    };
    match conflict {
        Conflict::Broken => Refusal::Broken {
            what: "pg_hba.conf",
            errors: rules.errors.iter().map(ToString::to_string).collect(),
        },
        Conflict::Order {
            from,
            before,
            behind,
        } => Refusal::NoPlace {
            text: format!(
                "the rule{} would have to stand before {} and behind {}, and there is no such place",
                from.map_or_else(String::new, |from| format!(" for {from}")),
                shown(rules, *before),
                behind
                    .iter()
                    .map(|rule| shown(rules, *rule))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            lines: [lines(&[*before]), lines(behind)].concat(),
        },
        Conflict::Decided {
            from,
            rules: deciding,
        } => Refusal::NoPlace {
            text: format!(
                "all connections{} are decided by {}, which keeps its say",
                from.map_or_else(String::new, |from| format!(" from {from}")),
                deciding
                    .iter()
                    .map(|rule| shown(rules, *rule))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            lines: lines(deciding),
        },
        other => Refusal::NoPlace {
            text: other.to_string(),
            lines: Vec::new(),
        },
    }
}

/// A rule's place, as `file:line`.
fn line(rules: &RuleSet, rule: usize) -> String {
    rules
        .rules
        .get(rule)
        .map_or_else(String::new, |at| format!("{}:{}", at.file, at.rule.line))
}

/// A rule's place and how it lets people in.
fn shown(rules: &RuleSet, rule: usize) -> String {
    let method = rules
        .rules
        .get(rule)
        .map_or_else(String::new, |at| at.rule.method.to_string());
    format!("{} ({method})", line(rules, rule))
}

fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Local => "the local socket",
        Transport::Plain => "plain TCP",
        Transport::Tls => "TLS",
        Transport::Gss => "GSS",
    }
}

/// The user name map that pgcert writes.
const MAP: &str = "pgcert";
