//! The role, the rule that lets it in, the user name map, and what that changes for others.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use pg_config::hba::{
    self, Conflict, Databases, DecidingChange, Insertion, Placement, RuleSet, Site, Source,
    Transport, Wanted, WayIn,
};
use pg_config::ident;

use super::edits::Edits;
use super::reach::Listening;
use super::trust::Authorities;
use crate::facts::Server;
use crate::goal::{AccessGoal, ServerGoal};
use crate::plan::{Consent, Plan, Step};
use crate::refusal::Refusal;

/// Adds what lets the role in, and says what else that changes.
pub(super) fn draft(
    access: &AccessGoal,
    goal: &ServerGoal,
    authorities: &Authorities,
    server: &Server,
    edits: &mut Edits,
    plan: &mut Plan,
) -> Result<(), Refusal> {
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

    note_ways_in(
        rules,
        &hba::ways_in(rules, &wanted, &insertions, site),
        access,
        plan,
    );
    if !insertions.is_empty() || !placement.maps.is_empty() {
        consequences_for_role(access, &placement, authorities, server, plan);
    }
    if !insertions.is_empty() {
        unreachable_networks(access, goal, server, plan);
    }
    if !server.host.tls.on {
        tls_goes_on(rules, &hba::changes_with_tls(rules, site), plan);
    }
    standbys(server, plan);
    Ok(())
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
        if facts.database.is_none() {
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
            .any(|(key, value)| key == "map" && value == MAP)
    });
    if ours {
        lines.extend([(MAP, name), (MAP, role)]);
    }
    if lines.is_empty() {
        return Ok(());
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

/// Holds the new rules against the old ones: whoever is not the role over TCP gets the same answer
/// from the same rule.
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
    for witness in hba::witnesses(rules, site) {
        let ours = witness.connection.role == access.role.as_str()
            && matches!(
                witness.connection.transport,
                Transport::Tls | Transport::Plain | Transport::Gss
            );
        if !ours && !hba::unchanged(rules, &after, &witness.connection, site) {
            return Err(Refusal::TouchesOthers {
                rule: line(rules, witness.rule),
            });
        }
    }
    Ok(())
}

/// Says what else the holder of the role's key may do; once.
pub(super) fn privileged_role(access: &AccessGoal, server: &Server, plan: &mut Plan) {
    let said = |plan: &Plan| {
        let mut said = plan.consequences.iter().map(|c| c.consent);
        said.any(|consent| consent == Consent::PrivilegedRole)
    };
    let Some(found) = server.host.role.as_ref().filter(|r| r.is_privileged()) else {
        return;
    };
    if said(plan) {
        return;
    }
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

fn consequences_for_role(
    access: &AccessGoal,
    placement: &Placement,
    authorities: &Authorities,
    server: &Server,
    plan: &mut Plan,
) {
    privileged_role(access, server, plan);
    let role = &access.role;
    if let Some(found) = &server.host.role {
        let sessions = sessions_from(&access.from, server);
        if !placement.overrides.is_empty() && (found.has_password || !sessions.is_empty()) {
            let lines: Vec<_> = placement
                .overrides
                .iter()
                .map(|rule| line(&server.host.hba.rules, *rule))
                .collect();
            let mut text = format!(
                "role \"{role}\" logs in over TLS from there by {} today: from now on only its certificate lets it in",
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
    }
    if !authorities.others.is_empty() {
        plan.consequence(
            Consent::OtherAuthorities,
            format!(
                "{} can issue a certificate for role \"{role}\" too, since the server trusts it",
                authorities.others.join(" and ")
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

fn tls_goes_on(rules: &RuleSet, changes: &[DecidingChange], plan: &mut Plan) {
    if changes.is_empty() {
        return;
    }
    let decider =
        |rule: Option<usize>| rule.map_or_else(|| "no rule".to_owned(), |rule| shown(rules, rule));
    let lines: Vec<_> = changes
        .iter()
        .map(|change| {
            let may = if change.certain { "" } else { ", perhaps" };
            format!(
                "  role {} on database {}{}: {} -> {}{may}",
                change.example.role,
                change.example.database,
                change
                    .example
                    .address
                    .map(|a| format!(" from {a}"))
                    .unwrap_or_default(),
                decider(change.before),
                decider(change.after)
            )
        })
        .collect();
    plan.consequence(
        Consent::TlsOn,
        format!("TLS goes on, and clients that prefer it (libpq's default) move to it; another rule then decides\n{}", lines.join("\n")),
    );
}

fn note_ways_in(rules: &RuleSet, ways: &[WayIn], access: &AccessGoal, plan: &mut Plan) {
    for way in ways.iter().filter(|way| way.inside) {
        let transports: Vec<_> = way
            .transports
            .iter()
            .map(|transport| name(*transport))
            .collect();
        let may = if way.certain { "gets in" } else { "may get in" };
        plan.note(
            "way-in-without-certificate",
            format!(
                "role \"{}\" still {may} without a certificate over {} by {}",
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
                "the rule for {from} would have to stand before {} and behind {}, and there is no such place",
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
                "all connections from {from} are decided by {}, which keeps its say",
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
        .map_or_else(String::new, |at| format!("{}:{}", at.file, at.line))
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
